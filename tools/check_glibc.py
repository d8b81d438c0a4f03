"""Reads malloc of every glibc that the distributions still offer, and compares with mallinfo2 inside. Needs apt and a network.

Packages are unpacked under build/glibc, never installed; the truth program runs under each package's own loader.
Usage: PYTHONPATH=src:tests/inspect/glibc python tools/check_glibc.py [SUITE…]
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from held_program import Held, info_of

from memwhy.inspect.glibc import MallocHeap, read_malloc

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "glibc"
PROGRAMS = ROOT / "tests" / "inspect" / "glibc" / "programs"
DEBIAN, UBUNTU = "http://deb.debian.org/debian", "http://archive.ubuntu.com/ubuntu"
SUITES = {
    "bionic": UBUNTU,
    "bullseye": DEBIAN,
    "jammy": UBUNTU,
    "bookworm": DEBIAN,
    "noble": UBUNTU,
    "trixie": DEBIAN,
    "questing": UBUNTU,
    "sid": DEBIAN,
}
SCENES = (
    "small",
    "fragments",
    "threads",
    "gone",
    "big",
    "aligned",
    "regrown",
    "fast",
    "sparse_brk",
    "blocked_brk",
    "all",
)
COUNTS = {"small": 20000, "fragments": 20000, "threads": 9, "gone": 9, "fast": 20000, "all": 5}
OLD_MALLINFO = ("bionic", "bullseye")
_CONFIGURATION = """
Dir::State::lists "{at}/lists";
Dir::State::status "{at}/status";
Dir::Cache "{at}/cache";
Dir::Etc::sourcelist "{at}/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
"""


def fetch(suite: str) -> Path:
    """The unpacked libc6 of a suite; fetched once."""
    at = BUILD / suite
    if (at / "root").is_dir():
        return at / "root"
    for folder in ("lists/partial", "cache/archives/partial"):
        (at / folder).mkdir(parents=True, exist_ok=True)
    (at / "status").touch()
    (at / "sources.list").write_text(f"deb [trusted=yes arch=amd64] {SUITES[suite]} {suite} main\n")
    (at / "apt.conf").write_text(_CONFIGURATION.format(at=at))
    environment = {**os.environ, "APT_CONFIG": str(at / "apt.conf")}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "download", "libc6"]):
        subprocess.run(command, cwd=at, env=environment, check=True, stderr=subprocess.DEVNULL)
    package = next(at.glob("libc6_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, at / "root"], check=True)
    return at / "root"


def build(suite: str, root: Path) -> Path:
    """The truth program, linked against that suite's libraries and run by its loader."""
    libraries = next(root.rglob("libc.so.6")).parent
    program = BUILD / suite / "truth"
    flags = ["-DOLD_MALLINFO", "-Wno-deprecated-declarations"] if suite in OLD_MALLINFO else []
    inputs = [PROGRAMS / "start.S", PROGRAMS / "truth.c", libraries / "libc.so.6", libraries / "libpthread.so.0"]
    linking = [f"-Wl,--dynamic-linker={libraries}/ld-linux-x86-64.so.2", f"-Wl,-rpath,{libraries}"]
    command = [
        "cc",
        "-O1",
        "-fno-builtin",
        "-fno-stack-protector",
        "-no-pie",
        "-nostdlib",
        "-Wl,--allow-shlib-undefined",
    ]
    subprocess.run([*command, *flags, "-o", program, *inputs, *linking], check=True)
    return program


def differences(program: Path) -> Iterator[str]:
    """Every scene whose figures are not mallinfo2's to the byte, in words; the version first."""
    for scene in SCENES:
        with Held(program, scene, COUNTS.get(scene, 0)) as held, held.space() as space:
            heap = read_malloc(space)
            if not isinstance(heap, MallocHeap):
                yield f"{scene}: {heap.reason}"
            elif info_of(heap.census) != held.info:
                yield f"{scene}: read {info_of(heap.census)}, inside {held.info}"
            elif heap.notes or heap.census.approximate:
                yield f"{scene}: {heap.notes} {heap.census.approximate}"


def main(suites: list[str]) -> int:
    failed = 0
    for suite in suites or list(SUITES):
        try:
            program = build(suite, fetch(suite))
        except (subprocess.CalledProcessError, StopIteration, OSError) as error:
            print(f"{suite}: could not be fetched or built: {error}")
            failed += 1
            continue
        found = list(differences(program))
        print(f"{suite}: {len(SCENES) - len(found)} of {len(SCENES)} scenes equal to the byte")
        print(*found, sep="\n", end="\n" if found else "")
        failed += bool(found)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
