"""A gate for CI: does memory grow faster than a limit?

TARGET is a recording or other evidence, a pid or process name, or a command after --. The limit is per time (1MiB/min) or
per piece of work (64B/request, 1MiB/1000 calls), as the service's own counters or --work count it.
Exit code 0: growth above the limit is excluded; 1: it is shown; 4: the data cannot decide.
"""

import argparse
import os
from typing import TYPE_CHECKING

from memwhy.cli.meaning import names_process
from memwhy.cli.output import FORMATS, say
from memwhy.cli.targets import ROOT, add_watching, tick_of, watcher_of
from memwhy.model.case import Case
from memwhy.model.errors import UsageError
from memwhy.model.units import parse_duration

if TYPE_CHECKING:
    from memwhy.model.proof import Limit, Work
    from memwhy.record import Watcher

UNDECIDED = 4
CODES = {"within": 0, "exceeded": 1, "undecided": UNDECIDED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "target", nargs="*", metavar="TARGET", help="recording, evidence, pid, process name, or -- CMD…"
    )
    parser.add_argument("--max-growth", metavar="RATE", required=True, help="the limit: 1MiB/min, 64k/s, 64B/request")
    parser.add_argument(
        "--work", metavar="N|FILE", help="work done meanwhile: a count, or a file with lines `time count`"
    )
    parser.add_argument("--for", metavar="TIME", dest="for_", default="60s", help="how long to watch (default: 60s)")
    parser.add_argument("--after", metavar="TIME", default="0", help="leave out the begin: start-up, filling caches")
    parser.add_argument("-o", metavar="FILE", dest="output", help="keep the recording of what was watched in FILE")
    parser.add_argument("--max-size", metavar="SIZE", help="bound of the recording; oldest detail is thinned first")
    parser.add_argument(
        "--format", choices=(*FORMATS, "html"), default="text", help="how to print the answer (default: text)"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    add_watching(parser)


def run(options: argparse.Namespace) -> int:
    """Answer; 0, 1 or 4."""
    from memwhy.cli.output import write_text
    from memwhy.cli.work import refuse_no_work
    from memwhy.proof import gate, parse_limit
    from memwhy.render.proof import render

    limit = parse_limit(options.max_growth)
    if options.work is not None and limit.per == "s":
        raise UsageError("--work is for a limit per piece of work", help="--max-growth 64B/request --work FILE")
    if options.work is not None:
        refuse_no_work(options.work)
    after_s = parse_duration(options.after)
    case, begun_s = _case(options)
    found = gate(case, limit, after_s=after_s, work=_work(options, case, begun_s, limit))
    if options.format == "html":
        from memwhy.cli.pages import gate_page

        write_text(lambda _: gate_page(found, case, settle_s=after_s), to=None)
    else:
        write_text(lambda colour: render(found, options.format, colour=colour), to=None)
    return CODES[found.outcome]


def _work(options: argparse.Namespace, case: Case, begun_s: float | None, limit: "Limit") -> "Work | None":
    """What --work says, which may be written while the target is watched; None where nothing was said."""
    if options.work is None:
        return None
    from memwhy.cli.work import log_of, work_for

    return work_for(log_of(options.work), case, begun_s, limit.unit)


def _case(options: argparse.Namespace) -> tuple[Case, float | None]:
    """What the target is, by its looks: after -- a command; a file that exists: evidence; else a process. With the wall
    clock, in seconds since 1970, at the case's second 0, where it is known."""
    words: list[str] = options.target
    if not words:
        raise UsageError("nothing to check was given", help="memwhy check PID --max-growth 1MiB/min")
    if "--" in options.arguments:
        return _run(options, words)
    if any(word == "-" or (os.path.exists(word) and not names_process(word)) for word in words):
        from memwhy.cli.progress import Progress
        from memwhy.cli.work import begin_of
        from memwhy.diagnose import book_of_paths

        if options.output:
            raise UsageError("-o keeps what is watched; evidence in files is there already")
        with Progress(quiet=options.quiet) as progress:
            book = book_of_paths(words, stdin=None, progress=progress.reading)
        return book.case(), begin_of(book, words) if options.work else None
    if len(words) > 1:
        raise UsageError(f"{words[0]}: no such file, and a process is one word", help="memwhy check PID|FILE…|-- CMD…")
    options.target = words[0]
    return _watched(watcher_of(options), options)


def _run(options: argparse.Namespace, command: list[str]) -> tuple[Case, float | None]:
    from memwhy.cli.run import started
    from memwhy.record import Watcher

    _early(options)
    with started(command) as child:
        watcher = Watcher(
            child.pid, root=ROOT, pprof_url=options.pprof, probe=not options.no_probe, inside=not options.no_inside
        )
        return _watched(watcher, options)


def _watched(watcher: "Watcher", options: argparse.Namespace) -> tuple[Case, float | None]:
    from memwhy.cli.session import followed
    from memwhy.cli.work import begin_of_watch

    _early(options)
    book = followed(watcher, options)
    begun_s = begin_of_watch(book)
    if options.output:
        say(f"recording kept in {options.output}: memwhy explain {options.output}", options)
    return book.case(), begun_s


def _early(options: argparse.Namespace) -> None:
    """Whatever is wrong with the options is said before anything begins. Raises UsageError."""
    parse_duration(options.for_)
    tick_of(options)
    if options.output and os.path.exists(options.output):
        raise UsageError(f"{options.output} exists already", help="give another file after -o")
