"""Start a command and watch it: memwhy run [OPTIONS] -- CMD ARG…

The command keeps this terminal's input and output; the answer comes when it ends, or when --for is over. With --log its output
goes into a file, and the terminal shows the live screen.
"""

import argparse
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from memwhy.cli.output import say
from memwhy.cli.plotting import check_plot
from memwhy.cli.sampling import add_native, adopt, check_stacks, period_of, without
from memwhy.cli.sourcing import check_source
from memwhy.cli.targets import ROOT, add_watching, tick_of
from memwhy.cli.watch import add_probe, add_watch
from memwhy.model.errors import MemwhyError, UsageError
from memwhy.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from memwhy.cli.session import Then
    from memwhy.native.preloaded import Preloaded
    from memwhy.probe.environment import Variable
    from memwhy.record import Watcher


LISTS = {"GODEBUG": ",", "GLIBC_TUNABLES": ":"}
"""Variables that hold settings of many kinds, and what stands between two of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    add_watching(parser)
    add_native(parser, how="start it with the sampler in it, and name the code behind native memory that stays")
    add_probe(parser, "env:NAME=VALUE runs the command again with that variable and compares; auto picks one")
    add_watch(parser)
    parser.add_argument(
        "--log",
        metavar="FILE",
        help="the command's output goes behind what FILE holds, its input is empty; a terminal then shows the live screen",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD", help="the command and its arguments")


def run(options: argparse.Namespace) -> int:
    """Start, watch, answer. A command that is still running when --for is over is ended: we started it."""
    from memwhy.cli.session import watch

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("no command was given", help="memwhy run -- ./crawler --verbose")
    if options.for_ is None:
        options.for_ = "0"
    _check(options)
    then: Then | None = None
    ended: list[object] = []  # by us, for the second run's sake: its exit code tells nothing then
    with ExitStack() as stack:
        log = _log(options, stack)
        tables, refused = _tables(options, stack)
        child = stack.enter_context(started(command, tables, log=log))
        watcher = _watcher(child.pid, options)
        if tables is not None:
            adopt(watcher, tables, options)
        elif refused is not None:
            without(watcher, options, refused)
        options.native = False
        if options.probe is not None:
            from memwhy.cli.probing import on_pair

            def second(what: "Variable") -> "Watcher":
                if child.poll() is None:
                    end(child)
                    ended.append(child)
                again = stack.enter_context(started(command, changes={what.name: what.value}, log=log))
                return _watcher(again.pid, options)

            options.until_sure = False  # both runs are watched for the same time
            then = partial(on_pair, options, second)
        code = watch(watcher, options, then=then)
        if child.poll() is not None and not ended:
            say(f"the command ended with exit code {child.returncode}", options)
        return code


def _watcher(pid: int, options: argparse.Namespace) -> "Watcher":
    from memwhy.record import Watcher

    return Watcher(pid, root=ROOT, pprof_url=options.pprof, probe=not options.no_probe, inside=not options.no_inside)


def _log(options: argparse.Namespace, stack: ExitStack) -> BinaryIO | None:
    """Where the command's output goes instead of the terminal; without that there is no live screen, they would write over each
    other. Raises UsageError."""
    if options.log is None:
        options.plain = True
        return None
    try:
        return stack.enter_context(open(options.log, "ab"))
    except OSError as error:
        raise UsageError(f"{options.log}: {error.strerror}", help="give another file after --log") from error


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
def started(
    command: Sequence[str],
    tables: "Preloaded | None" = None,
    changes: Mapping[str, str] | None = None,
    log: BinaryIO | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that is ended when the block is left, with this terminal's input and output unless there is a log. tables: of the
    sampler to start it with. changes: of its environment. Raises UsageError."""
    environment = changed(os.environ, changes or {})
    try:
        child = subprocess.Popen(
            command,
            env=environment if tables is None else tables.environment(environment),
            pass_fds=() if tables is None else (tables.descriptor,),
            stdin=None if log is None else subprocess.DEVNULL,
            stdout=log,
            stderr=None if log is None else subprocess.STDOUT,
        )
    except OSError as error:
        raise UsageError(f"{command[0]}: {error.strerror}", help="give a program that exists and may be run") from error
    try:
        yield child
    finally:
        end(child)


def changed(environment: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """The environment with these changes; of a list of settings those that are not named stay."""
    found = {**environment, **changes}
    for name, mark in LISTS.items():
        if name in changes and environment.get(name):
            named = {word.partition("=")[0] for word in changes[name].split(mark)}
            kept = [word for word in environment[name].split(mark) if word.partition("=")[0] not in named]
            found[name] = mark.join([*kept, changes[name]])
    return found


def end(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, after ten seconds SIGKILL; nothing where it has ended."""
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
    check_plot(options)
    check_source(options)
    parse_duration(options.for_)
    if options.probe is not None:
        from memwhy.cli.probing import check_pair

        check_pair(options)
    tick_of(options)
    if options.max_size:
        parse_size(options.max_size)
    if options.output and os.path.exists(options.output):
        raise UsageError(f"{options.output} exists already", help="give another file after -o")
