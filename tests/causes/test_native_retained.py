"""native-retained: malloc's layers that rose and stay; from outside only a possibility."""

import pytest
from build_case import MIB, case, readings
from scenarios import judged, scene

from memwhy.causes.native_retained import REMEDY, clues, judge
from memwhy.model.report import Finding, Verdict


@pytest.mark.parametrize("name", ["one burst", "cache that is full"])
def test_layers_that_rose_and_stopped_may_be_retained(name: str) -> None:
    found = judge(scene(name))
    assert found == Finding(
        cause="native-retained",
        verdict=Verdict.CANNOT_SAY,
        probability=0.15,
        bytes=found.bytes,
        because=(found.because[0],),
        remedy=REMEDY,
    )
    assert found.because[0].startswith("the native layers rose and stopped: native heap and arenas 20.0 to 98.")


def test_a_straight_line_leaves_it_possible_and_says_how_to_tell() -> None:
    found = judge(scene("cgo leak in arenas"))
    assert (found.verdict, found.against) == (Verdict.CANNOT_SAY, ("the growth shows no sign of ending",))
    assert found.confirm_with is not None and "MALLOC_ARENA_MAX=1" in found.confirm_with


@pytest.mark.parametrize(
    "name", ["mmap without a C heap", "map that only grows", "mapped file read through", "nothing"]
)
def test_flat_native_layers_acquit_it(name: str) -> None:
    assert judged(scene(name))["native-retained"].verdict is Verdict.REFUTED


def test_a_trim_that_gives_little_back_speaks_not_against_blocks_free_among_others() -> None:
    facts = {"trial.malloc_trim": "malloc_trim(0) gives back 4 MB", "trial.malloc_trim.outcome": "same"}
    series = {"malloc.system_bytes": readings(900 * MIB), "malloc.in_use_bytes": readings(300 * MIB)}
    assert [clue.weight for clue in clues(case(facts=facts, series=series))][:1] == [4.0]
    assert all(clue.weight > 0 for clue in clues(case(facts=facts, series=series)))
    assert any(clue.weight < 0 for clue in clues(case(facts=facts)))
