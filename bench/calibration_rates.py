"""How often each method is right: series of every shape, length and leak through all methods, counted."""

import math
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from calibration_rivals import RIVALS
from calibration_shapes import DAY, HOUR, MINUTE, PAGE, Random, Shape, Values, innocent, readings, times

from memwhy.model import weigh
from memwhy.model.case import Case, Series, Target
from memwhy.trend import trend

READINGS = 360
SPANS = {"10 min": 10 * MINUTE, "1 h": HOUR, "6 h": 6 * HOUR, "24 h": DAY, "72 h": 3 * DAY}
LEAKS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Per cent of the level a minute; 0 is innocent."""

OURS = "memwhy"
TOTAL = "process.rss_bytes"


@dataclass(frozen=True, slots=True)
class Cell:
    """One shape seen in one way over one span: what a worker measures at a time."""

    case: str
    span: str
    shapes: tuple[Shape, ...]
    way: str = ""
    quantum: int = PAGE


@dataclass(slots=True)
class Count:
    """Of so many series of one case: how many were called growing, of how many nothing could be said; CPU spent."""

    method: str
    case: str
    span: str
    leak: float
    grows: int = 0
    unsaid: int = 0
    count: int = 0
    cpu_s: float = 0.0

    @property
    def share(self) -> float:
        return self.grows / self.count if self.count else math.nan

    def add(self, answer: bool | None, cpu_s: float = 0.0) -> None:
        """One more series. None: the method cannot say."""
        self.count += 1
        self.grows += answer is True
        self.unsaid += answer is None
        self.cpu_s += cpu_s


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the shares over cases, and its standard error: that of a sum of binomials."""

    share: float
    error: float
    unsaid: float


def mean(counts: Iterable[Count]) -> Mean:
    """Each case of which there was any weighs the same. A case that never or always happened has the error of one half in its count."""
    counts = [one for one in counts if one.count]
    k = len(counts)
    variance = 0.0
    for one in counts:
        p = (one.grows + 0.5) / (one.count + 1)
        variance += p * (1 - p) / one.count
    shares, unsaid = [one.share for one in counts], [one.unsaid / one.count for one in counts]
    return Mean(sum(shares) / k, math.sqrt(variance) / k, sum(unsaid) / k)


def judged(ts: Values, ys: Values, quantum: int, per: Literal["s", "sample"] = "s") -> bool | None:
    """What causes make of the course: weigh.grows() of a case whose total it is."""
    points = tuple(zip(ts.tolist(), map(int, ys.tolist()), strict=True))
    course = trend(points, quantum=quantum, per=per)
    series = Series(
        metric=TOTAL,
        subject="",
        clock="monotonic" if per == "s" else "order",
        points=points,
        quantum=quantum,
        course=course,
    )
    return weigh.grows(Case(target=Target(), total=TOTAL, series={TOTAL: series}, live=True))


def measure(cell: Cell, seed: int, count: int, leaks: Sequence[float], rivals: bool) -> list[Count]:
    """All methods on `count` series of a cell, each series at every leak: differences are the leak's alone."""
    random = Random(np.random.PCG64([seed, zlib.crc32(f"{cell.case}/{cell.span}".encode())]))
    methods = [OURS, *(RIVALS if rivals else ())]
    tally = {(m, leak): Count(m, cell.case, cell.span, leak) for leak in leaks for m in methods}
    for k in range(count):
        ts = times(random, SPANS[cell.span], READINGS, cell.way)
        series = innocent(random, ts, cell.shapes[k % len(cell.shapes)], cell.way)
        for leak in leaks:
            ys = readings(series, ts, leak / 100, cell.quantum)
            for method in methods:
                begin = time.process_time()
                if method == OURS:
                    answer = judged(ts, ys, cell.quantum)
                else:
                    answer = RIVALS[method](ts, ys, series.load)
                tally[method, leak].add(answer, time.process_time() - begin)
    return list(tally.values())
