"""A recording, listed: which source was read when and how large it was; and one read, raw."""

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence
from memwhy.recording.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One read in a listing. tick: None when the tick is lost to damage."""

    source: str
    tick: int | None
    monotonic_ns: int
    wall_ns: int
    cost_ns: int
    raw_bytes: int
    error: str | None


def list_evidence(recording: Recording, source: str | None = None) -> Iterator[Entry]:
    """Every read, source by source in order of time, without unpacking its bytes."""
    ticks = {tick.seq: tick.tick for tick in recording.ticks()}
    for span in recording.sources():
        if source is None or span.source == source:
            for place in recording.places(span.source):
                yield Entry(
                    source=span.source,
                    tick=ticks.get(place.seq),
                    monotonic_ns=place.monotonic_ns,
                    wall_ns=place.wall_ns,
                    cost_ns=place.cost_ns,
                    raw_bytes=place.raw_bytes,
                    error=place.error,
                )


def find_evidence(recording: Recording, source: str, tick: int | None = None) -> Evidence:
    """The read of `source` at `tick`, or its last one; RecordingError says what there is instead."""
    known = [span.source for span in recording.sources()]
    if source not in known:
        raise RecordingError(
            f"{recording.path}: holds no {source}", help=f"it holds {', '.join(known)}" if known else "it holds nothing"
        )
    wanted = {row.seq for row in recording.ticks() if row.tick == tick}
    places = list(recording.places(source))
    numbers = [number for number, place in enumerate(places) if tick is None or place.seq in wanted]
    if not numbers:
        ticks = [entry.tick for entry in list_evidence(recording, source)]
        raise RecordingError(
            f"{recording.path}: holds no {source} at tick {tick}",
            help=f"the first is at {ticks[0]}, the last at {ticks[-1]}",
        )
    for number, evidence in enumerate(recording.read(source)):
        if number == numbers[-1] and _same(evidence, places[number].monotonic_ns, places[number].raw_bytes):
            return evidence
    raise RecordingError(f"{recording.path}: {source} at tick {tick} is damaged and cannot be read")


def _same(evidence: Evidence, monotonic_ns: int, raw_bytes: int) -> bool:
    return evidence.monotonic_ns == monotonic_ns and len(evidence.raw) == raw_bytes
