"""Other linters on the same packages: `go vet`, staticcheck and bodyclose, each with the checks that are about leaks.

They are built once from pinned versions into `build/lint-peers` by the machine's own toolchain, through the module proxy.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lint_score import Corpus, Said

TOOLS = Path(__file__).resolve().parent.parent / "build" / "lint-peers"
SOURCES = {
    "staticcheck": "honnef.co/go/tools/cmd/staticcheck@v0.8.2",
    "bodyclose": "github.com/timakin/bodyclose@v0.0.0-20260723120731-857993a2939c",
}
VET = {"lostcancel": "context"}
STATICCHECK = {"SA1015": "ticker", "SA5003": "deferloop", "SA9001": "deferloop"}
"""Check → kind. Checks that are about no leak are not asked: vet's httpresponse is about a nil response, not an open body."""

SECOND_LINE = "this return statement may be reached without using the"
"""lostcancel says each finding on two lines; the second is the return."""

ENVIRONMENT = {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "1"}
TIME_LIMIT_S = 300


@dataclass(frozen=True, slots=True)
class Peer:
    """A linter: which kinds it looks for, what it said, what it cost, where it could not work."""

    name: str
    version: str
    kinds: tuple[str, ...]
    said: tuple[Said, ...]
    cpu_s: float
    problems: tuple[str, ...]


def install(name: str) -> Path:
    """The tool's path; builds it when it is not there. Raises CalledProcessError."""
    path = TOOLS / name
    if not path.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(TOOLS), "GOFLAGS": "", "GOTOOLCHAIN": "local"}
        subprocess.run(["go", "install", SOURCES[name]], check=True, env=environment, capture_output=True)
    return path


def run(name: str, corpus: Corpus) -> Peer:
    """One linter on each package of a corpus, by itself, as a user would."""
    kinds = {"go vet": VET, "staticcheck": STATICCHECK, "bodyclose": {"bodyclose": "body"}}[name]
    command = {
        "go vet": lambda: ["go", "vet", "-json", *(f"-{check}" for check in VET), "./..."],
        "staticcheck": lambda: [str(install(name)), "-f", "json", "-checks", ",".join(STATICCHECK), "./..."],
        "bodyclose": lambda: ["go", "vet", "-json", f"-vettool={install(name)}", "./..."],
    }[name]()
    version = SOURCES[name].partition("@")[2] if name in SOURCES else _go_version()
    said, problems, cpu_s = [], [], 0.0
    for package in sorted(corpus.packages):
        out, used_s = _output(command, corpus.root / package)
        cpu_s += used_s
        read = _vet if command[0] == "go" else _lines
        for check, place, line, message in read(out):
            if check in kinds and not message.startswith(SECOND_LINE):
                file = os.path.relpath(place, corpus.root / package)
                said.append(Said(package, file, line, line, kinds[check], check, message))
            elif check == "compile":
                problems.append(f"{package}: {message}")
    return Peer(name, version, tuple(sorted(set(kinds.values()))), tuple(said), cpu_s, tuple(problems))


def _output(command: list[str], folder: Path) -> tuple[str, float]:
    """What it prints, on both streams, and its CPU seconds with all of its children."""
    before = os.times()
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
    )
    after = os.times()
    used_s = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout + done.stderr, used_s


def _vet(text: str) -> Iterator[tuple[str, str, int, str]]:
    """`go vet -json`: comments (# package), then an object for each package: {package: {check: [{posn, message}]}}."""
    objects = re.sub(r"^#.*\n", "", text, flags=re.M)
    decoder, at = json.JSONDecoder(), 0
    while (at := objects.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(objects, at)
        except json.JSONDecodeError as error:
            yield "compile", "", 0, f"not read: {error}"
            return
        for checks in found.values():
            for check, findings in checks.items():
                if isinstance(findings, dict):  # {"error": …}: the package could not be checked
                    yield "compile", "", 0, str(findings.get("error", findings))[:200]
                    continue
                for one in findings:
                    file, line, *_ = one["posn"].rsplit(":", 2)
                    yield check, file, int(line), one["message"]


def _lines(text: str) -> Iterator[tuple[str, str, int, str]]:
    """staticcheck's objects, one a line."""
    for line in text.splitlines():
        if line.startswith("{"):
            one = json.loads(line)
            yield one["code"], one["location"]["file"], one["location"]["line"], one["message"]


def _go_version() -> str:
    return subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
