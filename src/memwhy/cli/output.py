"""What commands share on their way out: the format options, and writing the answer."""

import argparse
import io
import os
import sys
from pathlib import Path

from memwhy.model.errors import UsageError
from memwhy.model.report import Report

FORMATS = ("text", "json", "markdown")


def add_format(parser: argparse.ArgumentParser) -> None:
    """--format, --quiet, -v."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default: text)")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.add_argument("--verbose", "-v", action="store_true", help="also print facts, checks and every finding")


def rendered(report: Report, form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """The report in one of FORMATS."""
    if form == "json":
        from memwhy.render import json

        return json.render(report)
    if form == "markdown":
        from memwhy.render import markdown

        return markdown.render(report)
    from memwhy.render import text

    return text.render(report, colour=colour, verbose=verbose)


def write(report: Report, options: argparse.Namespace, *, to: str | None = None) -> None:
    """Print the report, or write it to a file."""
    colour = to is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    answer = rendered(report, options.format, colour=colour, verbose=options.verbose)
    if to is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 still gets every figure
        sys.stdout.write(answer)
        sys.stdout.flush()
        return
    try:
        Path(to).write_text(answer, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{to}: {error.strerror}", help="give another file after -o") from error


def say(text: str, options: argparse.Namespace) -> None:
    """A line for the person at the terminal, on stderr."""
    if not options.quiet:
        print(text, file=sys.stderr, flush=True)
