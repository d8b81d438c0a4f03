"""What is appended comes back: byte for byte, in order, whatever it is."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder, open_recording

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.one_of(st.text(max_size=12), st.text(st.characters(), max_size=5), st.sampled_from(["\ud800", "a\0b", ""]))
LINES = st.lists(st.sampled_from([b"a", b"bb", b"Rss: 4 kB", b"", b"\xff\0"]), max_size=12).map(b"\n".join)
RAWS = st.one_of(st.binary(max_size=60), LINES, st.just(b""), st.just(b"\0" * 70_000))


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    return Evidence(
        source=draw(st.one_of(st.sampled_from(["proc/status", "go/heap"]), TEXTS)),
        monotonic_ns=draw(INTEGERS),
        wall_ns=draw(INTEGERS),
        cost_ns=draw(INTEGERS),
        raw=draw(RAWS),
        error=draw(st.none() | TEXTS),
    )


@st.composite
def all_snapshots(draw: st.DrawFn) -> Snapshot:
    return Snapshot(
        tick=draw(INTEGERS),
        monotonic_ns=draw(INTEGERS),
        wall_ns=draw(INTEGERS),
        late_ns=draw(INTEGERS),
        cpu_ns=draw(INTEGERS),
        evidence=tuple(draw(st.lists(evidences(), max_size=5))),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(all_snapshots(), max_size=8), st.dictionaries(TEXTS, TEXTS, max_size=3), st.booleans())
def test_any_snapshots_written_and_reopened_are_equal(
    snapshots: list[Snapshot], meta: dict[str, str], closed: bool
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "run.memwhy"
        recorder = Recorder.create(path, meta=meta)
        for snapshot in snapshots:
            recorder.append(snapshot)
        if closed:
            recorder.close("done")
        with open_recording(path) as recording:
            assert list(recording.snapshots()) == snapshots
            assert recording.meta == meta
            assert recording.ended == ("done" if closed else None)
            assert recording.problems == ()
        recorder.close("done")
