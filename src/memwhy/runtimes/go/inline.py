"""From program counters to the frames that a person reads: inlined calls unfolded, wrappers and the runtime's own insides left out.

The rules are the runtime's, so that a stack read from outside equals the one that /debug/pprof/goroutine?debug=2 prints:
runtime/traceback.go (traceback2, showfuncinfo, isExportedRuntime, elideWrapperCalling, funcNamePiecesForPrint),
runtime/symtabinl.go (inlineUnwinder) for Go 1.20 and later, runtime/symtab.go (inlinedCall) for 1.19.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from memwhy.model.inspection import StackFrame
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.pclntab import Function, FunctionTable

_INJECTED = frozenset({"runtime.sigpanic", "runtime.asyncPreempt", "runtime.debugCallV2"})
_PANICS = frozenset({"runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"})
_ALWAYS_SHOWN = frozenset({"runtime.runFinalizers", "runtime.runCleanups"})
_RUNTIME = ("runtime.", "internal/runtime/")
_MOST_INLINED = 256
_MOST_KEPT = 1 << 18


class Frame(NamedTuple):
    """One logical frame. pc: of the call or the instruction, as the runtime prints it; entry: of the physical function."""

    function: str
    file: str
    line: int
    inlined: bool
    wrapper: bool
    pc: int
    entry: int


class Unfolding:
    """Unfolds program counters, remembering each: thousands of goroutines stand at the same few."""

    def __init__(self, functions: FunctionTable, layout: Layout) -> None:
        self.functions = functions
        constants = layout.constants
        self._wrapper = constants.get("FuncIDWrapper", constants.get("funcID_wrapper", -1))
        self._kept: dict[tuple[int, bool], tuple[Frame, ...]] = {}

    def frames(self, pcs: Sequence[int], *, exact: bool = False) -> tuple[Frame, ...]:
        """The frames of a stack that the runtime would print, leaf first; all of them where it would print none.

        pcs: leaf first, return addresses; exact: the leaf's is of the instruction itself, as in a register.
        """
        every = list(self._every(pcs, exact=exact))
        shown: list[Frame] = []
        for frame, callee in every:
            if _is_shown(frame, callee, is_first=not shown):
                shown.append(frame)
        return tuple(shown) or tuple(frame for frame, _ in every)

    def profiled(self, pcs: Sequence[int], *, exact: bool = False) -> tuple[Frame, ...]:
        """The frames of a stack that a text profile would print (runtime/pprof/pprof.go, printStackRecord), leaf first.

        Only at the leaf end does it leave out the runtime's own, and none where there are no others.
        """
        every = [
            frame
            for frame, callee in self._every(pcs, exact=exact)
            if not _is_elided(frame, callee) and frame.function != "runtime.goexit"
        ]
        first = next((i for i, frame in enumerate(every) if not frame.function.startswith(_RUNTIME)), 0)
        return tuple(every[first:])

    def _every(self, pcs: Sequence[int], *, exact: bool) -> Iterator[tuple[Frame, str]]:
        """All frames, each with the function that it called."""
        callee = ""
        for pc in pcs:
            frames = self.unfold(pc, exact=exact)
            for frame in frames:
                yield frame, callee
                callee = frame.function
            exact = bool(frames) and frames[-1].function in _INJECTED

    def unfold(self, pc: int, *, exact: bool = False) -> tuple[Frame, ...]:
        """The logical frames of one program counter, innermost first; none outside Go code."""
        key = (pc, exact)
        frames = self._kept.get(key)
        if frames is None:
            function = self.functions.find(pc)
            frames = () if function is None else tuple(self._unfold(function, pc, exact))
            if len(self._kept) < _MOST_KEPT:
                self._kept[key] = frames
        return frames

    def _unfold(self, function: Function, pc: int, exact: bool) -> Iterator[Frame]:
        at = pc - 1 if not exact and pc > function.entry else pc
        for _ in range(_MOST_INLINED):
            index = self.functions.pcdata(function, "PCDATA_InlTreeIndex", at)
            call = self.functions.inlined_call(function, index)
            if call is None:
                break
            file, line = self.functions.file_line(function, at)
            yield Frame(printed(call.name), file, line, True, call.func_id == self._wrapper, at, function.entry)
            at = call.parent_pc
        file, line = self.functions.file_line(function, at)
        yield Frame(printed(function.name), file, line, False, function.func_id == self._wrapper, pc, function.entry)

    def creator(self, pc: int) -> Frame | None:
        """The frame that a go statement stands in, as `created by` names it; None where the runtime would name none."""
        function = self.functions.find(pc)
        if function is None:
            return None
        file, line = self.functions.file_line(function, pc - 1 if pc > function.entry else pc)
        frame = Frame(printed(function.name), file, line, False, function.func_id == self._wrapper, pc, function.entry)
        return frame if _is_shown(frame, "", is_first=False) else None


def stack_frames(frames: Sequence[Frame]) -> tuple[StackFrame, ...]:
    """The same in the model's words."""
    return tuple(
        StackFrame(function=frame.function, file=frame.file, line=frame.line, inlined=frame.inlined) for frame in frames
    )


def printed(name: str) -> str:
    """A function's name as the runtime prints it: type arguments become "[...]"."""
    first, last = name.find("["), name.rfind("]")
    return name if first < 0 or last <= first else f"{name[:first]}[...]{name[last + 1 :]}"


def _is_elided(frame: Frame, callee: str) -> bool:
    """A wrapper is shown only where it called a panic instead of what it wraps."""
    return frame.wrapper and callee not in _PANICS


def _is_shown(frame: Frame, callee: str, *, is_first: bool) -> bool:
    name = frame.function
    if _is_elided(frame, callee):
        return False
    if name in _ALWAYS_SHOWN or (name == "runtime.gopanic" and not is_first):
        return True
    return "." in name and (not name.startswith("runtime.") or _is_exported(name))


def _is_exported(name: str) -> bool:
    """Of the runtime package: "runtime.GC", "runtime.(*Frames).Next"."""
    receiver, _, function = name.removeprefix("runtime.").rpartition(".")
    if receiver.startswith("(*") and receiver.endswith(")"):
        receiver = receiver[2:-1]
    return function[:1].isascii() and function[:1].isupper() and (not receiver or receiver[:1].isupper())
