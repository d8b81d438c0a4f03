"""Pages of the kinds that people write in bug reports, each with the answer that a careful reader gives."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain

OBJECTS = """# our crawler keeps growing

```
>>> objgraph.show_growth(limit=5)
CallbackHandle    41200    +5200
tuple              7100     +160
dict               4200      +90
frame               640      +30
```
"""
PARKED = """# the relay's memory climbs

```
(pprof) top 20
Showing nodes accounting for 2890, 99.8% of 2896 total
      flat  flat%   sum%        cum   cum%
      2889 99.76% 99.76%       2889 99.76%  runtime.gopark
         0     0% 99.76%       2610 90.12%  sync.runtime_SemacquireMutex
         0     0% 99.76%       2605 89.95%  example.org/relay/hub.(*Hub).Publish
```
"""
BENEATH = """memory of our mount daemon: after a walk through everything it has 510MB RSS. The C one takes 80MB RSS for the same workload.

```
(pprof) top
380.10MB of 382.40MB total (99.40%)
Showing top 10 nodes out of 30 (cum >= 12.02MB)
      flat  flat%   sum%        cum   cum%
  190.20MB 49.74% 49.74%   210.20MB 54.97%  runtime.mapassign
   60.10MB 15.72% 65.45%    60.10MB 15.72%  runtime.makemap
   40.50MB 10.59% 76.05%   330.10MB 86.32%  example.org/mount/tree.(*Node).child
```
"""
KEPT = """# RSS twice what is used

   PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND
  4242 redis     20   0   24.3g  20.1g   1400 S  10.0 60.0 900:10.00 redis-server

used_memory:10200547328
used_memory_human:9.50G
used_memory_rss:21582015488
used_memory_peak:10737418240
maxmemory:12884901888
mem_allocator:jemalloc-5.2.1
"""
LITTLE = """RSS keeps climbing but neither Go nor C show it:

I200316 10:36:06.700545 121 server/status/runtime.go:228  runtime stats: 900 MiB RSS, 80 goroutines, 30 MiB/40 MiB/90 MiB GO alloc/idle/total, 1.0 MiB/2.5 MiB CGO alloc/total, 3000.00cgo/sec, 1.00/0.10 %(u/s)time, 0.00 %gc (5x)
"""
NEAR_LIMIT = """The exporter uses more than 80% of its allowed file descriptors and they are increasing all the time.

```
# ls /proc/`pidof exporter`/fd | wc -l
860
```
"""
LIMITED = """The controller (Go) has a limit of 256Mi. In a burst of 4000 jobs it is OOMKilled.

Same burst with `GOMEMLIMIT=230MiB`: 0 OOMKills, at four times the rate.
"""
FEWER_ARENAS = """Our Python service had an RSS of 7.4 GB on the target machine. tracemalloc shows that this is not Python's.

With MALLOC_ARENA_MAX=2: ~410 MB there.
"""
IMPROVED = """thumbnails in Go through cgo. Constantly growing RSS. With the MALLOC_ARENA_MAX variable the situation improved, 1.1GB stay.
"""
SET = """# too much memory

The service has GOMEMLIMIT: 4GiB and RSS is at 6 GB.
"""
REPEATED = """An HTTP service in Go, reported as growing while a script requests conversions.

Tried it: memory slowly rises to 300MB. Once the loops finished it settled at about 280MB. When the same loops were run
again, memory still settled back at those 280MB.
"""
MORE_WORKERS = """During reloads the memory of our proxy raises drastically, from 300MB to over 3 GB.

Monitoring shows that the number of worker-processes raises from 6 to over 50 in this time.
"""
LENGTHENS = """while jobs are made and deleted, memory of the agent grows slowly and the length of w.pending keeps increasing
"""
OUTSIDE = """Node 18. rss goes from 130 MB to 1100 MB within 8 hours, heapUsed stays around 70 MB.
"""
SPARED = """Controller (Go) with a limit of 512Mi. Watched for 20 hours, zero restarts/OOMs in that time. RSS is at 300 MB.
"""
WORKERS = """top shows this; each process seems to use 240MB, and I have 30 of them:

  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND
  101 www       20   0 1439424 235832 221144 S   4,7  1,4   0:05.33 php-fpm8
  102 www       20   0 1441652 239964 223772 S   4,3  1,4   0:07.54 php-fpm8
  103 www       20   0 1439628 240712 226240 S   4,3  1,4   0:06.44 php-fpm8
"""
LAZILY = """Go 1.13 on Linux. RSS stays at 820M long after the load.

HeapAlloc = 14.5 MiB
HeapIdle = 770.5 MiB
HeapInuse = 19 MiB
HeapReleased = 769.9 MiB
HeapSys = 789.5 MiB
Sys = 812.0 MiB
"""
EMPTIED = """A small program (dotnet 6) allocates, drops everything and collects:

Working set: 37,265,408
Managed mem: 243,464
Working set: 1,172,680,704
Managed mem: 1,115,420,608
Working set: 774,225,920     <<< after collecting
Managed mem: 172,752
"""
SERVED_FROM_FILES = """When the reader is offline, data piles up. The store memory-maps its segment files, and the check at the start reads
every segment. RSS tracks disk usage: 3GB of segments on disk give 3.1GB RSS.
"""
BY_DIFFERENCE = """# RSS grows with every object

RSS goes from +30 MB after 4000 objects to +99 MB after 16000. `heapUsed` and `external` stay flat.
"""
HANDED_BACK = """Memory does not fall after the clients have left:

- at start HeapSys = 14.0 MB, HeapAlloc = 8.1 MB
- after a GC HeapSys = 72.1 MB, HeapAlloc = 6.6 MB
- HeapIdle went from 2.5 MB to 62.0 MB
- HeapReleased = 0
"""
COLLECTED = """The container (JVM, G1) is restarted each night for what is believed to be a leak.

A single full GC on a live JVM, after a day:

| | before | after |
|---|---|---|
| heap committed | 1400Mi | 130Mi |
| heap used | 810Mi | 42Mi |
| process RSS | 2010Mi | 1040Mi |
"""

PAGES = {
    "a table before and after one collection": (COLLECTED, "gc-headroom"),
    "files that a program maps": (SERVED_FROM_FILES, "file-cache"),
    "changes that are told, beside a heap that stays": (BY_DIFFERENCE, "native-leak"),
    "idle heap of which the course is told in words": (HANDED_BACK, "heap-retained"),
    "a heap that filled RSS and is empty now": (EMPTIED, "heap-retained"),
    "workers that share most of what each of them has": (WORKERS, "shared-memory"),
    "a heap that was given up and is resident all the same": (LAZILY, "heap-retained"),
    "a plateau that comes again with the same load": (REPEATED, "steady"),
    "processes of one kind that are more and more": (MORE_WORKERS, "other-process"),
    "a list of the program that gets longer": (LENGTHENS, "heap-leak"),
    "RSS that rises while the runtime's heap is said to stay": (OUTSIDE, "native-leak"),
    "kills that there were none of": (SPARED, "undetermined"),
    "a limit with which nothing is killed": (LIMITED, "gc-headroom"),
    "a setting and the level with it, without a verb": (FEWER_ARENAS, "native-retained"),
    "a setting that improved it": (IMPROVED, "native-retained"),
    "a limit that is only set": (SET, "undetermined"),
    "objects of one type that are more at every look": (OBJECTS, "heap-leak"),
    "goroutines that wait for a lock": (PARKED, "goroutine-leak"),
    "a heap that maps hold for one caller": (BENEATH, "heap-leak"),
    "a cache whose allocator has twice what it holds": (KEPT, "native-retained"),
    "an allocator's idle pages that are nothing beside RSS": (LITTLE, "undetermined"),
    "descriptors near the usual limit": (NEAR_LIMIT, "descriptor-leak"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_gets_the_answer_of_a_careful_reader(page: str, tmp_path: Path) -> None:
    text, cause = PAGES[page]
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    assert explain([str(path)]).conclusion.cause == cause
