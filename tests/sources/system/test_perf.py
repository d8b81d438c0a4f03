"""perf's reports and scripts of page faults and heap calls; a profile of time is none."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.system import perf
from memwhy.sources.system.perf import FIRST_TOUCHES, MOST

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in perf.find(lines) for r in perf.parse("\n".join(lines[s.first : s.last + 1]))]


def only(name: str) -> Reading:
    (reading,) = read((EVIDENCE / name).read_text())
    return reading


def test_a_report_names_the_function_below_which_pages_are_touched() -> None:
    reading = only("perf-report-g.txt")
    (profile,) = reading.profiles
    assert (profile.kind, profile.unit) == ("page_faults", "count")
    top = reading.facts["faults.top"]
    assert top.startswith("load_index 9")
    assert reading.notes == (FIRST_TOUCHES, MOST.format(top))


def test_a_report_without_callers_has_its_rows_and_names_nobody() -> None:
    reading = only("perf-report.txt")
    assert reading.profiles[0].rows[0].function.startswith("__memset")
    assert (dict(reading.facts), reading.notes) == ({}, (FIRST_TOUCHES,))


def test_a_script_has_its_stacks() -> None:
    reading = only("perf-script.txt")
    (profile,) = reading.profiles
    assert reading.facts["process.comm"] == "grow"
    assert reading.facts["faults.top"].startswith("load_index ")
    assert any(stack.frames[:2] == ("load_index", "main") for stack in profile.stacks)
    assert profile.rows[0].function == "load_index"


@pytest.mark.parametrize("dress", ["> {}", "    {}", "{}\r"])
@pytest.mark.parametrize("name", ["perf-report-g.txt", "perf-script.txt"])
def test_quotes_and_indents_change_nothing(name: str, dress: str) -> None:
    dressed = "\n".join(dress.format(line) for line in (EVIDENCE / name).read_text().split("\n"))
    (reading,) = read(dressed)
    assert reading.profiles == only(name).profiles


def test_calls_that_enlarge_the_heap_are_a_kind_of_their_own() -> None:
    text = (
        "shop  4711 [002] 12345.678901: syscalls:sys_enter_brk: brk: 0x55d0c0a21000\n\t7f0001 brk+0x7 (/lib/libc.so.6)\n"
        "\t55d001 load_index+0x41 (/srv/shop)\n\t55d002 main+0x10 (/srv/shop)\n"
    )
    (reading,) = read(text)
    (profile,) = reading.profiles
    assert (profile.kind, profile.total, reading.notes) == ("heap_calls", 1, (MOST.format("load_index 100 %"),))
    assert profile.rows[0] == ProfileRow(function="load_index", flat=1, cum=1)


@pytest.mark.parametrize("name", ["perf-report-cpu.txt", "perf-script-cpu.txt"])
def test_a_profile_of_time_is_not_claimed(name: str) -> None:
    text = (EVIDENCE / name).read_text()
    assert read(text) == []
    with pytest.raises(ParseError):
        perf.parse(text)
