"""Options and words for the sampler of native allocations: in by attaching or by a preload, out in every case."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memwhy.cli.output import say
from memwhy.model.errors import MemwhyError, TargetGone, UsageError
from memwhy.model.native import StackReading
from memwhy.model.units import human_bytes, parse_size
from memwhy.record import Watcher

if TYPE_CHECKING:
    from memwhy.native.preloaded import Preloaded

LEAST_BYTES, MOST_BYTES = 1 << 10, 1 << 30


def add_native(parser: argparse.ArgumentParser, *, how: str) -> None:
    """--native, --native-period."""
    parser.add_argument("--native", action="store_true", help=how)
    parser.add_argument(
        "--native-period",
        metavar="SIZE",
        default="64KiB",
        help="with --native: one sample for so much allocated (default: 64KiB; more is cheaper and less exact)",
    )


def add_stacks(parser: argparse.ArgumentParser) -> None:
    """--stacks."""
    parser.add_argument(
        "--stacks",
        metavar="FILE",
        help="also write the native stacks: .pb.gz (go tool pprof), .folded (flame graphs), .speedscope.json",
    )


def check_stacks(options: argparse.Namespace) -> None:
    """Whatever is wrong with --stacks and --native-period is said before anything begins. Raises UsageError."""
    if getattr(options, "native", False):
        period_of(options)
    if options.stacks:
        from memwhy.exports.files import writer_of

        writer_of(options.stacks)
        if not getattr(options, "native", True):
            raise UsageError("--stacks has nothing to write without --native", help="add --native")


def write_stacks(reading: StackReading | None, options: argparse.Namespace) -> None:
    """The newest reading of the sampler as --stacks wants it; that there is none is said. Raises UsageError."""
    if not options.stacks:
        return
    from memwhy.exports.files import write_file, writer_of
    from memwhy.exports.stacks import native

    if reading is None:
        say(f"{options.stacks} was not written: there are no native stacks", options)
        return
    write_file(options.stacks, writer_of(options.stacks)(native(reading)), option="--stacks")
    say(f"native stacks written to {options.stacks}", options)


def period_of(options: argparse.Namespace) -> int:
    """Bytes between two samples. Raises UsageError."""
    size = parse_size(options.native_period)
    if not LEAST_BYTES <= size <= MOST_BYTES:
        raise UsageError(f"--native-period {options.native_period} is not between 1KiB and 1GiB")
    return size


def attach(watcher: Watcher, options: argparse.Namespace) -> None:
    """Put the sampler into the watcher's process; where that cannot be, say why and go on without it."""
    from memwhy.record.sampling import Sampler

    period_bytes = period_of(options)
    say(
        f"attaching the sampler to pid {watcher.pid}: malloc, free, mmap and their like go through it until the watch ends"
        f" (one sample for each {human_bytes(period_bytes)}); the process is stopped for some milliseconds, and again at"
        " the end, when all of it is taken away",
        options,
    )
    try:
        sampler, found = Sampler.attach(watcher.root, watcher.pid, period_bytes)
    except TargetGone as error:  # ended meanwhile, or without an address space (a kernel thread)
        without(watcher, options, error)
        return
    except MemwhyError as error:
        without(watcher, options, error)
        _watch_faults(watcher, options)
        return
    if found is not None:
        watcher.events.append(f"Before the sampler came: {found}.")
    watcher.sample(sampler)
    say(f"attached; the process stood still for {1000 * sampler.paused_s:.1f} ms", options)


def without(watcher: Watcher, options: argparse.Namespace, error: MemwhyError) -> None:
    """Say why there is no sampler, now and in the report."""
    text = f"The native stacks are missing: {error.message}" + (f" ({error.help})" if error.help else "") + "."
    watcher.events.append(text)
    say(f"{text} The watch goes on without them.", options)


def _watch_faults(watcher: Watcher, options: argparse.Namespace) -> None:
    """Page faults in the sampler's place, where the kernel lets us; where it does not, say what that takes."""
    from memwhy.record.faulting import FaultWatch

    try:
        watcher.sample(FaultWatch(watcher.root, watcher.pid))
    except TargetGone:
        return
    except MemwhyError as error:
        text = f"{error.message[:1].upper()}{error.message[1:]}" + (f" ({error.help})" if error.help else "") + "."
        watcher.events.append(text)
        say(text, options)
        return
    say(
        "page faults are watched in their place: they tell which regions grow and whose large blocks, not whose small ones;"
        " nothing of the process changes",
        options,
    )


def adopt(watcher: Watcher, tables: "Preloaded", options: argparse.Namespace) -> None:
    """Take over the sampler of a command that was started with it."""
    from memwhy.record.sampling import Preloading, Sampler

    try:
        watcher.sample(Sampler(watcher.root, watcher.pid, Preloading(tables)))
    except TargetGone:
        return
    except MemwhyError as error:
        without(watcher, options, error)


@contextmanager
def letting_go(watcher: Watcher) -> Iterator[None]:
    """Whatever ends the block, the sampler leaves the process before the recording is closed."""
    try:
        yield
    finally:
        watcher.let_go()
