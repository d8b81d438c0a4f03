"""Reads from a Source: one range, or thousands of small ones at once. What cannot be read comes back short or zero."""

import os
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence

from memwhy.memory.space import Source

_MOST_BYTES_AT_ONCE = 16 << 20
_LAST_ADDRESS = (1 << 63) - 1
_NOWHERE = 1 << 63
"""No process has memory here: the kernel's half of x86-64 begins far above."""


def read_pages(fd: int, offset: int, size: int) -> bytes:
    """Up to `size` bytes at an offset of /proc/PID/mem or a file; fewer, or none, where they cannot be read."""
    if offset < 0 or size <= 0 or offset > _LAST_ADDRESS:
        return b""
    size = min(size, _LAST_ADDRESS - offset)
    pieces: list[bytes] = []
    while size > 0:
        wanted = min(size, _MOST_BYTES_AT_ONCE)
        try:
            piece = os.pread(fd, wanted, offset)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_segments(source: Source, address: int, size: int) -> bytes:
    """The same for an address of any source: its segments say where in the file the bytes stand."""
    if not source.segments:
        return read_pages(source.fd, address, size)
    rows = memoryview(source.segments).cast("Q")
    pieces: list[bytes] = []
    index = bisect_right(rows[::3], address) - 1
    while size > 0 and 0 <= index < len(rows) // 3:
        start, end, offset = rows[3 * index : 3 * index + 3]
        if not start <= address < end:
            break
        wanted = min(size, end - address)
        piece = read_pages(source.fd, offset + address - start, wanted)
        pieces.append(piece)
        if len(piece) < wanted:
            break
        address, size, index = end, size - wanted, index + 1
    return b"".join(pieces)


def gather_pure(fd: int, pid: int, segments: bytes, addresses: bytes, size: int) -> bytes:
    """`size` bytes from each uint64 address, one after another; zeros where they cannot be read."""
    if size < 0 or len(addresses) % 8 or len(segments) % 24:
        raise ValueError("addresses are uint64, segments rows of three, the size is not negative")
    source = Source(fd=fd, pid=pid, segments=segments)
    return b"".join(
        read_segments(source, address, size).ljust(size, b"\0") for address in memoryview(addresses).cast("Q")
    )


def _choose() -> Callable[[int, int, bytes, bytes, int], bytes]:
    """The C twin, or the pure one where the extension is absent or MEMWHY_PURE=1 forbids it."""
    if os.environ.get("MEMWHY_PURE") == "1":
        return gather_pure
    try:
        from memwhy._core._memory import gather
    except ImportError:
        return gather_pure
    return gather


_gather = _choose()


def gather_pages(source: Source, addresses: Sequence[int], size: int) -> bytes:
    """`Space.gather` for any source; an address beyond 64 bits, summed up from damaged words, gives zeros like any other."""
    try:
        flat = addresses if isinstance(addresses, array) and addresses.typecode == "Q" else array("Q", addresses)
    except OverflowError:
        flat = array("Q", (one if 0 <= one < 1 << 64 else _NOWHERE for one in addresses))
    return _gather(source.fd, source.pid, source.segments, flat.tobytes(), size)
