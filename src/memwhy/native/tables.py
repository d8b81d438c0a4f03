"""The sampler's tables as they are read: entries that make sense, and a count of those that do not.

The target writes while they are read. An entry is taken when its address stood there before and after its contents were
read; a stack's hash is published last and never changes again.
"""

import ctypes
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.native.layout import (
    AT_LIVE_ADDRESSES,
    AT_LIVE_BLOCKS,
    AT_PCS,
    AT_REGIONS,
    AT_STACKS,
    LIVE,
    MAGIC,
    MOST_FRAMES,
    PCS_BYTES,
    REGIONS,
    STACKS,
    VERSION,
    Block,
    Header,
    Region,
    Stack,
    StackFlag,
    State,
)

Read = Callable[[int, int], bytes]
"""(offset from the header, bytes) → those bytes, fewer where they cannot be read."""

_BLOCK = struct.Struct("<QQIIII")
_REGION = struct.Struct("<QQIIII")
_STACK = struct.Struct("<QIHHIIQQQQ")
_BORN = struct.Struct("<I")
_WRITING = 1
_HELD = 1
_MOST_BYTES = 1 << 62
_MOST_LEVEL = 31

assert (_BLOCK.size, _REGION.size, _STACK.size) == tuple(ctypes.sizeof(each) for each in (Block, Region, Stack))


@dataclass(frozen=True, slots=True)
class LiveBlock:
    """A sampled block that is outstanding. weight_bytes: what it stands for at today's level."""

    stack: int
    bytes: int
    weight_bytes: int
    born: int


@dataclass(frozen=True, slots=True)
class LiveRegion:
    """A mapping that stands."""

    address: int
    bytes: int
    stack: int
    born: int
    prot: int
    flags: int


@dataclass(frozen=True, slots=True)
class KnownStack:
    """A row of the stack table. kind: 0 malloc family, 1 mapping."""

    pcs: tuple[int, ...]
    go_pcs: tuple[int, ...]
    flags: StackFlag
    kind: int
    allocated_bytes: int
    allocated_count: int
    freed_bytes: int
    freed_count: int


@dataclass(slots=True)
class Tables:
    """Reads the tables of one sampler. skipped: entries left out so far. Every method raises ParseError where nothing can be read."""

    read: Read
    source: str
    skipped: int = field(default=0)

    def header(self) -> Header:
        """The header as it is now."""
        raw = self._whole(0, ctypes.sizeof(Header))
        header = Header.from_buffer_copy(raw)
        if header.magic != MAGIC or header.version != VERSION:
            raise ParseError(self.source, None, raw[:12], "there is no sampler of this version here")
        if header.level > _MOST_LEVEL or header.tsc_hz == 0 or header.state not in set(State):
            raise ParseError(self.source, None, "", "the sampler's header has been overwritten")
        return header

    def live(self, level: int) -> Iterator[LiveBlock]:
        """The outstanding blocks that count at this level."""
        before = self._words(AT_LIVE_ADDRESSES, LIVE)
        taken = [place for place, address in enumerate(before) if address > _WRITING]
        blocks = self._whole(AT_LIVE_BLOCKS, (taken[-1] + 1) * _BLOCK.size) if taken else b""
        after = self._words(AT_LIVE_ADDRESSES, LIVE)
        for place in taken:
            size, weight, stack, tag, born_level, born = _BLOCK.unpack_from(blocks, place * _BLOCK.size)
            if before[place] != after[place] or tag & ((1 << level) - 1):
                continue
            weight <<= max(0, level - min(born_level, _MOST_LEVEL))
            if born_level > level or not 0 < size <= weight < _MOST_BYTES or stack >= STACKS:
                self.skipped += 1
                continue
            yield LiveBlock(stack, size, weight, born)

    def regions(self, used: int) -> Iterator[LiveRegion]:
        """The mappings that stand. used: as the header says."""
        count = min(used, REGIONS)
        before = self._whole(AT_REGIONS, count * _REGION.size)
        after = self._whole(AT_REGIONS, count * _REGION.size)
        for place in range(0, count * _REGION.size, _REGION.size):
            address, size, stack, born, prot, flags = _REGION.unpack_from(before, place)
            address &= ~_HELD
            if not address or before[place : place + _REGION.size] != after[place : place + _REGION.size]:
                continue
            if not 0 < size < _MOST_BYTES or address + size > 1 << 64 or stack >= STACKS:
                self.skipped += 1
                continue
            yield LiveRegion(address, size, stack, born, prot, flags)

    def stacks(self) -> dict[int, KnownStack]:
        """Index → row. Row 0 is that of blocks without one: it has no program counters."""
        rows = self._whole(AT_STACKS, STACKS * _STACK.size)
        pcs = self._words(AT_PCS, PCS_BYTES // 8)
        found = {0: KnownStack((), (), StackFlag(0), 0, *_STACK.unpack_from(rows, 0)[6:])}
        for index in range(1, STACKS):
            stack_hash, first, c_frames, go_frames, flags, kind, *sums = _STACK.unpack_from(rows, index * _STACK.size)
            if stack_hash <= _WRITING:
                continue
            end = first + c_frames + go_frames
            if c_frames + go_frames > MOST_FRAMES or end > len(pcs) or kind > 1 or not c_frames:
                self.skipped += 1
                continue
            middle = first + c_frames
            found[index] = KnownStack(
                tuple(pcs[first:middle]), tuple(pcs[middle:end]), StackFlag(flags & 0x7F), kind, *map(_signed, sums)
            )
        return found

    def _whole(self, offset: int, size: int) -> bytes:
        raw = self.read(offset, size)
        if len(raw) != size:
            raise ParseError(
                self.source, None, "", f"the sampler's memory ends {len(raw)} bytes after {offset:#x}, not {size}"
            )
        return raw

    def _words(self, offset: int, count: int) -> "array[int]":
        return array("Q", self._whole(offset, 8 * count))


def _signed(total: int) -> int:
    """A sum that is added to and taken from by many threads may be read between the two."""
    return total - (1 << 64) if total >> 63 else total
