"""What people say about memory in words: the facts that readers of prose give, and what their values are.

A fact's value is the sentence, cut to some 160 characters, unless a line below says otherwise. All of it is weaker than
a figure: it says what somebody saw or believes. Causes may lean on it where no figure speaks, never against one.

said.grows.THING   it rises without end; said.flat.THING it does not rise; said.falls.THING it falls by itself;
                   said.plateau.THING it rose and stays. THING is one of THINGS.
                   said.flat.heap too where the runtime's own tools do not show what grows, or it lies outside the runtime
said.peak          the figure that is complained about is a high-water mark (ru_maxrss, VmHWM, "peak", max RSS)
said.virtual       the figure is address space (VIRT, VSZ, VmSize, VmPeak, "virtual")
said.cache         the figure counts page cache or mapped files in ("includes cache", drop_caches gives it back)
said.mapped        the program maps the files that it stores its data in
said.sawtooth      it rises and falls back again and again
said.cumulative    the figure is a sum since the start (TotalAlloc, alloc_space), not what is held
said.no_cgo        the program is built without cgo, or is pure Go, Java … without native code
said.idle          the program does nothing meanwhile
said.oom           killed for want of memory
said.misaccounted  pages are counted several times, or in two places (shared, PSS against RSS, fork)
said.rate          value: bytes per second as a decimal number ("800mb / day" is "9709.04")
said.runtime       value: go, cpython, jvm, node, ruby, dotnet, rust or native, from the words ("Spring Boot", "asyncio")
said.libc          value: glibc or musl (Alpine)
said.platform      value: linux, macos, windows, freebsd, where the page names one
said.held          native memory that is kept on purpose: a block cache, a buffer pool with a size, "by design"
said.heap_idle     most of the runtime's heap is idle, or HeapIdle is large
said.unreleased    a release that is missing: never closed, freed, unref'd, released, retained twice, finalizer never runs
trial.NAME         somebody changed one thing and looked again. NAME is one of TRIALS;
trial.NAME.outcome value: fell (memory fell or the growth ended), same (no difference) or rose
trial.NAME.before_bytes, trial.NAME.after_bytes   value: bytes as a decimal number, where figures stand beside it;
                   heap_before_bytes and heap_after_bytes likewise, of what is allocated on the runtime's heap
"""

THINGS = (
    "total",  # memory, without saying which
    "rss",
    "virtual",
    "heap",  # of the runtime, live objects
    "native",
    "goroutines",
    "threads",
    "descriptors",
    "mappings",  # their number: lines of /proc/PID/maps, of pmap
    "connections",
    "cache",
    "shared",
    "kernel",
    "host",
    "children",
    "container",  # what a container is charged, where the process's own memory does not rise with it
)

TRIALS = (
    "malloc_trim",
    "forced_gc",  # runtime.GC, System.gc, gc.collect, debug.FreeOSMemory
    "arena_max",  # MALLOC_ARENA_MAX, M_ARENA_MAX, mallopt thresholds
    "other_allocator",  # jemalloc, tcmalloc, mimalloc preloaded or linked instead of glibc's, or glibc instead of musl
    "madvdontneed",  # GODEBUG=madvdontneed=1
    "huge_pages_off",
    "gogc",
    "memory_limit",
    "drop_caches",
    "process_ended",  # stopped, killed or exited, and the host's memory looked at again
    "load_stopped",
    "cache_bound",  # a cache or pool configured smaller or larger
    "feature_off",  # a feature, plugin, option or library switched off or left out
    "fixed",  # a release call put in, a call taken out, a patched or older version
)

OUTCOMES = ("fell", "same", "rose")
