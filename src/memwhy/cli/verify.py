"""Did the fix work? Growth before and after it, each with its interval, and the smallest leak that could have been seen.

BEFORE and AFTER are recordings (memwhy watch -o FILE, memwhy record) or any evidence that memwhy explain reads.
--control is the unfixed build, run again beside the fixed one under the same load: unless it still leaks, nothing is proven.
--work says what each run did, as a count or as a file with lines `time count`; a service's own counters are found by themselves.
Exit code 0: the fix is proven to work; 1: it is not.
"""

import argparse
from typing import TYPE_CHECKING

from memwhy.cli.output import FORMATS
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.cli.progress import Progress
    from memwhy.model.proof import WorkLog
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
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default: text)")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def run(options: argparse.Namespace) -> int:
    """Answer; 0 when proven, else 1."""
    from memwhy.cli.output import write_text
    from memwhy.cli.progress import Progress
    from memwhy.cli.work import log_of
    from memwhy.model.units import parse_duration
    from memwhy.proof import verify
    from memwhy.render.proof import render

    residue, after_s = _share(options.residue), parse_duration(options.settle)
    if options.control_work and not options.control:
        raise UsageError("--control-work is about a control, and there is none", help="--control REC")
    logs = [None if text is None else log_of(text) for text in (*(options.work or (None, None)), options.control_work)]
    unit = next((log.unit for log in logs if log is not None and log.unit), "")
    with Progress(quiet=options.quiet) as progress:
        paths = (options.before, options.after, *([options.control] if options.control else []))
        runs = [_run(path, log, unit, progress) for path, log in zip(paths, logs, strict=False)]
    found = verify(*runs[:2], control=runs[2] if options.control else None, residue=residue, after_s=after_s)
    write_text(lambda colour: render(found, options.format, colour=colour), to=options.output)
    return 0 if found.outcome == "proven" else 1


def _run(path: str, log: "WorkLog | None", unit: str, progress: "Progress") -> "Run":
    """One side's evidence, and its work on the same clock. unit: of the work, where this side's own log names none."""
    from memwhy.cli.work import begin_of, work_for
    from memwhy.diagnose import book_of_paths
    from memwhy.proof import Run

    book = book_of_paths([path], stdin=None, progress=progress.reading)
    case = book.case()
    return Run(case=case, work=None if log is None else work_for(log, case, begin_of(book, [path]), log.unit or unit))


def _share(text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 < percent < 100:
        raise UsageError(f"--residue {text} is no percentage between 0 and 100", help="--residue 10")
    return percent / 100
