"""The calibration counts what it says: its series have the truth they claim, its methods answer as the field's own do."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from memwhy.trend.significance import student_quantile

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = json.loads((ROOT / "tests" / "evidence" / "calibration" / "answers.json").read_text())
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def bench() -> Iterator[None]:
    """The folder of the bench is where its modules find each other."""
    sys.path.insert(0, str(ROOT / "bench"))
    yield
    sys.path.remove(str(ROOT / "bench"))


def module(name: str) -> ModuleType:
    return __import__(name)


@pytest.mark.parametrize("answer", ANSWERS["series"], ids=lambda answer: f"{len(answer['values'])} readings")
def test_the_rivals_answer_as_the_libraries_do(answer: dict[str, float | list[int]]) -> None:
    rivals = module("calibration_rivals")
    ys = np.array(answer["values"], float)
    ts = np.arange(len(ys), dtype=float)
    assert rivals.hamed_rao(ys) == pytest.approx(answer["hamed_rao_z"], rel=1e-9)
    assert rivals.sen_slope(ys) == pytest.approx(answer["sen_slope"], rel=1e-9)
    assert rivals.newey_west(ts, ys, 7) == pytest.approx(answer["newey_west_t_7_lags"], rel=1e-9)
    slope, _ = rivals.line(ts, ys)
    assert rivals.ols(ts, ys, ts) == (answer["ols_p"] < 0.05 and slope > 0)


def test_the_points_of_students_t_are_those_of_the_tables() -> None:
    for freedom, point in ANSWERS["student_975"].items():
        assert student_quantile(0.975, int(freedom)) == pytest.approx(point, rel=1e-8)


def steady(n: int = 360, span_s: float = 3600.0) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.linspace(0, span_s, n)


def test_coroots_rule_asks_for_a_tenth_and_fifty_mebibytes_in_an_hour() -> None:
    rivals = module("calibration_rivals")
    ts = steady()
    rise = np.linspace(0, 1, 360)
    assert not rivals.coroot(ts, 1000 * MIB + 45 * MIB * rise, ts)
    assert not rivals.coroot(ts, 1000 * MIB + 95 * MIB * rise, ts)
    assert rivals.coroot(ts, 1000 * MIB + 105 * MIB * rise, ts)
    assert not rivals.coroot(ts, 400 * MIB + 45 * MIB * rise, ts)
    stopped = 1000 * MIB + 300 * MIB * np.minimum(rise / 0.7, 1)
    assert not rivals.coroot(ts, stopped, ts)


def test_a_plain_leak_is_seen_by_every_method_and_a_still_process_by_none() -> None:
    rivals = module("calibration_rivals")
    ts = steady()
    random = np.random.default_rng(1)
    still = 500 * MIB + MIB * random.standard_normal(360)
    leak = still + 300 * MIB * ts / ts[-1]
    load = np.ones(360) + 0.01 * random.standard_normal(360)
    assert {name for name, rule in rivals.RIVALS.items() if rule(ts, leak, load)} == set(rivals.RIVALS)
    assert {name for name, rule in rivals.RIVALS.items() if rule(ts, still, load)} == set()


def test_growth_that_follows_the_load_is_taken_out_or_left_undecided() -> None:
    rivals = module("calibration_rivals")
    ts = steady()
    load = 1 + ts / ts[-1] + 0.01 * np.random.default_rng(2).standard_normal(360)
    values = 500 * MIB * load
    assert rivals.robust(ts, values, load)
    assert not rivals.robust_with_load(ts, values, load)


def test_a_leak_adds_its_share_of_the_level_each_minute_and_begins_anew_with_each_life() -> None:
    shapes = module("calibration_shapes")
    ts = steady(61)
    one = shapes.Innocent(np.zeros(61), np.ones(61))
    grown = shapes.readings(one, ts, 0.01, shapes.PAGE)
    assert grown[0] == shapes.LEVEL
    assert grown[60] == pytest.approx(1.6 * shapes.LEVEL, abs=shapes.PAGE)
    two = shapes.Innocent(np.zeros(61), np.ones(61), (0.0, 1800.0))
    restarted = shapes.readings(two, ts, 0.01, shapes.PAGE)
    assert restarted[29] == pytest.approx(1.29 * shapes.LEVEL, abs=shapes.PAGE)
    assert restarted[60] == pytest.approx(1.3 * shapes.LEVEL, abs=shapes.PAGE)
    assert restarted[30] < 0.5 * restarted[29]


def test_every_shape_ends_within_its_bounds_and_is_drawn_anew() -> None:
    shapes, held_out = module("calibration_shapes"), module("calibration_held_out")
    for name, shape in {**shapes.SHAPES, **held_out.HELD_OUT}.items():
        for span_s in (600.0, 259200.0):
            ts = steady(360, span_s)
            first, again, other = (shapes.innocent(np.random.default_rng(k), ts, shape) for k in (1, 1, 2))
            assert np.array_equal(first.shares, again.shares), name
            assert not np.array_equal(first.shares, other.shares), name
            assert np.isfinite(first.shares).all(), name
            assert np.abs(first.shares).max() < 2, name


def test_readings_lie_on_their_grain_and_gaps_are_gaps() -> None:
    shapes = module("calibration_shapes")
    random = np.random.default_rng(3)
    ts = shapes.times(random, 3600.0, 360, "gaps")
    assert 100 < len(ts) < 342
    assert np.diff(ts).max() > 150
    irregular = shapes.times(random, 3600.0, 360, "irregular")
    assert (len(irregular), irregular[0], irregular[-1]) == (360, 0.0, 3600.0)
    values = shapes.readings(shapes.innocent(random, ts, shapes.noise), ts, 0.01, MIB)
    assert (values % MIB == 0).all()


def test_same_seed_same_counts_and_what_is_counted_is_what_causes_make_of_it() -> None:
    rates, shapes = module("calibration_rates"), module("calibration_shapes")
    cell = rates.Cell("step", "1 h", (shapes.step,))
    counts, again = (rates.measure(cell, 1, 3, (0.0, 1.0), False) for _ in range(2))
    assert [(c.method, c.leak, c.grows, c.unsaid, c.count) for c in counts] == [
        (c.method, c.leak, c.grows, c.unsaid, c.count) for c in again
    ]
    ts = steady()
    assert rates.judged(ts, 500 * MIB + np.round(100 * MIB * ts / ts[-1]), 4096) is True
    assert rates.judged(ts, np.full(360, 500.0 * MIB), 4096) is False
    assert rates.judged(ts, 500 * MIB + np.round(0.5 * MIB * ts / ts[-1]), 4096) is None
    assert rates.judged(ts[:2], np.full(2, 500.0 * MIB), 4096) is None


def test_the_error_of_a_mean_is_that_of_its_binomials() -> None:
    rates = module("calibration_rates")
    counts = [rates.Count("memwhy", case, "1 h", 0.0, grows=50, count=100) for case in "ab"]
    found = rates.mean(counts)
    assert found.share == 0.5
    assert found.error == pytest.approx(math.sqrt(0.25 / 200), rel=0.01)
    never = rates.mean([rates.Count("memwhy", "a", "1 h", 0.0, count=100)])
    assert (never.share, never.unsaid) == (0.0, 0.0)
    assert 0 < never.error < 0.01


def test_the_tables_are_written_between_their_marks_whoever_made_the_pieces(tmp_path: Path) -> None:
    live = module("calibration_live")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- live -->\nold\n<!-- end of live -->\nafter\n")
    bench = [sys.executable, str(ROOT / "bench" / "calibration.py"), "--count", "1", "--seed", "3", "--only", "live"]
    subprocess.run([*bench, "--write", str(page)], check=True, capture_output=True, timeout=120)
    text = page.read_text()
    assert text.startswith("before\n<!-- live -->\nSeed 3, 1 series")
    assert text.endswith("<!-- end of live -->\nafter\n")
    alone = [c for c in live.false_alarms(3, 1, live.LENGTHS, False) if c.case == "load_walk"]
    assert f"| load_walk | {' | '.join(f'{100 * c.share:.1f}' for c in alone)} |" in text


def test_the_short_table_has_each_length_and_each_leak_that_is_asked_for() -> None:
    page, rates, shapes = module("calibration_page"), module("calibration_rates"), module("calibration_shapes")
    counts = [
        rates.Count("memwhy", case, span, leak, grows=hits, count=100)
        for case in shapes.SHAPES
        for span in rates.SPANS
        for leak, hits in zip(rates.LEAKS, (2, 50, 84, 90, 92, 100), strict=True)
    ]
    rows = page.in_short(counts, shapes.SHAPES).splitlines()[2:]
    said = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]
    assert [(span, what, share.partition(" ")[0]) for span, what, share in said] == [
        ("10 min", "false alarms", "2.0"),
        ("1 h", "false alarms", "2.0"),
        ("6 h", "false alarms", "2.0"),
        ("24 h", "false alarms", "2.0"),
        ("72 h", "false alarms", "2.0"),
        ("10 min", "seen, 1.0 %/min", "100.0"),
        ("1 h", "seen, 0.1 %/min", "90.0"),
        ("1 h", "seen, 0.3 %/min", "92.0"),
        ("1 h", "seen, 1.0 %/min", "100.0"),
        ("6 h", "seen, 0.1 %/min", "90.0"),
        ("24 h", "seen, 0.01 %/min", "50.0"),
        ("24 h", "seen, 0.03 %/min", "84.0"),
        ("24 h", "seen, 0.1 %/min", "90.0"),
        ("72 h", "seen, 0.01 %/min", "50.0"),
    ]
