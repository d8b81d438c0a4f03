"""Prompts, time stamps, headings and hints: the words around the figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.pasted import prose
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.prompts import Prompt, read_prompt
from memwhy.sources.pasted.sections import read_heading
from memwhy.sources.pasted.stamps import read_pprof_time, read_stamp


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("ada@web-1:~/src$ free -m", Prompt(host="web-1", command="free -m", at=0)),
        ("[root@db ~]# top", Prompt(host="db", command="top", at=1)),
        ("$ go version", Prompt(host=None, command="go version", at=0)),
        ("0       0ada@web:~$", Prompt(host="web", command="", at=9)),
        ("/ # ps -o pid", Prompt(host=None, command="ps -o pid", at=0)),
        ("~/src $ ls", Prompt(host=None, command="ls", at=0)),
        ("bash-5.1# free", Prompt(host=None, command="free", at=0)),
        ("write to ada@web.example or not", None),
        ("plain words", None),
    ],
)
def test_a_prompt_tells_host_and_command(line: str, prompt: Prompt | None) -> None:
    assert read_prompt(line) == prompt


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ('time="1970-01-01T00:01:00Z" level=info', 60.0),
        ("1970/01/01 00:01:00.500 words", 60.5),
        ("1970-01-01T01:01:00+01:00 words", 60.0),
        ("Thu Jan  1 00:01:00 UTC 1970", 60.0),
        ("Thu 01 Jan 1970 12:01:00 AM UTC", 60.0),
        ("Jan  1 00:01:00 web app[1]: words", 60.0),
        ("m=+60.25 words", 60.25),
    ],
)
def test_time_stamps_of_many_loggers_are_read(line: str, seconds: float) -> None:
    stamp = read_stamp(line)
    assert stamp is not None
    assert stamp.wall_ns == seconds * 1e9


@pytest.mark.parametrize(
    "line", ["", "1970-13-01T00:00:00Z", "1970-01-01T25:00:00Z", "12:00:00", "Feb 31 10:00:00 x y"]
)
def test_what_is_no_time_gives_none(line: str) -> None:
    assert read_stamp(line) is None


def test_pprofs_times_are_read_with_their_zone() -> None:
    old, new = read_pprof_time("Jan 1, 1970 at 8:34pm (AEDT)"), read_pprof_time("1970-01-01 09:34:00 UTC")
    assert old is not None and new is not None
    assert old.wall_ns == new.wall_ns == (9 * 60 + 34) * 60 * 10**9
    doubtful = read_pprof_time("Jan 1, 1970 at 8:34pm (CST)")
    assert doubtful is not None
    assert "CST" in doubtful.note


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("On the server:", "On the server"),
        ("## Lokal", "Lokal"),
        ("来自Azure VM", "来自Azure VM"),
        ("After two hours:", None),
        ("The server was restarted and then it all began again.", None),
        ("server = 12", None),
    ],
)
def test_only_short_lines_that_name_a_place_are_headings(line: str, heading: str | None) -> None:
    assert read_heading(line) == heading


def test_hints_are_named_with_their_lines() -> None:
    lines = ["We use gokogiri through cgo.", "", "defer resp.Body.Close()", "nothing here", "这是递归调用"]
    spans = list(prose.find(lines))
    assert [span.first for span in spans] == [0, 2, 4]
    facts = [dict(prose.parse(lines[span.first])[0].facts) for span in spans]
    assert facts == [
        {"prose.cgo": lines[0], "prose.gokogiri": lines[0]},
        {"prose.suggests.response-bodies": lines[2]},
        {"prose.suggests.recursion": lines[4]},
    ]


@given(st.text(max_size=200))
def test_any_line_is_read_without_error(line: str) -> None:
    read_prompt(line)
    read_stamp(line)
    read_heading(line)
    assert all((span.first, span.last) == (0, 0) for span in prose.find([line]))


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        ("1.9", "G", (2040109466, 107374182)),
        ("2611.12", "kB", (2673787, 10)),
        ("9", "MiB", (9 << 20, 1 << 20)),
        ("3e6", "", (3000000, 1)),
    ],
)
def test_amounts_are_exact_and_carry_their_resolution(number: str, unit: str, expected: tuple[int, int]) -> None:
    width = unit_bytes(unit)
    assert width is not None
    assert exact_bytes(number, width) == expected
