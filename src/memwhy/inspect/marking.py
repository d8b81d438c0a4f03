"""Reachability in Python: which chunks do the roots lead to, surely or perhaps. The specification of `_core/mark.c`."""

from collections.abc import Iterable
from typing import Literal

from memwhy.inspect.chunks import Chunk, ChunkRows, Chunks, SourceRow, Tick, Words, bits_set, words_of

TAGS = 7
"""What runtimes put into the low bits of a pointer."""
STOLEN = 3
"""What C and C++ programs put there: one bit or two."""
ADDRESS_BITS = 48
"""Of user space with four levels of page tables; above, programs keep types and counts (NaN boxes, tags)."""
LINKS_BYTES = 24
"""From where a node begins to its last link: colour, parent, left, right."""
ONE_WAY_BYTES = 16
"""The same, where nothing points back: next, left, right."""
NEIGHBOURING_BYTES = 17 * 8
"""How far into a chunk words may lead to its neighbours, and..."""
NEIGHBOUR_BYTES = 512
"""...how far into a neighbour a pointer back is looked for."""
SMALLEST_BYTES = 32
"""malloc's smallest chunk."""
TEXT_BYTES = 4096
"""The largest chunk that is read as text."""
LOWEST = 0x10000
"""No address lies below: the usual vm.mmap_min_addr."""
TABLES_BYTES = 0x10000
"""The virtual tables of one class stand together."""


Owner = Literal["root", "chunk", "fresh"]
"""Whose words are read; fresh: a block newer than the walk."""


def mark_pure(
    source: SourceRow,
    chunks: ChunkRows,
    resident: bytes,
    certain: bytes,
    doubtful: bytes,
    known: bytes,
    progress: Tick | None,
    came: bytes,
    recent: bytes,
) -> tuple[bytes, bytes, int, int]:
    """(sure, maybe, how many chunks are in use, bytes of roots read)."""
    table, words = Chunks(chunks), Words(source, resident, progress)
    sure: set[int] = set()
    maybe: set[int] = set()
    todo: list[Chunk] = []
    belief = Belief(table, words)

    def is_untagged(word: int, at: int) -> bool:
        return word & TAGS <= STOLEN and not belief.is_behind_text(at)

    def follow_boxed(word: int, at: int, *, doubting: bool, owner: Owner) -> None:
        hit = table.resolve(word & ((1 << ADDRESS_BITS) - 1))
        if hit is None or not hit[1] or hit[0].number in sure or hit[0].number in maybe:
            return
        if owner == "fresh" and not belief.is_linked(at, hit[0]):
            return
        if owner == "chunk" and belief.is_behind_text(at):
            return
        maybe.add(hit[0].number)
        if doubting:
            todo.append(hit[0])

    def follow(found: Iterable[tuple[int, int]], *, doubting: bool, owner: Owner) -> None:
        for at, word in found:
            hit = table.resolve(word)
            if hit is None and word >> ADDRESS_BITS:
                follow_boxed(word, at, doubting=doubting, owner=owner)
            if hit is None or hit[0].number in sure:
                continue
            chunk, exact = hit
            if exact and owner == "fresh" and not belief.is_linked(at, chunk):
                continue
            if exact and not doubting:
                sure.add(chunk.number)
                todo.append(chunk)
            elif chunk.number not in maybe and (
                exact
                or (not doubting and (owner == "root" or (owner == "chunk" and is_untagged(word, at))))
                or belief.is_pointer(word, at, chunk)
            ):
                maybe.add(chunk.number)
                if doubting:
                    todo.append(chunk)

    follow(((0, word) for word in words_of(known)), doubting=False, owner="root")
    roots_bytes = 0
    for doubting, flat in ((False, words_of(certain)), (True, words_of(doubtful))):
        if doubting:
            maybe -= sure
            todo = [table.all[number] for number in sorted(maybe)]
        before = words.bytes
        for i in range(0, len(flat), 2):
            follow(words.placed(flat[i], flat[i + 1]), doubting=doubting, owner="root")
        fresh = words_of(recent if doubting else came)
        for i in range(0, len(fresh), 2):
            follow(words.placed(fresh[i], fresh[i + 1]), doubting=doubting, owner="fresh")
        roots_bytes += words.bytes - before
        while todo:
            chunk = todo.pop()
            follow(words.placed(chunk.user, chunk.to), doubting=doubting, owner="chunk")
    total = len(table.all)
    return bits_set(total, iter(sure)), bits_set(total, iter(maybe)), total, roots_bytes


class Belief:
    """Which words that point into the middle of a chunk are pointers? Recycled chunks are full of those that nobody wiped.

    The rule and its reasons: `_core/believe.h`.
    """

    def __init__(self, table: Chunks, words: Words) -> None:
        self._table, self._words = table, words
        self._claimed: dict[int, bool] = {}

    def is_pointer(self, word: int, at: int, target: Chunk) -> bool:
        """Is the word at an address, which points into the middle of `target`, to be believed?"""
        pointed = word & ~TAGS
        if pointed == target.user and word & TAGS <= STOLEN:
            return True
        if self._is_link(at, pointed, target) or self._points_back(pointed, at):
            return True
        if self._is_second_base(pointed, target.user):
            return True
        return not _is_header(pointed, target) and not self._is_claimed(target)

    def is_linked(self, at: int, target: Chunk) -> bool:
        """Is a word at an address in a block newer than the walk, which points to the start of `target`, to be believed?"""
        end = min(target.to, target.user + NEIGHBOUR_BYTES)
        back = (self._words.peek(place) & ~TAGS for place in range(target.user, end - 7, 8))
        return any(0 <= at - word <= NEIGHBOUR_BYTES for word in back) or not self._is_claimed(target)

    def is_behind_text(self, at: int) -> bool:
        """Does a word stand behind a text that fills its chunk as malloc would have cut it? Then it is slack."""
        hit = self._table.resolve(at)
        if hit is None or _whole(hit[0]) > TEXT_BYTES:
            return False
        chunk, whole = hit[0], _whole(hit[0])
        room = whole - SMALLEST_BYTES - 8 if whole > SMALLEST_BYTES + 16 else 0
        for place in range(chunk.user, at + 8):
            byte = self._words.peek(place & ~7) >> 8 * (place & 7) & 0xFF
            if byte == 0:
                return place - chunk.user >= max(2 if place > at else 1, room)
            if byte == 0x7F or (byte < 0x20 and not 9 <= byte <= 13):
                return False
        return False

    def _is_link(self, at: int, pointed: int, target: Chunk) -> bool:
        source = self._table.resolve(at)
        if source is None or _whole(source[0]) != _whole(target):
            return False
        most = 0 if _is_header(pointed, target) else ONE_WAY_BYTES
        return 0 <= (at - source[0].user) - (pointed - target.user) <= most

    def _points_back(self, node: int, at: int) -> bool:
        links = (self._words.peek(place) & ~TAGS for place in range(node, node + LINKS_BYTES + 1, 8))
        return any(0 <= at - link <= LINKS_BYTES for link in links)

    def _is_second_base(self, pointed: int, start: int) -> bool:
        first, second = self._words.peek(start), self._words.peek(pointed)
        if first < LOWEST or first % 8 or second % 8 or not 0 < second - first < TABLES_BYTES:
            return False
        return not self._table.low <= first < self._table.high

    def _is_claimed(self, target: Chunk) -> bool:
        known = self._claimed.get(target.number)
        if known is None:
            known = self._claimed[target.number] = self._looks_claimed(target)
        return known

    def _looks_claimed(self, target: Chunk) -> bool:
        for place in range(target.user, min(target.to - 7, target.user + NEIGHBOURING_BYTES), 8):
            hit = self._table.resolve(self._words.peek(place))
            if hit is None or not hit[1] or hit[0] is target:
                continue
            neighbour = hit[0]
            for back in range(neighbour.user, min(neighbour.to, neighbour.user + NEIGHBOUR_BYTES) - 7, 8):
                if self._words.peek(back) == target.user:
                    return True
        return False


def _whole(chunk: Chunk) -> int:
    return chunk.end - chunk.start


def _is_header(pointed: int, target: Chunk) -> bool:
    return pointed == target.end == target.to - 8
