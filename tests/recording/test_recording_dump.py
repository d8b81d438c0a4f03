"""A recording can be listed without unpacking it, and one read taken out of it raw."""

from pathlib import Path

import pytest
from killed_writer import make_snapshot

from memwhy.model.errors import RecordingError
from memwhy.recording import Entry, Recorder, SourceSpan, find_evidence, list_evidence, open_recording

TICKS = 310


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.memwhy"
    recorder = Recorder.create(path, meta={})
    for tick in range(TICKS):
        recorder.append(make_snapshot(tick))
    return path  # not closed: chunks and tails


def test_the_listing_names_every_read(path: Path) -> None:
    expected = [
        Entry(
            source=one.source,
            tick=tick,
            monotonic_ns=one.monotonic_ns,
            wall_ns=one.wall_ns,
            cost_ns=one.cost_ns,
            raw_bytes=len(one.raw),
            error=one.error,
        )
        for tick in range(TICKS)
        for one in make_snapshot(tick).evidence
    ]
    with open_recording(path) as recording:
        assert list(list_evidence(recording)) == sorted(expected, key=lambda entry: entry.source)
        assert list(list_evidence(recording, "go/heap")) == [one for one in expected if one.source == "go/heap"]


def test_sources_say_how_much_there_is_and_when(path: Path) -> None:
    start_ns = 1_700_000_000_000_000_000
    with open_recording(path) as recording:
        assert recording.sources() == (
            SourceSpan("go/heap", 104, 0, 309),
            SourceSpan("proc/status", TICKS, start_ns, start_ns + 309 * 10**9),
        )


def test_one_source_is_read_alone(path: Path) -> None:
    with open_recording(path) as recording:
        assert list(recording.read("proc/status")) == [make_snapshot(tick).evidence[0] for tick in range(TICKS)]
        assert list(recording.read("proc/none")) == []


def test_a_read_is_found_by_its_tick_or_the_last_is_taken(path: Path) -> None:
    with open_recording(path) as recording:
        assert find_evidence(recording, "go/heap", 6) == make_snapshot(6).evidence[1]
        assert find_evidence(recording, "go/heap") == make_snapshot(309).evidence[1]


def test_what_is_not_there_is_answered_with_what_is(path: Path) -> None:
    with open_recording(path) as recording:
        with pytest.raises(RecordingError, match="holds no go/heap at tick 7") as caught:
            find_evidence(recording, "go/heap", 7)
        assert caught.value.help == "the first is at 0, the last at 309"
        with pytest.raises(RecordingError, match="holds no proc/maps") as caught:
            find_evidence(recording, "proc/maps")
        assert caught.value.help == "it holds go/heap, proc/status"
