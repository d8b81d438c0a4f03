"""Advice that is computed from what was measured: a GOMEMLIMIT with its arithmetic, the time to the limit, alert rules."""

from dataclasses import dataclass

from memwhy.conclude.alerts import alert_rules
from memwhy.conclude.limits import TOTALS, YEAR_S, meeting, room_of
from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Advice
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes, human_duration, human_rate

HORIZON_S = 24 * 3600.0
"""How long a limit has to leave room for what grows outside Go."""
MARGIN = 0.05
"""Of the limit that is left free: the Go team's guide to the collector asks for 5 to 10 % (go.dev/doc/gc-guide)."""
LIVE_ROOM = 1.1
"""A limit below the live heap times this keeps the collector running without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shares:
    """What a process holds outside Go's heap and inside, of a ceiling. outside_per_s: the most it may grow by; 0 where
    it does not grow. of_cgroup: the ceiling is a cgroup's limit, else the end of the
    host. exact: by layers, else a lower bound by Go's own numbers. others_bytes: of other processes."""

    ceiling_bytes: int
    ceiling: str
    of_cgroup: bool
    others_bytes: int
    outside_bytes: int
    outside_per_s: float
    exact: bool


def advise(case: Case) -> tuple[Advice, ...]:
    """What applies to this case, in the order in which it is read."""
    found = (_memory_limit(case), _time_to_limit(case), alert_rules(case))
    return tuple(one for one in found if one is not None)


# -- a limit for Go's heap --------------------------------------------------------------------------------------------


def _memory_limit(case: Case) -> Advice | None:
    """GOMEMLIMIT bounds Sys - HeapReleased (runtime/debug.SetMemoryLimit): what is outside of it has to be subtracted."""
    shares = _shares(case)
    if shares is None or (not shares.of_cgroup and not weigh.grows(case)):
        return None
    growth = round(shares.outside_per_s * HORIZON_S)
    margin = round(MARGIN * shares.ceiling_bytes)
    left = shares.ceiling_bytes - shares.others_bytes - shares.outside_bytes - growth - margin
    value = max(0, left) // MIB * MIB
    rows = [
        (shares.ceiling_bytes, shares.ceiling if shares.of_cgroup else "what it has now, and what the host has left")
    ]
    if shares.others_bytes:
        rows.append((-shares.others_bytes, "of others within it, file pages that can be taken back left out"))
    rows.append((-shares.outside_bytes, "resident outside Go now" + ("" if shares.exact else ", at least")))
    if growth:
        rows.append((-growth, f"its growth in a day, at most {human_rate(shares.outside_per_s, 's')}"))
    rows.append((-margin, f"free, {MARGIN:.0%} of the limit"))
    text, usable = _limit_said(case, shares, value, left)
    return Advice(
        kind="memory-limit",
        text=text,
        arithmetic=tuple(f"{human_bytes(size):>11}  {what}" for size, what in (*rows, (left, "left for Go"))),
        bytes=value if usable else None,
    )


def _limit_said(case: Case, shares: _Shares, value: int, left: int) -> tuple[str, bool]:
    """The advice in words, and whether the value can be used."""
    setting = f"GOMEMLIMIT={value // MIB}MiB"
    live = case.series.get("derived.go_live_bytes") or case.series.get("go.heap_alloc_bytes")
    if shares.outside_per_s:
        room = shares.ceiling_bytes - shares.others_bytes - shares.outside_bytes - _held(case)
        full_s = max(0, room) / shares.outside_per_s
        why = (
            f"No GOMEMLIMIT helps: the growth is outside the Go heap ({human_rate(shares.outside_per_s, 's')} at most)"
        )
        if value < (live.last * LIVE_ROOM if live is not None else MIB):
            return f"{why}, and it can reach {shares.ceiling} by itself in {human_duration(full_s)}.", False
        return f"{why}; until it is mended, {setting} leaves it room for a day.", True
    if left <= 0:
        return f"No GOMEMLIMIT helps: what is outside the Go heap leaves nothing of {shares.ceiling}.", False
    if live is not None and value < live.last * LIVE_ROOM:
        needed = round(live.last * LIVE_ROOM) - left + shares.ceiling_bytes
        return (
            f"{setting} would be less than Go's live {human_bytes(live.last)} needs: the collector would run without end."
            f" Raise {shares.ceiling} to {human_bytes(needed)} at least.",
            False,
        )
    text = f"{setting} keeps Go within {shares.ceiling}."
    set_now = case.series.get("go.memory_limit_bytes")
    if set_now is not None and set_now.last > left:
        text += f" The present {human_bytes(set_now.last)} does not: it leaves out what is outside Go."
    if live is not None and live.growing:
        text += " It does not mend a leak: live objects grow, and near the limit the collector runs ever more often."
    return text, True


def _shares(case: Case) -> _Shares | None:
    """None where it is no Go process, or its RSS, Go's part of it, or the limit is not known."""
    rss = case.series.get("process.rss_bytes")
    room, ceiling = room_of(case)
    if case.target.runtime != "go" or case.total != "process.rss_bytes" or rss is None or room is None:
        return None
    go, outside = case.series.get("derived.go_resident_bytes"), case.series.get("derived.outside_go_bytes")
    exact = case.account is not None and case.account.fine and go is not None
    if exact and go is not None:
        resident = max(0, rss.last - go.last)
    elif outside is not None:
        resident = outside.last
    else:
        return None
    of_cgroup = ceiling.startswith("the cgroup")
    limit = case.series["cgroup.limit_bytes"].last if of_cgroup else rss.last + max(0, room)
    return _Shares(
        ceiling_bytes=limit,
        ceiling=ceiling,
        of_cgroup=of_cgroup,
        others_bytes=max(0, limit - rss.last - room),
        outside_bytes=resident,
        outside_per_s=_outside_per_s(case, go if exact else None, outside),
        exact=exact,
    )


def _outside_per_s(case: Case, go: Series | None, outside: Series | None) -> float:
    """The most that memory outside Go grows by, bytes a second; 0 where growth outside Go is not shown."""
    whole = weigh.total(case)
    course = whole.course if whole is not None else None
    if not isinstance(course, Trend) or course.per != "s" or not weigh.grows(case):
        return 0.0
    inside = go.course if go is not None else None
    if isinstance(inside, Trend) and inside.per == "s":
        if course.slope - max(0.0, inside.slope) < weigh.MINOR * course.slope:
            return 0.0
        return max(0.0, course.high - max(0.0, inside.low))
    beyond = outside.course if outside is not None else None
    return max(0.0, beyond.high) if isinstance(beyond, Trend) and beyond.per == "s" and beyond.growing else 0.0


def _held(case: Case) -> int:
    go = case.series.get("derived.go_resident_bytes") or case.series.get("derived.go_held_bytes")
    return go.last if go is not None else 0


# -- when the limit is met --------------------------------------------------------------------------------------------


def _time_to_limit(case: Case) -> Advice | None:
    """The time until the nearest limit, with an interval; or that it is not met at this rate, and how sure that is."""
    met = meeting(case)
    if met is None:
        return _never(case)
    away = f"{met.limit} is {human_bytes(met.room_bytes)} away"
    if met.soonest_s > YEAR_S:
        text = f"Not within a year: at this rate {away}."
    elif met.likely_s > YEAR_S:
        text = f"{away[0].upper()}{away[1:]}: more than a year at this rate ({human_duration(met.soonest_s)} at the soonest)."
    else:
        text = f"{away[0].upper()}{away[1:]}: {human_duration(met.likely_s)} at this rate ({met.interval})."
    return Advice(
        kind="time-to-limit", text=text, soonest_s=met.soonest_s, likely_s=met.likely_s, latest_s=met.latest_s
    )


def _never(case: Case) -> Advice | None:
    """For a level course under a cgroup's limit: what these data could not have seen would take so long."""
    whole = weigh.total(case)
    room, name = room_of(case)
    course = whole.course if whole is not None and case.total in TOTALS else None
    if room is None or room <= 0 or not isinstance(course, Trend) or course.per != "s":
        return None
    if course.shape not in ("flat", "falling") or not name.startswith("the cgroup"):
        return None
    text = f"Never at this rate: {name} is {human_bytes(room)} away, and nothing grows."
    soonest_s = room / course.high if course.high > 0 else None
    if soonest_s is not None:
        text += (
            f" What these {human_duration(course.span)} cannot exclude ({human_rate(course.high, 's')}) would take"
            f" {human_duration(min(soonest_s, YEAR_S))}{' and more' if soonest_s > YEAR_S else ''}."
        )
    return Advice(kind="time-to-limit", text=text, soonest_s=soonest_s)
