"""Goroutines one by one: debug=2 and SIGQUIT."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample, Waiting
from memwhy.model.reading import Reading
from memwhy.sources.go import goroutine_text
from memwhy.sources.pasted import goroutine_dump
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"
STUCK = "goroutine 18 [chan receive (leaked), 92 minutes]:\nmain.Cleanup(0xc4201fa060)\n\t/srv/app/main.go:12 +0x1d\ncreated by main.main"


def text(name: str) -> str:
    return (EVIDENCE / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", ["goroutine-2", "sigquit"])
def test_the_count_is_the_one_of_the_profile(name: str) -> None:
    (reading,) = goroutine_dump.parse(text(name))
    counted = goroutine_text.parse(text("goroutine-1").encode())
    assert reading.metrics == counted.metrics == {"go.goroutines_count": 62}
    assert reading.profiles[0].stacks[:2] == counted.profiles[0].stacks[:2]


def test_states_and_creators_are_counted() -> None:
    (reading,) = goroutine_dump.parse(text("goroutine-2"))
    assert reading.facts == {
        "go.seen": "1",
        "go.goroutine_states": "30 chan receive\n30 sync.Mutex.Lock\n1 IO wait\n1 running",
        "go.goroutine_creators": "61 main.main",
    }


def test_one_goroutine_tells_what_it_waits_for_and_no_count() -> None:
    assert goroutine_dump.parse(STUCK) == (
        Reading(
            facts={
                "go.seen": "1",
                "go.goroutine_states": "1 chan receive",
                "go.goroutine_creators": "1 main.main",
                "go.goroutines_waiting": "1 for a minute or more, the longest for 92 minutes",
                "go.leaked_goroutines": "1",
            },
            profiles=(
                Profile(
                    kind="goroutine (some)",
                    unit="count",
                    total=1,
                    rows=(ProfileRow(function="main.Cleanup", flat=1, cum=1),),
                    stacks=(
                        StackSample(
                            frames=("main.Cleanup",),
                            value=1,
                            waiting=Waiting(state="chan receive", created_by="main.main", waiting_s=92 * 60.0),
                        ),
                    ),
                ),
                Profile(
                    kind="goroutineleak",
                    unit="count",
                    total=1,
                    rows=(ProfileRow(function="main.Cleanup", flat=1, cum=1),),
                    stacks=(StackSample(frames=("main.Cleanup",), value=1),),
                ),
            ),
            notes=("1 goroutine(s) are shown; how many there are is not told",),
        ),
    )


def test_a_log_prefix_on_every_line_changes_nothing() -> None:
    prefixed = "\n".join(f"Jan 31 10:00:00 box app[12]: {line}" for line in text("sigquit").split("\n"))
    assert goroutine_dump.parse(prefixed) == goroutine_dump.parse(text("sigquit"))
    assert list(goroutine_dump.find(prefixed.split("\n"))) == list(goroutine_dump.find(text("sigquit").split("\n")))


def test_tabs_may_be_blanks_and_lines_quoted() -> None:
    quoted = "\n".join("> " + line.replace("\t", "    ") for line in text("goroutine-2").split("\n"))
    assert goroutine_dump.parse(quoted) == goroutine_dump.parse(text("goroutine-2"))


def test_a_dump_without_goroutine_one_is_said_to_be_cut() -> None:
    whole = text("goroutine-2").split("\n\n")
    (reading,) = goroutine_dump.parse("\n\n".join(whole[20:40]))
    assert reading.metrics == {"go.goroutines_count": 20}
    assert reading.notes == ("the dump is cut, it has no goroutine 1: there are more goroutines than it shows",)


def test_goroutines_inside_c_are_named() -> None:
    lines = ["goroutine 5 [syscall, 3 minutes]:", "runtime.cgocall(0x4a, 0xc00)", "\truntime/cgocall.go:157 +0x4b"]
    lines += ["main._Cfunc_wait()", "\t_cgo_gotypes.go:44 +0x47", "main.work(...)", "\tmain.go:9"]
    (reading,) = goroutine_dump.parse("\n".join(lines))
    assert reading.facts["go.in_cgo"] == "1 main._Cfunc_wait"


def test_two_dumps_are_two_spans() -> None:
    lines = [*STUCK.split("\n"), "", *STUCK.split("\n"), "", "so what?"]
    assert list(goroutine_dump.find(lines)) == [Span(first=0, last=3), Span(first=5, last=8)]


def test_the_runtimes_own_goroutines_do_not_count() -> None:
    lines = ["goroutine 2 [force gc (idle)]:", "runtime.gopark(0x0)", "\truntime/proc.go:4 +0x1"]
    lines += ["created by runtime.init.7 in goroutine 1", "\truntime/proc.go:336 +0x1a"]
    assert goroutine_dump.parse("\n".join(lines)) == (
        Reading(notes=("only goroutines of the runtime's own are shown",)),
    )


def test_words_about_goroutines_are_no_dump() -> None:
    with pytest.raises(ParseError):
        goroutine_dump.parse("goroutine 5 hangs [see above]\nand goroutine leaks")
