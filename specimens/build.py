#!/usr/bin/env python3
"""Build the specimens into specimens/bin/. Standard library only.

build.py [NAME …]        all, or the named ones
build.py --ownparser     odds-scraper with its own C parser even where libxml2 is at hand
build.py --no-install    never try to install libxml2's headers
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE / "bin"
sys.path.insert(0, str(HERE.parent / "tools"))

from find_go import NoGo, environment, find_go  # noqa: E402

STRIPPED = ("-ldflags=-s -w",)
XML_DEFAULT = ("-I/usr/include/libxml2", "-lxml2")
XML_PROBE = "#include <libxml/HTMLparser.h>\nint main(void) { xmlInitParser(); return 0; }\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One file in bin/: a Go package, and how it is built. tags are build tags."""

    file: str
    package: str
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    cgo: bool = False
    parses: bool = False

    @property
    def in_cpp(self) -> bool:
        """Its package has C++ sources, which cgo hands to a C++ compiler."""
        return any((HERE / self.package).glob("*.cpp"))


SCRAPER = "./odds-scraper/scraper"
BUILT_APART: dict[str, tuple[Binary, ...]] = {
    "odds-server": (Binary(file="odds-server", package="./odds-scraper/server", cgo=True),),
    "odds-scraper": (
        Binary(file="odds-server", package="./odds-scraper/server", cgo=True),
        Binary(file="odds-scraper", package=SCRAPER, cgo=True, parses=True),
        Binary(file="odds-scraper.twin", package=SCRAPER, tags=("fixed",), cgo=True, parses=True),
        Binary(file="odds-scraper.pure", package=SCRAPER),  # without cgo: Go code parses the pages, and nothing leaks
        Binary(file="odds-scraper.stripped", package=SCRAPER, options=STRIPPED, cgo=True, parses=True),
        Binary(
            file="odds-scraper.twin.stripped",
            package=SCRAPER,
            tags=("fixed",),
            options=STRIPPED,
            cgo=True,
            parses=True,
        ),
    ),
}


def plain(truth: Path) -> Binary:
    """A specimen whose variants are one binary with a flag: its folder is the package. `cgo = true` in truth.toml."""
    name = truth.parent.name
    return Binary(file=name, package=f"./{name}", cgo=bool(tomllib.loads(truth.read_text()).get("cgo")))


PROGRAMS: dict[str, tuple[Binary, ...]] = {
    **{path.parent.name: (plain(path),) for path in sorted(HERE.glob("*/truth.toml"))},
    **BUILT_APART,
}


class BuildFailed(Exception):
    """A specimen could not be built; the message says what to do."""


def say(text: str) -> None:
    """One line for the person who waits."""
    print(f"build: {text}", file=sys.stderr, flush=True)


def first_found(*names: str) -> str | None:
    """The first of these commands that is installed; "" is none."""
    return next((name for name in names if name and shutil.which(name.split()[0])), None)


def c_compiler() -> str:
    """The C compiler that cgo shall use. Raises BuildFailed."""
    if found := first_found(os.environ.get("CC", ""), "cc", "gcc", "clang"):
        return found
    raise BuildFailed("no C compiler found (cc, gcc or clang): install one, or set CC")


def cpp_compiler() -> str | None:
    """The C++ compiler that cgo shall use."""
    return first_found(os.environ.get("CXX", ""), "c++", "g++", "clang++")


def without_cpp(binaries: list[Binary], asked: set[str]) -> list[Binary]:
    """What can be built without a C++ compiler; says what is left out. Raises BuildFailed for what was asked for by name."""
    missing = [binary.file for binary in binaries if binary.in_cpp]
    if named := sorted(asked.intersection(missing)):
        raise BuildFailed(
            f"no C++ compiler found (c++, g++ or clang++) for {', '.join(named)}: install one, or set CXX"
        )
    for file in missing:
        say(f"no C++ compiler found (c++, g++ or clang++): {file} is left out; install one, or set CXX")
    return [binary for binary in binaries if not binary.in_cpp]


def xml_flags() -> tuple[str, str] | None:
    """(CFLAGS, LDFLAGS) with which libxml2 compiles and links here, or None."""
    candidates = [XML_DEFAULT]
    for tool in (["pkg-config", "libxml-2.0"], ["xml2-config"]):
        if shutil.which(tool[0]):
            lines = ([tool[0], option, *tool[1:]] for option in ("--cflags", "--libs"))
            asked = [subprocess.run(line, capture_output=True, text=True, check=False) for line in lines]
            if all(answer.returncode == 0 for answer in asked):
                candidates.append((asked[0].stdout.strip(), asked[1].stdout.strip()))
    for cflags, ldflags in candidates:
        command = [*c_compiler().split(), "-xc", "-", *cflags.split(), *ldflags.split(), "-o", os.devnull]
        if subprocess.run(command, input=XML_PROBE, capture_output=True, text=True, check=False).returncode == 0:
            return cflags, ldflags
    return None


def install_xml() -> None:
    """Try to install libxml2's headers where that is ours to do: as root, with apt."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    say("libxml2's headers are missing: trying apt-get install libxml2-dev")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "install", "libxml2-dev"]):
        try:
            subprocess.run(command, env=env, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return


def parser_environment(own: bool, may_install: bool) -> tuple[bool, dict[str, str]]:
    """(use our own parser?, what to add to the environment). Says so when libxml2 is missing."""
    if own:
        return True, {}
    flags = xml_flags()
    if flags is None and may_install:
        install_xml()
        flags = xml_flags()
    if flags is None:
        say("libxml2's headers are missing: odds-scraper is built with a small C parser of its own instead")
        return True, {}
    if flags == XML_DEFAULT:  # what the source says already; other flags would rebuild much of Go's library
        return False, {}
    return False, {"CGO_CFLAGS": f"-O2 -g {flags[0]}", "CGO_LDFLAGS": flags[1]}


def build(binary: Binary, go: str, env: dict[str, str], own_parser: bool) -> None:
    """Build one binary and put it into its place at once, also while the old one runs. Raises BuildFailed."""
    tags = [*binary.tags, *(["ownparser"] if own_parser and binary.parses else [])]
    fresh = BIN / f".{binary.file}.new"
    command = [go, "build", "-trimpath", "-buildvcs=false", f"-tags={','.join(tags)}", *binary.options]
    done = subprocess.run(
        [*command, "-o", str(fresh), binary.package],
        cwd=HERE,
        env={**env, "CGO_ENABLED": "1" if binary.cgo else "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(f"{binary.file} does not build:\n{done.stderr.strip()}")
    fresh.replace(BIN / binary.file)


@contextmanager
def alone() -> Iterator[None]:
    """Let one build run at a time."""
    BIN.mkdir(exist_ok=True)
    with (BIN / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_all(names: list[str], *, own: bool, may_install: bool) -> None:
    """Build the named specimens; all, without names. Raises BuildFailed, NoGo."""
    go = find_go()
    binaries = list({binary.file: binary for name in names or PROGRAMS for binary in PROGRAMS[name]}.values())
    env = environment()
    own_parser = False
    if any(binary.cgo for binary in binaries):
        env["CC"] = c_compiler()
    if (cpp := cpp_compiler()) is not None:
        env["CXX"] = cpp
    else:
        binaries = without_cpp(binaries, set(names))
    if any(binary.parses for binary in binaries):
        own_parser, more = parser_environment(own, may_install)
        env.update(more)
    for binary in binaries:
        build(binary, go, env, own_parser)


def main() -> int:
    """Build; exit 1 when something does not build."""
    parser = argparse.ArgumentParser(description="Build the specimens into specimens/bin/.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a specimen (all when none is named)")
    parser.add_argument("--ownparser", action="store_true", help="do not use libxml2 in odds-scraper")
    parser.add_argument("--no-install", action="store_true", help="do not try to install libxml2's headers")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(PROGRAMS))
    if unknown:
        parser.error(f"no such specimen: {', '.join(unknown)}; there are {', '.join(sorted(PROGRAMS))}")
    try:
        with alone():
            build_all(asked.names, own=asked.ownparser, may_install=not asked.no_install)
    except (BuildFailed, NoGo) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
