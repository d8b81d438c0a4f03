"""The block graph: what leads to which chunk, and which lost chunks hang together. In C where the extension is there.

`mark_pure`, `graph_pure`, `weigh_pure` and `common_pure` are the specification; `memwhy._core._graph` has their twins,
chosen unless MEMWHY_PURE=1. The pure ones need some 100 bytes per chunk and 20 s per GB; they are for small heaps.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from memwhy.inspect.chunks import Chunk, ChunkRows, Chunks, SourceRow, Tick, Words, bits_set, has_bit, words_of
from memwhy.inspect.marking import mark_pure

SAMPLES = 12
"""Graphs of one shape that are kept as samples."""
SHAPE_COLUMNS = 7
MEMBER_COLUMNS = 5
_EXACT_SHAPES, _COARSE_SHAPES, _MOST_KEYS = 65536, 98304, 4096


@dataclass(slots=True)
class _Shape:
    row: tuple[int, int, int, int]
    count: int = 0
    chunks: int = 0
    bytes: int = 0
    samples: list[Chunk] = field(default_factory=list)


class _Finding:
    """Union-find over lost chunks, and the shapes of what hangs together."""

    def __init__(self, lost: list[Chunk]) -> None:
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

    def members(self) -> dict[int, list[Chunk]]:
        """Lowest number of a graph → its chunks that did not move, in address order."""
        found: dict[int, list[Chunk]] = {}
        for chunk in self.lost:
            if chunk.number not in self.moved:
                found.setdefault(self.root(chunk.number), []).append(chunk)
        return found

    def head(self, graph: list[Chunk]) -> Chunk:
        """What a graph begins with: a chunk that nothing points to, the largest; else the one most words point to."""
        return min(
            graph,
            key=lambda one: (
                (0, -(one.end - one.start))
                if self.degree[one.number] == 0
                else (1, -min(self.degree[one.number], 65535))
            ),
        )

    def count(self, head: Chunk, graph: list[Chunk]) -> None:
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


def _connect(table: Chunks, words: Words, finding: _Finding, keys: memoryview) -> None:
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


def _header_holds(chunk: Chunk, words: Words) -> bool:
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
    table = Chunks(chunks)
    finding = _Finding([chunk for chunk in table.all if has_bit(lost, chunk.number)])
    _connect(table, Words(source, resident, progress), finding, words_of(keys))
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
    sizes = [chunk.end - chunk.start for chunk in Chunks(chunks).all if has_bit(bits, chunk.number)]
    return len(sizes), sum(sizes)


def common_pure(chunks: ChunkRows, bits: bytes, earlier: ChunkRows, earlier_bits: bytes) -> bytes:
    """The bits of chunks whose header stood at the same place in an earlier walk, with its bit set there."""
    before = {chunk.user for chunk in Chunks(earlier).all if has_bit(earlier_bits, chunk.number)}
    now = Chunks(chunks).all
    return bits_set(len(now), (chunk.number for chunk in now if chunk.user in before and has_bit(bits, chunk.number)))


Mark = Callable[
    [SourceRow, ChunkRows, bytes, bytes, bytes, bytes, Tick | None, bytes, bytes, int],
    tuple[bytes, bytes, bytes, bytes, int, int],
]
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
