"""What differs between two runs: on two hosts, of two builds, or of one process at two times.

A and B are recordings, bundles, pprof profiles, directories, or anything else that memwhy explain reads. Told are sizes and
growth by layer with intervals, profiles by function with what sampling may be off by, and what each ran on, every difference
with the most bytes that it could explain. What cannot be compared is refused, and why.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from memwhy.cli.output import FORMATS
from memwhy.cli.plotting import add_plot, check_plot, plot_runs
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.comparison import Given
    from memwhy.model.comparison import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("a", metavar="A", help="evidence of one run; several inputs with commas between them")
    parser.add_argument("b", metavar="B", help="evidence of the other run")
    add_plot(parser)
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    parser.add_argument(
        "--format", choices=(*FORMATS, "html"), default="text", help="how to print the answer (default: text)"
    )
    parser.add_argument(
        "--redact", action="store_true", help="mask secrets, addresses, hosts, users and mail addresses in the answer"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.add_argument(
        "--verbose", "-v", action="store_true", help="also what is alike, what only one tells, and sources"
    )


def run(options: argparse.Namespace) -> int:
    """Answer; 0. Raises NothingReadable, RecordingError, UsageError."""
    from memwhy.cli.output import write_text
    from memwhy.cli.progress import Progress
    from memwhy.comparison import Given, compare
    from memwhy.diagnose import book_of_paths
    from memwhy.render.comparison import render

    check_plot(options)
    given = []
    with Progress(quiet=options.quiet) as progress:
        for name in (options.a, options.b):
            book = book_of_paths(paths_of(name), stdin=None, progress=progress.reading)
            sources = frozenset(row.source for row in book.evidence() if row.samples)
            given.append(Given(name=name, case=book.case(), sources=sources))
    found = compare(given[0], given[1])
    if options.redact:
        from memwhy.model.masking import Mask

        hosts = [side.case.facts["host.name"] for side in given if "host.name" in side.case.facts]
        found = Mask(hosts).mask_all(found)
    if options.plot:
        _plot(found, given, options)
    if options.format == "html":
        from memwhy.cli.pages import comparison_page

        write_text(lambda _: comparison_page(found, given), to=options.output)
    else:
        write_text(
            lambda colour: render(found, options.format, colour=colour, verbose=options.verbose), to=options.output
        )
    return 0


def _plot(found: "Comparison", given: Sequence["Given"], options: argparse.Namespace) -> None:
    from memwhy.pictures.beside import beside
    from memwhy.render.plot import of_comparison

    metrics = [found.total.metric] if found.total is not None else []
    drawn = beside([(name, side.case) for name, side in zip("AB", given, strict=True)], metrics)
    plot_runs(partial(of_comparison, found), drawn, options)


def paths_of(name: str) -> list[str]:
    """One path, or several with commas between them. Raises UsageError for standard input and for nothing."""
    import os

    paths = [name] if os.path.exists(name) else [path for path in name.split(",") if path]
    if "-" in paths or not paths:
        raise UsageError("compare wants two files or directories", help="memwhy compare cloud.memwhy laptop.memwhy")
    return paths
