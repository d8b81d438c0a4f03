"""The runtime's own tools do not show it: in as many words as people have for that."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.words import claims


def unseen(sentence: str) -> bool:
    try:
        readings = claims.parse(sentence)
    except ParseError:
        return False
    return any("said.flat.heap" in one.facts for one in readings)


@pytest.mark.parametrize(
    "sentence",
    [
        "It doesn't seem to be managed by Go.",
        "The leak does not show up in pprof.",
        "pprof shows nothing.",
        "The heap profile shows nothing unusual.",
        "The memory is not on the Go heap.",
        "The growth isn't visible in the heap profile.",
        "Nothing in the heap dump explains it.",
        "It is outside of the Go heap.",
        "The leaked memory is not tracked by the Go runtime.",
        "pprof does not see this memory.",
        "Heap dumps look clean.",
        "The heap profile looks normal.",
        "None of it shows in tracemalloc.",
        "The memory is allocated outside the JVM heap.",
        "This is not Go memory.",
        "the profiler sees nothing",
        "I can't find it in the heap dump.",
        "pprof 里看不到",
        "pprof zeigt nichts",
    ],
)
def test_what_the_runtimes_tools_do_not_show_is_not_on_its_heap(sentence: str) -> None:
    assert unseen(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "We do not use pprof.",
        "pprof is not enabled.",
        "pprof doesn't show line numbers.",
        "The goroutine profile shows nothing.",
        "pprof does not show the graph.",
        "Nothing in the logs explains it.",
        "If it does not show up in pprof, use smaps.",
        "pprof shows 300 MB.",
        "The heap profile shows a leak in foo.",
        "We did not find pprof in the binary.",
        "The heap profile is not small.",
        "pprof does not have it enabled",
        "Should it not show up in pprof?",
        "Maybe it is outside of the Go heap.",
        "The file is not tracked by git.",
        "pprof does not see the symbols of this library.",
        "",
    ],
)
def test_other_profiles_broken_tools_and_guesses_say_nothing_of_the_heap(sentence: str) -> None:
    assert not unseen(sentence)
