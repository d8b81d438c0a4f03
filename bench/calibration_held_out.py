"""Shapes that no method was chosen by: written before the first measurement, measured after the last change."""

import math

import numpy as np
from calibration_shapes import DAY, HOUR, MINUTE, Random, Shape, Values, between, wander


def traffic_shift(random: Random, ts: Values) -> tuple[Values, Values]:
    """A service takes over another's load: an S-curve of minutes to hours, somewhere."""
    middle, width = ts[-1] * random.uniform(0.1, 0.9), between(random, 2 * MINUTE, HOUR)
    rise = 0.5 * (1 + np.tanh((ts - middle) / width))
    return random.uniform(0.05, 0.3) * rise, 1 + rise


def working_week(random: Random, ts: Values) -> tuple[Values, Values]:
    """Days with a noon and an afternoon, every third without."""
    at = ts / DAY + random.random() * 3
    day = np.maximum(0, np.sin(2 * math.pi * at)) + 0.4 * np.sin(4 * math.pi * at)
    day = np.where(at % 3 < 2, day, 0.2 * day)
    return random.uniform(0.05, 0.2) * day, 1 + 0.5 * day


def pool(random: Random, ts: Values) -> tuple[Values, None]:
    """Connections that come and go one by one within a bound: a walk between two walls."""
    walk = wander(random, ts, between(random, 5 * MINUTE, HOUR)) * 4
    return random.uniform(0.01, 0.04) * np.round(np.clip(walk, -6, 6)), None


def compaction(random: Random, ts: Values) -> tuple[Values, None]:
    """A store's buffers: teeth whose lengths and heights are spread widely, the large ones rare."""
    mean, height = between(random, MINUTE, HOUR), random.uniform(0.05, 0.2)
    ends = np.cumsum(random.exponential(mean, int(4 * ts[-1] / mean) + 20))
    tooth = np.searchsorted(ends, ts)
    begin = np.concatenate(([0.0], ends))[np.minimum(tooth, len(ends))]
    return height * np.minimum((ts - begin) / mean, 2), None


def two_stages(random: Random, ts: Values) -> tuple[Values, None]:
    """A quick start, then a slow cache: two approaches, one some ten times slower."""
    quick = between(random, 20, 3 * MINUTE)
    slow = quick * random.uniform(5, 20)
    return random.uniform(0.1, 0.4) * (1 - np.exp(-ts / quick)) + random.uniform(0.05, 0.3) * (
        1 - np.exp(-ts / slow)
    ), None


def two_regimes(random: Random, ts: Values) -> tuple[Values, None]:
    """Busy and idle in turn, each for as long as chance has it."""
    mean = between(random, 2 * MINUTE, 2 * HOUR)
    ends = np.cumsum(random.exponential(mean, int(3 * ts[-1] / mean) + 20))
    return random.uniform(0.03, 0.2) * (np.searchsorted(ends, ts) % 2), None


def fading_spikes(random: Random, ts: Values) -> tuple[Values, None]:
    """Bursts whose memory is given back slowly."""
    out, fade = np.zeros(len(ts)), between(random, MINUTE, HOUR)
    for _ in range(int(random.integers(1, 9))):
        since = ts - ts[-1] * random.random()
        out += np.where(since >= 0, random.uniform(0.05, 0.3) * np.exp(-np.maximum(since, 0) / fade), 0)
    return out, None


def fragments(random: Random, ts: Values) -> tuple[Values, None]:
    """Fragmentation that nears its bound as a stretched exponential (Kohlrausch): long tails, but an end."""
    pace = between(random, MINUTE, 20 * MINUTE)
    return random.uniform(0.05, 0.3) * (1 - np.exp(-np.sqrt(ts / pace))), None


HELD_OUT: dict[str, Shape] = {
    "traffic shift": traffic_shift,
    "working week": working_week,
    "connection pool": pool,
    "compaction": compaction,
    "two-stage warm-up": two_stages,
    "two regimes": two_regimes,
    "fading spikes": fading_spikes,
    "fragmentation": fragments,
}
