"""A watching session: ticks into a casebook and, when asked for, into a recording; then the diagnosis."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from memwhy.cli.holding import HURRIED_S, LAST_S, Aside, looking_aside
from memwhy.cli.keeping import Discard, Keeper, keep
from memwhy.cli.output import say, write
from memwhy.cli.plotting import judged, plot_report
from memwhy.cli.progress import Progress
from memwhy.cli.sampling import attach, letting_go, write_stacks
from memwhy.cli.showing import SCRATCH_BYTES, Shown, scratch, showing
from memwhy.cli.stopping import stoppable
from memwhy.cli.targets import tick_of
from memwhy.diagnose import Casebook
from memwhy.model.errors import RecordingError, TargetGone
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.report import Overhead
from memwhy.model.units import parse_duration, parse_size
from memwhy.record import Watcher, snapshots

DEFAULT_FOR_S = 60.0
CHECK_EVERY_S = 5.0


Then = Callable[[Watcher, Casebook, Callable[[Evidence], None]], None]
"""What is to be done once the watch is over and before the recording is closed, which takes the evidence of it, too."""


def watch(watcher: Watcher, options: argparse.Namespace, *, then: Then | None = None) -> int:
    """Watch until the time is over, the target ends, the verdict is sure, or Ctrl-C; then print the diagnosis."""
    until_sure: bool = sys.stdout.isatty() if options.until_sure is None else options.until_sure
    begun_s, cpu_s = time.monotonic(), time.process_time()
    book = followed(watcher, options, until_sure=until_sure, then=then)
    wall_s = time.monotonic() - begun_s
    sampled = book.newest_stacks()
    aside_s = book.aside_s
    overhead = Overhead(
        cpu_s=round(time.process_time() - cpu_s + (aside_s or 0.0), 3),
        wall_s=round(wall_s, 3),
        target_paused_s=round(watcher.paused_s, 6),
        sampler_s=None if sampled is None else sampled.spent_s,
        holders_s=None if aside_s is None else round(aside_s, 3),
    )
    report, pictures = judged(book, options, overhead=overhead)
    write(report, options, pictures=pictures)
    plot_report(report, pictures, options)
    write_stacks(sampled, options)
    if options.output:
        say(f"recording kept in {options.output}: memwhy explain {options.output}", options)
    return 0


def followed(
    watcher: Watcher, options: argparse.Namespace, *, until_sure: bool = False, then: Then | None = None
) -> Casebook:
    """Watch until the time is over, the target ends, the verdict is sure, or Ctrl-C; not after Ctrl-C, do what is to be done
    then. Raises TargetGone when nothing was seen."""
    for_s = DEFAULT_FOR_S if options.for_ is None else parse_duration(options.for_)
    max_bytes = parse_size(options.max_size) if options.max_size else None
    book = Casebook(live=True)
    aside_bytes = None if options.output else SCRATCH_BYTES
    how_long = "until it ends" if not for_s else f"for {options.for_ or '60s'}"
    say(f"watching pid {watcher.pid} {how_long}; Ctrl-C diagnoses what was seen so far", options)
    try:
        with (
            stoppable(),
            scratch(options) as aside,
            keep(watcher, options.output or aside, max_bytes=max_bytes or aside_bytes, asked=not aside) as recorder,
            Progress(quiet=options.quiet) as progress,
        ):
            with letting_go(watcher), looking_aside(watcher, options, book, for_s) as holding:
                if getattr(options, "native", False) and watcher.sampler is None:
                    attach(watcher, options)
                with showing(watcher, options, progress, for_s=for_s, recording=options.output or aside) as shown:
                    tick = _follow(watcher, recorder, book, shown, options, for_s, holding, until_sure=until_sure)
            if then is not None and book.timeline.tracks:
                then(watcher, book, partial(_note, recorder, book, count(tick)))
    except KeyboardInterrupt:
        if not book.timeline.tracks:
            raise
        say("", options)
    finally:
        watcher.close()
    book.ended = watcher.ended
    book.notes.extend(watcher.events)
    if not book.timeline.tracks:
        raise TargetGone(f"process {watcher.pid} {watcher.ended or 'ended'} before anything was seen")
    return book


def _follow(
    watcher: Watcher,
    recorder: Discard | Keeper,
    book: Casebook,
    shown: Shown,
    options: argparse.Namespace,
    for_s: float,
    holding: Aside,
    *,
    until_sure: bool,
) -> int:
    """Every snapshot into the recording and the casebook; stopped early, a brief one closes the series. Returns the number of
    the tick that would come next."""
    begun_s = checked_s = time.monotonic()
    tick = 0
    try:
        for snapshot in snapshots(watcher, for_s=for_s or None, tick_s=tick_of(options)):
            snapshot = holding.with_look(snapshot)
            recorder = _kept(recorder, snapshot, book)
            book.add_snapshot(snapshot)
            tick = snapshot.tick + 1
            elapsed_s = time.monotonic() - begun_s
            shown.tick(book, snapshot, elapsed_s)
            if until_sure and elapsed_s >= 20 and time.monotonic() - checked_s >= CHECK_EVERY_S:
                checked_s = time.monotonic()
                if shown.judge(book, elapsed_s).conclusion.confidence == "high":
                    break
        else:
            return _close_aside(holding, recorder, book, tick)
    except KeyboardInterrupt:
        _close(watcher, recorder, book)
        _close_aside(holding, recorder, book, tick + 1, most_s=HURRIED_S)
        raise
    _close(watcher, recorder, book)
    return _close_aside(holding, recorder, book, tick + 1)


def _close_aside(holding: Aside, recorder: Discard | Keeper, book: Casebook, tick: int, most_s: float = LAST_S) -> int:
    """The closing look at who holds the heap, as snapshots of its own, if it is over by then. Returns the number of the tick that would come next."""
    ticks = count(tick)
    for found in holding.last_looks(most_s):
        _note(recorder, book, ticks, found)
    return next(ticks)


def _close(watcher: Watcher, recorder: Discard | Keeper, book: Casebook) -> None:
    """The last points of a watch that has begun and is stopped before its time."""
    snapshot = watcher.take_brief() if book.timeline.tracks else None
    if snapshot is not None:
        _kept(recorder, snapshot, book)
        book.add_snapshot(snapshot)


def _note(recorder: Discard | Keeper, book: Casebook, ticks: Iterator[int], evidence: Evidence) -> None:
    """One more piece of evidence, as a snapshot of its own."""
    snapshot = Snapshot(
        tick=next(ticks),
        monotonic_ns=evidence.monotonic_ns,
        wall_ns=evidence.wall_ns,
        late_ns=0,
        cpu_ns=0,
        evidence=(evidence,),
    )
    _kept(recorder, snapshot, book)
    book.add_snapshot(snapshot)


def _kept(recorder: Discard | Keeper, snapshot: Snapshot, book: Casebook) -> Discard | Keeper:
    """Keep the snapshot; a recording that cannot go on is said, and the watch goes on without it."""
    try:
        recorder.append(snapshot)
    except RecordingError as error:
        book.notes.append(error.message)
        return Discard()
    return recorder
