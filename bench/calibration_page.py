"""Tables of docs/calibration.md: counts into Markdown. Shares are per cent, with their standard error where it stands."""

import math
import time
from collections.abc import Collection, Iterable, Sequence
from random import Random

from calibration_live import BESIDE, noise
from calibration_rates import LEAKS, OURS, SPANS, Count, Mean, mean
from calibration_rivals import RIVALS
from calibration_shapes import LEVEL
from native import table

from memwhy.trend import trend

METHODS = (OURS, *RIVALS)


ASKED = (
    ("10 min", 1.0),
    ("1 h", 0.1),
    ("1 h", 0.3),
    ("1 h", 1.0),
    ("6 h", 0.1),
    ("24 h", 0.01),
    ("24 h", 0.03),
    ("24 h", 0.1),
    ("72 h", 0.01),
)
"""(length, % of the level a minute) of the leaks that all methods are asked for: no length without one."""


def chosen(counts: Iterable[Count], method: str, span: str, leak: float, cases: Collection[str]) -> list[Count]:
    return [c for c in counts if (c.method, c.span, c.leak) == (method, span, leak) and c.case in cases]


def lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(table(heads, rows))


def per_cent(share: float) -> str:
    return f"{100 * share:.1f}"


def with_error(found: Mean) -> str:
    return f"{100 * found.share:.1f} ± {100 * found.error:.1f}"


def in_short(counts: Sequence[Count], cases: Collection[str]) -> str:
    """memwhy alone: false alarms at each length, and the leaks that all methods are asked for."""
    rows = [
        [
            span,
            "false alarms" if leak == 0 else f"seen, {leak} %/min",
            with_error(mean(chosen(counts, OURS, span, leak, cases))),
        ]
        for span, leak in (*((span, 0.0) for span in SPANS), *ASKED)
    ]
    return lines(["length", "rate", "memwhy, %"], rows)


def by_length(counts: Sequence[Count], cases: Collection[str]) -> str:
    """False alarms of each method, and of how many innocent series it cannot say."""
    rows = []
    for method in METHODS:
        means = [mean(chosen(counts, method, span, 0.0, cases)) for span in SPANS]
        unsaid = [f" ({per_cent(m.unsaid)} unsaid)" if m.unsaid else "" for m in means]
        rows.append([method, *(with_error(m) + u for m, u in zip(means, unsaid, strict=True))])
    return lines(["false alarms, %", *SPANS], rows)


def power_of_rivals(counts: Sequence[Count], cases: Collection[str]) -> str:
    """How many of the leaks asked for each method sees."""
    rows = [
        [method, *(with_error(mean(chosen(counts, method, span, leak, cases))) for span, leak in ASKED)]
        for method in METHODS
    ]
    return lines(["leaks seen, %", *(f"{span}, {leak} %/min" for span, leak in ASKED)], rows)


def power_of_ours(counts: Sequence[Count], cases: Collection[str]) -> str:
    """How many leaks memwhy sees at each length, and of how many it cannot say."""
    rows = []
    for leak in LEAKS:
        means = [mean(chosen(counts, OURS, span, leak, cases)) for span in SPANS]
        rows.append([f"{leak} %/min", *(f"{with_error(m)} ({per_cent(m.unsaid)})" for m in means)])
    return lines(["memwhy: growing, % (cannot say, %)", *SPANS], rows)


def by_shape(counts: Sequence[Count], span: str) -> str:
    """All methods on each shape over one span: false alarms, then leaks seen from the smallest to the largest."""
    cases = list(dict.fromkeys(c.case for c in counts))
    rows = [[case, *(_cell(counts, method, span, case) for method in METHODS)] for case in cases]
    return f"### {span}\n\n" + lines(["", *METHODS], rows)


def plain(counts: Sequence[Count], cases: Collection[str]) -> str:
    """memwhy alone on each shape over all spans, in the same cells."""
    rows = [[case, *(_cell(counts, OURS, span, case) for span in SPANS)] for case in cases]
    return lines(["memwhy", *SPANS], rows)


def _cell(counts: Sequence[Count], method: str, span: str, case: str) -> str:
    shares = [100 * mean(chosen(counts, method, span, leak, (case,))).share for leak in LEAKS]
    return f"{shares[0]:.0f} · " + "/".join(f"{share:.0f}" for share in shares[1:])


def live(seed: int, count: int, counts: dict[str, list[Count]]) -> str:
    """Short watches: false alarms of all methods, memwhy's by shape, its power, coverage and own promise."""
    alarms = counts["alarms"]
    spans = list(dict.fromkeys(c.span for c in alarms))
    rows = [
        [method, *(with_error(mean([c for c in alarms if (c.method, c.span) == (method, span)])) for span in spans)]
        for method in (OURS, *BESIDE)
    ]
    parts = [
        f"Seed {seed}, {count} series of each shape and length.",
        lines(["false alarms, %", *spans], rows),
        _cases("memwhy: false alarms, %", [c for c in alarms if c.method == OURS]),
        _cases("memwhy: leaks seen, %", counts["power"]),
        _cases("the 95 % interval holds the slope, %", counts["coverage"]),
        _cases("leaks of exactly `detectable` seen, %", counts["detectable"]),
    ]
    return "\n\n".join(parts)


def _cases(title: str, counts: Sequence[Count]) -> str:
    """Cases down, lengths across."""
    spans, cases = list(dict.fromkeys(c.span for c in counts)), list(dict.fromkeys(c.case for c in counts))
    at = {(c.case, c.span): c for c in counts}
    rows = [[case, *(per_cent(at[case, span].share) for span in spans)] for case in cases]
    rows.append(["*mean*", *(with_error(mean([at[case, span] for case in cases])) for span in spans)])
    return lines([title, *spans], rows)


def costs(counts: Sequence[Count]) -> str:
    """CPU of one answer: over all series of `hours`, and of trend() alone by the number of readings, the best of five."""
    rows = []
    for method in METHODS:
        of = [c for c in counts if c.method == method]
        rows.append([method, f"{1e3 * sum(c.cpu_s for c in of) / sum(c.count for c in of):.2f}"])
    random, sizes = Random(0), []
    for n in (10, 30, 360, 8640, 100_000):
        readings = [(float(i), LEVEL + round(v)) for i, v in enumerate(noise(random, n, "lively"))]
        best = math.inf
        for _ in range(5):
            begin = time.process_time()
            trend(readings)
            best = min(best, time.process_time() - begin)
        sizes.append([f"{n:,}", f"{best * 1e3:.2f}"])
    return (
        lines(["method", "ms of CPU a series of 360"], rows)
        + "\n\n"
        + lines(["readings", "ms of CPU in trend()"], sizes)
    )
