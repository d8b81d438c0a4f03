"""What the sampler is told when it starts: its period, its budget, and until when somebody reads it."""

import os
from dataclasses import dataclass

from memwhy.model.units import KIB
from memwhy.native.clock import clock
from memwhy.native.layout import MAGIC, VERSION, Header, State
from memwhy.native.owner import Owner

MOST_LEVEL = 14
"""A period of 64 KiB grows to at most 1 GiB before the sampler ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to sample. period_bytes: mean gap between two samples, from 1 to 4 GiB.

    budget: the share of one processor's time, for each processor that this machine has, which samples may cost;
    passing it in a window doubles the period. orphan_s: without a heartbeat for so long the sampler turns itself
    off; 0: never.
    """

    period_bytes: int = 64 * KIB
    budget: float = 0.05
    window_s: float = 1.0
    orphan_s: float = 30.0
    most_level: int = MOST_LEVEL


def fresh_header(settings: Settings, *, state: State = State.ON) -> Header:
    """A header for empty tables, owned by this process, with its first heartbeat."""
    ticks = clock()
    owner = Owner.of_us()
    return Header(
        magic=MAGIC,
        version=VERSION,
        state=state,
        owner_pid=owner.pid,
        owner_start_ticks=owner.start_ticks,
        owner_pid_namespace=owner.namespace,
        heartbeat_tsc=ticks.now(),
        orphan_tsc=round(settings.orphan_s * ticks.hz),
        tsc_hz=ticks.hz,
        period_bytes=settings.period_bytes,
        most_level=settings.most_level,
        budget_tsc=round(settings.budget * (os.cpu_count() or 1) * settings.window_s * ticks.hz),
        window_tsc=round(settings.window_s * ticks.hz),
    )
