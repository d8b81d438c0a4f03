"""Moments between pastes: what a caption tells, and when a page's captions make a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.reading import Moment
from memwhy.model.units import NS_PER_S
from memwhy.sources.captions import Clue, read_clue
from memwhy.sources.documents import read_evidence

HOUR = 3600 * NS_PER_S
DAY = 24 * HOUR
HEAD = "              total        used        free      shared  buff/cache   available\n"


def free(used: int) -> str:
    return f"```\n$ free -m\n{HEAD}Mem:           4000        {used:4d}         500          10         900         700\n```\n"


def moments(page: str, source: str = "pasted/free") -> list[tuple[str, Moment]]:
    found = read_evidence(["-"], stdin=page.encode()).observations
    return [(one.subject, one.moment) for one in found if one.source == source]


def hours(*elapsed: float) -> list[tuple[str, Moment]]:
    return [("", Moment(clock="monotonic", value=round(hour * HOUR))) for hour in elapsed]


def order(count: int) -> list[tuple[str, Moment]]:
    return [("", Moment(clock="order", value=i)) for i in range(count)]


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        ("After 4 hours:", Clue("since", 4 * HOUR)),
        ("nach 2 Stunden", Clue("since", 2 * HOUR)),
        ("4小时后", Clue("since", 4 * HOUR)),
        ("2 days later", Clue("later", 2 * DAY)),
        ("after another 3 hours", Clue("later", 3 * HOUR)),
        ("Day 3", Clue("since", 3 * DAY)),
        ("第3天", Clue("since", 3 * DAY)),
        ("t=0", Clue("since", 0)),
        ("## Baseline", Clue("since", 0)),
        ("Newly restarted, password correct:", Clue("since", 0)),
        ("Wrong password, running for 4 hours:", Clue("since", 4 * HOUR)),
        ("After the restart, running for 4 hours", Clue("since", 4 * HOUR)),
        ("at 09:10", Clue("day", 33_000 * NS_PER_S)),
        ("at 3:05 pm it was", Clue("day", (15 * 60 + 5) * 60 * NS_PER_S)),
        ("2024-01-05", Clue("wall", 1_704_412_800 * NS_PER_S)),
        ("2024-01-05 at 09:10", Clue("wall", 1_704_445_800 * NS_PER_S)),
        ("05.01.2024", Clue("wall", 1_704_412_800 * NS_PER_S)),
        ("January 5th, 2024", Clue("wall", 1_704_412_800 * NS_PER_S)),
        ("5 Jan 2024:", Clue("wall", 1_704_412_800 * NS_PER_S)),
        ("2024年1月5日", Clue("wall", 1_704_412_800 * NS_PER_S)),
        ("[2024-01-05 09:10:00]", Clue("wall", 1_704_445_800 * NS_PER_S)),
        ("Before running any tests:", None),
        ("between 2 and 3 of them, ratio 16:9", None),
        ("1/5/2024", None),
        ("after 2 hours it grows, after 5 hours it is killed", None),
    ],
)
def test_a_caption_tells_one_moment_or_none(text: str, clue: Clue | None) -> None:
    assert read_clue(text) == clue


def test_a_fresh_start_and_hours_later_are_a_clock() -> None:
    page = f"Newly restarted:\n{free(500)}\nRunning for 4 hours now:\n{free(900)}\n2 days later\n{free(1500)}"
    assert moments(page) == hours(0, 4, 52)


def test_a_first_block_that_tells_nothing_is_the_beginning() -> None:
    assert moments(f"This is our web server.\n{free(500)}\nAfter 6 hours:\n{free(900)}") == hours(0, 6)


@pytest.mark.parametrize(
    "page",
    [
        f"Before the test:\n{free(500)}\nAfter the test finishes:\n{free(900)}",
        f"After 2 days:\n{free(900)}\nAfter a restart:\n{free(500)}",
        f"After 1 hour:\n{free(500)}\nLoad stopped:\n{free(900)}\nAfter 3 hours:\n{free(950)}",
        f"after 1 hour\n{free(500)}\n{free(700)}\nafter 3 hours\n{free(900)}",
        f"at 09:10\n{free(500)}\nafter 3 hours\n{free(900)}",
    ],
    ids=["stages", "backwards", "one without", "two below one caption", "two sorts of clock"],
)
def test_captions_that_agree_on_no_clock_leave_the_order(page: str) -> None:
    found = moments(page)
    assert found == order(len(found))


def test_times_of_day_are_a_clock_that_passes_midnight() -> None:
    page = f"At 09:10\n{free(500)}\nAt 15:10\n{free(900)}\nAt 01:10\n{free(950)}\n"
    assert moments(page) == hours(0, 6, 16)


def test_dates_above_blocks_are_a_clock() -> None:
    assert moments(f"### 2024-01-05\n{free(500)}\n### 2024-01-07\n{free(900)}") == hours(0, 48)


def test_times_in_prompts_are_a_clock() -> None:
    page = "".join(
        f"[{hour}:00:00] ada@web:~$ free -m\n{free(500 + hour).split(chr(10), 2)[2]}" for hour in (10, 12, 15)
    )
    assert [moment for _, moment in moments(page)] == [moment for _, moment in hours(0, 2, 5)]


def test_two_tools_below_one_caption_share_its_moment() -> None:
    status = "$ cat /proc/88/status\nName:\tweb\nVmRSS:\t {rss} kB\nThreads:\t17\n"
    page = f"At start:\n{free(500)}{status.format(rss=50000)}\nAfter 3 hours:\n{free(900)}{status.format(rss=90000)}"
    assert moments(page) == hours(0, 3)
    assert [moment for _, moment in moments(page, "proc/status")] == [moment for _, moment in hours(0, 3)]


def test_a_restarted_program_keeps_the_page_s_clock() -> None:
    status = "$ cat /proc/{pid}/status\nName:\tweb\nPid:\t{pid}\nVmRSS:\t {rss} kB\nThreads:\t17\n"
    page = f"At start:\n{status.format(pid=88, rss=50000)}\nafter 3 hours:\n{status.format(pid=1288, rss=90000)}"
    assert moments(page, "proc/status") == [("process web", moment) for _, moment in hours(0, 3)]


def test_before_and_after_on_one_place_are_one_subject() -> None:
    page = f"### Before the restart on the server\n{free(500)}\n### After 2 hours on the server\n{free(900)}"
    assert [subject for subject, _ in moments(page)] == ["section server", "section server"]


def test_stamps_of_the_blocks_themselves_go_before_captions() -> None:
    line = "2026-01-31T07:{:02d}:00Z HeapAlloc={} HeapIdle=5000000 Sys=70000000\n"
    page = f"After 1 hour:\n{line.format(0, 9000000)}\nAfter 9 hours:\n{line.format(5, 9500000)}"
    assert {moment.clock for _, moment in moments(page, "pasted/memstats_log")} == {"wall"}


@given(st.text(max_size=200))
def test_any_text_is_a_clue_or_none(text: str) -> None:
    clue = read_clue(text)
    assert clue is None or isinstance(clue.ns, int)
