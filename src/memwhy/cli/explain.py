"""Diagnose evidence as people have it: recordings, pasted text (a whole forum post), logs,
captured /proc files, pprof profiles, directories of these, mixed; - is standard input.
"""

import argparse
import os
import sys

from memwhy.cli.output import add_format, write
from memwhy.cli.plotting import add_plot, check_plot, judged, plot_report
from memwhy.cli.sampling import add_stacks, check_stacks, write_stacks
from memwhy.cli.sourcing import add_source, check_source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "evidence", nargs="*", metavar="EVIDENCE", help="file, directory, recording, or - for standard input"
    )
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    add_stacks(parser)
    add_plot(parser)
    add_source(parser)
    parser.add_argument("--formats", action="store_true", help="list what can be read, and stop")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Answer, or raise."""
    if options.formats:
        from memwhy.sources.page import READERS

        print("memwhy recordings, gzip'ed files, directories, and in files or anywhere in a page:\n")
        for reader in READERS:
            print(f"  {reader.NAME:<22} {(reader.__doc__ or '').splitlines()[0]}")
        return 0
    from memwhy.cli.progress import Progress
    from memwhy.diagnose import book_of_paths
    from memwhy.model.errors import UsageError

    if not options.evidence:
        raise UsageError("nothing to explain was given", help="memwhy explain FILE…, or - for standard input")
    if options.output and any(os.path.exists(one) and _same(one, options.output) for one in options.evidence):
        raise UsageError(f"{options.output} is evidence: it would be overwritten", help="give another file after -o")
    check_stacks(options)
    check_plot(options)
    check_source(options)
    stdin = sys.stdin.buffer if "-" in options.evidence else None
    with Progress(quiet=options.quiet) as progress:
        book = book_of_paths(options.evidence, stdin=stdin, progress=progress.reading)
    report, pictures = judged(book, options)
    write(report, options, to=options.output, pictures=pictures)
    plot_report(report, pictures, options)
    write_stacks(book.newest_stacks(), options)
    return 0


def _same(one: str, other: str) -> bool:
    return os.path.exists(other) and os.path.samefile(one, other)
