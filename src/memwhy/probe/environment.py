"""A variable of the environment, tried by a pair of runs: the same command for the same time, as it is and with the variable.

What each hypothesis expects comes from the first run's figures; what is measured is how much lower the second ends, or, where the variable
changes the collector's pace, how much slower it grows.
"""

import math
import re
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.digits import whole_number
from memwhy.model.errors import UsageError
from memwhy.model.gosettings import gogc_percent, memory_limit_bytes
from memwhy.model.metrics import label
from memwhy.model.probe import Experiment, Measured, Prediction, Result, Unit
from memwhy.model.proof import Pace
from memwhy.model.units import MIB, human_bytes, human_change, human_duration, human_rate
from memwhy.probe.predictions import ERROR_SHARE, LEAST_ERROR_BYTES, noise_of
from memwhy.proof.pace import later_half, pace_of

UNMOVED = 0.1
"""Two runs of the same program differ by so much of what the variable could touch, and more."""
SOME, MOST = 0.3, 1.3
STEADY_PACE = 0.3
RUNS = ("first", "second")
LAST_PART = 0.25
"""The level is what the last quarter of the time shows."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ALIKE_SHARE = 0.8
"""Of the longer run's time: a run that lasted for less is not as long."""
_NATIVE = ("native-leak", "native-cache", "heap-leak", "mmap-leak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """NAME=VALUE as --probe env: has it."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effect:
    """What a variable can take away at most, in bytes, if one of `causes` holds it; others are unmoved. low: the share of it at least;
    beside: what may go with it."""

    causes: tuple[str, ...]
    most: float
    because: str
    unmoved: tuple[str, ...]
    low: float = SOME
    beside: float = 0.0


def variable(text: str) -> Variable:
    """NAME=VALUE. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name) or "\0" in value:
        raise UsageError(f"--probe env:{text} names no variable and value", help="--probe env:MALLOC_ARENA_MAX=2")
    return Variable(name=name, value=value)


def candidates(case: Case) -> tuple[Variable, ...]:
    """The variables that could tell something about this run."""
    found = [Variable(name="MALLOC_ARENA_MAX", value="2")] if _last(case, "layer.native_arenas_bytes") else []
    if case.target.runtime == "go":
        found.append(Variable(name="GOGC", value="50"))
        if _last(case, "process.lazy_free_bytes"):
            found.append(Variable(name="GODEBUG", value="madvdontneed=1"))
        if _last(case, "process.anon_huge_bytes"):
            found.append(Variable(name="GODEBUG", value="disablethp=1"))
    return tuple(one for one in found if _changes(case, one))


def _changes(case: Case, what: Variable) -> bool:
    """Whether the first run was without it, or with something looser."""
    now = case.facts.get(f"env.{what.name}", "")
    if what.name == "MALLOC_ARENA_MAX":
        return (whole_number(now) or math.inf) > (whole_number(what.value) or 0)
    if what.name == "GODEBUG":
        return what.value not in now.split(",")
    return tighter(case, what)


def tighter(case: Case, what: Variable) -> bool:
    """Whether this value of GOGC or GOMEMLIMIT holds the Go heap tighter than the one in force, and would have in this run.

    A limit does where it lies below what Go held (Sys - HeapReleased, which is what it limits) in the middle of the run:
    above that the second run grows as the first one did for half of the time.
    """
    now = case.facts.get(f"env.{what.name}", "")
    if what.name == "GOGC":
        return _percent(what.value) < _percent(now)
    held = case.series.get("derived.go_held_bytes")
    limit = _limit_bytes(what.value)
    return held is not None and limit < _limit_bytes(now) and limit <= (held.first + held.last) / 2


def _percent(text: str) -> float:
    """GOGC; endless where it is off."""
    found = gogc_percent(text)
    return math.inf if found is None else found


def _limit_bytes(text: str) -> float:
    """GOMEMLIMIT; endless where it is off or not set. One that Go cannot read ends the program, which then is the result."""
    found = memory_limit_bytes(text)
    return math.inf if found is None else found


def pair(case: Case, what: Variable) -> Experiment:
    """What the second run should show. case: the first one. A variable that no hypothesis says anything of is compared all the same."""
    whole = case.series["process.rss_bytes"]
    by_pace = what.name in ("GOGC", "GOMEMLIMIT") and bool(weigh.grows(case)) and pace_of(whole).slope is not None
    end = level_of(whole)[0]
    error = math.hypot(noise_of(case), ERROR_SHARE * end + 2 * LEAST_ERROR_BYTES)
    unit: Unit = "bytes"
    predictions = _by_level(case, what)
    widest = 2 * end
    if by_pace:
        unit, pace = "bytes/s", pace_of(whole)
        slope = pace.slope or 0.0
        error = max(((pace.high or slope) - (pace.low or slope)) / 2, ERROR_SHARE * abs(slope), 1.0)
        predictions, widest = _by_pace(case, slope, what) if tighter(case, what) else (), 4 * abs(slope)
    return Experiment(
        name=f"env:{what}",
        does=(
            f"runs the command a second time, for as long, with {what}; nothing else is done to it",
            "not ruled out: the two runs had other work to do; a service that both reached remembers the first one",
        ),
        measure="growth is slower by" if by_pace else f"RSS at the end is lower with {what.name} by",
        unit=unit,
        error=error,
        widest=max(widest, 1.0) + 2 * error,
        predictions=predictions,
    )


def compared(stated: Experiment, first: Case, second: Case) -> Experiment:
    """The pair's result. The second run's case has no RSS where it ended at once: then there is a problem and no result."""
    old, new = first.series["process.rss_bytes"], second.series.get("process.rss_bytes")
    if new is None or len(new.points) < 3:
        return replace(stated, problem="the second run ended before there was anything to compare")
    spans = [one.points[-1][0] - one.points[0][0] for one in (old, new)]
    if min(spans) < ALIKE_SHARE * max(spans):
        which = RUNS[spans.index(min(spans))]
        ago = f"{human_duration(min(spans))} of {human_duration(max(spans))}"
        return replace(stated, problem=f"the {which} run ended early, after {ago}: the two cannot be compared")
    paces = (_settled(old), _settled(new))
    levels = (level_of(old), level_of(new))
    lower = levels[0][0] - levels[1][0]
    spread = 1.96 * math.hypot(levels[0][1], levels[1][1])
    value = lower
    if stated.unit == "bytes/s":
        for which, pace in zip(RUNS, paces, strict=True):
            if pace.slope is None:
                return replace(stated, problem=f"the {which} run has no trend: {pace.reason}")
        assert paces[0].slope is not None and paces[1].slope is not None
        value = paces[0].slope - paces[1].slope
    names = ("as it is", f"with {stated.name.removeprefix('env:')}")
    said = [
        *(
            f"{name}: {pace_said(pace)}; {human_bytes(at[0])} at the end"
            for name, pace, at in zip(names, paces, levels, strict=True)
        ),
        f"lower at the end by {human_change(lower)} ({human_change(lower - spread)} to {human_change(lower + spread)})",
        *_layers(first, second),
    ]
    moments = tuple(Measured(when=name, rss_bytes=round(at[0])) for name, at in zip(names, levels, strict=True))
    return replace(stated, result=Result(value=value, said=tuple(said), measured=moments))


def level_of(series: Series) -> tuple[float, float]:
    """(mean of the last quarter of the time, its standard error by the spread beside the growth)."""
    start = series.points[-1][0] - LAST_PART * (series.points[-1][0] - series.points[0][0])
    values = [value for x, value in series.points if x >= start]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.fmean(values), spread / math.sqrt(len(values))


def pace_said(pace: Pace) -> str:
    """`+45.1 MiB/min (+44.0 to +46.2)`"""
    if pace.slope is None or pace.low is None or pace.high is None:
        return f"no trend ({pace.reason})"
    return f"{human_rate(pace.slope, pace.per)} ({human_change(pace.low * 60)} to {human_change(pace.high * 60)}), {pace.shape}"


def _settled(series: Series) -> Pace:
    """The pace of the whole; of the later half where that has one and the whole is a start."""
    whole = pace_of(series)
    if whole.shape not in ("warm-up", "step"):
        return whole
    later = later_half(series)
    return whole if later.slope is None else later


def _layers(first: Case, second: Case) -> Iterable[str]:
    """The layers that differ most."""
    names = [name for name in first.series if name.startswith("layer.") and name in second.series]
    rows = sorted(
        ((first.series[name].last - second.series[name].last, name) for name in names), key=lambda row: -abs(row[0])
    )
    shown = [f"{label(name)} {human_change(-less)}" for less, name in rows[:3] if abs(less) >= MIB]
    return [f"with it: {', '.join(shown)}"] if shown else []


def _by_level(case: Case, what: Variable) -> tuple[Prediction, ...]:
    effect = _EFFECTS.get(what.name, _nothing)(case, what)
    if effect is None:
        return ()
    room = UNMOVED * effect.most + LEAST_ERROR_BYTES
    return (
        *(Prediction(cause=one, low=effect.low * effect.most, high=max(effect.most + effect.beside, room), because=effect.because) for one in effect.causes),
        *(Prediction(cause=one, low=-room, high=room, because="what it holds is in use in both runs") for one in effect.unmoved),
    )  # fmt: skip


def _by_pace(case: Case, slope: float, what: Variable) -> tuple[Prediction, ...]:
    """The heap is allowed live + live * GOGC / 100 (runtime/mgcpacer.go): of a live heap that grows, the room beside it shrinks too."""
    room = STEADY_PACE * abs(slope)
    least = _percent(what.value) if what.name == "GOGC" else 0.0
    beside = max(0.0, slope) * (1 - (100 + least) / (100 + _percent(case.facts.get("env.GOGC", ""))))
    live, idle = "what is live grows whatever the collector does", f"{what} bounds it: it stops, or nearly"
    return (
        *(Prediction(cause=one, low=weigh.MAIN * slope, high=slope + room, because=idle) for one in ("gc-headroom", "heap-retained")),
        *(Prediction(cause=one, low=-room, high=beside + room, because=live) for one in ("heap-leak", "goroutine-leak")),
        *(Prediction(cause=one, low=-room, high=room, because=live) for one in ("native-leak", "native-retained")),
    )  # fmt: skip


def _arenas(case: Case, what: Variable) -> _Effect | None:
    size = _last(case, "layer.native_arenas_bytes")
    count = _last(case, "malloc.arenas_count") or _last(case, "process.arena_like_count")
    most = whole_number(what.value) or 0
    if not size or not most:
        return None
    share = max(0.0, 1.0 - most / count) if count else 1.0
    text = f"the native arenas hold {human_bytes(size)}" + (
        f" in {count} arenas, of which {most} are left" if count else ""
    )
    return _Effect(
        causes=("native-retained",), most=size * share, because=text, unmoved=_NATIVE, beside=size * (1 - share)
    )


def _godebug(case: Case, what: Variable) -> _Effect | None:
    """Only the values that give memory up, and only where they were not in force."""
    words, now = what.value.split(","), case.facts.get("env.GODEBUG", "").split(",")
    metrics = {"madvdontneed=1": "process.lazy_free_bytes", "disablethp=1": "process.anon_huge_bytes"}
    metric = next((metrics[word] for word in words if word in metrics and word not in now), None)
    if metric is None or metric not in case.series:
        return None
    size = case.series[metric].last
    text = f"{label(metric)}: {human_bytes(size)}"
    return _Effect(
        causes=("heap-retained",), most=float(size), because=text, unmoved=("heap-leak", "gc-headroom", "native-leak")
    )


def _gogc(case: Case, what: Variable) -> _Effect | None:
    goal, live = case.series.get("go.next_gc_bytes"), case.series.get("derived.go_live_bytes")
    if goal is None or live is None or not tighter(case, what):
        return None
    room = max(0.0, float(goal.last - live.last) - live.last * _percent(what.value) / 100)
    text = f"the room above the live heap shrinks from {human_bytes(goal.last - live.last)} by {human_bytes(room)}"
    return _Effect(causes=("gc-headroom",), most=MOST * room, because=text, unmoved=("native-leak", "native-retained"))


def _memory_limit(case: Case, what: Variable) -> _Effect | None:
    idle = _last(case, "derived.go_retained_bytes")
    if not idle or not tighter(case, what):
        return None
    text = f"idle Go heap not given back: {human_bytes(idle)}"
    return _Effect(causes=("heap-retained",), most=float(idle), because=text, unmoved=("heap-leak", "native-leak", "native-retained"), low=0.0)  # fmt: skip


def _nothing(case: Case, what: Variable) -> _Effect | None:
    return None


_EFFECTS: dict[str, Callable[[Case, Variable], _Effect | None]] = {
    "MALLOC_ARENA_MAX": _arenas,
    "GODEBUG": _godebug,
    "GOGC": _gogc,
    "GOMEMLIMIT": _memory_limit,
}
"""What is known of a variable; of any other none of our hypotheses says anything."""


def _last(case: Case, metric: str) -> int:
    series = case.series.get(metric)
    return series.last if series is not None else 0
