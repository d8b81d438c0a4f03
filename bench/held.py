#!/usr/bin/env python3
"""Targets to look at: programs that hold memory in a known shape, and some that work while they do.

    held.py resident MIB      touch so much anonymous memory, then sleep
    held.py mappings N        N anonymous mappings that the kernel cannot join, then sleep
    held.py hashing           work: SHA-256, no memory to speak of
    held.py faults MIB        hold MIB; work: map 4 MiB, touch every page, unmap (needs the lock that smaps holds)

Prints READY. A worker answers each line on its standard input with `COUNT CPU_NS WALL_NS` (units of work so far,
its own CPU time, the clock); all end with their standard input.
"""

import mmap
import os
import select
import sys
import time
from collections.abc import Callable

PAGE, MIB = mmap.PAGESIZE, 1 << 20
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def resident(mebibytes: int) -> list[mmap.mmap]:
    """So much memory, every page of it written, in portions of 16 MiB."""
    portions = [mmap.mmap(-1, 16 * MIB, flags=PRIVATE) for _ in range(mebibytes // 16)]
    for portion in portions:
        portion.madvise(mmap.MADV_NOHUGEPAGE)  # pages of 4 KiB: the most that smaps can have to walk
        touch(portion)
    return portions


def mappings(count: int) -> list[mmap.mmap]:
    """Neighbours that differ in their rights stay apart."""
    rights = (mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE)
    held = [mmap.mmap(-1, 2 * PAGE, flags=PRIVATE, prot=rights[number % 2]) for number in range(count)]
    for writable in held[1::2]:
        touch(writable)
    return held


def touch(memory: mmap.mmap) -> None:
    """Write one byte into every page."""
    for at in range(0, len(memory), PAGE):
        memory[at] = 1


def hash_some() -> None:
    """One unit of pure computing, a few milliseconds."""
    import hashlib

    hashlib.sha256(bytes(MIB)).digest()


def fault_some() -> None:
    """One unit of page faults: 1024 of them."""
    memory = mmap.mmap(-1, 4 * MIB, flags=PRIVATE)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    touch(memory)
    memory.close()


def work(unit: Callable[[], None]) -> None:
    """Work until standard input ends; answer each line on it."""
    count = 0
    while True:
        unit()
        count += 1
        if select.select([sys.stdin], [], [], 0)[0]:
            if not os.read(sys.stdin.fileno(), 4096):
                return
            print(count, time.process_time_ns(), time.monotonic_ns(), flush=True)


def main(shape: str, size: int = 0) -> None:
    """Take the shape, say READY, stay."""
    held = mappings(size) if shape == "mappings" else resident(size)
    print("READY", flush=True)
    if shape in ("hashing", "faults"):
        work(hash_some if shape == "hashing" else fault_some)
    else:
        sys.stdin.read()
    del held


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
