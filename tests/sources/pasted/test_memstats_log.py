"""runtime.MemStats in log lines."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.units import MIB
from memwhy.sources.pasted import memstats_log
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "pasted"


def metrics(text: str) -> list[dict[str, int]]:
    return [dict(reading.metrics) for reading in memstats_log.parse(text)]


def test_a_list_on_one_line_is_one_moment() -> None:
    readings = memstats_log.parse((EVIDENCE / "memstats-plain.log").read_text())
    assert [dict(reading.metrics) for reading in readings] == [
        {"go.heap_alloc_bytes": a * MIB, "go.total_alloc_bytes": t * MIB, "go.sys_bytes": s * MIB, "go.gc_count": n}
        for a, t, s, n in [(3, 12, 15, 4), (7, 25, 23, 6), (13, 37, 28, 7), (15, 50, 36, 8)]
    ]
    assert readings[0].quanta["go.sys_bytes"] == MIB
    assert [(reading.line, reading.last_line) for reading in readings] == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_pairs_with_time_stamps_are_taken_to_the_byte() -> None:
    readings = memstats_log.parse((EVIDENCE / "memstats-pairs.log").read_text())
    assert dict(readings[0].metrics) == {
        "go.heap_alloc_bytes": 3745880, "go.heap_idle_bytes": 8314880, "go.heap_inuse_bytes": 3973120,
        "go.heap_released_bytes": 5767168, "go.sys_bytes": 16619784, "go.mallocs_count": 236, "go.frees_count": 61,
        "go.goroutines_count": 1,
    }  # fmt: skip
    assert [reading.wall_ns for reading in readings] == [1795383058 * 10**9 + i * 10**9 for i in (0, 2, 3, 4)]
    assert [reading.notes for reading in readings] == [()] * 4


def test_one_figure_a_line_makes_a_moment_until_a_key_comes_again() -> None:
    text = "HeapAlloc: 5 MB\nHeapIdle: 1.5 MB\nother words\nHeapAlloc: 6 MB\nHeapIdle: 2.0 MB"
    assert metrics(text) == [
        {"go.heap_alloc_bytes": 5 * MIB, "go.heap_idle_bytes": MIB * 3 // 2},
        {"go.heap_alloc_bytes": 6 * MIB, "go.heap_idle_bytes": 2 * MIB},
    ]


def test_a_log_that_begins_within_a_moment_is_split_by_its_time_stamps() -> None:
    text = "\n".join(
        f'time="2026-01-31T10:00:{second:02d}Z" level=info msg="{words}"'
        for second, words in [
            (0, "HeapSys = 9 MiB"),
            (10, "HeapAlloc = 5 MiB"),
            (10, "HeapSys = 10 MiB"),
            (20, "HeapAlloc = 6 MiB"),
        ]
    )
    assert metrics(text) == [
        {"go.heap_sys_bytes": 9 * MIB},
        {"go.heap_alloc_bytes": 5 * MIB, "go.heap_sys_bytes": 10 * MIB},
        {"go.heap_alloc_bytes": 6 * MIB},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "HeapReleased = 7 MiB", "HeapRelease = 7 MiB", "heap_released_bytes=7340032i", '"HeapReleased":7340032,', "Heap Released: 7MB",
        "memstats.HeapReleased: 7340032", "HeapRelased = 7 MiB", "| heap_released | 7 MiB |", "heap-released: 7.0 MiB",
    ],
)  # fmt: skip
def test_a_name_may_be_spelled_in_many_ways(line: str) -> None:
    assert metrics(line) == [{"go.heap_released_bytes": 7 * MIB}]


def test_counts_of_log_lines_are_not_taken_for_gos_own() -> None:
    text = "\n".join(
        f"Alloc = 9 MiB\nSys = 20 MiB\nHeapIdle = 2 MiB\nMalloc = {n}\\n\nFrees = {n}\\n" for n in (1, 2, 3)
    )
    readings = memstats_log.parse(text)
    assert all(
        set(reading.metrics) == {"go.heap_alloc_bytes", "go.sys_bytes", "go.heap_idle_bytes"} for reading in readings
    )
    assert [reading.notes for reading in readings] == [
        (
            "`Malloc` and `Frees` in this log count log lines, not Go's allocations: 1 - 1 leaves no live object, "
            "but Alloc is 9 MiB; Malloc rises by exactly one from moment to moment",
        ),
        (),
        (),
    ]


def test_sizes_too_small_for_bytes_are_not_used() -> None:
    (reading,) = memstats_log.parse("HeapAlloc = 9, HeapIdle = 5, Sys = 23, NumGC = 4")
    assert dict(reading.metrics) == {"go.gc_count": 4}
    assert reading.notes == ("Sys = 23 has no unit and is too small for bytes; figures without a unit are not used",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cpu sys: 12 idle: 80 user: 8",
        "alloc: 3",
        "go_memstats_heap_alloc_bytes 8.3e+06",
        "free: 10 MB",
        "goroutines: 5",
    ],
)
def test_figures_that_need_not_be_gos_are_left_alone(text: str) -> None:
    assert list(memstats_log.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        memstats_log.parse(text)


@given(st.text(alphabet='HeapAlocSysIdle=: 0123456789.eMKiB\n"|,_T-Z', max_size=400))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for span in memstats_log.find(text.split("\n")):
        assert 0 <= span.first <= span.last < len(text.split("\n"))
    with contextlib.suppress(ParseError):
        memstats_log.parse(text)


@pytest.mark.parametrize(
    "line",
    [
        "HeapAlloc(MB): 120, HeapSys(MB): 200", "heap_alloc_mb=120 heap_sys_mb=200", "HeapAlloc：120 MB，HeapSys：200 MB",
        "HeapAlloc => 120 MB, HeapSys => 200 MB", "**HeapAlloc**: **120 MB**, **HeapSys**: 200 MB", "HeapAlloc 120 MB  HeapSys 200 MB",
        "HeapAlloc: 125,829,120 HeapSys: 209,715,200", "HeapAlloc: 120,0 MB; HeapSys: 200,00 MB", "app_memory_heap_alloc=125829120 app_memory_heap_sys=209715200",
        "mem.heap.alloc=125829120i,mem.heap.sys=209715200i 1663184060000000000", "HeapAlloc [MiB]: 120, HeapSys [MiB]: 200",
        "{ HeapAlloc: 125829120, BySize: [{ Frees: 3, Mallocs: 4, Size: 8 }], HeapSys: 209715200 }",
        "&{HeapAlloc:125829120 HeapSys:209715200 PauseNs:[0 0 0] EnableGC:true}",
    ],
)  # fmt: skip
def test_two_figures_are_the_same_in_any_clothing(line: str) -> None:
    assert metrics(line) == [{"go.heap_alloc_bytes": 120 * MIB, "go.heap_sys_bytes": 200 * MIB}]


def test_a_comma_that_can_be_either_is_not_guessed() -> None:
    assert metrics("HeapAlloc: 120,250 MB, HeapSys: 200 MB") == [{"go.heap_sys_bytes": 200 * MIB}]


@pytest.mark.parametrize("name", ["RSS: 40 MB", "rss=40MB", "Resident size:  40MB", '"rss": "40 MB"', "rss_mb=40"])
def test_the_rss_in_the_same_line_is_the_process_own(name: str) -> None:
    assert metrics(f"HeapAlloc: 12 MB, {name}") == [{"go.heap_alloc_bytes": 12 * MIB, "process.rss_bytes": 40 * MIB}]


def test_an_rss_in_a_line_of_its_own_is_left_to_others() -> None:
    assert list(memstats_log.find(["HeapAlloc: 12 MB", "RSS: 40 MB"])) == [Span(first=0, last=0)]


def test_times_since_the_start_are_no_wall_times() -> None:
    first, second = memstats_log.parse("m=+28.5 HeapAlloc: 9000000\nm=+88.75 HeapAlloc: 19000000")
    assert [(r.wall_ns, r.elapsed_ns) for r in (first, second)] == [(None, 28_500_000_000), (None, 88_750_000_000)]
    (counted,) = memstats_log.parse("Time:   51s  Resident size: 8MB  MemStats.Sys: 9MB  MemStats.Alloc: 3MB")
    assert counted.elapsed_ns == 51_000_000_000


def test_a_time_that_nothing_ran_is_left_out() -> None:
    (counted,) = memstats_log.parse("uptime=999999999h  MemStats.Sys: 9MB  MemStats.Alloc: 3MB")
    assert (counted.elapsed_ns, counted.metrics["go.sys_bytes"]) == (None, 9 * MIB)


def test_json_lines_of_a_logger_are_a_log_with_times() -> None:
    from memwhy.sources.go import expvar

    text = (EVIDENCE.parent / "go-pasted" / "slog.json.txt").read_text()
    assert list(expvar.find(text.split("\n"))) == []
    readings = memstats_log.parse(text)
    assert [reading.metrics["go.goroutines_count"] for reading in readings] == list(range(8, 67, 6))
    assert all(reading.wall_ns is not None for reading in readings)


def test_a_whole_memstats_cut_off_in_its_pauses_gives_what_is_there() -> None:
    import json

    fields = json.loads((EVIDENCE.parent / "go-1.26" / "vars.json").read_text())["memstats"]
    text = json.dumps(fields)
    cut = text[: text.index('"PauseNs"') + 40]
    (reading,) = memstats_log.parse(cut)
    assert reading.metrics["go.heap_released_bytes"] == fields["HeapReleased"]
    assert reading.metrics["go.sys_bytes"] == fields["Sys"]
