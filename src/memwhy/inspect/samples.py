"""Lost graphs by shape, and the contents of a few of each: what types, owners and strings are told from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from memwhy.inspect.chunks import words_of
from memwhy.inspect.graph import MEMBER_COLUMNS, SHAPE_COLUMNS
from memwhy.memory.space import Space

IsResident = Callable[[int, int], bool]

_MOST_CHUNKS = 5000
_MOST_BYTES = 1 << 20
"""Read of the samples of one row."""
_MOST_CHUNK_BYTES = 4096
"""Read of the beginning of one chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk of a sampled graph. user: what malloc returned; bytes: with its header; is_head: the graph begins here."""

    user: int
    bytes: int
    is_head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Graphs alike. chunks, bytes: of one graph, 0 where unequal ones are summed. key: the head's first word, if it tells a type.

    fewest, most: chunks of the graphs that were summed.
    """

    chunks: int
    bytes: int
    head_bytes: int
    key: int
    count: int
    all_chunks: int
    all_bytes: int
    samples: tuple[tuple[Chunk, ...], ...] = ()
    fewest: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One chunk and the beginning of what is in it, as far as it is resident."""

    chunk: Chunk
    raw: bytes
    words: Sequence[int] = field(repr=False)


def shapes_of(shapes: bytes, members: bytes) -> tuple[Shape, ...]:
    """The rows that `memwhy.inspect.graph.graph` returns, largest first."""
    rows, flat = words_of(shapes), words_of(members)
    samples: dict[int, dict[int, list[Chunk]]] = {}
    for i in range(0, len(flat), MEMBER_COLUMNS):
        shape, sample, user, size, is_head = flat[i : i + MEMBER_COLUMNS]
        chunk = Chunk(user=user, bytes=size, is_head=bool(is_head))
        samples.setdefault(shape, {}).setdefault(sample, []).append(chunk)
    found: list[Shape] = []
    for number in range(len(rows) // SHAPE_COLUMNS):
        chunks, size, head, key, count, all_chunks, all_bytes = rows[
            number * SHAPE_COLUMNS : (number + 1) * SHAPE_COLUMNS
        ]
        found.append(
            Shape(
                chunks=chunks,
                bytes=size,
                head_bytes=head,
                key=key,
                count=count,
                all_chunks=all_chunks,
                all_bytes=all_bytes,
                samples=tuple(tuple(graph) for graph in samples.get(number, {}).values()),
                fewest=chunks,
                most=chunks,
            )
        )
    return tuple(found)


def summed(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one. What they share stays; samples are taken from all in turn."""
    first = shapes[0]
    if len(shapes) == 1:
        return first
    in_turn = [
        shape.samples[place]
        for place in range(max(len(shape.samples) for shape in shapes))
        for shape in shapes
        if place < len(shape.samples)
    ]
    return Shape(
        chunks=first.chunks if all(one.chunks == first.chunks for one in shapes) else 0,
        bytes=first.bytes if all(one.bytes == first.bytes for one in shapes) else 0,
        head_bytes=first.head_bytes if all(one.head_bytes == first.head_bytes for one in shapes) else 0,
        key=first.key if all(one.key == first.key for one in shapes) else 0,
        count=sum(one.count for one in shapes),
        all_chunks=sum(one.all_chunks for one in shapes),
        all_bytes=sum(one.all_bytes for one in shapes),
        samples=tuple(in_turn),
        fewest=min(one.fewest for one in shapes),
        most=max(one.most for one in shapes),
    )


def read_samples(space: Space, is_resident: IsResident, graphs: Iterable[Sequence[Chunk]]) -> list[list[Content]]:
    """The beginnings of all chunks of as many graphs as fit the limits, whole graphs but for the first."""
    chosen: list[Sequence[Chunk]] = []
    chunks_left, bytes_left = _MOST_CHUNKS, _MOST_BYTES
    for graph in graphs:
        size = sum(min(chunk.bytes, _MOST_CHUNK_BYTES) for chunk in graph)
        if chosen and (len(graph) > chunks_left or size > bytes_left):
            continue
        chosen.append(graph[:_MOST_CHUNKS])
        chunks_left -= len(graph)
        bytes_left -= size
    raw = _read(space, is_resident, [chunk for graph in chosen for chunk in graph])
    return [
        [
            Content(chunk=chunk, raw=found, words=words_of(found[: len(found) & ~7]))
            for chunk in graph
            if (found := raw.get(chunk.user))
        ]
        for graph in chosen
    ]


def _read(space: Space, is_resident: IsResident, chunks: Iterable[Chunk]) -> dict[int, bytes]:
    """Contents by user pointer; chunks of one size in one gather, those that are not resident left out."""
    by_size: dict[int, list[int]] = {}
    for chunk in chunks:
        size = min(chunk.bytes - 8, _MOST_CHUNK_BYTES) & ~7
        if is_resident(chunk.user, chunk.user + size):
            by_size.setdefault(size, []).append(chunk.user)
    found: dict[int, bytes] = {}
    for size, users in by_size.items():
        raw = space.gather(users, size)
        found.update((user, raw[place * size : (place + 1) * size]) for place, user in enumerate(users))
    return found
