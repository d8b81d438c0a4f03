"""A read of a source, told as what differs, line by line, from the read before it.

The kernel's files and a runtime's text pages are nearly the same from one tick to the next. Lines that the
earlier read already holds are named by number, the others are kept as they are; any bytes come back exactly.
Layout: count of runs as u32, then for each run three u32: how many literal lines come first, then from which
line of the earlier read and how many of its lines; then the literal lines, joined by newlines. A count of 0
means that the rest is the read itself.
"""

import struct

from memwhy.model.errors import RecordingError

MAX_RAW_BYTES = 64 << 20
"""The most that one read may hold: 65,530 mappings (vm.max_map_count) make 46 MB of smaps."""

_MAX_LINES = 2_000_000
_WHOLE = struct.pack("<I", 0)


def make_delta(before: bytes | None, raw: bytes) -> bytes:
    """`raw` as its difference to `before`, or whole when there is no `before` or nothing to gain."""
    if before is None or not raw:
        return _WHOLE + raw
    if before == raw:
        return struct.pack("<4I", 1, 0, 0, before.count(b"\n") + 1)
    if before.count(b"\n") >= _MAX_LINES or raw.count(b"\n") >= _MAX_LINES:
        return _WHOLE + raw
    runs, literals = _compare(before.split(b"\n"), raw.split(b"\n"))
    delta = struct.pack(f"<I{len(runs)}I", len(runs) // 3, *runs) + b"\n".join(literals)
    return delta if len(delta) < len(raw) else _WHOLE + raw


def _compare(old: list[bytes], new: list[bytes]) -> tuple[list[int], list[bytes]]:
    """Runs and literal lines. Goes down both in step; where they part, a line that is unique in `old` leads back."""
    runs: list[int] = []
    literals: list[bytes] = []
    place: dict[bytes, int] | None = None
    at = length = pending = 0  # next line of old; length of the current run; literal lines before it
    for line in new:
        if at < len(old) and old[at] == line:
            length += 1
            at += 1
            continue
        if place is None:
            place = _unique_lines(old)
        found = place.get(line, -1)
        if length:
            runs += (pending, at - length, length)
            length = pending = 0
        if found >= 0:
            length = 1
            at = found + 1
        else:
            literals.append(line)
            pending += 1
            at += 1
    if length or pending:
        runs += (pending, at - length if length else 0, length)
    return runs, literals


def _unique_lines(lines: list[bytes]) -> dict[bytes, int]:
    place: dict[bytes, int] = {}
    for number, line in enumerate(lines):
        place[line] = -1 if line in place else number
    return place


def apply_delta(before: bytes | None, delta: bytes, raw_length: int) -> bytes:
    """The read that `delta` tells, `raw_length` bytes long; RecordingError when it does not tell one."""
    if not 0 <= raw_length <= MAX_RAW_BYTES or len(delta) < 4:
        raise RecordingError(f"a kept read claims {raw_length} B in a difference of {len(delta)} B")
    (count,) = struct.unpack_from("<I", delta)
    body = 4 + 12 * count
    if count == 0:
        raw = delta[4:]
    elif before is None or before.count(b"\n") > _MAX_LINES or body > len(delta):
        raise RecordingError("a kept read refers to an earlier one that is not there")
    else:
        runs = struct.unpack_from(f"<{3 * count}I", delta, 4)
        raw = _rebuild(before.split(b"\n"), runs, delta[body:].split(b"\n"), raw_length)
    if len(raw) != raw_length:
        raise RecordingError(f"a kept read is {len(raw)} B long where {raw_length} B were written")
    return raw


def _rebuild(old: list[bytes], runs: tuple[int, ...], literals: list[bytes], raw_length: int) -> bytes:
    parts: list[bytes] = []
    total = used = 0
    for pending, start, length in zip(runs[::3], runs[1::3], runs[2::3], strict=True):
        if used + pending > len(literals) or start + length > len(old) or not pending + length:
            raise RecordingError("a kept read refers to lines that are not there")
        part = b"\n".join(literals[used : used + pending] + old[start : start + length])
        used += pending
        total += len(part) + 1
        if total > raw_length + 1:
            raise RecordingError(f"a kept read is longer than the {raw_length} B that were written")
        parts.append(part)
    return b"\n".join(parts)
