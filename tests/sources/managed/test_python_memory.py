"""CPython's own figures: tracemalloc, psutil, memory_profiler, ru_maxrss."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.managed import python_process, python_trace
from memwhy.sources.native import rusage

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
CPYTHON = {"said.runtime": "cpython"}


def test_statistics_by_line_are_a_profile_and_a_difference_is_two() -> None:
    top, before, after, pair = python_trace.parse((EVIDENCE / "python-tracemalloc.txt").read_text())
    assert top.profiles[0].rows[0] == ProfileRow(function="/app/grower.py:13", flat=2715 * KIB, cum=2715 * KIB)
    assert (top.profiles[0].kind, top.profiles[0].total) == ("python_inuse", 2715 * KIB + 320 + 320 + 56)
    assert before.profiles == (Profile(kind="python_inuse", unit="bytes", total=0),)
    assert after.profiles == top.profiles
    assert pair == Reading(
        metrics={"runtime.heap_used_bytes": 2787997, "runtime.traced_peak_bytes": 2802528},
        facts=CPYTHON,
        line=20,
        last_line=21,
    )


def test_a_printed_list_of_differences_is_two_profiles_and_tells_how_many_more_objects_stay() -> None:
    before, after = python_trace.parse(
        "[<StatisticDiff traceback=<Traceback (<Frame filename='main.py' lineno=3>, <Frame filename='lib/a.py' lineno=41>)>"
        " size=64500 (+64000) count=1004 (+1000)>, <StatisticDiff traceback=<Traceback (<Frame filename='<stdin>' lineno=2>,)>"
        " size=28 (-28) count=1 (-1)>]"
    )
    assert before.profiles[0].rows == (
        ProfileRow(function="lib/a.py:41", flat=500, cum=500),
        ProfileRow(function="<stdin>:2", flat=56, cum=56),
    )
    assert after.profiles[0].rows[0] == ProfileRow(function="lib/a.py:41", flat=64500, cum=64500)
    assert after.facts == {**CPYTHON, "python.objects_more": "1,000 more objects of lib/a.py:41 stay"}


def test_some_more_objects_between_two_snapshots_are_no_remark() -> None:
    _, after = python_trace.parse("/app/a.py:7: size=8000 B (+8000 B), count=99 (+99), average=81 B")
    assert after.facts == CPYTHON


def test_the_pretty_table_has_a_total() -> None:
    (reading,) = python_trace.parse(
        "Top 2 lines\n#1: a/b.py:399: 43.5 KiB\n    code()\n#2: c.py:132: 12.5 KiB\n311 other: 244.0 KiB\nTotal allocated size: 300.0 KiB"
    )
    assert reading.metrics == {"runtime.heap_used_bytes": 300 * KIB}
    assert [(row.function, row.flat) for row in reading.profiles[0].rows] == [
        ("a/b.py:399", 44544),
        ("c.py:132", 12800),
    ]


def test_the_pair_needs_the_name_of_tracemalloc_beside_it() -> None:
    (reading,) = python_trace.parse(">>> tracemalloc.get_traced_memory()\n(2788061, 2802528)")
    assert reading.metrics == {"runtime.heap_used_bytes": 2788061, "runtime.traced_peak_bytes": 2802528}
    with pytest.raises(ParseError):
        python_trace.parse("(2788061, 2802528)")
    with pytest.raises(ParseError):
        python_trace.parse("current=5 MB peak=9 MB")


def test_a_unit_that_is_cut_off_leaves_no_figure() -> None:
    with pytest.raises(ParseError):
        python_trace.parse("Current memory usage is 2.787997MB; Peak was 2.802528M")


def test_psutils_tuples_are_a_series() -> None:
    readings = python_process.parse((EVIDENCE / "python-psutil.txt").read_text())
    assert [reading.metrics["process.rss_bytes"] for reading in readings] == [16732160, 19668992, 22597632, 22597632]
    assert readings[3].metrics == {
        "process.rss_bytes": 22597632,
        "process.virtual_bytes": 25538560,
        "process.shared_bytes": 6926336,
        "process.uss_bytes": 15704064,
        "process.pss_bytes": 16588800,
        "process.swap_bytes": 0,
    }


def test_memory_profilers_table_is_the_process_before_and_after_with_its_lines() -> None:
    before, after = python_process.parse((EVIDENCE / "python-profile.txt").read_text())
    assert before.metrics == {"process.rss_bytes": round(22.2 * 2**20)}
    assert after.metrics == {"process.rss_bytes": 25 << 20}
    assert after.profiles[0].rows == (
        ProfileRow(
            function='line 13: kept.append([f"entry {i} {j}" for j in range(1000)])',
            flat=round(2.8 * 2**20),
            cum=round(2.8 * 2**20),
        ),
    )


def test_mprofs_log_has_times() -> None:
    readings = python_process.parse("CMDLINE python a.py\nMEM 1.500000 1600000000.2500\nMEM 2.500000 1600000000.3500")
    assert [(r.wall_ns, r.metrics["process.rss_bytes"]) for r in readings] == [
        (1600000000250000000, 3 << 19),
        (1600000000350000000, 5 << 19),
    ]


@pytest.mark.parametrize(
    ("line", "peak"),
    [
        ("ru_maxrss: 13276", 13276 * KIB),
        ("resource.struct_rusage(ru_utime=0.03, ru_maxrss=13276, ru_ixrss=0)", 13276 * KIB),
        ("ru_maxrss: 1.5 GB", 3 << 29),
        ("ru_maxrss = 314572800", 314572800),
        ("\tMaximum resident set size (kbytes): 4512", 4512 * KIB),
        ("            34512896  maximum resident set size", 34512896),
    ],
)
def test_the_largest_resident_size_is_said_to_be_a_peak(line: str, peak: int) -> None:
    (reading,) = rusage.parse(line)
    assert reading.metrics == {"process.rss_peak_bytes": peak}
    assert reading.facts["said.peak"] == line.strip()
    assert reading.notes[0].startswith("a high-water mark: it never falls")


@pytest.mark.parametrize(
    "text",
    [
        "sum(sys.getsizeof(o) for o in gc.get_objects()) = 4096",
        ">>> sum(map(sys.getsizeof, gc.get_objects()))\n4096",
        "`sum(sys.getsizeof(x) for x in gc.get_objects())`: 4,096",
    ],
)
def test_sizes_of_all_objects_are_bytes_and_no_count(text: str) -> None:
    (reading,) = python_process.parse(text)
    assert reading.metrics == {"runtime.heap_used_bytes": 4096}


def test_a_question_without_its_answer_says_nothing() -> None:
    assert list(python_process.find(["sum(sys.getsizeof(o) for o in gc.get_objects())", "Traceback"])) == []
