"""Build the programs of this folder on demand, run them, and let them tell the truth. Standard library only.

    with asked("cgoheap", "-docs", "1000") as program:
        program.ask("truth") -> {"lost_bytes": …}

They serve the tests and the bench of `memwhy inspect`, which need facts that no verdict needs: mallinfo2, MemStats
of a process that stands still, every goroutine's stack. They have no verdict, hence no truth.toml.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BIN = HERE.parent / "bin" / "inside"
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from find_go import NoGo, environment, find_go  # noqa: E402
from run import end, first_line  # noqa: E402

from build import BuildFailed, c_compiler, xml_flags  # noqa: E402  (specimens/build.py is no package)

__all__ = ["FLAVOURS", "BuildFailed", "NoGo", "Program", "asked", "built", "version_of"]

FLAVOURS = ("", "stripped", "pie", "static", "static-pie", "race")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is READY. facts: of its READY line."""

    process: subprocess.Popen[bytes]
    pid: int
    facts: Mapping[str, str]

    def ask(self, command: str, within_s: float = 60.0) -> dict[str, Any]:
        """The answer to one command."""
        self.tell(command)
        line = first_line(self.process, within_s)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.process.args!r}: {command}: {answer['error']}")
        return answer

    def tell(self, command: str) -> None:
        """Send a command, wait for nothing."""
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()


def built(name: str, flavour: str = "", go: str | None = None) -> Path:
    """The binary of a program, made when it is missing or older than its sources. Raises BuildFailed, NoGo.

    go: another Go command than the usual one. flavour: of FLAVOURS, or an experiment of Go ("X:noswissmap"); static is for C only, where libc.a
    is at hand.
    """
    suffix = "".join(f".{part}" for part in (flavour, version_of(go) if go else "") if part)
    binary = BIN / (name + suffix)
    sources = [path for path in HERE.rglob("*") if path.suffix in (".go", ".c", ".cpp", ".h", ".mod")]
    if binary.exists() and binary.stat().st_mtime >= max(path.stat().st_mtime for path in sources):
        return binary
    BIN.mkdir(parents=True, exist_ok=True)
    fresh = BIN / f".{binary.name}.{os.getpid()}"
    if (HERE / name).is_dir():
        command, env = go_command(name, flavour, go or find_go(), fresh)
    else:
        command, env = c_command(name, flavour, fresh), None
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildFailed(f"{binary.name} does not build:\n{done.stderr.strip()}")
    fresh.replace(binary)
    return binary


def version_of(go: str) -> str:
    """go1.21.13, as the command says."""
    done = subprocess.run([go, "version"], capture_output=True, text=True, check=True, env=environment())
    return done.stdout.split()[2]


def go_command(name: str, flavour: str, go: str, to: Path) -> tuple[list[str], dict[str, str]]:
    """Command line and environment that build one Go program; without libxml2, with documents of its own."""
    env = environment()
    options = {
        "stripped": ["-ldflags=-s -w"],
        "pie": ["-buildmode=pie"],
        "static-pie": ["-buildmode=pie", "-ldflags=-linkmode=external -extldflags=-static-pie"],
        "race": ["-race"],
    }.get(flavour, [])
    if flavour.startswith("X:"):
        env["GOEXPERIMENT"] = flavour.removeprefix("X:")
    cgo = name.startswith("cgo")
    env["CGO_ENABLED"] = "1" if cgo or flavour in ("race", "static-pie") else "0"
    if env["CGO_ENABLED"] == "1":
        env["CC"] = c_compiler()
    if cgo:
        flags = xml_flags()
        if flags is None:
            options = [*options, "-tags=ownparser"]
        else:
            env.update(CGO_CFLAGS=f"-O2 -g {flags[0]}", CGO_LDFLAGS=flags[1])
    return [go, "build", "-trimpath", "-buildvcs=false", *options, "-o", str(to), f"./{name}"], env


def c_command(name: str, flavour: str, to: Path) -> list[str]:
    """The command line that builds one C or C++ program."""
    options = ["-O2", "-pthread", *(["-static"] if flavour == "static" else []), "-o", str(to)]
    if (HERE / f"{name}.c").exists():
        return [*c_compiler().split(), "-std=c11", f"{name}.c", *options]
    compiler = next((found for found in ("c++", "g++", "clang++") if shutil.which(found)), None)
    if compiler is None:
        raise BuildFailed("no C++ compiler found (c++, g++ or clang++): install one")
    return [compiler, "-std=c++17", f"{name}.cpp", *options]


@contextmanager
def asked(
    name: str,
    *flags: str,
    flavour: str = "",
    go: str | None = None,
    ready_within_s: float = 120.0,
    user: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """A program as long as the block lasts; it ends with our end of its standard input, whatever happens."""
    command = [sys.executable, str(HERE / f"{name}.py")] if name == "objects" else [str(built(name, flavour, go))]
    process = subprocess.Popen(
        [*command, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        env={**os.environ, **(env or {})},
    )
    try:
        line = first_line(process, ready_within_s)
        if not line.startswith("READY "):
            raise BuildFailed(f"{name} {' '.join(flags)} was not ready within {ready_within_s:g} s")
        facts = dict(pair.split("=", 1) for pair in line.split()[1:])
        yield Program(process, int(facts["pid"]), facts)
    finally:
        end(process)
