"""A Ctrl-C may come between any two steps of a write: what is appended afterwards is kept, and what was kept stays."""

import sys
from pathlib import Path
from types import FrameType

import pytest
from killed_writer import make_snapshot

from memwhy.model.evidence import Snapshot
from memwhy.recording import Recorder, open_recording, tables
from memwhy.recording import recorder as code

FILES = (code.__file__, tables.__file__)


class Interrupt:
    """A trace function that raises KeyboardInterrupt at the nth line executed in the recorder."""

    def __init__(self, at_line: int) -> None:
        self.left = at_line

    def __call__(self, frame: FrameType, event: str, _: object) -> "Interrupt | None":
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def appended(recorder: Recorder, snapshot: Snapshot, *, interrupted_at: int) -> bool:
    """True when the interrupt came."""
    before = sys.gettrace()
    sys.settrace(Interrupt(interrupted_at))
    try:
        recorder.append(snapshot)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("seal_reads", [1, 300], ids=["sealed at once", "in the tail"])
def test_an_interrupt_at_any_line_of_an_append_loses_nothing_else(
    tmp_path: Path, seal_reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "_SEAL_READS", seal_reads)
    came, line = True, 0
    while came:
        line += 1
        path = tmp_path / f"{line}.memwhy"
        recorder = Recorder.create(path, meta={})
        for tick in range(3):
            recorder.append(make_snapshot(tick))
        came = appended(recorder, make_snapshot(3), interrupted_at=line)
        for tick in (4, 5):
            recorder.append(make_snapshot(tick))
        recorder.close("done")
        with open_recording(path) as recording:
            kept = list(recording.snapshots())
            assert recording.problems == ()
        whole = [make_snapshot(tick) for tick in range(6)]
        assert kept in (whole, [one for one in whole if one.tick != 3]), line
    assert kept == whole
    assert line > 50
