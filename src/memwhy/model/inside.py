"""Inside: what looks into the process's own memory say of malloc, the runtime's heap and what nothing points to.

Looks are dear and so they are few, often two. Between two looks there is a change and no interval: it is held
against RSS's own change between the same two looks, and never makes a verdict `high` by itself. What is lost does:
no trend is needed to know that a block which nothing points to cannot be freed any more.
"""

from dataclasses import dataclass

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_change, human_duration

HELD, KEPT, LOST = "derived.malloc_bytes", "derived.malloc_kept_bytes", "malloc.lost_bytes"
MAPPED, UNOWNED, IDLE = "ledger.malloc_mapped_bytes", "ledger.anonymous_bytes", "ledger.heap_idle_bytes"
CERTAIN, LOST_RESIDENT = "malloc.lost_certain_bytes", "malloc.lost_resident_bytes"
LIKELY = "malloc.lost_likely_bytes"
RSS = "ledger.rss_bytes"
COVERS = 0.5
"""Looks that span less than this share of the watch say nothing about its growth."""
MUCH = 0.5
SOME = 0.25
"""Lost memory that is half of RSS, or of the growth, is the answer; a quarter is an answer."""
_ALL_RESIDENT = 0.98
"""From so much on it goes without saying that what is lost is resident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a part of RSS did between the first and the last look that read it. share: of RSS's change, None where RSS did not rise."""

    series: Series
    change: int
    of: int
    span_s: float
    share: float | None

    @property
    def looks(self) -> int:
        return len(self.series.points)

    @property
    def main(self) -> bool:
        """It explains most of the growth. Looks are few and come unevenly, so their course need not have a clear shape,
        but where it has one it must rise."""
        course = self.series.course
        rises = not isinstance(course, Trend) or course.growing or (course.shape == "unclear" and course.low > 0)
        return rises and self.share is not None and self.share >= weigh.MAIN

    @property
    def minor(self) -> bool:
        """It cannot explain the growth."""
        return self.share is not None and self.share < weigh.MINOR

    @property
    def said(self) -> str:
        """`malloc in use +44.1 MiB of RSS's +45.0 MiB between two looks 58 s apart`."""
        looks = {2: "two", 3: "three"}.get(self.looks, str(self.looks))
        between = f"in {looks} looks" if self.looks > 2 else "between two looks"
        text = f"{label(self.series.metric)} {human_change(self.change)} of RSS's {human_change(self.of)} {between}"
        course = self.series.course
        if isinstance(course, Trend):
            return f"{text}, {weigh.slope_said(course)}"
        return f"{text} {human_duration(self.span_s)} apart"


def level(case: Case, metric: str) -> int | None:
    """A figure of the newest look that read it."""
    series = case.series.get(metric)
    return series.last if series is not None else None


def share_of_rss(case: Case, metric: str) -> float | None:
    """A figure of the newest look as a share of RSS at the same look; None when it was not read."""
    series, rss = case.series.get(metric), _rss_at(case)
    if series is None or not rss:
        return None
    size = rss.get(series.points[-1][0], case.series[RSS].last)
    return series.last / size if size > 0 else None


def change(case: Case, metric: str) -> Change | None:
    """What the looks saw of one metric; None after less than two looks that read it, or looks too close together."""
    series, rss, whole = case.series.get(metric), _rss_at(case), weigh.total(case)
    if series is None or len(series.points) < 2 or series.clock == "order":
        return None
    (first_s, first), (last_s, last) = series.points[0], series.points[-1]
    if first_s not in rss or last_s not in rss or last_s <= first_s:
        return None
    if whole is not None and isinstance(whole.course, Trend) and last_s - first_s < COVERS * whole.course.span:
        return None
    of = rss[last_s] - rss[first_s]
    share = (last - first) / of if of > weigh.SLIGHT_LEAST_BYTES else None
    return Change(series=series, change=last - first, of=of, span_s=last_s - first_s, share=share)


def _rss_at(case: Case) -> dict[float, int]:
    series = case.series.get(RSS)
    return dict(series.points) if series is not None else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LostMemory:
    """Blocks that no look found a way to. resident_bytes: of these on resident pages, None where nobody counted. of_rss: the
    share of RSS that they are. of_growth: how much of RSS's growth between two searches is lost at the second, resident, and
    was not at the first; None when unknown. maybe_bytes: of further blocks, which only interior or stale words lead to, or
    which are so few graphs that a register could hold them. likely_bytes: of the former, those that are likely lost; likely_of_rss:
    the share of RSS that they are.
    """

    bytes: int
    blocks: int | None
    of_rss: float
    of_growth: float | None
    maybe_bytes: int
    resident_bytes: int | None = None
    likely_bytes: int = 0
    likely_of_rss: float = 0.0

    @property
    def carries(self) -> bool:
        """Half of what RSS grew by is lost, and was seen to become so."""
        return self.bytes > weigh.SLIGHT_MOST_BYTES and self.of_growth is not None and self.of_growth >= MUCH

    @property
    def dominates(self) -> bool:
        """Half of RSS, or of its growth."""
        return self.bytes > weigh.SLIGHT_MOST_BYTES and (self.of_rss >= MUCH or self.carries)

    @property
    def matters(self) -> bool:
        """A quarter of RSS; what is likely lost counts here, beside some that is for certain, and nowhere else."""
        return self.bytes > weigh.SLIGHT_MOST_BYTES and self.of_rss + self.likely_of_rss >= SOME

    @property
    def sure(self) -> float:
        """How sure it makes a native leak. What is lost at one time alone is never high: a program may keep pointers where
        nobody looks, in the kernel, encoded, or paged out. That loss goes on as RSS grows speaks against that."""
        return 0.95 if self.carries else 0.85 if self.dominates else 0.75

    @property
    def said(self) -> str:
        """`1.5 GiB in 13,098,208 blocks is lost (80 % of RSS): nothing that we could read points to it`."""
        blocks = f" in {self.blocks:,} blocks" if self.blocks else ""
        share = f"{weigh.percent(self.of_rss)} of RSS"
        growth = (
            "" if self.of_growth is None else f", {weigh.percent(self.of_growth)} of its growth between two searches"
        )
        if self.resident_bytes is not None and self.resident_bytes < _ALL_RESIDENT * self.bytes:
            share = f"{human_bytes(self.resident_bytes)} of it resident, {share}"
        likely = (
            f"; {human_bytes(self.likely_bytes)} more is likely lost"
            if self.likely_bytes > weigh.SLIGHT_MOST_BYTES
            else ""
        )
        return f"{human_bytes(self.bytes)}{blocks} is lost ({share}{growth}): nothing that can be read points to it{likely}"


def lost(case: Case) -> LostMemory | None:
    """What the newest search for lost memory found; None when there was none."""
    series, of_rss, rss = case.series.get(CERTAIN), share_of_rss(case, CERTAIN), _rss_at(case)
    if series is None or of_rss is None:
        return None
    whole, resident = level(case, LOST), level(case, LOST_RESIDENT)
    share = min(1.0, resident / whole) if whole and resident is not None else 1.0
    of_rss *= share
    in_use = share_of_rss(case, HELD)  # resident, while malloc's sizes may be of pages that nobody touched
    if in_use is not None:
        of_rss = min(of_rss, in_use)
    (first_s, first), (last_s, last) = series.points[0], series.points[-1]
    grown = rss.get(last_s, 0) - rss.get(first_s, 0) if first_s in rss and last_s in rss else 0
    return LostMemory(
        bytes=series.last,
        blocks=level(case, "malloc.lost_chunks_count"),
        of_rss=of_rss,
        of_growth=share * (last - first) / grown if grown > weigh.SLIGHT_LEAST_BYTES else None,
        maybe_bytes=(level(case, "malloc.lost_maybe_bytes") or 0) + max(0, (whole or 0) - series.last),
        resident_bytes=None if resident is None else round(series.last * share),
        likely_bytes=level(case, LIKELY) or 0,
        likely_of_rss=share * (share_of_rss(case, LIKELY) or 0.0),
    )


def graphs(case: Case, most: int = 3) -> list[str]:
    """The largest lost graphs in words."""
    return ["lost: " + one for one in case.facts.get("lost.graphs", "").splitlines()[:most]]


def not_looked(case: Case) -> str | None:
    """Why malloc's own figures are lacking, in the words of the look itself; None when they were read or nothing was said."""
    if HELD in case.series:
        return None
    return next((note for note in case.facts.get("look.notes", "").splitlines() if "malloc" in note.lower()), None)


HOLDERS = (
    HELD, KEPT, "ledger.heap_in_use_bytes", IDLE, "ledger.heap_stacks_bytes", "ledger.heap_meta_bytes", "ledger.files_clean_bytes",
    "ledger.shared_bytes", "ledger.threads_stacks_bytes", UNOWNED,
)  # fmt: skip
LEAST_SHARE = 0.05


def holders(case: Case) -> list[tuple[str, float]]:
    """What holds RSS at the newest look, largest first: words and shares; empty when nobody looked."""
    if share_of_rss(case, HELD) is None and share_of_rss(case, IDLE) is None:
        return []
    shares = [(label(metric), share) for metric in HOLDERS if (share := share_of_rss(case, metric)) is not None]
    return sorted(((words, share) for words, share in shares if share >= LEAST_SHARE), key=lambda one: -one[1])[:3]
