"""Which words of a goroutine's stack are live pointers, frame by frame: by the compiler's stack maps, as the collector reads them.

A slot that is dead may still hold an old pointer; taken for a root it would hold memory that nobody holds. Sources: runtime/stkframe.go
(getStackMap), runtime/mgcmark.go (scanframeworker), runtime/symtab.go (stackmapdata, stackObjectRecord). Frames without a map (assembly) and goroutines
that run, or were preempted amid a function, are taken word by word: then any word may be a pointer.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from memwhy.runtimes.go.debug_locals import Locals, Owner
from memwhy.runtimes.go.goroutines import RUNNING, Goroutine
from memwhy.runtimes.go.moduledata import Constants
from memwhy.runtimes.go.pclntab import Function

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_WORD_BYTES = 8
_PREEMPTED = "runtime.asyncPreempt"
_TOP_FRAME = 1
"""internal/abi.FuncFlagTopFrame."""
_MOST_FRAMES = 4096
_MOST_VIA = 8
_MOST_WORDS = 1 << 16
_MOST_RECORDS = 1 << 12
_RECORD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the words of a frame are when it stands at one program counter.

    delta: bytes from the stack pointer to the return address, -1 where unknown. live: offsets of live words from the return address. objects:
    (offset from there, bytes up to the last pointer) of variables whose address is taken: live while a live word points to them.
    whole: no map, all of it counts.
    """

    function: Function
    delta: int
    live: tuple[int, ...]
    objects: tuple[tuple[int, int], ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class FrameWords:
    """Words of one frame: offsets into the stack's bytes. function: its name, "" where it is not known. end: where its return address stands.

    pc: where it stands in the code, 0 where nobody knows. via: of a variable that lives because a word points to it: its first offset, the
    frame of that word, and the word's offset.
    """

    function: str
    offsets: tuple[int, ...]
    end: int = 0
    pc: int = 0
    via: "tuple[int, FrameWords, int] | None" = None


class _Walked(NamedTuple):
    """returns: where the return addresses stand, and their bytes."""

    returns: list[tuple[int, bytes]]
    frames: list[FrameWords]
    objects: list[tuple[int, int, FrameWords]]


class StackWords:
    """Frames of many goroutines; what is known of a program counter is kept. locals: the names of their words, where DWARF tells."""

    def __init__(self, runtime: "GoRuntime", locals: Locals | None = None) -> None:
        self._functions = runtime.functions
        self._locals = locals
        self._owners: dict[int, Mapping[int, Owner]] = {}
        self._constants = Constants(runtime.space, runtime.space.modules())
        self._patterns: dict[int, Pattern | None] = {}
        self._walked: dict[tuple[int, int], _Walked] = {}

    def frames(self, row: Goroutine, start: int, raw: bytes) -> list[FrameWords]:
        """raw: the stack from `start`, its stack pointer, to its end. Stacks that are alike get the same objects. What is live by a pointer to it belongs to its own frame."""
        if row.status == RUNNING:
            return [FrameWords("", tuple(range(0, len(raw), _WORD_BYTES)))]
        pc = row.syscall_pc if row.syscall_sp else row.sched_pc
        seen = self._walked.get((pc, len(raw)))
        if seen is None or any(raw[at : at + _WORD_BYTES] != word for at, word in seen.returns):
            seen = self._walked[pc, len(raw)] = self._frames(pc, raw)
        return seen.frames + _pointed(seen.frames, seen.objects, start, raw) if seen.objects else seen.frames

    def _frames(self, pc: int, raw: bytes) -> "_Walked":
        """What stacks have in common that stand at the same place and were called from the same places."""
        found: list[FrameWords] = []
        objects: list[tuple[int, int, FrameWords]] = []
        returns: list[tuple[int, bytes]] = []
        for name, end, pattern, whole, at in self._walk(pc, raw):
            returns.append((end, raw[end : end + _WORD_BYTES]))
            if pattern is None or whole is not None:
                found.append(FrameWords(name, tuple(whole or ()), end, at if pattern is not None else 0))
                continue
            live = tuple(o for one in pattern.live if 0 <= (o := end + one) <= len(raw) - _WORD_BYTES)
            frame = FrameWords(name, live, end, at)
            found.append(frame)
            objects += [(end + one, end + one + size, frame) for one, size in pattern.objects if end + one >= 0]
        return _Walked(returns, found, sorted(objects, key=lambda one: one[:2]))

    def owner(self, frame: FrameWords, offset: int) -> Owner | None:
        """The variable that a word of a frame belongs to, or through which it lives; None where DWARF does not tell."""
        for _ in range(_MOST_VIA):
            found = self._own(frame, offset)
            if found is not None or frame.via is None or self._locals is None:
                return found
            low, above, word = frame.via
            source = self._own(above, word)
            if source is not None:
                key = self._locals.leads(source)
                return Owner(source.name, key, behind=False, offset=offset - low) if key else None
            frame, offset = above, word
        return None

    def _own(self, frame: FrameWords, offset: int) -> Owner | None:
        if self._locals is None or not frame.pc:
            return None
        if frame.pc not in self._owners:
            function = self._functions.find(frame.pc)
            entry = 0 if function is None else function.entry
            self._owners[frame.pc] = self._locals.words(entry, frame.pc - 1 if frame.pc != entry else entry)
        return self._owners[frame.pc].get(offset - frame.end - _WORD_BYTES)

    def _walk(self, pc: int, raw: bytes) -> Iterator[tuple[str, int, Pattern | None, range | None, int]]:
        """Each frame's function, where its return address stands, its pattern, the words that count where no map tells, its program counter."""
        at, preempted = 0, False
        for _ in range(_MOST_FRAMES):
            found = self._pattern(pc)
            if found is None or found.delta < 0 or at + found.delta + _WORD_BYTES > len(raw):
                yield "" if found is None else found.function.name, at, None, range(at, len(raw), _WORD_BYTES), 0
                return
            end, name = at + found.delta, found.function.name
            whole = found.whole or preempted or name == _PREEMPTED
            yield name, end, found, range(at, end, _WORD_BYTES) if whole else None, pc
            preempted = name == _PREEMPTED
            if found.function.flag & _TOP_FRAME:
                return
            pc = int.from_bytes(raw[end : end + _WORD_BYTES], "little")
            at = end + _WORD_BYTES

    def _pattern(self, pc: int) -> Pattern | None:
        if pc not in self._patterns:
            self._patterns[pc] = self._make(pc)
        return self._patterns[pc]

    def _make(self, pc: int) -> Pattern | None:
        function = self._functions.find(pc)
        if function is None:
            return None
        delta = self._functions.stack_delta(function, pc) if function.pcsp else -1
        target = pc - 1 if pc != function.entry else pc
        index = max(0, self._functions.pcdata(function, "PCDATA_StackMapIndex", target))
        saved = _WORD_BYTES if delta > 0 else 0  # the caller's frame pointer, on amd64
        local = self._bits(function, "FUNCDATA_LocalsPointerMaps", index)
        arguments = self._bits(function, "FUNCDATA_ArgsPointerMaps", index)
        live: list[int] = []
        if local is not None:
            low = -saved - len(local) * _WORD_BYTES
            live = [low + i * _WORD_BYTES for i, bit in enumerate(local) if bit]
        live += [(i + 1) * _WORD_BYTES for i, bit in enumerate(arguments or ()) if bit]
        objects = tuple(
            (offset - saved if offset < 0 else offset + _WORD_BYTES, size) for offset, size in self._objects(function)
        )
        return Pattern(function, delta, tuple(live), objects, local is None and delta > saved)

    def _bits(self, function: Function, which: str, index: int) -> tuple[bool, ...] | None:
        """One bitmap of a stackmap (n int32, nbit int32, then n bitmaps), None where there is none."""
        address = self._functions.funcdata(function, which)
        header = b"" if address is None else self._constants.read(address, 8)
        if address is None or len(header) < 8:
            return None
        count, bits = int.from_bytes(header[:4], "little"), int.from_bytes(header[4:], "little")
        size = (bits + 7) // 8
        if not count > 0 or bits > _MOST_WORDS or index >= count:
            return None
        raw = self._constants.read(address + 8 + index * size, size)
        return tuple(bool(raw[i // 8] >> i % 8 & 1) for i in range(bits)) if len(raw) == size else None

    def _objects(self, function: Function) -> Iterator[tuple[int, int]]:
        """(offset from the frame's base, bytes up to the last pointer) of variables whose address is taken."""
        address = self._functions.funcdata(function, "FUNCDATA_StackObjects")
        if address is None:
            return
        count = int.from_bytes(self._constants.read(address, 8), "little")
        raw = self._constants.read(address + 8, min(count, _MOST_RECORDS) * _RECORD_BYTES)
        for at in range(0, len(raw) - _RECORD_BYTES + 1, _RECORD_BYTES):
            offset, size, pointers = (
                int.from_bytes(raw[at + i : at + i + 4], "little", signed=True) for i in (0, 4, 8)
            )
            yield offset, min(abs(pointers) if pointers >= 0 else size, size)


def _pointed(
    live: list[FrameWords], objects: list[tuple[int, int, FrameWords]], start: int, raw: bytes
) -> list[FrameWords]:
    """The words of those variables to which a live word points, or a word of a variable that is live by that. objects: in order."""
    found: list[FrameWords] = []
    starts = [one[0] for one in objects]
    words = memoryview(raw[: len(raw) & -_WORD_BYTES]).cast("Q")
    seen: set[int] = set()
    work = [(frame, offset) for frame in live for offset in frame.offsets]
    while work:
        source, word = work.pop()
        to = words[word // _WORD_BYTES] - start
        i = bisect_right(starts, to) - 1
        if i < 0 or i in seen or not objects[i][0] <= to < max(objects[i][1], objects[i][0] + 1):
            continue
        seen.add(i)
        low, high, frame = objects[i]
        offsets = tuple(range(low, min(high, len(raw) & -_WORD_BYTES), _WORD_BYTES))
        found.append(replace(frame, offsets=offsets, via=(low, source, word) if to == low else None))
        work += [(found[-1], offset) for offset in offsets]
    return found
