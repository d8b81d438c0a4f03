"""Tables typed by hand are read as their writer meant them, or not at all."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.page import read_page
from memwhy.sources.words import tables

HOUR = 3600 * 10**9


def read(page: str) -> list[Reading]:
    lines = page.split("\n")
    return [
        reading for span in tables.find(lines) for reading in tables.parse("\n".join(lines[span.first : span.last + 1]))
    ]


def figures(page: str) -> list[dict[str, int]]:
    return [dict(reading.metrics) for reading in read(page)]


KEY_VALUE = """
| | |
|---|---|
| RSS after ~2 h | **1.5 GB** |
| live Python objects (tracemalloc) | 16 MB |
| cache of the shop | 5.6 MB |
| threads | 31 |
| fully-resident 64 MiB anonymous mappings | **20** (1.25 GB) |
| main heap | 300 MB |
"""


def test_a_table_of_names_and_values_is_one_moment_and_rows_of_other_things_are_left_out() -> None:
    assert figures(KEY_VALUE) == [
        {
            "process.rss_bytes": 3 * GIB // 2,
            "runtime.heap_used_bytes": 16 * MIB,
            "process.threads_count": 31,
            "process.arena_like_count": 20,
            "process.arena_like_bytes": 5 * GIB // 4,
        }
    ]


def test_a_column_of_minutes_is_time_and_the_sentence_below_tells_the_unit() -> None:
    page = "| min | RssAnon | Go `Sys` |\n| --- | --- | --- |\n| 0 | 93.5 | 95 |\n| 3 | 105.0 | 95 |\n\nAll MiB.\n"
    readings = read(page)
    assert [dict(r.metrics) for r in readings] == [
        {"process.rss_anon_bytes": 187 * MIB // 2, "go.sys_bytes": 95 * MIB},
        {"process.rss_anon_bytes": 105 * MIB, "go.sys_bytes": 95 * MIB},
    ]
    assert [r.elapsed_ns for r in readings] == [0, 180 * 10**9]
    assert readings[0].quanta == {"process.rss_anon_bytes": MIB // 10, "go.sys_bytes": MIB}


def test_without_a_unit_anywhere_nothing_is_guessed_but_a_field_of_memstats_is_bytes() -> None:
    assert figures("| min | RSS |\n|---|---|\n| 0 | 93 |\n| 3 | 105 |\n") == []
    assert figures("| run | RSS | HeapSys |\n|---|---|---|\n| 1 | 93 | 66781184 |\n") == [
        {"go.heap_sys_bytes": 66781184}
    ]


@pytest.mark.parametrize(
    "page",
    [
        "Metric | before | after\n---|---|---\nRSS | 180 MB | 2.5 GB\ngoroutines | 40 | 42\nnotes | 1 | 2",
        "> | Metric | before | after |\n> |---|---|---|\n> | RSS | 180 MB | 2.5 GB |\n> | goroutines | 40 | 42 |",
        "| RSS | 180 MB → 2.5 GB |\n| goroutines | 40 -> 42 |",
        "┌────┬────────┬────────┐\n│ │ before │ after │\n├────┼────────┼────────┤\n│ RSS │ 180 MB │ 2.5 GB │\n"
        "│ goroutines │ 40 │ 42 │\n└────┴────────┴────────┘",
        "metric        before    after\nRSS           180 MB    2.5 GB\ngoroutines    40        42",
        "| stage | RSS | goroutines |\n|---|---|---|\n| before | 180 MB | 40 |\n| after | 2.5 GB | 42 |",
        "| RSS before | RSS after | goroutines before | goroutines after |\n|---|---|---|---|\n| 180 MB | 2.5 GB | 40 | 42 |",
        "| | 启动时 | 之后 |\r\n|---|---|---|\r\n| ＲＳＳ | １８０ＭＢ | 2.5GB |\r\n| 协程数 | 40 | 42 |",
        "|Metric|before (MB)|after (MB)|\n|-|-|-|\n|RSS|~180|≈2,560|\n|goroutines|40|42|",
    ],
)
def test_before_and_after_are_two_moments_in_every_dress(page: str) -> None:
    assert figures(page) == [
        {"process.rss_bytes": 180 * MIB, "go.goroutines_count": 40},
        {"process.rss_bytes": 5 * GIB // 2, "go.goroutines_count": 42},
    ]


@pytest.mark.parametrize(
    ("header", "elapsed_ns"),
    [
        ("| hours | RSS (MB) |", [0, 6 * HOUR]),
        ("| Zeit (h) | RSS (MB) |", [0, 6 * HOUR]),
        ("| t/s | RSS (MB) |", [0, 6 * 10**9]),
        ("| requests | RSS (MB) |", [None, None]),
        ("| 天 | RSS (MB) |", [0, 144 * HOUR]),
    ],
)
def test_a_column_of_times_is_elapsed_time_and_one_of_requests_an_order(
    header: str, elapsed_ns: list[int | None]
) -> None:
    readings = read(header + "\n|---|---|\n| 0 | 120 |\n| 6 | 240 |\n")
    assert [r.elapsed_ns for r in readings] == elapsed_ns
    assert [r.metrics["process.rss_bytes"] for r in readings] == [120 * MIB, 240 * MIB]


def test_times_of_day_count_from_the_first_row() -> None:
    readings = read("time     RSS\n10:00    120 MB\n11:00    320 MB\n12:30    520 MB\n")
    assert [r.elapsed_ns for r in readings] == [0, HOUR, 5 * HOUR // 2]


def test_full_dates_are_wall_time() -> None:
    readings = read("| when | RSS |\n|-|-|\n| 1970-01-01 00:01:00 | 1 MB |\n| 1970-01-01 00:02:00 | 2 MB |\n")
    assert [r.wall_ns for r in readings] == [60 * 10**9, 120 * 10**9]


@pytest.mark.parametrize(
    ("page", "subjects"),
    [
        ("| mode | RSS |\n|-|-|\n| batch | 2 GB |\n| stream | 400 MB |", ["batch", "stream"]),
        ("| pid | RSS |\n|-|-|\n| 12 | 2 GB |\n| 13 | 400 MB |", ["pid 12", "pid 13"]),
        ("| process | RSS |\n|-|-|\n| shopd | 2 GB |\n| cron | 400 MB |", ["process shopd", "process cron"]),
        ("| | v1.2 | v1.3 |\n|-|-|-|\n| RSS | 200 MB | 2 GB |", ["v1.2", "v1.3"]),
        ("| stage | RSS |\n|-|-|\n| start | 2 GB |\n| after GC | 400 MB |", [None, None]),
    ],
)
def test_rows_that_are_no_moments_are_other_subjects(page: str, subjects: list[str | None]) -> None:
    assert [r.subject for r in read(page)] == subjects


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("| allocator | RSS |\n|-|-|\n| glibc | 2 GB |\n| jemalloc | 400 MB |", "other_allocator"),
        ("| | default | MALLOC_ARENA_MAX=2 |\n|-|-|-|\n| RSS | 2 GB | 400 MB |", "arena_max"),
        ("| build | RSS | threads |\n|-|-|-|\n| stock | 2 GB | 9 |\n| with the patch | 400 MB | 9 |", "fixed"),
        ("We set GOGC=50 on half of them:\n\n| | without | with |\n|-|-|-|\n| RSS | 2 GB | 400 MB |", "gogc"),
        ("| step | RSS |\n|-|-|\n| load | 2 GB |\n| malloc_trim(0) | 400 MB |", "malloc_trim"),
    ],
)
def test_arms_with_and_without_a_known_change_are_a_trial(page: str, name: str) -> None:
    [reading] = read(page)
    assert (reading.subject, reading.metrics["process.rss_bytes"]) == (None, 2 * GIB)
    assert {key.removeprefix(f"trial.{name}"): value for key, value in reading.facts.items()} == {
        "": reading.facts[f"trial.{name}"],
        ".outcome": "fell",
        ".before_bytes": str(2 * GIB),
        ".after_bytes": str(400 * MIB),
    }


def test_one_column_that_is_a_moment_makes_them_all_moments() -> None:
    readings = read("| | deploy | now |\n|-|-|-|\n| stack in use | 4 MB | 90 MB |\n| goroutines | 40 | 9,000 |\n")
    assert [(r.subject, dict(r.metrics)) for r in readings] == [
        (None, {"go.stack_inuse_bytes": 4 * MIB, "go.goroutines_count": 40}),
        (None, {"go.stack_inuse_bytes": 90 * MIB, "go.goroutines_count": 9000}),
    ]


@pytest.mark.parametrize(
    ("page", "source"),
    [
        ("| | start | now |\n|-|-|-|\n| heap in use | 40 MB | 60 MB |\n| goroutines | 40 | 9,000 |\n| RSS | 90 MB | 1 GB |", "words/table"),
        ("The process has an RSS of 9 GB here but the runtime says only HeapSys 720MB and HeapInuse 410MB.", "words/figure"),
        ("Alloc = 5 MiB | Sys = 9 MiB | HeapIdle = 3 MiB\nAlloc = 6 MiB | Sys = 9 MiB | HeapIdle = 3 MiB", "pasted/memstats_log"),
    ],
)  # fmt: skip
def test_memstats_side_by_side_are_a_table_and_in_a_sentence_words(page: str, source: str) -> None:
    found = read_page(page.split("\n")).found
    assert {f.source for f in found if f.reading.metrics} == {source}


def test_the_memory_of_a_container_is_not_taken_for_rss() -> None:
    assert figures("| pod | memory |\n|-|-|\n| a | 200Mi |\n| b | 1543Mi |") == [
        {"cgroup.current_bytes": 200 * MIB},
        {"cgroup.current_bytes": 1543 * MIB},
    ]


def test_home_made_columns_need_no_strokes() -> None:
    assert figures("scrapes   rss_kb\n      0    58592\n   1000    81696\n") == [
        {"process.rss_bytes": 58592 * KIB},
        {"process.rss_bytes": 81696 * KIB},
    ]


def test_german_numerals_have_a_decimal_comma() -> None:
    page = "Die Werte sind vom Speicher\n\n| | vorher | nachher |\n|-|-|-|\n| RSS | 120,5 MB | 1.240,5 MB |\n| Threads | 12 | 8.744 |\n"
    assert figures(page) == [
        {"process.rss_bytes": 241 * MIB // 2, "process.threads_count": 12},
        {"process.rss_bytes": 2481 * MIB // 2, "process.threads_count": 8744},
    ]


@pytest.mark.parametrize(
    "page",
    [
        "| RSS | +83 MB |\n| heap used | -3 MB |",
        "| RSS growth | 83 MB |\n| heap delta | 3 MB |",
        "| RSS | < 83 MB |\n| heap used | 20-30 MB |",
        "| RSS | — |\n| heap used | n/a |",
        "| RSS | 83 % |\n| heap used | 3 MB/s |",
        "| file | size |\n|-|-|\n| a.bin | 83 MB |",
        "| memory leak | 83 MB |\n| heap dump | 3 MB |",
        "ps aux | grep rss | wc -l\npmap -x 1 | tail -n 1 | awk '{print $4}'",
        "  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND\n"
        "17 web       20   0 5359548 4.907g 201724 S   0.6 31.6  10:41.46 /usr/bin/web\n"
        "18 web       20   0 5359548 4.907g 201724 S   0.6 31.6  10:41.46 /usr/bin/web",
        "              total        used        free      shared  buff/cache   available\n"
        "Mem:         225586       12277       14240          17      199068      211739\n"
        "Swap:             0           0           0\n",
    ],
)
def test_changes_bounds_shares_and_other_peoples_tables_are_left_alone(page: str) -> None:
    assert figures(page) == []


CAPTURES = [KEY_VALUE, "| hours | RSS (MB) |\n|---|---|\n| 0 | 120 |\n| 6 | 240.5 |\n", "a,rss_mb\n1,20\n2,30.5\n"]


@given(st.text(max_size=400) | st.text(alphabet="|-+ 0123456789.,MGBiRS→\nrsheap", max_size=400))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for _ in tables.find(text.split("\n")):
        pass
    try:
        readings = tables.parse(text)
    except ParseError:
        return
    assert all(set(r.metrics) <= set(REGISTRY) and r.metrics for r in readings)


@given(st.sampled_from(CAPTURES), st.randoms(use_true_random=False), st.sampled_from(["", "> ", "    ", "- "]))
def test_a_table_shuffled_cut_and_quoted_gives_no_figure_that_is_not_in_it(
    page: str, random: object, prefix: str
) -> None:
    lines = page.split("\n")
    random.shuffle(lines)  # type: ignore[attr-defined]
    cut = "\n".join(prefix + line for line in lines)[: random.randrange(len(page) + 1)]  # type: ignore[attr-defined]
    whole = {v for kind in (MIB, GIB, KIB, 1) for v in (kind,)}
    numbers = [float(n) for n in _numbers(cut)]
    for reading in read(cut):
        for value in reading.metrics.values():
            assert any(abs(value - number * width) <= 1 for number in numbers for width in whole)


def _numbers(text: str) -> list[str]:
    import re

    return re.findall(r"\d+(?:\.\d+)?", text)


@pytest.mark.parametrize(
    "piece", ["|", "| 1 ", "rss ", "rss  1\n", "|-", "a,", "rss,1\n1,", "( ", "→", "\t", "| RSS | 1 MB |\n"]
)
@settings(deadline=None)
@given(st.just(None))
def test_half_a_megabyte_of_malice_takes_seconds_at_most(piece: str, _: None) -> None:
    page = (piece * (1 << 19))[: 1 << 19]
    start = time.process_time()
    read(page)
    assert time.process_time() - start < 8


def test_columns_before_and_after_a_fix_are_a_trial_in_japanese_and_chinese() -> None:
    for after, before in (("修正後", "修正前"), ("优化之后", "优化之前"), ("after the fix", "before the fix")):
        for columns, rows in (((after, before), ("300 MB", "4 GB")), ((before, after), ("4 GB", "300 MB"))):
            found = read(f"| | {columns[0]} | {columns[1]} |\n|---|---|---|\n| RSS | {rows[0]} | {rows[1]} |")
            assert [dict(one.metrics) for one in found] == [{"process.rss_bytes": 4 * GIB}]
            assert found[0].facts["trial.fixed.outcome"] == "fell"
