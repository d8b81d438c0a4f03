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


def test_the_counters_of_a_log_count_though_its_first_lines_have_none():
    lines = ["2026-11-22T09:59:00Z server started", "2026-11-22T10:00:00Z stats requests=5", "2026-11-22T10:01:00Z stats requests=65"]  # fmt: skip
    notes = ("1 of 3 lines were left out",)
    assert parse(lines) == WorkLog(source="work", unit="request", points=points(5, 65), notes=notes)


def test_an_address_in_an_access_log_is_no_counter():
    lines = [f'10.0.0.1 - - [22/Nov/2026:10:0{i}:00 +0000] "GET /q?events={9 - i} HTTP/1.1" 200 512' for i in range(4)]
    assert parse(lines) == WorkLog(source="work", unit="request", points=points(1, 2, 3, 4))


@pytest.mark.parametrize("rows", [[100, 95, 103, 99, 101], [95 + 37 * i % 11 for i in range(600)]])
def test_counts_per_interval_are_refused_for_the_sum_is_what_counts(rows: list[int]):
    for form in ("{0} {1}", "2026-11-22T10:{2:02d}:{3:02d}Z requests={1}"):
        with pytest.raises(
            ParseError, match=r"falls \d+ times in \d+: a count per interval, or a gauge; give the running sum"
        ):
            parse(form.format(second, count, *divmod(second, 60)) for second, count in enumerate(rows))


def test_a_service_that_begins_anew_now_and_then_still_counts():
    log = parse(f"{second} {second % 20 * 5}" for second in range(100))
    assert log.points[19:21] == ((19, 95), (20, 0))


@pytest.mark.parametrize(
    ("text", "total"), [("120,000", 120000), ("1_000_000\n", 1e6), ("1,200,000", 1.2e6), ("2e5", 2e5)]
)
def test_a_number_alone_may_have_separators(text: str, total: float):
    assert parse(text.splitlines()) == WorkLog(source="work", total=total)


def test_two_rows_that_look_like_numbers_with_separators_are_a_table():
    assert parse(["10,100", "20,200"]).points == ((10, 100), (20, 200))


@pytest.mark.parametrize(
    ("header", "unit"), [("queries", "query"), ("batches", "batch"), ("reqs", "request"), ("process", "process")]
)
def test_the_unit_of_a_header_is_one_piece(header: str, unit: str):
    assert parse([f"time,{header}", "0,0", "30,600"]).unit == unit


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
