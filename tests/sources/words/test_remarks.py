"""Remarks: what piles up in words, falls by itself, is not seen by a profile; and what only sounds like them."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.words import remarks


def facts(text: str) -> set[str]:
    """Names of the facts that a text gives."""
    try:
        return {name for one in remarks.parse(text) for name in one.facts}
    except ParseError:
        return set()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("There are millions of goroutines started in conn.go.", {"said.grows.goroutines"}),
        ("We see tens of thousands of blocked goroutines after a day.", {"said.grows.goroutines"}),
        ("The reader goroutines in the pool never exit.", {"said.grows.goroutines"}),
        ("Goroutines hang forever in the handshake.", {"said.grows.goroutines"}),
        ("The dump has thousands of threads.", {"said.grows.threads"}),
        ("After about 10 minutes, the memory usage drops down.", {"said.falls.total"}),
        ("Memory usage goes back down by itself.", {"said.falls.total"}),
        ("RSS drops after the run, but cache memory does not.", {"said.plateau.cache"}),
        ("usage falls, while slab does not.", {"said.plateau.kernel"}),
        ("The segment files are mapped into resident memory.", {"said.mapped"}),
        ("The memory is not tracked by the Go runtime.", {"said.flat.heap"}),
        ("pprof does not show it.", {"said.flat.heap"}),
        ("It all lies outside of the JVM heap.", {"said.flat.heap"}),
        ("RSS grows all day and it's not the heap.", {"said.flat.heap"}),
        ("The number of anonymous mappings keeps growing.", {"said.grows.mappings"}),
        ("pmap shows more and more [anon] blocks of 8 MB.", {"said.grows.mappings"}),
        ("/proc/4711/maps gets longer with each frame.", {"said.grows.mappings"}),
        ("The list of dma-bufs in pmap grows without end.", {"said.grows.mappings"}),
        ("Over the day the count of VMAs climbs.", {"said.grows.mappings"}),
        ("In smaps there are ever more entries of 64 KB.", {"said.grows.mappings"}),
        ("We see ever more mapped buffers after each reconnect.", {"said.grows.mappings"}),
        ("This is not a heap leak.", {"said.flat.heap"}),
        ("The growth is not in the Java heap, but somewhere else.", {"said.flat.heap"}),
        ("So the leak is definitely not from the JS heap.", {"said.flat.heap"}),
        ("The heap is not the problem.", {"said.flat.heap"}),
        ("The V8 heap isn't the culprit.", {"said.flat.heap"}),
        ("The managed heap does not explain the rest.", {"said.flat.heap"}),
    ],
)
def test_a_remark_gives_its_fact(text: str, names: set[str]) -> None:
    assert facts(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "It can handle millions of goroutines.",
        "Are there millions of goroutines?",
        "It is not the heap that we looked at first, or is it?",
        "It should not be the heap.",
        "pmap shows 40 mappings.",
        "The number of memory regions does not grow.",
        "Is the number of mappings growing?",
        "A list of mappings is attached; RSS is 40 MB.",
        "More and more maps are drawn for the game.",
        "It is not the heap dump that is large.",
        "The leak is not on the heap of the other pod alone.",
        "It is a heap leak.",
        "There might be thousands of threads.",
        "After 10 minutes the memory never drops.",
        "After 5 minutes the memory drops a bit.",
        "After the restart the memory drops.",
        "No goroutines leak.",
        "The files are mapped to team members.",
        "Please check whether pprof does not show it.",
    ],
)
def test_a_wish_a_question_and_a_negation_give_none(text: str) -> None:
    assert facts(text) == set()


@pytest.mark.parametrize(
    "text",
    ["The heap dump has only 1 GB.", "A jmap heap dump dumps only 1 GB, as expected.", "The hprof is about 1 GB."],
)
def test_a_heap_dump_says_what_the_heap_holds(text: str) -> None:
    (found,) = remarks.parse(text)
    assert dict(found.metrics) in ({"runtime.heap_used_bytes": 1 << 30}, {"runtime.heap_used_bytes": 10**9})


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    with contextlib.suppress(ParseError):
        assert remarks.parse(text)


def test_two_megabytes_of_beginnings_take_seconds() -> None:
    text = "\n\n".join(["goroutines and threads after 5 minutes memory drops but the cache " * 8] * 800)
    start = time.process_time()
    list(remarks.find(text.split("\n")))
    assert time.process_time() - start < 20
