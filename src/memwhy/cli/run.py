"""Start a command and watch it: memwhy run [OPTIONS] -- CMD ARG…

The command keeps this terminal's input and output; the answer comes when it ends, or when --for is over.
"""

import argparse
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from memwhy.cli.output import say
from memwhy.cli.targets import ROOT, add_watching, tick_of
from memwhy.cli.watch import add_watch
from memwhy.model.errors import UsageError
from memwhy.model.units import parse_duration, parse_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_watching(parser)
    add_watch(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD", help="the command and its arguments")


def run(options: argparse.Namespace) -> int:
    """Start, watch, answer. A command that is still running when --for is over is ended: we started it."""
    from memwhy.cli.session import watch
    from memwhy.record import Watcher

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("no command was given", help="memwhy run -- ./crawler --verbose")
    if options.for_ is None:
        options.for_ = "0"
    _check(options)
    with started(command) as child:
        watcher = Watcher(
            child.pid, root=ROOT, pprof_url=options.pprof, probe=not options.no_probe, inside=not options.no_inside
        )
        code = watch(watcher, options)
        if child.poll() is not None:
            say(f"the command ended with exit code {child.returncode}", options)
        return code


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command, with this terminal's input and output, that is ended when the block is left. Raises UsageError."""
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        raise UsageError(f"{command[0]}: {error.strerror}", help="give a program that exists and may be run") from error
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _check(options: argparse.Namespace) -> None:
    """Whatever is wrong with the options is said before the command begins its work. Raises UsageError."""
    parse_duration(options.for_)
    tick_of(options)
    if options.max_size:
        parse_size(options.max_size)
    if options.output and os.path.exists(options.output):
        raise UsageError(f"{options.output} exists already", help="give another file after -o")
