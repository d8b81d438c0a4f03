"""Clues: what figures without a course, trials and words say for or against a cause, and how clues are weighed.

Where a trend decides, clues change nothing unless together they outweigh it, as a trial may. A clue's weight is a logarithm
of odds (nats): how many times likelier it is to read this when the cause is the answer than when it is not. The strengths
are few and rough on purpose; `make cases` shows how often verdicts that rest on them are right.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HINT, FAIR, STRONG, DECISIVE = 0.7, 1.5, 2.5, 4.0

PRIOR = -2.0
"""Of every cause, in nats."""
UNKNOWN = 0.4
"""The mass of "cannot be told" beside the causes' own, e to the PRIOR each: without a clue it has a sixth, and no cause
comes near a half."""

SHARPNESS = 1.3
"""Weights times this gave probabilities that agree with how often verdicts were right on the shown cases (make cases)."""

MOST_BY_FIGURES, MOST_BY_WORDS = 0.88, 0.8
"""Nobody watched: a verdict from pasted levels and trials is never `high`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing read. weight: nats, below 0 against the cause. figure: it rests on a figure or a trial, not on a belief."""

    weight: float
    text: str
    figure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A cause's clues taken together. probability: that it is the answer, beside all other causes and "cannot be told"."""

    probability: float
    weight: float
    because: tuple[str, ...]
    against: tuple[str, ...]


def for_(weight: float, text: str | None, *, figure: bool = True) -> tuple[Clue, ...]:
    """A clue that speaks for a cause; none when there is no text."""
    return (Clue(weight=weight, text=text, figure=figure),) if text else ()


def against(weight: float, text: str | None, *, figure: bool = True) -> tuple[Clue, ...]:
    """A clue that speaks against a cause; none when there is no text."""
    return (Clue(weight=-weight, text=text, figure=figure),) if text else ()


def believed(weight: float, text: str | None) -> tuple[Clue, ...]:
    """A clue that is what somebody says."""
    return for_(weight, f"it is said: “{text}”" if text else None, figure=False)


def denied(weight: float, text: str | None) -> tuple[Clue, ...]:
    """A clue against, that is what somebody says."""
    return against(weight, f"it is said: “{text}”" if text else None, figure=False)


def weigh_all(clues: Mapping[str, Iterable[Clue]]) -> dict[str, Weighed]:
    """Every cause's probability: the weights add up, and all causes with "cannot be told" share one.

    Clues of one cause are seldom independent (three people see the same growth): after the strongest, each counts half
    as much as the one before.
    """
    listed = {cause: tuple(found) for cause, found in clues.items()}
    scores = {cause: PRIOR + SHARPNESS * _together(found) for cause, found in listed.items()}
    mass = UNKNOWN + sum(math.exp(score) for score in scores.values())
    out = {}
    for cause, found in listed.items():
        ordered = sorted(found, key=lambda clue: -abs(clue.weight))
        by_figures = any(clue.figure and clue.weight >= FAIR for clue in found)
        most = MOST_BY_FIGURES if by_figures else MOST_BY_WORDS
        out[cause] = Weighed(
            probability=min(most, math.exp(scores[cause]) / mass),
            weight=_together(found),
            because=tuple(clue.text for clue in ordered if clue.weight > 0),
            against=tuple(clue.text for clue in ordered if clue.weight < 0),
        )
    return out


def weight_of(probability: float, causes: int) -> float:
    """The weight of one clue that alone, among so many causes, makes a cause as likely as that (0 < probability < 1)."""
    beside = UNKNOWN + (causes - 1) * math.exp(PRIOR)
    return (math.log(beside * probability / (1.0 - probability)) - PRIOR) / SHARPNESS


def _together(clues: Iterable[Clue]) -> float:
    """The sum of what speaks for and of what speaks against, each with diminishing returns."""
    total = 0.0
    for sign in (1, -1):
        weights = sorted((abs(clue.weight) for clue in clues if clue.weight * sign > 0), reverse=True)
        total += sign * sum(weight * 0.6**i for i, weight in enumerate(weights))
    return total
