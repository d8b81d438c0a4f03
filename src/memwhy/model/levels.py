"""Levels: what a few readings say without a trend. A figure, two of them, or words; most pasted evidence has no more.

A level is compared with other levels of the same moment; two readings some way apart are a rise or they are not.
None of this has an interval: causes turn it into clues (memwhy.causes.clue), which never make a verdict `high`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memwhy.model.case import Case
from memwhy.model.metrics import REGISTRY, label
from memwhy.model.units import MIB, human_bytes, human_range

ROSE = 1.25
"""Twice a garbage collector's swing within one cycle is 2.0 and goes back; a quarter more that stays is a rise."""
LEAST_RISE_BYTES = 8 * MIB
LEAST_RISE_COUNT = 24
FLAT = 0.15
RELEASED = 0.3
"""Of RSS, from which on pages that were given up matter."""
LEAST_SETTLED = 4
"""Readings of one number, one after another."""
WARM_UP = 4
"""Of so many readings the first may be of a program that has just started."""
AFTER_START = 0.2
"""A rise goes on after the second reading by at least so much of it."""

RESIDENT = (
    "process.rss_bytes",
    "process.rss_anon_bytes",
    "process.uss_bytes",
    "process.pss_bytes",
    "cgroup.working_set_bytes",
    "cgroup.current_bytes",
)
"""What stands for the memory that somebody complains about, the closest to the process first."""

LIVE = ("derived.go_live_bytes", "go.heap_alloc_bytes", "runtime.heap_after_gc_bytes", "runtime.heap_used_bytes")
"""What a runtime says its program has allocated, the least polluted by garbage first."""

IN_USE = ("inuse_space", "python_inuse", "java_inuse")
"""Kinds of profiles that say what is allocated on a runtime's heap; a table of the largest says the least it can be."""

HELD = ("derived.go_held_bytes", "go.heap_sys_bytes", "runtime.native_committed_bytes", "runtime.heap_committed_bytes")
"""What a runtime has obtained and not given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One metric at its first and its last reading; the same where there is only one.

    second: the second reading, where there are at least WARM_UP: what rose before it and not after was a start.
    """

    metric: str
    first: int
    last: int
    least: int
    most: int
    n: int
    quantum: int
    second: int | None = None

    @property
    def counted(self) -> bool:
        return REGISTRY[self.metric].unit == "count"

    @property
    def rose(self) -> bool:
        """It ends well above its start and did not come back: by a quarter, and by more than rounding and warm-up."""
        least = LEAST_RISE_COUNT if self.counted else LEAST_RISE_BYTES
        more = self.last - self.first
        stays = self.last >= self.first + 0.5 * (self.most - self.first)
        if self.second is not None and self.last - self.second < AFTER_START * more:
            return False
        return self.n > 1 and more >= max(least, 2 * self.quantum) and self.last >= ROSE * self.first and stays

    @property
    def flat(self) -> bool:
        """All readings lie close together."""
        room = max(FLAT * self.most, 2 * self.quantum, LEAST_RISE_COUNT if self.counted else LEAST_RISE_BYTES / 2)
        return self.n > 1 and self.most - self.least <= room

    @property
    def said(self) -> str:
        """`RSS 27.1 to 627.0 MiB` or `threads 8,744`."""
        if self.counted:
            numbers = f"{self.first:,} to {self.last:,}" if self.n > 1 and self.first != self.last else f"{self.last:,}"
            return f"{label(self.metric)} {numbers}"
        return f"{label(self.metric)} {human_range(self.first, self.last) if self.n > 1 else human_bytes(self.last)}"


def level(case: Case, *metrics: str) -> Level | None:
    """The first of these metrics that was read."""
    for metric in metrics:
        series = case.series.get(metric)
        if series is not None:
            return Level(
                metric=metric,
                first=series.first,
                last=series.last,
                least=series.least,
                most=series.most,
                n=len(series.points),
                quantum=series.quantum,
                second=series.points[1][1] if len(series.points) >= WARM_UP else None,
            )
    return None


def settled(case: Case, metric: str) -> str | None:
    """A count that rose and then stayed at one number, its highest, for a third of its readings and at least four:
    what has a bound does so. None for any other course."""
    series = case.series.get(metric)
    if series is None or len(series.points) < 2 * LEAST_SETTLED:
        return None
    values = [value for _, value in series.points]
    stays = next((n for n, value in enumerate(reversed(values)) if value != values[-1]), len(values))
    if values[-1] != max(values) or values[0] >= values[-1] or stays < max(LEAST_SETTLED, len(values) // 3):
        return None
    return f"{label(metric)} rose from {values[0]:,} to {values[-1]:,} and stayed there for {stays} readings"


def resident(case: Case) -> Level | None:
    """The memory in question: a process's, else its container's."""
    return level(case, *RESIDENT)


def live(case: Case) -> Level | None:
    """What the runtime says is allocated; the total of an in-use profile where nothing else says it."""
    found = level(case, *LIVE)
    if found is not None:
        return found
    profiles = [seen.profile for seen in case.profiles if seen.profile.kind in IN_USE]
    if not profiles:
        return None
    totals = [profile.total for profile in profiles]
    return Level(
        metric="go.heap_alloc_bytes" if profiles[-1].kind == "inuse_space" else "runtime.heap_used_bytes",
        first=totals[0],
        last=totals[-1],
        least=min(totals),
        most=max(totals),
        n=len(totals),
        quantum=1,
    )


def held(case: Case) -> Level | None:
    """What the runtime holds."""
    return level(case, *HELD)


def released_and_resident(case: Case) -> int | None:
    """Bytes of a Go heap that were given up and are resident all the same, where RSS is as large as all that Go obtained:
    MADV_FREE leaves pages to the kernel until it is short (Go 1.12 to 1.15), huge pages bring them back (golang/go#8832).
    None where RSS is another figure, or little was given up."""
    rss, obtained, released = (
        level(case, "process.rss_bytes"),
        level(case, "go.sys_bytes"),
        level(case, "go.heap_released_bytes"),
    )
    if rss is None or obtained is None or released is None or released.last < RELEASED * rss.last:
        return None
    return released.last if abs(rss.last - obtained.last) <= FLAT * obtained.last else None


def tmpfs_of_cgroup(case: Case) -> int | None:
    """Bytes of a cgroup's cache that lie on no file list: shared memory and tmpfs count as cache, and wait on the anonymous
    lists (cgroup-v1 memory.rst). None where the lists were not read."""
    file = level(case, "cgroup.file_bytes")
    lists = [level(case, f"cgroup.{name}_file_bytes") for name in ("active", "inactive")]
    if file is None or any(one is None for one in lists):
        return None
    return max(0, file.last - sum(one.last for one in lists if one is not None))


def share(part: Level | None, whole: Level | None) -> float | None:
    """part of whole at the last reading of each; None when either is unknown or empty."""
    if part is None or whole is None or whole.last <= 0:
        return None
    return part.last / whole.last


def said(case: Case, kind: str, *things: str) -> str | None:
    """The sentence in which somebody says that one of these things grows, is flat … ; see memwhy.model.said."""
    return next((text for thing in things if (text := case.facts.get(f"said.{kind}.{thing}"))), None)


_NOT_RETURNED = re.compile(
    r"(?:\b(?:not|never|cannot)\b|n't\b).{0,30}?\b(?:reclaim|releas|free|return|giv|drop|shrink|decreas|(?:go|com)(?:e|es|ing)? (?:back )?down)",
    re.IGNORECASE,
)


def not_returned(case: Case) -> str | None:
    """The sentence that complains that memory does not come back: it rose, and whether it goes on rising is not said."""
    text = said(case, "plateau", "total", "rss", "native")
    return text if text and _NOT_RETURNED.search(text) else None


def outcome(case: Case, *trials: str) -> tuple[str, str, str] | None:
    """(trial, outcome, sentence) of the first of these trials that somebody made; see memwhy.model.said."""
    for name in trials:
        found = case.facts.get(f"trial.{name}.outcome") or _by_level(case, name)
        if found:
            return name, found, case.facts.get(f"trial.{name}", "")
    return None


def _by_level(case: Case, name: str) -> str | None:
    """What came of a trial of which only the figure after it is told, beside what is resident without it."""
    after, before = case.facts.get(f"trial.{name}.after_bytes", ""), resident(case)
    if not after.isdigit() or before is None:
        return None
    if abs(int(after) - before.last) <= FLAT * before.last:
        return "same"
    return "fell" if int(after) < before.last else None


def complains_of_growth(case: Case) -> str | None:
    """The sentence, or the figures, that say that memory grows."""
    text = said(case, "grows", "total", "rss", "native", "host", "kernel", "heap")
    if text:
        return text
    for one in risen(case, (*RESIDENT, "host.used_bytes")):
        return one.said
    return None


NO_TROUBLE = (
    "said.runtime", "said.mapped", "said.libc", "said.platform", "said.held", "said.no_cgo", "said.idle", "said.flat.", "said.falls.",
    "runtime.heap_exhausted", "cache.name", "prose.", "page.", "process.",
)  # fmt: skip
"""Facts that a manual, a manifest or somebody's code gives as well as a complaint does."""

PILES = {"process.descriptors_count": 4_000, "go.goroutines_count": 10_000, "process.threads_count": 2_000}
"""So many are no rest: what holds them has come to a limit, not to an end."""


def in_trouble(case: Case) -> bool:
    """False where only words and settings were read, no memory in use among them, and nothing that grows, piled up, ran
    out or was tried."""
    if "page.worded" not in case.facts or resident(case) is not None:
        return True
    if not said(case, "flat", "total") and any(
        (one := level(case, metric)) is not None and one.last >= many for metric, many in PILES.items()
    ):
        return True
    return any(not name.startswith(NO_TROUBLE) for name in case.facts) or any(risen(case, case.series))


def risen(case: Case, metrics: Iterable[str]) -> list[Level]:
    """Those of these metrics that rose."""
    found = (level(case, metric) for metric in metrics)
    return [one for one in found if one is not None and one.rose]
