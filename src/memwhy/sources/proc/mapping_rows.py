"""Rows of integers from the text of smaps or maps: the hot loop, in C where the extension is there.

`rows_pure` is the specification; `memwhy._core._smaps` is its twin, chosen unless MEMWHY_PURE=1.
A row has COLUMNS integers: 14 figures (addresses, file offset, inode, ten sizes in bytes) and 7 places
in the text (perms; device, path and VmFlags each from-to). No Rss line: ABSENT stands in its column.

Grammar, per line: empty; or a header as fs/proc/task_mmu.c prints it; or `Key: N kB` with a key of SIZES;
or `VmFlags: …`; or any other `word:…`, passed over because kernels add keys. Everything else is bad.
"""

import os
import re
import struct
from collections.abc import Callable

SIZES = (
    "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty",
    "Anonymous", "LazyFree", "AnonHugePages", "Swap",
)  # fmt: skip
COLUMNS = 21
RSS = 4
PLACES = 14
ABSENT = 2**64 - 1

Row = tuple[int, ...]

_LINE = re.compile(
    rb"^(?:(" + b"|".join(key.encode() for key in SIZES) + rb"): +([0-9]{1,16}) kB"
    rb"|(VmFlags:)(.*)"
    rb"|([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([-rwxsp]{4}) ([0-9a-f]{1,16}) ([0-9a-f]{1,8}:[0-9a-f]{1,8}) ([0-9]{1,20}) *(.*)"
    rb"|((?:" + b"|".join(key.encode() for key in SIZES) + rb"):.*|(?![A-Za-z0-9_]+:).+))$",
    re.MULTILINE,
)  # fmt: skip
_COLUMN = {key.encode(): RSS + index for index, key in enumerate(SIZES)}
_ROW = struct.Struct(f"={COLUMNS}Q")


def rows_pure(raw: bytes) -> tuple[list[Row], int]:
    """All rows up to the first bad line, and that line's offset; -1 where every line is good."""
    rows: list[Row] = []
    row: list[int] = []
    bad = -1
    for line in _LINE.finditer(raw):
        kind = line.lastindex
        if kind == 2 and row:
            row[_COLUMN[line[1]]] = int(line[2]) * 1024
        elif kind == 4 and row:
            row[PLACES + 5 :] = line.span(4)
        elif kind == 11 and (inode := int(line[10])) <= ABSENT:
            if row:
                rows.append(tuple(row))
            row = [int(line[5], 16), int(line[6], 16), int(line[8], 16), inode, ABSENT, *(0,) * 9]
            row += [line.start(7), *line.span(9), *line.span(11), 0, 0]
        else:
            bad = line.start()
            break
    if row:
        rows.append(tuple(row))
    return rows, bad


def _choose() -> Callable[[bytes], tuple[list[Row], int]]:
    """The C twin, or the pure one where the extension is absent or MEMWHY_PURE=1 forbids it."""
    if os.environ.get("MEMWHY_PURE") == "1":
        return rows_pure
    try:
        from memwhy._core._smaps import smaps
    except ImportError:
        return rows_pure

    def rows_core(raw: bytes) -> tuple[list[Row], int]:
        flat, bad = smaps(raw)
        return list(_ROW.iter_unpack(flat)), bad

    return rows_core


rows: Callable[[bytes], tuple[list[Row], int]] = _choose()
