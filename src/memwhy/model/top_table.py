"""The `-top` table of google/pprof, line for line as `go tool pprof -top` prints it, from a profile's sums.

Source: github.com/google/pprof internal/report (newTrimmedGraph, selectOutputUnit, printText) and internal/measurement
(Percentage, ScaledLabel); checked against the command itself in the tests.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

NODE_FRACTION = 0.005
"""pprof's -nodefraction: functions whose cum is a smaller share of the total are dropped."""
EDGE_FRACTION = 0.001
"""pprof's -edgefraction: calls of a smaller share say nothing about who inlines a function."""

_SIZES = (("B", 1), ("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40), ("PB", 1 << 50))
_MARKS = ("", " (inline)", "", " (partial-inline)")


class TopRow(NamedTuple):  # no dataclass, as in sources/go/pprof_core
    """One function. inlined: bit 0 some of its callers inline it, bit 1 some do not."""

    function: str
    flat: int
    cum: int
    inlined: int = 0


def top_table(
    rows: Sequence[TopRow],
    *,
    total: int,
    kind: str,
    unit: str,
    binary: str | None = None,
    build_id: str | None = None,
    time_ns: int = 0,
) -> str:
    """The table with its heading. total: of the samples' absolute values. unit: bytes, count or another, not scaled."""
    cutoff = int(abs(total) * NODE_FRACTION)
    seen = [row for row in rows if row.flat or row.cum]
    least = int(abs(sum(row.flat for row in seen)) * NODE_FRACTION)  # samples without a stack are in no row
    kept = [row for row in seen if abs(row.cum) >= least]
    kept.sort(key=lambda row: (-abs(row.flat), row.function, -abs(row.cum)))
    scale = _scale(kept, total, unit)
    return "\n".join([*_heading(kept, len(seen), cutoff, total, kind, scale, binary, build_id, time_ns), *_lines(kept, total, scale), ""])  # fmt: skip


def _heading(
    kept: Sequence[TopRow],
    seen: int,
    cutoff: int,
    total: int,
    kind: str,
    scale: tuple[str, int],
    binary: str | None,
    build_id: str | None,
    time_ns: int,
) -> Iterator[str]:
    if binary:
        yield f"File: {binary.rpartition('/')[2]}"
    if build_id:
        yield f"Build ID: {build_id}"
    yield f"Type: {kind}"
    if time_ns:
        yield "Time: " + time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(time_ns // 1_000_000_000))
    shown = sum(row.flat for row in kept)
    yield f"Showing nodes accounting for {_label(shown, scale)}, {_percentage(shown, total).strip()} of {_label(total, scale)} total"
    if seen > len(kept):
        dropped = seen - len(kept)
        yield f"Dropped {dropped} node{'s' if dropped > 1 else ''} (cum <= {_label(cutoff, scale)})"
    yield f"{'flat':>10} {'flat':>5}% {'sum':>5}% {'cum':>10} {'cum':>5}%"


def _lines(kept: Sequence[TopRow], total: int, scale: tuple[str, int]) -> Iterator[str]:
    so_far = 0
    for row in kept:
        so_far += row.flat
        yield (
            f"{_label(row.flat, scale):>10} {_percentage(row.flat, total)} {_percentage(so_far, total)}"
            f" {_label(row.cum, scale):>10} {_percentage(row.cum, total)}  {row.function}{_MARKS[row.inlined & 3]}"
        )


def _scale(kept: Sequence[TopRow], total: int, unit: str) -> tuple[str, int]:
    """One unit for all figures: that of the smallest one, or of a hundred times it where the range is wide."""
    if unit != "bytes":
        return ("" if unit == "count" else unit, 1)
    smallest = min((abs(row.flat) or abs(row.cum) for row in kept if row.flat or row.cum), default=total)
    low, high = _unit_of(smallest), _unit_of(total)
    if low != high and smallest * 100 < total:
        return _unit_of(smallest * 100)
    return low


def _unit_of(value: int) -> tuple[str, int]:
    """The largest unit of which a value has at least one."""
    return next((one for one in reversed(_SIZES) if abs(value) >= one[1]), _SIZES[0])


def _label(value: int, scale: tuple[str, int]) -> str:
    """`2.50MB`, whole numbers without decimals, zero without a unit."""
    unit, width = scale
    text = f"{value / width:.2f}".removesuffix(".00")
    return "0" if text in ("0", "-0") else text + unit


def _percentage(value: int, total: int) -> str:
    """Five columns and the sign; two significant digits below one percent, as Go's %5.2g has them."""
    ratio = abs(value / total) * 100 if total else 0.0
    if 99.95 <= ratio <= 100.05:
        return "  100%"
    if ratio >= 1.0:
        return f"{ratio:5.2f}%"
    return f"{_general(ratio):>5}%"


def _general(value: float) -> str:
    """Go's %.2g."""
    return f"{value:.2g}"
