"""Files that others open, made of a recording or of anything else that memwhy explain reads.

The file's name says the format: stacks as .pb.gz (go tool pprof), .folded (flame graphs) or .speedscope.json; what was read over time
as .om (OpenMetrics with timestamps, for Prometheus) or .csv.
"""

import argparse
import os
from typing import TYPE_CHECKING

from memwhy.cli.output import say
from memwhy.model.errors import UsageError

if TYPE_CHECKING:
    from memwhy.diagnose import Casebook
    from memwhy.exports.stacks import Stacks
    from memwhy.model.case import Case

STACKS = ("native", "heap", "goroutines", "holders")
SERIES = ("layers", "series")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("evidence", nargs="+", metavar="EVIDENCE", help="a recording, or profiles and pages")
    parser.add_argument("-o", metavar="FILE", dest="output", required=True, help="the file; its ending says the format")
    parser.add_argument(
        "--what",
        choices=(*STACKS, *SERIES),
        help="native: what a sampler saw outstanding; heap: Go's heap, by its profiles; goroutines; holders: who holds Go's heap; layers: with the total, the "
        "runtime's own figures and limits; series: all that was read (default: the first that is there and suits the file)",
    )
    parser.add_argument(
        "--now",
        action="store_true",
        help="of heap, goroutines and holders what is there at the end, not what it grew by",
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def run(options: argparse.Namespace) -> int:
    """Write the file, or raise."""
    from memwhy.cli.progress import Progress
    from memwhy.diagnose import book_of_paths
    from memwhy.exports.files import STACKS as WRITERS
    from memwhy.exports.files import ending_of, write_file

    ending = ending_of(options.output)
    suited = STACKS if ending in WRITERS else SERIES
    if options.what is not None and options.what not in suited:
        raise UsageError(f"{ending} cannot hold {options.what}", help=f"it can hold {', '.join(suited)}")
    if any(os.path.exists(one) and os.path.exists(options.output) and os.path.samefile(one, options.output)
           for one in options.evidence):  # fmt: skip
        raise UsageError(f"{options.output} is evidence: it would be overwritten", help="give another file after -o")
    with Progress(quiet=options.quiet) as progress:
        book = book_of_paths(options.evidence, stdin=None, progress=progress.reading)
    if suited is STACKS:
        found = _stacks(book, options)
        raw = WRITERS[ending](found)
        what = f"{found.name}, {found.note}; {len(found.stacks)} {'stack' if len(found.stacks) == 1 else 'stacks'}"
    else:
        raw, what = _series(book, options, ending)
    write_file(options.output, raw, option="-o")
    say(f"{options.output}: {what}", options)
    return 0


def _stacks(book: "Casebook", options: argparse.Namespace) -> "Stacks":
    """What was asked for, or the first kind that is there. Raises UsageError."""
    from memwhy.exports.retention import of_case
    from memwhy.exports.stacks import goroutines, heap, native

    reading, case = book.newest_stacks(), book.case()
    makers = {
        "native": lambda: None if reading is None else native(reading),
        "heap": lambda: heap(case, growth=not options.now),
        "goroutines": lambda: goroutines(case, growth=not options.now),
        "holders": lambda: of_case(case, growth=not options.now),
    }
    for what in (options.what,) if options.what else STACKS:
        found = makers[what]()
        if found is not None:
            return found
    raise UsageError(
        f"there are no stacks of {options.what}" if options.what else "there are no stacks in it",
        help="native stacks come by --native; heap and goroutines by a Go program's pprof endpoint, or by profiles",
    )


def _series(book: "Casebook", options: argparse.Namespace, ending: str) -> tuple[bytes, str]:
    """The file, and what is in it. Raises UsageError, RecordingError."""
    case = book.case()
    metrics = list(case.series) if options.what == "series" else _layers(case)
    if not metrics:
        raise UsageError("there is nothing over time in it", help="memwhy record PID -o FILE makes what has")
    if ending == ".om":
        if case.begun_wall_ns is None:
            raise UsageError("OpenMetrics wants times, and this evidence has none", help="use a recording, or .csv")
        from memwhy.exports import openmetrics

        series = [case.series[metric] for metric in metrics if case.series[metric].clock != "order"]
        points = sum(len(one.points) for one in series)
        return openmetrics.write(series, _labels(case), case.begun_wall_ns), f"{len(series)} series, {points} samples"
    from memwhy.exports.ticks import columns, write_csv
    from memwhy.model.errors import RecordingError
    from memwhy.recording import open_recording

    try:
        [path] = options.evidence
        opened = open_recording(path)
    except (ValueError, RecordingError) as error:
        raise UsageError("a .csv is made of one recording", help="memwhy export FILE.memwhy -o FILE.csv") from error
    with opened as recording:
        ticks = [(row.monotonic_ns, row.wall_ns) for row in recording.ticks()]
    points_of = {metric: case.series[metric].points for metric in metrics}
    table = columns(ticks, book.timeline.origin.get("monotonic", 0), points_of, every_tick=True)
    return write_csv(table), f"{len(metrics)} series at {len(ticks)} ticks"


def _layers(case: "Case") -> list[str]:
    """The total, the layers, what the runtime says of itself, limits: those that were read."""
    from memwhy.model.metrics import LAYERS
    from memwhy.pictures.timeline import LIMITS, SAYS

    wanted = (*([case.total] if case.total else []), *LAYERS, *SAYS, *LIMITS)
    return [metric for metric in wanted if metric in case.series]


def _labels(case: "Case") -> dict[str, str]:
    target = case.target
    known = {"process": target.command, "pid": None if target.pid is None else str(target.pid)}
    return {name: value for name, value in known.items() if value}
