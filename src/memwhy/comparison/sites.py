"""Profiles of both sides, function by function, and which differences sampling alone would not show.

Of a heap profile each block of s bytes is drawn with probability q = 1 - exp(-s/p), p bytes between two draws on average, and
counts s/q (runtime/mprof.go; runtime/pprof: scaleHeapSample). The variance of n such blocks is n s² (1 - q)/q, which is at
most p for each byte. A sum's variance for one byte of it is its weight: as if so many bytes had been one drawn block.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.attribution.frames import own_frame
from memwhy.comparison.given import Given
from memwhy.model.case import SeenProfile
from memwhy.model.comparison import Caution, Gap, ProfileGap, SiteGap
from memwhy.model.drawn import interval
from memwhy.model.profile import Profile
from memwhy.trend.significance import beta_share, holm, student_sf

LABELS = {
    "inuse_space": "Go heap in use, by allocation site",
    "alloc_space": "Go heap ever allocated, by allocation site",
    "native_inuse": "native memory in use, by function",
    "goroutine": "goroutines, by where they were started or wait",
    "malloc_in_use": "malloc's blocks in use, by size",
    "malloc_lost": "lost blocks, by what they are",
}
"""Kinds that are compared, and what to call them."""
DRAWN = frozenset(("inuse_space", "alloc_space", "native_inuse"))
"""Kinds whose values are estimates of drawn blocks."""
DEFAULT_PERIOD_BYTES = 512 << 10
"""runtime.MemProfileRate, for text that does not tell."""
MOST_SITES = 12
UNNAMED_SHARE = 0.5
WHOLE = 0.999
"""Stacks that hold this share of a profile are all of it, but for rounding."""
_NONE_DRAWN = 3.688879
"""The most blocks of which none is drawn, at 97.5 % (Poisson: -ln 0.025)."""
_NORMAL = 20_000
_UNNAMED = re.compile(r"0x[0-9a-f]{1,16}|\?+|\[unknown\]|.{1,200}\+0x[0-9a-f]{1,16}")


@dataclass(frozen=True, slots=True)
class _Sum:
    """Bytes or counts of one site. variance: of the estimate, in the square of the unit."""

    value: int = 0
    variance: float = 0.0

    @property
    def weight(self) -> float:
        return self.variance / self.value if self.value else 0.0

    def bounds(self, weight: float) -> tuple[float, float]:
        """Its 95 % interval; weight: of one drawn block, where none was."""
        return interval(self.value, self.variance) if self.value else (0.0, _NONE_DRAWN * weight)


def compare_profiles(a: Given, b: Given) -> tuple[tuple[ProfileGap, ...], tuple[Caution, ...]]:
    """Every kind that both have, and why others cannot be compared."""
    gaps: list[ProfileGap] = []
    cautions: list[Caution] = []
    kinds = [{seen.profile.kind for seen in side.case.profiles} & LABELS.keys() for side in (a, b)]
    both = kinds[0] & kinds[1]
    if "inuse_space" in both:
        both.discard("alloc_space")  # since the start, by processes of any age; what is in use says it better
    for kind in LABELS:
        if kind in both:
            newest = _newest(a, kind), _newest(b, kind)
            refused = _refused(kind, newest)
            cautions += _careful(kind, newest)
            if refused is not None:
                cautions.append(refused)
            else:
                gaps.append(_profile_gap(kind, newest))
    cautions += _one_sided(a, b)
    return tuple(gaps), tuple(cautions)


def _newest(side: Given, kind: str) -> SeenProfile:
    return max((seen for seen in side.case.profiles if seen.profile.kind == kind), key=lambda seen: seen.x)


def _one_sided(a: Given, b: Given) -> list[Caution]:
    """Profiles of which only one side has the kind, where the other has another kind that may be mistaken for it."""
    kinds = [{seen.profile.kind for seen in side.case.profiles} & DRAWN for side in (a, b)]
    if not kinds[0] or not kinds[1] or kinds[0] & kinds[1]:
        return []
    said = [" and ".join(sorted(found)) for found in kinds]
    text = (
        f"A's profile is of {said[0]}, B's of {said[1]}: what is in use and what was ever allocated are not one figure"
    )
    return [Caution(weight="refused", about="profiles", text=text)]


def _refused(kind: str, newest: tuple[SeenProfile, SeenProfile]) -> Caution | None:
    for side, seen in zip("AB", newest, strict=True):
        if unnamed_share(seen.profile) > UNNAMED_SHARE:
            text = f"{LABELS[kind]}: the sites of {side} have no names, only addresses (a stripped binary?)"
            return Caution(weight="refused", about="profiles", text=text)
    if newest[0].profile.unit != newest[1].profile.unit:
        return Caution(weight="refused", about="profiles", text=f"{LABELS[kind]}: one is in bytes, the other in counts")
    return None


def _careful(kind: str, newest: tuple[SeenProfile, SeenProfile]) -> list[Caution]:
    found = []
    periods = [_period(seen.profile) for seen in newest]
    if kind in DRAWN and periods[0] != periods[1]:
        text = f"{LABELS[kind]}: one block in {periods[0]:,} bytes is drawn in A, one in {periods[1]:,} in B; intervals allow for it"
        found.append(Caution(weight="careful", about="profiles", text=text))
    if kind == "alloc_space":
        text = f"{LABELS[kind]}: counted since each process began; the older one has more of everything"
        found.append(Caution(weight="careful", about="profiles", text=text))
    for side, seen in zip("AB", newest, strict=True):
        if seen.profile.dropped_rows:
            text = f"{LABELS[kind]}: {seen.profile.dropped_rows} functions of {side} were left out of its table; they count as nothing"
            found.append(Caution(weight="careful", about="profiles", text=text))
    return found


def unnamed_share(profile: Profile) -> float:
    """How much of a profile is in sites that are addresses."""
    sums = _sums(profile, by_leaf=not profile.stacks)
    whole = sum(abs(one.value) for one in sums.values())
    unnamed = sum(abs(one.value) for name, one in sums.items() if _UNNAMED.fullmatch(name))
    return unnamed / whole if whole else 0.0


def _period(profile: Profile) -> int:
    return profile.sampling_period_bytes or DEFAULT_PERIOD_BYTES


def _profile_gap(kind: str, newest: tuple[SeenProfile, SeenProfile]) -> ProfileGap:
    profiles = newest[0].profile, newest[1].profile
    by_leaf = not all(_has_all_stacks(one) for one in profiles)
    sums = [_sums(one, by_leaf=by_leaf) for one in profiles]
    drawn = kind in DRAWN
    none = _Sum()
    named = sorted(sums[0].keys() | sums[1].keys())
    pairs = [(name, sums[0].get(name, none), sums[1].get(name, none)) for name in named]
    found = [pair for pair in pairs if pair[1].value or pair[2].value]
    sites = _judged(found) if drawn or profiles[0].unit == "count" else _counted(found)
    sites.sort(key=lambda site: (not site.proven, -abs(site.gap.value), site.name))
    return ProfileGap(
        kind=kind,
        label=LABELS[kind],
        unit=profiles[0].unit,
        a_total=profiles[0].total,
        b_total=profiles[1].total,
        compared=len(sites),
        proven=sum(site.proven for site in sites),
        sites=tuple(sites[:MOST_SITES]),
        drawn=drawn,
        a_period_bytes=_period(profiles[0]) if drawn else None,
        b_period_bytes=_period(profiles[1]) if drawn else None,
    )


def _judged(found: Sequence[tuple[str, _Sum, _Sum]]) -> list[SiteGap]:
    """Estimates, and counts of what comes and goes one by one."""
    chances = [chance_of(*_weighed(one, other)) for _, one, other in found]
    return [
        SiteGap(name=name, a=one.value, b=other.value, gap=_gap(one, other), chance=chance, proven=proven)
        for (name, one, other), chance, proven in zip(found, chances, holm(chances), strict=True)
    ]


def _counted(found: Sequence[tuple[str, _Sum, _Sum]]) -> list[SiteGap]:
    """What was counted to the byte, at one moment on each side."""
    return [
        SiteGap(name=name, a=one.value, b=other.value, gap=_gap(one, other), chance=None, proven=False)
        for name, one, other in found
    ]


def _has_all_stacks(profile: Profile) -> bool:
    """Of a large file only the largest stacks are kept, of a text table none; its rows are of all."""
    return sum(stack.value for stack in profile.stacks) >= WHOLE * profile.total


def _sums(profile: Profile, *, by_leaf: bool) -> dict[str, _Sum]:
    """Values by function. by_leaf: by the function that allocates itself, for text tables have no stacks."""
    most = 1.0 if profile.unit == "count" else float(_period(profile)) if profile.kind in DRAWN else 0.0
    rows: list[tuple[str, int, float | None]]
    if by_leaf:
        rows = [(row.function, row.flat, None) for row in profile.rows]
    else:
        rows = [(own_frame(stack.frames), stack.value, stack.variance) for stack in profile.stacks]
    found: dict[str, _Sum] = {}
    for name, value, variance in rows:
        before = found.get(name, _Sum())
        more = abs(value) * most if variance is None or profile.unit == "count" else variance
        found[name] = _Sum(before.value + value, before.variance + more)
    return found


def _weighed(a: _Sum, b: _Sum) -> tuple[float, float, float, float]:
    """Both sums, each with the weight of a drawn block: the other's, where nothing was drawn."""
    return a.value, a.weight or b.weight, b.value, b.weight or a.weight


def _gap(a: _Sum, b: _Sum) -> Gap:
    _, a_weight, _, b_weight = _weighed(a, b)
    (a_low, a_high), (b_low, b_high) = a.bounds(a_weight), b.bounds(b_weight)
    value = a.value - b.value
    return Gap(
        value=value,
        low=value - math.hypot(a.value - a_low, b_high - b.value),
        high=value + math.hypot(a_high - a.value, b.value - b_low),
    )


def chance_of(a: float, a_weight: float, b: float, b_weight: float) -> float:
    """P(two sums at least so far apart), were the memory behind them of one size: the binomial test of the drawn blocks given
    their number (Przyborowski and Wilenski 1940), both sides. A weight of 0: that sum is exact."""
    if a == b or max(a, 0) + max(b, 0) <= 0:
        return 1.0
    if min(a_weight, b_weight) <= 0:  # one is exact: against it the other stands as a normal estimate
        spread = math.sqrt(max(a, b) * max(a_weight, b_weight))
        return 2 * student_sf(abs(a - b) / spread, math.inf) if spread else 0.0
    drawn = max(0.0, a) / a_weight, max(0.0, b) / b_weight
    share = b_weight / (a_weight + b_weight)
    if sum(drawn) > _NORMAL:
        spread = math.sqrt(sum(drawn) * share * (1 - share))
        return 2 * student_sf(abs(drawn[0] - sum(drawn) * share) / spread, math.inf)
    more = beta_share(drawn[0], drawn[1] + 1, share) if drawn[0] > 0 else 1.0
    fewer = beta_share(drawn[1], drawn[0] + 1, 1 - share) if drawn[1] > 0 else 1.0
    return min(1.0, 2 * min(more, fewer))
