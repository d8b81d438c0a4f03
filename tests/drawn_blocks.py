"""Blocks drawn as Go's heap profile draws them: what it says of so many, and how far that may be off."""

import math
from random import Random

PERIOD = 512 << 10
"""runtime.MemProfileRate."""
_ONE_BY_ONE = 400


def drawn(blocks: int, size: int, random: Random) -> tuple[int, float]:
    """(estimate, its variance) of so many blocks of one size; more than some hundred are drawn all at once."""
    chance = -math.expm1(-size / PERIOD)
    mean = blocks * chance
    if blocks <= _ONE_BY_ONE:
        seen = sum(random.random() < chance for _ in range(blocks))
    elif mean > 50:
        seen = max(0, round(random.gauss(mean, math.sqrt(mean * (1 - chance)))))
    else:
        seen = _poisson(mean, random)
    return round(seen * size / chance), seen * size * size * (1 - chance) / chance**2


def _poisson(mean: float, random: Random) -> int:
    count, left = 0, math.exp(-mean)
    product = random.random()
    while product > left:
        count, product = count + 1, product * random.random()
    return count
