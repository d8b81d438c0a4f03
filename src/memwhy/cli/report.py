"""A page of the diagnosis, in one file that any browser opens: the answer, the layers over time with the runtime's own
numbers over them, flame graphs, every cause with what speaks for and against it, the evidence, what to do.
"""

import argparse
import os
import sys

from memwhy.cli.output import say, write
from memwhy.cli.plotting import add_plot, check_plot, plot_report
from memwhy.cli.sourcing import add_source, check_source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "evidence", nargs="+", metavar="EVIDENCE", help="recording, file, directory, or - for standard input"
    )
    parser.add_argument(
        "-o",
        metavar="FILE",
        dest="output",
        help="write the page to FILE (default: standard output, if that is no terminal)",
    )
    add_plot(parser)
    add_source(parser)
    parser.add_argument(
        "--redact",
        action="store_true",
        help="mask secrets, addresses, hosts, users and mail addresses in the page, for a public issue",
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.set_defaults(format="html")


def run(options: argparse.Namespace) -> int:
    """Answer, or raise."""
    from memwhy.cli.progress import Progress
    from memwhy.diagnose import book_of_paths, picture
    from memwhy.model.errors import UsageError

    if options.output is None and sys.stdout.isatty():
        raise UsageError("a page is no sight for a terminal", help="write it to a file: -o report.html")
    if options.output and any(_same(one, options.output) for one in options.evidence):
        raise UsageError(f"{options.output} is evidence: it would be overwritten", help="give another file after -o")
    check_source(options)
    check_plot(options)
    stdin = sys.stdin.buffer if "-" in options.evidence else None
    with Progress(quiet=options.quiet) as progress:
        book = book_of_paths(options.evidence, stdin=stdin, progress=progress.reading)
    report, pictures = picture(book)
    write(report, options, to=options.output, pictures=pictures)
    plot_report(report, pictures, options)
    if options.output:
        say(f"page written to {options.output}", options)
    return 0


def _same(one: str, other: str) -> bool:
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)
