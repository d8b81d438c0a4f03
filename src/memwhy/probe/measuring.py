"""The target at one moment of an experiment: its RSS to the page, and its layers."""

from collections.abc import Mapping as Map

from memwhy.account import account
from memwhy.model.case import Case
from memwhy.model.errors import TargetGone
from memwhy.model.probe import Measured
from memwhy.sources.proc import smaps, smaps_rollup


def rss_bytes(root: str, pid: int) -> int:
    """RSS as the kernel counts page by page; status may lag behind by some pages a thread. Raises TargetGone."""
    try:
        return smaps_rollup.parse(smaps_rollup.read(root, pid)).metrics["process.rss_bytes"]
    except (OSError, KeyError) as error:
        raise TargetGone(f"pid {pid} ended, or may not be read any more") from error


def measured(root: str, pid: int, when: str, case: Case) -> Measured:
    """RSS and layers now. case: its facts and Go's figures tell layers apart. Raises TargetGone."""
    try:
        rows = smaps.parse(smaps.read(root, pid)).mappings
    except OSError as error:
        raise TargetGone(f"pid {pid} ended, or may not be read any more") from error
    found = account(rows, total_bytes=None, go=_go(case), facts=case.facts)
    layers = tuple((layer.metric, layer.bytes) for layer in found.layers)
    return Measured(when=when, rss_bytes=found.total_bytes, layers=layers)


def _go(case: Case) -> Map[str, int] | None:
    found = {name: case.series[name].last for name in case.series if name.startswith("go.")}
    return found or None
