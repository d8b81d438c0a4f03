"""Reachability in Python: which chunks do the roots lead to, surely or perhaps. The specification of `_core/mark.c`."""

from collections import Counter
from typing import Literal

from memwhy.inspect.chunks import LOW, Chunk, ChunkRows, Chunks, SourceRow, Tick, Words, bits_set, words_of

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


COLUMN_WORDS = 1024
"""Of the largest chunk whose places are counted as columns."""
COLUMN_ASTRAY = 16
"""So many words that point to no chunk make a column one of numbers."""
COLUMN_SPAN = 1 << 36
"""Where numbers are counted, from malloc's heap below 4 GiB up: Linux maps nothing above it there by itself."""
DOUBTS = 1 << 20
"""Words that are judged at the end of the first round, at most."""


Owner = Literal["root", "chunk", "fresh", "freed"]
"""Whose words are read; fresh: a block newer than the walk; freed: one that is free since the walk."""


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
    cache_key: int,
) -> tuple[bytes, bytes, bytes, bytes, int, int]:
    """(sure, maybe, doubted, firm, how many chunks are in use, bytes of roots read)."""
    table, words = Chunks(chunks), Words(source, resident, progress)
    marking = _Marking(table, words, cache_key)
    for word in words_of(known):
        marking.follow(word, 0, "root")
    roots_bytes = marking.read(certain, "root")
    marking.drain()
    firm = frozenset(marking.sure)
    roots_bytes += marking.read(came, "fresh")
    marking.drain()
    marking.settle()
    marking.begin(marking.maybe)
    roots_bytes += marking.read(doubtful, "root")
    marking.drain()
    marking.begin(marking.doubted)
    roots_bytes += marking.read(recent, "fresh")
    marking.drain()
    total = len(table.all)
    sure, maybe, doubted = (bits_set(total, iter(found)) for found in (marking.sure, marking.maybe, marking.doubted))
    return sure, maybe, doubted, bits_set(total, iter(firm)), total, roots_bytes


class _Marking:
    """Three rounds: what is surely held, what may be, and what only numbers lead to. No chunk ends up in two of them."""

    def __init__(self, table: Chunks, words: Words, cache_key: int) -> None:
        """cache_key: the second word of chunks in tcaches; 0 where it is not known."""
        self.sure: set[int] = set()
        self.maybe: set[int] = set()
        self.doubted: set[int] = set()
        self._table, self._words, self._cache_key = table, words, cache_key
        self._belief = Belief(table, words)
        self._into = self.maybe
        self._is_first = True
        self._freed: set[int] = set()
        self._todo: list[Chunk] = []
        self._pointing: Counter[tuple[int, int]] = Counter()
        self._astray: Counter[tuple[int, int]] = Counter()
        self._doubts: list[tuple[int, int, tuple[int, int], Chunk]] = []

    def read(self, rows: bytes, owner: Owner) -> int:
        """Follow every word of some ranges; how many bytes that were."""
        before, flat = self._words.bytes, words_of(rows)
        for i in range(0, len(flat), 2):
            for at, word in self._words.placed(flat[i], flat[i + 1]):
                self.follow(word, at, owner)
        return self._words.bytes - before

    def drain(self) -> None:
        """Follow the words of all that was reached, until nothing new is."""
        while self._todo:
            chunk = self._todo.pop()
            found = list(self._words.placed(chunk.user, chunk.to))
            if self._is_first and self._is_free(chunk, [word for _, word in found[:2]]):
                self._freed.add(chunk.number)
                continue
            for at, word in found:
                self.follow(word, at, "freed" if chunk.number in self._freed else "chunk", chunk)

    def begin(self, into: set[int]) -> None:
        """A later round: what an earlier one put into `into` leads on, and what is reached goes there too."""
        self._into, self._is_first = into, False
        into -= self.sure
        if into is not self.maybe:
            into -= self.maybe
        again = into | self._freed if into is self.maybe else into
        self._todo = [self._table.all[number] for number in sorted(again)]

    def follow(self, word: int, at: int, owner: Owner, source: Chunk | None = None) -> None:
        """One word at an address; source: the chunk that it stands in."""
        hit = self._table.resolve(word)
        column = _column(source, at) if self._is_first else None
        if column is not None and 0 <= word - self._table.low < COLUMN_SPAN and self._table.low < LOW:
            (self._pointing if hit else self._astray)[column] += 1
        if hit is None and word >> ADDRESS_BITS:
            self._follow_boxed(word, at, owner)
        if hit is None or hit[0].number in self.sure:
            return
        target, exact = hit
        if exact and owner == "fresh" and not self._belief.is_linked(at, target):
            return
        if not self._is_first:
            if not self._is_held(target) and (
                exact or self._is_plain(word, at, owner) or self._belief.is_pointer(word, at, target)
            ):
                self._into.add(target.number)
                self._todo.append(target)
        elif exact:
            self.sure.add(target.number)
            self._todo.append(target)
        elif target.number not in self.maybe:
            self._follow_inside(word, at, owner, target, column)

    def settle(self) -> None:
        """What was put off: in a column of numbers a word holds only when more speaks for it, else what it leads to is doubted."""
        for word, at, column, target in self._doubts:
            if target.number in self.sure or target.number in self.maybe:
                continue
            is_number = self._astray[column] >= max(COLUMN_ASTRAY, self._pointing[column])
            behind = self._belief.is_behind_text(at)
            if not (is_number or behind) or self._belief.is_pointer(word, at, target):
                self.maybe.add(target.number)
            elif not behind:
                self.doubted.add(target.number)

    def _is_free(self, chunk: Chunk, first: list[int]) -> bool:
        """Is a chunk that the walk saw in use free by now: in the bins, or in a tcache? first: its first words. See `_core/mark.c`."""
        if chunk.to - chunk.user > 8 * COLUMN_WORDS + 7 or not self._words.has(chunk.user, chunk.user + 8):
            return False
        has_next = chunk.to == chunk.end + 8 and self._words.has(chunk.user, chunk.to + 8)
        if has_next and not self._words.peek(chunk.to) & 1:
            return True
        if not self._cache_key or first[1:] != [self._cache_key]:
            return False
        following = first[0] ^ chunk.user >> 12
        return not following or (following % 16 == 0 and self._table.covers(following))

    def _is_plain(self, word: int, at: int, owner: Owner) -> bool:
        """Of what was freed since the walk as much is believed as if it still were in use."""
        return owner == "freed" and word & TAGS <= STOLEN and not self._belief.is_behind_text(at)

    def _is_held(self, target: Chunk) -> bool:
        return target.number in self.sure or target.number in self.maybe or target.number in self._into

    def _follow_inside(self, word: int, at: int, owner: Owner, target: Chunk, column: tuple[int, int] | None) -> None:
        """A word of a root or of a chunk that is surely held, which points into the middle of another one."""
        if word < LOW and column is not None and len(self._doubts) < DOUBTS:
            self._doubts.append((word, at, column, target))
        elif (
            owner == "root"
            or (owner == "chunk" and word & TAGS <= STOLEN and not self._belief.is_behind_text(at))
            or self._belief.is_pointer(word, at, target)
        ):
            self.maybe.add(target.number)

    def _follow_boxed(self, word: int, at: int, owner: Owner) -> None:
        """A value with something in its upper 16 bits: exact hits only, and never sure."""
        hit = self._table.resolve(word & ((1 << ADDRESS_BITS) - 1))
        if hit is None or not hit[1] or self._is_held(hit[0]):
            return
        if owner == "fresh" and not self._belief.is_linked(at, hit[0]):
            return
        if owner in ("chunk", "freed") and self._belief.is_behind_text(at):
            return
        self._into.add(hit[0].number)
        if not self._is_first:
            self._todo.append(hit[0])


def _column(source: Chunk | None, at: int) -> tuple[int, int] | None:
    """Which place in which chunks: their words, and the word's number; None for large ones."""
    if source is None or not 8 <= source.to - source.user <= 8 * COLUMN_WORDS + 7:
        return None
    return (source.to - source.user) // 8, (at - source.user) // 8


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
