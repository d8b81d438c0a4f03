"""The metrics: every number that memwhy keeps has a row here, or it is not kept.

A name is `scope.what_unit`. Gauges may go both ways; counters only rise (a fall is a restart).
"""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.inspection import CATEGORIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the registry. `source` says where the figure comes from and what it truly counts."""

    name: str
    unit: Literal["bytes", "count"]
    kind: Literal["gauge", "counter"]
    label: str
    source: str


def _rows(scope: str, unit: str, kind: str, rows: dict[str, tuple[str, str]]) -> list[Metric]:
    return [
        Metric(name=f"{scope}.{name}", unit=unit, kind=kind, label=label, source=source)  # type: ignore[arg-type]
        for name, (label, source) in rows.items()
    ]


_PROCESS_BYTES = {
    "rss_bytes": ("RSS", "status VmRSS, smaps sum; resident pages, shared ones counted whole (proc_pid_status(5))"),
    "rss_anon_bytes": ("RSS, anonymous", "status RssAnon (Linux 4.5+)"),
    "rss_file_bytes": ("RSS, files", "status RssFile"),
    "rss_shmem_bytes": ("RSS, shared memory", "status RssShmem"),
    "rss_peak_bytes": ("peak RSS", "status VmHWM"),
    "pss_bytes": ("PSS", "smaps_rollup Pss; shared pages divided among their users"),
    "private_dirty_bytes": ("private dirty", "smaps_rollup Private_Dirty"),
    "lazy_free_bytes": ("lazily freed", "smaps LazyFree: MADV_FREE pages the kernel may take back at any time"),
    "anon_huge_bytes": ("huge pages", "smaps AnonHugePages"),
    "virtual_bytes": ("address space", "status VmSize; address space, not memory"),
    "swap_bytes": ("swap", "status VmSwap"),
    "page_tables_bytes": ("page tables", "status VmPTE; kernel memory, not in RSS"),
    "sockets_queued_bytes": (
        "socket queues",
        "/proc/PID/net/tcp* and udp* tx_queue + rx_queue, joined with fd by inode: what waits in the kernel, in no RSS",
    ),
    "locked_bytes": ("locked", "status VmLck"),
    "allocated_bytes": (
        "in use of malloc and Python",
        "mallinfo2 uordblks + hblkhd, sys._debugmallocstats' blocks in use",
    ),
    "children_rss_bytes": ("children's RSS", "sum of VmRSS over all descendants"),
    "shared_bytes": ("RSS, shared", "top SHR, resident file pages and shared memory together"),
    "uss_bytes": ("USS", "smaps Private_Clean + Private_Dirty, psutil uss: what ending the process gives back"),
    "private_virtual_bytes": ("private address space", "pmap -d writeable/private: virtual, not resident"),
    "arena_like_bytes": (
        "64 MiB mappings",
        "resident bytes of anonymous mappings of 64 MiB: glibc's arenas by their size",
    ),
}
_PROCESS_COUNTS = {
    "threads_count": ("threads", "status Threads, ps nlwp, a count of `ps -L` or task/"),
    "children_count": ("descendants", "task/TID/children"),
    "descriptors_count": ("descriptors", "entries of /proc/PID/fd"),
    "sockets_count": ("sockets", "descriptors that are sockets"),
    "pipes_count": ("pipes", "descriptors that are pipes"),
    "files_count": ("open files", "descriptors that are files"),
    "memfds_count": ("memfds", "descriptors of memfd_create(2)"),
    "anon_inodes_count": ("anon inodes", "descriptors such as eventpoll, eventfd, timerfd"),
    "sockets_established_count": ("sockets, established", "/proc/PID/net/tcp* joined with fd by inode"),
    "sockets_close_wait_count": ("sockets, CLOSE_WAIT", "/proc/PID/net/tcp* joined with fd by inode"),
    "sockets_listen_count": ("sockets, listening", "/proc/PID/net/tcp* joined with fd by inode"),
    "sockets_time_wait_count": ("sockets, TIME_WAIT", "netstat, ss: held by the kernel, by no descriptor"),
    "mappings_count": (
        "mappings",
        "lines of /proc/PID/maps; the kernel allows vm.max_map_count of them, 65,530 as a rule",
    ),
    "arena_like_count": ("64 MiB mappings", "anonymous mappings of 64 MiB, glibc's HEAP_MAX_SIZE (malloc/arena.c)"),
}
_HOST_BYTES = {
    "total_bytes": ("memory", "free total, meminfo MemTotal"),
    "used_bytes": (
        "used memory",
        "free used: total - free - buffers - cache (procps >= 3.3.10), in newer ones total - available",
    ),
    "free_bytes": ("free memory", "meminfo MemFree"),
    "available_bytes": ("available memory", "meminfo MemAvailable"),
    "buff_cache_bytes": ("buff/cache", "free buff/cache; meminfo Buffers + Cached + SReclaimable"),
    "shared_bytes": ("shared", "free shared; meminfo Shmem: tmpfs, memfd, SysV"),
    "swap_total_bytes": ("swap", "free Swap total"),
    "swap_used_bytes": ("used swap", "free Swap used"),
    "anon_pages_bytes": ("anonymous pages of all processes", "meminfo AnonPages"),
    "mapped_bytes": ("mapped files", "meminfo Mapped"),
    "slab_unreclaimable_bytes": ("slab, unreclaimable", "meminfo SUnreclaim"),
    "slab_reclaimable_bytes": ("slab, reclaimable", "meminfo SReclaimable"),
    "kernel_stack_bytes": ("kernel stacks", "meminfo KernelStack"),
    "page_tables_bytes": ("page tables of all processes", "meminfo PageTables"),
    "percpu_bytes": ("per-cpu", "meminfo Percpu"),
    "uncounted_bytes": (
        "in no line of meminfo",
        "MemTotal less MemFree, Buffers, Cached, SwapCached, AnonPages, Slab, KernelStack, PageTables, Percpu, Zswap and huge pages",
    ),
    "wired_bytes": ("wired", "FreeBSD's top Wired without the ARC: pages of the kernel and its drivers"),
    "arc_bytes": ("ZFS ARC", "arcstats size: kernel memory that Linux' free counts as used, in no RSS (zfs(4))"),
    "vmalloc_bytes": ("vmalloc", "meminfo VmallocUsed"),
    "slab_bytes": ("slab", "meminfo Slab, sum of slabinfo or slabtop: reclaimable and not"),
    "slab_top_bytes": (
        "largest slab cache",
        "slabtop, slabinfo: the cache that is largest; its name is the fact slab.top",
    ),
    "tmpfs_used_bytes": (
        "in tmpfs",
        "df of tmpfs mounts such as /dev/shm, sum of ipcs -m: memory that no process need hold",
    ),
    "sockets_bytes": ("socket buffers", "/proc/net/sockstat TCP and UDP mem, sum of ss -m: kernel memory, in no RSS"),
    "processes_rss_bytes": (
        "RSS of all processes",
        "sum over a whole ps or top table; shared pages counted many times",
    ),
}
_HOST_COUNTS = {
    "memory_cgroups_count": (
        "memory cgroups",
        "/proc/cgroups num_cgroups: removed ones too, as long as something charged to them is left",
    ),
}
_CGROUP_BYTES = {
    "current_bytes": ("cgroup memory", "memory.current, v1 memory.usage_in_bytes: page cache included"),
    "limit_bytes": ("cgroup limit", "memory.max, v1 memory.limit_in_bytes"),
    "anon_bytes": ("cgroup anonymous", "memory.stat anon, v1 total_rss"),
    "file_bytes": ("cgroup page cache", "memory.stat file, v1 total_cache"),
    "inactive_file_bytes": ("cgroup inactive file", "memory.stat inactive_file, v1 total_inactive_file"),
    "shmem_bytes": ("cgroup shared memory", "memory.stat shmem, v1 total_shmem"),
    "kernel_bytes": ("cgroup kernel memory", "memory.stat kernel, v1 memory.kmem.usage_in_bytes"),
    "slab_bytes": ("cgroup slab", "memory.stat slab"),
    "sock_bytes": ("cgroup socket buffers", "memory.stat sock"),
    "working_set_bytes": (
        "container working set",
        "usage - inactive_file: kubectl top, docker stats since 17.06; active_file is still counted in",
    ),
    "active_file_bytes": ("cgroup active file", "memory.stat active_file, v1 total_active_file"),
    "slab_reclaimable_bytes": ("cgroup slab, reclaimable", "memory.stat slab_reclaimable"),
    "mapped_file_bytes": ("cgroup mapped files", "memory.stat file_mapped, v1 total_mapped_file; part of the cache"),
}
_GO_BYTES = {
    "sys_bytes": ("Go Sys", "MemStats.Sys: address space obtained from the OS; virtual, not resident"),
    "heap_alloc_bytes": (
        "Go heap allocated",
        "MemStats.HeapAlloc (= Alloc): live objects and dead ones not yet swept",
    ),
    "heap_sys_bytes": ("Go heap obtained", "MemStats.HeapSys = HeapInuse + HeapIdle"),
    "heap_inuse_bytes": ("Go heap in use", "MemStats.HeapInuse"),
    "heap_idle_bytes": ("Go heap idle", "MemStats.HeapIdle, the released part included"),
    "heap_released_bytes": ("Go heap released", "MemStats.HeapReleased: idle and given back to the OS"),
    "stack_inuse_bytes": ("Go stacks", "MemStats.StackInuse: goroutine stacks"),
    "stack_sys_bytes": ("Go stacks obtained", "MemStats.StackSys: StackInuse plus OS thread stacks (0 with cgo)"),
    "mspan_sys_bytes": ("Go mspan", "MemStats.MSpanSys"),
    "mcache_sys_bytes": ("Go mcache", "MemStats.MCacheSys"),
    "buckhash_sys_bytes": ("Go profiling buckets", "MemStats.BuckHashSys"),
    "gc_sys_bytes": ("Go GC metadata", "MemStats.GCSys"),
    "other_sys_bytes": ("Go other", "MemStats.OtherSys"),
    "next_gc_bytes": ("Go next GC", "MemStats.NextGC: heap size at which the next collection starts"),
    "memory_limit_bytes": ("Go memory limit", "GOMEMLIMIT, debug.SetMemoryLimit"),
}
_RUNTIME_BYTES = {
    "heap_used_bytes": (
        "runtime heap used",
        "what a runtime other than Go says is allocated: JVM used, Node heapUsed, tracemalloc current",
    ),
    "heap_committed_bytes": ("runtime heap committed", "JVM committed, Node heapTotal"),
    "heap_limit_bytes": ("runtime heap limit", "JVM -Xmx, V8 heap_size_limit"),
    "heap_after_gc_bytes": ("runtime heap after GC", "the lower figure of a collection in a GC log: what is live"),
    "external_bytes": (
        "runtime memory outside its heap",
        "Node external, JVM direct buffers, Netty's used direct memory",
    ),
    "array_buffers_bytes": ("Node array buffers", "process.memoryUsage().arrayBuffers, part of external"),
    "native_committed_bytes": (
        "JVM committed, all",
        "Native Memory Tracking total committed: what the JVM itself knows of",
    ),
    "native_malloc_bytes": (
        "JVM malloc",
        "Native Memory Tracking malloc beneath the total: what the JVM itself asked malloc for",
    ),
    "native_reserved_bytes": ("JVM reserved, all", "Native Memory Tracking total reserved: address space"),
    "metaspace_bytes": ("JVM classes and metaspace", "Native Memory Tracking Class and Metaspace committed"),
    "thread_stacks_bytes": ("JVM thread stacks", "Native Memory Tracking Thread committed"),
    "code_bytes": ("JVM compiled code", "Native Memory Tracking Code committed"),
    "gc_bytes": ("JVM collector", "Native Memory Tracking GC committed"),
    "other_bytes": ("JVM other and internal", "Native Memory Tracking Other, Internal, Arena Chunk, Unknown committed"),
    "traced_peak_bytes": ("tracemalloc peak", "tracemalloc.get_traced_memory()[1]"),
}
_RUNTIME_COUNTS = {
    "objects_count": ("runtime objects", "gc.get_objects(), class histogram total, heap snapshot nodes"),
    "classes_count": ("JVM classes", "classes loaded"),
    "class_loaders_count": ("JVM class loaders", "jcmd VM.metaspace, VM.classloader_stats: loaders that are alive"),
}
_CACHE_BYTES = {
    "held_bytes": ("held by a cache", "what a library or a database says its own cache, pool or buffers hold"),
    "limit_bytes": ("a cache's bound", "what that cache is configured to hold at most"),
}
_TOOL_BYTES = {
    "definitely_lost_bytes": ("definitely lost", "valgrind memcheck LEAK SUMMARY; LSan direct leaks"),
    "indirectly_lost_bytes": ("indirectly lost", "valgrind memcheck LEAK SUMMARY; LSan indirect leaks"),
    "possibly_lost_bytes": ("possibly lost", "valgrind memcheck LEAK SUMMARY"),
    "still_reachable_bytes": (
        "still reachable",
        "valgrind memcheck LEAK SUMMARY: held at exit, can be the leak all the same",
    ),
    "outstanding_bytes": (
        "outstanding native allocations",
        "bcc memleak, heaptrack leaked, massif's last snapshot, jeprof total",
    ),
    "peak_bytes": ("peak native allocations", "heaptrack, massif: the most at one time"),
}
_GO_COUNTS = {
    "goroutines_count": ("goroutines", "goroutine profile total, runtime.NumGoroutine"),
    "os_threads_count": ("OS threads made by Go", "threadcreate profile total"),
    "heap_objects_count": ("Go heap objects", "MemStats.HeapObjects"),
}
_COUNTERS = {
    "go.total_alloc_bytes": ("bytes", "Go bytes ever allocated", "MemStats.TotalAlloc"),
    "go.mallocs_count": ("count", "Go objects ever allocated", "MemStats.Mallocs"),
    "go.frees_count": ("count", "Go objects ever freed", "MemStats.Frees"),
    "go.gc_count": ("count", "Go collections", "MemStats.NumGC"),
    "work.requests_count": (
        "count",
        "requests handled",
        "a service's own counter, such as http_requests_total; the fact work.requests names it",
    ),
    "work.messages_count": ("count", "messages handled", "a service's own counter, such as messages_consumed_total"),
    "work.jobs_count": ("count", "jobs done", "a service's own counter, such as jobs_processed_total"),
    "process.cpu_ns": ("count", "CPU time, ns", "stat utime + stime"),
    "process.major_faults_count": ("count", "major faults", "stat majflt"),
    "process.minor_faults_count": ("count", "minor faults", "stat minflt"),
    "host.oom_kills_count": ("count", "OOM kills on the host", "vmstat oom_kill"),
    "cgroup.oom_kills_count": (
        "count",
        "OOM kills in the cgroup",
        "memory.events oom_kill, v1 memory.oom_control oom_kill",
    ),
}
_MALLOC_BYTES = {
    "system_bytes": ("malloc, obtained", "mallinfo2 arena: obtained for heaps, mapped blocks not counted"),
    "in_use_bytes": ("malloc, in use in heaps", "mallinfo2 uordblks: chunks in use in heaps, tcache included"),
    "free_bytes": ("malloc, free in heaps", "mallinfo2 fordblks: free chunks and tops, virtual"),
    "tcache_bytes": ("malloc, in tcache", "freed chunks that threads keep; counted as in use by mallinfo2"),
    "top_bytes": ("malloc, tops", "the unused end of every arena, virtual"),
    "mmapped_bytes": ("malloc, mapped blocks", "mallinfo2 hblkhd: large blocks with a mapping of their own, virtual"),
    "active_bytes": (
        "allocator, active pages",
        "jemalloc stats.active, tcmalloc: pages with at least one block in use",
    ),
    "resident_bytes": ("allocator, resident", "jemalloc stats.resident: active, dirty and metadata pages"),
    "retained_virtual_bytes": ("allocator, retained", "jemalloc stats.retained: address space kept, not resident"),
    "trimmable_bytes": ("malloc_trim could give back", "whole resident pages in free chunks and tops: the most"),
    "in_use_resident_bytes": ("malloc, in use, resident", "resident bytes of chunks in use in heaps"),
    "free_resident_bytes": ("malloc, free, resident", "resident bytes of free chunks and tops"),
    "mmapped_resident_bytes": ("malloc, mapped blocks, resident", "resident bytes of mapped blocks"),
    "lost_bytes": ("malloc, lost", "blocks in use that nothing that can be read points to"),
    "lost_certain_bytes": (
        "malloc, lost for certain",
        "lost without its largest few graphs, which a register or a root that was not read could still hold",
    ),
    "held_bytes": ("malloc, held", "blocks in use that something points to"),
    "lost_resident_bytes": ("malloc, lost and resident", "the part of the lost blocks that is on resident pages"),
    "lost_maybe_bytes": ("malloc, perhaps lost", "blocks reached only through interior or stale words"),
    "lost_likely_bytes": (
        "malloc, likely lost",
        "the part of the perhaps lost blocks that few searches reached, or only numbers",
    ),
}
_MALLOC_COUNTS = {
    "arenas_count": ("malloc arenas", "arenas found in the process's memory"),
    "chunks_count": ("malloc blocks in use", "chunks in use in heaps, tcache not counted"),
    "mmapped_count": ("malloc mapped blocks", "mallinfo2 hblks"),
    "lost_chunks_count": ("malloc blocks lost", "blocks in use that nothing points to"),
}
_LEDGER = {
    **{
        f"{category.replace('.', '_')}_bytes": (words, f"ledger {category}: resident pages, each in one category")
        for category, words in CATEGORIES.items()
    },
    "rss_bytes": ("RSS at the look", "smaps sum, which the ledger's categories and what moved sum to"),
    "moved_bytes": ("moved while looking", "RSS that came or went between the reads of one look; signed"),
}
_LAYERS = {
    # fine layers, from full smaps
    "go_heap_bytes": ("Go heap", "resident pages of Go's heap arenas: live, dead, idle and stack spans"),
    "go_other_bytes": ("Go metadata", "resident pages of Go's own mappings outside the arenas"),
    "native_heap_bytes": ("native heap [heap]", "resident pages of the brk heap: malloc's main arena"),
    "native_arenas_bytes": ("native arenas", "resident pages of glibc's per-thread malloc arenas"),
    "anonymous_bytes": (
        "other anonymous",
        "resident anonymous pages that nothing above claims: mmap'ed blocks, direct mmap",
    ),
    "thread_stacks_bytes": ("thread stacks", "resident pages of the main stack and of pthread stacks"),
    "file_code_bytes": ("program and libraries", "resident file pages of the executable and shared libraries"),
    "file_data_bytes": ("program data", "resident private-written data and bss of the executable and libraries"),
    "file_mapped_bytes": ("mapped files", "resident pages of other mapped files"),
    "shared_memory_bytes": ("shared memory", "resident pages of tmpfs, memfd, SysV and shared anonymous mappings"),
    "special_bytes": ("kernel-provided", "vdso, vvar, vsyscall"),
    # coarse layers, from status alone, when smaps may not be read
    "all_anonymous_bytes": ("anonymous", "status RssAnon: heaps, stacks and all other anonymous pages together"),
    "all_files_bytes": ("files", "status RssFile"),
    "all_shared_bytes": ("shared memory", "status RssShmem"),
}

_DERIVED = {
    "layers_total_bytes": (
        "RSS beside the layers",
        "smaps_rollup or status, read beside the mappings: the layers and what they leave unaccounted sum to it",
    ),
    "native_bytes": (
        "native heap and arenas",
        "layers native heap and native arenas together: what glibc's malloc holds below its mmap threshold",
    ),
    "go_resident_bytes": ("Go resident", "layers Go heap and Go metadata together"),
    "go_held_bytes": ("held by Go", "Sys - HeapReleased: the most that Go itself can have resident"),
    "go_retained_bytes": (
        "Go heap idle, unreleased",
        "HeapIdle - HeapReleased: what FreeOSMemory could give back at most",
    ),
    "go_live_bytes": (
        "Go heap live",
        "NextGC * 100 / (100 + GOGC), without stacks and globals (mgcpacer.go)",
    ),
    "outside_go_bytes": (
        "outside Go, at least",
        "RSS or anonymous RSS - (Sys - HeapReleased): a lower bound, Go's own part may be less resident",
    ),
    "malloc_bytes": (
        "malloc in use",
        "ledger: resident pages of blocks in use, in heaps and mapped one by one",
    ),
    "malloc_kept_bytes": (
        "malloc freed but kept",
        "ledger: resident pages of malloc's free chunks, caches and tops",
    ),
    "kernel_bytes": ("kernel memory of the host", "meminfo SUnreclaim + KernelStack + PageTables + Percpu"),
}

REGISTRY: dict[str, Metric] = {
    metric.name: metric
    for metric in [
        *_rows("process", "bytes", "gauge", _PROCESS_BYTES),
        *_rows("process", "count", "gauge", _PROCESS_COUNTS),
        *_rows("host", "bytes", "gauge", _HOST_BYTES),
        *_rows("host", "count", "gauge", _HOST_COUNTS),
        *_rows("cgroup", "bytes", "gauge", _CGROUP_BYTES),
        *_rows("go", "bytes", "gauge", _GO_BYTES),
        *_rows("go", "count", "gauge", _GO_COUNTS),
        *_rows("runtime", "bytes", "gauge", _RUNTIME_BYTES),
        *_rows("runtime", "count", "gauge", _RUNTIME_COUNTS),
        *_rows("tool", "bytes", "gauge", _TOOL_BYTES),
        *_rows("cache", "bytes", "gauge", _CACHE_BYTES),
        *_rows("malloc", "bytes", "gauge", _MALLOC_BYTES),
        *_rows("malloc", "count", "gauge", _MALLOC_COUNTS),
        *_rows("ledger", "bytes", "gauge", _LEDGER),
        *_rows("layer", "bytes", "gauge", _LAYERS),
        *_rows("derived", "bytes", "gauge", _DERIVED),
        *(
            Metric(name=name, unit=unit, kind="counter", label=label, source=source)  # type: ignore[arg-type]
            for name, (unit, label, source) in _COUNTERS.items()
        ),
    ]
}

LAYERS: tuple[str, ...] = tuple(f"layer.{name}" for name in _LAYERS)
"""All layer metrics, in the order in which tables show them."""


def label(name: str) -> str:
    """The words for a metric in a sentence or a table."""
    return REGISTRY[name].label
