"""What has run out, by the message that says so: descriptors, threads, a runtime's heap, memory beside it, mappings, the kernel's.

Facts descriptors.exhausted, threads.exhausted, runtime.heap_exhausted, runtime.external_exhausted, mappings.exhausted and
kernel.exhausted with the sentence; the last for slab (mm/slub.c, slab_out_of_memory), new memory cgroups, TCP's buffers
(net/ipv4/tcp.c, tcp_check_oom) and vmalloc (mm/vmalloc.c). Some messages hold a figure: Go's `have N already` (runtime/os_linux.go, newosproc) and `M in use`, which is
the heap obtained, free and released spans counted in (runtime/mheap.go, grow); the JVM's and Netty's direct memory. The
lines stay free for other readers.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/exhausted"
SHARES = True
TRIGGERS = (
    b"too many ", b"descriptor", b"fds", b"file handle", b"out of sockets", b"emfile", b"enfile", b"new thread", b"native thread", b"os thread", b"-thread limit",
    b"pthread_create", b"outofmemory", b"out of memory", b"overhead limit", b"heap limit", b"memoryerror", b"-byte block",
    b"outofdirectmemory", b"direct buffer memory", b"buffer allocation failed", b"nomemoryerror", b"max_map_count", b"map segment",
    b"map failed", b"enomem", b"mmap", b"_map_", b"slub: unable", b"slab: unable", b"fs/cgroup/memory/", b"vmap allocation",
)  # fmt: skip

_MESSAGES = {
    "descriptors.exhausted": (
        r"too many (?:open files|files open(?:ed)?|open (?:file )?(?:descriptors|handles|sockets))|(?<![A-Za-z])E[MN]FILE(?![A-Za-z])|"
        r"\b(?:r[au]ns?|running) out of (?:available )?(?:file ?descriptors|fds|file handles|open files|sockets)\b|"
        r"\bexhaust(?:s|ed|ing)? (?:(?:all|the|its|our|available|of|open) ){0,3}(?:file ?descriptors|fds|file handles)\b|"
        r"\b(?:file ?descriptors?|fds?|file handles?) (?:are |were |get |got |is |was |limit (?:is |was )?)?(?:exhaust(?:ed|ion)|reached|exceeded)\b"
    ),
    "threads.exhausted": (
        r"can(?:'|’)?t start new thread|unable to create (?:new )?(?:native )?thread|failed to create new OS thread|"
        r"program exceeds \d{1,9}-thread limit|pthread_create(?:\(\))? (?:failed|error)[^\n]{0,40}(?:temporarily unavailable|EAGAIN|11\b)|"
        r"resource temporarily unavailable[^\n]{0,40}(?:thread|pthread_create)"
    ),
    "runtime.heap_exhausted": (
        r"OutOfMemoryError:? ?\(?(?:Java heap space|GC overhead limit exceeded)|JavaScript heap out of memory|Reached heap limit Allocation|"
        r"(?:System\.)?OutOfMemoryException(?::| was thrown)|^\W{0,40}MemoryError(?::|$)|NoMemoryError|"
        r"runtime: out of memory|cannot allocate \d{1,15}-byte block \(\d"
    ),
    "runtime.external_exhausted": (
        r"OutOfMemoryError:? ?\(?(?:Direct buffer memory|Metaspace|Compressed class space|PermGen space|Cannot reserve \d{1,15} bytes of direct)|"
        r"OutOfDirectMemoryError|Array buffer allocation failed"
    ),
    "mappings.exhausted": (
        r"(?:reached|exceed\w*|exhaust\w*|hit(?:ting|s)?|ran out of|running out of|over|above|at) (?:the |our |its )?(?:limit (?:of |on )?)?(?:`|'|\")?(?:sysctl )?(?:vm\.)?max_map_count|"
        r"max_map_count\W{0,3}(?:limit )?(?:was |is |has been |had been )?(?:reached|exceeded|exhausted|hit)|too many (?:memory )?mappings|"
        r"failed to map segment(?! from shared object:? ?[^\n]{0,60}(?:not permitted|denied))|(?:IOException|OutOfMemoryError): Map failed|"
        r"(?<![A-Za-z])mmap(?:64)?\([^()\n]{3,120}\) ?= ?-1 ENOMEM|(?<![A-Za-z])(?:mmap(?:ing|ed|64)?|\w{1,20}_(?:mmap|map_(?:file|range|region)))\b[^\n]{0,60}(?:ENOMEM|cannot allocate memory|errno[ =:]{1,3}12\b)"
    ),
    "kernel.exhausted": (
        r"SL[AU]B: Unable to allocate memory on node|TCP: out of memory -- consider tuning tcp_mem|vmap allocation for size \d{1,15} failed|"
        r"mkdir /sys/fs/cgroup/memory/\S{0,300}: (?:cannot allocate memory|no space left on device)"
    ),
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _MESSAGES.items()}
_FIGURES = (
    ("go.os_threads_count", re.compile(r"failed to create new OS thread \(have (\d{1,7}) already; errno ?= ?\d{1,4}\)")),
    ("go.heap_sys_bytes", re.compile(r"cannot allocate \d{1,15}-byte block \((\d{1,15}) in use\)")),
    ("runtime.external_bytes", re.compile(r"of direct (?:buffer )?memory \((?:used|allocated): (\d{1,15}), (?:max|limit): \d{1,15}\)")),
)  # fmt: skip
_ADVICE = re.compile(
    r"(?<![A-Za-z])(?:should|could|would|may|might|avoid|prevent|in case|if you|you can)(?![A-Za-z])", re.IGNORECASE
)
"""Of prose with one of these words nobody can say that it happened; tools' messages have none of them."""
_SENTENCE = re.compile(r"(?<=[a-z)\"'”][.!?])\s{1,4}(?=[A-Z])")
_TELLTALES = tuple(word.decode() for word in TRIGGERS)
_EACH = 3
_SHOWN = 160
_LONGEST_LINE = 4000


def _facts(line: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for sentence in _SENTENCE.split(line[:_LONGEST_LINE]):
        if not _ADVICE.search(sentence):
            shown = " ".join(sentence.split())[:_SHOWN]
            facts |= {
                name: shown for name, pattern in _PATTERNS.items() if name not in facts and pattern.search(sentence)
            }
    return facts


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Single lines, the first few of each fact."""
    seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        lowered = line.lower()
        if not any(word in lowered for word in _TELLTALES):
            continue
        names = _facts(line)
        if any(seen.get(name, 0) < _EACH for name in names):
            yield Span(first=index, last=index)
        for name in names:
            seen[name] = seen.get(name, 0) + 1


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each such line. ParseError when there is none."""
    readings: list[Reading] = []
    for number, line in enumerate(text.split("\n"), start=1):
        facts = _facts(line)
        if not facts:
            continue
        metrics = {metric: int(m[1]) for metric, pattern in _FIGURES if (m := pattern.search(line[:_LONGEST_LINE]))}
        readings.append(Reading(metrics=metrics, facts=facts, line=number, last_line=number))
    if not readings:
        raise ParseError(NAME, None, text[:80], "nothing has run out")
    return tuple(readings)
