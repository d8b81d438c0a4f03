"""pprof -traces and -list."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import ProfileRow, StackSample
from memwhy.model.units import KIB, MIB
from memwhy.sources.pasted import pprof_top, pprof_traces
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"


def text(name: str) -> str:
    return (EVIDENCE / f"pprof-{name}.txt").read_text()


def test_traces_are_stacks_with_values() -> None:
    (reading,) = pprof_traces.parse(text("traces"))
    (profile,) = reading.profiles
    assert (profile.kind, profile.unit, profile.binary) == ("inuse_space", "bytes", "leaky")
    assert profile.stacks == (
        StackSample(frames=("main.fill", "main.main", "runtime.main"), value=round(24.47 * MIB)),
        StackSample(
            frames=(
                "runtime.mallocgc",
                "runtime.newobject",
                "runtime.acquireSudog",
                "runtime.semacquire1",
                "runtime.semacquire",
                "runtime.gcMarkDone",
                "runtime.gcBgMarkWorker",
            ),
            value=round(512.05 * KIB),
        ),
    )
    assert (reading.wall_ns, reading.line, reading.last_line) == (1795402886 * 10**9, 1, 36)


def test_a_listing_gives_its_total_and_routines() -> None:
    (reading,) = pprof_traces.parse(text("list"))
    (profile,) = reading.profiles
    assert (profile.kind, profile.unit, profile.total) == ("space", "bytes", round(24.97 * MIB))
    assert profile.rows == (ProfileRow(function="main.fill", flat=round(24.47 * MIB), cum=round(24.47 * MIB)),)
    assert reading.notes == ("the report does not name its type: what is in use, or all that was ever allocated",)


def test_source_lines_of_a_listing_belong_to_it() -> None:
    lines = [
        "Total: 2MB",
        "ROUTINE ======================== main.f in /srv/a.go",
        "       1MB        2MB (flat, cum)   100% of Total",
    ]
    lines += [
        "         .          .      9:func f() {",
        "       1MB        2MB     10:\treturn g()",
        "         .          .     11:}",
    ]
    assert list(pprof_traces.find(["see", *lines, "", "ok?"])) == [Span(first=1, last=6)]
    assert pprof_traces.parse("\n".join(lines))[0].profiles[0].rows == (
        ProfileRow(function="main.f", flat=MIB, cum=2 * MIB),
    )


def test_traces_of_time_are_no_evidence_of_memory() -> None:
    (reading,) = pprof_traces.parse(text("traces").replace("inuse_space", "cpu").replace("24.47MB", "24.47ms"))
    assert (reading.profiles, reading.notes) == ((), ("a profile of type 'cpu' measures no memory; it is not used",))


@pytest.mark.parametrize("name", ["tree", "peek", "base"])
def test_other_reports_are_left_to_their_reader(name: str) -> None:
    assert list(pprof_traces.find(text(name).split("\n"))) == []
    with pytest.raises(ParseError):
        pprof_traces.parse(text(name))


@pytest.mark.parametrize(("name", "rows"), [("tree", 10), ("peek", 1)])
def test_a_tree_gives_the_row_of_each_function_once(name: str, rows: int) -> None:
    (reading,) = pprof_top.parse(text(name))
    (profile,) = reading.profiles
    assert (profile.total, len(profile.rows)) == (round(25566.71 * KIB), rows)
    assert profile.rows[0] == ProfileRow(function="main.fill", flat=round(25054.66 * KIB), cum=round(25054.66 * KIB))
    assert (reading.line, reading.last_line) == (1, text(name).count("\n"))


def test_a_difference_of_nothing_is_a_fact() -> None:
    (reading,) = pprof_top.parse(text("base-zero"))
    assert reading.facts["profile.diff"] == "inuse_space 0"
    assert (reading.profiles[0].kind, reading.profiles[0].total) == ("inuse_space (difference)", 0)


def test_the_command_above_a_table_tells_that_it_is_a_difference() -> None:
    (reading,) = pprof_top.parse("$ go tool pprof -top -base first.pb.gz app last.pb.gz\n" + text("base"))
    assert reading.facts["profile.diff"] == f"inuse_space {round(11.70 * MIB)}"
    assert reading.profiles[0].kind == "inuse_space (difference)"
