"""Address space, not memory: reserved and never touched.

What grows       VmSize (VIRT); RSS does not.
Speaks for       Address space is large or rises while RSS is flat.
Speaks against   RSS rises.
Remedy           None: look at RSS. Go, glibc arenas and sanitizers reserve address space generously.
References       proc_pid_status(5) VmSize; go.dev/doc/faq "Why does my Go process use so much virtual memory?"
"""

from collections.abc import Iterator

from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB, human_bytes

NAME = "virtual-only"
TEBIBYTE = 1 << 40
LARGE_BYTES = 64 << 30
HUGE = 50
"""Address space that is so many times what is resident is what somebody stumbles over: sanitizers and JITs reserve it."""
STARTLING = 16 << 30
"""Less is what any daemon with some threads reserves, and by itself no complaint."""
LEAST_BYTES = 64 * MIB
"""glibc reserves so much at once for a single arena, and a Go heap arena is as large (malloc/arena.c HEAP_MAX_SIZE;
runtime/malloc.go heapArenaBytes): less is no course."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    virtual, resident = case.series.get("process.virtual_bytes"), case.series.get("process.rss_bytes")
    growing = weigh.grows(case)
    if resident is None:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY
            if growing is not True or case.total == "process.virtual_bytes"
            else Verdict.REFUTED,
            probability=0.2 if case.total == "process.virtual_bytes" else 0.02,
            because=("only address space was read: what is resident cannot be said",)
            if case.total == "process.virtual_bytes"
            else ("what was read is memory, not address space",),
            confirm_with="grep -E 'VmSize|VmRSS' /proc/PID/status",
        )
    if growing:
        text = f"resident memory grows: {weigh.change_said(resident)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=(text,))
    if virtual is not None and address_space_grows(case) is not None and _untouched(case, virtual, growing):
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.85,
            headline="Only address space grows; resident memory does not.",
            bytes=0,
            because=(f"address space: {weigh.change_said(virtual)}", f"RSS: {weigh.change_said(resident)}"),
            remedy=("nothing to free: watch RSS instead of VIRT",),
        )
    text = f"RSS: {weigh.change_said(resident)}"
    if virtual is not None:
        text += f"; address space {human_bytes(virtual.last)}, not growing"
    verdict = Verdict.REFUTED if growing is False else Verdict.CANNOT_SAY
    return Finding(cause=NAME, verdict=verdict, probability=0.02, bytes=0, against=(text,))


def _untouched(case: Case, virtual: Series, growing: bool | None) -> bool:
    """RSS does not grow; or so little that warm-up may be all of it, and a hundredth of the address space at most: what is
    reserved costs page tables and kernel's notes of mappings, a page is resident once it is touched (mmap(2))."""
    whole = weigh.total(case)
    if growing is not None or whole is None or not weigh.slight(whole, weigh.left_by_us(case)):
        return growing is False
    return 100 * (whole.most - whole.least) <= virtual.last - virtual.first


def address_space_grows(case: Case) -> Series | None:
    """The address space, when its growth goes on and is more than one reservation."""
    virtual = case.series.get("process.virtual_bytes")
    if virtual is None or not virtual.growing or virtual.last - virtual.first <= LEAST_BYTES:
        return None
    return virtual


def _wondered_at(case: Case) -> bool:
    """Somebody says something of memory. Daemons reserve some GiB as a rule, and a list of them asks nothing."""
    return any(name.startswith(("said.", "trial.")) and name not in _PLAIN for name in case.facts)


_PLAIN = ("said.runtime", "said.libc", "said.platform", "said.no_cgo", "said.held", "said.idle")
"""What is said of any program."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    virtual, rss = levels.level(case, "process.virtual_bytes"), levels.resident(case)
    named = case.facts.get("said.virtual") or levels.said(case, "grows", "virtual")
    if virtual is not None and rss is None and not levels.said(case, "grows", "rss", "total"):
        # what rises may well be touched too: RSS would tell
        yield from for_(HINT if virtual.rose else STRONG, f"the only figure is address space: {virtual.said}")
    if virtual is not None and rss is not None and rss.last * 4 <= virtual.last:
        weight = STRONG if (named or virtual.rose) and not rss.rose else HINT
        yield from for_(weight, f"{virtual.said}, but {rss.said}")
    if "process.shared_bytes" not in case.series:  # else a tool's own row gave what is resident
        yield from _taken_for_memory(virtual, rss)
    yield from _never_touched(case, rss)
    huge = virtual is not None and rss is not None and virtual.last >= HUGE * rss.last
    if huge and virtual is not None and rss is not None:
        weight = (
            DECISIVE
            if virtual.last >= TEBIBYTE
            else STRONG
            if virtual.last >= STARTLING or _wondered_at(case)
            else FAIR
        )
        yield from for_(weight, f"{virtual.said} is {virtual.last // max(1, rss.last)} times what is resident")
    elif virtual is not None and rss is not None and virtual.last >= max(LARGE_BYTES, 16 * rss.last) and not rss.rose:
        yield from for_(STRONG, f"{virtual.said}, of which resident: {rss.said}")
    size = levels.level(case, "host.total_bytes")
    if virtual is not None and size is not None and virtual.last > 2 * size.last:
        yield from for_(STRONG, f"{virtual.said} on a machine of {human_bytes(size.last)}: it cannot all be memory")
    if rss is not None and rss.rose and not huge:
        yield from against(STRONG, f"resident memory rose: {rss.said}")
    if rss is None or not rss.rose:
        yield from believed(STRONG if named and virtual is None else FAIR, named)
    elif rss.flat:
        yield from for_(FAIR, f"resident memory stays: {rss.said}")
    if not huge:
        yield from denied(STRONG, case.facts.get("said.oom"))
    yield from denied(FAIR, levels.said(case, "grows", "rss"))
    if rss is None:  # address space alone takes nothing from the host
        yield from denied(STRONG, levels.said(case, "grows", "host"))


def _taken_for_memory(virtual: levels.Level | None, rss: levels.Level | None) -> Iterator[Clue]:
    """What is complained about in round figures is what a tool shows as address space."""
    if virtual is None or rss is None or rss.n > 1 or rss.quantum * 16 < rss.last:
        return
    if 0.75 * virtual.last <= rss.last <= 1.1 * virtual.last:
        yield from for_(STRONG, f"the figure in question is {virtual.said}")


def _never_touched(case: Case, rss: levels.Level | None) -> Iterator[Clue]:
    """Buffers that the runtime counts by their length are many times what is resident: their pages were never written."""
    buffers = levels.level(case, "runtime.array_buffers_bytes", "runtime.external_bytes")
    if buffers is None or rss is None or rss.rose or buffers.last < 4 * rss.last or buffers.last < 256 * MIB:
        return
    swapped = levels.level(case, "process.swap_bytes", "host.swap_used_bytes")
    if swapped is None or swapped.last < 0.5 * buffers.last:
        yield from for_(DECISIVE, f"{buffers.said}, of which resident: {rss.said}")
