"""How often `memwhy explain` is right on the cases of tests/cases, and how well its probabilities are calibrated.

A case is a folder with evidence.md and label.json (verdict, also_acceptable). Prints a Markdown table for each half and
every mistake; with --write, the tables go into docs/explain.md. Exit 1 when a wrong verdict was `high`.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from memwhy.diagnose import explain
from memwhy.model.errors import NothingReadable

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"
PAGE = ROOT / "docs" / "explain.md"
MARK = "<!-- cases -->"
STEPS = (0.0, 0.6, 0.75, 0.9, 1.01)


@dataclass(frozen=True, slots=True)
class Scored:
    """One case and what was said of it."""

    name: str
    label: str
    defensible: frozenset[str]
    said: str
    confidence: str
    probability: float

    @property
    def strict(self) -> bool:
        return self.said == self.label

    @property
    def lenient(self) -> bool:
        return self.strict or self.said in self.defensible

    @property
    def rash(self) -> bool:
        return not self.lenient and self.confidence == "high"


def score(folder: Path) -> Iterator[Scored]:
    """Every case of a half, by name."""
    for path in sorted(folder.glob("*/label.json")):
        label = json.loads(path.read_text())
        try:
            conclusion = explain([str(path.with_name("evidence.md"))]).conclusion
            said = (conclusion.cause, conclusion.confidence, conclusion.probability)
        except NothingReadable:
            said = ("nothing readable", "low", 0.0)
        yield Scored(path.parent.name, label["verdict"], frozenset(label["also_acceptable"]), *said)


def table(halves: dict[str, Sequence[Scored]]) -> str:
    """One row a half."""
    lines = ["| cases | | strict | lenient | rash | Brier score |", "|---|---|---|---|---|---|"]
    for name, rows in halves.items():
        count = len(rows)
        brier = sum((row.probability - row.lenient) ** 2 for row in rows) / count
        lines.append(
            f"| {name} | {count} | {sum(row.strict for row in rows) / count:.2f} | {sum(row.lenient for row in rows) / count:.2f}"
            f" | {sum(row.rash for row in rows)} | {brier:.2f} |"
        )
    return "\n".join(lines)


def calibration(rows: Iterable[Scored]) -> str:
    """How many of the verdicts given with some probability were defensible."""
    groups: dict[tuple[float, float], list[Scored]] = defaultdict(list)
    for row in rows:
        groups[next((low, high) for low, high in pairwise(STEPS) if low <= row.probability < high)].append(row)
    lines = ["| probability | verdicts | mean | defensible |", "|---|---|---|---|"]
    for (low, high), group in sorted(groups.items()):
        mean = sum(row.probability for row in group) / len(group)
        right = sum(row.lenient for row in group) / len(group)
        lines.append(f"| {low:.2f} to {min(high, 1):.2f} | {len(group)} | {mean:.2f} | {right:.2f} |")
    return "\n".join(lines)


def mistakes(rows: Iterable[Scored]) -> str:
    """What was said instead of what, most often first."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if not row.lenient:
            counts[row.label, row.said] += 1
    lines = ["| label | said | times |", "|---|---|---|"]
    lines += [
        f"| {label} | {said} | {times} |" for (label, said), times in sorted(counts.items(), key=lambda one: -one[1])
    ]
    return "\n".join(lines)


def main() -> int:
    """Print, or write into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    halves = {folder.name: tuple(score(folder)) for folder in sorted(CASES.iterdir()) if folder.is_dir()}
    rows = [row for half in halves.values() for row in half]
    text = "\n\n".join([table(halves), calibration(rows), mistakes(rows)])
    if options.write:
        before, _, rest = PAGE.read_text().partition(MARK)
        after = rest.partition(MARK)[2] if MARK in rest else rest
        PAGE.write_text(f"{before}{MARK}\n\n{text}\n\n{MARK}{after}")
    else:
        for row in rows:
            if not row.lenient:
                print(f"{row.name:24} {row.label:16} said {row.said} ({row.probability:.2f})")
        print(f"\n{text}")
    return 1 if any(row.rash for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
