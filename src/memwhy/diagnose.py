"""Verb 2: what holds the memory. Evidence becomes a case, every cause is judged, one frozen report comes out."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from memwhy.attribution import attribute
from memwhy.casefile import Casebook
from memwhy.causes import judge_all
from memwhy.causes.experiments import weigh_in
from memwhy.conclude import conclude
from memwhy.model.dependencies import Pointed
from memwhy.model.errors import RecordingError
from memwhy.model.pictures import Pictures
from memwhy.model.reading import Unread, Where
from memwhy.model.report import Overhead, Report, Verdict

if TYPE_CHECKING:
    from memwhy.model.case import Case
    from memwhy.sources.documents import Evidenced

Progress = Callable[[str, int, int | None], None]
"""Called with an input's name, how many bytes of it are done, and of how many (None: not known)."""

__all__ = ["Casebook", "book_of", "book_of_paths", "case_of", "diagnose", "explain", "heap_grows", "load", "picture"]


def diagnose(book: Casebook, *, overhead: Overhead | None = None) -> Report:
    """The report on all that the casebook holds. The same evidence gives the same report for ever."""
    return _judge(book.case(), book, overhead)


def picture(
    book: Casebook, *, overhead: Overhead | None = None, most_points: int | None = None
) -> tuple[Report, Pictures]:
    """The report, and all that can be drawn of it; judged once. most_points: moments of the timeline."""
    from memwhy.pictures import MOST_POINTS
    from memwhy.pictures import picture as drawn

    case = book.case()
    report = _judge(case, book, overhead)
    return report, drawn(case, report, most=most_points or MOST_POINTS)


def _judge(case: "Case", book: Casebook, overhead: Overhead | None) -> Report:
    findings, tested = weigh_in(judge_all(case), case.experiments)
    holders = attribute(case, findings)
    report = conclude(case, findings, holders, evidence=book.evidence(), overhead=overhead, tested=tested)
    return replace(report, known_leaks=_known_leaks(case, report))


def heap_grows(book: Casebook) -> bool:
    """Whether Go's heap is what grows, as it stands now, or may be: then it is worth to know who holds it."""
    of_heap = {one.cause: one for one in judge_all(book.case()) if one.cause in _OF_HEAP}
    if any(one.verdict is Verdict.SUPPORTED for one in of_heap.values()):
        return True
    leak = of_heap[_OF_HEAP[0]]
    return leak.verdict is Verdict.CANNOT_SAY and leak.probability > UNLIKELY


_OF_HEAP = ("heap-leak", "goroutine-leak", "gc-headroom")
UNLIKELY = 0.1
"""A cause of which so little is said is not looked for."""


def _known_leaks(case: "Case", report: Report) -> tuple[Pointed, ...]:
    """What the catalogue knows of the code to which the verdict's growth points; nothing without a verdict."""
    cause = report.conclusion.cause
    if cause in ("undetermined", "steady") or not (case.facts.keys() & {"go.modules", "libraries", "binary.libraries"}):
        return ()
    from memwhy.dependencies.catalogue import known_leaks  # read only where something could be known
    from memwhy.dependencies.pointing import point

    stacks = [
        one for one in report.attribution if one.method != "holders"
    ]  # those are variables and fields, no functions
    return point(case, cause, stacks, known_leaks())


def explain(
    paths: Iterable[str],
    *,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> Report:
    """Diagnose files, directories, recordings and pasted pages; "-" is `stdin`.

    Raises NothingReadable when no input gives anything, RecordingError for a recording that cannot be opened
    when nothing else says anything.
    """
    return diagnose(book_of_paths(paths, stdin=stdin, progress=progress))


def case_of(paths: Iterable[str], *, progress: Progress | None = None) -> "Case":
    """The case that files, directories, recordings and pasted pages make. Raises as `explain` does."""
    return book_of_paths(paths, stdin=None, progress=progress).case()


def book_of_paths(paths: Iterable[str], *, stdin: BinaryIO | None, progress: Progress | None) -> Casebook:
    """A casebook of files, directories, recordings and pasted pages. Raises as `explain` does."""
    from memwhy.sources.documents import read_evidence  # dear to import (40 ms), and a watch needs none of it

    return book_of(read_evidence(tuple(paths), stdin=stdin, progress=progress), progress=progress)


def book_of(evidenced: "Evidenced", *, progress: Progress | None = None) -> Casebook:
    """A casebook of documents and of the recordings among them."""
    book = Casebook(live=bool(evidenced.recordings) and not evidenced.observations)
    for observation in evidenced.observations:
        book.add(observation)
    broken: list[RecordingError] = []
    for number, path in enumerate(evidenced.recordings):
        try:
            load(book, path, subject="target" if number == 0 else path, progress=progress)
        except RecordingError as error:
            broken.append(error)
            problem = error.message.removeprefix(f"{path}: ")
            book.unread.append(Unread(where=Where(file=path), format="recording", problem=problem))
    if broken and not book.seen:
        raise broken[0]
    book.unread.extend(evidenced.unread)
    book.notes.extend(note for note in evidenced.notes if note not in book.notes)
    return book


def load(book: Casebook, path: str, *, subject: str = "target", progress: Progress | None = None) -> None:
    """Put a recording into the casebook, snapshot by snapshot, as one subject's course."""
    from memwhy.recording import open_recording

    done_bytes = 0
    with open_recording(path) as recording:
        for snapshot in recording.snapshots():
            book.add_snapshot(snapshot, file=path, subject=subject)
            done_bytes += sum(len(evidence.raw) for evidence in snapshot.evidence)
            if progress is not None:
                progress(path, done_bytes, None)
        book.ended = recording.meta.get("ended", book.ended)
        events = sorted(int(key.removeprefix("event.")) for key in recording.meta if key.startswith("event."))
        book.notes.extend(recording.meta[f"event.{number}"] for number in events)
        book.notes.extend(f"{path}: {problem}" for problem in recording.problems)
