"""What memwhy itself costs: CPU while it watches, start-up times, bytes of a recording; and what others cost."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from targets import Target, cpu_s_of, cpu_s_so_far, environment, start

from memwhy.casefile import Casebook
from memwhy.recording import open_recording

STARTED_S = 8.0
"""By then the start is over: imports, the search for the endpoint, the first reads of every source."""

PSUTIL = """\
import psutil, sys, time
process = psutil.Process(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    process.memory_full_info()
    time.sleep(1)
"""
PAGE = """\
My process grows and grows. What I see:

              total        used        free      shared  buff/cache   available
Mem:           7900        {used}        2100          12        3100        4900
Swap:             0           0           0
"""


@dataclass(frozen=True, slots=True)
class Watching:
    """CPU seconds of one run of `memwhy watch` in all, and the share of a core between its start and its end."""

    target: str
    for_s: int
    cpu_s: float
    wall_s: float
    steady_share: float


def watch_all(memwhy: str, targets: Sequence[Target], for_s: int, *flags: str) -> list[Watching]:
    """Watch all targets at once, each by a process of its own."""
    begun_s = time.monotonic()
    watchers = [start([*_watch(memwhy, target, for_s), *flags]) for target in targets]
    time.sleep(STARTED_S)
    first = [(time.monotonic(), cpu_s_so_far(watcher.pid)) for watcher in watchers]
    time.sleep(max(0.0, begun_s + for_s - 1.5 - time.monotonic()))
    then = [(time.monotonic(), cpu_s_so_far(watcher.pid)) for watcher in watchers]
    found = []
    for target, watcher, (a_s, a_cpu), (b_s, b_cpu) in zip(targets, watchers, first, then, strict=True):
        cpu_s = cpu_s_of(watcher)
        wall_s = time.monotonic() - begun_s
        found.append(Watching(target.name, for_s, cpu_s, wall_s, (b_cpu - a_cpu) / (b_s - a_s)))
    return found


def _watch(memwhy: str, target: Target, for_s: int) -> list[str]:
    return [memwhy, "watch", str(target.pid), "--for", f"{for_s}s", "-q", "--no-until-sure"]


def peers(target: Target, for_s: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Other ways to look at one process once a second, at the same time: (what, CPU share of a core or why not)."""
    loop = "n=0; while [ $n -lt $2 ]; do cat /proc/$1/$3 >/dev/null; sleep 1; n=$((n+1)); done"
    pid, seconds = str(target.pid), str(for_s)
    commands = {f"sh: cat {name}, 1 Hz": ["sh", "-c", loop, "sh", pid, seconds, name] for name in ("smaps", "status")}
    if shutil.which("pidstat"):
        commands["pidstat -r, 1 Hz"] = ["pidstat", "-r", "-p", pid, "1", seconds]
    else:
        yield "pidstat -r, 1 Hz", "not installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "psutil"]
    if subprocess.run(install, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        path = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        commands["psutil memory_full_info, 1 Hz"] = [sys.executable, "-c", path + PSUTIL, pid, seconds]
    else:
        yield "psutil memory_full_info, 1 Hz", "could not be installed"
    running = {name: start(command) for name, command in commands.items()}
    for name, process in running.items():
        yield name, f"{100 * cpu_s_of(process) / for_s:.2f} %"


def wall_ms(command: Sequence[str], runs: int = 15) -> tuple[float, float, float]:
    """Median, least and most of the wall time of a command, after one run that is not counted."""
    found = []
    for _ in range(runs + 1):
        begun_s = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=True)
        found.append((time.perf_counter() - begun_s) * 1000)
    return median(found[1:]), min(found[1:]), max(found[1:])


def small_page(folder: Path) -> str:
    """A page as people paste it: a sentence and ten readings of `free -m`."""
    page = folder / "page.txt"
    page.write_text("\n".join(PAGE.format(used=2700 + number) for number in range(10)))
    return str(page)


def first_tick_ms(memwhy: str, target: Target, folder: Path, runs: int = 9) -> tuple[float, float, float]:
    """From starting `memwhy record` to the clock of its first snapshot."""
    found = []
    for number in range(runs):
        path = str(folder / f"first-{number}.memwhy")
        begun_ns = time.time_ns()
        cpu_s_of(start([memwhy, "record", str(target.pid), "-o", path, "--for", "1s", "-q"]))
        with open_recording(path) as recording:
            # the snapshot's own wall clock is read at its end; its first evidence is where looking began
            found.append((min(one.wall_ns for one in next(recording.snapshots()).evidence) - begun_ns) / 1e6)
    return median(found), min(found), max(found)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Recordings of one target: bytes of the file and of each source, what the layers left over at each tick with smaps.

    per_hour_bytes: extrapolated from how much more evidence, compressed, a recording of twice the time holds. Not from
    the file's length: more than half of a young file are pages that SQLite has freed and will fill again.
    """

    target: str
    for_s: int
    file_bytes: int
    per_hour_bytes: int
    by_source: dict[str, int]
    unaccounted: list[float]


def record_all(memwhy: str, targets: Sequence[Target], for_s: int, folder: Path) -> list[Recorded]:
    """Record all targets at once, for half of the time and for all of it, and look at the files."""
    recorders, files = [], []
    for target in targets:
        half, whole = (str(folder / f"{target.pid}-{seconds}.memwhy") for seconds in (for_s // 2, for_s))
        files.append((half, whole))
        for path, seconds in ((half, for_s // 2), (whole, for_s)):
            recorders.append(start([memwhy, "record", str(target.pid), "-o", path, "--for", f"{seconds}s", "-q"]))
    for recorder in recorders:
        cpu_s_of(recorder)
    return [_recorded(target.name, half, whole, for_s) for target, (half, whole) in zip(targets, files, strict=True)]


def _recorded(target: str, half: str, whole: str, for_s: int) -> Recorded:
    before, by_source = _stored(half), _stored(whole)
    more_bytes = sum(by_source.values()) - sum(before.values())
    return Recorded(
        target=target,
        for_s=for_s,
        file_bytes=os.path.getsize(whole),
        per_hour_bytes=more_bytes * 3600 // (for_s - for_s // 2),
        by_source=by_source,
        unaccounted=list(_unaccounted(whole)),
    )


def _stored(path: str) -> dict[str, int]:
    """Compressed bytes of each source, and of the ticks themselves."""
    query = "SELECT name, sum(stored_bytes) FROM chunk LEFT JOIN source ON source.id = chunk.source GROUP BY name"
    with closing(sqlite3.connect(path)) as database:
        return {name.decode() if name else "ticks": size_bytes for name, size_bytes in database.execute(query)}


def _unaccounted(path: str) -> Iterator[float]:
    """The remainder's share of RSS at every tick that has smaps."""
    book = Casebook(live=True)
    with open_recording(path) as recording:
        for snapshot in recording.snapshots():
            book.add_snapshot(snapshot)
            fresh = any(one.source == "proc/smaps" and one.error is None for one in snapshot.evidence)
            if fresh and book.account is not None and book.account.total_bytes:
                yield book.account.unaccounted_bytes / book.account.total_bytes
