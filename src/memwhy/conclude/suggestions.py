"""The guesses that forums give for such symptoms, each answered by number: the most bytes that it could explain.

They are answered whether or not anybody in the page made them: readers arrive with them.
"""

import re

from memwhy.model import inside, weigh
from memwhy.model.case import Case
from memwhy.model.profile import Profile
from memwhy.model.report import Suggestion, Verdict
from memwhy.model.units import human_bytes, human_range

READER = re.compile(
    r"compress/(flate|gzip|zlib|bzip2|lzw)\.(NewReader|\(\*(\w*[Rr]eader|decompressor|dictDecoder|huffmanDecoder)\))"
)
"""What decompressing runs, and compressing does not."""


def suggestions(case: Case) -> tuple[Suggestion, ...]:
    """One answer for each common guess; only for a Go process."""
    if case.target.runtime != "go":
        return ()
    return (
        _free_os_memory(case),
        _memory_limit(case),
        _stacks(case, "recursion", "deep stacks"),
        _goroutines(case),
        _connections(case, "unclosed response bodies"),
        _connections(case, "connection pools"),
        _decompressors(case),
    )


def _answer(name: str, verdict: Verdict, most: int | None, because: str) -> Suggestion:
    return Suggestion(name=name, verdict=verdict, could_explain_bytes=most, because=because)


def _verdict(case: Case, most: int) -> Verdict:
    """Refuted when its bound is a minor share of the growth, or when nothing grows."""
    growing = weigh.grows(case)
    growth = weigh.growth_bytes(case)
    if growing is False or (growing and most < 0.6 * growth):
        return Verdict.REFUTED
    return Verdict.CANNOT_SAY


def _free_os_memory(case: Case) -> Suggestion:
    idle, released = case.series.get("go.heap_idle_bytes"), case.series.get("go.heap_released_bytes")
    retained = case.series.get("derived.go_retained_bytes")
    if retained is None or idle is None or released is None:
        return _answer("FreeOSMemory", Verdict.CANNOT_SAY, None, "HeapIdle and HeapReleased were not read")
    one = weigh.part(case, "derived.go_retained_bytes")
    growing = weigh.grows(case)
    verdict = Verdict.REFUTED if growing is False or (one is not None and one.minor) else _verdict(case, retained.most)
    resident = case.series.get(inside.IDLE)
    most = retained.most if resident is None else resident.most
    counted = "" if resident is None else f", resident of the idle {human_range(resident.least, resident.most)}"
    text = (
        f"idle {human_range(idle.least, idle.most)}, released {human_range(released.least, released.most)}{counted}:"
        f" at most {human_bytes(most)} could come back"
    )
    if retained.growing:
        verdict = Verdict.SUPPORTED
    else:
        text += ", and it does not grow"
    return _answer("FreeOSMemory", verdict, most, text)


def _memory_limit(case: Case) -> Suggestion:
    held = weigh.part(case, "derived.go_held_bytes")
    if held is None:
        return _answer("a memory limit", Verdict.CANNOT_SAY, None, "what Go holds was not read")
    size = human_bytes(held.series.most)
    if weigh.grows(case) and held.minor:
        return _answer(
            "a memory limit", Verdict.REFUTED, 0, f"it limits Go's {size}, which does not grow, and nothing else"
        )
    if weigh.grows(case) is False:
        return _answer("a memory limit", Verdict.REFUTED, 0, f"nothing grows; it would limit Go's {size}")
    return _answer(
        "a memory limit", Verdict.CANNOT_SAY, held.series.last, f"it would bound Go's {size}, not what C code allocates"
    )


FEW_GOROUTINES = 100
"""The least server has some tens; fewer than these cost 200 KiB of stack."""


def _stacks(case: Case, name: str, what: str) -> Suggestion:
    stacks = weigh.part(case, "go.stack_inuse_bytes")
    if stacks is None:
        return _answer(name, Verdict.CANNOT_SAY, None, "StackInuse was not read")
    verdict = Verdict.REFUTED if weigh.grows(case) is False or stacks.minor else _verdict(case, stacks.at_most)
    return _answer(
        name, verdict, stacks.at_most, f"{what} would show in StackInuse: {weigh.change_said(stacks.series)}"
    )


def _goroutines(case: Case) -> Suggestion:
    goroutines = case.series.get("go.goroutines_count")
    stacks = weigh.part(case, "go.stack_inuse_bytes")
    if goroutines is None:
        return _stacks(case, "a goroutine leak", "each costs 2 KiB of stack at least; more of them")
    if goroutines.growing:
        held = weigh.part(case, "derived.go_held_bytes")
        verdict = Verdict.REFUTED if held is not None and held.minor else Verdict.SUPPORTED
        return _answer(
            "a goroutine leak", verdict, held.at_most if held else None, f"goroutines: {weigh.change_said(goroutines)}"
        )
    bound = stacks.at_most if stacks is not None else None
    if len(goroutines.points) == 1 and goroutines.last >= FEW_GOROUTINES:
        return _answer(
            "a goroutine leak",
            Verdict.CANNOT_SAY,
            bound,
            f"goroutines: {weigh.change_said(goroutines)}: more or fewer before?",
        )
    return _answer("a goroutine leak", Verdict.REFUTED, bound, f"goroutines: {weigh.change_said(goroutines)}")


def _connections(case: Case, name: str) -> Suggestion:
    """Each open connection of net/http costs two goroutines with stacks, a descriptor, and buffers on the Go heap."""
    bounds, texts, settled = [], [], False
    sockets = case.series.get("process.sockets_count") or case.series.get("process.descriptors_count")
    if sockets is not None:
        texts.append(f"sockets {weigh.change_said(sockets)}")
        settled = not sockets.growing
    held = weigh.part(case, "derived.go_held_bytes")
    stacks, heap = weigh.part(case, "go.stack_inuse_bytes"), weigh.part(case, "go.heap_inuse_bytes")
    for one, word in ((stacks, "stacks"), (heap, "heap in use")):
        if one is not None:
            texts.append(f"{word} {weigh.change_said(one.series)}")
    if held is not None:
        bounds.append(held.at_most)
        settled = settled or held.minor
    if not texts:
        return _answer(name, Verdict.CANNOT_SAY, None, "neither sockets nor Go's own numbers were read")
    text = "they need sockets, goroutines and heap: " + ", ".join(texts)
    if sockets is not None and sockets.growing:
        verdict = Verdict.REFUTED if held is not None and held.minor else Verdict.SUPPORTED
        return _answer(name, verdict, held.at_most if held else None, text)
    verdict = Verdict.REFUTED if settled or weigh.grows(case) is False else Verdict.CANNOT_SAY
    return _answer(name, verdict, min(bounds) if bounds else None, text)


def _decompressors(case: Case) -> Suggestion:
    held_now, profile_said = _in_use(case)
    ever = _share_of(case, "alloc_space")
    text = f"{ever[0] * 100:.0f} % of all bytes ever allocated ({ever[1]})" if ever and ever[0] >= 0.005 else ""
    if held_now is not None:
        text += (", " if text else "") + profile_said
        verdict = (
            Verdict.REFUTED
            if held_now < 0.5 * max(weigh.growth_bytes(case), 1) or weigh.grows(case) is False
            else Verdict.CANNOT_SAY
        )
        if verdict is Verdict.REFUTED and ever and ever[0] >= 0.005:
            text += ": churn, not a leak"
        return _answer("gzip readers", verdict, held_now, text)
    heap = weigh.part(case, "go.heap_inuse_bytes") or weigh.part(case, "derived.go_held_bytes")
    if heap is None:
        return _answer("gzip readers", Verdict.CANNOT_SAY, None, "no profile and no heap numbers were read")
    verdict = Verdict.REFUTED if heap.minor or weigh.grows(case) is False else Verdict.CANNOT_SAY
    return _answer(
        "gzip readers",
        verdict,
        heap.at_most,
        (text + "; " if text else "") + f"they live on the Go heap: {weigh.change_said(heap.series)}",
    )


def _in_use(case: Case) -> tuple[int | None, str]:
    """Bytes that decompressors hold in the newest in-use profile, and how to say it."""
    found = [seen.profile for seen in case.profiles if seen.profile.kind == "inuse_space"]
    if not found:
        return None, ""
    profile = found[-1]
    held = _flat(profile)
    return held, f"{human_bytes(held)} of {human_bytes(profile.total)} in use"


def _share_of(case: Case, kind: str) -> tuple[float, str] | None:
    """The largest share of decompressors' code in any profile of a kind, and its chief function."""
    best: tuple[float, str] | None = None
    for seen in case.profiles:
        profile = seen.profile
        if profile.kind != kind or profile.total <= 0:
            continue
        rows = [row for row in profile.rows if READER.match(row.function)]
        if not rows:
            continue
        top = max(rows, key=lambda row: row.flat)
        share = top.flat / profile.total
        if best is None or share > best[0]:
            best = (share, top.function)
    return best


def _flat(profile: Profile) -> int:
    return sum(row.flat for row in profile.rows if READER.match(row.function))
