"""Stacks as trees: the Go heap, native memory and goroutines, each at the end beside the beginning."""

from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from memwhy.attribution.frames import module_of
from memwhy.attribution.states import Seen, by_stack, count_states, heap_states
from memwhy.model.case import Case
from memwhy.model.gomodules import GoModules
from memwhy.model.native import CodeName, StackReading
from memwhy.model.pictures import FlameGraph, FlameNode, FrameKind
from memwhy.model.units import human_bytes, human_duration

LEAST_SHARE = 0.001
"""A box of less is narrower than a pixel: such callees stand together as one."""
MOST_FRAMES = 200
"""Of one stack; what lies deeper is put down to the last of them."""
SMALLER = "(smaller ones)"
_ALLOCATORS = {"malloc": "malloc", "mmap": "mmap"}
"""Kinds of native stacks, and who stands at their end. What a runtime has for itself is in no layer of these."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One function of a stack, as a box is told apart from its neighbours."""

    name: str
    module: str
    kind: FrameKind


Stacks = Map[tuple[Frame, ...], int]
"""Leaf first → how much."""


@dataclass(slots=True)
class _Box:
    now: int = 0
    before: int = 0
    below: dict[Frame, "_Box"] = field(default_factory=dict)


def flames(case: Case) -> tuple[FlameGraph, ...]:
    """Every tree that can be drawn: of the Go heap, of native memory, of goroutines; those that were seen."""
    found = (_heap(case), _native(case), _goroutines(case))
    return tuple(one for one in found if one is not None and one.root.children)


def _heap(case: Case) -> FlameGraph | None:
    seen = heap_states(case.profiles)
    if seen is None:
        return None
    what = f"what is in use, as the profiler samples it, one block in {human_bytes(seen.period)}; {_span(seen)}"
    return _of_profiles(case, seen, key="heap", title="Go heap", what=what, unit_is_bytes=True)


def _goroutines(case: Case) -> FlameGraph | None:
    seen = count_states(case.profiles, "goroutine")
    if seen is None:
        return None
    return _of_profiles(
        case, seen, key="goroutines", title="Goroutines", what=f"how many there are; {_span(seen)}", unit_is_bytes=False
    )


def _span(seen: Seen) -> str:
    """Between which moments the growth lies."""
    if len(seen.profiles) < 2:
        return "one state only, so that nothing is known of growth"
    if seen.per == "sample":
        return "the last profile beside the first"
    return f"at the end beside {human_duration(seen.xs[-1] - seen.xs[0])} before"


def _of_profiles(case: Case, seen: Seen, *, key: str, title: str, what: str, unit_is_bytes: bool) -> FlameGraph:
    modules = GoModules(case.facts)

    def frame(name: str) -> Frame:
        module = (modules.named(name) if modules.known else "") or module_of(name) or ""
        return Frame(name, module, "go")

    known: dict[str, Frame] = {}

    def framed(frames: Iterable[str]) -> tuple[Frame, ...]:
        return tuple(known.get(name) or known.setdefault(name, frame(name)) for name in frames)

    now = {framed(frames): value for frames, value in by_stack(seen.newest).items()}
    has_before = len(seen.profiles) > 1
    first = by_stack(seen.profiles[0].profile) if has_before else {}
    before = {framed(frames): value for frames, value in first.items()}
    root = tree(now, before, name=title)
    return FlameGraph(
        key=key,
        title=title,
        what=what,
        root=root,
        total_bytes=root.bytes,
        before_bytes=root.before_bytes,
        unit="bytes" if unit_is_bytes else "count",
        before=has_before,
    )


def _native(case: Case) -> FlameGraph | None:
    grown = case.stacks
    if grown is None:
        return None
    root = tree(_outstanding(grown.last), _outstanding(grown.first), name="Native memory")
    span = "" if grown.first is None else f"; at the end beside {_seconds_before(grown.last, grown.first)} before"
    return FlameGraph(
        key="native",
        title="Native memory",
        what=f"what malloc and mmap gave out and nobody has freed, by sampling one block in {human_bytes(grown.last.period_bytes)}{span}",
        root=root,
        total_bytes=root.bytes,
        before_bytes=root.before_bytes,
        before=grown.first is not None,
    )


def _seconds_before(last: StackReading, first: StackReading) -> str:
    return human_duration(last.life_s - first.life_s)


def _outstanding(reading: StackReading | None) -> Stacks:
    found: dict[tuple[Frame, ...], int] = {}
    for stack in reading.stacks if reading is not None else ():
        if stack.kind in _ALLOCATORS and stack.outstanding_bytes > 0:
            leaf = Frame(_ALLOCATORS[stack.kind], "", "other")
            frames = (leaf, *map(_native_frame, stack.frames))
            found[frames] = found.get(frames, 0) + stack.outstanding_bytes
    return found


def _native_frame(frame: CodeName) -> Frame:
    module = f"{frame.module}@{frame.version}" if frame.version else frame.module
    return Frame(frame.function, module, "go" if frame.is_go else "native")


def tree(now: Stacks, before: Stacks, *, name: str) -> FlameNode:
    """Stacks put together from the outermost function on. What is gone by now has no box of its own; callees with too
    little to be seen, now and before, stand together."""
    root = _Box()
    for frames, value in now.items():
        for box in _boxes(root, frames):
            box.now += max(0, value)
    for frames, value in before.items():
        for box in _boxes(root, frames):
            box.before += max(0, value)
    least = max(1, round(LEAST_SHARE * max(root.now, root.before)))
    return _node(Frame(name, "", "other"), root, least)


def _boxes(root: _Box, frames: tuple[Frame, ...]) -> Iterable[_Box]:
    """The boxes of one stack, from the root on; made where they are missing."""
    yield root
    box = root
    for frame in tuple(reversed(frames))[:MOST_FRAMES]:
        box = box.below.setdefault(frame, _Box())
        yield box


def _node(frame: Frame, box: _Box, least: int) -> FlameNode:
    shown = [(one, its) for one, its in box.below.items() if max(its.now, its.before) >= least]
    shown.sort(key=lambda row: (-row[1].now, row[0].name, row[0].module))
    children = [_node(one, its, least) for one, its in shown]
    small = [its for its in box.below.values() if max(its.now, its.before) < least]
    if small:
        rest = Frame(SMALLER, "", "other")
        together = _Box(now=sum(its.now for its in small), before=sum(its.before for its in small))
        children.append(_node(rest, together, least))
    return FlameNode(
        name=frame.name,
        module=frame.module,
        kind=frame.kind,
        bytes=box.now,
        before_bytes=box.before,
        children=tuple(children),
    )
