"""Goroutines counted by `sort | uniq -c | sort -rn`."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.page import read_page
from memwhy.sources.pasted import goroutine_tally
from memwhy.sources.span import Span

BY_FRAME = """The pool never shrinks, 9 workers were enough last year. Goroutines, by what they wait in:

$ grep -A1 '^goroutine' all.txt | grep -v -e goroutine -e -- | sed 's/(0x.*//' | sort | uniq -c | sort -rn
   4100 example.org/mail/queue.(*Worker).next
     31 internal/poll.runtime_pollWait
      2 main.main.func1
"""


def spans(text: str) -> list[Span]:
    return list(goroutine_tally.find(text.split("\n")))


def test_counts_of_one_frame_each_sum_to_goroutines() -> None:
    assert spans(BY_FRAME) == [Span(first=2, last=5)]
    counts = (
        ("example.org/mail/queue.(*Worker).next", 4100),
        ("internal/poll.runtime_pollWait", 31),
        ("main.main.func1", 2),
    )
    profile = Profile(
        kind="goroutine",
        unit="count",
        total=4133,
        rows=tuple(ProfileRow(function=name, flat=count, cum=count) for name, count in counts),
        stacks=tuple(StackSample(frames=(name,), value=count) for name, count in counts),
    )  # fmt: skip
    lines = "\n".join(BY_FRAME.split("\n")[2:])
    assert goroutine_tally.parse(lines) == (
        Reading(
            metrics={"go.goroutines_count": 4133}, facts={"go.seen": "1"}, profiles=(profile,), line=2, last_line=4
        ),
    )


def test_the_sentence_above_is_left_to_others() -> None:
    found = read_page(BY_FRAME.split("\n")).found
    assert [(one.source, one.first_line) for one in found if one.reading.metrics] == [("pasted/goroutine_tally", 4)]


def test_counts_of_all_frames_are_the_least() -> None:
    text = "goroutines:\n  90 main.(*Hub).run(0xc000010000)\n  90 main.serve(...)\n  12 net/http.(*conn).serve"
    (reading,) = goroutine_tally.parse(text)
    assert reading.metrics == {"go.goroutines_count": 90}
    assert reading.notes == ("counts of frames: the largest is the least number of goroutines",)
    assert spans(text) == [Span(first=1, last=3)]


@pytest.mark.parametrize(
    ("text", "count", "facts"),
    [
        ("  800 created by main.(*Hub).Subscribe\n    2 created by net/http.(*Server).Serve in goroutine 1", 802, {"go.goroutine_creators": "800 main.(*Hub).Subscribe\n2 net/http.(*Server).Serve"}),
        ("sort | uniq -c\n  700 [select, \n  60 [IO wait]:\n  40 [select]:\n   1 [running]:", 801, {"go.goroutine_states": "740 select\n60 IO wait\n1 running"}),
        ("> 700 chan receive\n> 60 semacquire\n> 9 sync.Cond.Wait", 769, {"go.goroutine_states": "700 chan receive\n60 semacquire\n9 sync.Cond.Wait"}),
    ],
)  # fmt: skip
def test_creators_and_states_count_each_goroutine_once(text: str, count: int, facts: dict[str, str]) -> None:
    assert len(spans(text)) == 1
    (reading,) = goroutine_tally.parse(text)
    assert (reading.metrics, reading.facts) == ({"go.goroutines_count": count}, {"go.seen": "1", **facts})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  12 requests.get\n   7 requests.post",
        "   9 www.example.org\n   4 mail.example.org",
        "  12 select\n  3 running",
        "   1 created by somebody",
        "| uniq -c\n  12 GET\n  9 POST",
    ],
)
def test_counts_of_other_things_are_left_alone(text: str) -> None:
    assert spans(text) == []


@given(st.lists(st.sampled_from(["12 created by a.b", "9 [select]:", "uniq -c", "goroutine", "7 x.y(", "", "[", "3"])))
def test_any_text_gives_readings_or_a_parse_error(lines: list[str]) -> None:
    end = -1
    for span in goroutine_tally.find(lines):
        assert end < span.first <= span.last < len(lines)
        end = span.last
        assert goroutine_tally.parse("\n".join(lines[span.first : span.last + 1]))
    try:
        assert goroutine_tally.parse("\n".join(lines))
    except ParseError as error:
        assert error.source == "pasted/goroutine_tally"


def test_ten_megabytes_of_hostile_text_are_done_in_seconds() -> None:
    chance = random.Random(3)
    words = (
        "12 " + "a." * 280,
        "9 " + "(" * 500,
        "7 created by " + "x/" * 200,
        "1 a.b(" * 90,
        "uniq -c " * 60,
        "5 [" * 180,
    )
    page = [chance.choice(words) for _ in range(20_000)]
    before = time.process_time()
    list(goroutine_tally.find(page))
    assert time.process_time() - before < 10
