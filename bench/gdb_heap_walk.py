"""A heap walk as gdb scripts do it: read each chunk's size through gdb, go on by it. Run inside of gdb.

    gdb -p PID -batch -ex 'python most = 200000' -x gdb_heap_walk.py

Prints chunks, bytes and seconds. Walks the main arena only, from the start of [heap]; the target stands still meanwhile.
"""

import time

import gdb  # type: ignore[import-not-found]


def heap_range(pid: int) -> tuple[int, int]:
    """The mapping that brk made."""
    with open(f"/proc/{pid}/maps") as lines:
        for line in lines:
            if line.rstrip().endswith("[heap]"):
                start, end = line.split()[0].split("-")
                return int(start, 16), int(end, 16)
    raise SystemExit("no [heap]")


def walk(most: int) -> None:
    """Count chunks until there are `most`, or the end."""
    inferior = gdb.selected_inferior()
    at, end = heap_range(inferior.pid)
    begun, began_s, count = at, time.monotonic(), 0
    while at < end and count < most:
        size = int.from_bytes(inferior.read_memory(at + 8, 8).tobytes(), "little") & ~7
        if size < 16:
            break
        at, count = at + size, count + 1
    print(f"WALKED chunks={count} bytes={at - begun} seconds={time.monotonic() - began_s:.3f}")


walk(globals().get("most", 200_000))
