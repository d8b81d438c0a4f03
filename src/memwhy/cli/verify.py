"""Did the fix work? Growth before and after it, each with its interval, and the smallest leak that could have been seen.

BEFORE and AFTER are recordings (memwhy watch -o FILE, memwhy record) or any evidence that memwhy explain reads.
Exit code 0: the fix is proven to work; 1: it is not.
"""

import argparse

from memwhy.cli.output import FORMATS
from memwhy.model.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("before", metavar="BEFORE", help="evidence of the run that grew")
    parser.add_argument("after", metavar="AFTER", help="evidence of the run with the fix, under the same load")
    parser.add_argument(
        "--work", nargs=2, metavar=("N", "M"), type=float, help="units of work (requests, messages) done in each run"
    )
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
    from memwhy.diagnose import case_of
    from memwhy.proof import verify
    from memwhy.render.proof import render

    residue = _share(options.residue)
    if options.work is not None and (options.work[0] <= 0 or options.work[1] < 0):
        raise UsageError(
            "--work wants two counts: how much was done in BEFORE and in AFTER", help="--work 120000 118500"
        )
    with Progress(quiet=options.quiet) as progress:
        before, after = (case_of([path], progress=progress.reading) for path in (options.before, options.after))
        found = verify(before, after, work=tuple(options.work) if options.work else None, residue=residue)
    write_text(lambda colour: render(found, options.format, colour=colour), to=options.output)
    return 0 if found.outcome == "proven" else 1


def _share(text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 < percent < 100:
        raise UsageError(f"--residue {text} is no percentage between 0 and 100", help="--residue 10")
    return percent / 100
