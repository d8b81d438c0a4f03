"""Families of blocks side by side, larger than the pieces in which a heap is read: the loops reach what a plain search does."""

import random
import tempfile
from collections.abc import Sequence

import pytest

from memwhy._core import _graph
from memwhy.inspect.chunks import ChunkRows, bits_set
from memwhy.inspect.marking import mark_pure

HEAP = 0x5555_0000_0000
ROOTS = 0x7F20_0000_0000
PAGE = 4096
CHUNKS = 24_000
CHUNK_BYTES = 48


def flat(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


class Families:
    """A heap of equal chunks in use; each leads to up to two others of its family, before or behind it."""

    def __init__(self, seed: int, family: int, *, is_scattered: bool) -> None:
        chance = random.Random(seed)
        order = list(range(CHUNKS))
        if is_scattered:
            chance.shuffle(order)
        families = [order[i : i + family] for i in range(0, CHUNKS, family)]
        self.links: dict[int, list[int]] = {}
        for members in families:
            for place, number in enumerate(members):
                near = (place + 1, place - chance.randrange(1, 9), chance.randrange(len(members)))
                self.links[number] = [members[at] for at in near[: chance.randrange(4)] if 0 <= at < len(members)]
        self.begins = [members[0] for members in families if chance.random() < 0.7]
        self.heap = bytearray(CHUNKS * CHUNK_BYTES)
        for number, to in self.links.items():
            words = [0, CHUNK_BYTES | 1, *(self.user(one) for one in to)]
            self.heap[number * CHUNK_BYTES : number * CHUNK_BYTES + 8 * len(words)] = flat(words)
        pages = range(HEAP, HEAP + len(self.heap), PAGE)
        self.missing = {page for page in pages if chance.random() < 0.004}
        edges = [HEAP, *(end for page in sorted(self.missing) for end in (page, page + PAGE)), pages.stop]
        self.resident = flat(
            [end for at in range(0, len(edges), 2) for end in edges[at : at + 2] if edges[at] < edges[at + 1]]
        )

    @staticmethod
    def user(number: int) -> int:
        return HEAP + number * CHUNK_BYTES + 16

    def reached(self) -> bytes:
        """A plain search; words on missing pages lead nowhere."""
        todo, seen = list(self.begins), set(self.begins)
        while todo:
            number = todo.pop()
            for place, to in enumerate(self.links[number]):
                page = (self.user(number) + 8 * place) // PAGE * PAGE
                if to not in seen and page not in self.missing:
                    seen.add(to)
                    todo.append(to)
        return bits_set(CHUNKS, iter(seen))


@pytest.mark.parametrize("family", [1, 7, 300, 9_000, CHUNKS])
@pytest.mark.parametrize("is_scattered", [False, True])
def test_what_lies_in_a_piece_that_is_read_whole_is_reached_as_by_a_plain_search(
    family: int, is_scattered: bool
) -> None:
    world = Families(family + is_scattered, family, is_scattered=is_scattered)
    slots = bytearray(CHUNKS * CHUNK_BYTES // 16 // 8)
    for number in range(CHUNKS):
        slots[3 * number >> 3] |= 1 << (3 * number & 7)
    rows: ChunkRows = (((HEAP, HEAP + len(world.heap), bytes(slots), bytes(slots)),), b"")
    roots = flat([world.user(number) for number in world.begins] or [0])
    with tempfile.TemporaryFile() as file:
        file.write(world.heap + roots)
        file.flush()
        segments = flat([HEAP, HEAP + len(world.heap), 0, ROOTS, ROOTS + len(roots), len(world.heap)])
        source = (file.fileno(), 0, segments)
        resident = world.resident + flat([ROOTS, ROOTS + len(roots)])
        arguments = (source, rows, resident, flat([ROOTS, ROOTS + len(roots)]), b"", b"", None, b"", b"", 0)
        compiled, pure = _graph.mark(*arguments), mark_pure(*arguments)
    assert compiled == pure
    assert compiled[0] == world.reached()
