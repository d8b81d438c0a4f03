"""Threads that become more: which code keeps them, as far as goroutines tell, and what they wait in, as the kernel tells it.

A goroutine inside a system call or a call of C keeps its thread; so does one that is locked to it. Groups of those that came
at the threads' own pace are named, beside what the kernel says of as many threads; where none did, what the threads wait in.
"""

from collections.abc import Sequence
from dataclasses import replace

from memwhy.attribution.frames import own_frame
from memwhy.attribution.goroutines import FEW, Group, alike, counted, groups
from memwhy.attribution.heap import LEAST_SHARE, MOST_HOLDERS, Sites
from memwhy.attribution.states import Frames, Site, count_states
from memwhy.model.case import Case, Series
from memwhy.model.cgonames import c_function
from memwhy.model.report import Holder
from memwhy.model.units import human_bytes
from memwhy.trend.profiles import Growth, grow

LAYER = "layer.thread_stacks_bytes"
_IN_CALLS = ("syscall.", "golang.org/x/sys/unix.")
_MEANS = {
    "futex": "a lock, a condition variable, a semaphore, or a thread with nothing to do",
    "read": "reading from what gives nothing: a pipe, a terminal, a socket in blocking mode",
    "write": "writing into what nobody reads",
    "recvfrom": "a blocking socket from which nothing comes",
    "recvmsg": "a blocking socket from which nothing comes",
    "connect": "a connection that is not answered",
    "accept": "waiting for connections",
    "accept4": "waiting for connections",
    "poll": "waiting for descriptors",
    "ppoll": "waiting for descriptors",
    "epoll_wait": "an event loop",
    "epoll_pwait": "an event loop",
    "nanosleep": "asleep",
    "clock_nanosleep": "asleep",
    "flock": "a lock on a file",
    "fcntl": "a lock on a file",
    "fsync": "the disk",
    "openat": "opening what does not open: a FIFO without a writer, a mount that does not answer",
    "wait4": "a child that does not end",
    "waitid": "a child that does not end",
}


def thread_groups(case: Case) -> tuple[Holder, ...]:
    """Who keeps threads, and in what they wait; nothing where neither is told to grow."""
    sites = Sites(case)
    each = stack_bytes_each(case)
    waiting = [(site, one) for site, one in _blocked(case) if one.change > 0]
    whole = sum(one.change for _, one in waiting)
    keeping = [group for group in groups(case) if group.growth.grows and _keeps_a_thread(group)]
    main = [(site, one) for site, one in waiting if one.change >= LEAST_SHARE * whole]
    paced = _at_their_pace(keeping, [one for _, one in waiting])
    if not paced:
        others = [f"goroutines came too, at another pace: {_number(group)}" for group in keeping[:FEW]]
        return tuple(_waiting_holder(site, one, one.change / whole, each, others) for site, one in main[:MOST_HOLDERS])
    kept = sum(group.growth.change for group in paced)
    beside = [_said(site, one) for site, one in main if one.grows or len(main) == 1]
    return tuple(
        _keeping_holder(group, group.growth.change / kept, each, beside, sites) for group in paced[:MOST_HOLDERS]
    )


def _at_their_pace(keeping: list[Group], threads: list[Growth]) -> list[Group]:
    """Those that came as fast as threads of one kind, or all of them where they did so together; all where no thread is told."""
    if not threads or not keeping:
        return keeping
    each = [group for group in keeping if any(alike(group.growth, one) for one in threads)]
    return each or (keeping if alike(_together([group.growth for group in keeping]), _together(threads)) else [])


def _together(growths: Sequence[Growth]) -> Growth:
    return replace(growths[0], change=sum(one.change for one in growths), per=sum(one.per for one in growths))


def _number(group: Group) -> str:
    """`+9 in main.callLocked`."""
    return f"{group.growth.change:+,} in {_caller(group.stack)}"


def _blocked(case: Case) -> list[tuple[Site, Growth]]:
    seen = count_states(case.profiles, "threads")
    if seen is None:
        return []
    growths = grow(
        seen.states(lambda frames: ("\n".join(frames[:2]), frames[2] if len(frames) > 2 else "")), per=seen.per
    )
    return sorted(growths.items(), key=lambda item: (not item[1].grows, -item[1].change, item[0]))


def _keeps_a_thread(group: Group) -> bool:
    """It is inside C or a system call, as its stack or its state says."""
    state = group.waiting.state if group.waiting is not None else ""
    return (
        any(c_function(frame) for frame in group.stack[:3])
        or group.stack[0].startswith(_IN_CALLS)
        or state.startswith("syscall")
    )


def stack_bytes_each(case: Case) -> float:
    """Resident stack of a thread, by the growth of the layer and of the count; 0 where either is not known to grow."""
    stacks, count = case.series.get(LAYER), _count(case)
    if stacks is None or count is None or count.last <= count.first:
        return 0.0
    return max(0.0, (stacks.last - stacks.first) / (count.last - count.first))


def _count(case: Case) -> Series | None:
    return case.series.get("process.threads_count") or case.series.get("go.os_threads_count")


def _keeping_holder(group: Group, share: float, each: float, beside: list[str], sites: Sites) -> Holder:
    growth, function = group.growth, _caller(group.stack)
    called = next(filter(None, map(c_function, group.stack)), "")
    inside = f"in C, in {called}" if called else f"in {own_frame(group.stack)}"
    note = [f"{growth.last:,} goroutines {inside} keep a thread each"]
    if group.waiting is not None and group.waiting.created_by:
        note.append(f"started by {group.waiting.created_by}")
    note += beside
    if each:
        note.append(f"{human_bytes(each)} of stack for each new thread")
    return _holder(
        function, sites.module(function), growth, share, each, group.stack, sites.versions(group.stack), note
    )


def _caller(stack: Frames) -> str:
    """The function that called into C or the system."""
    outside = (frame for frame in stack if not c_function(frame) and not frame.startswith(_IN_CALLS))
    return own_frame(tuple(outside) or stack)


def _waiting_holder(site: Site, one: Growth, share: float, each: float, others: list[str]) -> Holder:
    where, _, call = site[0].partition("\n")
    function = f"in {call}" if call else f"in {where}" if where != "-" else "not told in what"
    note = [_said(site, one), *others]
    if each:
        note.append(f"{human_bytes(each)} of stack for each new thread")
    return _holder(function, None, one, share, each, (), (), note)


def _holder(
    function: str,
    module: str | None,
    growth: Growth,
    share: float,
    each: float,
    stack: Frames,
    modules: tuple[str, ...],
    note: list[str],
) -> Holder:
    holder = Holder(
        layer=LAYER,
        function=function,
        module=module,
        bytes=round(growth.change * each),
        share=round(share, 4),
        stack=stack,
        method="threads",
        modules=modules,
        note="; ".join(note),
    )
    return counted(holder, growth, each)


def _said(site: Site, one: Growth) -> str:
    """`269 threads named thread-pile wait in futex (futex_do_wait): a lock, …`."""
    where, _, call = site[0].partition("\n")
    if call == "running":
        return f"{one.last:,} threads named {site[1]} run"
    place = f"{call} ({where})" if call and where != "-" else call or where.replace("-", "what may not be read")
    means = f": {_MEANS[call]}" if call in _MEANS else ""
    return f"{one.last:,} threads named {site[1]} wait in {place}{means}"
