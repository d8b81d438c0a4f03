"""What each reader makes of a capture, compared whole."""

from collections.abc import Callable

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping
from memwhy.model.metrics import REGISTRY
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.proc import READERS

KIB = 1024
Capture = Callable[[str], bytes]


def parse(capture: Capture, folder: str, name: str) -> Reading:
    return READERS[f"proc/{name}"].parse(capture(f"{folder}/{name}"))


def test_status_gives_totals_in_bytes_and_who_it_is(capture: Capture) -> None:
    metrics = {
        "process.virtual_bytes": 1227748 * KIB,
        "process.locked_bytes": 0,
        "process.rss_peak_bytes": 11212 * KIB,
        "process.rss_bytes": 11212 * KIB,
        "process.rss_anon_bytes": 9092 * KIB,
        "process.rss_file_bytes": 2120 * KIB,
        "process.rss_shmem_bytes": 0,
        "process.page_tables_bytes": 116 * KIB,
        "process.swap_bytes": 0,
        "process.threads_count": 4,
    }
    assert parse(capture, "go-idle", "status") == Reading(
        metrics=metrics,
        quanta={name: KIB for name in metrics if name.endswith("_bytes")},
        facts={
            "process.comm": "idle-server",
            "process.state": "R",
            "process.pid": "4188",
            "process.ppid": "4118",
            "process.nspid": "4188",
        },
        subject="pid 4188",
    )


def test_stat_gives_cpu_time_faults_and_the_start(capture: Capture) -> None:
    assert parse(capture, "go-idle", "stat") == Reading(
        metrics={"process.minor_faults_count": 2669, "process.major_faults_count": 0, "process.cpu_ns": 0},
        quanta={"process.cpu_ns": 10_000_000},
        facts={
            "process.pid": "4188",
            "process.comm": "idle-server",
            "process.state": "R",
            "process.ppid": "4118",
            "process.start_ticks": "273934",
            "process.startstack": "140732410015232",
        },
        subject="pid 4188",
    )


def test_stat_survives_a_name_made_to_mislead() -> None:
    raw = b"7 (a) R 1 (b\n) S 1 7 7 0 -1 4194304 10 0 2 0 300 200 0 0 20 0 1 0 999 1000 5\n"
    reading = READERS["proc/stat"].parse(raw)
    assert reading.facts["process.comm"] == "a) R 1 (b·"
    assert reading.metrics == {
        "process.minor_faults_count": 10,
        "process.major_faults_count": 2,
        "process.cpu_ns": 5_000_000_000,
    }
    assert reading.facts["process.start_ticks"] == "999"


@pytest.mark.parametrize("folder", ["python-idle", "python-threads", "go-idle"])
def test_smaps_sums_to_the_rollup_taken_beside_it(capture: Capture, folder: str) -> None:
    smaps = parse(capture, folder, "smaps")
    rollup = parse(capture, folder, "smaps_rollup")
    exact = [name for name in rollup.metrics if name != "process.pss_bytes"]
    assert {name: smaps.metrics[name] for name in exact} == {name: rollup.metrics[name] for name in exact}
    rounding = len(smaps.mappings) * KIB  # each mapping's Pss is rounded down to a kB
    assert 0 <= rollup.metrics["process.pss_bytes"] - smaps.metrics["process.pss_bytes"] <= rounding


def test_smaps_gives_each_mapping_with_all_its_sizes(capture: Capture) -> None:
    first, *_, last = parse(capture, "go-idle", "smaps").mappings
    assert first == Mapping(
        start=0x400000,
        end=0x4E2000,
        perms="r-xp",
        device="fe:00",
        inode=first.inode,
        path="/usr/local/bin/idle-server",
        rss_bytes=first.rss_bytes,
        pss_bytes=first.pss_bytes,
        private_dirty_bytes=first.private_dirty_bytes,
        vm_flags=first.vm_flags,
    )
    assert first.vm_flags.split()[:2] == ["rd", "ex"]
    assert (last.start, last.path, last.rss_bytes) == (0xFFFFFFFFFF600000, "[vsyscall]", 0)


def test_maps_gives_the_same_mappings_without_sizes(capture: Capture) -> None:
    maps, smaps = parse(capture, "python-threads", "maps"), parse(capture, "python-threads", "smaps")
    assert [(m.start, m.end, m.perms, m.path) for m in maps.mappings] == [
        (m.start, m.end, m.perms, m.path) for m in smaps.mappings
    ]
    assert {m.rss_bytes for m in maps.mappings} == {None}
    assert maps.metrics == {"process.mappings_count": len(maps.mappings)}


def test_maps_and_smaps_tell_each_other_apart(capture: Capture) -> None:
    with pytest.raises(ParseError, match="this is /proc/PID/maps"):
        READERS["proc/smaps"].parse(capture("go-idle/maps"))
    with pytest.raises(ParseError, match="this is /proc/PID/smaps"):
        READERS["proc/maps"].parse(capture("go-idle/smaps"))


def test_a_smaps_that_breaks_off_is_said_to_be_a_part_and_gives_no_mapping_as_if_it_were_all(capture: Capture) -> None:
    raw = capture("go-idle/smaps")
    second = raw.index(b"Rss:", raw.index(b"004e2000-"))
    cut = READERS["proc/smaps"].parse(raw[: second + 10])
    assert cut.mappings == ()
    line = raw.count(b"\n", 0, second) + 1
    assert cut.notes == (
        f"the text breaks off in line {line}: what stands there is left out",
        "1 mappings of smaps are a part of the process: not its total",
    )
    assert cut.metrics == {}


def test_limits_are_facts(capture: Capture) -> None:
    facts = parse(capture, "go-idle", "limits").facts
    assert {
        key: facts[key] for key in ("limit.stack", "limit.stack.hard", "limit.address_space", "limit.open_files")
    } == {
        "limit.stack": "8388608",
        "limit.stack.hard": "unlimited",
        "limit.address_space": "unlimited",
        "limit.open_files": "20000",
    }


def test_descriptors_are_counted_by_kind(capture: Capture) -> None:
    assert parse(capture, "python-threads", "fd") == Reading(
        metrics={
            "process.descriptors_count": 8,
            "process.sockets_count": 0,
            "process.pipes_count": 5,
            "process.files_count": 1,
            "process.memfds_count": 1,
            "process.anon_inodes_count": 1,
        },
        facts={"process.descriptors": "5 pipe\n1 device\n1 eventfd\n1 memfd"},
        profiles=(
            Profile(
                kind="descriptors",
                unit="count",
                total=8,
                stacks=(
                    StackSample(frames=("pipe",), value=5),
                    StackSample(frames=("device",), value=1),
                    StackSample(frames=("eventfd",), value=1),
                    StackSample(frames=("memfd",), value=1),
                ),
            ),
        ),
    )


def test_files_are_counted_by_name_with_digits_folded_and_by_directory_where_they_are_many() -> None:
    few = b"".join(b"%d -> /tmp/upload-%d.part\n" % (n, n) for n in range(3, 40)) + b"2 -> /var/log/app.log (deleted)\n"
    (profile,) = READERS["proc/fd"].parse(few).profiles
    assert profile.stacks == (
        StackSample(frames=("file", "/tmp/upload-#.part"), value=37),
        StackSample(frames=("deleted file", "/var/log/app.log"), value=1),
    )
    words = [bytes([97 + n // 26, 97 + n % 26]) for n in range(300)]
    (profile,) = READERS["proc/fd"].parse(b"".join(b"9 -> /srv/data/%s\n" % word for word in words)).profiles
    assert profile.stacks == (StackSample(frames=("file", "in /srv/data"), value=300),)


def test_sockets_of_the_process_are_counted_and_its_listener_named(capture: Capture) -> None:
    assert parse(capture, "go-idle", "sockets") == Reading(
        metrics={
            "process.sockets_established_count": 0,
            "process.sockets_close_wait_count": 0,
            "process.sockets_listen_count": 1,
            "process.sockets_queued_bytes": 0,
        },
        facts={"process.listening": "127.0.0.1:42027", "process.socket_states": "1 tcp listen"},
    )


def test_sockets_are_counted_by_whom_they_lead_to() -> None:
    tail = " 0:0 0:0 0 0 0 77 1\n"
    rows = [
        "   0: 0100007F:1F90 00000000:0000 0A",
        "   1: 0100007F:1F90 0700000A:C350 08",
        "   2: 0100007F:1F90 0700000A:C351 08",
        "   3: 0200000A:9C40 0500000A:01BB 01",
        "   4: 0200000A:9C41 0500000A:01BB 01",
        "   5: 0000000000000000FFFF00000200000A:9C42 0000000000000000FFFF00000500000A:01BB 01",
    ]
    udp = "   6: 00000000:14E9 00000000:0000 07"
    text = f"==> net/tcp <==\nheads\n{''.join(row + tail for row in rows)}==> net/udp <==\nheads\n{udp}{tail}"
    (profile,) = READERS["proc/sockets"].parse(text.encode()).profiles
    assert (profile.kind, profile.unit, profile.total) == ("sockets", "count", 6)
    assert profile.stacks == (
        StackSample(frames=("tcp established", "to 10.0.0.5:443"), value=3),
        StackSample(frames=("tcp close-wait", "accepted on port 8080", "from 10.0.0.7"), value=2),
        StackSample(frames=("udp open", "on port 5353"), value=1),
    )


def test_what_waits_in_the_queues_of_the_sockets_is_summed_but_for_a_listener_s_backlog() -> None:
    tail = " 00:00000000 00000000     0        0 77 1 0000000000000000\n"
    rows = (
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003",
        "   1: 0100007F:1F90 0700000A:C350 01 00001000:00000010",
        "   2: 0200000A:9C40 0500000A:01BB 08 00000000:00004000",
    )
    udp = "   6: 00000000:14E9 00000000:0000 07 00000000:00000200"
    text = f"==> net/tcp <==\nheads\n{''.join(row + tail for row in rows)}==> net/udp <==\nheads\n{udp}{tail}"
    reading = READERS["proc/sockets"].parse(text.encode())
    assert reading.metrics["process.sockets_queued_bytes"] == 0x1000 + 0x10 + 0x4000 + 0x200


def test_ipv6_listeners_stand_in_brackets() -> None:
    row = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1\n"
    reading = READERS["proc/sockets"].parse(f"==> net/tcp6 <==\nheads\n{row}".encode())
    assert reading.facts["process.listening"] == "[::1]:8080"


def test_threads_whose_names_differ_in_digits_only_are_one_group() -> None:
    raw = b"1 S main\n2 S worker-1\n3 R worker-22\n4 S worker-3 \x1b[31m\n"
    reading = READERS["proc/threads"].parse(raw)
    assert reading == Reading(
        metrics={"process.threads_count": 4},
        facts={
            "process.threads": "2 worker-#\n1 main\n1 worker-3 ·[31m",
            "process.thread_states": "1 R\n3 S",
        },
    )


def test_nine_threads_are_nine(capture: Capture) -> None:
    reading = parse(capture, "python-threads", "threads")
    assert reading.metrics == {"process.threads_count": 9}
    assert reading.facts["process.threads"] == "9 python3"


def test_a_child_is_counted_with_its_rss(capture: Capture) -> None:
    assert parse(capture, "python-threads", "children") == Reading(
        metrics={"process.children_count": 1, "process.children_rss_bytes": 1492 * KIB},
        quanta={"process.children_rss_bytes": KIB},
        facts={"process.children": "1 1492 cat"},
    )


def test_of_the_environment_only_what_steers_memory_was_kept(capture: Capture) -> None:
    assert b"SECRET" not in capture("go-idle/environ")
    assert parse(capture, "go-idle", "environ") == Reading(
        metrics={"go.memory_limit_bytes": 512 << 20},
        facts={"env.GOMEMLIMIT": "512MiB", "env.MALLOC_ARENA_MAX": "2", "env.GODEBUG": "madvdontneed=1"},
    )


def test_a_v1_cgroup_is_limited_by_its_parent(capture: Capture) -> None:
    reading = parse(capture, "python-idle", "cgroup")
    assert reading.metrics["cgroup.limit_bytes"] == 256 << 20
    assert reading.metrics["cgroup.oom_kills_count"] == 0
    assert reading.facts["cgroup.path"] == "/evidence/idle"
    assert reading.facts["cgroup.version"] == "1"
    assert reading.metrics["cgroup.current_bytes"] >= reading.metrics["cgroup.anon_bytes"] > 0


def test_meminfo_gives_used_as_free_of_procps_4_does(capture: Capture) -> None:
    metrics = parse(capture, "python-idle", "meminfo").metrics
    assert metrics["host.total_bytes"] == 24684096 * KIB
    assert metrics["host.used_bytes"] == (24684096 - 23765704) * KIB


def test_an_old_meminfo_without_available_gives_used_as_procps_3_did() -> None:
    raw = b"MemTotal: 1000 kB\nMemFree: 400 kB\nBuffers: 50 kB\nCached: 150 kB\nSReclaimable: 100 kB\n"
    metrics = READERS["proc/meminfo"].parse(raw).metrics
    assert metrics["host.buff_cache_bytes"] == 300 * KIB
    assert metrics["host.used_bytes"] == 300 * KIB


_MOST_LINES = (
    b"MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 90 kB\nSwapCached: 5 kB\nAnonPages: 200 kB\n"
    b"Slab: 30 kB\nKernelStack: 10 kB\nPageTables: 5 kB\n"
)


def test_what_is_in_no_line_of_meminfo_is_uncounted() -> None:
    assert READERS["proc/meminfo"].parse(_MOST_LINES).metrics["host.uncounted_bytes"] == 550 * KIB


def test_a_pool_of_huge_pages_is_counted_by_its_size_or_by_its_pages() -> None:
    pages = _MOST_LINES + b"HugePages_Total: 3\nHugepagesize: 100 kB\n"
    assert READERS["proc/meminfo"].parse(pages).metrics["host.uncounted_bytes"] == 250 * KIB
    assert READERS["proc/meminfo"].parse(pages + b"Hugetlb: 400 kB\n").metrics["host.uncounted_bytes"] == 150 * KIB


def test_a_meminfo_without_a_large_part_leaves_nothing_uncounted() -> None:
    raw = _MOST_LINES.replace(b"AnonPages: 200 kB\n", b"")
    assert "host.uncounted_bytes" not in READERS["proc/meminfo"].parse(raw).metrics


def test_vmstat_thp_host_namespaces_and_exe_say_what_they_know(capture: Capture) -> None:
    assert parse(capture, "python-idle", "vmstat") == Reading(metrics={"host.oom_kills_count": 0})
    assert parse(capture, "python-idle", "thp").facts == {
        "thp.enabled": "madvise",
        "thp.defrag": "madvise",
        "thp.max_ptes_none": "511",
    }
    host = parse(capture, "python-idle", "host").facts
    assert {key: host[key] for key in ("host.machine", "host.cpus", "host.os", "process.os")} == {
        "host.machine": "x86_64",
        "host.cpus": "2",
        "host.os": "Debian GNU/Linux 12 (bookworm)",
        "process.os": "Debian GNU/Linux 12 (bookworm)",
    }
    assert parse(capture, "go-idle", "namespaces").facts == {
        **{f"namespace.{kind}": "same" for kind in ("pid", "net", "mnt", "user", "cgroup")},
        "process.nspid": "4188",
    }
    assert parse(capture, "go-idle", "exe").facts == {
        "process.comm": "idle-server",
        "process.exe": "/usr/local/bin/idle-server",
        "process.argv0": "/usr/local/bin/idle-server",
    }


def test_a_deleted_executable_is_said() -> None:
    reading = READERS["proc/exe"].parse(b"==> comm <==\nx\n\n==> exe <==\n/opt/x (deleted)\n")
    assert reading.facts == {"process.comm": "x", "process.exe": "/opt/x", "process.exe_deleted": "1"}


def test_every_metric_of_every_capture_is_in_the_registry(capture: Capture) -> None:
    for folder in ("python-idle", "python-threads", "go-idle"):
        for name in READERS:
            try:
                raw = capture(f"{folder}/{name.removeprefix('proc/')}")
            except FileNotFoundError:
                continue
            assert READERS[name].parse(raw).metrics.keys() <= REGISTRY.keys()
