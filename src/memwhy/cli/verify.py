"""Did the fix work? Growth before and after it, each with its interval, and the smallest leak that could have been seen.

BEFORE and AFTER are recordings (memwhy watch -o FILE, memwhy record) or any evidence that memwhy explain reads.
--control is the unfixed build, run again beside the fixed one under the same load: unless it still leaks, nothing is proven.
--work says what each run did, as a count or as a file with lines `time count`; a service's own counters are found by themselves.
Exit code 0: the fix is proven to work; 1: it is not.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from memwhy.cli.output import FORMATS
from memwhy.cli.plotting import add_plot, check_plot, plot_runs
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.diagnose import Casebook
    from memwhy.model.proof import Verification, WorkLog
    from memwhy.proof import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("before", metavar="BEFORE", help="evidence of the run that grew")
    parser.add_argument("after", metavar="AFTER", help="evidence of the run with the fix, under the same load")
    parser.add_argument(
        "--control",
        metavar="REC",
        help="evidence of the unfixed build, run again beside the fixed one: it must still leak",
    )
    parser.add_argument(
        "--work", nargs=2, metavar=("N|FILE", "N|FILE"), help="work (requests, messages) done in BEFORE and in AFTER"
    )
    parser.add_argument("--control-work", metavar="N|FILE", help="work done in the control")
    parser.add_argument("--after", metavar="TIME", dest="settle", default="0", help="leave out the begin of each run")
    parser.add_argument(
        "--residue",
        metavar="PERCENT",
        default="10",
        help="how much of the growth may be left at most for the fix to be proven (default: 10)",
    )
    add_plot(parser)
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    parser.add_argument(
        "--format", choices=(*FORMATS, "html"), default="text", help="how to print the answer (default: text)"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def run(options: argparse.Namespace) -> int:
    """Answer; 0 when proven, else 1."""
    from memwhy.cli.output import write_text
    from memwhy.cli.progress import Progress
    from memwhy.cli.work import log_of
    from memwhy.diagnose import book_of_paths
    from memwhy.model.units import parse_duration
    from memwhy.proof import verify
    from memwhy.render.proof import render

    residue, after_s = _share(options.residue), parse_duration(options.settle)
    check_plot(options)
    if options.control_work and not options.control:
        raise UsageError("--control-work is about a control, and there is none", help="--control REC")
    logs = [None if text is None else log_of(text) for text in (*(options.work or (None, None)), options.control_work)]
    unit = next((log.unit for log in logs if log is not None and log.unit), "")
    with Progress(quiet=options.quiet) as progress:
        paths = (options.before, options.after, *([options.control] if options.control else []))
        books = [book_of_paths([path], stdin=None, progress=progress.reading) for path in paths]
    runs = [_run(path, book, log, unit) for path, book, log in zip(paths, books, logs, strict=False)]
    found = verify(*runs[:2], control=runs[2] if options.control else None, residue=residue, after_s=after_s)
    if options.plot:
        _plot(found, runs, after_s, options)
    if options.format == "html":
        from memwhy.cli.pages import given_of, verification_page

        sides = [given_of(path, book, run.case) for path, book, run in zip(paths, books, runs, strict=True)]
        write_text(lambda _: verification_page(found, sides, settle_s=after_s), to=options.output)
    else:
        write_text(lambda colour: render(found, options.format, colour=colour), to=options.output)
    return 0 if found.outcome == "proven" else 1


def _run(path: str, book: "Casebook", log: "WorkLog | None", unit: str) -> "Run":
    """One side's evidence, and its work on the same clock. unit: of the work, where this side's own log names none."""
    from memwhy.cli.work import begin_of, work_for
    from memwhy.proof import Run

    case = book.case()
    return Run(case=case, work=None if log is None else work_for(log, case, begin_of(book, [path]), log.unit or unit))


def _plot(found: "Verification", runs: Sequence["Run"], after_s: float, options: argparse.Namespace) -> None:
    from memwhy.pictures.beside import beside
    from memwhy.render.plot import of_verification

    metrics = [found.total.before.metric] if found.total is not None else []
    named = [(name, run.case) for name, run in zip(("before", "after", "control"), runs, strict=False)]
    plot_runs(partial(of_verification, found), beside(named, metrics, settle_s=after_s), options)


def _share(text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 < percent < 100:
        raise UsageError(f"--residue {text} is no percentage between 0 and 100", help="--residue 10")
    return percent / 100
