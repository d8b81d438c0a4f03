"""native-cache: growth of native layers that ends at a bound."""

import pytest
from build_case import MIB, case, readings, warmup, watched
from scenarios import PACE, judged, scene

from memwhy.causes.native_cache import REMEDY, clues, judge
from memwhy.model.report import Finding, Verdict


def test_native_layers_that_level_off_while_something_else_grows_look_like_a_cache() -> None:
    filled = watched(
        given={"layer.native_arenas_bytes": warmup(12 * MIB, 32 * MIB, settled=0.1)},
        grows={"layer.go_heap_bytes": PACE},
    )
    found = judge(filled)
    assert found == Finding(
        cause="native-cache",
        verdict=Verdict.SUPPORTED,
        probability=0.45,
        headline="Native memory fills up and levels off, as a bounded cache does.",
        bytes=found.bytes,
        because=(found.because[0],),
        remedy=REMEDY,
        confirm_with="memwhy watch PID --for 10m   (a cache stays level)",
    )
    assert found.because[0].startswith("the native layers rose and level off: native heap and arenas 20.0 to 40.0 MiB")


def test_a_cache_that_still_fills_cannot_be_told_from_a_leak() -> None:
    found = judge(scene("cgo leak in arenas"))
    assert (found.verdict, found.because) == (
        Verdict.CANNOT_SAY,
        ("a cache that is still filling grows like a leak until it is full",),
    )


@pytest.mark.parametrize(
    "name", ["mmap without a C heap", "map that only grows", "mapped file read through", "nothing"]
)
def test_flat_native_layers_acquit_it(name: str) -> None:
    assert judged(scene(name))["native-cache"].verdict is Verdict.REFUTED


def test_a_cache_that_held_more_than_the_process_has_now_speaks_for_the_cache() -> None:
    series = {"cache.held_bytes": readings(900 * MIB), "process.rss_bytes": readings(400 * MIB)}
    assert "held by a cache 900.0 MiB at one time, RSS 400.0 MiB at another" in [
        clue.text for clue in clues(case(series=series)) if clue.weight > 0
    ]
