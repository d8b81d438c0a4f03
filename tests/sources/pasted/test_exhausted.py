"""Sentences that say that descriptors or threads have run out."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import exhausted
from memwhy.sources.span import Span


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("accept tcp [::]:80: accept4: too many open files; retrying in 1s", "descriptors.exhausted"),
        ("Error: EMFILE, open '/srv/a'", "descriptors.exhausted"),
        ("RuntimeError: can't start new thread", "threads.exhausted"),
        ("java.lang.OutOfMemoryError: unable to create new native thread", "threads.exhausted"),
        ("runtime: program exceeds 10000-thread limit", "threads.exhausted"),
        ("runtime/cgo: pthread_create failed: Resource temporarily unavailable", "threads.exhausted"),
    ],
)
def test_the_sentence_is_the_fact(line: str, fact: str) -> None:
    assert list(exhausted.find(["", line])) == [Span(first=1, last=1)]
    assert exhausted.parse(line) == (Reading(facts={fact: line}, line=1, last_line=1),)


def test_gos_own_message_tells_how_many_threads_there_are() -> None:
    line = "runtime: failed to create new OS thread (have 916 already; errno=11)"
    assert exhausted.parse(line) == (
        Reading(metrics={"go.os_threads_count": 916}, facts={"threads.exhausted": line}, line=1, last_line=1),
    )


def test_a_flood_of_them_is_shown_three_times() -> None:
    assert len(list(exhausted.find(["accept: too many open files"] * 500))) == 3


def test_other_words_are_left_alone() -> None:
    lines = ["many files are open", "it starts a new thread", "there are too many threads"]
    assert list(exhausted.find(lines)) == []
    with pytest.raises(ParseError):
        exhausted.parse("\n".join(lines))
