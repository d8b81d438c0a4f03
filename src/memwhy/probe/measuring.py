"""The target at one moment of an experiment: its RSS to the page, and its layers."""

import time
from collections.abc import Mapping as Map

from memwhy.account import account
from memwhy.model.case import Case
from memwhy.model.errors import TargetGone
from memwhy.model.probe import Measured
from memwhy.model.units import human_duration
from memwhy.sources.proc import smaps

LATER_S = 3.0
"""For what is freed to go back to the system, and for what the program needs of it to come back."""


def measured(root: str, pid: int, when: str, case: Case) -> Measured:
    """RSS and layers now. case: its facts and Go's figures tell layers apart. Raises TargetGone."""
    try:
        rows = smaps.parse(smaps.read(root, pid)).mappings
    except OSError as error:
        raise TargetGone(f"pid {pid} ended, or may not be read any more") from error
    found = account(rows, total_bytes=None, go=_go(case), facts=case.facts)
    layers = tuple((layer.metric, layer.bytes) for layer in found.layers)
    return Measured(when=when, rss_bytes=found.total_bytes, layers=layers)


def measured_later(root: str, pid: int, case: Case) -> list[Measured]:
    """The same LATER_S on; none where the target ended meanwhile: what was measured before stands."""
    time.sleep(LATER_S)
    try:
        return [measured(root, pid, f"{human_duration(LATER_S)} later", case)]
    except TargetGone:
        return []


def _go(case: Case) -> Map[str, int] | None:
    found = {name: case.series[name].last for name in case.series if name.startswith("go.")}
    return found or None
