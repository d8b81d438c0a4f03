"""OS threads are started and never end; each has a stack, and often a malloc arena.

What grows       The number of threads, and layer thread stacks (resident) with the address space (8 MiB each).
Speaks for       The count rises with the memory; goroutines that rise as fast have a thread each, and these are the root.
Speaks against   The thread count is flat; goroutines rise far faster, and Go's own memory takes the growth.
Remedy           In Go: bound the concurrent blocking C calls and LockOSThread uses; elsewhere join threads or bound the pool.
References       pthread_create(3) NOTES; proc_pid_status(5) "Threads"; runtime/debug.SetMaxThreads.
"""

from collections.abc import Iterator

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict

NAME = "thread-leak"


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    threads = counted.threads(case)
    stacks = weigh.part(case, "layer.thread_stacks_bytes")
    if threads is None:
        return counted.uncounted(
            case, NAME, "the thread count was not read", "grep Threads /proc/PID/status   twice, some minutes apart"
        )
    bound = stacks.at_most if stacks is not None else None
    if not counted.rising(threads):
        return counted.still(NAME, threads, "threads", bound)
    return _rising(case, threads, stacks)


def _rising(case: Case, threads: Series, stacks: weigh.Part | None) -> Finding:
    growing = weigh.grows(case)
    because = [counted.told(threads, "threads")]
    if stacks is not None:
        cost = counted.each_bytes(threads, max(0, stacks.change))
        because.append(weigh.said(stacks) + (f" ({cost} new thread)" if cost else ""))
    second = counted.beside(case, threads) or _few_beside_goroutines(case)
    # a thread touches little of its stack: its arena, TLS and what it holds grow beside it
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if second else Verdict.SUPPORTED,
        probability=0.1 if second else 0.8 if growing and counted.piled(threads) else 0.6,
        headline="Threads pile up, each with a stack of its own.",
        bytes=stacks.series.last if stacks is not None else None,
        bytes_per_s=weigh.explained_per_s(stacks) if stacks is not None and growing else None,
        because=tuple(because),
        against=(second,) if second else (),
        remedy=(
            "Go: bound concurrent blocking C calls and file I/O with a semaphore; end goroutines that called runtime.LockOSThread",
            "elsewhere: join threads, or bound the pool",
        ),
        confirm_with="curl -s 'http://HOST/debug/pprof/threadcreate?debug=1'   (or: grep Threads /proc/PID/status)",
    )


def _few_beside_goroutines(case: Case) -> str | None:
    """Most of the new goroutines have no thread, and Go's own memory takes the growth: it is theirs."""
    goroutines, go = counted.count(case, "go.goroutines_count"), weigh.part(case, "layer.go_heap_bytes")
    if goroutines is None or go is None or not go.main or not counted.root(case, goroutines.metric):
        return None
    if counted.with_threads(case):
        return None
    return f"goroutines rise faster, and most have no thread of their own: {weigh.change_said(goroutines)}"


LEFT_OVER = 4
"""Threads for each goroutine: a thread of Go's runs one, and some five threads of its own run none."""
MANY, VERY_MANY = 400, 2_000
"""Threads: pools have tens, big application servers some hundreds."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    count = levels.level(case, "process.threads_count", "go.os_threads_count")
    settled = levels.settled(case, "process.threads_count")
    if settled:
        yield from against(STRONG, settled)
    elif count is not None:
        if count.rose and count.last >= 2 * count.first:
            piled = count.last >= 200 or (count.last >= 64 and count.last >= 10 * count.first)
            yield from for_(DECISIVE if piled else STRONG, count.said)
        elif count.flat:
            yield from against(STRONG, count.said)
        elif count.last >= VERY_MANY:
            yield from for_(DECISIVE, count.said)
        elif count.last >= MANY:
            yield from for_(STRONG, count.said)
        elif count.last < 100:
            yield from against(STRONG, f"{count.said}: few")
        else:
            yield from _left_over(case, count)
    yield from for_(DECISIVE, case.facts.get("threads.exhausted"))
    yield from believed(STRONG, levels.said(case, "grows", "threads"))
    yield from denied(STRONG, levels.said(case, "flat", "threads"))


def _left_over(case: Case, count: levels.Level) -> Iterator[Clue]:
    """Threads of a Go program beyond all that its goroutines can use: Go's are never ended once a burst of blocking calls
    is over (golang/go#14592), and C code's are its own to end."""
    goroutines = levels.level(case, "go.goroutines_count")
    if goroutines is not None and goroutines.most and count.last >= LEFT_OVER * goroutines.most:
        yield from for_(STRONG, f"{count.said}, but {goroutines.said}: most of the threads run nothing")
