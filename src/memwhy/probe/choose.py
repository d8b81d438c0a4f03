"""The one experiment that separates the leading hypotheses best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memwhy.model.likelihood import WORTH_BITS, separation_bits
from memwhy.model.probe import Experiment

OPEN = 0.05
"""Nobody is troubled where even the likeliest cause is less likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """best: the experiment to make, None where none would teach enough; pair: the causes that it is to tell apart. said: what each would teach of them."""

    best: Experiment | None
    pair: tuple[str, str] | None
    said: tuple[str, ...] = ()


def choose(stated: Sequence[Experiment], probabilities: Mapping[str, float]) -> Choice:
    """The best experiment for the two likeliest causes; where none tells these two apart, for the likeliest and the next after those.

    Only causes count of which some experiment foretells something. The two are taken as equally likely: that the first guess is right
    is what is to be tried.
    """
    told = {one.cause for experiment in stated for one in experiment.predictions}
    first, *others = sorted(told, key=lambda cause: (-probabilities.get(cause, 0.0), cause)) or ("",)
    if probabilities.get(first, 0.0) < OPEN or not others:
        return Choice(best=None, pair=None)
    choices = [_of_pair(stated, (first, other)) for other in others]
    return next((one for one in choices if one.best is not None), choices[0])


def _of_pair(stated: Sequence[Experiment], pair: tuple[str, str]) -> Choice:
    even = dict.fromkeys(pair, 0.5)
    rated = [(separation_bits(one, even, pair), one) for one in stated]
    bits, best = max(rated, key=lambda row: row[0])
    said = tuple(f"{one.name} {each:.2f} bits" for each, one in rated)
    return Choice(best=best if bits >= WORTH_BITS else None, pair=pair, said=said)
