"""How right findings are on a labelled corpus of Go packages: what was found, what was missed, what was said in vain.

A corpus is a folder of packages beside `labels.json`: {package: {"rule": kind, and either "innocent": why, or
"guilty": [{"kinds": [kind…], "places": [{"file", "line"}…], "why"}…], and maybe "neither": [{"file", "line", "why"}]}}.
Places of one label mean the same leak: the acquiring call first of all, and other lines that a reader may rightly name.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "body": {"goroutine-leak", "descriptor-leak"},
    "decompressor": {"native-leak", "goroutine-leak", "heap-leak"},
    "client": {"goroutine-leak", "descriptor-leak"},
    "rows": {"goroutine-leak", "descriptor-leak", "heap-leak"},
    "file": {"descriptor-leak"},
    "ticker": {"heap-leak"},
    "after": {"heap-leak"},
    "deferloop": {"descriptor-leak", "goroutine-leak", "heap-leak"},
    "goroutine": {"goroutine-leak"},
    "context": {"heap-leak", "goroutine-leak"},
    "map": {"heap-leak"},
    "slice": {"heap-leak"},
    "c": {"native-leak"},
    "wrapper": {"native-leak"},
    "refcount": {"native-leak", "heap-leak"},
    "handle": {"heap-leak"},
    "pinner": {"heap-leak"},
    "finalizer": {"native-leak"},
}
"""What leaks → the causes (ids of the report) that may stand for it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One finding. line, acquired: lines either of which may be a label's; kind: of KINDS; name: the rule as its tool calls it."""

    package: str
    file: str
    line: int
    acquired: int
    kind: str
    name: str
    message: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """One leak of a package."""

    package: str
    kinds: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    why: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """root; packages → the kind that each is about; labels of the guilty; why the others are innocent; lines of neither."""

    root: Path
    packages: Mapping[str, str]
    labels: tuple[Label, ...]
    innocent: Mapping[str, str]
    neither: frozenset[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """found: labels with the first finding that meets each; false: findings that meet none."""

    found: tuple[tuple[Label, Said], ...]
    missed: tuple[Label, ...]
    false: tuple[Said, ...]

    @property
    def precision(self) -> float | None:
        """Of what was said, how much was right; None where nothing was said. Two findings of one leak count once."""
        said = len(self.found) + len(self.false)
        return len(self.found) / said if said else None

    @property
    def recall(self) -> float | None:
        """Of what leaks, how much was found; None where nothing leaks."""
        there = len(self.found) + len(self.missed)
        return len(self.found) / there if there else None

    def __add__(self, other: "Score") -> "Score":
        return Score(self.found + other.found, self.missed + other.missed, self.false + other.false)

    def of(self, kinds: Sequence[str]) -> "Score":
        """What of it is of some kinds: labels by the first of their kinds, findings in vain by their own."""
        return Score(
            tuple(one for one in self.found if one[0].kinds[0] in kinds),
            tuple(one for one in self.missed if one.kinds[0] in kinds),
            tuple(one for one in self.false if one.kind in kinds),
        )

    def wrong_causes(self) -> tuple[Said, ...]:
        """Findings at the right place that name a cause which what leaks there does not have."""
        return tuple(
            said for label, said in self.found if said.cause and all(said.cause not in KINDS[k] for k in label.kinds)
        )


NOTHING = Score((), (), ())


def load(root: Path) -> Corpus:
    """The corpus below root. Raises OSError, and ValueError or KeyError for labels that are not as above."""
    labels = json.loads((root / "labels.json").read_text())
    guilty, innocent, neither = [], {}, set()
    for package, entry in labels.items():
        for one in entry.get("guilty", ()):
            places = tuple((place["file"], place["line"]) for place in one["places"])
            guilty.append(Label(package, tuple(one["kinds"]), places, one["why"]))
        if "innocent" in entry:
            innocent[package] = entry["innocent"]
        neither |= {(package, one["file"], one["line"]) for one in entry.get("neither", ())}
    kinds = {package: entry["rule"] for package, entry in labels.items()}
    return Corpus(root, kinds, tuple(guilty), innocent, frozenset(neither))


def score(corpus: Corpus, said: Iterable[Said]) -> Score:
    """Findings against labels: of the label's kind, at one of its places by either of its lines."""
    first: dict[Label, Said] = {}
    false: dict[tuple[str, str, int, str], Said] = {}
    for one in sorted(said, key=lambda one: (one.package, one.file, one.line, one.kind)):
        lines = (one.line, one.acquired)
        met = [
            label
            for label in corpus.labels
            if label.package == one.package
            and one.kind in label.kinds
            and any((one.file, line) in label.places for line in lines)
        ]
        if met:
            first.setdefault(met[0], one)
        elif not any((one.package, one.file, line) in corpus.neither for line in lines):
            false.setdefault((one.package, one.file, one.line, one.kind), one)
    return Score(
        tuple((label, first[label]) for label in corpus.labels if label in first),
        tuple(label for label in corpus.labels if label not in first),
        tuple(false.values()),
    )
