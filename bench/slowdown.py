"""What watching does to a target that works: windows with and without memwhy, in turns, on one and the same process.

The watcher is started once and then stopped and continued by signals, so that a window shows steady watching.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from targets import NS_PER_S, Target, cpu_s_so_far, start

SETTLE_S = 6.0


@dataclass(frozen=True, slots=True)
class Pair:
    """One measure of two neighbouring windows."""

    without: float
    watched: float

    @property
    def ratio(self) -> float:
        return self.watched / self.without


def work_rates(target: Target, window_s: float) -> dict[str, float]:
    """Units of work per second, of its CPU and of the wall clock, in the next window."""
    before = _ask(target)
    time.sleep(window_s)
    count, cpu_ns, wall_ns = (now - then for now, then in zip(_ask(target), before, strict=True))
    return {"work per CPU second": count * NS_PER_S / cpu_ns, "work per second": count * NS_PER_S / wall_ns}


def _ask(target: Target) -> tuple[int, ...]:
    assert target.process is not None
    assert target.process.stdin is not None
    assert target.process.stdout is not None
    target.process.stdin.write(b"\n")
    target.process.stdin.flush()
    return tuple(map(int, target.process.stdout.readline().split()))


def latencies(target: Target, window_s: float) -> dict[str, float]:
    """Milliseconds of a GET of 32 KiB on loopback, one after the other, 5 ms apart; and the server's CPU for each."""
    assert target.server is not None
    where = urlsplit(target.server)
    address = (where.hostname, where.port)
    found: list[float] = []
    until_s = time.monotonic() + window_s
    cpu_s = cpu_s_so_far(target.pid)
    while time.monotonic() < until_s:
        begun_s = time.perf_counter()
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(b"GET /0000000 HTTP/1.0\r\n\r\n")
            while connection.recv(1 << 16):
                pass
        found.append((time.perf_counter() - begun_s) * 1000)
        time.sleep(0.005)
    cpu_s = cpu_s_so_far(target.pid) - cpu_s
    found.sort()
    p50, p99 = (found[int(len(found) * share)] for share in (0.5, 0.99))
    return {"GET p50, ms": p50, "GET p99, ms": p99, "CPU ms per GET": cpu_s * 1000 / len(found)}


def pairs(
    memwhy: str, target: Target, measure: Callable[[Target, float], dict[str, float]], count: int, window_s: float
) -> dict[str, list[Pair]]:
    """Each measure in `count` pairs of windows; which window comes first alternates."""
    found: dict[str, list[Pair]] = {}
    watcher = start([memwhy, "watch", str(target.pid), "--for", "0", "-q", "--no-until-sure"])
    try:
        time.sleep(SETTLE_S)
        for number in range(count):
            seen = {}
            for watched in (False, True) if number % 2 else (True, False):
                watcher.send_signal(signal.SIGCONT if watched else signal.SIGSTOP)
                seen[watched] = measure(target, window_s)
            for name, value in seen[False].items():
                found.setdefault(name, []).append(Pair(value, seen[True][name]))
    finally:
        watcher.send_signal(signal.SIGCONT)
        watcher.send_signal(signal.SIGINT)
        _leave(watcher)
    return found


def _leave(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    if process.poll() is None:
        process.kill()
        process.wait()


def row(name: str, seen: Sequence[Pair], decimals: int = 2) -> tuple[str, ...]:
    """name, median without and with, median ratio, its least and most."""
    ratios = [pair.ratio for pair in seen]
    without, watched = median(pair.without for pair in seen), median(pair.watched for pair in seen)
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    return (name, f"{without:.{decimals}f}", f"{watched:.{decimals}f}", f"{median(ratios):.3f}", spread)
