"""Series side by side: a row for each tick, a column for each metric, and the same as CSV."""

import csv
import io
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from memwhy.model.units import NS_PER_S

Value = int | float | str | datetime | None
Points = Sequence[tuple[float, int]]
TIME, WALL = "time_s", "wall"


def columns(
    ticks: Sequence[tuple[int, int]], origin_ns: int, series: Mapping[str, Points], *, every_tick: bool
) -> dict[str, list[Value]]:
    """time_s since the first tick, wall, then the metrics; None where one was not read in that tick.

    ticks: (monotonic, wall) of each in ns, rising. origin_ns: the monotonic clock at x = 0 of the points. every_tick: also rows in
    which none of these was read.
    """
    begun_ns = ticks[0][0] if ticks else 0
    starts = [monotonic_ns - begun_ns for monotonic_ns, _ in ticks]
    found: dict[str, dict[int, int]] = {}
    for metric, points in series.items():
        at = found[metric] = {}
        for x_s, value in points:
            at[max(0, bisect_right(starts, round(x_s * NS_PER_S) + origin_ns - begun_ns) - 1)] = value
    rows = range(len(starts)) if every_tick else sorted({row for at in found.values() for row in at})
    return {
        TIME: [starts[row] / NS_PER_S for row in rows],
        WALL: [_utc(ticks[row][1]) for row in rows],
        **{metric: [at.get(row) for row in rows] for metric, at in found.items()},
    }


def write_csv(table: Mapping[str, Sequence[Value]]) -> bytes:
    """With a header; nothing between two commas where nothing was read. Times are UTC, as ISO 8601 has them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([value.isoformat() if isinstance(value, datetime) else value for value in row])
    return text.getvalue().encode()


def _utc(wall_ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_ns // 1000)
