"""Collect on the sick host, into one file, what `memwhy explain` wants: figures, maps, the runtime's own numbers, a look
at malloc, who else is large. Secrets in the command line are masked, of the environment only what steers memory is
kept, and no memory contents. Explain it anywhere: memwhy explain FILE; see what is in it: memwhy dump FILE.
"""

import argparse
import os
import time

from memwhy.cli.output import say
from memwhy.cli.record import record
from memwhy.cli.targets import add_target, watcher_of
from memwhy.model.errors import UsageError
from memwhy.model.units import human_bytes, parse_duration

ONCE = ("proc/cmdline", "proc/neighbours")
"""What a bundle has and a recording has not."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_target(parser)
    parser.add_argument("-o", metavar="FILE", dest="output", help="the bundle (default: memwhy-PID-DATE.memwhy)")
    parser.add_argument(
        "--for", metavar="TIME", dest="for_", default="20s", help="how long to look at it (default: 20s)"
    )
    parser.add_argument(
        "--max-size",
        metavar="SIZE",
        default="64MiB",
        help="bound of the file; oldest detail is thinned (default: 64MiB)",
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def run(options: argparse.Namespace) -> int:
    """Collect, then say where it lies and what is in it."""
    for_s = parse_duration(options.for_)
    if not 0 < for_s <= 86400:
        raise UsageError(f"--for {options.for_} is not between 1s and 24h")
    watcher = watcher_of(options, once=ONCE)
    if options.output is None:
        options.output = f"memwhy-{watcher.pid}-{time.strftime('%Y%m%d-%H%M%S')}.memwhy"
    record(watcher, options, for_s=for_s)
    say(f"{options.output}, {human_bytes(os.stat(options.output).st_size)}: secrets in the command line are masked, paths, module names"
        " and addresses of peers are in it as they are", options)  # fmt: skip
    say(f"next: send it, and there: memwhy explain {options.output}   (with --redact for a public answer)", options)
    return 0
