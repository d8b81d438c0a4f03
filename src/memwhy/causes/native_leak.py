"""Native memory is allocated behind cgo or in a C library, and never freed.

What grows       malloc's blocks in use, counted in the process's memory; without that look layers native heap and
                 native arenas; where layers are not known, the anonymous memory outside Go.
Speaks for       Blocks that nothing points to (lost) are half of RSS or of the growth. A sampler in the process names
                 call sites whose blocks are not freed and become more in a straight line. Blocks in use rise with RSS
                 while everything that the runtime holds stays flat.
Speaks against   The program has no C heap (a static Go binary without cgo); what malloc has free grows instead, or
                 nothing native does; the growth slows down and ends (a cache, allocator warm-up).
Remedy           Free on every path: the release call that belongs to each C allocation, early returns included.
References       cmd/cgo, "C.CString … must be freed"; malloc(3); golang/go#16843.
"""

from collections.abc import Iterator

from memwhy.causes.cgo import no_c_heap, remedies, words_on_cgo
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.causes.counted import OPENED
from memwhy.causes.native_blocks import by_blocks, by_lost, longer, piles_of, straightness
from memwhy.causes.outside import outside_runtime
from memwhy.causes.stacked import by_stacks
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import GIB, MIB, human_bytes

NAME = "native-leak"


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    if no_c_heap(case):
        return Finding(
            cause=NAME,
            verdict=Verdict.REFUTED,
            probability=0.01,
            bytes=0,
            against=("the binary is static and built without cgo: there is no C heap in this process",),
        )
    looked = by_lost(case) or by_stacks(case) or by_blocks(case)
    if looked is not None:
        return looked
    native = weigh.part(case, "derived.native_bytes")
    if native is not None:
        return _by_layers(case, native)
    return _by_remainder(case)


def _by_layers(case: Case, native: weigh.Part) -> Finding:
    if not weigh.grows(case):
        verdict = Verdict.REFUTED if weigh.grows(case) is False else Verdict.CANNOT_SAY
        text = f"nothing grows: {weigh.said(native)}" if verdict is Verdict.REFUTED else weigh.said(native)
        probability = 0.02 if verdict is Verdict.REFUTED else 0.1
        return Finding(cause=NAME, verdict=verdict, probability=probability, bytes=native.at_most, against=(text,))
    anonymous = weigh.part(case, "layer.anonymous_bytes")
    if native.main:
        return _supported(case, native)
    if anonymous is not None and anonymous.main and case.facts.get("go.cgo") != "0":
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.3,
            bytes=anonymous.series.last,
            bytes_per_s=weigh.explained_per_s(anonymous),
            because=(
                "mappings outside the malloc arenas grow: malloc gives each large block (128 KiB to 32 MiB) its own",
            ),
            against=("memory mapped directly, without malloc, looks the same",),
            confirm_with=longer(case),
        )
    if native.minor:
        return Finding(
            cause=NAME,
            verdict=Verdict.REFUTED,
            probability=0.02,
            bytes=native.at_most,
            against=(
                f"the native layers explain at most {weigh.percent(native.high)} of the growth: {weigh.said(native)}",
            ),
        )
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.25,
        bytes=native.at_most,
        bytes_per_s=weigh.explained_per_s(native),
        because=(f"the native layers explain about {weigh.percent(native.mid)} of the growth: {weigh.said(native)}",),
        confirm_with=longer(case),
    )


def _supported(case: Case, native: weigh.Part) -> Finding:
    runtime = case.target.runtime
    ours = runtime in ("go", "native")
    piles = piles_of(case)
    because = [f"{weigh.percent(native.mid)} of the growth is in malloc's heap and arenas: {weigh.said(native)}"]
    held = weigh.part(case, "derived.go_held_bytes") or weigh.part(case, "derived.go_resident_bytes")
    if held is not None and held.minor:
        because.append(f"what Go itself holds does not follow: {weigh.said(held)}")
    because += words_on_cgo(case)
    against = ["from outside, memory that is freed but kept by malloc grows in the same layers"]
    if not ours:
        against.append(f"a {runtime} runtime keeps its own objects in malloc too: its numbers were not read")
    if piles:
        against.append(piles)
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED if ours and not piles else Verdict.CANNOT_SAY,
        probability=0.12 if piles else straightness(case, native.series) if ours else 0.35,
        headline="Native memory (malloc behind cgo or a C library) grows and is not freed"
        + ("; Go itself is flat." if held is not None and held.minor else "."),
        bytes=native.series.last,
        bytes_per_s=weigh.explained_per_s(native),
        because=tuple(because),
        against=tuple(against),
        remedy=remedies(case),
        confirm_with=longer(case),
    )


def _by_remainder(case: Case) -> Finding:
    """No layers: what is left when Go's own numbers are taken off."""
    whole, growing = weigh.total(case), weigh.grows(case)
    held = weigh.part(case, "derived.go_held_bytes")
    if whole is None or growing is None or held is None or case.target.runtime != "go":
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.08,
            because=(_lacking(case, held is not None, growing),),
            confirm_with="memwhy watch PID --for 5m",
        )
    if not growing:
        text = f"nothing grows: {weigh.change_said(whole)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=0, against=(text,))
    if not held.minor:
        text = f"Go's own memory may explain {weigh.percent(held.high)} of the growth: {weigh.said(held)}"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.1, against=(text,))
    named = _explained_elsewhere(case)
    if named is not None:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.04, bytes=None, against=(named,))
    return _remainder_supported(case, whole, held)


def _remainder_supported(case: Case, whole: Series, held: weigh.Part) -> Finding:
    of_process = whole.metric == "process.rss_bytes"
    course = whole.course
    assert isinstance(course, Trend)
    because = [
        f"{label(whole.metric)} grows: {weigh.change_said(whole)}, {weigh.slope_said(course)}",
        f"everything that Go holds from the OS stays: {weigh.said(held)}",
    ]
    aside = [label(name) for name in ("host.buff_cache_bytes", "host.shared_bytes") if _flat(case, name)]
    if whole.metric == "host.used_bytes" and aside:
        because.insert(
            1, f"{' and '.join(aside)} do not follow: it is anonymous or kernel memory, not page cache or tmpfs"
        )
    allocated = case.series.get("go.total_alloc_bytes")
    if allocated is not None and allocated.last > 4 * held.series.last:
        because.append(
            f"Go's heap was turned over many times ({human_bytes(allocated.last)} allocated in all): its pages are"
            " touched already, so they cannot become resident now"
        )
    because += words_on_cgo(case)
    against = ["no layers were read (smaps): direct mmap and thread stacks are not excluded"]
    probability = 0.64
    if not of_process:
        against.append("no RSS of the process was read: a neighbour or the kernel could hold it")
        probability = 0.58
    if (
        any(name.startswith("prose.") and not name.startswith("prose.suggests") for name in case.facts)
        or case.facts.get("go.cgo") == "1"
    ):
        probability += 0.08
    parts_known = "cgroup.anon_bytes" in case.series or "cgroup.file_bytes" in case.series
    cached = whole.metric == "cgroup.current_bytes" and not parts_known
    if cached:
        against.append("a cgroup's memory counts page cache too, and its memory.stat was not read")
        probability = 0.3
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if cached else Verdict.SUPPORTED,
        probability=probability,
        headline="Memory outside the Go runtime grows; Go itself is flat.",
        bytes=max(0, round(weigh.growth_bytes(case))),
        bytes_per_s=course.slope,
        because=tuple(because),
        against=tuple(against),
        remedy=remedies(case),
        confirm_with="memwhy watch PID --for 5m"
        if of_process
        else "grep -E 'VmRSS|RssAnon' /proc/PID/status   twice, ten minutes apart",
    )


def _flat(case: Case, metric: str) -> bool:
    """It was seen and does not carry the growth."""
    one = weigh.part(case, metric)
    return one is not None and one.minor


def _explained_elsewhere(case: Case) -> str | None:
    """A part of the total that is no anonymous memory of a process and takes the growth on itself."""
    for metric in (
        "process.rss_file_bytes", "process.rss_shmem_bytes", "host.shared_bytes", "derived.kernel_bytes",
        "cgroup.file_bytes", "cgroup.kernel_bytes", "cgroup.shmem_bytes", "process.children_rss_bytes",
    ):  # fmt: skip
        one = weigh.part(case, metric)
        if one is not None and one.main:
            return f"the growth is elsewhere: {weigh.said(one)}"
    return None


def _lacking(case: Case, go_known: bool, growing: bool | None) -> str:
    if growing is None:
        return "no total with enough readings: whether anything grows cannot be said"
    if not go_known:
        return (
            "neither layers (smaps) nor the runtime's own numbers were read: what is outside the runtime cannot be said"
        )
    return f"the total is {human_bytes(weigh.total(case).last)}" if weigh.total(case) else "no total was read"  # type: ignore[union-attr]


def clues(case: Case) -> Iterator[Clue]:
    """What single readings, tools, trials and words say."""
    if no_c_heap(case):
        yield from against(DECISIVE, "there is no C heap in this process")
    yield from denied(STRONG, case.facts.get("said.no_cgo"))
    yield from outside_runtime(case)
    yield from _by_tools(case)
    yield from _by_layers_now(case)
    yield from _by_heap_size(case)
    yield from _beside_java_heap(case)
    for names, weight in (
        (("malloc_trim", "arena_max"), FAIR + 0.5),
        (("other_allocator",), HINT),
        (("forced_gc",), HINT),
    ):
        trial = levels.outcome(case, *names)
        if trial is not None and trial[1] == "same":
            yield from for_(weight, f"it made no difference: {trial[2]}")
        elif trial is not None and trial[1] == "fell" and names != ("forced_gc",):
            yield from against(STRONG, f"what is lost does not come back: {trial[2]}")
        elif trial is not None and trial[1] == "fell":
            yield from against(STRONG, trial[2])
    pacing = levels.outcome(case, "gogc", "memory_limit")
    if pacing is not None and pacing[1] == "fell":
        yield from against(FAIR, f"what the collector's pacing lowers is the runtime's: {pacing[2]}")
    unreleased = case.facts.get("said.unreleased", "")
    yield from believed(HINT if OPENED.search(unreleased) else FAIR, unreleased)
    yield from believed(FAIR, levels.said(case, "grows", "native"))
    if levels.not_returned(case):  # it jumped, and did not go on
        yield from denied(FAIR, levels.said(case, "flat", "total", "rss"))
    if any(name.startswith("prose.") and not name.startswith("prose.suggests") for name in case.facts):
        yield from for_(HINT, "the page names native code", figure=False)
    for metric in ("process.shared_bytes", "process.rss_file_bytes", "process.rss_shmem_bytes"):
        other = levels.level(case, metric)
        if (levels.share(other, levels.level(case, "process.rss_bytes")) or 0) >= 0.5 and other is not None:
            yield from against(STRONG, f"most of RSS is not anonymous: {other.said}")


def _by_layers_now(case: Case) -> Iterator[Clue]:
    """malloc's heap and arenas in a listing of mappings, beside a total that rises."""
    native, rss = levels.level(case, "derived.native_bytes"), levels.resident(case)
    if native is not None and rss is not None and native.last >= 0.5 * rss.last and native.last >= 16 * MIB:
        yield from for_(STRONG if rss.rose else HINT, f"{native.said} of {rss.said}: malloc's heap")


HEAP_BYTES = 512 * MIB
"""A brk heap is never reserved ahead: malloc moves its end by 128 KiB as blocks are asked for (mallopt(3) M_TOP_PAD), so
that nearly all of its address space has been written."""


def _by_heap_size(case: Case) -> Iterator[Clue]:
    """malloc's heap in a list of mappings that gives address space alone."""
    size = int(case.facts.get("mappings.heap_virtual_bytes", "0"))
    if size >= HEAP_BYTES and levels.resident(case) is None:
        yield from for_(
            STRONG, f"malloc's heap [heap] takes {human_bytes(size)}, and it is made as blocks are asked for"
        )


def _beside_java_heap(case: Case) -> Iterator[Clue]:
    """What the JVM counts as its own (NMT), less all that its heap may take, its classes, stacks and code: malloc's."""
    counted, limit, asked = (
        levels.level(case, f"runtime.{name}_bytes") for name in ("native_committed", "heap_limit", "native_malloc")
    )
    if counted is not None and asked is not None and asked.last >= max(GIB, counted.last // 2):
        yield from for_(STRONG, f"{asked.said} of {counted.said}: its heap, its classes and its code are mapped")
        return
    if counted is None or limit is None or levels.complains_of_growth(case) is None:
        return
    known = sum(
        one.last
        for name in ("metaspace", "thread_stacks", "code", "gc")
        if (one := levels.level(case, f"runtime.{name}_bytes")) is not None
    )
    rest = counted.last - limit.last - known
    if rest >= max(GIB, counted.last // 2):
        text = (
            f"{counted.said}, of which the heap may be {human_bytes(limit.last)}: {human_bytes(rest)} more are in use"
        )
        yield from for_(STRONG, text)


def _by_tools(case: Case) -> Iterator[Clue]:
    """Leak checkers and allocators' own statistics."""
    rss = levels.resident(case)
    lost = levels.level(case, "tool.definitely_lost_bytes")
    if lost is not None:
        matters = lost.last >= MIB or (levels.share(lost, rss) or 0) >= 0.1
        yield from for_(DECISIVE if lost.last >= 16 * MIB else STRONG, lost.said) if matters else for_(HINT, lost.said)
    left = levels.level(case, "tool.outstanding_bytes")
    if left is not None and (left.last >= 32 * MIB or (levels.share(left, rss) or 0) >= 0.3):
        yield from for_(STRONG, left.said)
    named = [seen.profile for seen in case.profiles if seen.profile.kind == "native_inuse"]
    if named:
        much = max(profile.total for profile in named) >= MIB
        yield from for_(STRONG if much else FAIR, "a native tool names who allocated what is outstanding")
        if much:
            yield from believed(FAIR, levels.said(case, "grows", "total", "rss", "native"))
    used = levels.level(case, "malloc.in_use_bytes")
    part = levels.share(used, rss)
    if used is not None and used.rose:
        yield from for_(STRONG, f"blocks in use rose: {used.said}")
    elif used is not None and part is not None and part >= 0.5:
        yield from for_(FAIR, f"{used.said} of {rss.said}" if rss else None)
    elif used is not None and part is not None and part < 0.3:
        yield from against(FAIR, f"{used.said} of {rss.said}" if rss else None)
