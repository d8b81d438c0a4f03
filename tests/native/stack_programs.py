"""Programs whose stacks are known, run under the sampler: what tests and bench/native_stacks.py share."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from memwhy.memory.live import Live
from memwhy.native.clock import clock
from memwhy.native.guide import Guide
from memwhy.native.header import Settings
from memwhy.native.preloaded import Preloaded
from memwhy.native.snapshot import Snapshot, StackCount, read_snapshot
from memwhy.native.symbols import CodeFrame, Symbols
from memwhy.sources.proc import maps

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
BUILT = ROOT / "build" / "stacks"
sys.path.insert(0, str(ROOT / "tools"))

from find_go import NoGo, environment, find_go  # noqa: E402

__all__ = [
    "FLAVOURS",
    "PROGRAMS",
    "STACKS",
    "NoGo",
    "Shares",
    "Watched",
    "build",
    "environment",
    "find_go",
    "go_names",
    "go_version",
    "is_outside_go",
    "shares",
    "watched",
]

FLAVOURS = {
    "plain": (),
    "stripped": ("-ldflags=-s -w",),
    "pie": ("-buildmode=pie",),
    "pie, stripped": ("-buildmode=pie", "-ldflags=-s -w"),
    "internal": ("-tags=nolibraries", "-ldflags=-linkmode=internal"),
    "internal, stripped": ("-tags=nolibraries", "-ldflags=-linkmode=internal -s -w"),
}
"""How Go links: C and C++ libraries need the external linker."""

KEEP = ("main._Cfunc_keep_bytes", "main.keep")
STACKS = {
    (*KEEP, "main.plainWork"),
    (*KEEP, *["main.descend"] * 21, "main.deepWork"),
    (*KEEP, "main.goVisit", "main._Cfunc_visit", "main.callbackWork"),
    (*KEEP, "main.goVisit"),
    ("main._Cfunc_visit_from_thread", "main.threadWork"),
    ("main._cgo_cmalloc", "main._Cfunc_CString", "main.(*shared).copy", "main.textWork"),
    ("main._Cfunc_xmlReadMemory", "main.parse", "main.xmlWork"),
    ("main._Cfunc_exec_db", "main.insert", "main.sqlWork"),
    ("main._Cfunc_open_db", "main.sqlWork"),
    ("main._Cfunc_shop_sell", "main.sell", "main.cxxWork"),
    ("main._Cfunc_shop_open", "main.cxxWork"),
}
"""Every way from a goroutine's first function to C that cgostacks has, innermost first; from a thread of C's own only up to the callback."""


def go_version(go: str) -> str:
    """ "1.27.3"."""
    done = subprocess.run([go, "version"], capture_output=True, text=True, check=True, env=environment(), cwd="/")
    return done.stdout.split()[2].removeprefix("go")


def build(go: str, flavour: str) -> Path:
    """The binary of cgostacks, built where it is missing or older than its sources. Raises subprocess.CalledProcessError."""
    source = PROGRAMS / "cgostacks"
    binary = BUILT / f"cgostacks-{go_version(go)}-{flavour.replace(', ', '-')}"
    newest = max(path.stat().st_mtime for path in source.iterdir())
    if binary.exists() and binary.stat().st_mtime > newest:
        return binary
    BUILT.mkdir(parents=True, exist_ok=True)
    flags = "-O2 -fomit-frame-pointer"
    env = {**environment(), "CGO_ENABLED": "1", "CGO_CFLAGS": flags, "CGO_CXXFLAGS": flags}
    fresh = binary.with_name(f".{binary.name}.{os.getpid()}")
    command = [go, "build", "-buildvcs=false", *FLAVOURS[flavour], "-o", str(fresh), "."]
    subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=True)
    fresh.replace(binary)
    return binary


@dataclass
class Watched:
    """A program under the sampler, that does one round of work for each line it is given."""

    process: "subprocess.Popen[bytes]"
    space: Live
    guide: Guide
    tables: Preloaded

    def work(self, rounds: int, times: int = 1) -> None:
        """Let it work; look at its threads before each time."""
        assert self.process.stdin is not None and self.process.stdout is not None
        for _ in range(times):
            self.space.refresh()
            self.guide.look()
            self.process.stdin.write(b"%d\n" % rounds)
            self.process.stdin.flush()
            assert self.process.stdout.readline() == b"DONE\n"

    def snapshot(self) -> Snapshot:
        return read_snapshot(self.tables.read, clock().now())

    def symbols(self) -> Symbols:
        self.space.refresh()
        return Symbols(self.space, self.guide.go, root=f"/proc/{self.process.pid}/root")


@contextmanager
def watched(binary: Path, *arguments: str, period_bytes: int = 4096) -> Iterator[Watched]:
    """Run a program that prints READY, with the sampler in it, until the block ends."""
    settings = Settings(period_bytes=period_bytes, budget=100.0, orphan_s=0)  # nobody beats here
    with (
        Preloaded(settings) as tables,
        subprocess.Popen(
            [binary, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=tables.environment(os.environ),
            pass_fds=(tables.descriptor,),
        ) as process,
    ):
        assert process.stdout is not None and process.stdin is not None
        try:
            assert process.stdout.readline() == b"READY\n"
            pid = process.pid
            with Live.open(pid, mappings=lambda: maps.parse(maps.read("/proc", pid)).mappings) as space:
                guide = Guide(space, tables)
                guide.look()
                yield Watched(process, space, guide, tables)
        finally:
            process.kill()


@dataclass
class Shares:
    """Shares of the sampled bytes of calls of malloc, 0 to 1. whole_c: up to Go or the thread's first frame;
    whole_go: up to the goroutine's first frame; right_go: the very frames that the source has. wrong: others, with their bytes."""

    bytes: int
    samples: int
    whole_c: float
    whole_go: float
    right_go: float
    wrong: dict[tuple[str, ...], int]


def shares(snapshot: Snapshot, symbols: Symbols) -> Shares:
    """Of all that was allocated inside calls of C; the runtime's own and what C's own threads do outside of callbacks is left out."""
    total = whole_c = whole_go = right = samples = 0
    wrong: dict[tuple[str, ...], int] = {}
    for stack in snapshot.stacks:
        if stack.kind != "malloc" or is_outside_go(stack, symbols):
            continue
        names = go_names(symbols.stack(stack.pcs, stack.go_pcs))
        total += stack.allocated_bytes
        samples += stack.samples
        whole_c += stack.allocated_bytes * bool(stack.flags & 1)
        whole_go += stack.allocated_bytes * bool(stack.flags & 16)
        if names in STACKS:
            right += stack.allocated_bytes
        else:
            wrong[names] = wrong.get(names, 0) + stack.allocated_bytes
    return Shares(total, samples, whole_c / total, whole_go / total, right / total, wrong)


def is_outside_go(stack: StackCount, symbols: Symbols) -> bool:
    """A call that no goroutine made: by the runtime itself, or in a thread of C's own."""
    if stack.go_pcs:
        return not symbols.is_cgo_call(stack.go_pcs)
    last = symbols.frames(stack.pcs[-1])[-1] if stack.pcs else CodeFrame(function="")
    return last.function in {"clone3", "__clone3", "_start"} or (last.module == "libc.so.6" and bool(stack.flags & 1))


def go_names(frames: Sequence[CodeFrame]) -> tuple[str, ...]:
    """Go's functions, without the closures that cgo wraps around calls with pointers."""
    return tuple(frame.function for frame in frames if frame.is_go and not re.search(r"\.func\d+$", frame.function))
