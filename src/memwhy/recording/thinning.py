"""Thinning: when a bounded recording is full, every second read of the oldest region goes, the largest source first.

Two neighbouring chunks of the source that fills the most of the file become one chunk of every second read, one
level up. The newest few chunks of each level are spared while older ones remain, so the detail fades with age:
the last stretch is whole, the one before it half, and so on. The first and the last read of a source stay for ever.
"""

import sqlite3
from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise

from memwhy.recording.chunk import Packed, TickRow, decode_head, decode_reads, decode_ticks
from memwhy.recording.delta import MAX_RAW_BYTES, make_delta
from memwhy.recording.schema import TICKS
from memwhy.recording.tables import insert_chunk, insert_ticks

_SPARED = 4
_MOST_READS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to thin next: one chunk or two neighbours of a source, `reads` reads together."""

    source: int
    chunks: tuple[int, ...]
    level: int
    reads: int
    first_seq: int
    last_seq: int
    holds_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """What is left of a choice."""

    packed: tuple[Packed, ...] = ()
    ticks: tuple[TickRow, ...] = ()


_Row = tuple[int, int, int, int, int]  # id, level, reads, first_seq, last_seq


def choose(database: sqlite3.Connection) -> Choice | None:
    """The next chunks to thin, or None when every source is down to its last chunk of two reads."""
    sources = database.execute(
        "SELECT source FROM chunk GROUP BY source ORDER BY SUM(stored_bytes) DESC, source"
    ).fetchall()
    for (source,) in sources:
        rows: list[_Row] = database.execute(
            "SELECT id, level, reads, first_seq, last_seq FROM chunk WHERE source = ? ORDER BY first_seq, id", (source,)
        ).fetchall()
        picked = _pick(rows, source)
        if picked:
            return Choice(
                source=source,
                chunks=tuple(row[0] for row in picked),
                level=max(row[1] for row in picked) + 1,
                reads=sum(row[2] for row in picked),
                first_seq=picked[0][3],
                last_seq=picked[-1][4],
                holds_last=picked[-1] is rows[-1],
            )
    return None


def _pick(rows: list[_Row], source: int) -> list[_Row]:
    pairs = [pair for pair in pairwise(rows) if pair[0][2] + pair[1][2] <= _MOST_READS]
    for least in (_SPARED, 1):
        for level in sorted({row[1] for row in rows}):
            alike = [pair for pair in pairs if pair[0][1] == pair[1][1] == level]
            if len(alike) >= least:
                return list(alike[0])
    if pairs:
        return list(pairs[0])
    if source != TICKS:
        return next(([row] for row in rows if row[2] > 2), [])
    return []


def thin(database: sqlite3.Connection, choice: Choice) -> Generator[None, None, Thinned]:
    """Work out what is left of `choice`, pausing after every read so that no tick has to wait for long. Writes nothing."""
    if choice.source == TICKS:
        return Thinned(ticks=_thin_ticks(database, choice))
    packed: list[Packed] = []
    before: bytes | None = None
    number = size = 0
    for chunk in choice.chunks:
        head_blob, body = _blobs(database, chunk)
        for place, raw in decode_reads(decode_head(head_blob), body):
            last = choice.holds_last and number == choice.reads - 1
            if number % 2 == 0 or last:
                delta = make_delta(before, raw)
                if size + len(delta) <= MAX_RAW_BYTES or last:
                    packed.append(Packed(place=place, delta=delta))
                    size += len(delta)
                    before = raw
            number += 1
            yield
    return Thinned(packed=tuple(packed))


def replace(database: sqlite3.Connection, choice: Choice, thinned: Thinned) -> None:
    """Put what is left in the place of what was; within the caller's transaction."""
    for chunk in choice.chunks:
        database.execute("DELETE FROM chunk WHERE id = ?", (chunk,))
    if thinned.packed:
        insert_chunk(database, choice.source, choice.level, thinned.packed)
    if thinned.ticks:
        insert_ticks(database, choice.level, thinned.ticks)


def _thin_ticks(database: sqlite3.Connection, choice: Choice) -> tuple[TickRow, ...]:
    """The ticks of which some evidence is left, and the first and the last."""
    ticks = [tick for chunk in choice.chunks for tick in decode_ticks(_blobs(database, chunk)[0])]
    span = (choice.first_seq, choice.last_seq)
    needed = {seq for (seq,) in database.execute("SELECT seq FROM tail WHERE seq BETWEEN ? AND ?", span)}
    heads = database.execute(
        "SELECT head FROM chunk WHERE source != ? AND last_seq >= ? AND first_seq <= ?", (TICKS, *span)
    )
    for (head,) in heads:
        needed.update(place.seq for place in decode_head(head).places)
    first = database.execute("SELECT MIN(first_seq) FROM chunk WHERE source = ?", (TICKS,)).fetchone()[0]
    return tuple(
        tick for tick in ticks if tick.seq in needed or tick.seq == first or (choice.holds_last and tick is ticks[-1])
    )


def _blobs(database: sqlite3.Connection, chunk: int) -> tuple[bytes, bytes]:
    head, body = database.execute("SELECT head, body FROM chunk WHERE id = ?", (chunk,)).fetchone()
    return head, body
