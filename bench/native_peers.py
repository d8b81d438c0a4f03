"""Others that say which code holds native memory: heaptrack, jemalloc's profiler, valgrind massif, memleak-bpfcc.

Each runs the bench's program as its manual says. What is not installed is named as missing, never left out in silence.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from native_ways import PROGRAM, Running, plain
from programs import built
from run import end

HEADERS = "BCC_KERNEL_SOURCE"
JEMALLOC = "libjemalloc.so.2"
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
GO_CALLER = re.compile(r"\bmain\.handle(Race|Upload|Image|Buffer)\b")
C_CALLEES = ("parse_node", "receive_upload", "decode_image", "fill_buffer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One tool. run: the program under it; report: what it found, in text, once the program has ended.

    rounds: allocations in one slice that it manages in about a second. missing: why it cannot be measured here.
    """

    name: str
    run: Callable[[], AbstractContextManager[Running]]
    report: Callable[[], str]
    rounds: int
    missing: str = ""


def peers(folder: Path) -> list[Peer]:
    """All that we know how to run, missing ones too. folder: for their files."""
    return [_heaptrack(folder), *(_jemalloc(folder, lg) for lg in (19, 16)), _massif(folder), _memleak(folder)]


@contextmanager
def jemalloc_alone() -> Iterator[Running]:
    """With jemalloc in the place of glibc's malloc, its profiler off."""
    with plain(env={"LD_PRELOAD": str(LIBRARIES / JEMALLOC)}) as running:
        yield running


def _heaptrack(folder: Path) -> Peer:
    def report() -> str:
        folded = folder / "heaptrack.folded"
        raw = newest(folder, "heaptrack.[0-9]*", "heaptrack.[gz]*")
        _output("heaptrack_print", "--flamegraph-cost-type", "leaked", "-F", str(folded), "-f", str(raw))
        return folded.read_text(errors="replace")

    return Peer(
        name="heaptrack",
        run=partial(plain, prefix=("heaptrack", "-o", str(folder / "heaptrack"))),
        report=report,
        rounds=200_000,
        missing=_absent("heaptrack", "heaptrack_print"),
    )


def _jemalloc(folder: Path, lg_sample: int) -> Peer:
    """lg_prof_interval: a dump now and then, for a Go program ends by exit_group and prof_final never comes."""
    prefix = f"jeprof{lg_sample}"
    settings = (
        f"prof:true,prof_active:true,lg_prof_sample:{lg_sample},lg_prof_interval:30,prof_prefix:{folder}/{prefix}"
    )

    def report() -> str:
        newest_dump = newest(folder, f"{prefix}.*.heap")
        return _output("jeprof", "--collapsed", str(built(PROGRAM)), str(newest_dump))

    library = LIBRARIES / JEMALLOC
    return Peer(
        name=f"jemalloc's profiler, {(1 << lg_sample) >> 10} KiB",
        run=partial(plain, env={"LD_PRELOAD": str(library), "MALLOC_CONF": settings}),
        report=report,
        rounds=2_000_000,
        missing=_absent("jeprof") if library.exists() else f"{JEMALLOC} is not installed",
    )


def _massif(folder: Path) -> Peer:
    out = folder / "massif.out"
    prefix = ("valgrind", "-q", "--tool=massif", f"--massif-out-file={out}")
    return Peer(
        name="valgrind massif",
        run=partial(plain, prefix=prefix),
        report=lambda: _output("ms_print", "--threshold=0.1", str(out)),
        rounds=100_000,
        missing=_absent("valgrind", "ms_print"),
    )


def _memleak(folder: Path) -> Peer:
    report = folder / "memleak"
    return Peer(
        name="memleak-bpfcc",
        run=partial(_under_memleak, report),
        report=lambda: report.read_text(errors="replace"),
        rounds=20_000,
        missing=_absent("memleak-bpfcc") or _no_headers(),
    )


@contextmanager
def _under_memleak(report: Path) -> Iterator[Running]:
    """memleak attached to it. Its BPF program is compiled at every start, against the kernel's headers."""
    with ExitStack() as stack:
        running = stack.enter_context(plain())
        command = ["memleak-bpfcc", "-p", str(running.pid), "-T", "40", "3"]
        with report.open("wb") as file:
            tool = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            stack.callback(end, tool)
            assert tool.stdout is not None
            for line in tool.stdout:  # its probes are there when it prints the first list
                file.write(line)
                if b"Top " in line:
                    break
            else:
                raise RuntimeError(f"memleak-bpfcc ended: {report.read_text(errors='replace').strip()[-200:]}")
        yield running
        for _ in range(2):  # one list that was begun before, one whole
            _read_list(tool, report)


def _read_list(tool: "subprocess.Popen[bytes]", report: Path) -> None:
    assert tool.stdout is not None
    lines = []
    for line in tool.stdout:
        if b"Top " in line:
            break
        lines.append(line)
    report.write_bytes(b"".join(lines))


def newest(folder: Path, *patterns: str) -> Path:
    """The newest file of those names. Raises RuntimeError where there is none."""
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    if not found:
        raise RuntimeError(f"no {' or '.join(patterns)} was written")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def folded_bytes(report: str) -> dict[str, int]:
    """Bytes of the known C functions in folded stacks, by function; nothing for reports of other forms."""
    found: dict[str, int] = {}
    for stack, cost in re.findall(r"^(.*;.*) (\d+)$", report, re.MULTILINE):
        for name in C_CALLEES:
            if name in stack:
                found[name] = found.get(name, 0) + int(cost)
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")


def _absent(*commands: str) -> str:
    missing = [command for command in commands if shutil.which(command) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def _no_headers() -> str:
    if os.environ.get(HEADERS) or Path(f"/lib/modules/{os.uname().release}/build").exists():
        return ""
    return f"no headers of kernel {os.uname().release} to compile its BPF program with, and {HEADERS} names none"
