"""Threads by the goroutines that keep them and by what the kernel says they wait in."""

import pytest
from build_case import line
from build_profiles import of, seen

from memwhy.attribution.threads import thread_groups
from memwhy.model.units import KIB

IN_C = ("runtime.cgocall", "main._Cfunc_call_library", "main.callLocked", "main.serve")
LOCKED = ("futex_do_wait", "futex", "worker")
SERIES = {
    "process.threads_count": line(10, 2.0),
    "layer.thread_stacks_bytes": line(0, 2 * 128 * KIB),
}


def test_goroutines_in_c_that_came_with_the_threads_are_named_with_what_the_threads_wait_in() -> None:
    kept = [seen("goroutine", 10.0 * i, {IN_C: 3 + 20 * i, ("main.idle",): 7}) for i in range(5)]
    waits = [seen("threads", 10.0 * i, {LOCKED: 5 + 20 * i, ("ep_poll", "epoll_wait", "worker"): 1}) for i in range(5)]
    (holder,) = thread_groups(of(*kept, *waits, **{"series": SERIES}))
    assert (holder.function, holder.layer, holder.method) == ("main.callLocked", "layer.thread_stacks_bytes", "threads")
    assert (holder.count, holder.bytes) == (80, 80 * 128 * KIB)
    assert holder.count_per_s == pytest.approx(2.0, rel=0.02)
    assert holder.note == (
        "83 goroutines in C, in call_library keep a thread each; 85 threads named worker wait in futex (futex_do_wait): a lock, a "
        "condition variable, a semaphore, or a thread with nothing to do; 128.0 KiB of stack for each new thread"
    )


def test_goroutines_in_c_that_came_at_another_pace_do_not_stand_for_the_threads() -> None:
    kept = [seen("goroutine", 10.0 * i, {IN_C: 3 + 2 * i}) for i in range(5)]
    waits = [seen("threads", 10.0 * i, {LOCKED: 5 + 20 * i}) for i in range(5)]
    (holder,) = thread_groups(of(*kept, *waits))
    assert (holder.function, holder.count, holder.stack, holder.share) == ("in futex", 80, (), 1.0)
    assert holder.note.endswith("; goroutines came too, at another pace: +8 in main.callLocked")


def test_two_groups_that_make_up_the_threads_together_are_both_named() -> None:
    other = ("main._Cfunc_other", "main.other", "main.serve")
    kept = [seen("goroutine", 10.0 * i, {IN_C: 3 + 15 * i, other: 1 + 5 * i}) for i in range(5)]
    waits = [seen("threads", 10.0 * i, {LOCKED: 5 + 20 * i}) for i in range(5)]
    found = thread_groups(of(*kept, *waits))
    assert [(one.function, one.count, one.share) for one in found] == [
        ("main.callLocked", 60, 0.75),
        ("main.other", 20, 0.25),
    ]


def test_where_no_thread_is_told_goroutines_alone_tell() -> None:
    (holder,) = thread_groups(of(*(seen("goroutine", 10.0 * i, {IN_C: 3 + 20 * i}) for i in range(5))))
    assert (holder.function, holder.count) == ("main.callLocked", 80)


def test_without_goroutines_threads_are_told_by_what_they_wait_in() -> None:
    waits = [seen("threads", 10.0 * i, {("-", "read", "reader-#"): 1 + 9 * i}) for i in range(5)]
    (holder,) = thread_groups(of(*waits))
    assert (holder.function, holder.count, holder.bytes, holder.low_bytes) == ("in read", 36, 0, None)
    assert holder.note.startswith("37 threads named reader-# wait in read: reading from what gives nothing")


def test_goroutines_that_wait_in_go_keep_no_thread() -> None:
    waits = [seen("goroutine", 10.0 * i, {("runtime.gopark", "main.wait"): 1 + 20 * i}) for i in range(5)]
    assert thread_groups(of(*waits)) == ()
