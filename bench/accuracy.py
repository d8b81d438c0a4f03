#!/usr/bin/env python3
"""How often is memwhy right? Every specimen and every twin is run and watched, and the verdicts are held against the truth.

    bench/accuracy.py [NAME …] [--for 60s] [--slow [only]] [--at-once N] [--noise [N]] [--seed N] [--json FILE] [--write FILE]
    bench/accuracy.py --from FILE … [--again FOLDER] [--write FILE]

Prints the page that --write keeps, and on standard error each verdict as it comes. Exit code 1 when a bar does not hold.
All specimens take half an hour; an hour for two minutes each with --slow, --at-once 14 (`make accuracy`). --json keeps the raw rows, from which --from
writes the page again; of what was measured twice the later file counts. --again judges what --keep kept by the tree as it is now:
a change of a cause is a difference of two pages, over the same watches.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from accuracy_again import again
from accuracy_page import courses, page
from accuracy_reckon import accusations, bars, outcome
from accuracy_rows import FAST, SLOW, Conditions, Row, conditions_here, line_of, name_of, read_rows
from accuracy_run import Task, Watches, plan
from run import SpecimenFailed, binary_of, ensure_built

from memwhy.model.errors import UsageError
from memwhy.model.units import parse_duration

SLOW_FOR_S = 300.0
NOISE = Path(__file__).with_name("accuracy_noise.py")


def main() -> int:
    """Run, or read what was run; print and write the page."""
    options = _options()
    if options.from_:
        conditions, rows = read_rows(options.from_)
        if options.again:
            conditions, rows = again(conditions, rows, options.again)
    else:
        try:
            conditions, rows = measure(options)
        except (SpecimenFailed, UsageError) as problem:
            print(f"accuracy: {problem}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print(
                f"accuracy: stopped; what was measured is in {options.json}" if options.json else "accuracy: stopped",
                file=sys.stderr,
            )
            return 130
    text = page(conditions, rows)
    print(text)
    if options.write:
        options.write.write_text(text)
    held = [bar.holds for bar in bars(rows, max((row.for_s for row in rows if row.pace != SLOW), default=60.0))]
    return 1 if False in held else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="specimens (default: all)")
    parser.add_argument(
        "--for", dest="for_", metavar="TIME", default="60s", help="how long each is watched (default: 60s)"
    )
    parser.add_argument(
        "--slow",
        nargs="?",
        const="too",
        choices=("too", "only"),
        help="what grows also (or only) at 1 MiB/min, for 5 min",
    )
    parser.add_argument("--at-once", type=int, metavar="N", default=7, help="watches at a time (default: 7)")
    parser.add_argument(
        "--noise", type=int, metavar="N", nargs="?", const=1, default=0, help="processes that use CPU in bursts"
    )
    parser.add_argument("--seed", type=int, metavar="N", default=1, help="of the order and the noise (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the raw rows to this file as they come")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep recordings and answers in this folder")
    parser.add_argument(
        "--from", dest="from_", type=Path, nargs="+", metavar="FILE", help="raw rows of earlier runs: run nothing"
    )
    parser.add_argument(
        "--again",
        type=Path,
        metavar="FOLDER",
        help="with --from: judge the recordings that --keep left there once more",
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page to this file")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> tuple[list[Conditions], list[Row]]:
    """Make all watches. Raises SpecimenFailed, UsageError."""
    for_s = parse_duration(options.for_)
    paces = {None: (FAST,), "too": (FAST, SLOW), "only": (SLOW,)}[options.slow]
    tasks = plan(options.names, for_s=for_s, slow_for_s=SLOW_FOR_S, paces=paces, seed=options.seed)
    _build(tasks)
    conditions = conditions_here(
        seed=options.seed,
        at_once=options.at_once,
        noise=options.noise,
        for_s=for_s,
        slow_for_s=SLOW_FOR_S,
        planned=(name_of(one.specimen, one.variant, one.pace, endpoint=one.endpoint) for one in tasks),
    )
    longest_s = sum(task.for_s for task in tasks) + 3600
    rows: list[Row] = []
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="memwhy-accuracy-")))
        folder.mkdir(parents=True, exist_ok=True)
        file = stack.enter_context(options.json.open("a")) if options.json else None
        if file is not None:
            file.write(line_of(conditions))
        stack.enter_context(noise(options.noise, options.seed, longest_s))
        for number, row in enumerate(watched(tasks, Watches(folder), options.at_once), start=1):
            rows.append(row)
            print(f"[{number}/{len(tasks)}] {_progress(row)}", file=sys.stderr, flush=True)
            if file is not None:
                file.write(line_of(row))
                file.flush()
    return [conditions], sorted(rows, key=lambda row: row.key)


def _build(tasks: Sequence[Task]) -> None:
    """Build what is to be run, so that no compiler works beside the watches. What does not build gives rows that say so."""
    for name, variant in sorted({(task.specimen, task.variant) for task in tasks}):
        with suppress(SpecimenFailed):
            ensure_built(name, binary_of(name, variant)[0])


def watched(tasks: Sequence[Task], watches: Watches, at_once: int) -> Iterator[Row]:
    """Rows as they come; Ctrl-C ends what runs, specimens included."""
    with ThreadPoolExecutor(at_once) as pool:
        futures: list[Future[Row]] = [pool.submit(watches.run, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            watches.stop()
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def noise(count: int, seed: int, most_s: float) -> Iterator[None]:
    """Processes that use CPU in bursts, each with a seed of its own."""
    with ExitStack() as stack:
        for number in range(count):
            command = [sys.executable, str(NOISE), str(seed + number), f"{most_s:.0f}"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE)
            stack.callback(process.wait)
            assert process.stdin is not None
            stack.callback(process.stdin.close)
        yield


def _progress(row: Row) -> str:
    if row.problem:
        return f"{row.name}: not measured: {row.problem}"
    last = row.said[-1]
    blamed = accusations(row.truth, last)
    worth = outcome(row.truth, last) + (f", accused of {', '.join(blamed)}" if blamed else "")
    return f"{row.name}: {worth}: {courses(row)}  [load {os.getloadavg()[0]:.1f}]"


if __name__ == "__main__":
    sys.exit(main())
