"""What `memwhy explain` costs on long logs: its rate beside `grep -c` on the same file, and its memory.

    make bench-explain                  # 100 MB
    make bench-explain BENCH_EXPLAIN=--mb=1000

Both are measured as CPU time of a child process, one after the other, in one run. The ratio is what to compare between
machines. Logs: `sparse` has one line of MemStats in a thousand, as services write them; `dense` has nothing else, and
is read ever more thinly; `identifiers` is sparse with another identifier in every line; `none` has nothing to read.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

FIGURES = "2026-01-31T{h:02d}:{m:02d}:{s:02d}Z HeapAlloc={a} HeapIdle={b} HeapInuse={a} HeapReleased=13582336 Sys=71387144 NumGC={n}\n"
OTHER = (
    "2026-01-31T{h:02d}:{m:02d}:{s:02d}Z INFO request handled path=/api/items/{n} status=200 duration={d}ms id={i}\n"
)


def lines(kind: str) -> Iterator[str]:
    """A log without end, the same in every run."""
    chance = random.Random(7)
    every = {"dense": 1, "none": 0}.get(kind, 1000)
    for n in range(1 << 40):
        clock = {"h": n // 3600 % 24, "m": n // 60 % 60, "s": n % 60}
        if every and n % every == 0:
            yield FIGURES.format(**clock, a=9_000_000 + n, b=chance.randrange(10**7), n=n)
        else:
            name = uuid.UUID(int=chance.getrandbits(128)) if kind == "identifiers" else "-"
            yield OTHER.format(**clock, n=n, d=chance.randrange(999), i=name)


def write(path: Path, kind: str, size: int) -> None:
    """Some megabytes of lines, again and again."""
    block: list[str] = []
    length = 0
    for line in lines(kind):
        block.append(line)
        length += len(line)
        if length >= min(size, 32 << 20):
            break
    raw = "".join(block).encode()
    with path.open("wb") as out:
        for _ in range(max(1, size // len(raw))):
            out.write(raw)


def cost(command: list[str]) -> tuple[float, float, int]:
    """(CPU seconds, wall seconds, peak KiB) of a command."""
    began = time.monotonic()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )  # grep stops at once for /dev/null
    assert child.stdout is not None
    child.stdout.read()
    child.stdout.close()
    _, _, used = os.wait4(child.pid, 0)
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss


def mean(command: list[str], times: int) -> float:
    """CPU seconds of a command too short for one measurement."""
    return sum(cost(command)[0] for _ in range(times)) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("kinds", nargs="*", default=["sparse", "dense", "identifiers", "none"])
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; logs of {options.mb} MB; CPU seconds of a child process")
    print(f"{'log':<12} {'explain':>9} {'MB/s':>7} {'grep -c':>9} {'ratio':>7} {'peak RSS':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            log = Path(folder) / f"{kind}.log"
            write(log, kind, options.mb * 1_000_000)
            mb = log.stat().st_size / 1e6
            grep = mean(["grep", "-c", "HeapAlloc", str(log)], 20)
            ours = cost([sys.executable, "-m", "memwhy", "explain", str(log)])
            print(
                f"{kind:<12} {ours[0]:>8.2f}s {mb / ours[0]:>7.0f} {grep:>8.3f}s {ours[0] / grep:>6.0f}x {ours[2] >> 10:>5} MiB",
                flush=True,
            )
            log.unlink()


if __name__ == "__main__":
    main()
