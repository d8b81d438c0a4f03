"""How often is a trend wrong? Generated series with known truth through memwhy's trend() and the field's methods.

    python bench/calibration.py [--seed N] [--count N] [--only PART …] [--write FILE]

Parts: hours, shapes, live, held-out, costs. Each prints tables of Markdown; with --write they replace what stands between
the marks of a file. Same seed, same count, same numpy: same tables, but for the costs. `hours` and `shapes` are the series
of calibration_shapes, 360 readings over 10 minutes to 72 hours, at six leaks; `live` those of calibration_live, short
watches and pasted pages, with the interval's coverage; `held-out` has shapes and a seed that nothing was chosen by.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from calibration_held_out import HELD_OUT
from calibration_live import LENGTHS, SIZES, coverage, false_alarms, own_detectable, power
from calibration_page import by_length, by_shape, costs, in_short, live, plain, power_of_ours, power_of_rivals
from calibration_rates import LEAKS, SPANS, Cell, Count, measure
from calibration_shapes import SHAPES, WAYS, Shape
from native import machine, put

Job = Callable[[], list[Count]]
PARTS = ("hours", "shapes", "live", "held-out", "costs")
HELD_OUT_SEED = 1000
"""Added to the seed for what is held out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    seed: int
    count: int
    only: tuple[str, ...]


def cells(shapes: dict[str, Shape], ways: bool) -> list[Cell]:
    """Each shape seen plainly, and, where asked for, any of them seen badly, at each length."""
    plainly = [Cell(name, span, (shape,)) for span in SPANS for name, shape in shapes.items()]
    badly = [Cell(way, span, tuple(shapes.values()), way, grain) for span in SPANS for way, grain in WAYS.items()]
    return plainly + badly if ways else plainly


def jobs_of(wanted: Wanted) -> dict[str, list[Job]]:
    """What is to be measured, by family, in pieces that processors can share."""
    seed, count, later = wanted.seed, wanted.count, wanted.seed + HELD_OUT_SEED
    few = max(count // 2, 1)
    jobs: dict[str, list[Job]] = {}
    if {"hours", "shapes", "costs"} & set(wanted.only):
        jobs["hours"] = [partial(measure, cell, seed, count, LEAKS, True) for cell in cells(SHAPES, True)]
    if "live" in wanted.only:
        jobs["alarms"] = [partial(false_alarms, seed, count, (length,)) for length in LENGTHS]
        jobs["power"] = [partial(power, seed, count, (length,)) for length in LENGTHS]
        jobs["coverage"] = [partial(coverage, seed, 2 * count, (size,)) for size in SIZES]
        jobs["detectable"] = [partial(own_detectable, seed, count, (length,)) for length in LENGTHS]
    if "held-out" in wanted.only:
        jobs["held-out"] = [partial(measure, cell, later, few, LEAKS, True) for cell in cells(HELD_OUT, False)]
        jobs["again"] = [partial(measure, cell, later, few, LEAKS, False) for cell in cells(SHAPES, False)]
    return jobs


def done(job: Job) -> list[Count]:
    return job()


def measured(jobs: dict[str, list[Job]]) -> dict[str, list[Count]]:
    """The counts of all jobs, in their order, by as many processes as there are processors."""
    with Pool(os.cpu_count()) as pool:
        answers = {name: pool.imap(done, each) for name, each in jobs.items()}
        return {name: [count for counts in answer for count in counts] for name, answer in answers.items()}


def pages(counts: dict[str, list[Count]], wanted: Wanted) -> dict[str, str]:
    """The parts that were asked for, as Markdown."""
    found: dict[str, str] = {}
    head = f"Seed {wanted.seed}, {wanted.count} series of each shape and length, each at every leak."
    hours = counts.get("hours", [])
    if "hours" in wanted.only:
        tables = [by_length(hours, SHAPES), power_of_rivals(hours, SHAPES)]
        found["hours"] = "\n\n".join([head, *tables, power_of_ours(hours, SHAPES)])
    if "shapes" in wanted.only:
        found["shapes"] = "\n\n".join([head, *(by_shape(hours, span) for span in SPANS)])
    if "live" in wanted.only:
        found["live"] = live(wanted.seed, wanted.count, counts)
    if "held-out" in wanted.only:
        held, again = counts["held-out"], counts["again"]
        later = f"Seed {wanted.seed + HELD_OUT_SEED}, {max(wanted.count // 2, 1)} series of each shape and length."
        tables = [by_length(held, HELD_OUT), power_of_rivals(held, HELD_OUT), plain(held, HELD_OUT)]
        found["held-out"] = "\n\n".join(
            [later, *tables, "The eleven shapes again, with this seed:", in_short(again, SHAPES)]
        )
    if "costs" in wanted.only:
        found["costs"] = "\n\n".join([f"{machine()}; load {os.getloadavg()[0]:.1f}.", costs(hours)])
    return found


def asked(arguments: Sequence[str] | None) -> tuple[Wanted, Path | None]:
    parser = argparse.ArgumentParser(
        description="false alarms, power and coverage of trends, beside the field's methods"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100, help="series of each shape and length")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    parser.add_argument("--write", type=Path, help="put the tables between the marks of this file")
    said = parser.parse_args(arguments)
    if said.count < 1:
        parser.error("--count has to be 1 at least")
    return Wanted(said.seed, said.count, tuple(said.only)), said.write


def main(arguments: Sequence[str] | None = None) -> int:
    wanted, path = asked(arguments)
    for name, text in pages(measured(jobs_of(wanted)), wanted).items():
        print(f"## {name}\n\n{text}\n")
        if path is not None:
            put(path, name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
