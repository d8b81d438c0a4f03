def stop(
    pid: int,
    mem: int,
    poke: bool,
    writes: tuple[tuple[int, bytes | None, bytes], ...],
    ranges: tuple[tuple[int, int, int], ...],
    scan_bytes: int,
    most_wait_ns: int,
    /,
) -> tuple[int, int, int, int, int, int, int]:
    """All threads stopped, bytes compared and written, all let go: (outcome, tid, errno, address, index, stop_ns, threads).

    writes: (address, what must be there or None for anything, what to write). ranges: (lo, hi, `memwhy.native.stops.Kind`).
    outcome: `memwhy.native.stops.Outcome`. No twin: Python cannot keep the stop short.
    """

def filter(tid: int, index: int, /) -> bytes:
    """A seccomp filter of a thread, newest first; b"" past the oldest. Stops that thread for a moment. OSError where it may not be read."""
