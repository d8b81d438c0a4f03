"""Weighing a part against the total's growth, at least and at most."""

import pytest
from build_case import KIB, MIB, Points, case, flat, line, mebibytes, readings, step, warmup, watched
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model import weigh
from memwhy.model.case import Case


def process(total: Points, **parts: Points) -> Case:
    series = {"process.rss_bytes": total} | {f"layer.{name}_bytes": points for name, points in parts.items()}
    return case(total="process.rss_bytes", series=series)


GROWS = line(60 * MIB, MIB, noise=20 * KIB)


def test_a_part_that_carries_the_growth_is_main_and_one_that_rests_is_minor() -> None:
    made = process(GROWS, native_heap=line(8 * MIB, 0.9 * MIB, noise=9 * KIB), go_heap=flat(24 * MIB, noise=30 * KIB))
    native, heap = weigh.part(made, "layer.native_heap_bytes"), weigh.part(made, "layer.go_heap_bytes")
    assert native is not None and heap is not None
    assert (native.main, native.minor, heap.main, heap.minor) == (True, False, False, True)
    assert native.mid == pytest.approx(0.9, abs=0.01)
    assert native.low is not None and native.high is not None and native.low <= 0.9 <= native.high
    assert (heap.at_most < MIB, heap.high is not None and heap.high < 0.02) == (True, True)


def test_a_part_that_was_not_seen_is_none() -> None:
    assert weigh.part(process(GROWS), "go.sys_bytes") is None


def test_without_growth_or_without_a_total_there_are_no_shares() -> None:
    for made in (process(flat(60 * MIB), go_heap=flat(9)), case(series={"layer.go_heap_bytes": flat(9)})):
        part = weigh.part(made, "layer.go_heap_bytes")
        assert part is not None
        assert (part.low, part.mid, part.high, part.main, part.minor) == (None, None, None, False, False)


def test_three_readings_are_bounded_by_their_range_and_one_quantum() -> None:
    made = case(
        total="host.used_bytes",
        series={"host.used_bytes": mebibytes(505, 506, 507, 508, 510, 510, 511, 513, 514, 516), "go.sys_bytes": mebibytes(23, 24, 24)},
    )  # fmt: skip
    part = weigh.part(made, "go.sys_bytes")
    assert part is not None
    assert (part.change, part.at_most, part.low) == (MIB, 2 * MIB, 0.0)
    assert part.high == pytest.approx(2 / 11, abs=0.03)


def test_a_noisy_part_cannot_have_grown_by_more_than_the_band_it_never_left() -> None:
    made = process(GROWS, go_heap=flat(24 * MIB, noise=2 * MIB, every=6))
    part = weigh.part(made, "layer.go_heap_bytes")
    assert part is not None and part.high is not None
    assert part.at_most <= part.series.most - part.series.least
    assert part.high <= (part.series.most - part.series.least) / (60 * MIB) * 1.05


@pytest.mark.parametrize(
    ("points", "expected"),
    [(GROWS, True), (flat(60 * MIB, noise=9 * KIB), False), (step(20 * MIB, 80 * MIB), False),
     (warmup(5 * MIB, 90 * MIB, settled=0.1), False), (readings(5 * MIB, 9 * MIB), None),
     (line(60 * MIB, 5 * KIB), None)],
)  # fmt: skip
def test_growing_is_yes_no_or_not_to_be_said(points: Points, expected: bool | None) -> None:
    assert weigh.grows(process(points)) is expected


def test_without_a_total_growth_cannot_be_said() -> None:
    assert (weigh.grows(case()), weigh.growth_bytes(case()), weigh.total(case())) == (None, 0.0, None)


def test_growth_in_bytes_is_over_the_totals_own_span() -> None:
    assert weigh.growth_bytes(process(GROWS)) == pytest.approx(60 * MIB, rel=0.01)


def test_level_shares_are_of_the_size_now() -> None:
    made = process(flat(100), go_heap=flat(60))
    assert weigh.level_share(made, "layer.go_heap_bytes") == 0.6
    assert weigh.level_share(made, "go.sys_bytes") is None
    assert weigh.level_share(process(flat(0), go_heap=flat(0)), "layer.go_heap_bytes") is None


def test_words_for_shares() -> None:
    assert [weigh.percent(share) for share in (None, -0.5, 0.934, 7.0)] == ["an unknown share", "0 %", "93 %", "100 %"]


def test_the_parts_of_a_watched_process_sum_to_its_growth() -> None:
    made = watched(grows={"layer.native_arenas_bytes": 0.5 * MIB, "layer.go_heap_bytes": 0.3 * MIB})
    shares = [part.mid for m in made.series if m.startswith("layer.") and (part := weigh.part(made, m)) is not None]
    assert sum(share or 0.0 for share in shares) == pytest.approx(1.0, abs=0.02)


@settings(max_examples=100, deadline=None)
@given(
    total=st.lists(st.integers(0, 1 << 40), min_size=1, max_size=30),
    part=st.lists(st.integers(0, 1 << 40), min_size=1, max_size=30),
    timed=st.tuples(st.booleans(), st.booleans()),
)
def test_bounds_hold_for_any_readings(total: list[int], part: list[int], timed: tuple[bool, bool]) -> None:
    def points(values: list[int], with_times: bool) -> Points:
        return Points(readings(*values).pairs, clock="monotonic" if with_times else "order")

    made = process(points(total, timed[0]), go_heap=points(part, timed[1]))
    one = weigh.part(made, "layer.go_heap_bytes")
    assert one is not None
    assert 0 <= one.at_most <= max(part) - min(part)
    assert not (one.main and one.minor)
    if one.low is not None and one.mid is not None and one.high is not None:
        assert one.low <= one.mid
        assert one.high >= 0
    assert weigh.said(one).startswith("Go heap ")


def test_few_readings_of_a_part_beside_the_total_s_say_how_much_of_it_they_are() -> None:
    """A busy machine leaves three looks at the mappings in forty seconds, one of them long ago."""
    looks = tuple((x, round((20 + 0.97 * x) * MIB)) for x in (0.0, 27.0, 32.0))
    made = process(line(60 * MIB, MIB, noise=20 * KIB, seconds=40), native_heap=Points(looks))
    part = weigh.part(made, "layer.native_heap_bytes")
    assert part is not None and part.low is not None and part.main
    assert (part.low, part.mid) == (pytest.approx(0.96, abs=0.02), pytest.approx(0.97, abs=0.01))
    for few in (looks[:2], tuple((x / 3, value) for x, value in looks), tuple((x + 0.7, value) for x, value in looks)):
        one = weigh.part(process(line(60 * MIB, MIB, seconds=40, every=2), native_heap=Points(few)), "layer.native_heap_bytes")  # fmt: skip
        assert one is not None and (one.low, one.main) == (0.0, False)


def creeping(*in_use: float) -> Case:
    """RSS and malloc's pages creep by 0.4 MiB in a minute; in_use: MiB of blocks, at a look every 15 s."""
    given = {"layer.native_arenas_bytes": line(12 * MIB, 7 * KIB), "derived.malloc_bytes": Points(tuple((15.0 * i, round(v * MIB)) for i, v in enumerate(in_use)))}  # fmt: skip
    return watched(given={**given, "go.next_gc_bytes": flat(20 * MIB)}, noise=0)


def test_pages_that_malloc_touches_are_room_where_its_blocks_stay() -> None:
    said = weigh.toward_collection(creeping(10, 10.01, 10, 10.01, 10))
    assert said is not None and said.endswith("; 420.0 KiB is malloc's, whose blocks in use stay")
    assert weigh.toward_collection(creeping(10, 10.1, 10.2, 10.3, 10.4)) is None
    assert weigh.toward_collection(creeping(10, 10)) is None
