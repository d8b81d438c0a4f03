"""The user's own linters, run where they are installed and when they were asked for: bounded in time and output, and offline.

They load and type-check the code, which compiles what it depends on into Go's build cache and runs the C compiler where there is cgo.
Nothing may be fetched for that: GOPROXY=off, GONOPROXY=none and GOVCS=*:off keep the go command from the network (go.dev/ref/mod,
"Environment variables"), GOTOOLCHAIN=local from other toolchains, and GOFLAGS stays as the user has it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from memwhy.lint.others import KINDS

MOST_BYTES = 16 << 20
"""Of a linter's output that is read."""
_OFFLINE = {"GOPROXY": "off", "GONOPROXY": "none", "GOVCS": "*:off", "GOTOOLCHAIN": "local"}
_POSITION = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9})(?::(?P<column>\d{1,9}))?$")
_ACQUIRED = re.compile(r"return statement may be reached without using the \w+ var defined on line (\d{1,9})")
"""lostcancel says a loss twice, at the call and at the return; the place is the call."""
_GOLANGCI_BEGINS = b'{"Issues"'
_VERSION = re.compile(rb"has version v?(\d{1,3})\.")
_VERSION_S = 20.0
_GOLANGCI = "bodyclose,sqlclosecheck,govet,staticcheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One finding of theirs that is of one of our kinds. file: as they name it; check: their name for it."""

    tool: str
    check: str
    file: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One linter: how it is called and how its output is read."""

    name: str
    needs: tuple[str, ...]
    command: Callable[[Mapping[str, str]], list[str]]
    parse: Callable[[bytes], Iterator[Said]]
    failed: Callable[[bytes, bytes], str]
    """What it could not look at, by its output and what it wrote beside."""


def found_tools() -> Iterator[tuple[Tool, dict[str, str]]]:
    """The linters that are installed, with the paths of what they need."""
    for tool in TOOLS:
        paths = {name: path for name in tool.needs if (path := _path(name))}
        if len(paths) == len(tool.needs):
            yield tool, paths


def _path(name: str) -> str | None:
    """Where a program is: on the PATH, or where `go install` puts it."""
    places = [os.environ.get("GOBIN", ""), os.path.join(os.environ.get("GOPATH", os.path.expanduser("~/go")), "bin")]
    return shutil.which(name) or next(
        (path for place in places if place and (path := shutil.which(name, path=place))), None
    )


def run_tool(tool: Tool, paths: Mapping[str, str], directory: str, for_s: float) -> tuple[list[Said], str]:
    """(what it found, what was wrong): ended when its time is over, with all that it started."""
    command = tool.command(paths)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, **_OFFLINE},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return [], f"could not be started: {error.strerror}"
        problem = _wait(child, for_s, (out.fileno(), errors.fileno()))
        raw, told = _head(out.fileno()), _head(errors.fileno())
    said = [*tool.parse(raw), *(tool.parse(told) if tool.name in ("go vet", "bodyclose") else ())]
    if not problem and (failed := tool.failed(raw, told)):
        problem = f"could not look at all of it: {failed[:200]}"
    if not problem and child.returncode not in (0, 1) and not said:
        first = next(
            (
                text
                for text in told.decode("utf-8", "replace").splitlines()
                if text.strip() and not text.startswith("#")
            ),
            "",
        )
        problem = f"ended with exit code {child.returncode}" + (f": {first[:200]}" if first else "")
    return list(dict.fromkeys(said)), problem


def _wait(child: "subprocess.Popen[bytes]", for_s: float, outputs: Sequence[int]) -> str:
    """Until it ends; ended where its time is over or its output grows beyond bounds. Says why."""
    until_s, problem = time.monotonic() + for_s, ""
    try:
        while not problem:
            try:
                child.wait(timeout=min(0.2, max(0.01, until_s - time.monotonic())))
                return ""
            except subprocess.TimeoutExpired:
                if time.monotonic() >= until_s:
                    problem = f"was ended after {for_s:.0f} s: --tools-for gives it more time"
                elif any(os.fstat(output).st_size > MOST_BYTES for output in outputs):
                    problem = f"was ended: it wrote more than {MOST_BYTES >> 20} MiB"
        return problem
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)  # a session of its own: what it started goes with it
            child.wait()


def _head(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(os.dup(descriptor), "rb") as file:
        return file.read(MOST_BYTES)


def _documents(raw: bytes) -> Iterator[Any]:
    """JSON values one after another, with lines between them that are none (`# package`)."""
    text = b"\n".join(row for row in raw.splitlines() if not row.startswith(b"#")).decode("utf-8", "replace")
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        at = next((index for index in range(at, len(text)) if text[index] in "{["), len(text))
        if at == len(text):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value


def _said(tool: str, check: Any, position: Any, message: Any) -> Iterator[Said]:
    match = _POSITION.match(position) if isinstance(position, str) else None
    if match is not None and isinstance(check, str) and check in KINDS:
        line, column = int(match["line"]), int(match["column"] or 1)
        acquired = _ACQUIRED.search(str(message)[:400])
        if acquired is not None:
            line = int(acquired[1])
        yield Said(tool=tool, check=check, file=match["file"], line=line, column=column, message=str(message)[:400])


def parse_vet(raw: bytes) -> Iterator[Said]:
    """`go vet -json`: {package: {analyzer: [{"posn": …, "message": …}]}}, errors in a list's place."""
    for value in _documents(raw):
        for analyses in value.values() if isinstance(value, dict) else ():
            for check, rows in analyses.items() if isinstance(analyses, dict) else ():
                for row in rows if isinstance(rows, list) else ():
                    if isinstance(row, dict):
                        tool = "bodyclose" if check == "bodyclose" else "go vet"
                        yield from _said(tool, check, row.get("posn"), row.get("message"))


def parse_staticcheck(raw: bytes) -> Iterator[Said]:
    """`staticcheck -f json`: an object a line, with code, location and message."""
    for value in _documents(raw):
        place = value.get("location") if isinstance(value, dict) else None
        if isinstance(place, dict):
            position = f"{place.get('file')}:{place.get('line')}:{place.get('column')}"
            yield from _said("staticcheck", value.get("code"), position, value.get("message"))


def parse_golangci(raw: bytes) -> Iterator[Said]:
    """golangci-lint's JSON, the same of both versions: {"Issues": [{"FromLinter": …, "Text": …, "Pos": {…}}], "Report": …}."""
    for row in _issues(raw):
        place = row.get("Pos")
        if isinstance(place, dict):
            linter, text = row.get("FromLinter"), str(row.get("Text"))
            check = text.partition(":")[0] if text.partition(":")[0] in KINDS else linter
            if linter in ("govet", "staticcheck") and check == linter:
                continue  # another of its many checks
            position = f"{place.get('Filename')}:{place.get('Line')}:{place.get('Column')}"
            yield from _said("golangci-lint", check, position, text)


def _golangci_answers(raw: bytes) -> Iterator[dict[str, Any]]:
    """Its documents; a project's configuration may have it write tables before or behind them."""
    begin = raw.find(_GOLANGCI_BEGINS)
    return (value for value in _documents(raw[begin:] if begin >= 0 else b"") if isinstance(value, dict))


def _issues(raw: bytes) -> Iterator[dict[str, Any]]:
    for value in _golangci_answers(raw):
        issues = value.get("Issues")
        yield from (row for row in (issues if isinstance(issues, list) else ()) if isinstance(row, dict))


def _not_vetted(raw: bytes, told: bytes) -> str:
    """go vet writes what does not compile beside, in lines that are neither its JSON nor `# package`."""
    lines = (line for output in (told, raw) for line in output.decode("utf-8", "replace").splitlines())
    wrong = (line for line in lines if line and line[0] not in '#{}"[] \t' and not line.startswith("go: downloading"))
    return next(wrong, "").removeprefix("vet: ")


def _not_checked(raw: bytes, told: bytes) -> str:
    """staticcheck has a finding with the code `compile`."""
    del told
    values = (value for value in _documents(raw) if isinstance(value, dict) and value.get("code") == "compile")
    return next((_first_line(str(value.get("message"))) for value in values), "")


def _not_linted(raw: bytes, told: bytes) -> str:
    """golangci-lint has an issue of `typecheck`, and where nothing could be loaded an error in its report."""
    del told
    for row in _issues(raw):
        if row.get("FromLinter") == "typecheck":
            return _first_line(str(row.get("Text")))
    reports = (value.get("Report") for value in _golangci_answers(raw))
    return next((str(one["Error"]) for one in reports if isinstance(one, dict) and one.get("Error")), "")


def _first_line(text: str) -> str:
    """The first line that says something: `# package` and `: # package` come before."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.lstrip(": ").startswith("#")), text.strip())


def _golangci(paths: Mapping[str, str]) -> list[str]:
    """The options of the version that is installed. A project's configuration counts, but for which linters are asked and how it is told.

    Without uniq-by-line=false another finding in a line hides ours; version 2 names files from where its configuration lies,
    which may be above the directory that is read, unless told to name them whole.
    """
    program = paths["golangci-lint"]
    told = (
        ["--out-format=json", "--timeout=0"]
        if _golangci_version(program) == 1
        else ["--output.json.path=stdout", "--output.text.path=stderr", "--path-mode=abs"]
    )
    return [program, "run", "--enable-only", _GOLANGCI, *told, "--max-issues-per-linter=0", "--max-same-issues=0",
            "--uniq-by-line=false", "--allow-parallel-runners", "--issues-exit-code=0", "./..."]  # fmt: skip


@lru_cache(maxsize=8)
def _golangci_version(program: str) -> int:
    """Its major version, 2 where it does not say: `golangci-lint has version v1.64.8 built with …`."""
    try:
        said = subprocess.run(
            [program, "version"], check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=_VERSION_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return 2
    match = _VERSION.search(said.stdout + said.stderr)
    return int(match[1]) if match is not None else 2


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="go vet",
        needs=("go",),
        command=lambda paths: [paths["go"], "vet", "-json", "-lostcancel", "./..."],
        parse=parse_vet,
        failed=_not_vetted,
    ),
    Tool(
        name="bodyclose",
        needs=("go", "bodyclose"),
        command=lambda paths: [paths["go"], "vet", "-json", f"-vettool={paths['bodyclose']}", "./..."],
        parse=parse_vet,
        failed=_not_vetted,
    ),
    Tool(
        name="staticcheck",
        needs=("staticcheck",),
        command=lambda paths: [paths["staticcheck"], "-f", "json", "-checks", "SA1015,SA5003,SA9001", "./..."],
        parse=parse_staticcheck,
        failed=_not_checked,
    ),
    Tool(name="golangci-lint", needs=("golangci-lint",), command=_golangci, parse=parse_golangci, failed=_not_linted),
)
"""go vet first: what it compiles the others find in the cache."""
