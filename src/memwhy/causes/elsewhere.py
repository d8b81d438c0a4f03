"""Elsewhere: the judgement that file pages, shared memory and kernel memory share: a part of the total, or not."""

from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict

BY_LEVEL = 0.6
"""Without a series, a part that is at least this share of the size is the holder."""

SCOPE_OF_TOTAL = {
    "process.rss_bytes": ("layer", "process"),
    "cgroup.current_bytes": ("cgroup", "layer", "process"),
    "host.used_bytes": ("host", "derived", "cgroup", "layer", "process"),
    "process.virtual_bytes": (),
}
"""A part must lie inside the total to explain it: page cache of the host is not in a process's RSS."""


def judge_parts(
    case: Case,
    *,
    cause: str,
    metrics: tuple[str, ...],
    noun: str,
    headline: str,
    remedy: tuple[str, ...],
    confirm_with: str,
) -> Finding:
    """Judge the first of these metrics that was seen and lies inside the total."""
    growing = weigh.grows(case)
    inside = [m for m in metrics if m.split(".")[0] in SCOPE_OF_TOTAL.get(case.total or "", ())]
    if case.total == "host.used_bytes":
        inside = [m for m in inside if m != "host.buff_cache_bytes"]  # `used` leaves buff/cache out
    if case.total == "process.rss_bytes":
        inside = [
            m for m in inside if m not in ("process.page_tables_bytes", "process.sockets_queued_bytes")
        ]  # in no RSS
    parts = [one for metric in inside if (one := weigh.part(case, metric)) is not None]
    outside = [one for metric in metrics if metric not in inside and (one := weigh.part(case, metric)) is not None]
    if not parts:
        return _not_inside(case, cause, noun, outside, confirm_with)
    one = max(parts, key=lambda found: found.mid if found.mid is not None else -1.0)
    supported = Finding(
        cause=cause,
        verdict=Verdict.SUPPORTED,
        probability=0.0,
        headline=headline,
        bytes=one.series.last,
        bytes_per_s=weigh.explained_per_s(one),
        remedy=remedy,
        confirm_with=confirm_with,
    )
    if growing and one.main:
        text = f"{weigh.percent(one.mid)} of the growth is {noun}: {weigh.said(one)}"
        return _with(supported, 0.85, text)
    if growing is None:
        share = weigh.level_share(case, one.series.metric)
        if share is not None and share >= BY_LEVEL:
            return _with(supported, 0.6, f"{weigh.percent(share)} of the total is {noun} at this moment")
        return Finding(
            cause=cause, verdict=Verdict.CANNOT_SAY, probability=0.04, bytes=one.series.last, because=(weigh.said(one),)
        )
    if growing is False or one.minor:
        return Finding(
            cause=cause, verdict=Verdict.REFUTED, probability=0.01, bytes=one.at_most, against=(weigh.said(one),)
        )
    return Finding(
        cause=cause, verdict=Verdict.CANNOT_SAY, probability=0.08, bytes=one.at_most, because=(weigh.said(one),)
    )


def _with(finding: Finding, probability: float, text: str) -> Finding:
    return Finding(
        cause=finding.cause,
        verdict=finding.verdict,
        probability=probability,
        headline=finding.headline,
        bytes=finding.bytes,
        bytes_per_s=finding.bytes_per_s,
        because=(text,),
        remedy=finding.remedy,
        confirm_with=finding.confirm_with,
    )


def _not_inside(case: Case, cause: str, noun: str, outside: list[weigh.Part], confirm_with: str) -> Finding:
    """Nothing of it was seen inside the total. The total's own definition may still exclude it."""
    growing = weigh.grows(case)
    if growing is False:
        return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.01, against=("nothing grows",))
    if cause == "file-cache" and case.total == "host.used_bytes":
        known = "; " + weigh.said(outside[0]) if outside else ""
        text = f"`used` leaves buff/cache out{known}"
        return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=(text,))
    if cause == "kernel-memory" and case.total == "process.rss_bytes":
        known = ": " + weigh.said(outside[0]) if outside else ""
        return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.01, bytes=0,
                       against=(f"what grows is the process's own RSS, in which no kernel memory is{known}",))  # fmt: skip
    return Finding(
        cause=cause,
        verdict=Verdict.CANNOT_SAY,
        probability=0.05,
        because=(f"not read: {noun}",),
        confirm_with=confirm_with,
    )
