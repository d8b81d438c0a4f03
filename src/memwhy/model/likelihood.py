"""Likelihood: how well each hypothesis foretold a result, and what its probability is then.

A prediction is an interval; a result has a normal error. The density of a result is thus that of a value anywhere in the
interval plus the error, mixed with a small uniform part for what nobody foresaw: no result makes any cause impossible.
"""

import itertools
import math
from collections.abc import Iterable, Mapping

from memwhy.model.probe import Experiment, Prediction

UNFORESEEN = 0.05
"""The chance that a true hypothesis gives quite another result: something else happened meanwhile."""
MOST_CERTAIN = 0.97
"""Something that no cause here knows is always possible."""
DECIDES = 0.05
"""A result that moves no probability by so much decided nothing."""
WORTH_BITS = 0.1
"""An experiment that is expected to teach less about two hypotheses is not worth what it does to the target."""
_STEPS = 400


def likelihood(experiment: Experiment, prediction: Prediction, value: float) -> float:
    """The density of a result under one prediction, per unit of the result."""
    foreseen = _within(prediction.low, prediction.high, experiment.error, value)
    if prediction.unseen:
        nothing = _within(0.0, 0.0, experiment.error, value)
        foreseen = (1.0 - prediction.unseen) * foreseen + prediction.unseen * nothing
    return (1.0 - UNFORESEEN) * foreseen + UNFORESEEN / experiment.widest


def updated(experiment: Experiment, probabilities: Mapping[str, float], value: float) -> dict[str, float]:
    """The probabilities after a result. Causes that foretold nothing keep theirs; the others share what they and the unnamed rest had.

    The unnamed rest (what the probabilities lack to 1) could give any result at all; it does not gain on all named causes,
    nor lose to all of them, so a result that every cause foretold equally well changes nothing.
    """
    told = {
        one.cause: probabilities[one.cause] for one in experiment.predictions if probabilities.get(one.cause, 0.0) > 0
    }
    mass = sum(told.values())
    if not told or mass <= 0:
        return dict(probabilities)
    rest = max(0.0, 1.0 - sum(probabilities.values()))
    density = {one.cause: likelihood(experiment, one, value) for one in experiment.predictions if one.cause in told}
    mean = sum(told[cause] / mass * density[cause] for cause in told)
    of_rest = min(max(1.0 / experiment.widest, min(density.values())), mean)
    room = mass + rest
    overall = mass / room * mean + rest / room * of_rest
    after = {cause: told[cause] * (density[cause] / overall) for cause in told}
    return {**probabilities, **_bounded(after, room)}


def separation_bits(experiment: Experiment, probabilities: Mapping[str, float], pair: tuple[str, str]) -> float:
    """What its result is expected to teach about which of two causes it is, in bits (0 to 1): their Jensen-Shannon divergence."""
    one, other = experiment.of(pair[0]), experiment.of(pair[1])
    weights = [max(0.0, probabilities.get(cause, 0.0)) for cause in pair]
    if one is None or other is None or sum(weights) <= 0:
        return 0.0
    share = weights[0] / sum(weights)
    margin = 5 * experiment.error
    low, high = min(one.low, other.low, 0.0) - margin, max(one.high, other.high, 0.0) + margin
    points = sorted({*_grid(low, high), *(x for p in (one, other) for x in _grid(p.low - margin, p.high + margin))})
    bits = 0.0
    for left, right in itertools.pairwise(points):
        middle = (left + right) / 2
        first, second = (likelihood(experiment, each, middle) for each in (one, other))
        mixed = share * first + (1 - share) * second
        bits += (right - left) * sum(
            part * density * math.log2(density / mixed)
            for part, density in ((share, first), (1 - share, second))
            if density > 0
        )
    return min(1.0, max(0.0, bits))


def _bounded(after: Mapping[str, float], room: float) -> dict[str, float]:
    """None above MOST_CERTAIN: what is cut off goes to the unnamed rest."""
    return {cause: min(value, MOST_CERTAIN, room) for cause, value in after.items()}


def _within(low: float, high: float, error: float, value: float) -> float:
    """The density of (uniform between low and high) + (normal with that deviation)."""
    width = high - low
    if width <= error * 1e-3:
        z = (value - (low + high) / 2) / error
        return math.exp(-z * z / 2) / (error * math.sqrt(2 * math.pi))
    return (_below((value - low) / error) - _below((value - high) / error)) / width


def _below(z: float) -> float:
    """The normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _grid(low: float, high: float) -> Iterable[float]:
    return (low + (high - low) * step / _STEPS for step in range(_STEPS + 1))
