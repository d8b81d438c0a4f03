"""Forensics from outside: where every resident page belongs, what malloc and Go know, what is lost.

Reads a live process or a core file; needs no cooperation, no restart, no symbols. The target is never stopped and never
written to. Two looks, a few seconds apart, also show which block sizes grow.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from memwhy.cli.meaning import names_process
from memwhy.cli.output import add_format, say, write
from memwhy.cli.plotting import judged
from memwhy.cli.progress import Progress
from memwhy.cli.stopping import stoppable
from memwhy.cli.targets import ROOT
from memwhy.diagnose import Casebook
from memwhy.exports.files import writer_of
from memwhy.inspect import DOCUMENTS, NAME, to_json
from memwhy.inspect.inspector import Inspector
from memwhy.model.errors import MemwhyError, TargetGone, UsageError
from memwhy.model.evidence import Evidence
from memwhy.model.holdergrowth import foremost, pruned
from memwhy.model.holders import SoFar
from memwhy.model.inspection import CgoCall, Inspection
from memwhy.model.reading import Moment, Observation, Where
from memwhy.model.report import Overhead
from memwhy.model.units import GIB, parse_duration, parse_size
from memwhy.record import Watcher, find_target
from memwhy.record.clock import timed
from memwhy.render.holding import so_far
from memwhy.sources import READERS, held
from memwhy.sources.proc.files import join

APART = "5s"
MOST_LINES = 60
SEARCHED_TWICE_BYTES = GIB
"""Up to this RSS both looks search for lost memory: that it grows says more than that it is there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("target", metavar="PID|CORE", help="pid, process name, or a core file")
    parser.add_argument(
        "--for",
        metavar="TIME",
        dest="for_",
        default=APART,
        help=f"time between two looks (default: {APART}; 0: look once)",
    )
    parser.add_argument("--no-lost", dest="lost", action="store_false", help="do not search for what nothing points to")
    parser.add_argument(
        "--show-contents", action="store_true", help="show strings found in lost memory: they may be private"
    )
    parser.add_argument(
        "--holders",
        action="store_true",
        help="who holds Go's heap: variables, fields and types, with what each alone keeps",
    )
    parser.add_argument(
        "--top",
        metavar="N",
        type=int,
        default=MOST_LINES,
        help=f"lines of who holds Go's heap in text and Markdown (default: {MOST_LINES})",
    )
    parser.add_argument(
        "--holders-fast",
        action="store_true",
        help="as --holders, in half the memory: which variable is nearest to what, not what it alone keeps",
    )
    parser.add_argument(
        "--holders-memory",
        metavar="SIZE",
        help="what --holders may take of memory; beyond, it is fast (default: a quarter of what is free)",
    )
    parser.add_argument(
        "--retention",
        metavar="FILE",
        help="write who holds Go's heap as stacks: .pb.gz for `go tool pprof`, .folded or .speedscope.json",
    )
    parser.add_argument("--heap-profile", metavar="FILE", help="write Go's heap profile for `go tool pprof FILE`")
    parser.add_argument("--goroutines", metavar="FILE", help="write all goroutines with their stacks, as debug=2 does")
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Look, look again, and answer, or raise."""
    apart_s = parse_duration(options.for_)
    if options.top < 1:
        raise UsageError(f"--top {options.top} leaves no line", help="give a number from 1 on")
    _most_bytes(options)
    options.holders |= options.holders_fast or options.holders_memory is not None
    if options.retention is not None:
        writer_of(options.retention)
        options.holders = True
    _check_writable(options)
    target = options.target
    with stoppable():
        if not target.isdigit() and os.path.isfile(target) and not names_process(target):
            return _core(options)
        if os.sep in target and os.path.exists(target):
            raise UsageError(f"{target} is not a regular file", help="give a pid, a process name or a core file")
        return _process(find_target(ROOT, target), apart_s, options)


def _process(pid: int, apart_s: float, options: argparse.Namespace) -> int:
    """A live process: the kernel's own figures and a look from outside, twice."""
    book = Casebook(live=True)
    begun_s, cpu_s = time.monotonic(), time.process_time()
    calls: tuple[CgoCall, ...] = ()
    watcher = Watcher(pid, root=ROOT, probe=False)
    try:
        with Inspector.open(pid, root=ROOT) as inspector, Progress(quiet=options.quiet) as progress:
            twice = inspector.rss_bytes <= SEARCHED_TWICE_BYTES
            found = _look(inspector, watcher, book, options, progress, lost=options.lost and (twice or not apart_s))
            if apart_s:
                again_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + round(apart_s * 1e9)
                progress.say(f"looking again in {options.for_}", at_once=True)
                calls = inspector.calls(apart_s)
                watcher.wait(again_ns)
                try:
                    found = _look(inspector, watcher, book, options, progress, lost=options.lost, again=True)
                except TargetGone as error:
                    book.notes.append(f"The second look came too late: {error.message}.")
            if calls and found.go is not None:
                found = replace(found, go=replace(found.go, cgo_calls=calls))
            files = [*_read_files(inspector, options), *_retention(found, options)]
    finally:
        watcher.close()
    wall_s = time.monotonic() - begun_s
    overhead = Overhead(cpu_s=round(time.process_time() - cpu_s, 3), wall_s=round(wall_s, 3), target_paused_s=0.0)
    report, pictures = judged(book, options, overhead=overhead)
    found = _shown(found)
    report = replace(report, inspection=_for_people(found, options))
    write(report, options, to=options.output, pictures=pictures)
    _keep_files(files, options)
    return 0


def _look(
    inspector: Inspector,
    watcher: Watcher,
    book: Casebook,
    options: argparse.Namespace,
    progress: Progress,
    *,
    lost: bool,
    again: bool = False,
) -> Inspection:
    """One look, put into the casebook beside what the kernel says at that moment."""
    kernel = watcher.take()
    if kernel is None:
        raise TargetGone(f"process {watcher.pid} {watcher.ended or 'ended'}")
    begun_ns, wall_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns()
    found = inspector.look(
        lost=lost,
        show_contents=options.show_contents,
        holders=options.holders,
        whole=options.retention is not None,
        fast=options.holders_fast,
        most_bytes=_most_bytes(options),
        progress=lambda text: progress.say(f"reading {text}"),
        so_far=None if again else _first_answer(progress),
    )
    cost_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - begun_ns
    looked = [
        Evidence(source=source, monotonic_ns=begun_ns, wall_ns=wall_ns, cost_ns=cost_ns, raw=raw, error=None)
        for source, raw in _as_evidence(found)
    ]
    documents = timed(DOCUMENTS, lambda: _documents(inspector))
    book.add_snapshot(replace(kernel, evidence=(*kernel.evidence, *looked, *([documents] if documents.raw else []))))
    return found


def _first_answer(progress: Progress) -> Callable[[SoFar], None] | None:
    """Shows it above the line of progress; None where nobody looks on, for whom it would only cost time."""
    if not progress.looks_on:
        return None
    return lambda found: progress.show(so_far(found))


def _as_evidence(found: Inspection) -> Iterator[tuple[str, bytes]]:
    """(source, raw): the look, and who holds the heap by itself, as a watch keeps it."""
    yield NAME, to_json(replace(found, holders=None))
    if (holders := _shown(found).holders) is not None:
        yield held.NAME, held.write(holders)


def _documents(inspector: Inspector) -> bytes:
    """What the target's own endpoints would have told; nothing of a target that has just ended."""
    try:
        return join(inspector.documents())
    except TargetGone:
        return b""


def _core(options: argparse.Namespace) -> int:
    """A core file: one look, and no time to see anything grow in."""
    book = Casebook()
    begun_s, cpu_s = time.monotonic(), time.process_time()
    with Inspector.open_core(options.target) as inspector, Progress(quiet=options.quiet) as progress:
        found = inspector.look(
            lost=options.lost,
            show_contents=options.show_contents,
            holders=options.holders,
            whole=options.retention is not None,
            fast=options.holders_fast,
            most_bytes=_most_bytes(options),
            progress=lambda text: progress.say(f"reading {text}"),
            so_far=_first_answer(progress),
        )
        files = [*_read_files(inspector, options), *_retention(found, options)]
    for source, raw in _as_evidence(found):
        book.add(
            Observation(
                source=source,
                subject="target",
                moment=Moment(clock="order", value=0),
                where=Where(file=options.target),
                reading=READERS[source].parse(raw),
            )
        )
    wall_s = time.monotonic() - begun_s
    overhead = Overhead(cpu_s=round(time.process_time() - cpu_s, 3), wall_s=round(wall_s, 3), target_paused_s=0.0)
    report, pictures = judged(book, options, overhead=overhead)
    found = _shown(found)
    report = replace(report, inspection=_for_people(found, options))
    write(report, options, to=options.output, pictures=pictures)
    _keep_files(files, options)
    return 0


Files = list[tuple[str, str, bytes | MemwhyError]]
"""Path, name, and contents or why there are none."""


def _read_files(inspector: Inspector, options: argparse.Namespace) -> Files:
    """What other tools open, read while the target is still there. What fails is told after the answer, not instead of it."""
    files: Files = []
    for path, name in ((options.heap_profile, "heap profile"), (options.goroutines, "list of goroutines")):
        if path is None:
            continue
        try:
            content = inspector.file(name.removeprefix("list of "))
        except MemwhyError as error:
            files.append((path, name, error))
            continue
        lacking = UsageError(
            f"no {name} was written: the target has none", help="Go programs that can be read have one"
        )
        files.append((path, name, lacking if content is None else content))
    return files


def _retention(found: Inspection, options: argparse.Namespace) -> Files:
    """Who holds the heap, as the file's name wants it."""
    if options.retention is None:
        return []
    what = "retention"
    if found.holders is None:
        why = next((note for note in found.notes if note.startswith("who holds")), "nobody knows who holds the heap")
        return [(options.retention, what, UsageError(f"{options.retention} was not written: {why}"))]
    from memwhy.exports.retention import retention

    stacks = retention(found.holders, span_s=found.apart_s, wall_ns=time.time_ns())
    return [(options.retention, what, writer_of(options.retention)(stacks))]


def _most_bytes(options: argparse.Namespace) -> int | None:
    return None if options.holders_memory is None else parse_size(options.holders_memory)


def _shown(found: Inspection) -> Inspection:
    """Without the lines that only a file has room for."""
    return found if found.holders is None else replace(found, holders=pruned(found.holders))


def _for_people(found: Inspection, options: argparse.Namespace) -> Inspection:
    """As many lines of holders as a page can have; JSON and the page that unfolds have them all."""
    if found.holders is None or options.format not in ("text", "markdown"):
        return found
    return replace(found, holders=foremost(found.holders, options.top))


def _keep_files(files: Files, options: argparse.Namespace) -> None:
    """Write them; raises for the first that cannot be had or written, when all have been tried."""
    failed: list[MemwhyError] = []
    for path, name, content in files:
        if isinstance(content, MemwhyError):
            failed.append(content)
            continue
        try:
            with open(path, "wb") as file:
                file.write(content)
        except OSError as error:
            failed.append(UsageError(f"{path}: {error.strerror}", help="give another file"))
        else:
            say(f"{name} written to {path}", options)
    if failed:
        raise failed[0]


def _check_writable(options: argparse.Namespace) -> None:
    """Every file that is asked for can be made: else the look, which may take minutes, would be in vain."""
    for path in (options.output, options.heap_profile, options.goroutines, options.retention):
        folder = os.path.dirname(path or "") or "."
        if path is not None and (
            os.path.isdir(path) or not os.access(path if os.path.exists(path) else folder, os.W_OK)
        ):
            raise UsageError(f"{path} cannot be written", help="give another file")
