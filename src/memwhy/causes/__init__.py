"""The suspects, one file each, and the judging of all of them on one case."""

from dataclasses import replace

from memwhy.causes import (
    descriptor_leak,
    file_cache,
    gc_headroom,
    goroutine_leak,
    heap_leak,
    heap_retained,
    held_by,
    kernel_memory,
    mmap_leak,
    native_cache,
    native_leak,
    native_retained,
    other_process,
    shared_memory,
    steady,
    thread_leak,
    virtual_only,
)
from memwhy.causes.by_clues import judge_by_clues
from memwhy.model import inside, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict

CAUSES = (
    native_leak, native_retained, native_cache, mmap_leak, heap_leak, heap_retained, gc_headroom,
    goroutine_leak, thread_leak, descriptor_leak, file_cache, shared_memory, kernel_memory,
    virtual_only, other_process, steady,
)  # fmt: skip

MOST_CERTAIN = 0.97
"""No verdict is given more: something that no cause here knows is always possible."""

REFUTED_PROBABILITY = 0.004


def judge_all(case: Case) -> tuple[Finding, ...]:
    """A finding for every cause, best first. Their probabilities sum to at most MOST_CERTAIN: the causes
    exclude each other as *the* answer, though several may be at work."""
    judged = [held_by.with_holders(case, cause.judge(case)) for cause in CAUSES]
    if not case.live:
        judged = judge_by_clues(case, CAUSES, judged)
    findings = [_acquitted(finding) for finding in judged]
    counted = _counted(case, findings)
    room = MOST_CERTAIN - (counted.probability if counted else 0.0)
    mass = sum(finding.probability for finding in findings if finding is not counted)
    scale = min(1.0, room / mass) if mass else 1.0
    findings = [
        finding if finding is counted else replace(finding, probability=round(finding.probability * scale, 3))
        for finding in findings
    ]
    order = {Verdict.SUPPORTED: 0, Verdict.CANNOT_SAY: 1, Verdict.REFUTED: 2}
    return tuple(sorted(findings, key=lambda finding: (order[finding.verdict], -finding.probability)))


def _counted(case: Case, findings: list[Finding]) -> Finding | None:
    """The finding that was counted and not inferred: what is lost, and where no growth is, what holds most of RSS though
    nobody uses it. It leaves to the others what remains: that nothing grows is true beside it, and answers less."""
    lost = inside.lost(case)
    name = "native-leak" if lost is not None and lost.dominates else None
    if name is None and not weigh.grows(case):
        unused = {
            "native-retained": inside.share_of_rss(case, inside.KEPT),
            "heap-retained": inside.share_of_rss(case, inside.IDLE)
            or weigh.level_share(case, "process.lazy_free_bytes"),
        }
        name = next((one for one, share in unused.items() if (share or 0) >= inside.MUCH), None)
    return next((one for one in findings if one.cause == name and one.verdict is Verdict.SUPPORTED), None)


def _acquitted(finding: Finding) -> Finding:
    """A refuted cause keeps a little: an acquittal can be wrong too."""
    if finding.verdict is Verdict.REFUTED:
        return replace(finding, probability=min(finding.probability, REFUTED_PROBABILITY))
    return finding
