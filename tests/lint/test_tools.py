"""Other linters' answers, as they gave them for `shop.go`."""

import os
import signal
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from memwhy.lint.linting import read
from memwhy.lint.merging import merge
from memwhy.lint.reading import Options
from memwhy.lint.tools import Said, Tool, parse_golangci, parse_staticcheck, parse_vet, run_tool
from memwhy.model.linted import Found

SHOP = Path(__file__).parent.parent / "evidence" / "lint-tools"


def places(said: Iterator[Said]) -> list[tuple[str, str, int]]:
    return [(one.tool, one.check, one.line) for one in said]


def test_go_vet_says_a_lost_cancel_twice_and_both_are_of_the_call() -> None:
    assert places(parse_vet((SHOP / "vet.json").read_bytes())) == [
        ("go vet", "lostcancel", 23),
        ("go vet", "lostcancel", 23),
    ]


def test_bodyclose_says_the_call_whose_body_stays_open() -> None:
    assert places(parse_vet((SHOP / "bodyclose.json").read_bytes())) == [("bodyclose", "bodyclose", 14)]


def test_staticcheck_says_tickers_and_defers() -> None:
    said = parse_staticcheck((SHOP / "staticcheck.json").read_bytes())
    assert places(said) == [("staticcheck", "SA1015", 43), ("staticcheck", "SA9001", 58)]


def test_golangci_lints_issues_are_read_by_linter_and_by_check() -> None:
    raw = (
        b'level=warning msg="x"\n{"Issues":[{"FromLinter":"bodyclose","Text":"response body must be closed","Pos":{"Filename":"shop.go","Line":14,'
        b'"Column":27}},{"FromLinter":"govet","Text":"lostcancel: the cancel function","Pos":{"Filename":"shop.go","Line":23,"Column":2}},'
        b'{"FromLinter":"govet","Text":"printf: no","Pos":{"Filename":"shop.go","Line":3,"Column":2}}]}'
    )
    assert places(parse_golangci(raw)) == [("golangci-lint", "bodyclose", 14), ("golangci-lint", "lostcancel", 23)]


def test_the_same_place_and_kind_is_one_finding_with_both_names() -> None:
    reading = read(str(SHOP), Options())
    own = tuple(Found(suspect=one) for one in reading.suspects)
    said = [
        *parse_vet((SHOP / "vet.json").read_bytes().replace(b"/tmp/shop", str(SHOP).encode())),
        *parse_vet((SHOP / "bodyclose.json").read_bytes().replace(b"/tmp/shop", str(SHOP).encode())),
        *parse_staticcheck((SHOP / "staticcheck.json").read_bytes().replace(b"/tmp/shop", str(SHOP).encode())),
    ]
    merged = {(one.suspect.rule, one.suspect.line): one.by for one in merge(reading, own, said)}
    assert merged["response-body", 14] == ("memwhy", "bodyclose")
    assert merged["context-cancel", 23] == ("memwhy", "go vet")
    assert merged["defer-in-loop", 58] == ("memwhy", "staticcheck")
    assert "staticcheck" in merged["ticker-stop", 43]


def test_what_others_find_in_files_that_were_not_read_is_left_out() -> None:
    reading = read(str(SHOP), Options())
    strange = Said(tool="go vet", check="lostcancel", file="../other.go", line=1, column=1, message="x")
    beyond = Said(tool="go vet", check="lostcancel", file="shop.go", line=9999, column=1, message="x")
    assert merge(reading, (), [strange, beyond]) == ()


@given(st.binary(max_size=400))
def test_any_output_is_findings_or_nothing(raw: bytes) -> None:
    for parse in (parse_vet, parse_staticcheck, parse_golangci):
        assert all(one.line >= 0 for one in parse(raw))
        assert all(one.line >= 0 for one in parse(b'{"a": ' + raw + b"}"))


def script(tmp_path: Path, body: str) -> Tool:
    program = tmp_path / "linter"
    program.write_text(f"#!{sys.executable}\n{body}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def command(paths: Mapping[str, str]) -> list[str]:
        return [str(program)]

    return Tool(name="linter", needs=(), command=command, parse=parse_vet)


def test_a_linter_whose_time_is_over_is_ended_with_all_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    tool = script(
        tmp_path,
        f"import subprocess, signal\nchild = subprocess.Popen(['sleep', '600'])\nopen({str(told)!r}, 'w').write(str(child.pid))\nsignal.pause()\n",
    )
    said, problem = run_tool(tool, {}, str(tmp_path), 3.0)
    assert (said, problem) == ([], "was ended after 3 s: --tools-for gives it more time")
    pid, until = int(told.read_text()), time.monotonic() + 10
    while (state := Path(f"/proc/{pid}/stat")).exists() and state.read_text().rpartition(")")[2].split()[0] not in "ZX":
        assert time.monotonic() < until, os.kill(pid, signal.SIGKILL)


def test_a_linter_that_writes_without_end_is_ended(tmp_path: Path) -> None:
    said, problem = run_tool(script(tmp_path, "while True: print('x' * 65536)\n"), {}, str(tmp_path), 60.0)
    assert (said, problem) == ([], "was ended: it wrote more than 16 MiB")


def test_nothing_may_be_fetched_for_it(tmp_path: Path) -> None:
    names = ("GOPROXY", "GOTOOLCHAIN", "GONOPROXY")
    body = f"import os, sys\nprint(*[os.environ.get(name) for name in {names}], file=sys.stderr)\nsys.exit(3)\n"
    assert run_tool(script(tmp_path, body), {}, str(tmp_path), 60.0) == ([], "ended with exit code 3: off local none")


def test_a_linter_that_cannot_be_started_is_a_problem_of_that_linter(tmp_path: Path) -> None:
    gone = Tool(name="gone", needs=(), command=lambda paths: [str(tmp_path / "gone")], parse=parse_vet)
    assert run_tool(gone, {}, str(tmp_path), 5.0) == ([], "could not be started: No such file or directory")
