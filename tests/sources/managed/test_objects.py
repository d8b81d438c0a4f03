"""Heaps by type and by place: pympler, guppy, objgraph, memray; Ruby's and .NET's counters."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.managed import counters, memray, python_objects

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
CPYTHON = {"said.runtime": "cpython"}


def test_pymplers_and_guppys_tables_are_profiles_by_type() -> None:
    (pympler,) = python_objects.parse((EVIDENCE / "python-pympler.txt").read_text())
    assert pympler.profiles[0].rows[0] == ProfileRow(function="str", flat=round(3.16 * 2**20), cum=round(3.16 * 2**20))
    assert pympler.metrics == {}
    (guppy,) = python_objects.parse((EVIDENCE / "python-guppy.txt").read_text())
    assert guppy.metrics == {"runtime.objects_count": 82955, "runtime.heap_used_bytes": 8502772}
    assert (guppy.profiles[0].total, guppy.profiles[0].rows[0].flat) == (8502772, 3545942)


def test_objgraphs_growth_is_counts_before_and_now() -> None:
    before, after = python_objects.parse("dict  1500  +500\nfunction  100  +1\nlist  310  +40")
    assert [(row.function, row.flat) for row in before.profiles[0].rows] == [
        ("dict", 1000),
        ("list", 270),
        ("function", 99),
    ]
    assert [(row.function, row.flat) for row in after.profiles[0].rows] == [
        ("dict", 1500),
        ("list", 310),
        ("function", 100),
    ]
    assert after.profiles[0].unit == "count"


def test_memrays_peak_is_decimal_where_its_k_is_small() -> None:
    (reading,) = memray.parse((EVIDENCE / "python-memray-stats.txt").read_text())
    assert reading == Reading(
        metrics={"tool.peak_bytes": 29_810_000}, quanta={"tool.peak_bytes": 1000}, facts=CPYTHON, line=8, last_line=9
    )
    assert memray.parse('{"peak_memory": 29809996}')[0].metrics == {"tool.peak_bytes": 29809996}


def test_memrays_table_is_a_profile_of_the_peak() -> None:
    (reading,) = memray.parse((EVIDENCE / "python-memray-summary.txt").read_text())
    assert reading.profiles[0].rows[0] == ProfileRow(
        function="<listcomp> at grower.py", flat=29_737_000, cum=29_737_000
    )
    assert reading.notes == ("the table is of the moment of the peak",)


def test_cells_that_the_terminal_cut_off_are_not_used() -> None:
    (reading,) = memray.parse(
        "│ f at a.py │ 29.80… │ 99.9… │ 2.36… │ 0.01% │ 507 │\n│ g at a.py │ 2.000MB │ 9% │ 1.000MB │ 4% │ 5 │"
    )
    assert [row.function for row in reading.profiles[0].rows] == ["g at a.py"]
    assert reading.notes[1] == "1 rows of the table are cut off by the terminal's width and not used"


def test_rubys_heap_is_counted_twice_at_two_moments() -> None:
    readings = counters.parse((EVIDENCE / "ruby-gc-stat.txt").read_text())
    assert [reading.metrics for reading in readings] == [
        {"runtime.objects_count": 42263},
        {"runtime.objects_count": 42334, "runtime.heap_used_bytes": 3083857},
        {"runtime.objects_count": 65217},
        {"runtime.objects_count": 65278, "runtime.heap_used_bytes": 5038187},
    ]
    assert {reading.facts["said.runtime"] for reading in readings} == {"ruby"}


def test_rubys_slots_in_use_and_their_sizes_are_read() -> None:
    (reading,) = counters.parse((EVIDENCE / "ruby-count-objects.txt").read_text())
    assert reading.metrics == {"runtime.objects_count": 245_979 - 360, "runtime.heap_used_bytes": 14_012_999}


@pytest.mark.parametrize(
    "line", ["{:T_STRING=>3, :TOTAL=>9", "{:TOTAL=>9, :FR", "{:TOTAL=>9, :FREE=>3}", "T_STRING TOTAL: 9"]
)
def test_a_hash_of_rubys_that_is_cut_off_is_left_alone(line: str) -> None:
    assert list(counters.find([line])) == []


def test_objgraphs_most_common_types_are_counts_each_time() -> None:
    first, second = python_objects.parse((EVIDENCE / "python-common.txt").read_text())
    tops = [[(row.function, row.flat) for row in one.profiles[0].rows][:1] for one in (first, second)]
    assert tops == [[("list", 20_258)], [("set", 50_060)]]
    assert first.profiles[0].kind == "python_objects"


def test_dotnets_counters_are_decimal() -> None:
    (reading,) = counters.parse((EVIDENCE / "dotnet-counters.txt").read_text())
    assert reading.metrics == {
        "runtime.heap_committed_bytes": 182_231_000,
        "runtime.heap_used_bytes": 140_115_000,
        "process.rss_bytes": 412_336_000,
    }


@pytest.mark.parametrize("module", [python_objects, memray, counters], ids=lambda module: module.NAME)
@pytest.mark.parametrize(
    "text", ["", "rss 120 +10\nheap 50 +5", "│ a │ b │", "Peak memory usage: high", "heap_live_slots", "5 | 6"]
)
def test_what_is_no_table_is_refused(module: object, text: str) -> None:
    assert list(module.find(text.split("\n"))) == []  # type: ignore[attr-defined]
    with pytest.raises(ParseError):
        module.parse(text)  # type: ignore[attr-defined]


def test_growth_as_a_list_of_tuples_is_counts_before_and_at_each_call() -> None:
    text = "10:00 growth [('dict', 70, 9), (\"my.Job\", 12, 2)]\nnothing: []\n10:05 growth [('dict', 71, 1)]"
    readings = python_objects.parse(text)
    assert [[(row.function, row.flat) for row in one.profiles[0].rows] for one in readings] == [
        [("dict", 61), ("my.Job", 10)],
        [("dict", 70), ("my.Job", 12)],
        [("dict", 70)],
        [("dict", 71)],
    ]
    assert list(python_objects.find(["points = [('a', 1), ('b', 2)]", "[('a', 1.5, 2)]"])) == []
