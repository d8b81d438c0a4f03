"""Experiments: what was foretold, what came of it, and what it changed; as sentences and as JSON."""

from collections.abc import Iterator
from typing import Any

from memwhy.model.metrics import label
from memwhy.model.probe import Experiment, Measured, Tested
from memwhy.model.report import Report
from memwhy.model.units import human_bytes, human_change


def sentences(report: Report) -> tuple[str, ...]:
    """What was tried, in the order of being done."""
    return tuple(text for tested in report.experiments for text in _of(tested))


def foretold(experiment: Experiment) -> tuple[str, ...]:
    """`if native-retained: RSS falls by 180.0 to 220.0 MiB (…)`, a line for all causes that foretell the same."""
    causes: dict[tuple[float, float, str, float], list[str]] = {}
    for one in experiment.predictions:
        causes.setdefault((one.low, one.high, one.because, one.unseen), []).append(one.cause)
    return tuple(
        f"if {' or '.join(names)}: {experiment.measure} {span(low, high, experiment)}"
        + (f", or {experiment.amount(0.0)} with a chance of {100 * unseen:.0f} %" if unseen else "")
        + f" ({because})"
        for (low, high, because, unseen), names in causes.items()
    )


def span(low: float, high: float, experiment: Experiment) -> str:
    """An interval in the experiment's unit."""
    if low == high:
        return experiment.amount(low)
    if low == 0.0:
        return f"at most {experiment.amount(high)}"
    return f"{experiment.amount(low)} to {experiment.amount(high)}"


def _of(tested: Tested) -> Iterator[str]:
    experiment = tested.experiment
    yield tested.text
    yield from (f"foretold {text}" for text in foretold(experiment))
    if experiment.result is not None:
        yield from experiment.result.said
        if text := _course(experiment.result.measured):
            yield text


def _course(measured: tuple[Measured, ...]) -> str:
    """`RSS 120.4 MiB before, 36.1 MiB just after (native heap -84.0 MiB), 36.3 MiB 3 s later`"""
    parts: list[str] = []
    for number, one in enumerate(measured):
        text = f"{human_bytes(one.rss_bytes)} {one.when}"
        before = dict(measured[number - 1].layers) if number else {}
        moved = [(name, size - before[name]) for name, size in one.layers if name in before]
        moved = sorted((pair for pair in moved if abs(pair[1]) >= 1 << 20), key=lambda pair: -abs(pair[1]))[:3]
        if moved:
            text += f" ({', '.join(f'{label(name)} {human_change(change)}' for name, change in moved)})"
        parts.append(text)
    return f"RSS {', '.join(parts)}" if parts else ""


def rows(report: Report) -> list[dict[str, Any]]:
    """For JSON."""
    return [_row(tested) for tested in report.experiments]


def _row(tested: Tested) -> dict[str, Any]:
    experiment, result = tested.experiment, tested.experiment.result
    return {
        "name": experiment.name,
        "does": list(experiment.does),
        "measure": experiment.measure,
        "unit": experiment.unit,
        "error": experiment.error,
        "predictions": [
            {"cause": one.cause, "low": one.low, "high": one.high, "unseen": one.unseen, "because": one.because}
            for one in experiment.predictions
        ],
        "problem": experiment.problem,
        "result": None
        if result is None
        else {
            "value": result.value,
            "said": list(result.said),
            "paused_s": result.paused_s,
            "held_s": result.held_s,
            "measured": [
                {"when": one.when, "rss_bytes": one.rss_bytes, "layers": dict(one.layers)} for one in result.measured
            ],
        },
        "decided": tested.decided,
        "shifts": [{"cause": one.cause, "before": one.before, "after": one.after} for one in tested.shifts],
        "text": tested.text,
    }
