"""Courses told by key: what rises and what stays, as a metric is called; questions and wishes tell none."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.words import keyed


def facts(text: str) -> set[str]:
    """Names of the facts that a text gives."""
    try:
        return {name.removeprefix("said.") for one in keyed.parse(text) for name in one.facts}
    except ParseError:
        return set()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("- go_memstats_heap_inuse_bytes (flat)", {"flat.heap"}),
        ("* `heap_idle`: keeps growing", {"heap_idle"}),
        ("RssAnon climbs, Shmem is constant.", {"grows.rss", "flat.shared"}),
        ("HeapAlloc and HeapInuse stay stable, but process_resident_memory_bytes is increasing", {"flat.heap", "grows.rss"}),
        ("These remained stable: heap_alloc, go_goroutines. VmRSS rose.", {"flat.heap", "flat.goroutines", "grows.rss"}),
        ("| go_goroutines | increasing |", {"grows.goroutines"}),
        ("process_open_fds{job=\"web\"} goes up", {"grows.descriptors"}),
        ("heapUsed does not grow while slab_unreclaimable grows", {"flat.heap", "grows.kernel"}),
        ("slab_reclaimable - growing", {"grows.kernel"}),
    ],
)  # fmt: skip
def test_a_course_belongs_to_the_key_before_it_or_to_the_list_behind_it(text: str, names: set[str]) -> None:
    assert facts(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Is HeapAlloc stable?",
        "HeapAlloc should stay flat.",
        "The rise of heap_alloc was expected if RssAnon grows.",
        "memory is stable",
        "HeapIdle is stable",
        "go_goroutines 40",
    ],
)
def test_a_question_a_wish_and_a_plain_name_tell_none(text: str) -> None:
    assert facts(text) == set()


@given(st.text(alphabet=st.sampled_from("HeapAlloc VmRSS_bytes stable grows:,(.)?\n|`*"), max_size=300))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    with contextlib.suppress(ParseError):
        keyed.parse(text)


def test_hostile_text_takes_little_time() -> None:
    text = "\n".join(["HeapAlloc " * 400 + "stable", "go_memstats_heap_" * 200] * 120)
    began = time.process_time()
    facts(text)
    assert time.process_time() - began < 5
