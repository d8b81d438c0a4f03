"""Random heaps: the C loops, their pure twins, and a plain breadth-first search agree on every chunk."""

import itertools
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy._core import _graph
from memwhy.inspect import graph
from memwhy.inspect.chunks import ChunkRows, SourceRow, bits_set, has_bit
from memwhy.inspect.graph import common_pure, graph_pure, weigh_pure
from memwhy.inspect.marking import mark_pure

LOW = 0x1000_0000
HEAP = 0x5555_0000_0000
OTHER = 0x7F00_0400_0000
MAPPED = 0x7F10_0000_0000
ROOTS = 0x7F20_0000_0000
MODULE = 0x7F30_0000_0000
PAGE = 4096


class World:
    """One random address space in a file: two heaps, mapped blocks, roots, and what is in them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.memory: dict[int, bytearray] = {}
        self.chunks: list[tuple[int, int]] = []
        """(user pointer, end of what the program may use) of each chunk in use, in address order."""
        self.heaps = tuple(self._heap(base) for base in (LOW, HEAP, OTHER))
        self.mapped = [self._mapped(MAPPED + i * 0x100000) for i in range(self.random.randrange(3))]
        self.memory[ROOTS] = bytearray(2 * PAGE)
        self.users = [user for user, _ in self.chunks]
        for user, end in self.chunks:
            self._fill(user, end)
        self._fill(ROOTS, ROOTS + 2 * PAGE, rare=True)
        self.certain = self._rows([(ROOTS, ROOTS + PAGE)])
        self.doubtful = self._rows([(ROOTS + PAGE, ROOTS + 2 * PAGE)])
        self.known = self._rows([(self._word(), self._word())])
        self.rows: ChunkRows = (self.heaps, b"".join(self._rows([row]) for row in self.mapped))
        self.resident = self._residency()

    @staticmethod
    def _rows(rows: list[tuple[int, ...]]) -> bytes:
        return b"".join(value.to_bytes(8, "little") for row in rows for value in row)

    def _heap(self, base: int) -> tuple[int, int, bytes, bytes]:
        sizes = [16 * self.random.choice((2, 2, 3, 4, 9, 40, 600)) for _ in range(self.random.randrange(1, 60))]
        slots = sum(sizes) // 16
        starts, used = bytearray((slots + 7) // 8), bytearray((slots + 7) // 8)
        self.memory[base] = bytearray(sum(sizes))
        at, before_used = 0, 1
        for place, size in enumerate(sizes):
            slot, is_used = at // 16, self.random.random() < 0.8
            starts[slot // 8] |= 1 << slot % 8
            self._put(base + at + 8, size | before_used)
            if is_used:
                used[slot // 8] |= 1 << slot % 8
                last = place == len(sizes) - 1
                self.chunks.append((base + at + 16, base + at + size + (0 if last else 8)))
            at, before_used = at + size, int(is_used)
        return base, base + at, bytes(starts), bytes(used)

    def _mapped(self, base: int) -> tuple[int, int, int]:
        size = self.random.choice((PAGE, 5 * PAGE))
        self.memory[base] = bytearray(size)
        self._put(base + 8, size | 2)
        self.chunks.append((base + 16, base + size))
        return base, base + size, base + 16

    def _put(self, address: int, word: int) -> None:
        for base, raw in self.memory.items():
            if base <= address < base + len(raw):
                raw[address - base : address - base + 8] = word.to_bytes(8, "little")

    def _word(self) -> int:
        kind = self.random.random()
        if kind < 0.5 and self.users:
            return self.random.choice(self.users)
        if kind < 0.58 and self.users:
            return self.random.choice(self.users) | self.random.choice((0xFFF8, 0x7FFC, 1, 0x8000)) << 48
        if kind < 0.65 and self.users:
            return self.random.choice(self.users) + self.random.choice((1, 2, 4, 8, 16, 24, 32))
        if kind < 0.8:
            base = self.random.choice(list(self.memory))
            return base + self.random.randrange(-16, len(self.memory[base]) + 16)
        return self.random.choice((0, 1, MODULE + 64, 2**64 - 1, self.random.randrange(2**64)))

    def _fill(self, start: int, end: int, *, rare: bool = False) -> None:
        if self.random.random() < 0.5:
            self._put(start, self.random.choice((MODULE + 16, MODULE + 32, 7)))
        for _ in range(self.random.choice((0, 1, 2, 3))):
            self._put(start + 8 * self.random.randrange(max(1, (end - start) // 8)), self._word())

    def _residency(self) -> bytes:
        rows: list[tuple[int, int]] = []
        for base in sorted(self.memory):
            end = base + len(self.memory[base])
            for page in range(base, end, PAGE):
                if self.random.random() < 0.9:
                    joins = bool(rows) and rows[-1][1] == page
                    rows.append((rows.pop()[0] if joins else page, min(page + PAGE, end)))
        return self._rows(rows)

    def words(self, start: int, end: int) -> Iterator[int]:
        for _, word in self.placed(start, end):
            yield word

    def placed(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """(address, word) of the resident words of a range."""
        flat = memoryview(self.resident).cast("Q")
        pages = {page for i in range(0, len(flat), 2) for page in range(flat[i], flat[i + 1], PAGE)}
        for base, raw in self.memory.items():
            for at in range(start, end - 7, 8):
                if base <= at < base + len(raw) and base + (at - base) // PAGE * PAGE in pages:
                    yield at, int.from_bytes(raw[at - base : at - base + 8], "little")

    def word_at(self, address: int) -> int:
        return next(self.words(address, address + 8), 0) if address % 8 == 0 else 0

    def chunk_of(self, word: int) -> int | None:
        """The number of the chunk that a word points to, into or behind."""
        for number, (user, end) in enumerate(self.chunks):
            if word == user or (user <= word <= end and (word >= 1 << 32 or word % 8 == 0)):
                if word == end and end % 16 != 8:
                    continue
                return number
        return None

    def whole(self, number: int) -> int:
        user, end = self.chunks[number]
        return end - (user - 16) - (8 if end % 16 == 8 else 0)

    def sure(self) -> set[int]:
        """Plain search: exact words of the certain roots, and of chunks so reached."""
        todo = [*self.words(ROOTS, ROOTS + PAGE), *memoryview(self.known).cast("Q")]
        found: set[int] = set()
        while todo:
            word = todo.pop()
            if word in self.users and (number := self.users.index(word)) not in found:
                found.add(number)
                todo += self.words(*self.chunks[number])
        return found

    def maybe(self, sure: set[int]) -> set[int]:
        """Plain search again, until nothing is added: which words lead to what is not sure."""
        found: set[int] = {number for word in self.outside() for number in self.boxed(word)}
        for word in self.outside():
            found |= {number for number in [self.chunk_of(word)] if number is not None}
        for source in sure:
            for at, word in self.placed(*self.chunks[source]):
                if (boxed := self.boxed(word)) and not self.is_slack(source, at):
                    found |= boxed
                target = self.chunk_of(word)
                if target is not None and (
                    (word % 8 < 4 and not self.is_slack(source, at)) or self.believes(at, word, target)
                ):
                    found.add(target)
        found -= sure
        while True:
            places = [(ROOTS + PAGE, ROOTS + 2 * PAGE), *(self.chunks[number] for number in found)]
            more = {
                target
                for place in places
                for at, word in self.placed(*place)
                if (target := self.chunk_of(word)) is not None
                and target not in found | sure
                and (word == self.chunks[target][0] or self.believes(at, word, target))
            }
            more |= {number for word in self.words(ROOTS + PAGE, ROOTS + 2 * PAGE) for number in self.boxed(word)}
            more |= {
                number
                for source in found
                for at, word in self.placed(*self.chunks[source])
                for number in self.boxed(word)
                if not self.is_slack(source, at)
            }
            if more <= found | sure:
                return found
            found |= more - sure

    def outside(self) -> list[int]:
        """The words of the certain roots."""
        return [*memoryview(self.known).cast("Q"), *self.words(ROOTS, ROOTS + PAGE)]

    def boxed(self, word: int) -> set[int]:
        """The chunk that a word points to once its upper 16 bits, if it has any there, are taken away."""
        pointed = word % (1 << 48)
        return {self.users.index(pointed)} if word != pointed and pointed in self.users else set()

    def is_slack(self, source: int, at: int) -> bool:
        user, size = self.chunks[source][0], self.whole(source)
        raw = b"".join(self.word_at(place).to_bytes(8, "little") for place in range(user, at + 8, 8))
        text, ends, _ = raw.partition(b"\0")
        fills = len(text) >= size - 40 if size > 48 else True
        return (
            size <= 4096
            and bool(ends)
            and fills
            and len(text) >= (2 if user + len(text) > at else 1)
            and not any(byte == 127 or byte < 9 or 13 < byte < 32 for byte in text)
        )

    def believes(self, at: int, word: int, target: int) -> bool:
        """The rule in words of its own: tags, links of one place, links both ways, second bases, and who claims the target."""
        user, end = self.chunks[target]
        node, source = word - word % 8, self.chunk_of(at)
        header = end % 16 == 8 and node == end - 8
        if node == user and word % 8 <= 3:
            return True
        if source is not None and self.whole(source) == self.whole(target):
            apart = (at - self.chunks[source][0]) - (node - user)
            if apart in ((0,) if header else (0, 8, 16)):
                return True
        backs = [self.word_at(node + place) for place in (0, 8, 16, 24)]
        if any(0 <= at - (back - back % 8) <= 24 for back in backs):
            return True
        first, second = self.word_at(user), self.word_at(node)
        low, high = min(row[0] for row in self.heaps), max(row[1] for row in [*self.heaps, *self.mapped])
        tables = first >= 1 << 16 and first % 8 == second % 8 == 0 and 0 < second - first < 1 << 16
        if tables and not low <= first < high:
            return True
        neighbours = {self.word_at(place) for place in range(user, min(end, user + 136) - 7, 8)} & set(self.users) - {
            user
        }
        claimed = any(
            self.word_at(place) == user
            for one in neighbours
            for place in range(one, min(self.chunks[self.users.index(one)][1], one + 512) - 7, 8)
        )
        return not header and not claimed

    @contextmanager
    def source(self) -> Iterator[SourceRow]:
        """A file that holds it all, as a core would."""
        with tempfile.TemporaryFile() as file:
            segments, offset = [], 0
            for base in sorted(self.memory):
                file.write(self.memory[base])
                segments.append((base, base + len(self.memory[base]), offset))
                offset += len(self.memory[base])
            file.flush()
            yield file.fileno(), 0, self._rows(segments)


def numbers(bits: bytes, count: int) -> set[int]:
    return {number for number in range(count) if has_bit(bits, number)}


@given(st.integers(min_value=0, max_value=2**32))
@settings(deadline=None, max_examples=60)
def test_every_chunk_is_marked_as_a_plain_search_marks_it(seed: int) -> None:
    world = World(seed)
    with world.source() as source:
        calls = [
            mark(source, world.rows, world.resident, world.certain, world.doubtful, world.known, None, b"", b"", 0)
            for mark in (_graph.mark, mark_pure)
        ]
    assert calls[0] == calls[1]
    sure, maybe, doubted, firm, total, _ = calls[0]
    assert firm == sure  # nothing is newer than the walk
    assert total == len(world.chunks)
    assert numbers(sure, total) == world.sure()
    assert numbers(maybe, total) == world.maybe(world.sure())
    assert numbers(doubted, total) == set()  # so few words make no column


@given(st.integers(min_value=0, max_value=2**32))
@settings(deadline=None, max_examples=60)
def test_both_twins_find_the_same_graphs_and_lose_no_byte(seed: int) -> None:
    world = World(seed)
    total = len(world.chunks)
    lost = bits_set(total, (number for number in range(total) if world.random.random() < 0.7))
    keys = world._rows([(MODULE, MODULE + PAGE)])
    most = world.random.choice((1, 3, 1000))
    with world.source() as source:
        calls = [
            find(source, world.rows, world.resident, lost, keys, 50, most, None) for find in (_graph.graph, graph_pure)
        ]
    assert calls[0] == calls[1]
    shapes, _, moved, moved_bytes = calls[0]
    flat = memoryview(shapes).cast("Q")
    assert (sum(flat[5::7]) + moved, sum(flat[6::7]) + moved_bytes) == weigh_pure(world.rows, lost)
    assert _graph.weigh(world.rows, lost) == weigh_pure(world.rows, lost)


@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=0, max_value=2**32))
@settings(deadline=None, max_examples=30)
def test_only_chunks_with_the_same_header_are_common_to_two_walks(seed: int, other: int) -> None:
    now, before = World(seed), World(other)
    bits = bits_set(len(now.chunks), (n for n in range(len(now.chunks)) if n % 3))
    earlier = bits_set(len(before.chunks), (n for n in range(len(before.chunks)) if n % 5))
    common = _graph.common(now.rows, bits, before.rows, earlier)
    assert common == common_pure(now.rows, bits, before.rows, earlier)
    users = {user for n, (user, _) in enumerate(before.chunks) if n % 5}
    assert numbers(common, len(now.chunks)) == {n for n, (user, _) in enumerate(now.chunks) if n % 3 and user in users}


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=64, max_size=64), st.integers(1, 512), st.randoms())
@settings(deadline=None, max_examples=60)
def test_any_bitmaps_and_any_contents_give_marks_and_lose_no_byte(
    starts: bytes, used: bytes, slots: int, random_: random.Random
) -> None:
    size, length = slots * 16, (slots + 7) // 8
    rows: ChunkRows = (((HEAP, HEAP + size, starts[:length], used[:length]),), b"")
    words = [
        random_.choice((0, HEAP + random_.randrange(size + 16), random_.randrange(2**64))) for _ in range(size // 8)
    ]
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(word.to_bytes(8, "little") for word in words))
        file.flush()
        source = (file.fileno(), 0, World._rows([(HEAP, HEAP + size, 0)]))
        everywhere = World._rows([(HEAP, HEAP + size)])
        known = World._rows([(HEAP + random_.randrange(size), HEAP + 16)])
        marks = [
            mark(source, rows, everywhere, b"", b"", known, None, b"", b"", 0) for mark in (_graph.mark, mark_pure)
        ]
        assert marks[0] == marks[1]
        every = bits_set(marks[0][4], iter(range(marks[0][4])))
        graphs = [find(source, rows, everywhere, every, b"", 9, 9, None) for find in (_graph.graph, graph_pure)]
    for shapes, _, moved, moved_bytes in graphs:
        flat = memoryview(shapes).cast("Q")
        assert (sum(flat[5::7]) + moved, sum(flat[6::7]) + moved_bytes) == weigh_pure(rows, every)


@pytest.mark.parametrize("chain", ["forward", "backward", "shuffled"])
def test_a_long_list_is_followed_to_its_end(chain: str) -> None:
    count, size = 200_000, 32
    order = list(range(count))
    if chain == "backward":
        order.reverse()
    elif chain == "shuffled":
        random.Random(1).shuffle(order)
    words = memoryview(bytearray(count * size)).cast("Q")
    for number in range(count):
        words[number * 4 + 1] = size | 1
    for number, following in itertools.pairwise(order):
        words[number * 4 + 2] = HEAP + following * size + 16
    rows: ChunkRows = (((HEAP, HEAP + count * size, b"\x55" * (count // 4), b"\x55" * (count // 4)),), b"")
    with tempfile.TemporaryFile() as file:
        file.write(words)
        file.flush()
        source = (file.fileno(), 0, World._rows([(HEAP, HEAP + count * size, 0)]))
        resident = World._rows([(HEAP, HEAP + count * size)])
        known = (HEAP + order[0] * size + 16).to_bytes(8, "little")
        sure, maybe, doubted, firm, total, read = _graph.mark(
            source, rows, resident, b"", b"", known, None, b"", b"", 0
        )
    assert (sure.count(b"\xff"), any(maybe), any(doubted), total, read) == (count // 8, False, False, count, 0)
    assert firm == sure


def test_a_refused_progress_ends_the_search() -> None:
    size = 256 << 20
    with tempfile.TemporaryFile() as file:
        os.truncate(file.fileno(), size)
        source = (file.fileno(), 0, World._rows([(ROOTS, ROOTS + size, 0)]))
        everything = World._rows([(ROOTS, ROOTS + size)])

        def refuse(done_bytes: int) -> None:
            raise KeyboardInterrupt(str(done_bytes))

        with pytest.raises(KeyboardInterrupt):
            _graph.mark(source, ((), b""), everything, everything, b"", b"", refuse, b"", b"", 0)


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ((((HEAP, HEAP + 64, b"\1", b""),), b""), "a bitmap has one bit per 16 bytes"),
        ((((HEAP + 8, HEAP + 64, b"\1", b"\1"),), b""), "multiples of 16"),
        ((((HEAP, HEAP + 64, b"\1", b"\1"),) * 2, b""), "overlap"),
        (((), b"123"), "rows of three"),
    ],
)
def test_blocks_that_make_no_sense_are_refused(chunks: ChunkRows, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _graph.mark((-1, 0, b""), chunks, b"", b"", b"", b"", None, b"", b"", 0)
    if chunks[0]:
        with pytest.raises(ValueError, match=problem):
            _graph.weigh(chunks, bytes(8))


def test_the_loops_in_use_are_the_compiled_ones_unless_forbidden() -> None:
    expected = mark_pure if os.environ.get("MEMWHY_PURE") == "1" else _graph.mark
    assert graph.mark is expected


@given(st.integers(min_value=0, max_value=2**32))
@settings(deadline=None, max_examples=60)
def test_blocks_newer_than_the_walk_lead_to_no_more_than_roots_do_and_the_twins_agree(seed: int) -> None:
    world = World(seed)
    with world.source() as source:
        given_as_fresh = [
            mark(source, world.rows, world.resident, b"", b"", world.known, None, world.certain, world.doubtful, 0)
            for mark in (_graph.mark, mark_pure)
        ]
        as_roots = mark_pure(
            source, world.rows, world.resident, world.certain, world.doubtful, world.known, None, b"", b"", 0
        )
    assert given_as_fresh[0] == given_as_fresh[1]
    total = as_roots[4]
    assert numbers(given_as_fresh[0][0], total) <= numbers(as_roots[0], total)
    reached = set().union(*(numbers(bits, total) for bits in given_as_fresh[0][:3]))
    assert reached <= numbers(as_roots[0], total) | numbers(as_roots[1], total)


HOLDERS = 40
HOLDER_BYTES, NODE_BYTES = 80, 48


def marks_of_a_column(base: int, values: list[int], *, points_back: bool = False) -> list[tuple[set[int], ...]]:
    """(sure, maybe, doubted) of both twins: of HOLDERS chunks that a root points to, the last ones hold `values` at +48 and
    the first one a word into the middle of the first of two further chunks, which point to each other's begin."""
    size = HOLDERS * HOLDER_BYTES + 2 * NODE_BYTES
    memory = bytearray(size + HOLDERS * 8)
    nodes = [base + HOLDERS * HOLDER_BYTES + i * NODE_BYTES + 16 for i in (0, 1)]
    holders = [base + i * HOLDER_BYTES + 16 for i in range(HOLDERS)]

    def put(address: int, word: int) -> None:
        memory[address - base : address - base + 8] = word.to_bytes(8, "little")

    for place, value in zip(reversed(holders), values, strict=False):
        put(place + 48, value)
    put(holders[0] + 48, nodes[0] + 16)
    put(nodes[0], nodes[1])
    put(nodes[1], nodes[0])
    if points_back:
        put(nodes[0] + 16, holders[0] + 48)
    for i, holder in enumerate(holders):
        put(base + size + 8 * i, holder)
        put(holder - 8, HOLDER_BYTES | 1)
    for node in nodes:
        put(node - 8, NODE_BYTES | 1)
    headers = [i * HOLDER_BYTES // 16 for i in range(HOLDERS)] + [(node - base) // 16 - 1 for node in nodes]
    bits = sum(1 << slot for slot in headers).to_bytes((size // 16 + 7) // 8, "little")
    rows: ChunkRows = (((base, base + size, bits, bits),), b"")
    with tempfile.TemporaryFile() as file:
        file.write(memory)
        file.flush()
        source = (file.fileno(), 0, World._rows([(base, base + len(memory), 0)]))
        resident, roots = World._rows([(base, base + len(memory))]), World._rows([(base + size, base + len(memory))])
        calls = [mark(source, rows, resident, roots, b"", b"", None, b"", b"", 0) for mark in (_graph.mark, mark_pure)]
    return [tuple(numbers(bits, HOLDERS + 2) for bits in call[:3]) for call in calls]


HELD = set(range(HOLDERS))
NODES = {HOLDERS, HOLDERS + 1}
SEEDS = [LOW + 1 + 2 * i for i in range(HOLDERS - 1)]
POINTERS = [LOW + 16 + 8 + HOLDER_BYTES * i for i in range(HOLDERS - 1)]


def test_a_number_among_numbers_holds_nothing_for_certain_and_what_it_hits_is_doubted() -> None:
    assert marks_of_a_column(LOW, SEEDS) == [(HELD, set(), NODES)] * 2


def test_a_pointer_into_the_middle_among_others_holds_perhaps() -> None:
    assert marks_of_a_column(LOW, POINTERS) == [(HELD, NODES, set())] * 2


def test_a_few_numbers_make_no_column_of_numbers() -> None:
    assert marks_of_a_column(LOW, SEEDS[:15]) == [(HELD, NODES, set())] * 2


def test_a_pointer_among_numbers_holds_where_its_target_points_back() -> None:
    assert marks_of_a_column(LOW, SEEDS, points_back=True) == [(HELD, NODES, set())] * 2


def test_above_4_gib_every_number_that_looks_like_a_pointer_holds_perhaps() -> None:
    assert marks_of_a_column(HEAP, [HEAP + 1 + 2 * i for i in range(HOLDERS - 1)]) == [(HELD, NODES, set())] * 2
