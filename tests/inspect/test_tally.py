"""What several searches reached, counted block by block, against a plain count."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.chunks import ChunkRows, bits_set, has_bit
from memwhy.inspect.tally import LEAST_SEARCHES, Tally

SLOTS = 24
HEAP = 0x5555_0000_0000

Search = tuple[set[int], set[int], set[int]]
"""Slots of the blocks in use, of those reached, of those reached firmly."""

slots = st.sets(st.integers(0, SLOTS - 1))
searches = st.lists(st.tuples(slots, slots, slots), min_size=1, max_size=9)


def rows_of(used: set[int]) -> ChunkRows:
    return (((HEAP, HEAP + 16 * SLOTS, b"\xff" * 3, sum(1 << slot for slot in used).to_bytes(3, "little")),), b"")


def bits(used: set[int], some: set[int]) -> bytes:
    return bits_set(len(used), (number for number, slot in enumerate(sorted(used)) if slot in some))


@given(searches)
def test_likely_lost_is_what_no_search_reached_firmly_and_fewer_than_half_of_them_at_all(found: list[Search]) -> None:
    tally = Tally()
    for used, held, firm in found:
        tally.add(rows_of(used), used=bits(used, used), firm=bits(used, firm), held=bits(used, held))
    last = sorted(found[-1][0])
    likely = {slot for number, slot in enumerate(last) if has_bit(tally.likely_lost(), number)}
    ever = set.intersection(*(used for used, _, _ in found))
    few = {slot for slot in ever if 2 * sum(slot in held for _, held, _ in found) < len(found)}
    expected = few - set().union(*(firm for _, _, firm in found))
    assert likely == (set() if 1 < len(found) < LEAST_SEARCHES else expected)
