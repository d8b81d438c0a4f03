"""Call sites of native memory that stays, by the sampler: the function that called into C, and the whole stack."""

from memwhy.model.case import Case
from memwhy.model.native import CallSite, CodeName, StackKind
from memwhy.model.report import Holder
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration

MOST_HOLDERS = 8


def kept_sites(case: Case, kind: StackKind, layer: str) -> tuple[Holder, ...]:
    """Who asked for what is not freed, fastest first; nothing where no sampler saw it grow."""
    if case.stacks is None:
        return ()
    sites = [site for site in case.stacks.sites if site.kept and site.kind == kind][:MOST_HOLDERS]
    whole = sum(max(0, site.old_bytes) for site in sites)
    return tuple(_holder(site, layer, site.old_bytes / whole if whole else 0.0, case.stacks.old_s) for site in sites)


def _holder(site: CallSite, layer: str, share: float, old_s: float) -> Holder:
    first = CodeName(function=site.kind)
    frames = (first, *site.path)
    return Holder(
        layer=layer,
        function=site.function,
        module=site.module or None,
        bytes=site.old_bytes,
        share=round(share, 4),
        stack=tuple(map(_shown, frames)),
        method="native-stacks",
        modules=tuple(f"{frame.module}@{frame.version}" if frame.version else frame.module for frame in frames),
        low_bytes=site.low_bytes,
        high_bytes=site.high_bytes,
        bytes_per_s=site.course.slope if isinstance(site.course, Trend) else None,
        note=_note(site, old_s),
        places=tuple(f"{frame.file}:{frame.line}" if frame.file and frame.line else "" for frame in frames),
    )


def _shown(frame: CodeName) -> str:
    """With its place where the program's authors can look it up."""
    return (
        f"{frame.function} ({frame.file.rpartition('/')[2]}:{frame.line})"
        if frame.own and frame.line
        else frame.function
    )


def _note(site: CallSite, old_s: float) -> str:
    """`in blocks older than 8 s; the largest of 5 stacks; of 78.8 MiB allocated 70.6 MiB were freed; xmlFreeDoc is missing`."""
    parts = [f"in blocks of {human_duration(old_s)} and older"]
    if site.paths > 1:
        parts.append(f"the largest of {site.paths} stacks")
    parts.append(f"of {human_bytes(site.allocated_bytes)} allocated {human_bytes(site.freed_bytes)} were freed")
    if site.release:
        parts.append(f"what frees it: {site.release}")
    return "; ".join(parts)
