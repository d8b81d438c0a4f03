"""The one experiment that separates the two leading hypotheses best."""

from collections.abc import Mapping, Sequence

from memwhy.model.likelihood import WORTH_BITS, separation_bits
from memwhy.model.probe import Experiment

OPEN = 0.05
"""Nobody is troubled for a cause that is less likely."""


def leading(stated: Sequence[Experiment], probabilities: Mapping[str, float]) -> tuple[str, str] | None:
    """The two likeliest of the causes of which some experiment foretells something; None where no two are open."""
    told = {one.cause for experiment in stated for one in experiment.predictions}
    ordered = sorted((cause for cause in told if probabilities.get(cause, 0.0) >= OPEN), key=lambda cause: (-probabilities[cause], cause))  # fmt: skip
    return (ordered[0], ordered[1]) if len(ordered) > 1 else None


def choose(
    stated: Sequence[Experiment], probabilities: Mapping[str, float], pair: tuple[str, str]
) -> tuple[Experiment | None, tuple[str, ...]]:
    """The experiment that is expected to teach most about which of the pair it is, None where all teach too little; and what each would."""
    rated = [(separation_bits(one, probabilities, pair), one) for one in stated]
    said = tuple(f"{one.name} {bits:.2f} bits" for bits, one in rated)
    bits, best = max(rated, key=lambda row: row[0], default=(0.0, None))
    return (best if bits >= WORTH_BITS else None), said
