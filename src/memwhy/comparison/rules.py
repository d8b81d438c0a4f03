"""The rules: which parts of memory a kind of difference can touch, why, by what source, and the one thing to change.

A difference explains at most what the heavier side has more in the parts that it touches: another malloc cannot explain a
larger Go heap. `caps` (memwhy.comparison.caps) bound it further where more was measured.
"""

from dataclasses import dataclass
from typing import Literal

Part = Literal["native", "kept", "go", "go_heap", "stacks", "files", "huge", "lazy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """parts: that it can touch; parts_less: where the heavier side has the value that makes it hold less (`directions`);
    parts_sized: where a runtime sizes its heap by the cgroup's limit.
    anything: it may touch all, and so bounds nothing. cap: the name of a bound by what else was measured. confirm: what to
    change, alone, to see.
    """

    why: str
    parts: tuple[Part, ...] = ()
    parts_less: tuple[Part, ...] = ()
    parts_sized: tuple[Part, ...] = ()
    anything: bool = False
    cap: str = ""
    source: str = ""
    confirm: str = ""


RULES: dict[str, Rule] = {
    "cgo": Rule(
        why="C code and its malloc are there with cgo only; without it Go code of the same packages does the work on the Go heap",
        parts=("native", "stacks", "files"),
        parts_less=("go",),
        source="cmd/cgo; package documentation of net, os/user and of libraries with a pure Go variant",
        confirm="build both with the same CGO_ENABLED and run one of them on the other's host",
    ),
    "libraries.one": Rule(
        why="what a library allocates, and its own pages, are there with the library only",
        parts=("native", "files"),
        cap="library_sites",
        source="proc_pid_maps(5)",
        confirm="memwhy watch PID --native on the side that has them: which library's calls are not freed",
    ),
    "libraries.version": Rule(
        why="another version of a library may allocate more, or leak",
        parts=("native", "files"),
        cap="library_sites",
        source="the libraries' build ids and file names",
        confirm="run the heavier one with the other's libraries (LD_LIBRARY_PATH, or the other's container image)",
    ),
    "sanitizer": Rule(
        why="a sanitizer keeps shadow memory beside every byte: five to ten times the memory",
        parts=("native", "go"),
        source="go.dev/doc/articles/race_detector",
        confirm="build the heavier one without it",
    ),
    "libc": Rule(
        why="a malloc decides what it keeps of freed memory and how it rounds; what is in use is the program's",
        parts=("native",),
        cap="kept_and_rounding",
        source="mallopt(3); malloc/malloc.c of glibc; src/malloc of musl",
        confirm="run the heavier one in the other's container image",
    ),
    "allocator": Rule(
        why="a malloc decides what it keeps of freed memory and how it rounds; what is in use is the program's",
        parts=("native",),
        cap="kept_and_rounding",
        source="mallopt(3); jemalloc(3)",
        confirm="run both with the same allocator (LD_PRELOAD)",
    ),
    "preload": Rule(
        why="a preloaded library may stand before malloc and before any other call",
        parts=("native",),
        source="ld.so(8)",
        confirm="run the heavier one without it",
    ),
    "arenas": Rule(
        why="each arena keeps its own freed memory, and 64 MiB of address space at a time",
        parts=("kept",),
        cap="arenas",
        source="malloc/arena.c: arena_get2, NARENAS_FROM_NCORES; mallopt(3), M_ARENA_MAX",
        confirm="run the heavier one with MALLOC_ARENA_MAX at the other's bound",
    ),
    "malloc": Rule(
        why="malloc's settings decide what it keeps of freed memory, and what gets a mapping of its own",
        parts=("native",),
        cap="kept",
        source="mallopt(3)",
        confirm="run the heavier one with the other's setting",
    ),
    "tunables": Rule(
        why="tunables of malloc decide what it keeps of freed memory, and whether it uses huge pages",
        parts=("native",),
        cap="kept",
        source="the GNU C Library manual, Memory Allocation Tunables",
        confirm="run the heavier one with the other's GLIBC_TUNABLES",
    ),
    "thp": Rule(
        why="a huge page is resident as a whole when one byte of its 2 MiB is touched",
        parts=("huge",),
        source="Documentation/admin-guide/mm/transhuge.rst",
        confirm="run the heavier one under prctl(PR_SET_THP_DISABLE), or with the other's setting",
    ),
    "go": Rule(
        why="another version of Go has another collector, scavenger and standard library",
        parts=("go", "stacks"),
        source="go.dev/doc/devel/release",
        confirm="build both with one version of Go",
    ),
    "gomaxprocs": Rule(
        why="each P has caches of spans, of work for the collector and of sync.Pool's objects; threads follow",
        parts=("go", "stacks"),
        source="runtime/mcache.go, runtime/proc.go, sync/pool.go",
        confirm="run the heavier one with the other's GOMAXPROCS",
    ),
    "gogc": Rule(
        why="GOGC decides how much garbage may stand beside what lives",
        parts=("go_heap",),
        cap="garbage",
        source="runtime/mgcpacer.go; go.dev/doc/gc-guide",
        confirm="run the heavier one with the other's GOGC",
    ),
    "gomemlimit": Rule(
        why="under a memory limit the collector and the scavenger work earlier; what lives stays",
        parts=("go_heap",),
        cap="garbage",
        source="go.dev/doc/gc-guide; runtime/debug.SetMemoryLimit",
        confirm="run the heavier one with the other's GOMEMLIMIT",
    ),
    "godebug.madvdontneed": Rule(
        why="with madvdontneed=0 what Go has released stays resident until the kernel wants it",
        parts=("lazy",),
        source="runtime/extern.go: madvdontneed; madvise(2), MADV_FREE",
        confirm="run both with GODEBUG=madvdontneed=1",
    ),
    "godebug.disablethp": Rule(
        why="with disablethp=1 Go's heap is not put on huge pages",
        parts=("huge",),
        source="runtime/extern.go: disablethp",
        confirm="run both with the same GODEBUG=disablethp",
    ),
    "godebug.asynctimerchan": Rule(
        why="with asynctimerchan=1, as before Go 1.23, timers and tickers that are not stopped are not collected",
        parts=("go_heap",),
        source="go.dev/doc/go1.23, Timer changes; go.mod's go line decides the default",
        confirm="run the heavier one, built with Go 1.23 or newer, with GODEBUG=asynctimerchan=0",
    ),
    "modules.version": Rule(
        why="another version of a module may keep more",
        parts=("go", "native"),
        cap="module_sites",
        source="the build info of both",
        confirm="build the heavier one with the other's go.sum",
    ),
    "modules.one": Rule(
        why="what a module keeps is there with the module only",
        parts=("go", "native"),
        cap="module_sites",
        source="the build info of both",
        confirm="memwhy explain each: which functions hold the memory",
    ),
    "static": Rule(
        why="a static program maps no libraries: their pages are part of the program",
        parts=("files",),
        source="elf(5), ld.so(8)",
        confirm="build both alike",
    ),
    "cgroup_limit": Rule(
        why="near its limit a cgroup gives up file pages first; some runtimes size their heap by it, Go and malloc do not",
        parts=("files",),
        parts_sized=("native", "go", "files"),
        cap="limit",
        source="Documentation/admin-guide/cgroup-v2.rst; java(1), -XX:+UseContainerSupport",
        confirm="run both under one limit",
    ),
    "stack_limit": Rule(
        why="the soft limit is the size of a new thread's stack; only what is touched of it is resident",
        parts=("stacks",),
        source="pthread_create(3), getrlimit(2)",
        confirm="ulimit -s as on the other side",
    ),
    "program": Rule(why="another program may do anything", anything=True),
    "runtime": Rule(why="another runtime holds its memory in another way", anything=True),
    "build": Rule(
        why="another build of the program may do anything; what was measured beside it stands in the other rows",
        anything=True,
        source="the binary's build id, and the revision that Go's build info tells",
        confirm="run one and the same binary on both sides: then the host is all that differs",
    ),
    "settings": Rule(
        why="build tags choose other code",
        anything=True,
        source="go help buildconstraint",
        confirm="build both with the same settings",
    ),
}
"""By kind; a kind that is not here is unranked. The order decides between differences that could explain as much."""

ALL_ANONYMOUS: tuple[tuple[str, ...], ...] = (("layer.all_anonymous_bytes",), ("process.rss_anon_bytes",))
CHAINS: dict[Part, tuple[tuple[str, ...], ...]] = {
    "native": (
        ("layer.native_heap_bytes", "layer.native_arenas_bytes", "layer.anonymous_bytes"),
        ("derived.outside_go_bytes",),
        *ALL_ANONYMOUS,
    ),
    "kept": (("derived.malloc_kept_bytes",), ("layer.native_heap_bytes", "layer.native_arenas_bytes"), *ALL_ANONYMOUS),
    "go": (("layer.go_heap_bytes", "layer.go_other_bytes"), ("derived.go_held_bytes",), *ALL_ANONYMOUS),
    "go_heap": (("layer.go_heap_bytes",), ("derived.go_held_bytes",), *ALL_ANONYMOUS),
    "stacks": (("layer.thread_stacks_bytes",), *ALL_ANONYMOUS),
    "files": (
        ("layer.file_code_bytes", "layer.file_data_bytes", "layer.file_mapped_bytes"),
        ("layer.all_files_bytes",),
        ("process.rss_file_bytes",),
    ),
    "huge": (("process.anon_huge_bytes",), *ALL_ANONYMOUS),
    "lazy": (("process.lazy_free_bytes",), ("layer.go_heap_bytes",), *ALL_ANONYMOUS),
}
"""The metrics that a part is, best first: the first of which both sides tell. None of them: the total."""
