"""Counts of work: each form that people have them in, and none that is no such thing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.proof import WorkLog
from memwhy.sources.work import MOST_BYTES, MOST_POINTS, parse, read

TEN = 1795341600.0
"""2026-11-22T10:00:00Z."""


def points(*counts: float, every_s: float = 60.0, since: float = TEN) -> tuple[tuple[float, float], ...]:
    return tuple((since + every_s * index, count) for index, count in enumerate(counts))


@pytest.mark.parametrize(
    ("text", "log"),
    [
        ("120000\n", WorkLog(source="work", total=120000)),
        ("requests\n", None),
        ("2026-11-22T10:00:00Z 1234\n2026-11-22T10:01:00Z 2345\n", WorkLog(source="work", points=points(1234, 2345))),
        ("2026-11-22 11:00:00+01:00,1234\n2026-11-22 11:01:00+01:00,2345\n", WorkLog(source="work", points=points(1234, 2345))),
        (f"{TEN:.0f} 10\n{TEN + 60:.0f} 70\n", WorkLog(source="work", points=points(10, 70))),
        (f"{TEN * 1000:.0f};10\n{TEN * 1000 + 60000:.0f};70\n", WorkLog(source="work", points=points(10, 70))),
        ("time,requests\n0,0\n30,600\n60,1200\n", WorkLog(source="work", unit="request", clock="elapsed", points=points(0, 600, 1200, every_s=30, since=0))),
        ('"timestamp"\t"jobs_total"\n0\t0\n30\t600\n', WorkLog(source="work", unit="job", clock="elapsed", points=points(0, 600, every_s=30, since=0))),
        ("# made by a load generator\ntime count\n0 0\n30 600\n", WorkLog(source="work", clock="elapsed", points=points(0, 600, every_s=30, since=0))),
        ("2026-11-22T10:00:00Z INFO served requests=5 errors=1\n2026-11-22T10:01:00Z INFO served requests=65\n", WorkLog(source="work", unit="request", points=points(5, 65))),
        ("2026/11/22 10:00:00 5 messages so far\n2026/11/22 10:00:30 idle\n2026/11/22 10:01:00 65 messages so far\n", WorkLog(source="work", unit="message", points=points(5, 65), notes=("1 of 3 lines were left out",))),
    ],
)  # fmt: skip
def test_every_form_is_told_by_itself(text: str, log: WorkLog | None):
    if log is None:
        with pytest.raises(ParseError):
            parse(text.splitlines())
    else:
        assert parse(text.splitlines()) == log


def test_of_an_access_log_each_line_is_a_request():
    lines = [f'10.0.0.1 - - [22/Nov/2026:10:0{i}:00 +0000] "GET /q HTTP/1.1" 200 512' for i in range(4)]
    assert parse(lines) == WorkLog(source="work", unit="request", points=points(1, 2, 3, 4))


def test_a_rate_in_a_log_is_no_counter():
    lines = ["2026-11-22T10:00:00Z 120 requests/s", "2026-11-22T10:01:00Z 130 requests/s"]
    assert parse(lines).points == points(1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither a count, nor lines"),
        ("0\n", "no work was done"),
        ("hello\nworld\n", "neither a count, nor lines"),
        ("100 5\n", "one moment only"),
        ("5\n6\n", "neither a count, nor lines"),
        ("100 5\n50 6\n", "line 2: goes back in time: '50 6'"),
        ("2026-11-22T10:00:00Z 5 6 7\n" * 3, "one moment only"),
    ],
)
def test_what_tells_no_work_is_refused_with_its_line(text: str, said: str):
    with pytest.raises(ParseError) as caught:
        parse(text.splitlines())
    assert said in str(caught.value)


def test_a_long_file_is_kept_in_bounded_room_with_its_end():
    log = parse(f"{second} {second * 3}" for second in range(100_000))
    assert len(log.points) <= MOST_POINTS + 1
    assert (log.points[0], log.points[-1]) == ((0, 0), (99_999, 299_997))


def test_a_huge_file_and_a_huge_line_are_refused_unread(tmp_path: Path):
    huge = tmp_path / "huge.log"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ParseError, match="larger than 256 MiB"):
        read(str(huge))
    wide = tmp_path / "wide.log"
    wide.write_bytes(b"1" * 100_000)
    with pytest.raises(ParseError, match="no log of work"):
        read(str(wide))


def test_a_file_of_a_spreadsheet_with_its_mark_is_read(tmp_path: Path):
    file = tmp_path / "load.csv"
    file.write_bytes(b"\xef\xbb\xbftime,requests\r\n0,0\r\n30,600\r\n")
    assert read(str(file)).total is None
    assert read(str(file)).unit == "request"


@given(st.lists(st.text(max_size=60), max_size=20))
def test_any_lines_are_counts_or_refused(lines: list[str]):
    try:
        log = parse(lines)
    except ParseError:
        return
    assert (log.total is not None) != bool(log.points)
    xs = [x for x, _ in log.points]
    assert xs == sorted(xs)
