"""Bytes of chunks on pages that are not resident: random heaps with random holes, against counting byte by byte."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.blocks import GRAIN_BYTES, Blocks, HeapBlocks, MappedBlock
from memwhy.inspect.chunks import Chunks, has_bit, rows_of
from memwhy.inspect.touched import untouched_bytes

HEAP, OTHER, MAPPED = 0x10000, 0x40000, 0x80000
HOLE_BYTES = 64
"""Stands for a page: small, so that chunks of all sizes begin and end in holes and beside them."""

heap_of_chunks = st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=60)


def heap(start: int, chunks: list[tuple[int, bool]]) -> HeapBlocks:
    """chunks: (slots, in use), one after another."""
    starts = used = at = 0
    for slots, in_use in chunks:
        starts |= 1 << at
        used |= in_use << at
        at += slots
    size = at // 8 + 1
    return HeapBlocks(
        start=start,
        end=start + at * GRAIN_BYTES,
        starts=starts.to_bytes(size, "little"),
        used=used.to_bytes(size, "little"),
        arena=0,
    )


@given(heap_of_chunks, heap_of_chunks, st.booleans(), st.sets(st.integers(0, 0x80400 // HOLE_BYTES)), st.randoms())
def test_only_bytes_of_chosen_chunks_in_holes_are_counted(first, second, has_mapped, holes, random) -> None:  # type: ignore[no-untyped-def]
    mapped = (MappedBlock(start=MAPPED, end=MAPPED + 0x400, user=MAPPED + 16),) if has_mapped else ()
    rows = rows_of(Blocks(heaps=(heap(HEAP, first), heap(OTHER, second)), mapped=mapped))
    chunks = Chunks(rows).all
    # half of the holes where the chunks are: else hardly one would be hit
    holes |= {random.choice(chunks).start // HOLE_BYTES for _ in range(8) if chunks}
    bits = random.randbytes((len(chunks) // 64 + 1) * 8)
    resident = array("Q")
    for piece in range(HEAP // HOLE_BYTES, (MAPPED + 0x400) // HOLE_BYTES):
        if piece not in holes:
            resident.extend((piece * HOLE_BYTES, (piece + 1) * HOLE_BYTES))
    expected = sum(
        HOLE_BYTES // 4
        for chunk in chunks
        if has_bit(bits, chunk.number)
        for quarter in range(chunk.start, chunk.end, HOLE_BYTES // 4)
        if quarter // HOLE_BYTES in holes
    )
    assert untouched_bytes(rows, bits, resident) == expected


def test_nothing_resident_leaves_all_bytes_untouched_and_all_resident_leaves_none() -> None:
    blocks = Blocks(heaps=(heap(HEAP, [(4, True), (4, False), (6, True)]),))
    rows = rows_of(blocks)
    assert untouched_bytes(rows, b"\3", array("Q")) == 10 * GRAIN_BYTES
    assert untouched_bytes(rows, b"\2", array("Q")) == 6 * GRAIN_BYTES
    assert untouched_bytes(rows, b"\3", array("Q", (0, 1 << 40))) == 0
    assert untouched_bytes(rows, b"\3", array("Q", (HEAP + 24, HEAP + 40))) == 10 * GRAIN_BYTES - 16
