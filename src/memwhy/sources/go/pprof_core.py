"""Large profiles, summed up in C while the wire format is walked: rows of every function, the largest stacks only.

The extension `memwhy._core._pprof` and `pprof.py`'s pieces decoded by the protobuf library give the same rows; the
latter is the oracle of the tests and what runs where the extension is not there or MEMWHY_PURE=1 forbids it.
"""

import os
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from memwhy.model.errors import ParseError
from memwhy.model.top_table import TopRow
from memwhy.sources.go.pprof_file import NAME

STACKS = 2000
"""The largest samples of each type that are kept as stacks."""

_FAULTS = {
    2: "a broken number",
    3: "truncated: a field reaches beyond the end of what it is in",
    4: "unknown wire type",
    5: "more entries than are read",
    6: "no sample types, or no string table",
    7: "samples with another number of values than there are sample types",
    8: "a reference to a string, function or location that is not there",
}
"""enum pprof_fault of _core/pprof.h."""

_Core = Callable[[bytes, int, float], tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]]


class Summed(NamedTuple):  # no dataclass: importing those is a tenth of what `memwhy dump` needs of memory
    """A profile's sums. flat, cum, inlined: rows of len(types) integers for each node; see _core/_pprof.pyi."""

    raw: bytes
    types: tuple[tuple[str, str], ...]
    period_type: tuple[str, str] | None
    period: int
    time_ns: int
    default_type: str
    binary: str | None
    build_id: str | None
    drops_frames: bool
    samples: int
    cut_stacks: int
    totals: tuple[int, ...]
    names: tuple[str, ...]
    flat: Sequence[int]
    cum: Sequence[int]
    inlined: bytes
    stacks: tuple[tuple[int, int, tuple[int, ...]], ...]
    """(type, value, nodes leaf first), of each type the largest; not in order."""


def core() -> _Core | None:
    """The extension, or None where it is absent or MEMWHY_PURE=1 forbids it."""
    if os.environ.get("MEMWHY_PURE") == "1":
        return None
    try:
        from memwhy._core._pprof import pprof
    except ImportError:
        return None
    return pprof


def sum_up(raw: bytes, run: _Core, *, stacks: int = STACKS, callers_above: float = -1.0) -> Summed:
    """Sum up the plain bytes of a profile. callers_above: tell inlined callers of functions whose cum is at least this
    share of the total; negative for not at all. Raises ParseError."""
    head, types, totals, strings, nodes, flat, cum, inlined, cells = run(raw, stacks, callers_above)
    (fault, at, count, samples, cut, period_kind, period_unit, period, time_ns, default, drops, binary, build) = (
        struct.unpack("=13q", head)
    )
    if fault:
        where = f" at byte {at}" if fault in (2, 3, 4, 7, 8) else ""
        raise ParseError(NAME, None, "", f"no pprof profile, or a damaged one: {_FAULTS.get(fault, fault)}{where}")
    table = memoryview(strings).cast("q")

    def text(index: int) -> str:
        if not 0 <= index < len(table) // 2:
            raise ParseError(NAME, None, "", f"refers to string {index} of {len(table) // 2}")
        begin = table[2 * index]
        return raw[begin : begin + table[2 * index + 1]].decode("utf-8", "replace")

    pairs = memoryview(types).cast("q")
    return Summed(
        raw=raw,
        types=tuple((text(pairs[2 * i]), text(pairs[2 * i + 1])) for i in range(count)),
        period_type=None if period_kind < 0 else (text(period_kind), text(period_unit)),
        period=period,
        time_ns=time_ns,
        default_type=text(default),
        binary=(text(binary) or None) if binary >= 0 else None,
        build_id=(text(build) or None) if build >= 0 else None,
        drops_frames=bool(drops),
        samples=samples,
        cut_stacks=cut,
        totals=tuple(memoryview(totals).cast("q")),
        names=tuple(_names(raw, nodes, text)),
        flat=memoryview(flat).cast("q"),
        cum=memoryview(cum).cast("q"),
        inlined=inlined,
        stacks=tuple(_stacks(cells)),
    )


def _names(raw: bytes, nodes: bytes, text: Callable[[int], str]) -> list[str]:
    """Names as pprof prints them: the function's, else the mapped file's in brackets, else <unknown>."""
    names = []
    for offset, length, file in struct.iter_unpack("=3q", nodes):
        if offset >= 0:
            names.append(raw[offset : offset + length].decode("utf-8", "replace"))
        else:
            names.append(f"[{text(file).rpartition('/')[2]}]" if file >= 0 else "<unknown>")
    return names


def _stacks(raw: bytes) -> list[tuple[int, int, tuple[int, ...]]]:
    cells = memoryview(raw).cast("q")
    stacks, at = [], 0
    while at < len(cells):
        kind, value, depth = cells[at], cells[at + 1], cells[at + 2]
        stacks.append((kind, value, tuple(cells[at + 3 : at + 3 + depth])))
        at += 3 + depth
    return stacks


def rows_of(summed: Summed, index: int) -> list[TopRow]:
    """The functions of one sample type, in no order; functions without a value in it are left out."""
    count = len(summed.types)
    return [
        TopRow(function=name, flat=flat, cum=cum, inlined=mark)
        for name, flat, cum, mark in zip(
            summed.names, summed.flat[index::count], summed.cum[index::count], summed.inlined[index::count], strict=True
        )
        if flat or cum
    ]
