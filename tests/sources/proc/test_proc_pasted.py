"""Blocks as people paste them: found in a page, and read there."""

import pytest

from memwhy.model.reading import Reading
from memwhy.sources.proc import READERS
from memwhy.sources.span import Span

KIB = 1024


def found(name: str, page: str) -> list[tuple[Span, Reading]]:
    lines = page.split("\n")
    reader = READERS[f"proc/{name}"]
    return [(span, reader.parse("\n".join(lines[span.first : span.last + 1]).encode())) for span in reader.find(lines)]


STATUS = """It grows and grows, see

root@web1:~# grep -E 'VmRSS|RssAnon' /proc/4711/status
VmRSS:    612345 kB
RssAnon:          600000 kB
root@web1:~# date
Name: whatever, this is prose.
"""


def test_two_grepped_lines_of_status_are_found_with_their_pid() -> None:
    ((span, reading),) = found("status", STATUS)
    assert span == Span(first=3, last=4, subject="pid 4711")
    assert reading.metrics == {"process.rss_bytes": 612345 * KIB, "process.rss_anon_bytes": 600000 * KIB}


def test_a_loop_of_greps_is_one_block_per_reading_of_one_subject() -> None:
    page = "$ while sleep 60; do grep VmRSS /proc/9/status; done\nVmRSS:\t 100 kB\nVmRSS:\t 200 kB\n\nVmRSS:\t 300 kB\n"
    blocks = found("status", page)
    assert [reading.metrics["process.rss_bytes"] for _, reading in blocks] == [100 * KIB, 200 * KIB, 300 * KIB]
    assert [(span.first, span.subject) for span, _ in blocks] == [(1, "pid 9"), (2, "pid 9"), (4, "pid 9")]


def test_quote_marks_grep_prefixes_full_width_colons_and_carriage_returns_are_no_obstacle() -> None:
    page = "> /proc/12/status:VmRSS:     10 kB\n> /proc/12/status:VmSwap： 4 kB\r\n"
    ((span, reading),) = found("status", page)
    assert span == Span(first=0, last=1, subject="pid 12")
    assert reading.metrics == {"process.rss_bytes": 10 * KIB, "process.swap_bytes": 4 * KIB}


def test_prose_with_colons_is_no_status() -> None:
    assert found("status", "Name: my service\nState: broken\nThreads: many\nNote: VmRSS grows") == []


ROLLUP = """```
# cat /proc/42/smaps_rollup
5581ce3fc000-7ffc7a5a0000 ---p 00000000 00:00 0    [rollup]
Rss:               11212 kB
Pss:               11205 kB
Private_Dirty:     11204 kB
```
"""

SMAPS = """```
$ head -50 /proc/42/smaps
c000000000-c000400000 rw-p 00000000 00:00 0
Size:               4096 kB
Rss:                2048 kB
Pss:                2048 kB
Anonymous:          2048 kB
VmFlags: rd wr mr mw me ac

...
7f0000000000-7f0000021000 rw-p 00000000 00:00 0 [anon: Go: heap]
Size: 132 kB
Rss: 8 kB
```
"""


def test_a_rollup_and_a_smaps_are_not_taken_for_each_other() -> None:
    ((span, reading),) = found("smaps_rollup", ROLLUP)
    assert span == Span(first=2, last=5, subject="pid 42")
    assert reading.metrics["process.rss_bytes"] == 11212 * KIB
    assert found("smaps", ROLLUP) == found("maps", ROLLUP) == []
    assert found("smaps_rollup", SMAPS) == found("maps", SMAPS) == []


def test_a_torn_smaps_with_dots_between_is_a_part() -> None:
    ((span, reading),) = found("smaps", SMAPS)
    assert span == Span(first=2, last=12, subject="pid 42")
    assert (reading.metrics, reading.mappings) == ({}, ())
    assert reading.notes == ("2 mappings of smaps are a part of the process: not its total",)


def test_rss_lines_without_their_mappings_are_refused_unless_a_rollup_is_named() -> None:
    rows = "Rss: 4 kB\nRss: 8 kB\nRss: 0 kB\n"
    assert found("smaps_rollup", "$ grep Rss /proc/7/smaps\n" + rows) == []
    series = found("smaps_rollup", "$ watch grep Rss /proc/7/smaps_rollup\n" + rows)
    assert [reading.metrics["process.rss_bytes"] for _, reading in series] == [4 * KIB, 8 * KIB, 0]


def test_maps_rows_with_collapsed_blanks_are_found() -> None:
    page = "maps:\n  00400000-00452000\tr-xp 00000000 08:02 173521 /usr/bin/dbus daemon\n  7f00aa000000-7f00aa021000 rw-p 0 00:00 0\nend"
    ((span, reading),) = found("maps", page)
    assert span == Span(first=1, last=2)
    assert [(m.path, m.inode, m.rss_bytes) for m in reading.mappings] == [
        ("/usr/bin/dbus daemon", 173521, None),
        ("", 0, None),
    ]


def test_limits_are_found_with_their_heads_and_without() -> None:
    page = "Limit  Soft Limit  Hard Limit  Units\nMax open files 1024 4096 files\nMax stack size 8388608 unlimited bytes\nthanks"
    ((span, reading),) = found("limits", page)
    assert span == Span(first=0, last=2)
    assert reading.facts == {
        "limit.open_files": "1024",
        "limit.open_files.hard": "4096",
        "limit.stack": "8388608",
        "limit.stack.hard": "unlimited",
    }


def test_an_ls_of_descriptors_is_counted() -> None:
    page = """$ ls -l /proc/31/fd
total 0
lrwx------ 1 app app 64 Jan  1 00:00 0 -> /dev/null
lrwx------ 1 app app 64 Jan  1 00:00 3 -> 'socket:[99]'
l-wx------ 1 app app 64 Jan  1 00:00 4 -> /var/log/app one.log (deleted)
lrwx------ 1 app app 64 Jan  1 00:00 5 -> anon_inode:[eventpoll]
"""
    ((span, reading),) = found("fd", page)
    assert span == Span(first=2, last=5, subject="pid 31")
    assert reading.metrics["process.descriptors_count"] == 4
    assert reading.metrics["process.sockets_count"] == 1
    assert reading.facts == {"process.descriptors": "1 deleted file\n1 device\n1 eventpoll\n1 socket"}


def test_arrows_in_prose_are_no_descriptors() -> None:
    assert found("fd", "1 -> start the server\n2 -> send requests\nmain.a -> main.b") == []


def test_meminfo_of_a_grep_is_found() -> None:
    ((span, reading),) = found(
        "meminfo", "look:\nMemTotal:  1000 kB\nMemAvailable:   400 kB\nSReclaimable:  7 kB\n\n\nbye"
    )
    assert span == Span(first=1, last=3)
    assert reading.metrics["host.used_bytes"] == 600 * KIB


def test_vmstat_is_found_by_what_only_it_has() -> None:
    ((span, reading),) = found("vmstat", "$ grep oom /proc/vmstat\noom_kill 3\n")
    assert (span, reading.metrics) == (Span(first=1, last=1), {"host.oom_kills_count": 3})
    assert found("vmstat", "pgpgin 5\nanon 6") == []


def test_cgroup_files_behind_their_commands_are_one_block() -> None:
    page = """$ kubectl exec web-0 -- cat /sys/fs/cgroup/memory.current
734003200
$ kubectl exec web-0 -- cat /sys/fs/cgroup/memory.max
1073741824
$ cat memory.stat
anon 700000000
file 20000000
kernel_stack 65536
that was it"""
    ((span, reading),) = found("cgroup", page)
    assert span == Span(first=0, last=7)
    assert reading.metrics == {
        "cgroup.current_bytes": 734003200,
        "cgroup.limit_bytes": 1073741824,
        "cgroup.anon_bytes": 700000000,
        "cgroup.file_bytes": 20000000,
        "cgroup.kernel_bytes": 65536,
    }


def test_a_file_that_comes_again_begins_a_new_block() -> None:
    page = "memory.current:100\nmemory.current:200\n"
    assert [reading.metrics for _, reading in found("cgroup", page)] == [
        {"cgroup.current_bytes": 100},
        {"cgroup.current_bytes": 200},
    ]


def test_a_bare_v1_stat_is_known_by_its_keys() -> None:
    ((span, reading),) = found("cgroup", "here\ncache 1\nrss 2\ntotal_cache 30\ntotal_rss 40\nmapped 3 files")
    assert span == Span(first=1, last=4)
    assert reading.metrics == {"cgroup.file_bytes": 30, "cgroup.anon_bytes": 40}


@pytest.mark.parametrize(
    "line",
    [
        "- VmRSS: 612345 kB",
        "**VmRSS:**\t612345 kB",
        "**VmRSS:\t612345 kB**",
        "* `VmRSS: 612345 kB`",
        "<pre>VmRSS:  612345 kB</pre>",
        "VmRSS:612345kB",
        "VmRSS:   612,345 kB",
    ],
)
def test_decoration_is_no_obstacle(line: str) -> None:
    ((_, reading),) = found("status", line)
    assert reading.metrics == {"process.rss_bytes": 612345 * KIB}


def test_a_single_weak_line_is_found_below_the_command_that_names_its_file() -> None:
    ((span, reading),) = found("status", "$ grep Threads /proc/4711/status\nThreads:\t1350")
    assert (span.subject, reading.metrics) == ("pid 4711", {"process.threads_count": 1350})
    assert found("status", "Threads:\t1350") == []
    ((_, reading),) = found("smaps_rollup", "$ grep LazyFree /proc/4711/smaps_rollup\nLazyFree:  65200 kB")
    assert reading.metrics == {"process.lazy_free_bytes": 65200 * KIB}


def test_lines_that_only_meminfo_has_are_found_alone() -> None:
    for key, metric in (("Percpu", "percpu"), ("KernelStack", "kernel_stack"), ("Slab", "slab")):
        ((_, reading),) = found("meminfo", f"{key}:   557056 kB")
        assert reading.metrics == {f"host.{metric}_bytes": 557056 * KIB}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("> $ cat /sys/fs/cgroup/memory.current\n> 2048086016", {"current": 2048086016}),
        ("$ cat /sys/fs/cgroup/memory.stat | grep slab\nslab_reclaimable 1000\nslab 3000", {"slab": 3000, "slab_reclaimable": 1000}),
        ("$ grep active_file /sys/fs/cgroup/memory.stat\ninactive_file 1000\nactive_file 2000", {"inactive_file": 1000, "active_file": 2000}),
        ("cache 28\nrss 6\nmapped_file 5\nactive_file 4\ntotal_cache 29", {"file": 29, "anon": 6, "mapped_file": 5, "active_file": 4}),
        ("anon 10\nfile 20\nfile_mapped 5\nactive_file 4", {"anon": 10, "file": 20, "mapped_file": 5, "active_file": 4}),
    ],
)  # fmt: skip
def test_pieces_of_a_cgroups_files_are_read(page: str, expected: dict[str, int]) -> None:
    ((_, reading),) = found("cgroup", page)
    assert reading.metrics == {f"cgroup.{name}_bytes": value for name, value in expected.items()}


@pytest.mark.parametrize(
    "command",
    [
        "# cat memory.usage_in_bytes memory.kmem.usage_in_bytes memory.limit_in_bytes",
        "$ kubectl exec web-0 -- cat /sys/fs/cgroup/memory/memory.usage_in_bytes /x/memory.kmem.usage_in_bytes /x/memory.limit_in_bytes",
        "cgroup v1. `cat memory.{usage,kmem.usage,limit}_in_bytes`\n",
        "> cat memory.{usage,kmem.usage,limit}_in_bytes\n> ```",
    ],
)
def test_one_command_on_several_files_tells_whose_each_value_is(command: str) -> None:
    ((_, reading),) = found("cgroup", f"{command}\n1073111040\n902111232\n1073741824\n\nand so on")
    assert reading.metrics == {
        "cgroup.current_bytes": 1073111040,
        "cgroup.kernel_bytes": 902111232,
        "cgroup.limit_bytes": 1073741824,
    }


@pytest.mark.parametrize("values", ["1000\n2000", "1000\n2000\n3000\n4000", "1000\ncat: no such file\n3000"])
def test_values_that_are_not_as_many_as_the_files_are_nobodys(values: str) -> None:
    page = f"# cat memory.usage_in_bytes memory.kmem.usage_in_bytes memory.soft_limit_in_bytes\n{values}"
    assert [reading.metrics for _, reading in found("cgroup", page)] == []
