"""Made-up processes, each with one known cause, and the ways in which part of the evidence may be lacking."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from build_case import CGO, SECONDS, STATIC, flat, line, sawtooth, step, warmup, watched

from memwhy.causes import judge_all
from memwhy.conclude.report import verdict_of
from memwhy.model.case import Case
from memwhy.model.report import Conclusion, Finding
from memwhy.model.units import KIB, MIB

PACE = 0.75 * MIB

HEAP = {
    "layer.go_heap_bytes": PACE,
    "go.sys_bytes": PACE,
    "go.heap_sys_bytes": PACE,
    "go.heap_inuse_bytes": 0.97 * PACE,
    "go.heap_alloc_bytes": 0.93 * PACE,
}
"""The Go heap's own figures as its pages grow; whether the live heap grows too is NextGC's to say."""

SCENARIOS: dict[str, tuple[str, dict[str, Any]]] = {
    "cgo leak in arenas": ("native-leak", {"grows": {"layer.native_arenas_bytes": PACE}}),
    "cgo leak in the brk heap": ("native-leak", {"grows": {"layer.native_heap_bytes": PACE}}),
    "C program that leaks": ("native-leak", {"grows": {"layer.native_heap_bytes": PACE}, "runtime": "native"}),
    "cgo leak beside a few more connections": (
        "native-leak",
        {"grows": {"layer.native_arenas_bytes": PACE, "process.descriptors_count": 0.1, "process.sockets_count": 0.1}},
    ),
    "C leak beside a few more threads": (
        "native-leak",
        {"grows": {"layer.native_heap_bytes": PACE, "process.threads_count": 0.1}, "runtime": "native"},
    ),
    "mmap without a C heap": ("mmap-leak", {"grows": {"layer.anonymous_bytes": PACE}, "facts": STATIC}),
    "mmap beside a C heap": ("mmap-leak", {"grows": {"layer.anonymous_bytes": PACE}}),
    "map that only grows": ("heap-leak", {"grows": {**HEAP, "go.next_gc_bytes": 1.8 * PACE}}),
    "map that only grows beside a few more connections": (
        "heap-leak",
        {"grows": {**HEAP, "go.next_gc_bytes": 1.8 * PACE, "process.descriptors_count": 0.1}},
    ),
    "map that only grows beside a few more threads": (
        "heap-leak",
        {"grows": {**HEAP, "go.next_gc_bytes": 1.8 * PACE, "process.threads_count": 0.1}},
    ),
    "map that only grows beside a few more goroutines": (
        "heap-leak",
        {"grows": {**HEAP, "go.next_gc_bytes": 1.8 * PACE, "go.goroutines_count": 0.1}},
    ),
    "idle heap that stays": ("heap-retained", {"grows": {**HEAP, "go.heap_inuse_bytes": 0.0, "go.heap_alloc_bytes": 0.0, "go.heap_idle_bytes": PACE}}),
    "heap that rises to a far collection": ("gc-headroom", {"grows": HEAP, "given": {"go.next_gc_bytes": flat(90 * MIB, noise=9 * KIB)},
                         "facts": {**CGO, "env.GOGC": "800"}}),
    "goroutines that wait for ever": (
        "goroutine-leak",
        {"grows": {**HEAP, "go.next_gc_bytes": PACE, "go.stack_inuse_bytes": 0.4 * PACE, "go.goroutines_count": 60}},
    ),
    "threads with arenas": (
        "thread-leak",
        {"grows": {"layer.thread_stacks_bytes": 60 * KIB, "layer.native_arenas_bytes": 200 * KIB,
                   "process.threads_count": 3, "process.virtual_bytes": 216 * MIB}},
    ),
    "bodies that are not closed": (
        "descriptor-leak",
        {"grows": {"layer.go_heap_bytes": 0.3 * PACE, "go.sys_bytes": 0.3 * PACE, "go.heap_inuse_bytes": 0.2 * PACE,
                   "go.next_gc_bytes": 0.4 * PACE, "go.stack_inuse_bytes": 0.1 * PACE, "go.goroutines_count": 10,
                   "process.descriptors_count": 5, "process.sockets_count": 5}},
    ),
    "files that are not closed, at no cost in memory": (
        "descriptor-leak",
        {"grows": {"process.descriptors_count": 2}},
    ),
    "mapped file read through": ("file-cache", {"grows": {"layer.file_mapped_bytes": PACE}}),
    "segments that stay mapped": ("shared-memory", {"grows": {"layer.shared_memory_bytes": PACE}}),
    "child that grows": ("other-process", {"grows": {"process.children_rss_bytes": PACE}}),
    "address space that grows": ("virtual-only", {"grows": {"process.virtual_bytes": 10 * MIB}}),
    "nothing": ("steady", {}),
    "nothing but one thread's address space": ("steady", {"given": {"process.virtual_bytes": step(1600 * MIB, 1608 * MIB, noise=1)}}),
    "collector's saw": ("steady", {"given": {"layer.go_heap_bytes": sawtooth(24 * MIB, 44 * MIB, teeth=9.3), "go.gc_count": line(12, 9.3 / SECONDS)}}),
    "cache that is full": ("steady", {"seconds": 16 * SECONDS, "given": {"layer.native_arenas_bytes": warmup(12 * MIB, 90 * MIB, settled=0.12, seconds=16 * SECONDS)}}),
    "one burst": ("steady", {"given": {"layer.native_arenas_bytes": step(12 * MIB, 90 * MIB, at=0.4, noise=KIB)}}),
}  # fmt: skip

OF_SOURCE: Mapping[str, tuple[str, ...]] = {
    "smaps": ("layer.", "derived.native", "derived.go_resident"),
    "fd": ("process.descriptors", "process.sockets"),
    "children": ("process.children",),
    "cgroup": ("cgroup.",),
    "meminfo": ("host.", "derived.kernel"),
    "MemStats": ("go.sys", "go.heap", "go.stack", "go.next", "go.gc", "derived.go_held", "derived.go_retained",
                 "derived.go_live", "derived.outside_go"),
    "goroutine profile": ("go.goroutines",),
    "binary": (),
}  # fmt: skip
"""Prefixes of the metrics that are lost with a source. "binary" gives facts alone."""


@cache
def scene(name: str) -> Case:
    """The case of a scenario, with all evidence."""
    return watched(**SCENARIOS[name][1])


@cache
def scene_without(name: str, source: str) -> Case:
    """The same case as if that source had not been read."""
    how = dict(SCENARIOS[name][1])
    if source == "binary" and how.get("runtime", "go") == "go":
        how["facts"] = {"go.seen": "1"}
    return watched(**how, without=OF_SOURCE[source])


def judged(case: Case) -> dict[str, Finding]:
    """Findings by cause."""
    return {finding.cause: finding for finding in judge_all(case)}


def verdict(case: Case) -> Conclusion:
    """The conclusion that a report would show."""
    return verdict_of(judge_all(case))
