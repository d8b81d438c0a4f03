"""The report is put together here; each part has a file of its own beside this one."""

from dataclasses import replace
from typing import Literal

from memwhy.conclude.advice import advise
from memwhy.conclude.cautions import cautions
from memwhy.conclude.limits import limit_said
from memwhy.conclude.missing import missing, next_steps, proof
from memwhy.conclude.rows import beside_rows, control_rows, layer_rows, malloc_rows, runtime_rows, total_row
from memwhy.conclude.sampler import sampled
from memwhy.conclude.suggestions import suggestions
from memwhy.model import inside, weigh
from memwhy.model.case import Case
from memwhy.model.probe import Tested
from memwhy.model.report import Conclusion, EvidenceRow, Finding, Holder, Overhead, Report, Verdict
from memwhy.model.units import human_bytes

HIGH, MEDIUM = 0.9, 0.6
ENOUGH = 0.5
"""Below this no cause is the verdict: the evidence cannot decide."""

MOST_UNDECIDED = 0.85
"""That the evidence cannot decide is itself never sure: somebody may know how to read it."""
PASTED_UNDECIDED = 0.5
"""Of pages that memwhy cannot decide a careful reader can decide half, and more of those where one cause is ahead."""


def conclude(
    case: Case,
    findings: tuple[Finding, ...],
    holders: tuple[Holder, ...],
    *,
    evidence: tuple[EvidenceRow, ...],
    overhead: Overhead | None,
    tested: tuple[Tested, ...] = (),
) -> Report:
    """The frozen report."""
    account = case.account
    findings = tuple(_with_most(finding) for finding in findings)
    conclusion = _with_what_is_held(case, verdict_of(findings, pasted=not case.live))
    return Report(
        target=case.target,
        conclusion=conclusion,
        findings=findings,
        suggestions=suggestions(case),
        total=total_row(case),
        layers=layer_rows(case),
        unaccounted_bytes=account.unaccounted_bytes if account else None,
        malloc_rows=malloc_rows(case),
        runtime_rows=runtime_rows(case),
        beside=beside_rows(case),
        controls=control_rows(case),
        attribution=holders,
        evidence=evidence,
        missing=missing(case),
        next_steps=next_steps(case, findings, conclusion),
        checks=account.checks if account else (),
        warnings=cautions(case, findings),
        facts=tuple((name, text) for name, text in case.facts.items() if text),
        overhead=overhead,
        span_s=_span_s(case),
        limit=limit_said(case),
        proof=proof(case, conclusion),
        sampling=sampled(case),
        advice=advise(case),
        experiments=tested,
    )


def verdict_of(findings: tuple[Finding, ...], *, pasted: bool = False) -> Conclusion:
    """The best supported cause, when it is more likely than not; else undetermined, with how likely that is right."""
    best = findings[0]
    if best.verdict is Verdict.SUPPORTED and best.probability >= ENOUGH:
        return Conclusion(
            cause=best.cause,
            confidence=confidence_of(best.probability),
            probability=best.probability,
            headline=best.headline,
        )
    open_causes = [finding for finding in findings if finding.verdict is not Verdict.REFUTED]
    left = ", ".join(finding.cause for finding in open_causes[:3])
    ahead = max((finding.probability for finding in findings), default=0.0)
    sure = PASTED_UNDECIDED * max(0.0, 1.0 - 1.5 * ahead) if pasted else 1.0 - ahead
    probability = min(MOST_UNDECIDED, round(sure, 3))
    headline = "The evidence cannot decide" + (f"; still possible: {left}." if left and len(open_causes) <= 6 else ".")
    bounded = next((one.headline for one in open_causes if one.cause == "steady" and one.headline), "")
    if bounded:
        headline = f"{bounded} {headline}"
    return Conclusion(
        cause="undetermined", confidence=confidence_of(probability), probability=probability, headline=headline
    )


def _with_what_is_held(case: Case, conclusion: Conclusion) -> Conclusion:
    """Where nothing is decided, what holds RSS now still is known from a look inside."""
    if conclusion.cause != "undetermined" or not (held := inside.holders(case)):
        return conclusion
    shares = ", ".join(f"{label} {weigh.percent(share)}" for label, share in held)
    return replace(conclusion, headline=f"RSS is held by {shares}. {conclusion.headline}")


def confidence_of(probability: float) -> Literal["high", "medium", "low"]:
    """The contract's words: high from 0.9, medium from 0.6."""
    return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"


def _with_most(finding: Finding) -> Finding:
    """Its remedies, with the most bytes that they could give back."""
    if not finding.remedy or not finding.bytes or finding.verdict is Verdict.REFUTED:
        return finding
    return replace(finding, remedy=(*finding.remedy, f"at most {human_bytes(finding.bytes)} could come back by this"))


def _span_s(case: Case) -> float | None:
    """How long was seen: by the total, where there is none by the runtime's numbers; None when it carries no times."""
    for metric in (case.total,) if case.total else ("go.sys_bytes", "go.heap_alloc_bytes"):
        series = case.series.get(metric)
        if series is not None and series.clock != "order":
            return series.points[-1][0] - series.points[0][0]
    return None
