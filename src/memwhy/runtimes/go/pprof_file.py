"""Heap profiles as files that `go tool pprof` opens: a protobuf message, gzipped.

Written by hand: the few fields are numbered in google/pprof's proto/profile.proto. What stands where follows
runtime/pprof/protomem.go: sampled values are scaled to what they stand for, leading frames of the runtime are hidden.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from memwhy.runtimes.go.heap_profile import HeapProfile
from memwhy.runtimes.go.inline import Frame, Unfolding
from memwhy.sources.go.heap_text import scale

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_TYPES = (("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes"))
_SAMPLE_TYPE, _SAMPLE, _MAPPING, _LOCATION, _FUNCTION, _STRING, _TIME = 1, 2, 3, 4, 5, 6, 9
_PERIOD_TYPE, _PERIOD, _DEFAULT_SAMPLE_TYPE = 11, 12, 14
_GOEXIT = "runtime.goexit"
GZIP = 31
"""The window of 32 KiB, and a header of gzip's around it (zlib.h, deflateInit2)."""


def heap_pprof(runtime: "GoRuntime", profile: HeapProfile, *, wall_ns: int = 0) -> bytes:
    """The file. wall_ns: when it was read, for the viewer's headline."""
    writer = _Writer(Unfolding(runtime.functions, runtime.layout))
    module = runtime.module
    samples = []
    for record in profile.records:
        stack = shown_stack(writer.unfolding, record.stack)
        locations = writer.locations(stack) or writer.locations(record.stack)
        values = (
            *scale(record.alloc_objects, record.alloc_bytes, profile.rate_bytes),
            *scale(record.in_use_objects, record.in_use_bytes, profile.rate_bytes),
        )
        sample = packed(1, locations) + packed(2, values)
        if record.alloc_objects:
            each = record.alloc_bytes // record.alloc_objects
            sample += message(3, number(1, writer.text("bytes")) + number(3, each))
        samples.append(message(_SAMPLE, sample))
    build_id = module.elf.build_id or module.elf.go_build_id or "" if module.elf is not None else ""
    mapping = number(1, 1) + number(2, module.start) + number(3, module.end)
    mapping += number(5, writer.text(module.path.removesuffix(" (deleted)"))) + number(6, writer.text(build_id))
    mapping += b"".join(number(field, 1) for field in (7, 8, 9, 10))
    kinds = [number(1, writer.text(name)) + number(2, writer.text(unit)) for name, unit in _TYPES]
    space = number(1, writer.text("space")) + number(2, writer.text("bytes"))
    raw = b"".join(
        (
            *(message(_SAMPLE_TYPE, kind) for kind in kinds),
            *samples,
            message(_MAPPING, mapping),
            *writer.parts,
            message(_PERIOD_TYPE, space),
            number(_PERIOD, profile.rate_bytes),
            number(_TIME, wall_ns),
            number(_DEFAULT_SAMPLE_TYPE, writer.text("inuse_space")),
            *(message(_STRING, text.encode()) for text in writer.strings),
        )
    )
    return zlib.compress(raw, wbits=GZIP)


def shown_stack(unfolding: Unfolding, stack: tuple[int, ...]) -> tuple[int, ...]:
    """Without the runtime's own frames at the leaf; the whole stack when there is nothing else."""
    for i, pc in enumerate(stack):
        frames = unfolding.unfold(pc)
        if not frames or not is_runtime(frames[0].function):
            return stack[i:]
    return stack


def is_runtime(function: str) -> bool:
    return function.startswith(("runtime.", "internal/runtime/"))


class _Writer:
    """Strings, functions and locations, each written once."""

    def __init__(self, unfolding: Unfolding) -> None:
        self.unfolding = unfolding
        self.strings: dict[str, int] = {"": 0}
        self.parts: list[bytes] = []
        self._functions: dict[tuple[str, str], int] = {}
        self._locations: dict[tuple[int, int], int] = {}

    def text(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def locations(self, stack: Sequence[int]) -> list[int]:
        """Ids of the physical frames: the addresses of calls inlined into one function are one location."""
        ids = []
        at = 0
        while at < len(stack):
            frames = self.unfolding.unfold(stack[at])
            if frames and frames[0].function == _GOEXIT:
                at += 1
                continue
            taken = 1
            while taken < len(frames) and at + taken < len(stack) and self._continues(frames, taken, stack[at + taken]):
                taken += 1
            # The last address of a stack stands for its outer frames, too: runtime_expandFinalInlineFrame.
            lines = frames if at + taken == len(stack) else frames[:taken]
            ids.append(self._location(stack[at], lines))
            at += taken
        return ids

    def _continues(self, frames: Sequence[Frame], taken: int, pc: int) -> bool:
        outer = self.unfolding.unfold(pc)
        return len(outer) == len(frames) - taken and outer[0][:3] == frames[taken][:3]

    def _location(self, pc: int, frames: Sequence[Frame]) -> int:
        known = self._locations.get((pc, len(frames)))
        if known is not None:
            return known
        place = self._locations[pc, len(frames)] = len(self._locations) + 1
        lines = b"".join(
            message(4, number(1, self._function(frame)) + number(2, max(frame.line, 0))) for frame in frames
        )
        self.parts.append(message(_LOCATION, number(1, place) + number(2, 1) + number(3, max(pc - 1, 0)) + lines))
        return place

    def _function(self, frame: Frame) -> int:
        key = frame.function, frame.file
        known = self._functions.get(key)
        if known is not None:
            return known
        place = self._functions[key] = len(self._functions) + 1
        name = self.text(frame.function)
        body = number(1, place) + number(2, name) + number(3, name) + number(4, self.text(frame.file))
        self.parts.append(message(_FUNCTION, body))
        return place


def _varint(value: int) -> bytes:
    """Negative values as protobuf's int64 has them, in two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """A field of a whole number; zero is left out, as protobuf does."""
    return _varint(field << 3) + _varint(value) if value else b""


def message(field: int, body: bytes) -> bytes:
    """A field of a message or a text."""
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def packed(field: int, values: Iterable[int]) -> bytes:
    """A field of many whole numbers."""
    return message(field, b"".join(map(_varint, values)))
