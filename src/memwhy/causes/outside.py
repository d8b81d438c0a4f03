"""Outside: how much of the memory in question lies outside what the runtime holds; all native causes share it."""

from collections.abc import Iterator
from dataclasses import replace

from memwhy.causes.clue import FAIR, HINT, STRONG, Clue, against, believed, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.units import MIB

MOST = 0.5
LITTLE = 0.25
ROOMY = 0.8
"""Of what is resident, from which on the heap's bound leaves nothing that has to lie outside."""


def _with_idle(case: Case, live: levels.Level | None) -> levels.Level | None:
    """What is allocated and what is idle together, where nothing tells all that Go has obtained, or what it gave back."""
    idle = levels.level(case, "go.heap_idle_bytes")
    if idle is None or live is None or live.metric != "go.heap_alloc_bytes" or live.n > 1 or idle.n > 1:
        return None
    both = live.last + idle.last
    return replace(live, metric="go.heap_sys_bytes", first=both, last=both, least=both, most=both)


def outside_runtime(case: Case, most: float = STRONG) -> Iterator[Clue]:
    """Clues from what the runtime says against what is resident; none weighs more than `most`."""
    rss, held, live = levels.resident(case), levels.held(case), levels.live(case)
    if (
        rss is not None
        and live is not None
        and live.n > 1
        and live.most >= 0.7 * rss.most
        and live.last < 0.5 * live.most
    ):
        return  # the heap filled what is resident, and what of it went back is not known
    if levels.released_and_resident(case) is not None:
        held = levels.level(case, "go.sys_bytes")
    known = held if held is not None and held.metric != "go.heap_sys_bytes" else None
    base = known or _with_idle(case, live) or live
    limit = levels.level(case, "runtime.heap_limit_bytes")
    if known is None and limit is not None and rss is not None and limit.last >= ROOMY * rss.last and not rss.rose:
        return  # a heap that may be so large has garbage in it, and how much is not told
    if rss is not None and base is not None:
        rest = 1.0 - base.last / max(1, rss.last)
        text = f"{rss.said}, but {base.said}: {weigh.percent(rest)} of it lies outside"
        if rest >= MOST and rss.last - base.last >= 16 * MIB:
            # what is not live may still be the runtime's own idle heap
            yield from for_(min(most, FAIR if known is not None else 0.8 * FAIR), text)
        elif known is not None and rest < LITTLE:
            yield from against(STRONG, f"the runtime itself holds it: {rss.said}, {base.said}")
        if rss.rose and (base.flat or rss.last - rss.first > 4 * abs(base.last - base.first)) and base.n > 1:
            yield from for_(min(most, STRONG), f"{rss.said}, while {base.said}")
        elif rss.rose and base.n == 1 and base.last < 0.4 * rss.last:
            yield from for_(min(most, FAIR), f"{rss.said}, and the runtime has no more than {base.said}")
        if base.rose and base.last - base.first >= 0.5 * (rss.last - rss.first):
            yield from against(STRONG, f"the runtime itself grows: {base.said}")
    grows, flat = levels.said(case, "grows", "rss", "total", "native"), levels.said(case, "flat", "heap")
    if case.facts.get("said.heap_idle"):
        flat = None  # what is idle is the runtime's all the same
    if flat and not grows and rss is not None and rss.rose:
        yield from believed(min(most, STRONG), flat)
    if grows and flat:
        yield from believed(min(most, STRONG), flat if flat == grows else f"{grows}” and “{flat}")
    elif levels.said(case, "grows", "heap"):
        yield from against(HINT, "the runtime's own heap is said to grow", figure=False)
