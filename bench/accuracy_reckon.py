"""Rows into figures: what was right, how often, how sure, how soon. Pure; it reads rows and nothing else.

Right is a verdict of the truth's cause or of those that truth.toml lists as as right. Not yet is "undetermined" where nobody can
know, or what describes the course meanwhile, if it is not said with high confidence: found, but no verdict. Rash is wrong and said with high confidence. Accused is who is called by a wrong cause, or for whom a cause is supported
that truth.toml acquits.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accuracy_rows import FAST, SLOW, UNDETERMINED, Row, Said, Truth

from memwhy.model.report import CAUSES

STEADY = "steady"
EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Where the bins of `probability` begin; no cause is a verdict below the first."""
BESIDE = "other-process"
"""Supported beside another verdict it accuses nobody: the bench itself runs programs that grow in the same cgroup."""
LEAST_SHARE, MOST_ACCUSED = 0.95, 0.01
SOON_S = {FAST: 20.0, SLOW: 300.0}


class Outcome(StrEnum):
    """What a verdict was worth."""

    RIGHT = "right"
    NOT_YET = "not yet"
    OPEN = "undetermined"
    WRONG = "wrong"
    RASH = "rash"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """None of nothing."""
        return self.hits / self.n if self.n else None

    def at_least(self, bound: float) -> bool | None:
        """Whether it is; None when nothing was measured."""
        return None if self.value is None else self.value >= bound

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %."""
        if not self.n:
            return (0.0, 1.0)
        z, p = 1.96, self.hits / self.n
        middle, wide = p + z * z / (2 * self.n), z * math.sqrt(p * (1 - p) / self.n + z * z / (4 * self.n**2))
        whole = 1 + z * z / self.n
        return (max(0.0, (middle - wide) / whole), min(1.0, (middle + wide) / whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """All verdicts at one length, counted by what they were worth. wrong counts the rash ones too."""

    right: int
    not_yet: int
    undetermined: int
    wrong: int
    rash: int
    brier: float | None

    @property
    def runs(self) -> int:
        """How many."""
        return self.right + self.not_yet + self.undetermined + self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseScore:
    """One cause: of the verdicts that named it how many were right, of the programs that have it how many were found."""

    cause: str
    precision: Share
    recall: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Verdicts of about the same probability."""

    low: float
    high: float
    mean: float | None
    right: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What is asked for, what was measured, and whether it holds; None: not measured."""

    asked: str
    measured: str
    holds: bool | None


def at(row: Row, length_s: float) -> Said | None:
    """The verdict after so many seconds; None when it was not asked for then."""
    return next((said for said in row.said if said.length_s == length_s), None)


def pairs(rows: Iterable[Row], length_s: float) -> list[tuple[Row, Said]]:
    """Rows that have a verdict at this length, with it."""
    return [(row, said) for row in rows if (said := at(row, length_s)) is not None]


def outcome(truth: Truth, said: Said) -> Outcome:
    """What one verdict was worth."""
    if said.cause in truth.accepted:
        return Outcome.RIGHT
    early = said.length_s <= truth.undecided_s
    if early and (said.cause == UNDETERMINED or (said.cause in truth.meanwhile and said.confidence != "high")):
        return Outcome.NOT_YET
    if said.cause == UNDETERMINED:
        return Outcome.OPEN
    return Outcome.RASH if said.confidence == "high" else Outcome.WRONG


def accusations(truth: Truth, said: Said) -> tuple[str, ...]:
    """Causes that it was wrongly put down to, in the contract's order."""
    worth = outcome(truth, said)
    allowed = {BESIDE, *truth.meanwhile} if worth is Outcome.NOT_YET else {BESIDE}
    blamed = set(said.supported) & set(truth.acquitted) - allowed
    if worth in (Outcome.WRONG, Outcome.RASH):
        blamed.add(said.cause)
    return tuple(cause for cause in CAUSES if cause in blamed)


def score(rows: Iterable[Row], length_s: float) -> Score:
    """All verdicts at one length."""
    seen = pairs(rows, length_s)
    found = [outcome(row.truth, said) for row, said in seen]
    decided = [
        (said.probability, one is Outcome.RIGHT)
        for (_, said), one in zip(seen, found, strict=True)
        if one not in (Outcome.OPEN, Outcome.NOT_YET)
    ]
    rash = found.count(Outcome.RASH)
    return Score(
        right=found.count(Outcome.RIGHT),
        not_yet=found.count(Outcome.NOT_YET),
        undetermined=found.count(Outcome.OPEN),
        wrong=found.count(Outcome.WRONG) + rash,
        rash=rash,
        brier=sum((p - right) ** 2 for p, right in decided) / len(decided) if decided else None,
    )


def by_cause(rows: Iterable[Row], length_s: float) -> list[CauseScore]:
    """Every cause that is true of a row or was a verdict, in the contract's order."""
    seen = pairs(rows, length_s)
    found = []
    for cause in CAUSES:
        named = [outcome(row.truth, said) for row, said in seen if said.cause == cause]
        true = [outcome(row.truth, said) for row, said in seen if row.truth.cause == cause]
        if named or true:
            held = sum(one in (Outcome.RIGHT, Outcome.NOT_YET) for one in true)
            precision = Share(named.count(Outcome.RIGHT), len(named) - named.count(Outcome.NOT_YET))
            found.append(CauseScore(cause=cause, precision=precision, recall=Share(held, len(true))))
    return found


def together(scores: Iterable[CauseScore], *, but: frozenset[str] = frozenset()) -> tuple[Share, Share]:
    """Precision and recall over several causes, each verdict counted once."""
    kept = [one for one in scores if one.cause not in but]
    precision = Share(sum(one.precision.hits for one in kept), sum(one.precision.n for one in kept))
    return precision, Share(sum(one.recall.hits for one in kept), sum(one.recall.n for one in kept))


def confusion(rows: Iterable[Row], length_s: float) -> dict[tuple[str, str], Share]:
    """Of each pair of truth and verdict: how many, and how many of them were right."""
    cells: dict[tuple[str, str], Share] = {}
    for row, said in pairs(rows, length_s):
        before = cells.get((row.truth.cause, said.cause), Share(0, 0))
        right = outcome(row.truth, said) in (Outcome.RIGHT, Outcome.NOT_YET)
        cells[row.truth.cause, said.cause] = Share(before.hits + right, before.n + 1)
    return cells


def bins(rows: Iterable[Row], length_s: float) -> list[Bin]:
    """Calibration: verdicts by their probability, and how many of each bin were right."""
    open_ = (Outcome.OPEN, Outcome.NOT_YET)
    seen = [(row, said) for row, said in pairs(rows, length_s) if outcome(row.truth, said) not in open_]
    found = []
    for low, high in zip(EDGES, (*EDGES[1:], 1.0), strict=True):
        within = [(row, said) for row, said in seen if low <= said.probability < high or said.probability == high == 1]
        right = sum(outcome(row.truth, said) is Outcome.RIGHT for row, said in within)
        mean = sum(said.probability for _, said in within) / len(within) if within else None
        found.append(Bin(low=low, high=high, mean=mean, right=Share(right, len(within))))
    return found


def twins(rows: Iterable[Row]) -> list[Row]:
    """The innocent ones."""
    return [row for row in rows if row.variant == "twin"]


def accused(rows: Iterable[Row], length_s: float) -> Share:
    """How many of the rows are put down to what they are not."""
    found = [bool(accusations(row.truth, said)) for row, said in pairs(rows, length_s)]
    return Share(sum(found), len(found))


def seconds_to_verdict(row: Row) -> float | None:
    """The first length from which on every verdict was right; None when the last was not."""
    first = None
    for said in reversed(row.said):
        if outcome(row.truth, said) is not Outcome.RIGHT:
            break
        first = said.length_s
    return first


def growing(rows: Iterable[Row], pace: str) -> list[Row]:
    """What grew at this pace, and was watched."""
    return [row for row in rows if row.pace == pace and row.truth.grows and row.said]


def patience(rows: Iterable[Row]) -> Share:
    """Of the verdicts on what grows that were open, how many said how long to go on watching."""
    told = [said.more for row in rows for said in row.said if said.cause == UNDETERMINED and row.truth.grows]
    return Share(sum(told), len(told))


def second_leaks(rows: Iterable[Row], length_s: float) -> list[tuple[Row, Share]]:
    """Rows with more than one leak: how many of the others were supported too."""
    return [
        (row, Share(len(set(row.truth.also_grows) & set(said.supported)), len(row.truth.also_grows)))
        for row, said in pairs(rows, length_s)
        if row.truth.also_grows
    ]


def rash(rows: Iterable[Row]) -> list[tuple[Row, Said]]:
    """Every verdict that was wrong and sure, at any length."""
    return [(row, said) for row in rows for said in row.said if outcome(row.truth, said) is Outcome.RASH]


def bars(rows: Sequence[Row], for_s: float) -> list[Bar]:
    """What the bench has to show."""
    usual = [row for row in rows if row.pace != SLOW]
    scores = by_cause(usual, for_s)
    precision, recall = together(scores, but=frozenset({STEADY}))
    false_alarms = accused(twins(usual), for_s)
    hasty = rash(rows)
    names = sorted({row.name for row, _ in hasty})
    return [
        Bar(asked="precision ≥ 0.95", measured=said_of(precision), holds=precision.at_least(LEAST_SHARE)),
        Bar(asked="recall ≥ 0.95", measured=said_of(recall), holds=recall.at_least(LEAST_SHARE)),
        _each(scores, "precision"),
        _each(scores, "recall"),
        Bar(
            asked="no rash verdict, at any length",
            measured=f"{len(hasty)} in {len(names)} watches" if hasty else "none",
            holds=not hasty if any(row.said for row in rows) else None,
        ),
        Bar(
            asked="twins accused ≤ 1 %",
            measured=said_of(false_alarms),
            holds=None if false_alarms.value is None else false_alarms.value <= MOST_ACCUSED,
        ),
        *(_soon(rows, pace, within_s) for pace, within_s in SOON_S.items()),
    ]


def _each(scores: Sequence[CauseScore], what: str) -> Bar:
    shares = {one.cause: one.precision if what == "precision" else one.recall for one in scores}
    below = [f"{cause} {said_of(share)}" for cause, share in shares.items() if share.at_least(LEAST_SHARE) is False]
    known = any(share.n for share in shares.values())
    text = ", ".join(below) if below else "all" if known else "not measured"
    return Bar(asked=f"{what} ≥ 0.95 of each cause", measured=text, holds=not below if known else None)


def _soon(rows: Sequence[Row], pace: str, within_s: float) -> Bar:
    """Whether what grows at this pace is named in time."""
    took = [seconds_to_verdict(row) for row in growing(rows, pace)]
    soon = Share(sum(one is not None and one <= within_s for one in took), len(took))
    return Bar(
        asked=f"{pace} named in ≤ {within_s:.0f} s, every one",
        measured=said_of(soon),
        holds=None if soon.value is None else soon.hits == soon.n,
    )


def said_of(share: Share) -> str:
    """0.97 (33 of 34), as it stands in the tables."""
    return "not measured" if share.value is None else f"{share.value:.2f} ({share.hits} of {share.n})"
