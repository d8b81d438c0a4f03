"""The verbs: record, open, diagnose, explain, compare, verify. Each takes paths or what the others gave."""

import argparse
import io
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from memwhy.library.answers import Comparison, Report, Verification, with_views
from memwhy.library.opened import Recording
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.diagnose import Casebook
    from memwhy.model.beside import Beside
    from memwhy.model.case import Case
    from memwhy.proof import Run

Path = str | os.PathLike[str]
Evidence = Path | bytes | Recording
"""A path; the bytes of a page, a log or a profile; or an opened recording."""


def open(path: Path) -> Recording:
    """Open a recording. Raises RecordingError.

    >>> memwhy.open("leaking.memwhy").series["go.goroutines_count"].growing
    False
    """
    return Recording(path)


def record(
    target: int | str,
    *,
    to: Path,
    for_s: float = 60.0,
    tick_s: float = 1.0,
    pprof: str | None = None,
    native: bool = False,
    inside: bool = True,
    ask: bool = True,
    max_bytes: int = 1 << 30,
) -> Recording:
    """Record a process into a new file, and open that. It ends after for_s seconds, with the process, or by KeyboardInterrupt.

    target: a pid, a process name, or http://host:port of its pprof endpoint. pprof: the endpoint where it is not found by itself.
    native: put the sampler into it, which stops it for some milliseconds. inside: look into its memory, too. ask: ask its
    endpoint. max_bytes: bound of the file; oldest detail is thinned first. What is worth knowing stands in `notes`.
    Raises TargetGone, NotPermitted, UsageError, RecordingError.

    >>> mine = memwhy.record(os.getpid(), to="mine.memwhy", for_s=1)
    >>> mine.target.pid == os.getpid()
    True
    """
    from memwhy.cli import record as command
    from memwhy.cli.targets import watcher_of

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = ["-q", "-o", os.fspath(to), "--tick", f"{tick_s:g}s", "--max-size", str(max_bytes)]
    arguments += ["--pprof", pprof] if pprof else []
    arguments += [] if ask else ["--no-probe"]
    arguments += [] if inside else ["--no-inside"]
    arguments += ["--native"] if native else []
    options = parser.parse_args([*arguments, "--", str(target)])
    command.record(watcher_of(options), options, for_s=for_s)
    return Recording(to)


def diagnose(recording: Recording | Path) -> Report:
    """What holds the memory of a recorded process. Raises RecordingError.

    >>> memwhy.diagnose(memwhy.open("fixed.memwhy")).conclusion.cause
    'steady'
    """
    opened = recording if isinstance(recording, Recording) else Recording(recording)
    return _report(opened.book)


def explain(*evidence: Evidence) -> Report:
    """Diagnose anything: recordings, pasted pages, logs, profiles, directories of these, mixed; bytes are the text of a page.

    Raises NothingReadable where nothing of it gives a figure, RecordingError.

    >>> page = b'''$ ps -o pid,rss,comm -p 4711
    ...     PID   RSS COMMAND
    ...    4711 812344 crawler'''
    >>> memwhy.explain(page).total.bytes
    831840256
    """
    return _report(_book(evidence))


def compare(a: Evidence | Sequence[Evidence], b: Evidence | Sequence[Evidence]) -> Comparison:
    """What differs between two runs. Raises NothingReadable, RecordingError.

    >>> found = memwhy.compare("leaking.memwhy", "fixed.memwhy")
    >>> found.heavier, found.total.metric
    ('A', 'process.rss_bytes')
    """
    from memwhy.comparison import Given
    from memwhy.comparison import compare as compare_given

    given = []
    for side in (a, b):
        book = _book(_several(side))
        sources = frozenset(row.source for row in book.evidence() if row.samples)
        given.append(Given(name=_name(side), case=book.case(), sources=sources))
    found = compare_given(*given)
    runs = [(name, side.case) for name, side in zip("AB", given, strict=True)]
    metric = None if found.total is None else found.total.metric
    return with_views(Comparison, found, beside=_beside(runs, metric, 0.0))


def verify(
    before: Evidence | Sequence[Evidence],
    after: Evidence | Sequence[Evidence],
    *,
    control: Evidence | Sequence[Evidence] | None = None,
    residue: float = 0.1,
    leave_out_s: float = 0.0,
) -> Verification:
    """Did the fix work? Growth before and after it, under the same load.

    control: the unfixed build, run again beside the fixed one: it must still leak. residue: how much of the growth may be left
    at most. leave_out_s: how much of each run's beginning does not count. Raises NothingReadable, RecordingError, UsageError.

    >>> found = memwhy.verify("leaking.memwhy", "fixed.memwhy")
    >>> found.proven, found.left_at_most < 0.02
    (True, True)
    """
    from memwhy.proof import Run
    from memwhy.proof import verify as verify_runs

    if not 0 < residue < 1:
        raise UsageError(f"residue {residue} is not between 0 and 1", help="residue=0.1 allows a tenth of the growth")

    def run(side: Evidence | Sequence[Evidence]) -> "Run":
        return Run(case=_book(_several(side)).case())

    runs = [run(side) for side in (before, after, control) if side is not None]
    found = verify_runs(
        *runs[:2], control=runs[2] if control is not None else None, residue=residue, after_s=leave_out_s
    )
    named = [(name, one.case) for name, one in zip(("before", "after", "control"), runs, strict=False)]
    metric = None if found.total is None else found.total.before.metric
    return with_views(Verification, found, beside=_beside(named, metric, leave_out_s))


def _beside(runs: Sequence[tuple[str, "Case"]], metric: str | None, settle_s: float) -> "Beside | None":
    """One metric's course in each run; None where none read it at two moments."""
    from memwhy.pictures.beside import beside

    return next(iter(beside(runs, [] if metric is None else [metric], settle_s=settle_s)), None)


def _report(book: "Casebook") -> Report:
    from memwhy.diagnose import picture

    report, pictures = picture(book)
    return with_views(Report, report, pictures=pictures)


def _book(evidence: Iterable[Evidence]) -> "Casebook":
    """One casebook of all of it. Raises UsageError, NothingReadable, RecordingError."""
    from memwhy.diagnose import book_of_paths

    pages = [one for one in evidence if isinstance(one, bytes)]
    paths = [
        one.path if isinstance(one, Recording) else os.fspath(one) for one in evidence if not isinstance(one, bytes)
    ]
    if len(pages) > 1 or (pages and "-" in paths):
        raise UsageError("only one page can be given as bytes", help="write the others into files")
    if not pages and not paths:
        raise UsageError("nothing to explain was given", help='memwhy.explain("post.txt")')
    return book_of_paths(
        [*paths, *(["-"] if pages else [])], stdin=io.BytesIO(pages[0]) if pages else None, progress=None
    )


def _several(side: Evidence | Sequence[Evidence]) -> Sequence[Evidence]:
    return (side,) if isinstance(side, str | bytes | os.PathLike | Recording) else side


def _name(side: Evidence | Sequence[Evidence]) -> str:
    names = [
        "page" if isinstance(one, bytes) else one.path if isinstance(one, Recording) else os.fspath(one)
        for one in _several(side)
    ]
    return ",".join(names)
