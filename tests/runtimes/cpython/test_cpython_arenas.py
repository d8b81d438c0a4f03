"""pymalloc's arenas from outside are those that the interpreter counts itself, on every Python there is."""

import os
import re
import shutil
import subprocess
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.memory.live import Live
from memwhy.memory.space import Module, Space, Thread
from memwhy.runtimes.cpython.adapter import CPythonAdapter, CPythonRuntime, find_python
from memwhy.runtimes.interface import Match, Region, Unsupported
from memwhy.sources.proc import smaps

BUSY = """
import sys, gc
kept = {number: (number, str(number) + "x") for number in range(60000)}
dropped = [str(number) + "a longer text" for number in range(40000)]
del dropped
gc.disable()
print("READY", flush=True)
sys._debugmallocstats()
sys.stderr.flush()
print("COUNTED", flush=True)
sys.stdin.read()
"""


def version_of(python: str) -> tuple[int, int] | None:
    """(3, 11); None where it does not start, as a shim of a version manager may not."""
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


def pythons() -> list[str]:
    """PYTHON_COMMANDS (separated by colons), else ours and the system's."""
    named = os.environ.get("PYTHON_COMMANDS", "")
    usual = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or ""]
    found = named.split(":") if named else usual
    return [python for python in dict.fromkeys(found) if python and (version_of(python) or (0, 0)) >= (3, 8)]


@contextmanager
def counted(python: str, code: str = BUSY, **environment: str) -> Iterator[tuple[Live, list[str]]]:
    """A running interpreter, looked at, and what it printed of its allocator: there when the block has ended."""
    told: list[str] = []
    process = subprocess.Popen(
        [python, "-S", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdin is not None and process.stderr is not None
        assert process.stdout.readline() == "READY\n"
        assert process.stdout.readline() == "COUNTED\n"
        with Live.open(process.pid, mappings=lambda: smaps.parse(smaps.read("/proc", process.pid)).mappings) as space:
            yield space, told
        process.stdin.close()
        told.append(process.stderr.read())


def opened(space: Space) -> CPythonRuntime:
    match = CPythonAdapter().detect(space)
    assert match is not None
    return CPythonAdapter().open(space, match)


def bytes_of(regions: Sequence[Region], *categories: str) -> int:
    return sum(region.end - region.start for region in regions if not categories or region.category in categories)


@pytest.mark.parametrize("python", pythons())
def test_the_arenas_are_those_that_the_interpreter_counts(python: str) -> None:
    with counted(python) as (space, printed):
        runtime = opened(space)
        regions = runtime.regions()
        checks = runtime.verify()
        major, minor = version_of(python) or (0, 0)
        assert runtime.version.startswith(f"CPython {major}.{minor}")
    (told,) = printed
    arenas = re.search(r"# arenas allocated current\s+=\s+([\d,]+)", told)
    total = re.search(r"(\d+) arenas \* (\d+) bytes/arena\s+=\s+([\d,]+)", told)
    unused = re.search(r"unused pools \* (\d+) bytes\s+=\s+([\d,]+)", told)
    in_use = re.search(r"# bytes in allocated blocks\s+=\s+([\d,]+)", told)
    assert arenas and total and unused and in_use
    assert bytes_of(regions) == number(total[3])
    assert number(in_use[1]) <= bytes_of(regions, "heap.in_use")
    # printing takes a few pools itself
    assert bytes_of(regions, "heap.idle") >= number(unused[2]) - (1 << 16)
    assert len(checks) == min(number(arenas[1]), 64)
    assert all(check.agree for check in checks)
    assert all(first.end <= second.start for first, second in pairwise(regions))


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("python", pythons())
def test_what_was_freed_in_whole_pools_is_idle(python: str) -> None:
    code = BUSY.replace("range(60000)", "range(6)").replace("range(40000)", "range(400000)")
    keep = code.replace("del dropped", "dropped = dropped[-1:]")  # the last one holds its arena
    with counted(python, keep) as (space, _):
        regions = opened(space).regions()
    assert bytes_of(regions, "heap.in_use") < 8 << 20


@pytest.mark.parametrize("python", pythons())
def test_an_interpreter_without_arenas_is_refused_by_name(python: str) -> None:
    code = "import sys; print('READY\\nCOUNTED', flush=True); sys.stdin.read()"
    refused = pytest.raises(Unsupported, match="PYTHONMALLOC=malloc")
    with counted(python, code, PYTHONMALLOC="malloc") as (space, _), refused:
        opened(space)


def test_a_process_without_an_interpreter_is_no_match() -> None:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with process:
        try:
            with Live.open(
                process.pid, mappings=lambda: smaps.parse(smaps.read("/proc", process.pid)).mappings
            ) as space:
                assert find_python(space) is None
                assert CPythonAdapter().detect(space) is None
                with pytest.raises(Unsupported, match="no Python interpreter"):
                    CPythonAdapter().open(space, Match(runtime="cpython", version=""))
        finally:
            process.kill()


class Damaged(Space):
    """Another space, with a share of its words replaced."""

    def __init__(self, inner: Space, seed: int, share: float) -> None:
        self.inner, self.seed, self.share = inner, seed, share
        self.name, self.pid, self.mappings, self.source = inner.name, inner.pid, inner.mappings, inner.source

    def read(self, address: int, size: int) -> bytes:
        return self._damage(self.inner.read(address, size), address)

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        return self._damage(self.inner.gather(addresses, size), len(addresses))

    def _damage(self, raw: bytes, where: int) -> bytes:
        random, words = Random(self.seed ^ where), bytearray(raw)
        for at in range(0, len(words) - 7, 8):
            if random.random() < self.share:
                words[at : at + 8] = random.choice([bytes(8), b"\xff" * 8, random.randbytes(8), bytes(words[:8])])
        return bytes(words)

    def resident(self, start: int, end: int) -> "array[int]":
        return self.inner.resident(start, end)

    def threads(self) -> tuple[Thread, ...]:
        return self.inner.threads()

    def modules(self) -> tuple[Module, ...]:
        return self.inner.modules()

    def refresh(self) -> None:
        self.inner.refresh()

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def busy() -> Iterator[tuple[Live, CPythonRuntime]]:
    with counted(sys.executable) as (space, _):
        yield space, opened(space)


@settings(deadline=None)
@given(seed=st.integers(0, 1 << 32), share=st.sampled_from([0.0001, 0.01, 0.3, 1.0]))
def test_damaged_memory_gives_disjoint_regions_or_unsupported(
    busy: tuple[Live, CPythonRuntime], seed: int, share: float
) -> None:
    space, whole = busy
    arenas = whole._arenas
    arenas._space = Damaged(space, seed, share)
    try:
        regions = whole.regions()
        checks = whole.verify()
    except Unsupported:
        return
    finally:
        arenas._space = space
    assert all(0 < region.start < region.end < 1 << 64 for region in regions)
    assert all(first.end <= second.start for first, second in pairwise(regions))
    assert len(checks) <= 64


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1 << 32), share=st.sampled_from([0.0001, 0.01, 0.3]))
def test_attaching_to_damaged_memory_finds_the_arenas_or_refuses(
    busy: tuple[Live, CPythonRuntime], seed: int, share: float
) -> None:
    space, whole = busy
    try:
        found = opened(Damaged(space, seed, share))
    except Unsupported:
        return
    assert isinstance(found.version, str) and found.version == whole.version
