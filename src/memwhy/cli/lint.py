"""Read Go source for the classic causes of growth: what is acquired and, on some path, never released.

A rule reads and does not measure: what it finds is a suspect. With --diagnosis, what a diagnosis measured at the same place comes
first and says how many bytes it is. Nothing is compiled or run, unless --with-tools asks the linters that are installed as well.

//memwhy:ignore RULE reason silences its line or, standing alone, the statement or function below it.
"""

import argparse
import os
from typing import TYPE_CHECKING

from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.lint.diagnosed import Diagnosed
    from memwhy.model.linted import Linted

FORMATS = ("text", "json", "markdown", "sarif")
FAIL_ON = ("suspect", "certain", "never")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("directory", nargs="?", metavar="DIR", help="the directory that holds go.mod, or one below it")
    parser.add_argument(
        "--diagnosis",
        metavar="FILE",
        help="a recording, or what memwhy explain --format json wrote: what was measured comes first",
    )
    parser.add_argument("--rules", metavar="NAMES", help="a,b: these only; =-a,-b: all but these; list: what there is")
    parser.add_argument("--all", action="store_true", help="also what the rules themselves find less likely than not")
    parser.add_argument("--tests", action="store_true", help="also _test.go files")
    parser.add_argument("--vendor", action="store_true", help="also vendor directories")
    parser.add_argument("--generated", action="store_true", help="also generated files")
    parser.add_argument(
        "--with-tools",
        action="store_true",
        help="also run go vet, staticcheck, bodyclose and golangci-lint where they are installed: they compile the code, offline",
    )
    parser.add_argument(
        "--tools-for", metavar="TIME", default="5m", help="how long they may take together (default: 5m)"
    )
    parser.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default="suspect",
        help="exit 1 on any suspect (default), on what a diagnosis or another linter confirms, or never",
    )
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default: text)")
    for form in FORMATS[1:]:
        parser.add_argument(
            f"--{form}", dest="format", action="store_const", const=form, help=f"the same as --format {form}"
        )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.add_argument("--verbose", "-v", action="store_true", help="also what was silenced, and every file left out")


def run(options: argparse.Namespace) -> int:
    """Answer; 1 where there is what --fail-on names, else 0. Raises UsageError, NotPermitted, and as explain does of --diagnosis."""
    from memwhy.cli.output import write_text
    from memwhy.render.lint import listed, render

    if options.rules == "list":
        from memwhy.lint.linting import said
        from memwhy.lint.rules import RULES

        write_text(lambda colour: listed(said(RULES), options.format, colour=colour), to=options.output)
        return 0
    if options.directory is None:
        raise UsageError("no directory was given", help="memwhy lint DIR; memwhy lint . reads the module here")
    if options.output and os.path.isdir(options.output):
        raise UsageError(f"{options.output} is a directory", help="give a file after -o")
    answer = _answer(options)
    write_text(lambda colour: render(answer, options.format, colour=colour, verbose=options.verbose), to=options.output)
    if options.fail_on == "never":
        return 0
    return int(any(one.certain or options.fail_on == "suspect" for one in answer.found))


def _answer(options: argparse.Namespace) -> "Linted":
    from dataclasses import replace

    from memwhy.cli.progress import Progress
    from memwhy.lint.linting import linted, read, rules_of
    from memwhy.lint.reading import Options
    from memwhy.model.linted import Found, ToolRun
    from memwhy.model.suspect import REPORTED
    from memwhy.model.units import parse_duration

    rules, tools_for_s = rules_of(options.rules), parse_duration(options.tools_for)
    diagnosis = _diagnosis(options)
    with Progress(quiet=options.quiet) as progress:
        reading = read(
            options.directory,
            Options(tests=options.tests, vendor=options.vendor, generated=options.generated),
            rules,
            lambda done, of: progress.say(f"reading {options.directory} … {done} of {of} packages"),
        )
    found = tuple(Found(suspect=suspect) for suspect in reading.suspects)
    tools: tuple[ToolRun, ...] = ()
    if options.with_tools:
        from memwhy.lint.merging import with_tools

        with Progress(quiet=options.quiet) as progress:
            found, tools = with_tools(reading, found, tools_for_s, lambda name: progress.say(f"{name} is running …"))
    notes: tuple[str, ...] = ()
    if diagnosis is not None:
        from memwhy.lint.blaming import blame

        found, notes = blame(reading, found, diagnosis)
    answer = linted(reading, found, least=0.0 if options.all else REPORTED)
    return replace(
        answer, tools=tools, diagnosis="" if diagnosis is None else diagnosis.headline, notes=(*answer.notes, *notes)
    )


def _diagnosis(options: argparse.Namespace) -> "Diagnosed | None":
    """What --diagnosis names: a report in JSON, or anything that explain reads. Raises as explain does."""
    name: str | None = options.diagnosis
    if name is None:
        return None
    from memwhy.cli.progress import Progress
    from memwhy.diagnose import book_of_paths, diagnose
    from memwhy.lint.diagnosed import MOST_BYTES, diagnosed, is_report, parse

    try:
        with open(name, "rb") as file:
            head = file.read(4096) if os.path.isfile(name) else b""
            if is_report(head):
                return parse(head + file.read(MOST_BYTES), name)
    except OSError as error:
        raise UsageError(
            f"{name}: {error.strerror}", help="give a recording, or a report as --format json writes it"
        ) from error
    with Progress(quiet=options.quiet) as progress:
        book = book_of_paths([name], stdin=None, progress=progress.reading)
    return diagnosed(diagnose(book))
