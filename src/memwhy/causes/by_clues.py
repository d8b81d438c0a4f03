"""By clues: the findings of pasted evidence, where trends do not decide, from what every cause's clues weigh together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import ModuleType

from memwhy.causes.clue import Clue, Weighed, weigh_all, weight_of
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend

DECIDED = 0.5
ACQUITTED = -2.0
"""A cause with so much against it is refuted, and "nothing was read" is no acquittal."""

UNPROMPTED = 0.4
"""The most of a cause where nobody complains: a large number in a manual or a manifest is nobody's leak."""

MOST_CERTAIN = 0.97
"""As in `judge_all`: no cause is surer, and certainty has no logarithm."""
BY_TREND = -3.0
"""What an acquittal by a trend weighs beside clues."""

HEADLINES = {
    "native-leak": "Memory outside the runtime is allocated and, as it seems, never freed.",
    "native-retained": "Native memory was freed, but the allocator keeps it.",
    "native-cache": "Native memory is held on purpose, by a cache or a pool.",
    "mmap-leak": "Mappings are made and not unmapped.",
    "heap-leak": "The runtime's own heap holds it: objects stay reachable.",
    "heap-retained": "The runtime's heap is largely idle, and not given back.",
    "gc-headroom": "No leak: the collector's pacing lets the heap grow before it collects.",
    "goroutine-leak": "Goroutines pile up.",
    "thread-leak": "Threads pile up.",
    "descriptor-leak": "Descriptors pile up: files or connections are opened and not closed.",
    "file-cache": "File pages are counted in: mapped files or page cache, which the kernel can take back.",
    "shared-memory": "Shared memory holds it: tmpfs, memfd or shared segments.",
    "kernel-memory": "The kernel's own memory holds it.",
    "virtual-only": "Only address space is large; resident memory is not.",
    "other-process": "Another process holds it.",
    "steady": "Nothing grows: the figure is misread, or it has come to rest.",
}


def judge_by_clues(case: Case, causes: Sequence[ModuleType], findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with clues taken in where the courses of the series leave the answer open or contradict a trial.

    causes and findings: of the same order. The findings come back unchanged where a trend decides and clues do not
    outweigh it.
    """
    decided = next((one for one in findings if one.verdict is Verdict.SUPPORTED and one.probability >= DECIDED), None)
    by_trend = _has_course(case)
    weighed = weigh_all(
        {
            finding.cause: (*cause.clues(case), *_judged(finding, by_trend, len(causes)))
            for cause, finding in zip(causes, findings, strict=True)
        }
    )
    best = max(weighed, key=lambda name: weighed[name].probability)
    if by_trend and decided is not None and best == decided.cause:
        if decided.probability >= DECIDED * sum(finding.probability for finding in findings):
            return list(findings)
        surer = replace(decided, probability=max(decided.probability, round(weighed[best].probability, 3)))
        return [surer if finding is decided else finding for finding in findings]  # others have more than half of it
    if by_trend and decided is not None and weighed[best].probability < DECIDED:
        return list(findings)
    if not levels.in_trouble(case):
        weighed = {name: replace(one, probability=min(one.probability, UNPROMPTED)) for name, one in weighed.items()}
    return [_found(cause, finding, weighed[finding.cause]) for cause, finding in zip(causes, findings, strict=True)]


def _has_course(case: Case) -> bool:
    whole = weigh.total(case)
    return whole is not None and isinstance(whole.course, Trend)


def _judged(finding: Finding, by_trend: bool, causes: int) -> Iterable[Clue]:
    """What the cause said of the courses, as a clue: alone it gives the probability that the cause gave."""
    if finding.verdict is Verdict.SUPPORTED and finding.probability >= DECIDED:
        yield Clue(weight=weight_of(min(finding.probability, MOST_CERTAIN), causes), text="")
    elif finding.verdict is Verdict.REFUTED and by_trend:
        yield Clue(weight=BY_TREND, text="")


def _found(cause: ModuleType, finding: Finding, weighed: Weighed) -> Finding:
    """One finding with its clues."""
    supported = weighed.probability >= DECIDED
    refuted = weighed.weight <= ACQUITTED or (finding.verdict is Verdict.REFUTED and weighed.weight <= 0)
    verdict = Verdict.SUPPORTED if supported else Verdict.REFUTED if refuted else Verdict.CANNOT_SAY
    because = tuple(text for text in weighed.because if text)
    against = tuple(text for text in weighed.against if text)
    return replace(
        finding,
        verdict=verdict,
        probability=round(weighed.probability, 3),
        headline=HEADLINES[finding.cause] if supported else finding.headline,
        because=_once((*because, *(() if (because and not supported) or (refuted and against) else finding.because))),
        against=_once((*against, *finding.against)),
        remedy=finding.remedy or (getattr(cause, "REMEDY", ()) if supported else ()),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
