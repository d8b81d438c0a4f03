"""Evidence and the work that was done in it, as `verify` and `check` are given them."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from memwhy.model import weigh
from memwhy.model.errors import UsageError
from memwhy.model.proof import Work, WorkLog
from memwhy.model.units import NS_PER_S

if TYPE_CHECKING:
    from memwhy.diagnose import Casebook
    from memwhy.model.case import Case


def log_of(text: str) -> WorkLog:
    """What stands after --work: a file, or the plain number of pieces of work. Raises UsageError, ParseError."""
    if os.path.exists(text):
        from memwhy.sources.work import read

        try:
            return read(text)
        except OSError as error:
            raise UsageError(f"{text}: {error.strerror}", help="give a file with lines `time count`") from error
    return WorkLog(source=f"--work {text}", total=_count(text))


def refuse_no_work(text: str) -> None:
    """Before a watch: raises UsageError where text is neither a count nor a file. A file is read at the end only, for it may
    be written meanwhile."""
    if not os.path.exists(text):
        _count(text)
    elif os.path.isdir(text) or not os.access(text, os.R_OK):
        raise UsageError(f"--work {text} cannot be read", help="give a file with lines `time count`")


def _count(text: str) -> float:
    try:
        count = float(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UsageError(
            f"--work {text} is neither a count nor a file", help="--work 120000, --work requests.csv"
        ) from None
    if not 0 < count < 1e15:
        raise UsageError(f"--work {text}: that is no count of what was done", help="--work 120000")
    return count


def work_for(log: WorkLog, case: "Case", begun_s: float | None, unit: str = "") -> Work | None:
    """The work on the case's own clock; None where the case has no total to hold against it. Raises UsageError."""
    from memwhy.proof import placed

    total = weigh.total(case)
    return None if total is None else placed(log, total, begun_s=begun_s, unit=unit)


def begin_of(book: "Casebook", paths: Iterable[str]) -> float | None:
    """The wall clock, in seconds since 1970, at second 0 of the book's series; None where nobody knows it."""
    origin = book.timeline.origin
    if "monotonic" not in origin:
        return origin["wall"] / NS_PER_S if "wall" in origin else None
    from memwhy.model.errors import RecordingError
    from memwhy.recording import open_recording

    for path in paths:
        try:
            with open_recording(path) as recording:
                first = next(iter(recording.snapshots()), None)
        except (RecordingError, OSError):
            continue  # evidence of another kind stands beside the recording
        if first is not None:
            return (origin["monotonic"] + first.wall_ns - first.monotonic_ns) / NS_PER_S
    return None


def begin_of_watch(book: "Casebook") -> float | None:
    """The same of a process that has just been watched here."""
    origin = book.timeline.origin.get("monotonic")
    if origin is None:
        return None
    return (origin + time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) / NS_PER_S
