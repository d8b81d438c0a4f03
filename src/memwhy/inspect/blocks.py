"""Blocks: where every chunk of malloc's heaps begins, and whether it is in use. One bit per 16 bytes.

This is what the heap walker hands to the census, the ledger and the block graph; none of them reads the chunks twice.
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass

GRAIN_BYTES = 16
"""malloc's alignment on x86-64: every chunk begins at a multiple of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapBlocks:
    """One contiguous walked heap. start, end: from the first chunk's header to behind the last chunk's bytes.

    starts: bit i (least significant first within a byte) is set where a chunk's header begins at start + 16 * i.
    used: the same bits, set where that chunk is in use: not free, not in tcache or fastbins, not the top.
    A chunk reaches from its bit to the next one in `starts`, or to `end`. Its user pointer is its header + 16.
    """

    start: int
    end: int
    starts: bytes
    used: bytes
    arena: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedBlock:
    """One chunk that malloc mapped by itself. start: of the mapping; user: the pointer that malloc returned."""

    start: int
    end: int
    user: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """All chunks of one address space, in address order."""

    heaps: tuple[HeapBlocks, ...] = ()
    mapped: tuple[MappedBlock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A range that malloc owns, and how its resident bytes divide among ledger categories; they sum to the range's resident bytes."""

    start: int
    end: int
    bytes: Map[str, int]
    virtual_bytes: Map[str, int]
