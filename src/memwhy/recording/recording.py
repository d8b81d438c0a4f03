"""A recording opened for reading: what was appended comes back byte for byte; what is damaged is skipped and named.

The view stands still from opening to closing, so a recording that is still being written gives a consistent
beginning of itself. Reading is streaming: at any time one chunk per source is in memory.
"""

import heapq
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import NamedTuple, TypeVar

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording.access import Opened, open_database
from memwhy.recording.chunk import (
    Head,
    Place,
    TickRow,
    decode_head,
    decode_reads,
    decode_text,
    decode_ticks,
    evidence_of,
)
from memwhy.recording.delta import apply_delta
from memwhy.recording.schema import TICKS
from memwhy.recording.tables import check_integers, tail_delta, tail_places, tick_rows

_T = TypeVar("_T")
_MOST_PROBLEMS = 1000


class SourceSpan(NamedTuple):
    """How much of one source a recording holds; the wall clock of its first and last read."""

    source: str
    reads: int
    first_wall_ns: int
    last_wall_ns: int


class Recording:
    """One recording, open for reading. Close it, or use it in a with statement.

    meta: what the recorder was told. schema: the version in the file. ended: why the recording ended; None when
    it is still being written or its writer was killed.
    """

    def __init__(self, path: str, opened: Opened) -> None:
        self.path = path
        self.schema = opened.schema
        self._opened = opened
        self._database = opened.database
        self._problems: dict[str, None] = {}
        self.meta = self._texts("SELECT key, value FROM meta ORDER BY key")
        state = self._texts("SELECT key, value FROM state")
        self.ended = state.get("ended")
        self._names = self._load_names()

    @property
    def problems(self) -> tuple[str, ...]:
        """What was damaged and skipped, as far as has been read by now."""
        return tuple(self._problems)

    def sources(self) -> tuple[SourceSpan, ...]:
        """Every source with its count of reads and the wall clock of its first and last, by name."""
        spans: dict[str, SourceSpan] = {}
        for query in (
            "SELECT source, SUM(reads), MIN(first_wall_ns), MAX(last_wall_ns) FROM chunk WHERE source != 0 GROUP BY source",
            "SELECT source, COUNT(*), MIN(wall_ns), MAX(wall_ns) FROM tail GROUP BY source",
        ):
            for source, reads, first_ns, last_ns in self._integers("the table of reads", query):
                name = self._name(source)
                old = spans.get(name, SourceSpan(name, 0, first_ns, last_ns))
                spans[name] = SourceSpan(
                    name, old.reads + reads, min(old.first_wall_ns, first_ns), max(old.last_wall_ns, last_ns)
                )
        return tuple(spans[name] for name in sorted(spans))

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots in the order of appending; of thinned stretches those that still hold evidence.

        Evidence whose tick is lost to damage comes in a snapshot of its own: its tick is then its number in the
        order of appending, its clocks those of its first evidence, lateness and cost 0.
        """
        streams = [self._merged(source) for source in self._names]
        reads = heapq.merge(*streams, key=lambda read: (read[0].seq, read[0].place))
        waiting = next(reads, None)
        for tick in self._ticks():
            while waiting is not None and waiting[0].seq < tick.seq:
                evidence, waiting = _gather(waiting, reads)
                yield self._orphan(evidence)
            if waiting is not None and waiting[0].seq == tick.seq:
                evidence, waiting = _gather(waiting, reads)
            else:
                evidence = []
            yield _snapshot(tick, [one for _, one in evidence])
        while waiting is not None:
            evidence, waiting = _gather(waiting, reads)
            yield self._orphan(evidence)

    def read(self, source: str) -> Iterator[Evidence]:
        """All evidence of one source, in order; nothing when the recording does not hold it."""
        for number, name in self._names.items():
            if name == source:
                for _, evidence in self._merged(number):
                    yield evidence

    def places(self, source: str) -> Iterator[Place]:
        """Where every read of a source stands, without its bytes: fast, for listings."""
        for number, name in self._names.items():
            if name == source:
                for chunk in self._chunks(number):
                    head = self._attempt(chunk, self._head)
                    yield from head.places if head else ()
                for _, place in self._guard(f"the latest reads of {name}", tail_places(self._database, number)):
                    yield place

    def ticks(self) -> Iterator[TickRow]:
        """Every snapshot without its evidence, in order."""
        return self._ticks()

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def __enter__(self) -> "Recording":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _merged(self, source: int) -> Iterator[tuple[Place, Evidence]]:
        """The reads of one source: its chunks, then its tail."""
        name = self._name(source)
        for chunk in self._chunks(source):
            head = self._attempt(chunk, self._head)
            if head is None:
                continue
            body = self._attempt(chunk, self._body)
            if body is None:
                continue
            for place, raw in self._guard(f"{name}, chunk {chunk}", decode_reads(head, body)):
                yield place, evidence_of(name, place, raw)
        yield from self._tail(source, name)

    def _tail(self, source: int, name: str) -> Iterator[tuple[Place, Evidence]]:
        def reads() -> Iterator[tuple[Place, Evidence]]:
            raw: bytes | None = None
            for number, place in tail_places(self._database, source):
                raw = apply_delta(raw, tail_delta(self._database, number), place.raw_bytes)
                yield place, evidence_of(name, place, raw)

        return self._guard(f"the latest reads of {name}", reads())

    def _ticks(self) -> Iterator[TickRow]:
        for chunk in self._chunks(TICKS):
            yield from self._attempt(chunk, self._sealed_ticks) or ()
        yield from self._guard("the latest ticks", tick_rows(self._database))

    def _chunks(self, source: int) -> list[int]:
        """The chunks of a source in order of time."""
        query = "SELECT id FROM chunk WHERE source = ? ORDER BY first_seq, id"
        return [number for (number,) in self._integers("the table of chunks", query, source)]

    def _blob(self, chunk: int, column: str) -> bytes:
        row = self._database.execute(f"SELECT {column} FROM chunk WHERE id = ?", (chunk,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise RecordingError("it is not there")
        return row[0]

    def _head(self, chunk: int) -> Head:
        return decode_head(self._blob(chunk, "head"))

    def _body(self, chunk: int) -> bytes:
        return self._blob(chunk, "body")

    def _sealed_ticks(self, chunk: int) -> tuple[TickRow, ...]:
        return decode_ticks(self._blob(chunk, "head"))

    def _attempt(self, chunk: int, decode: Callable[[int], _T]) -> _T | None:
        try:
            return decode(chunk)
        except (RecordingError, sqlite3.DatabaseError) as wrong:
            self._note(f"chunk {chunk}", wrong)
            return None

    def _guard(self, what: str, items: Iterable[_T]) -> Iterator[_T]:
        """The items up to the first damaged one."""
        try:
            yield from items
        except (RecordingError, sqlite3.DatabaseError) as wrong:
            self._note(what, wrong)

    def _select(self, what: str, query: str, *values: int) -> Iterator[tuple[object, ...]]:
        """The rows up to the first damaged one."""
        try:
            yield from self._database.execute(query, values)
        except sqlite3.DatabaseError as wrong:
            self._note(what, wrong)

    def _integers(self, what: str, query: str, *values: int) -> Iterator[tuple[int, ...]]:
        return self._guard(what, (check_integers(row) for row in self._select(what, query, *values)))

    def _note(self, what: str, wrong: Exception) -> None:
        if isinstance(wrong, sqlite3.ProgrammingError):
            raise RecordingError(f"{self.path}: the recording has been closed") from None
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems[f"{what}: skipped: {wrong}"] = None

    def _orphan(self, evidence: list[tuple[Place, Evidence]]) -> Snapshot:
        self._note(f"the tick of snapshot {evidence[0][0].seq}", RecordingError("lost, its evidence is kept"))
        first = evidence[0][1]
        tick = TickRow(
            seq=evidence[0][0].seq,
            tick=evidence[0][0].seq,
            monotonic_ns=first.monotonic_ns,
            wall_ns=first.wall_ns,
            late_ns=0,
            cpu_ns=0,
        )
        return _snapshot(tick, [one for _, one in evidence])

    def _texts(self, query: str) -> dict[str, str]:
        rows = self._select("the facts about the recording", query)
        return dict(self._guard("the facts about the recording", ((decode_text(k), decode_text(v)) for k, v in rows)))

    def _load_names(self) -> dict[int, str]:
        rows = self._select("the names of the sources", "SELECT id, name FROM source ORDER BY id")
        names = ((number, decode_text(name)) for number, name in rows if isinstance(number, int))
        found = dict(self._guard("the names of the sources", names))
        used = "SELECT source FROM chunk WHERE source != 0 UNION SELECT source FROM tail"
        nameless = {number for (number,) in self._integers("the table of reads", used)} - set(found)
        return found | {number: f"source {number}" for number in sorted(nameless)}

    def _name(self, source: int) -> str:
        return self._names.get(source, f"source {source}")


def open_recording(path: str | os.PathLike[str]) -> Recording:
    """Open a recording for reading; its file is never written to. Raises RecordingError."""
    opened = open_database(path)
    try:
        return Recording(os.fspath(path), opened)
    except sqlite3.Error as wrong:
        opened.close()
        raise RecordingError(f"{os.fspath(path)}: the recording is damaged: {wrong}") from None


def _gather(
    first: tuple[Place, Evidence], rest: Iterator[tuple[Place, Evidence]]
) -> tuple[list[tuple[Place, Evidence]], tuple[Place, Evidence] | None]:
    """All reads of one snapshot, and the first of the next."""
    together = [first]
    for read in rest:
        if read[0].seq != first[0].seq:
            return together, read
        together.append(read)
    return together, None


def _snapshot(tick: TickRow, evidence: list[Evidence]) -> Snapshot:
    return Snapshot(
        tick=tick.tick,
        monotonic_ns=tick.monotonic_ns,
        wall_ns=tick.wall_ns,
        late_ns=tick.late_ns,
        cpu_ns=tick.cpu_ns,
        evidence=tuple(evidence),
    )
