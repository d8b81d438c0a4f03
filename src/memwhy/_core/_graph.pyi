"""The block graph's loops. Chunks of malloc in use are numbered from 0 in address order; bitmaps over them are whole uint64.

source: (fd, pid, segments) as in `memwhy.memory.space.Source`. chunks: (heaps, mapped) with heaps a tuple of
(start, end, starts, used) as in `memwhy.inspect.blocks.HeapBlocks`, mapped flat uint64 rows start, end, user.
resident: flat uint64 rows start, end in address order; nothing outside them is read. progress: called with the bytes
read so far, or None; an exception that it raises ends the call. Twins: `memwhy.inspect.graph`.
"""

from collections.abc import Callable

_Source = tuple[int, int, bytes]
_Chunks = tuple[tuple[tuple[int, int, bytes, bytes], ...], bytes]

def mark(
    source: _Source,
    chunks: _Chunks,
    resident: bytes,
    certain: bytes,
    doubtful: bytes,
    known: bytes,
    progress: Callable[[int], object] | None,
    came: bytes,
    recent: bytes,
    cache_key: int,
    /,
) -> tuple[bytes, bytes, bytes, bytes, int, int]:
    """(sure, maybe, doubted, firm, how many chunks are in use, bytes of roots read). certain, doubtful: rows start, end of root words; known: words
    that are roots themselves (registers). came: blocks newer than the walk, roots as far as their words are believed; recent:
    memory that was a block's a moment ago, the same, but what it leads to is maybe.

    cache_key: the second word of chunks in tcaches, 0 where it is not known. A chunk that is free by now leads nowhere.

    sure: reached from certain roots by words that malloc gave out, exactly. maybe: the others that any root leads to by exact
    words, and by such words into the middle of a chunk as are believed (`_core/believe.h`). doubted: what else words lead to
    that are taken for numbers, since that is what stands at their place in chunks of that size (`_core/columns.h`).
    """

def graph(
    source: _Source,
    chunks: _Chunks,
    resident: bytes,
    lost: bytes,
    keys: bytes,
    most_shapes: int,
    most_members: int,
    progress: Callable[[int], object] | None,
    /,
) -> tuple[bytes, bytes, int, int]:
    """(shapes, members, chunks that moved, their bytes) of the lost chunks.

    keys: rows start, end of memory whose addresses, as the first word of a chunk, tell its type. shapes: rows of seven
    uint64, largest first: chunks and bytes of one graph (0 where unequal ones are summed), size of the chunk it begins with,
    that chunk's first word if it is a key, count, all chunks, all bytes. members: rows of five: shape, sample, user pointer,
    chunk size, is it the chunk the graph begins with. Moved: a header disagrees with the walk; they are in no shape.
    """

def weigh(chunks: _Chunks, bits: bytes, /) -> tuple[int, int]:
    """(how many, bytes with headers) of the chunks whose bit is set."""

def common(chunks: _Chunks, bits: bytes, earlier: _Chunks, earlier_bits: bytes, /) -> bytes:
    """The bits of chunks whose header stood at the same place in an earlier walk, with its bit set there."""
