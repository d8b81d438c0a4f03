"""Who holds the heap of real programs whose truth is known, and what kind of holder that is: truth.toml's `held`."""

import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from memwhy.causes.held_by import waiting_said
from memwhy.causes.held_shapes import shape_of
from memwhy.model.case import Case, Target
from memwhy.model.holders import HeldGrowth, Holders
from memwhy.record.aside import Looker
from memwhy.sources import held
from memwhy.trend.holding import follow

sys.path.insert(0, str(Path(__file__).parents[2] / "specimens"))
from run import SpecimenFailed, running, truth

pytestmark = pytest.mark.specimen

APART_S = 3.0
HELD = {
    "heap-cache",
    "substring-pile",
    "ticker-pile",
    "goroutine-pile",
    "context-pile",
    "job-queue",
    "stuck-finalizer",
    "warming-cache",
}
TWINS = {"job-queue", "stuck-finalizer"}
"""Those that are in their steady state at READY."""


def looked_at(name: str, variant: str) -> HeldGrowth:
    """Two looks, as a watch makes them; the time between is what the specimen's rate takes to show."""
    with running(name, variant) as specimen:
        looker = Looker("/proc", specimen.pid)
        try:
            looks = []
            for number in range(2):
                looker.ask(30, 1 << 28)
                found = looker.poll(60.0)
                assert found is not None
                assert found.evidence is not None, found.problem
                look = held.parse(found.evidence.raw).holders
                assert isinstance(look, Holders)
                looks.append((found.evidence.monotonic_ns / 1e9, look))
                if not number:
                    time.sleep(APART_S)  # growth takes time
        finally:
            looker.close()
    growth = follow(looks)
    assert growth is not None
    return growth


@pytest.fixture(scope="module")
def growths() -> dict[tuple[str, str], "Future[HeldGrowth]"]:
    wanted = [(name, "guilty") for name in sorted(HELD)] + [(name, "twin") for name in sorted(TWINS)]
    with ThreadPoolExecutor(4) as pool:
        return {one: pool.submit(looked_at, *one) for one in wanted}


def growth_of(growths: dict[tuple[str, str], "Future[HeldGrowth]"], name: str, variant: str) -> HeldGrowth:
    try:
        return growths[name, variant].result()
    except SpecimenFailed as problem:
        pytest.skip(str(problem))


@pytest.mark.parametrize("name", sorted(HELD))
def test_the_holder_of_a_leak_is_named_with_its_kind(
    growths: dict[tuple[str, str], "Future[HeldGrowth]"], name: str
) -> None:
    growth = growth_of(growths, name, "guilty")
    told = truth(name)["guilty"]["held"]  # type: ignore[index]
    case = Case(target=Target(runtime="go", runtime_version=growth.last.runtime), total=None, series={})
    line = growth.lines[0]
    assert any(told["by"] in step for step in line.path), line
    assert line.grown_bytes >= 0.5 * growth.grown_bytes, growth.lines
    assert shape_of(line, case).name == told["as"], line


@pytest.mark.parametrize("name", sorted(TWINS))
def test_nothing_is_kept_by_the_twin(growths: dict[tuple[str, str], "Future[HeldGrowth]"], name: str) -> None:
    guilty, twin = (growth_of(growths, name, variant) for variant in ("guilty", "twin"))
    assert twin.grown_bytes < 0.2 * guilty.grown_bytes, twin.lines


def test_finalizers_that_wait_are_told_with_what_holds_them_up(
    growths: dict[tuple[str, str], "Future[HeldGrowth]"],
) -> None:
    said = waiting_said(growth_of(growths, "stuck-finalizer", "guilty"))
    assert "finalizers are due and wait behind main.main.func1.1, which stands still (chan receive" in said
    assert waiting_said(growth_of(growths, "stuck-finalizer", "twin")) == ""
