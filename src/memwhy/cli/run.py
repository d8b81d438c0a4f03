"""Start a command and watch it: memwhy run [OPTIONS] -- CMD ARG…

The command keeps this terminal's input and output; the answer comes when it ends, or when --for is over.
"""

import argparse
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from memwhy.cli.output import say
from memwhy.cli.sampling import add_native, adopt, check_stacks, period_of, without
from memwhy.cli.targets import ROOT, add_watching, tick_of
from memwhy.cli.watch import add_watch
from memwhy.model.errors import MemwhyError, UsageError
from memwhy.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from memwhy.native.preloaded import Preloaded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_watching(parser)
    add_native(parser, how="start it with the sampler in it, and name the code behind native memory that stays")
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
    with ExitStack() as stack:
        tables, refused = _tables(options, stack)
        child = stack.enter_context(started(command, tables))
        watcher = Watcher(
            child.pid, root=ROOT, pprof_url=options.pprof, probe=not options.no_probe, inside=not options.no_inside
        )
        if tables is not None:
            adopt(watcher, tables, options)
        elif refused is not None:
            without(watcher, options, refused)
        options.native = False
        code = watch(watcher, options)
        if child.poll() is not None:
            say(f"the command ended with exit code {child.returncode}", options)
        return code


def _tables(options: argparse.Namespace, stack: ExitStack) -> "tuple[Preloaded | None, MemwhyError | None]":
    """The sampler's tables, closed with the stack, when --native asks for them; or why there are none."""
    if not options.native:
        return None, None
    from memwhy.native.header import Settings
    from memwhy.native.preloaded import Preloaded

    try:
        return stack.enter_context(Preloaded(Settings(period_bytes=period_of(options)))), None
    except MemwhyError as error:
        return None, error


@contextmanager
def started(command: Sequence[str], tables: "Preloaded | None" = None) -> Iterator[subprocess.Popen[bytes]]:
    """A command, with this terminal's input and output, that is ended when the block is left. tables: of the sampler to
    start it with. Raises UsageError."""
    try:
        child = (
            subprocess.Popen(command)
            if tables is None
            else subprocess.Popen(command, env=tables.environment(os.environ), pass_fds=(tables.descriptor,))
        )
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
    check_stacks(options)
    parse_duration(options.for_)
    tick_of(options)
    if options.max_size:
        parse_size(options.max_size)
    if options.output and os.path.exists(options.output):
        raise UsageError(f"{options.output} exists already", help="give another file after -o")
