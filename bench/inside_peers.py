"""Side by side with others on one process: a core and VMware's chap, and a heap walk by a gdb script."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from inside import GB, HERE, Look, look, mb, resident_bytes, status
from programs import Program


def peers(memwhy: Sequence[str], chap: str | None, program: Program, lost_bytes: int) -> Iterator[tuple[str, ...]]:
    """Rows: who, CPU seconds per GB of RSS, wall, memory, target stopped, lost bytes found."""
    rss_bytes = resident_bytes(program.pid)
    yield _own_row("memwhy inspect", look(memwhy, program.pid), rss_bytes, lost_bytes)
    if shutil.which("gdb") is None:
        yield ("gdb, gcore", "gdb is not installed", "", "", "", "")
        return
    yield gdb_walk(program, rss_bytes)
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-", dir="/var/tmp") as folder:
        core = Path(folder) / "core"
        cpu_s, wall_s, stopped_s, _ = _stopping(
            program.pid, ["gdb", "-p", str(program.pid), "-batch", "-ex", f"generate-core-file {core}"]
        )
        size = f"{mb(core.stat().st_size)} on disk"
        yield "gcore", f"{cpu_s * GB / rss_bytes:.2f}", f"{wall_s:.1f} s", size, f"{stopped_s:.1f} s", "-"
        yield _own_row("memwhy inspect CORE", look(memwhy, str(core), "--for", "0"), rss_bytes, lost_bytes)
        if chap is not None:
            yield chap_row(chap, core, rss_bytes, lost_bytes)


def _own_row(name: str, found: Look, rss_bytes: int, lost_bytes: int) -> tuple[str, ...]:
    lost = found.inspect["lost"]
    share = "not looked for" if lost is None else f"{100 * lost['bytes'] / lost_bytes:.2f} %"
    memory = f"{mb(found.rss_bytes)} ({found.rss_bytes / rss_bytes:.2f} of the target)"
    return name, f"{found.cpu_s * GB / rss_bytes:.2f}", f"{found.wall_s:.1f} s", memory, "0 s", share


def _stopping(pid: int, command: Sequence[str]) -> tuple[float, float, float, str]:
    """Run it; (CPU s, wall s, how long the target was stopped or traced, output). Looks every millisecond."""
    seen: Counter[bool] = Counter()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            now = status(pid)
            seen[now["State"][0] in "tT" or now["TracerPid"] != "0"] += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun_s = time.monotonic()
    cpu_s, _, out = _price(command)
    wall_s = time.monotonic() - begun_s
    done.set()
    watcher.join()
    return cpu_s, wall_s, wall_s * seen[True] / max(1, seen.total()), out


def _price(command: Sequence[str], stdin: bytes = b"") -> tuple[float, int, str]:
    """(CPU s, peak RSS, output) of a command."""
    with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as out:
        into.write(stdin)
        into.seek(0)
        process = subprocess.Popen(command, stdin=into, stdout=out, stderr=subprocess.STDOUT)
        _, waited, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(waited)
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read().decode(errors="replace")


def gdb_walk(program: Program, rss_bytes: int, most: int = 300_000) -> tuple[str, ...]:
    """A sample of chunks, and what all of malloc's bytes would cost at that speed."""
    script = HERE / "gdb_heap_walk.py"
    command = ["gdb", "-p", str(program.pid), "-batch", "-ex", f"python most = {most}", "-x", str(script)]
    _, _, stopped_s, out = _stopping(program.pid, command)
    match = re.search(r"WALKED chunks=(\d+) bytes=(\d+) seconds=([\d.]+)", out)
    if match is None:
        return "gdb heap script", "no [heap] was walked", "", "", f"{stopped_s:.1f} s", "-"
    chunks, walked_bytes, seconds = int(match[1]), int(match[2]), float(match[3])
    each = f"{1e6 * seconds / chunks:.2f} µs a chunk ({chunks:,} of them)"
    whole_s = seconds * program.ask("malloc")["arena"] / walked_bytes
    return (
        "gdb heap script (walk only)",
        f"{whole_s * GB / rss_bytes:.1f}, {each}",
        f"{whole_s:.0f} s for all",
        "-",
        "all of it",
        "-",
    )


def chap_row(chap: str, core: Path, rss_bytes: int, lost_bytes: int) -> tuple[str, ...]:
    """chap's own count of leaked allocations; it counts usable bytes, malloc 8 more a chunk."""
    begun_s = time.monotonic()
    cpu_s, peak, out = _price([chap, str(core)], b"count leaked\n")
    wall_s = time.monotonic() - begun_s
    match = re.search(r"([\d,]+) allocations use \S+ \(([\d,]+)\) bytes", out)
    if match is None:
        return "chap", out.strip()[-200:], f"{wall_s:.1f} s", mb(peak), "by gcore", "-"
    chunks, usable = (int(number.replace(",", "")) for number in match.groups())
    share = f"{100 * (usable + 8 * chunks) / lost_bytes:.2f} %"
    memory = f"{mb(peak)} ({peak / rss_bytes:.2f} of the target)"
    return "chap, count leaked", f"{cpu_s * GB / rss_bytes:.2f}", f"{wall_s:.1f} s", memory, "by gcore", share
