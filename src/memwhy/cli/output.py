"""What commands share on their way out: the format options, and writing the answer."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.model.masking import Mask
    from memwhy.model.pictures import Pictures
    from memwhy.model.report import Report  # 30 ms, which commands without a report need not pay

FORMATS = ("text", "json", "markdown")


def add_format(parser: argparse.ArgumentParser) -> None:
    """--format, --redact, --quiet, -v."""
    parser.add_argument(
        "--format", choices=(*FORMATS, "html"), default="text", help="how to print the answer (default: text)"
    )
    parser.add_argument(
        "--redact",
        action="store_true",
        help="mask secrets, addresses, hosts, users and mail addresses in the answer, for a public issue",
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.add_argument("--verbose", "-v", action="store_true", help="also print facts, checks and every finding")


def rendered(report: "Report", form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """The report in one of FORMATS."""
    if form == "json":
        from memwhy.render import json

        return json.render(report)
    if form == "markdown":
        from memwhy.render import markdown

        return markdown.render(report)
    from memwhy.render import text

    return text.render(report, colour=colour, verbose=verbose)


def write(
    report: "Report", options: argparse.Namespace, *, to: str | None = None, pictures: "Pictures | None" = None
) -> None:
    """Print the report, or write it to a file. pictures: what can be drawn of it, for a page."""
    if getattr(options, "source", None) is not None:
        from memwhy.cli.sourcing import with_source

        report = with_source(report, options)
    if options.redact:
        mask = mask_of(report)
        report, pictures = mask.mask_all(report), mask.mask_all(pictures)
    if options.format == "html":
        from memwhy.model.pictures import Pictures
        from memwhy.render.html.report import render

        write_text(lambda _: render(report, pictures or Pictures(timeline=None)), to=to)
        return
    write_text(lambda colour: rendered(report, options.format, colour=colour, verbose=options.verbose), to=to)


def write_text(render: Callable[[bool], str], *, to: str | None) -> None:
    """Print an answer, or write it to a file. render: makes it, in colour or not."""
    colour = to is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    answer = render(colour)
    if to is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 still gets every figure
        sys.stdout.write(answer)
        sys.stdout.flush()
        return
    try:
        with open(to, "w", encoding="utf-8") as file:
            file.write(answer)
    except OSError as error:
        raise UsageError(f"{to}: {error.strerror}", help="give another file after -o") from error


def redacted(report: "Report") -> "Report":
    """The report without what is private: before it is printed, since lines that are broken hide what belongs together."""
    return mask_of(report).mask_all(report)


def mask_of(report: "Report") -> "Mask":
    """What masks this report, and all that belongs to it: it knows the hosts that the report names."""
    from memwhy.model.masking import Mask

    hosts = [text for name, text in report.facts if name == "host.name"]
    whose = (row.format.partition(" of ")[2] for row in report.evidence)
    hosts += [name for name in whose if name and " " not in name]  # `ps of db7`; others are `pid 1`, `process api` …
    subjects = [row.series.subject for row in (report.total, *report.controls) if row is not None and row.series]
    return Mask([*hosts, *(subject.removeprefix("host ") for subject in subjects if subject.startswith("host "))])


def say(text: str, options: argparse.Namespace) -> None:
    """A line for the person at the terminal, on stderr."""
    if not options.quiet:
        print(text, file=sys.stderr, flush=True)
