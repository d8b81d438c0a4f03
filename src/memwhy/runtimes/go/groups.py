"""Goroutines grouped by what they do: same state, same stack, created in the same place; and as Go's own profile texts.

The texts have the form of /debug/pprof/goroutine?debug=1 and ?debug=2 (runtime/pprof/pprof.go, printCountProfile;
runtime/traceback.go, traceback2), so that every tool that reads those reads these.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from memwhy.model.inspection import GoroutineGroup, StackFrame
from memwhy.runtimes.go.goroutines import Goroutine, Goroutines
from memwhy.runtimes.go.inline import Frame, stack_frames
from memwhy.runtimes.go.stacks import NO_STACK

_MOST_GROUPS = 10_000
_INNER_FRAMES = _OUTER_FRAMES = 50
"""runtime.tracebackInnerFrames: of a longer stack a traceback prints so many at each end."""
_MINUTE_S = 60


def groups(seen: Goroutines) -> tuple[GoroutineGroup, ...]:
    """The program's own goroutines, most first. Beyond ten thousand groups the smallest are put together by state."""
    texts = {row.raw_status << 8 | row.wait_reason: seen.state(row) for row in seen.rows}
    counted: Counter[tuple[str, int, int]] = Counter()
    longest: dict[tuple[str, int, int], float] = {}
    stack_bytes: Counter[tuple[str, int, int]] = Counter()
    for i, (row, stack) in enumerate(zip(seen.rows, seen.stacks, strict=True)):
        if i in seen.system:
            continue
        place = texts[row.raw_status << 8 | row.wait_reason], stack, row.created_pc if row.id != 1 else 0
        counted[place] += 1
        stack_bytes[place] += max(0, row.stack_high - row.stack_low)
        waiting_s = seen.waiting_s(row)
        if waiting_s is not None:
            longest[place] = max(waiting_s, longest.get(place, 0.0))
    merged: dict[_Alike, GoroutineGroup] = {}
    for rank, (place, count) in enumerate(counted.most_common()):
        state, stack, created_pc = place
        kept = rank < _MOST_GROUPS
        alike = (
            state,
            stack_frames(frames_of(seen, stack)) if kept else (),
            created_by(seen, created_pc) if kept else "",
        )
        merged[alike] = _joined(merged.get(alike), alike, count, longest.get(place), stack_bytes[place])
    return tuple(
        sorted(merged.values(), key=lambda group: (-group.count, group.state, group.created_by, _names(group.stack)))
    )


_Alike = tuple[str, tuple[StackFrame, ...], str]


def _joined(
    before: GoroutineGroup | None, alike: _Alike, count: int, waiting_s: float | None, stack_bytes: int
) -> GoroutineGroup:
    state, stack, creator = alike
    if before is not None:
        count += before.count
        stack_bytes += before.stack_bytes or 0
        waiting_s = max((one for one in (waiting_s, before.waiting_s) if one is not None), default=None)
    rounded_s = None if waiting_s is None else round(waiting_s, 3)
    return GoroutineGroup(
        count=count, state=state, stack=stack, created_by=creator, waiting_s=rounded_s, stack_bytes=stack_bytes
    )


def _names(stack: tuple[StackFrame, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((frame.function, frame.line) for frame in stack)


def frames_of(seen: Goroutines, stack: int) -> tuple[Frame, ...]:
    """The frames of a stack of `seen.stacks`, as a traceback shows them; none for NO_STACK."""
    if stack == NO_STACK:
        return ()
    return seen.unfolding.frames(seen.tree.pcs(stack), exact=seen.tree.is_exact(stack))


def created_by(seen: Goroutines, pc: int) -> str:
    """ "main.serve at /src/main.go:12": function and place of a go statement; "" where a traceback names none."""
    creator = seen.unfolding.creator(pc) if pc else None
    return "" if creator is None else f"{creator.function} at {creator.file}:{creator.line}"


def profile_text(seen: Goroutines, debug: Literal[1, 2] = 1) -> bytes:
    """What the program's own endpoint would answer, without labels and arguments, which the stack's layout does not tell.

    debug 1: counts by stack; goroutines without a stack count in the total alone. debug 2: each by itself.
    """
    return (_counts(seen) if debug == 1 else "\n".join(_tracebacks(seen))).encode()


def _counts(seen: Goroutines) -> str:
    own = [stack for i, stack in enumerate(seen.stacks) if i not in seen.system]
    lines = [f"goroutine profile: total {len(own)}"]
    for stack, count in Counter(own).most_common():
        if stack == NO_STACK:
            continue
        pcs = seen.tree.pcs(stack)
        lines.append(" ".join([f"{count} @", *(f"{pc:#x}" for pc in pcs)]))
        lines += (
            f"#\t{frame.pc:#x}\t{frame.function}+{frame.pc - frame.entry:#x}\t{frame.file}:{frame.line}"
            for frame in seen.unfolding.profiled(pcs, exact=seen.tree.is_exact(stack))
        )
        lines.append("")
    return "\n".join(lines) + "\n"


def _tracebacks(seen: Goroutines) -> Iterator[str]:
    texts: dict[int, str] = {}
    creators: dict[int, tuple[str, str]] = {}
    for i, (row, stack) in enumerate(zip(seen.rows, seen.stacks, strict=True)):
        if i in seen.system:
            continue
        if stack not in texts:
            texts[stack] = _traceback(seen, stack)
        if row.created_pc not in creators:
            creators[row.created_pc] = _creator(seen, row.created_pc)
        creator, place = creators[row.created_pc] if row.id != 1 else ("", "")
        parent = f" in goroutine {row.parent_id}" if creator and row.parent_id else ""
        yield f"{_header(seen, row)}\n{texts[stack]}{creator}{parent}{place}"


def _header(seen: Goroutines, row: Goroutine) -> str:
    minutes = int((seen.waiting_s(row) or 0) // _MINUTE_S)
    waiting = f", {minutes} minutes" if minutes else ""
    locked = ", locked to thread" if row.locked_machine else ""
    return f"goroutine {row.id} [{seen.state(row)}{waiting}{locked}]:"


def _traceback(seen: Goroutines, stack: int) -> str:
    if stack == NO_STACK:
        return "\tgoroutine running on other thread; stack unavailable\n"
    frames = frames_of(seen, stack)
    lines = [_frame(frame) for frame in frames]
    elided = len(lines) - _INNER_FRAMES - _OUTER_FRAMES
    if elided > 0:
        lines[_INNER_FRAMES:-_OUTER_FRAMES] = [f"...{elided} frames elided...\n"]
    return "".join(lines)


def _frame(frame: Frame) -> str:
    name = "panic" if frame.function == "runtime.gopanic" else frame.function
    at = "" if frame.inlined or frame.pc <= frame.entry else f" +{frame.pc - frame.entry:#x}"
    return f"{name}(...)\n\t{frame.file}:{frame.line}{at}\n"


def _creator(seen: Goroutines, pc: int) -> tuple[str, str]:
    creator = seen.unfolding.creator(pc) if pc else None
    if creator is None:
        return "", ""
    at = "" if creator.pc <= creator.entry else f" +{creator.pc - creator.entry:#x}"
    return f"created by {creator.function}", f"\n\t{creator.file}:{creator.line}{at}\n"
