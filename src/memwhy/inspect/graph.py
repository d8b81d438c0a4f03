"""The block graph: what leads to which chunk, and which lost chunks hang together. In C where the extension is there.

`mark_pure`, `graph_pure`, `weigh_pure` and `common_pure` are the specification; `memwhy._core._graph` has their twins,
chosen unless MEMWHY_PURE=1. The pure ones need some 100 bytes per chunk and 20 s per GB; they are for small heaps.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from memwhy.inspect.blocks import GRAIN_BYTES, Blocks
from memwhy.memory.reading import read_segments
from memwhy.memory.space import Source

SourceRow = tuple[int, int, bytes]
ChunkRows = tuple[tuple[tuple[int, int, bytes, bytes], ...], bytes]
Tick = Callable[[int], object]

SAMPLES = 12
"""Graphs of one shape that are kept as samples."""
SHAPE_COLUMNS = 7
MEMBER_COLUMNS = 5
LOW = 1 << 32
"""Below it words are numbers far more often than addresses: 500,000,000 is an odd place in the heap of a program that is
not position-independent. There, only multiples of 8 are taken for pointers into the middle of a chunk."""
_EXACT_SHAPES, _COARSE_SHAPES, _MOST_KEYS = 65536, 98304, 4096


def rows_of(blocks: Blocks) -> ChunkRows:
    """Blocks as the loops take them."""
    heaps = tuple((heap.start, heap.end, heap.starts, heap.used) for heap in blocks.heaps)
    return heaps, b"".join(
        value.to_bytes(8, "little") for block in blocks.mapped for value in (block.start, block.end, block.user)
    )


def words_of(raw: bytes) -> memoryview:
    """Flat uint64, as the loops return them."""
    return memoryview(raw).cast("Q")


def bits_set(count: int, numbers: Iterator[int]) -> bytes:
    """A bitmap over `count` chunks."""
    bits = bytearray((count // 64 + 1) * 8)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return bytes(bits)


def has_bit(bits: bytes, number: int) -> bool:
    """Is a chunk's bit set?"""
    return bool(bits[number >> 3] >> (number & 7) & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """start: of its header, end: of its bytes; words from user up to `to` are the program's."""

    start: int
    end: int
    user: int
    to: int
    number: int
    is_mapped: bool = False


def _positions(bits: bytes, slots: int) -> Iterator[int]:
    for index, byte in enumerate(bits):
        while byte:
            slot = 8 * index + (byte & -byte).bit_length() - 1
            if slot < slots:
                yield slot
            byte &= byte - 1


class _Chunks:
    """All chunks in use, in address order, found by address."""

    def __init__(self, rows: ChunkRows) -> None:
        heaps, mapped = rows
        regions: list[tuple[int, int, bytes, bytes, int]] = [(*heap, 0) for heap in heaps]
        flat = words_of(mapped)
        regions += [(flat[i], flat[i + 1], b"", b"", flat[i + 2]) for i in range(0, len(flat), 3)]
        self.all: list[_Chunk] = []
        for start, end, starts, used, user in sorted(regions):
            if user:
                self.all.append(_Chunk(start=start, end=end, user=user, to=end, number=len(self.all), is_mapped=True))
            else:
                self._add_heap(start, end, starts, used)
        self._starts = [chunk.start for chunk in self.all]

    def _add_heap(self, start: int, end: int, starts: bytes, used: bytes) -> None:
        slots = (end - start) // GRAIN_BYTES
        headers = list(_positions(starts, slots))
        live = set(_positions(used, slots))
        for slot, following in zip(headers, [*headers[1:], slots], strict=False):
            if slot in live:
                low, high = start + slot * GRAIN_BYTES, start + following * GRAIN_BYTES
                to = high + 8 if following < slots else high
                self.all.append(_Chunk(start=low, end=high, user=low + 16, to=to, number=len(self.all)))

    def resolve(self, word: int) -> tuple[_Chunk, bool] | None:
        """The chunk that a word points into, and whether malloc gave out this very value."""
        index = bisect_right(self._starts, word) - 1
        for chunk in (self.all[i] for i in (index, index - 1) if i >= 0):
            if word == chunk.user:
                return chunk, True
            if word < LOW and word % 8:
                continue
            if chunk.user <= word < chunk.to or (chunk.is_mapped and chunk.start <= word < chunk.end):
                return chunk, False
        return None


class _Words:
    """Reads the resident words of ranges."""

    def __init__(self, source: SourceRow, resident: bytes, progress: Tick | None) -> None:
        self._source = Source(fd=source[0], pid=source[1], segments=source[2])
        flat = words_of(resident)
        self._rows = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
        self._ends = [end for _, end in self._rows]
        self._progress = progress
        self.bytes = 0

    def read(self, start: int, end: int) -> Iterator[int]:
        """The resident words in a range; zeros where a resident page cannot be read any more."""
        for low, high in self._rows[bisect_right(self._ends, start) :]:
            if low >= end:
                return
            low, high = (max(low, start) + 7) & ~7, min(high, end) & ~7
            for piece in range(low, high, 1 << 20):
                size = min(high - piece, 1 << 20)
                self.bytes += size
                yield from words_of(read_segments(self._source, piece, size).ljust(size, b"\0"))
                if self._progress is not None:
                    self._progress(self.bytes)


def mark_pure(
    source: SourceRow,
    chunks: ChunkRows,
    resident: bytes,
    certain: bytes,
    doubtful: bytes,
    known: bytes,
    progress: Tick | None,
) -> tuple[bytes, bytes, int, int]:
    """(sure, maybe, how many chunks are in use, bytes of roots read)."""
    table, words = _Chunks(chunks), _Words(source, resident, progress)
    sure: set[int] = set()
    maybe: set[int] = set()
    todo: list[_Chunk] = []

    def follow(found: Iterable[int], *, doubting: bool) -> None:
        for word in found:
            hit = table.resolve(word)
            if hit is None or hit[0].number in sure:
                continue
            chunk, exact = hit
            if doubting or not exact:
                if doubting and chunk.number not in maybe:
                    todo.append(chunk)
                maybe.add(chunk.number)
            else:
                sure.add(chunk.number)
                todo.append(chunk)

    follow(words_of(known), doubting=False)
    roots_bytes = 0
    for doubting, flat in ((False, words_of(certain)), (True, words_of(doubtful))):
        if doubting:
            maybe -= sure
            todo = [table.all[number] for number in sorted(maybe)]
        before = words.bytes
        for i in range(0, len(flat), 2):
            follow(words.read(flat[i], flat[i + 1]), doubting=doubting)
        roots_bytes += words.bytes - before
        while todo:
            chunk = todo.pop()
            follow(words.read(chunk.user, chunk.to), doubting=doubting)
    total = len(table.all)
    return bits_set(total, iter(sure)), bits_set(total, iter(maybe)), total, roots_bytes


@dataclass(slots=True)
class _Shape:
    row: tuple[int, int, int, int]
    count: int = 0
    chunks: int = 0
    bytes: int = 0
    samples: list[_Chunk] = field(default_factory=list)


class _Finding:
    """Union-find over lost chunks, and the shapes of what hangs together."""

    def __init__(self, lost: list[_Chunk]) -> None:
        self.lost = lost
        self.parent = {chunk.number: chunk.number for chunk in lost}
        self.degree = dict.fromkeys(self.parent, 0)
        self.key = dict.fromkeys(self.parent, 0)
        self.moved: set[int] = set()
        self.shapes: dict[tuple[int, int, int, int], _Shape] = {}
        self._random = 0

    def root(self, number: int) -> int:
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self.root(one), self.root(other)))
        self.parent[other] = one

    def members(self) -> dict[int, list[_Chunk]]:
        """Lowest number of a graph → its chunks that did not move, in address order."""
        found: dict[int, list[_Chunk]] = {}
        for chunk in self.lost:
            if chunk.number not in self.moved:
                found.setdefault(self.root(chunk.number), []).append(chunk)
        return found

    def head(self, graph: list[_Chunk]) -> _Chunk:
        """What a graph begins with: a chunk that nothing points to, the largest; else the one most words point to."""
        return min(
            graph,
            key=lambda one: (
                (0, -(one.end - one.start))
                if self.degree[one.number] == 0
                else (1, -min(self.degree[one.number], 65535))
            ),
        )

    def count(self, head: _Chunk, graph: list[_Chunk]) -> None:
        """One more graph, in the row of its shape."""
        size, key = sum(chunk.end - chunk.start for chunk in graph), self.key[head.number]
        row = (len(graph), size, head.end - head.start, key)
        if row not in self.shapes and len(self.shapes) >= _EXACT_SHAPES:
            row = (0, 0, row[2], key)
            if row not in self.shapes and len(self.shapes) >= _COARSE_SHAPES:
                row = (0, 0, 0, 0)
        shape = self.shapes.setdefault(row, _Shape(row))
        shape.count += 1
        shape.chunks += len(graph)
        shape.bytes += size
        if len(shape.samples) < SAMPLES:
            shape.samples.append(head)
            return
        self._random = (self._random * 6364136223846793005 + 1442695040888963407) % 2**64
        chance = (self._random >> 33) % shape.count
        if chance < SAMPLES:
            shape.samples[chance] = head


def _connect(table: _Chunks, words: _Words, finding: _Finding, keys: memoryview) -> None:
    values = {0}
    for chunk in finding.lost:
        if not _header_holds(chunk, words):
            finding.moved.add(chunk.number)
        for word in list(words.read(chunk.user - 16, chunk.user + 8))[2:]:
            if any(keys[i] <= word < keys[i + 1] for i in range(0, len(keys), 2)):
                finding.key[chunk.number] = word if word in values or len(values) < _MOST_KEYS else 0
                values.add(finding.key[chunk.number])
        for word in words.read(chunk.user, chunk.to):
            hit = table.resolve(word)
            if hit is None or not hit[1] or hit[0] is chunk or hit[0].number not in finding.parent:
                continue
            finding.degree[hit[0].number] += 1
            finding.join(chunk.number, hit[0].number)


def _header_holds(chunk: _Chunk, words: _Words) -> bool:
    """Is the size in its header, and "the chunk before is in use" in the next one, as it was?"""
    if chunk.is_mapped:
        return True
    to = chunk.to + 8 if chunk.to > chunk.end else chunk.end
    seen = list(words.read(chunk.start, to))
    if 8 * len(seen) < to - chunk.start:
        return True  # not resident throughout
    if seen[1] & ~7 != chunk.end - chunk.start:
        return False
    return chunk.to == chunk.end or bool(seen[-1] & 1)


def graph_pure(
    source: SourceRow,
    chunks: ChunkRows,
    resident: bytes,
    lost: bytes,
    keys: bytes,
    most_shapes: int,
    most_members: int,
    progress: Tick | None,
) -> tuple[bytes, bytes, int, int]:
    """(shapes, members, chunks that moved, their bytes) of the lost chunks."""
    table = _Chunks(chunks)
    finding = _Finding([chunk for chunk in table.all if has_bit(lost, chunk.number)])
    _connect(table, _Words(source, resident, progress), finding, words_of(keys))
    graphs = finding.members()
    sizes: dict[int, int] = {}
    for number in finding.parent:
        sizes[finding.root(number)] = sizes.get(finding.root(number), 0) + 1
    for wanted in (True, False):
        for root, graph in sorted(graphs.items()):
            if (sizes[root] == 1) == wanted:
                finding.count(finding.head(graph), graph)
    order = sorted(finding.shapes.values(), key=lambda shape: (-shape.bytes, shape.samples[0].number))
    samples = {
        finding.root(head.number): (at, place, head)
        for at, shape in enumerate(order[:most_shapes])
        for place, head in enumerate(shape.samples)
    }
    members: list[int] = []
    seen: dict[int, int] = {}
    for chunk in finding.lost:
        sample = samples.get(finding.root(chunk.number))
        if sample is None or chunk.number in finding.moved:
            continue
        at, place, head = sample
        root = finding.root(chunk.number)
        if seen.setdefault(root, 0) >= most_members and chunk is not head:
            continue
        seen[root] += 1
        members += (at, place, chunk.user, chunk.end - chunk.start, int(chunk is head))
    rows = [value for shape in order for value in (*shape.row, shape.count, shape.chunks, shape.bytes)]
    moved = [chunk.end - chunk.start for chunk in finding.lost if chunk.number in finding.moved]
    return _flat(rows), _flat(members), len(moved), sum(moved)


def _flat(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def weigh_pure(chunks: ChunkRows, bits: bytes) -> tuple[int, int]:
    """(how many, bytes with headers) of the chunks whose bit is set."""
    sizes = [chunk.end - chunk.start for chunk in _Chunks(chunks).all if has_bit(bits, chunk.number)]
    return len(sizes), sum(sizes)


def common_pure(chunks: ChunkRows, bits: bytes, earlier: ChunkRows, earlier_bits: bytes) -> bytes:
    """The bits of chunks whose header stood at the same place in an earlier walk, with its bit set there."""
    before = {chunk.user for chunk in _Chunks(earlier).all if has_bit(earlier_bits, chunk.number)}
    now = _Chunks(chunks).all
    return bits_set(len(now), (chunk.number for chunk in now if chunk.user in before and has_bit(bits, chunk.number)))


Mark = Callable[[SourceRow, ChunkRows, bytes, bytes, bytes, bytes, Tick | None], tuple[bytes, bytes, int, int]]
Graph = Callable[[SourceRow, ChunkRows, bytes, bytes, bytes, int, int, Tick | None], tuple[bytes, bytes, int, int]]
Weigh = Callable[[ChunkRows, bytes], tuple[int, int]]
Common = Callable[[ChunkRows, bytes, ChunkRows, bytes], bytes]


def _choose() -> tuple[Mark, Graph, Weigh, Common]:
    """The C twins, or the pure ones where the extension is absent or MEMWHY_PURE=1 forbids it."""
    pure = mark_pure, graph_pure, weigh_pure, common_pure
    if os.environ.get("MEMWHY_PURE") == "1":
        return pure
    try:
        from memwhy._core import _graph
    except ImportError:
        return pure
    return _graph.mark, _graph.graph, _graph.weigh, _graph.common


mark, graph, weigh, common = _choose()
