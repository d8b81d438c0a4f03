"""How much of an array is used: what the slices and strings that lead to it show of it, and what nobody can or will reach.

Not counted as idle is what an allocation is rounded up by (runtime/sizeclasses.go, the same classes from Go 1.16 to 1.27; whole pages above 32 KiB),
and the room that append leaves behind a slice, as long as a quarter of the array is in use: growing doubles small slices.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROOM_SHARE = 0.25
"""Of the room for values: what is less full than this was fuller once, or was made too large; growth alone never leaves so much."""
_CLASSES = (
    8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896,
    1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880,
    12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
)  # fmt: skip
_GO_PAGE_BYTES = 8192
_HEADER_BYTES = 8
"""Before the values of arrays with pointers, since Go 1.22."""


@dataclass(frozen=True, slots=True)
class View:
    """What one slice or string shows: from start to end; from room_start to room_end it may be used in place. value_bytes: of a slice's values, else 0."""

    start: int
    end: int
    room_start: int
    room_end: int
    value_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """elements: values that slices show, None without a slice and for bytes."""

    elements: float | None
    idle_bytes: float


def class_below(size: int) -> int:
    """The next smaller size that the allocator gives out: a value that got `size` bytes is larger than that."""
    if size > _CLASSES[-1]:
        return max(size - _GO_PAGE_BYTES, _CLASSES[-1])
    place = bisect_left(_CLASSES, size)
    return _CLASSES[place - 1] if place else 0


def shown_of(views: Sequence[View], address: int, size: int, unseen: float = 1.0) -> Shown:
    """Of an array of `size` bytes. unseen: all that lead to it by those in `views`; the others are taken to show as much, of other places."""
    end = address + size
    shown = min(_union((one.start, one.end) for one in views) * unseen, size)
    within = _union((one.room_start, one.room_end) for one in views)
    last = max((one.room_end for one in views), default=address)
    first = min((one.room_start for one in views), default=address)
    usable = size - (end - last if last > address + class_below(size) else 0)
    if 0 < first - address <= _HEADER_BYTES:
        usable -= first - address
    room = max(within - shown, 0)
    idle = max(usable - max(within, shown), 0) + (room if shown < ROOM_SHARE * usable else 0)
    return Shown(_elements(views, unseen), min(idle, size))


def _elements(views: Sequence[View], unseen: float) -> float | None:
    """Bytes are no values that anybody counts."""
    slices = [one for one in views if one.value_bytes]
    value_bytes = max(slices, key=lambda one: one.end - one.start).value_bytes if slices else 1
    return unseen * _union((one.start, one.end) for one in slices) / value_bytes if value_bytes > 1 else None


def _union(ranges: Iterable[tuple[int, int]]) -> int:
    """How much several ranges cover together."""
    covered, reached = 0, 0
    for start, end in sorted(ranges):
        covered += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return covered
