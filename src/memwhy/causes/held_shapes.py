"""Shapes: what kind of holder keeps a heap alive, and what is to be done about that kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from memwhy.causes import counted
from memwhy.model.case import Case
from memwhy.model.holders import HeldLine
from memwhy.model.units import human_bytes

MOSTLY_IDLE = 0.5
"""Of the bytes of arrays and maps, shown by nobody: the rest is not what costs."""
ALIKE = 0.25
"""Two counts that were taken at different moments of a watch tell of the same things when they differ by less."""
GOROUTINES = "goroutines"
"""What looks call the runtime's own lists of them."""
TIMERS_COLLECTED = (1, 23)
"""Since Go 1.23 a timer to which nothing refers is collected unstopped (time.NewTimer, time.NewTicker)."""
_VERSION = re.compile(r"go(\d+)\.(\d+)")
_TIMER = ("time.Timer", "time.Ticker", "runtime.timer", "runtime.timeTimer")
_CONTEXT = (
    "context.cancelCtx",
    "context.timerCtx",
    "context.valueCtx",
    "context.withoutCancelCtx",
    "context.afterFuncCtx",
)
_POOL = ("sync.Pool", "sync.poolLocal", "sync.poolChain", "sync.poolChainElt")
_LIST = ("list.Element", "list.List", "ring.Ring")


@dataclass(frozen=True, slots=True)
class Shape:
    """what: in words, behind "it is". remedy: what fits it; root: another cause that is behind it, "" for none."""

    name: str
    what: str
    remedy: tuple[str, ...]
    root: str = ""


def shape_of(line: HeldLine, case: Case) -> Shape:
    """The most telling of all that it is."""
    return next(shape for find in _KINDS if (shape := find(line, case)) is not None)


def _types(line: HeldLine) -> tuple[str, ...]:
    """Bare types of the way to it, and of what becomes more there."""
    return tuple(one.removeprefix("[]").lstrip("*") for one in (*line.types, line.inner))


def _any(line: HeldLine, names: tuple[str, ...]) -> bool:
    return any(one in names for one in _types(line))


def _pool(line: HeldLine, case: Case) -> Shape | None:
    if not _any(line, _POOL) and not any(name.startswith("sync.allPools") for name in line.names):
        return None
    return Shape(
        "pool",
        "a sync.Pool, which gives up at the second collection what nobody takes: no leak by itself",
        ("do not put back what has grown large: drop buffers above some size before Put",),
    )


def _finalizer(line: HeldLine, case: Case) -> Shape | None:
    if line.kind not in ("finalizer", "cleanup"):
        return None
    return Shape(
        "finalizer",
        f"kept for its {line.kind}, which has not run",
        (
            f"close such values when they are done with; a {line.kind} whose function refers to the value itself never runs,"
            " and one that blocks holds up all the others: there is one goroutine for them",
        ),
    )


def _timer(line: HeldLine, case: Case) -> Shape | None:
    if not _any(line, _TIMER) and not (line.kind == "global" and line.names[0].startswith(("timer of ", "timers"))):
        return None
    version = _VERSION.match(case.target.runtime_version or "")
    old = version is not None and (int(version[1]), int(version[2])) < TIMERS_COLLECTED
    why = (
        "before Go 1.23 a timer stays until it fires, a ticker for ever: Stop each; build with Go 1.23 or later"
        if old
        else "since Go 1.23 one to which nothing refers goes by itself: these are set (AfterFunc), or somebody still refers to them: Stop each"
    )
    return Shape("timers", "timers that were not stopped, with all that their functions refer to", (why,))


def _context(line: HeldLine, case: Case) -> Shape | None:
    if not _any(line, _CONTEXT):
        return None
    return Shape(
        "contexts",
        "contexts that were derived and never cancelled: the parent keeps each as its child, with the values in it",
        ("call the cancel function of every context.WithCancel, WithTimeout and WithDeadline: defer cancel() where it is made",
         "go vet reports cancel functions that are not called on every way (lostcancel)"),
    )  # fmt: skip


def _queue(line: HeldLine, case: Case) -> Shape | None:
    if not any(one.startswith("chan ") for one in _types(line)[:-1]):
        return None
    return Shape(
        "queue",
        "a channel's buffer: what is sent and not yet received",
        ("receive faster than is sent, or make the buffer small, so that senders wait instead of memory growing",),
    )


def _goroutines(line: HeldLine, case: Case) -> Shape | None:
    themselves = line.kind == "global" and line.names[0] == GOROUTINES
    if not themselves and (line.kind != "goroutine" or not _with_goroutines(line, case)):
        return None
    who = "the goroutines that become more" if themselves else f"the goroutines of {line.names[0]}"
    what = (
        "what Go itself keeps for each goroutine"
        if themselves
        else f"what {who} refer to from their stacks, while these become more"
    )
    return Shape(
        "goroutines",
        what,
        (f"give {who} a way out: a context, a closed channel, a timeout where they wait",),
        root="goroutine-leak",
    )


def _with_goroutines(line: HeldLine, case: Case) -> bool:
    """The goroutines of the line become more, or all do by as many as what it holds."""
    first, last = line.goroutines[0], line.goroutines[-1]
    if last is not None:
        return last - (first or 0) >= counted.PILED
    series = case.series.get("go.goroutines_count")
    if series is None or not counted.rising(series) or not line.inner_counts:
        return False
    more = line.inner_counts[-1] - line.inner_counts[0]
    came = series.last - series.first
    return came >= (1 - ALIKE) * more and more >= counted.PILED


def _idle(line: HeldLine, case: Case) -> Shape | None:
    if line.idle_bytes is None or line.idle_bytes < MOSTLY_IDLE * line.own_bytes:
        return None
    idle = human_bytes(line.idle_bytes)
    if line.types[-1].startswith("map["):
        return Shape(
            "empty map",
            f"room of maps whose entries were deleted ({idle} of it): a map never gives its buckets back",
            ("make a new map now and then and copy what is left into it (maps.Clone keeps no spare room)",),
        )
    texts = any("string" in one for one in (*_types(line), *(name for name, _ in line.below)))
    if texts:
        return Shape(
            "substrings",
            f"short strings that hold large ones: nobody refers to {idle} of the bytes that they keep",
            ("strings.Clone what is kept of a large string or buffer, so that the rest can go",),
        )
    return Shape(
        "sub-slices",
        f"slices that show a small part of large arrays: nobody refers to {idle} of the bytes that they keep",
        ("copy what is kept (slices.Clone, append to a new slice), so that the large array can go",),
    )


def _list(line: HeldLine, case: Case) -> Shape | None:
    itself = line.inner != "" and line.inner.lstrip("*") == line.types[-1].lstrip("*")
    if not _any(line, _LIST) and not (itself and line.kind == "global" and len(line.types) > 1):
        return None
    keyed = any(name.startswith("map[") for name, _ in line.below)
    what = "a list with a map to find its elements, as caches are built" if keyed else "a linked list"
    return Shape("list", f"{what}, to which elements come", ("remove the oldest element when a bound is reached",))


def _handles(line: HeldLine, case: Case) -> Shape | None:
    if line.names[0] != "runtime/cgo.handles":
        return None
    return Shape("handles", "cgo handles", ("call Delete on every cgo.Handle once C is done with it",))


def _map(line: HeldLine, case: Case) -> Shape | None:
    if not line.types[-1].startswith("map[") and "sync.Map" not in _types(line):
        return None
    return Shape(
        "map",
        "a map to which entries come",
        ("bound it: delete the oldest entries, or those that nobody asked for in a while, when a size is reached",
         "look at its keys: one that carries a time, an id or an address is never found again"),
    )  # fmt: skip


def _slice(line: HeldLine, case: Case) -> Shape | None:
    if not line.types[-1].startswith("[]"):
        return None
    return Shape(
        "slice",
        "a slice to which values are appended",
        ("bound it, or empty what is done with: clear(s[:n]); s = s[n:] alone keeps the array",),
    )


def _other(line: HeldLine, case: Case) -> Shape | None:
    return Shape("other", "", ("bound or empty what it keeps",))


_KINDS: tuple[Callable[[HeldLine, Case], Shape | None], ...] = (
    _pool, _finalizer, _goroutines, _timer, _context, _queue, _handles, _idle, _list, _map, _slice, _other,
)  # fmt: skip
