"""Dumps of every thread."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import thread_counts
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "threads"


def text(name: str) -> str:
    return (EVIDENCE / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "count"), [("jstack", 32), ("gdb", 33), ("gdb-info", 33), ("py-spy", 6), ("faulthandler", 6)]
)
def test_every_tool_shows_all_threads(name: str, count: int) -> None:
    (reading,) = thread_counts.parse(text(name))
    assert reading.metrics == {"process.threads_count": count}


def test_a_dump_is_read_whole() -> None:
    assert thread_counts.parse(text("py-spy")) == (
        Reading(
            metrics={"process.threads_count": 6},
            facts={"process.threads": "5 worker_#\n1 MainThread", "process.thread_states": "6 idle"},
            notes=("only Python's own threads are shown; native ones are not counted",),
            line=4,
            last_line=33,
        ),
    )


@pytest.mark.parametrize("name", ["jstack", "gdb", "gdb-info"])
def test_threads_of_pools_are_counted_under_one_name(name: str) -> None:
    (reading,) = thread_counts.parse(text(name))
    assert reading.facts["process.threads"].split("\n")[0] == "12 pool-#-thread-#"


def test_states_of_java_threads_are_counted() -> None:
    (reading,) = thread_counts.parse(text("jstack"))
    assert reading.facts["process.thread_states"] == "13 waiting\n9 runnable\n2 timed waiting"


def test_some_threads_of_a_dump_are_no_count() -> None:
    lines = [line for line in text("jstack").split("\n") if line.startswith('"pool')][:5]
    assert list(thread_counts.find(lines)) == [Span(first=0, last=4)]
    (reading,) = thread_counts.parse("\n".join(lines))
    assert (reading.metrics, reading.facts) == ({}, {"process.threads": "5 pool-#-thread-#"})


def test_two_dumps_one_after_another_are_two_readings() -> None:
    for name in ("jstack", "gdb-info"):
        assert len(thread_counts.parse(text(name) * 2)) == 2


def test_a_dump_in_a_page_is_found_where_it_stands() -> None:
    lines = ["it hangs, see:", *text("py-spy").rstrip("\n").split("\n"), "", "ideas?"]
    assert list(thread_counts.find(lines)) == [Span(first=4, last=33)]


def test_words_about_threads_are_no_dump() -> None:
    lines = ["Thread 5 hangs", 'see thread "main"', "Thread pool: 12", "each LWP 12"]
    assert list(thread_counts.find(lines)) == []
    with pytest.raises(ParseError):
        thread_counts.parse("\n".join(lines))
