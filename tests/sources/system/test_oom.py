"""OOM reports of every kernel age behind every prefix."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.system import oom

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"
KILLED = "Killed process 4711 (shop) total-vm:2097152kB, anon-rss:1048576kB, file-rss:1024kB, shmem-rss:0kB"
SIZES = {
    "process.virtual_bytes": 2 * GIB,
    "process.rss_anon_bytes": GIB,
    "process.rss_file_bytes": MIB,
    "process.rss_shmem_bytes": 0,
    "process.rss_bytes": GIB + MIB,
}


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in oom.find(lines) for r in oom.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize(
    ("prefix", "elapsed_ns", "has_wall"),
    [
        ("", None, False),
        ("[654397.093709] Out of memory: ", 654397093709000, False),
        ("Oct 27 02:20:14 web kernel: [12313888.555474] Memory cgroup out of memory: ", 12313888555474000, True),
        ("kern.log:Apr 26 23:59:04 web kernel: [181179.666314] ", 181179666314000, True),
        ("[Thu Jan  1 00:01:00 1970] ", None, True),
        ("[Dec 8 09:56] ", None, False),
        ("[  +0.000009] ", None, False),
        ("> ", None, False),
        ("2024-05-01T10:00:00.123456+00:00 web kernel: ", None, True),
    ],
)
def test_the_victim_is_read_behind_every_prefix(prefix: str, elapsed_ns: int | None, has_wall: bool) -> None:
    (reading,) = read(prefix + KILLED)
    assert reading.metrics == SIZES
    assert reading.quanta == dict.fromkeys(SIZES, KIB)
    assert (reading.subject, reading.facts["process.comm"]) == ("pid 4711", "shop")
    assert reading.facts["said.oom"].endswith(KILLED)
    assert (reading.elapsed_ns, reading.wall_ns is not None) == (elapsed_ns, has_wall)


def test_a_line_of_an_old_kernel_and_of_a_new_one_are_read() -> None:
    (old,) = read("Killed process 4711, UID 496, (shop) total-vm:2097152kB, anon-rss:1048576kB, file-rss:1024kB")
    assert old.metrics == {name: size for name, size in SIZES.items() if "shmem" not in name}
    (new,) = read(f"{KILLED}, UID:1337 pgtables:22964kB oom_score_adj:0")
    assert new.metrics == {**SIZES, "process.page_tables_bytes": 22964 * KIB}


TABLE = """\
[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name
[ 4711]   496  4711   524288   262400   4       0             0 shop
[  543]     0   543     1000      300   0       0             0 sshd
Out of memory: Kill process 4711 (shop) score 962 or sacrifice child
"""


def test_the_table_counts_pages_and_the_victim_is_told_once() -> None:
    victim, other = read(TABLE + KILLED)
    assert victim.metrics == SIZES
    assert (other.subject, other.metrics) == (
        "pid 543",
        {"process.virtual_bytes": 1000 * 4096, "process.rss_bytes": 300 * 4096},
    )
    assert other.notes == (oom.PAGES_NOTE.format(4096),)


def test_the_page_size_is_what_makes_table_and_victim_agree() -> None:
    _, other = read(TABLE.replace("524288", "32768").replace("262400", "16400") + KILLED)
    assert other.metrics == {"process.virtual_bytes": 1000 * 65536, "process.rss_bytes": 300 * 65536}


def test_a_table_without_its_victim_line_gives_the_rows() -> None:
    rows = "\n".join(f"[ {100 + i}]     0   {100 + i}    {9000 + i}    {8000 + i}       4        0             0 web{i}" for i in range(12))  # fmt: skip
    readings = read(rows)
    assert readings[0].metrics == {"host.processes_rss_bytes": sum(8000 + i for i in range(12)) * 4096}
    assert [r.subject for r in readings[1:]] == [f"pid {100 + i}" for i in reversed(range(2, 12))]


def test_a_real_report_of_a_cgroup_gives_its_memory_and_its_victim() -> None:
    cgroup, victim = read((EVIDENCE / "oom-memcg-6.18.txt").read_text())
    assert cgroup.metrics == {
        "cgroup.current_bytes": 64 * MIB,
        "cgroup.limit_bytes": 64 * MIB,
        "cgroup.kernel_bytes": 132 * KIB,
        "cgroup.anon_bytes": 66973696,
        "cgroup.file_bytes": 0,
        "cgroup.shmem_bytes": 0,
        "cgroup.mapped_file_bytes": 0,
        "cgroup.inactive_file_bytes": 0,
        "cgroup.active_file_bytes": 0,
    }
    assert victim.metrics == {
        "process.virtual_bytes": 535672 * KIB,
        "process.rss_anon_bytes": 67968 * KIB,
        "process.rss_file_bytes": 5784 * KIB,
        "process.rss_shmem_bytes": 0,
        "process.rss_bytes": (67968 + 5784) * KIB,
        "process.page_tables_bytes": 192 * KIB,
    }
    assert cgroup.elapsed_ns == victim.elapsed_ns == 23272735578000


def test_the_hosts_memory_is_read_in_pages() -> None:
    page = (
        "shop invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0\nMem-Info:\n"
        "active_anon:900000 inactive_anon:100 isolated_anon:0\n active_file:10 inactive_file:20 isolated_file:0\n"
        " slab_reclaimable:5000 slab_unreclaimable:200000\n mapped:300 shmem:400 pagetables:5000 bounce:0\n free:7000 free_pcp:0 free_cma:0\n"
        "Node 0 DMA free:15908kB min:132kB\n1234 total pagecache pages\nFree swap  = 0kB\nTotal swap = 1048576kB\n"
        "2097152 pages RAM\n0 pages HighMem/MovableOnly\n97152 pages reserved\n" + KILLED
    )
    host, victim = read(page)
    assert host.metrics == {
        "host.slab_reclaimable_bytes": 5000 * 4096,
        "host.slab_unreclaimable_bytes": 200000 * 4096,
        "host.mapped_bytes": 300 * 4096,
        "host.shared_bytes": 400 * 4096,
        "host.page_tables_bytes": 5000 * 4096,
        "host.free_bytes": 7000 * 4096,
        "host.total_bytes": 2_000_000 * 4096,
        "host.swap_total_bytes": GIB,
        "host.swap_used_bytes": GIB,
    }
    assert victim.metrics == SIZES


def test_statistics_of_an_old_cgroup_on_one_line_are_read() -> None:
    page = (
        "memory: usage 524288kB, limit 524288kB, failcnt 93\n"
        "Memory cgroup stats for /docker/abc: cache:24KB rss:524000KB rss_huge:0KB mapped_file:8KB inactive_file:4KB\n"
        f"Memory cgroup out of memory: {KILLED}"
    )
    cgroup, _ = read(page)
    assert cgroup.metrics["cgroup.current_bytes"] == cgroup.metrics["cgroup.limit_bytes"] == 512 * MIB
    assert (cgroup.metrics["cgroup.anon_bytes"], cgroup.metrics["cgroup.file_bytes"]) == (524000 * KIB, 24 * KIB)


def test_several_kills_are_several_moments() -> None:
    page = "\n".join(f"[{at}.500000] {KILLED.replace('4711', str(4711 + at))}" for at in (10, 20, 30))
    assert [(r.subject, r.elapsed_ns) for r in read(page)] == [
        ("pid 4721", 10_500_000_000),
        ("pid 4731", 20_500_000_000),
        ("pid 4741", 30_500_000_000),
    ]


def test_kubernetes_word_for_it_is_a_fact() -> None:
    (reading,) = read("    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137")
    assert (reading.metrics, reading.facts) == ({}, {"said.oom": "Reason: OOMKilled"})


@pytest.mark.parametrize(
    "text",
    ["", "it was killed", "[12] a b c", "total-vm:1kB", "memory: usage is high", "[10.5] eth0: link up", "the OOM killer came"],
)  # fmt: skip
def test_what_is_no_report_is_refused(text: str) -> None:
    assert list(oom.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        oom.parse(text)
