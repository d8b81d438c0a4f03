"""Experiments weighed in: the findings after what was foretold, done and measured."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from memwhy.causes.by_clues import HEADLINES
from memwhy.model.likelihood import DECIDES, updated
from memwhy.model.probe import Experiment, Shift, Tested
from memwhy.model.report import Finding, Verdict

SUPPORTED, REFUTED = 0.5, 0.02
TOLD = 0.01
"""A cause that was acquitted already is not told of what moved it by less."""
_ORDER = {Verdict.SUPPORTED: 0, Verdict.CANNOT_SAY: 1, Verdict.REFUTED: 2}


def weigh_in(
    findings: Sequence[Finding], experiments: Iterable[Experiment]
) -> tuple[tuple[Finding, ...], tuple[Tested, ...]]:
    """The findings, best first, each with what an experiment made of its probability; and the experiments with what they changed.

    One that was stated and not made, or failed, changes nothing and is told all the same.
    """
    tested = []
    for experiment in experiments:
        findings, one = _after(findings, experiment)
        tested.append(one)
    ordered = (
        sorted(findings, key=lambda finding: (_ORDER[finding.verdict], -finding.probability)) if tested else findings
    )
    return tuple(ordered), tuple(tested)


def _after(findings: Sequence[Finding], experiment: Experiment) -> tuple[Sequence[Finding], Tested]:
    result = experiment.result
    if result is None:
        why = experiment.problem or "it was begun, and its result is missing"
        return findings, Tested(experiment=experiment, shifts=(), decided=False, text=f"{experiment.name}: {why}")
    before = {finding.cause: finding.probability for finding in findings}
    after = updated(experiment, before, result.value)
    shifts = tuple(
        Shift(cause=one.cause, before=before[one.cause], after=round(after[one.cause], 3))
        for one in sorted(experiment.predictions, key=lambda one: -after.get(one.cause, 0.0))
        if one.cause in before
    )
    decided = any(abs(shift.after - shift.before) >= DECIDES for shift in shifts)
    measured = f"{experiment.name}: {experiment.measures(result.value)}"
    moved = {shift.cause: shift for shift in shifts}
    changed = tuple(
        _changed(finding, moved[finding.cause], f"{measured} ({_foretold(experiment, finding.cause)})", decided=decided)
        if finding.cause in moved
        else finding
        for finding in findings
    )
    ways = "; ".join(f"{shift.cause} {shift.before:.2f} -> {shift.after:.2f}" for shift in shifts)
    verdict = (
        ways
        if decided
        else f"it decided nothing ({ways})"
        if ways
        else "no cause had foretold anything: it decides nothing"
    )
    return changed, Tested(experiment=experiment, shifts=shifts, decided=decided, text=f"{measured}; {verdict}")


def _changed(finding: Finding, shift: Shift, text: str, *, decided: bool) -> Finding:
    """One finding with its new probability, and the verdict that follows from it where that moved."""
    if finding.verdict is Verdict.REFUTED and abs(shift.after - shift.before) < TOLD:
        return replace(finding, probability=shift.after)
    if not decided:
        return replace(finding, because=(*finding.because, f"{text}: that decides nothing"))
    line = f"{text}: {shift.before:.2f} -> {shift.after:.2f}"
    rose = shift.after >= shift.before
    verdict, headline = finding.verdict, finding.headline
    if shift.after >= SUPPORTED and rose:
        verdict, headline = Verdict.SUPPORTED, headline or HEADLINES[finding.cause]
    elif shift.after <= REFUTED and not rose:
        verdict = Verdict.REFUTED
    elif (verdict is Verdict.SUPPORTED and shift.after < SUPPORTED) or (
        verdict is Verdict.REFUTED and shift.after > REFUTED
    ):
        verdict = Verdict.CANNOT_SAY
    return replace(
        finding,
        verdict=verdict,
        headline=headline,
        probability=shift.after,
        because=(*finding.because, line) if rose else finding.because,
        against=finding.against if rose else (*finding.against, line),
    )


def _foretold(experiment: Experiment, cause: str) -> str:
    one = experiment.of(cause)
    return "" if one is None else f"foretold {experiment.amount(one.low)} to {experiment.amount(one.high)}"
