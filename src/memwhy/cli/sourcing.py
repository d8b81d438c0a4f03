"""--source: the lines of the program's own code that a diagnosis leads to."""

import argparse
import os
from typing import TYPE_CHECKING

from memwhy.model.errors import MemwhyError, UsageError

if TYPE_CHECKING:
    from memwhy.model.report import Report

ACCUSING = 12
"""Places told at most: more belong to memwhy lint DIR --diagnosis."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """--source."""
    parser.add_argument(
        "--source",
        metavar="DIR",
        help="the program's Go source: show the blamed lines in it, what is missing on which path, and what to write",
    )


def check_source(options: argparse.Namespace) -> None:
    """Whatever is wrong with --source is said before anything begins. Raises UsageError."""
    if options.source is not None and not os.path.isdir(options.source):
        raise UsageError(f"--source {options.source} is not a directory", help="give the directory that holds go.mod")


def with_source(report: "Report", options: argparse.Namespace) -> "Report":
    """The report with the lines that its attribution leads to; as it is where no source was named. What keeps the source from being
    read is a note of the report, not an error: the diagnosis stands without it."""
    directory: str | None = getattr(options, "source", None)
    if directory is None:
        return report
    from dataclasses import replace

    from memwhy.cli.progress import Progress
    from memwhy.lint.blaming import blame
    from memwhy.lint.diagnosed import diagnosed
    from memwhy.lint.linting import linted, read
    from memwhy.lint.reading import Options
    from memwhy.model.linted import Found

    try:
        with Progress(quiet=options.quiet) as progress:
            reading = read(
                directory,
                Options(),
                progress=lambda done, of: progress.say(f"reading {directory} … {done} of {of} packages"),
            )
            suspects = tuple(Found(suspect=suspect) for suspect in reading.suspects)
            found, notes = blame(reading, suspects, diagnosed(report))
            answer = linted(reading, found, least=1.1)
    except MemwhyError as error:
        return replace(report, source_notes=(f"{error.message}: no line of it can be told",))
    return replace(report, source=answer.found[:ACCUSING], source_notes=notes)
