"""Where there is room in somebody else's address space: for a few instructions, for five words, for the sampler.

A program's segments end somewhere in a page, and the rest of that page belongs to nobody: behind code it can be executed, behind the
data it can be written (mmap(2) maps whole pages; elf(5)). The loader's own is left alone: it allocates there (glibc's
elf/dl-minimal-malloc.c).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.memory.elf import PF_W, PF_X, PT_LOAD, Segment
from memwhy.memory.space import PAGE_BYTES, Module, Space
from memwhy.model.mapping import Mapping
from memwhy.native.errors import NoRoom
from memwhy.native.patch import REACH_BYTES

_LOWEST = 0x10000
_HIGHEST = 0x7FFFFFFFF000
_AWAY_BYTES = 1 << 24
"""Distance from what grows on its own, the heap upwards, stacks downwards, where there is so much room."""
_ALIGNED = 16


@dataclass(frozen=True, slots=True)
class Slack:
    """Unused bytes behind a segment of a module. offset: in its file, which was mapped to there, too."""

    start: int
    end: int
    module: Module
    offset: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.start

    def on_disk(self, size: int) -> bytes:
        """The first bytes as the file has them; 0 behind its end."""
        return self.module.elf.image.read(self.offset, size).ljust(size, b"\0") if self.module.elf else bytes(size)


def code_slack(space: Space, module: Module) -> Slack | None:
    """The largest rest of a page behind a module's code."""
    return max(_slacks(space, module, PF_X, "r-xp"), key=lambda slack: slack.size_bytes, default=None)


def nearest_code_slack(space: Space, at: int, wanted_bytes: int, mark: bytes) -> Slack:
    """Room for instructions within a jump's reach of `at`, preferably in the module that has it: as in the file, or beginning with our mark.

    Raises NoRoom.
    """
    found = [slack for module in space.modules() if (slack := code_slack(space, module)) is not None]
    near = [slack for slack in found if slack.size_bytes >= wanted_bytes and abs(slack.start - at) <= REACH_BYTES // 2]
    for slack in sorted(
        near, key=lambda slack: (not slack.module.start <= at < slack.module.end, abs(slack.start - at))
    ):
        there = space.read(slack.start, wanted_bytes)
        if there.startswith(mark) or there == slack.on_disk(wanted_bytes):
            return slack
    raise NoRoom(f"no module of {space.name} near its malloc has {wanted_bytes} unused bytes in its last page of code")


def data_slack(space: Space, module: Module, wanted_bytes: int, mark: bytes) -> Slack:
    """Room for a few words that the target can write: 0 now, or ending with our mark. In that module, or else another. Raises NoRoom."""
    others = [other for other in space.modules() if not other.name.startswith(("ld-", "ld.so")) and other != module]
    for candidate in (module, *others):
        for slack in _slacks(space, candidate, PF_W, "rw-p"):
            there = space.read(slack.start, wanted_bytes)
            if len(there) == wanted_bytes and (not any(there) or there.endswith(mark)):
                return slack
    raise NoRoom(f"no module of {space.name} has {wanted_bytes} unused bytes behind its data")


def region(space: Space, wanted_bytes: int, near: Sequence[int], *, skip: int = 0) -> int:
    """An address with so much unmapped room within a jump's reach of all of `near`; skip: take a later choice. Raises NoRoom."""
    low = max(_LOWEST, max(near) - REACH_BYTES)
    high = min(_HIGHEST, min(near) + REACH_BYTES)
    rooms: list[tuple[int, int]] = []
    for start, end in _gaps(space.mappings):
        start, end = max(start, low), min(end, high)
        room = end - start - wanted_bytes - 2 * PAGE_BYTES
        if room >= 0:
            rooms.append((room, start + PAGE_BYTES + room // 2))
    rooms.sort(reverse=True)
    # the middle of the widest room; then, in turns, a little beside it, and the next wide one
    choices = [at for room, at in rooms] + [at + room // 4 for room, at in rooms]
    if skip >= len(choices):
        raise NoRoom(f"{space.name} has no {wanted_bytes >> 20} MiB of free addresses within 2 GiB of its malloc")
    return choices[skip] // PAGE_BYTES * PAGE_BYTES


def _gaps(mappings: Sequence[Mapping]) -> Iterator[tuple[int, int]]:
    """Unmapped ranges, in address order, without those edges where the heap and the stacks will grow."""
    before_end, before_path = _LOWEST, ""
    for mapping in mappings:
        start, end = before_end, min(mapping.start, _HIGHEST)
        if before_path == "[heap]":
            start += _AWAY_BYTES
        if mapping.path == "[stack]":
            end -= 8 * _AWAY_BYTES
        if end > start:
            yield start, end
        before_end, before_path = max(before_end, mapping.end), mapping.path
    if before_path != "[stack]" and before_end < _HIGHEST:
        yield before_end, _HIGHEST


def _slacks(space: Space, module: Module, flag: int, perms: str) -> Iterator[Slack]:
    """What is left of the last page behind segments of that kind, where the page is mapped so."""
    loads = [s for s in module.elf.segments if s.type == PT_LOAD and s.memory_size] if module.elf else []
    for segment in loads:
        if not segment.flags & flag or _is_followed(segment, loads):
            continue
        end = module.bias + segment.address + segment.memory_size
        start = -(-end // _ALIGNED) * _ALIGNED
        page_end = -(-end // PAGE_BYTES) * PAGE_BYTES
        holds = any(m.start < end <= page_end <= m.end and m.perms == perms for m in space.mappings)
        if holds and start < page_end:
            yield Slack(start, page_end, module, segment.offset + start - module.bias - segment.address)


def _is_followed(segment: Segment, loads: Sequence[Segment]) -> bool:
    """Does another segment lie in the page where this one ends?"""
    end = segment.address + segment.memory_size
    page_end = -(-end // PAGE_BYTES) * PAGE_BYTES
    return any(end <= other.address < page_end for other in loads)
