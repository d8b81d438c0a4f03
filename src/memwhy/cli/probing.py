"""--probe: state what each hypothesis foretells, make the experiment, keep both; then the diagnosis counts it."""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from memwhy.cli.output import say
from memwhy.cli.session import followed
from memwhy.diagnose import Casebook, diagnose
from memwhy.model.case import Case
from memwhy.model.errors import MemwhyError, UsageError
from memwhy.model.evidence import Evidence
from memwhy.model.probe import Experiment
from memwhy.model.units import parse_duration
from memwhy.probe import AUTO, ENV, ON_PROCESSES, collection, environment, trimming
from memwhy.probe.choose import choose
from memwhy.record import Watcher
from memwhy.record.clock import boot_ns
from memwhy.render.experiments import foretold
from memwhy.sources import experiment as evidence_of

if TYPE_CHECKING:
    from memwhy.model.report import Finding
    from memwhy.sources.go.endpoint import Endpoint

Keep = Callable[[Evidence], None]
Make = Callable[[], Experiment]
Second = Callable[[environment.Variable], Watcher]


def check_probe(options: argparse.Namespace) -> None:
    """Whatever is wrong with --probe on a process is said before anything begins. Raises UsageError."""
    parse_duration(options.probe_max)
    if options.probe.startswith(ENV):
        raise UsageError(
            "--probe env: tries a variable on a command", help=f"memwhy run --probe {options.probe} -- CMD"
        )
    if options.probe not in (*ON_PROCESSES, AUTO):
        raise UsageError(f"--probe {options.probe} is not known", help=f"one of {', '.join((*ON_PROCESSES, AUTO))}")
    if options.native and options.probe in ("trim", AUTO):
        raise UsageError(f"--probe {options.probe} and --native both hook malloc", help="give one of them")


def check_pair(options: argparse.Namespace) -> None:
    """Whatever is wrong with --probe on a command. Raises UsageError."""
    if options.probe != AUTO and not options.probe.startswith(ENV):
        raise UsageError(
            f"--probe {options.probe} is for a process that runs: memwhy watch PID --probe {options.probe}",
            help="for a command: --probe env:NAME=VALUE, or auto",
        )
    if options.probe.startswith(ENV):
        environment.variable(options.probe.removeprefix(ENV))
    if not parse_duration(options.for_):
        raise UsageError("--probe compares two runs of the same length: say how long", help="add --for 60s")
    if options.native:
        raise UsageError("--probe and --native cannot be had in one run", help="give one of them")


def on_process(options: argparse.Namespace, watcher: Watcher, book: Casebook, keep: Keep) -> None:
    """Make the experiment on the watched process; what hinders it is said."""
    if watcher.ended is not None:
        say(f"--probe {options.probe}: the process {watcher.ended}; nothing was tried", options)
        return
    case, findings = book.case(), diagnose(book).findings
    if "process.rss_bytes" not in case.series:
        say(f"--probe {options.probe}: no RSS was read; nothing was tried", options)
        return
    endpoint = next((one for one in watcher.endpoints if one.kind == "pprof"), None)
    names = ON_PROCESSES if options.probe == AUTO else (options.probe,)
    stated: list[Experiment] = []
    makes: dict[str, Make] = {}
    for name in sorted(names, key=lambda name: name == "gc"):  # last: what a collection will show changes by the second
        try:
            one, makes[name] = _state(name, case, watcher, endpoint, parse_duration(options.probe_max))
            stated.append(one)
        except MemwhyError as error:
            _refused(name, error, options, book)
    chosen = _chosen(stated, findings, options, book) if options.probe == AUTO else next(iter(stated), None)
    if chosen is None:
        return
    _announce(chosen, options, keep)
    try:
        done = makes[chosen.name]()
    except MemwhyError as error:
        done = _failed(chosen, error)
    watcher.paused_s += done.result.paused_s if done.result is not None else 0.0
    _tell(done, options, keep)


def on_pair(options: argparse.Namespace, second: Second, watcher: Watcher, book: Casebook, keep: Keep) -> None:
    """Run the command again with the variable and compare. second: ends the first run, and starts the second."""
    case, findings = book.case(), diagnose(book).findings
    if "process.rss_bytes" not in case.series:
        say(f"--probe {options.probe}: no RSS was read; nothing was tried", options)
        return
    if options.probe == AUTO:
        tried = environment.candidates(case)
        chosen = _chosen([environment.pair(case, one) for one in tried], findings, options, book)
    else:
        tried = (environment.variable(options.probe.removeprefix(ENV)),)
        chosen = environment.pair(case, tried[0])
    if chosen is None:
        return
    _announce(chosen, options, keep)
    what = next(one for one in tried if f"{ENV}{one}" == chosen.name)
    quietly = argparse.Namespace(**{**vars(options), "output": None, "holders": False})
    try:
        done = environment.compared(chosen, case, followed(second(what), quietly).case())
    except MemwhyError as error:
        done = _failed(chosen, error)
    _tell(done, options, keep)


def _state(
    name: str, case: Case, watcher: Watcher, endpoint: "Endpoint | None", max_s: float
) -> tuple[Experiment, Make]:
    """What is foretold, and how to make it. Both raise MemwhyError where it cannot be tried here."""
    root, pid = watcher.root, watcher.pid
    if name == "gc":
        stated, heap = collection.state_collection(case, endpoint)
        return stated, partial(collection.collect, stated, heap, case, endpoint, root, pid)
    if name == "goroutineleak":
        stated = collection.state_leak_profile(case, endpoint)
        return stated, partial(collection.find_leaked, stated, case, endpoint, root, pid)
    stated = trimming.state_trim(case, root, pid, max_s)
    return stated, partial(trimming.trim_target, stated, case, root, watcher.identity)


def _chosen(
    stated: Sequence[Experiment], findings: "Sequence[Finding]", options: argparse.Namespace, book: Casebook
) -> Experiment | None:
    """The one to make of those that could be made; why, or why none."""
    probabilities = {finding.cause: finding.probability for finding in findings}
    choice = choose(stated, probabilities)
    if choice.pair is None:
        can = ", ".join(one.name for one in stated) or "nothing"
        _nothing(f"no open cause foretells anything of what can be tried here ({can})", options, book)
        return None
    between, rated = f"{choice.pair[0]} from {choice.pair[1]}", ", ".join(choice.said)
    if choice.best is None:
        _nothing(f"no experiment would tell {between} ({rated})", options, book)
        return None
    say(f"--probe auto: {choice.best.name}, which tells {between} best ({rated})", options)
    return choice.best


def _nothing(why: str, options: argparse.Namespace, book: Casebook) -> None:
    """Said now and in the report."""
    text = f"--probe auto: {why}; nothing was tried"
    book.notes.append(f"{text}.")
    say(text, options)


def _announce(stated: Experiment, options: argparse.Namespace, keep: Keep) -> None:
    """Said and kept before anything is done."""
    say(f"experiment {stated.name}: {stated.does[0]}", options)
    for text in (*stated.does[1:], *foretold(stated)):
        say(f"  {text}", options)
    if not stated.predictions:
        say("  no cause foretells anything of this: it will change no verdict", options)
    _keep(stated, keep)


def _tell(done: Experiment, options: argparse.Namespace, keep: Keep) -> None:
    """Said and kept after it."""
    for text in done.result.said if done.result is not None else (done.problem or "",):
        say(f"  {text}", options)
    _keep(done, keep)


def _keep(one: Experiment, keep: Keep) -> None:
    raw = evidence_of.write(one)
    keep(Evidence(source=evidence_of.NAME, monotonic_ns=boot_ns(), wall_ns=time.time_ns(), cost_ns=0, raw=raw))


def _failed(stated: Experiment, error: MemwhyError) -> Experiment:
    return replace(stated, problem=_why(error))


def _refused(name: str, error: MemwhyError, options: argparse.Namespace, book: Casebook) -> None:
    """It was not begun: said now and, where it was asked for by name, in the report of this watch."""
    text = f"The experiment {name} was not made: {_why(error)}."
    say(text, options)
    if options.probe != AUTO:
        book.notes.append(text)


def _why(error: MemwhyError) -> str:
    return error.message + (f" ({error.help})" if error.help else "")
