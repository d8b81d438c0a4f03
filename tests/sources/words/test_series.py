"""Series in forms of people's own are read with their times; what monitoring systems answer, too."""

import contextlib
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.words import scraped, series, tables

EVIDENCE = Path(__file__).parents[2] / "evidence" / "words"
SECOND = 10**9
RSS = "process.rss_bytes"


def read(page: str, module: object = series) -> list[Reading]:
    """The readings of all spans; one that is found and cannot be read gives none."""
    lines = page.split("\n")
    readings: list[Reading] = []
    for span in module.find(lines):  # type: ignore[attr-defined]
        with contextlib.suppress(ParseError):
            readings += module.parse("\n".join(lines[span.first : span.last + 1]))  # type: ignore[attr-defined]
    return readings


def capture(form: str) -> str:
    return (EVIDENCE / f"grower-{form}.txt").read_text()


def rss_of(text: str, pattern: str) -> list[float]:
    return [float(n) for n in re.findall(pattern, text)]


def test_logfmt_is_a_series_with_wall_times() -> None:
    text = capture("logfmt")
    readings = read(text)
    assert [r.metrics[RSS] for r in readings] == [n * KIB for n in rss_of(text, r"rss_kb=(\d+)")]
    assert len(readings) == 6 and all(
        r.wall_ns is not None and r.metrics["process.threads_count"] == 1 for r in readings
    )


def test_json_lines_are_a_series_in_bytes() -> None:
    text = capture("json")
    assert [r.metrics for r in read(text)] == [
        {RSS: n, "process.threads_count": 1} for n in rss_of(text, r'"rss_bytes": (\d+)')
    ]


def test_seconds_since_the_start_are_elapsed_time() -> None:
    text = capture("log")
    readings = read(text)
    assert [r.elapsed_ns for r in readings] == [round(s * SECOND) for s in rss_of(text, r"@([\d.]+)s")]
    assert [r.metrics[RSS] for r in readings] == [round(n * MIB) for n in rss_of(text, r"rss: ([\d.]+)")]


@pytest.mark.parametrize("form", ["table", "csv"])
def test_columns_and_csv_are_tables_without_strokes(form: str) -> None:
    text = capture(form)
    expected = rss_of(text, r"(?m)^\s*\d+[ ,]+(\d+)")
    assert [r.metrics for r in read(text, tables)] == [{RSS: n * KIB, "process.threads_count": 1} for n in expected]


def test_of_two_figures_with_an_arrow_the_second_is_what_is_left() -> None:
    page = (
        "[   30.0s] done=    98 avg=494.971ms rss=0.60GB -> 0.50GB (freed 65.2MB) cache=102.5MB [OK]\n"
        "[   60.0s] done=   198 avg=494.971ms rss=0.70GB -> 0.75GB (freed 65.2MB) cache=102.5MB [OK]"
    )
    assert [(r.elapsed_ns, r.metrics) for r in read(page)] == [
        (30 * SECOND, {RSS: GIB // 2}),
        (60 * SECOND, {RSS: 3 * GIB // 4}),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "rss=12 heap=3\nrss=14 heap=4",
        "rss=12MB",
        "mem_total=64GB\nmem_total=64GB",
        "rss_growth=20MB\nrss_growth=30MB",
        "rss=85%\nrss=90%",
        "a=1 b=2\na=2 b=3",
        "gc 1 @0.011s 2%: 0.018+1.2+0.003 ms clock, 4->4->1 MB, 5 MB goal, 8 P\ngc 2 @0.02s 2%: 4->4->1 MB, 5 MB goal, 8 P",
    ],
)
def test_without_a_unit_a_name_or_a_second_line_there_is_no_series(page: str) -> None:
    assert read(page) == []


def test_a_range_query_gives_the_figures_of_a_moment_together() -> None:
    readings = read((EVIDENCE / "range.json").read_text(), scraped)
    assert [(r.wall_ns, r.metrics) for r in readings] == [
        (1700000000 * SECOND, {RSS: 100 * MIB, "runtime.heap_used_bytes": 20 * MIB}),
        (1700000060 * SECOND, {RSS: 200 * MIB, "runtime.heap_used_bytes": 20 * MIB}),
        (1700000120 * SECOND, {RSS: 300 * MIB, "runtime.heap_used_bytes": 20 * MIB}),
    ]
    assert readings[0].facts == {"said.runtime": "node"} and readings[0].subject is None


def test_a_range_query_that_is_cut_off_gives_what_is_whole() -> None:
    text = (EVIDENCE / "range.json").read_text()
    assert len(read(text[: text.index("3.145728")], scraped)) == 2


def test_several_targets_are_several_subjects() -> None:
    page = (
        '{"data":{"resultType":"vector","result":[{"metric":{"__name__":"container_memory_rss","pod":"a"},"value":[1700000000,"1"]},'
        '{"metric":{"__name__":"container_memory_rss","pod":"b"},"value":[1700000000,"2"]}]}}'
    )
    assert [(r.subject, r.metrics) for r in read(page, scraped)] == [
        ("container a", {"cgroup.anon_bytes": 1}),
        ("container b", {"cgroup.anon_bytes": 2}),
    ]


def test_pools_of_one_heap_are_summed() -> None:
    page = (
        "# TYPE jvm_memory_used_bytes gauge\n"
        'jvm_memory_used_bytes{area="heap",id="G1 Eden Space",} 1.0E7\n'
        'jvm_memory_used_bytes{area="heap",id="G1 Old Gen",} 2.0E7\n'
        'jvm_memory_used_bytes{area="nonheap",id="Metaspace",} 2.0E7\n'
        "jvm_threads_live_threads 42.0\n"
    )
    [reading] = read(page, scraped)
    assert reading.metrics == {"runtime.heap_used_bytes": 30_000_000, "process.threads_count": 42}
    assert reading.facts == {"said.runtime": "jvm"}


PAGES = [capture("logfmt"), capture("json"), capture("log"), (EVIDENCE / "range.json").read_text()]


@pytest.mark.parametrize("module", [series, scraped])
@given(text=st.text(max_size=300) | st.text(alphabet='rss=:{}[]"0123456789. MB@\nvaluesmetric,', max_size=300))
def test_any_text_gives_readings_or_a_parse_error(module: object, text: str) -> None:
    for _ in module.find(text.split("\n")):  # type: ignore[attr-defined]
        pass
    try:
        readings = module.parse(text)  # type: ignore[attr-defined]
    except ParseError:
        return
    assert all(set(r.metrics) <= set(REGISTRY) and r.metrics for r in readings)


@pytest.mark.parametrize("module", [series, scraped])
@given(
    page=st.sampled_from(PAGES), chance=st.randoms(use_true_random=False), prefix=st.sampled_from(["", "> ", "    "])
)
def test_a_log_shuffled_cut_and_quoted_gives_no_figure_that_is_not_in_it(
    module: object, page: str, chance: random.Random, prefix: str
) -> None:
    lines = page.split("\n")
    chance.shuffle(lines)
    cut = "\n".join(prefix + line for line in lines)[: chance.randrange(len(page) + 1)]
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?(?:e\+\d+)?", cut)]
    for reading in read(cut, module):
        for value in reading.metrics.values():
            assert any(abs(value - n * w) <= 1 for n in numbers for w in (1, KIB, MIB))


@pytest.mark.parametrize("module", [series, scraped])
@pytest.mark.parametrize(
    "piece",
    ["rss=1MB\n", "rss=1MB ", "rss ", '{"metric":{', '"resultType"\n', '[1700000000,"1"],', "a_b=1 ", "jvm_memory_used_bytes{", "x 1\n", '{"resultType" "values"\n', "rss:" + " " * 40],
)  # fmt: skip
def test_half_a_megabyte_of_malice_takes_seconds_at_most(module: object, piece: str) -> None:
    page = (piece * (1 << 19))[: 1 << 19]
    start = time.process_time()
    read(page, module)
    assert time.process_time() - start < 8
