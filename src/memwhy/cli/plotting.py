"""--plot: a picture for a chat or a ticket beside the answer, as PNG or SVG by its name."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from memwhy.cli.output import mask_of, say
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.diagnose import Casebook
    from memwhy.model.beside import Beside
    from memwhy.model.pictures import Pictures
    from memwhy.model.report import Overhead, Report

ENDINGS = (".png", ".svg")


def add_plot(parser: argparse.ArgumentParser) -> None:
    """--plot."""
    parser.add_argument("--plot", metavar="FILE", help="also a picture of it, for a chat or a ticket: .png or .svg")


def check_plot(options: argparse.Namespace) -> None:
    """Whatever is wrong with --plot is said before anything begins. Raises UsageError; MemwhyError where resvg is missing."""
    if not options.plot:
        return
    if not options.plot.endswith(ENDINGS):
        raise UsageError(f"--plot {options.plot} is no picture's name", help=f"end it in {' or '.join(ENDINGS)}")
    if options.plot.endswith(".png"):
        from memwhy.render.raster import need_resvg

        need_resvg()


def judged(
    book: "Casebook", options: argparse.Namespace, *, overhead: "Overhead | None" = None
) -> "tuple[Report, Pictures | None]":
    """The report, and what can be drawn of it where a picture or a page is wanted."""
    from memwhy.diagnose import diagnose, picture

    is_drawn = getattr(options, "plot", None) or options.format == "html"
    return picture(book, overhead=overhead) if is_drawn else (diagnose(book, overhead=overhead), None)


def plot_report(report: "Report", pictures: "Pictures | None", options: argparse.Namespace) -> None:
    """The picture of a report, redacted where the answer is; that there is none is said. Raises UsageError."""
    if not options.plot:
        return
    timeline = None if pictures is None else pictures.sketch
    if timeline is None:
        say(f"{options.plot} was not made: nothing was read at two moments", options)
        return
    from memwhy.render import plot

    if options.redact:
        mask = mask_of(report)
        report, timeline = mask.mask_all(report), mask.mask_all(timeline)
    _write(plot.of_report(report, timeline), options)


def plot_runs(draw: Callable[["Beside"], str], drawn: Sequence["Beside"], options: argparse.Namespace) -> None:
    """The picture of several runs; that there is none is said. Raises UsageError."""
    if not drawn:
        say(f"{options.plot} was not made: nothing was read at two moments", options)
        return
    _write(draw(drawn[0]), options)


def _write(svg: str, options: argparse.Namespace) -> None:
    from memwhy.exports.files import write_file

    if options.plot.endswith(".png"):
        from memwhy.render.raster import png

        raw = png(svg)
    else:
        raw = svg.encode("utf-8", "replace")
    write_file(options.plot, raw, option="--plot")
    say(f"picture written to {options.plot}", options)
