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
from memwhy.lint.tools import TOOLS, Said, Tool, parse_golangci, parse_staticcheck, parse_vet, run_tool
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


SAID_BY_GOLANGCI = [
    ("golangci-lint", "bodyclose", 14),
    ("golangci-lint", "lostcancel", 23),
    ("golangci-lint", "lostcancel", 23),
    ("golangci-lint", "SA1015", 43),
    ("golangci-lint", "SA9001", 58),
]


def test_golangci_lints_issues_of_both_versions_are_read_by_linter_and_by_check() -> None:
    assert places(parse_golangci((SHOP / "golangci-v1.json").read_bytes())) == SAID_BY_GOLANGCI
    assert places(parse_golangci((SHOP / "golangci-v2.json").read_bytes())) == SAID_BY_GOLANGCI


def test_a_table_that_a_projects_configuration_asks_for_is_no_obstacle() -> None:
    both = (SHOP / "golangci-v2-with-table.txt").read_bytes()
    answer, newline, table = both.partition(b"\n")
    assert places(parse_golangci(both)) == SAID_BY_GOLANGCI
    assert places(parse_golangci(table + newline + answer)) == SAID_BY_GOLANGCI


def test_golangci_lints_other_checks_are_left_out() -> None:
    raw = (
        (SHOP / "golangci-v2.json").read_bytes().replace(b"lostcancel: ", b"printf: ").replace(b"SA1015: ", b"SA4006: ")
    )
    assert places(parse_golangci(raw)) == [("golangci-lint", "bodyclose", 14), ("golangci-lint", "SA9001", 58)]


def test_each_version_of_golangci_lint_is_called_with_its_own_options(tmp_path: Path) -> None:
    tool = next(one for one in TOOLS if one.name == "golangci-lint")
    given: dict[str, list[str]] = {}
    for name in ("golangci-v1.version", "golangci-v2.version"):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\nprint(open({str(SHOP / name)!r}).read())\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        given[name] = tool.command({"golangci-lint": str(program)})
    assert "--out-format=json" in given["golangci-v1.version"]
    assert "--output.json.path=stdout" in given["golangci-v2.version"]
    assert {"--path-mode=abs"} <= set(given["golangci-v2.version"]) - set(given["golangci-v1.version"])
    assert all({"--enable-only", "--uniq-by-line=false"} <= set(command) for command in given.values())


def test_what_does_not_compile_is_told_of_each_linter() -> None:
    broken = './broken.go:3:13: cannot use "a" (untyped string constant) as int value in variable declaration'
    tools = {tool.name: tool for tool in TOOLS}
    said = {
        "go vet": (b"", (SHOP / "broken" / "vet.stderr").read_bytes()),
        "staticcheck": ((SHOP / "broken" / "staticcheck.json").read_bytes(), b""),
        "golangci-lint": ((SHOP / "broken" / "golangci-v2.json").read_bytes(), b""),
    }
    assert {name: tools[name].failed(*outputs) for name, outputs in said.items()} == dict.fromkeys(said, broken)
    nothing = (SHOP / "broken" / "golangci-v2-nothing.json").read_bytes()
    assert tools["golangci-lint"].failed(nothing, b"") == (
        "typechecking error: pattern ./...: directory prefix . does not contain main module or its selected dependencies"
    )


def test_a_linter_that_looked_at_all_has_failed_at_nothing() -> None:
    tools = {tool.name: tool for tool in TOOLS}
    assert tools["go vet"].failed((SHOP / "vet.json").read_bytes(), b"") == ""
    assert tools["go vet"].failed(b"", (SHOP / "vet.json").read_bytes()) == ""
    assert tools["bodyclose"].failed((SHOP / "bodyclose.json").read_bytes(), b"# example.org/shop\n") == ""
    assert tools["staticcheck"].failed((SHOP / "staticcheck.json").read_bytes(), b"") == ""
    assert tools["golangci-lint"].failed((SHOP / "golangci-v2.json").read_bytes(), b"5 issues:\n") == ""


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
        assert all(one.line >= 0 for one in parse(b'{"Issues":' + raw))
    assert all(isinstance(tool.failed(b'{"Issues":' + raw, raw), str) for tool in TOOLS)


def script(tmp_path: Path, body: str) -> Tool:
    program = tmp_path / "linter"
    program.write_text(f"#!{sys.executable}\n{body}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def command(paths: Mapping[str, str]) -> list[str]:
        return [str(program)]

    return Tool(name="linter", needs=(), command=command, parse=parse_vet, failed=lambda raw, told: "")


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
    gone = Tool(
        name="gone",
        needs=(),
        command=lambda paths: [str(tmp_path / "gone")],
        parse=parse_vet,
        failed=lambda raw, told: "",
    )
    assert run_tool(gone, {}, str(tmp_path), 5.0) == ([], "could not be started: No such file or directory")
