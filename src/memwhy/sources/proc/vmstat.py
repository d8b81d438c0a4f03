"""/proc/vmstat: of its many counters memwhy needs one, how often the OOM killer killed on this host.

`oom_kill` is there since Linux 4.13. Source: mm/vmstat.c.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import read_file
from memwhy.sources.span import Span

NAME = "proc/vmstat"

_OOM_KILL = re.compile(rb"^[ \t>|]*(?:[\w./-]*vmstat:)?(?:\d{1,6}:)?oom_kill[ \t]+(\d{1,18})[ \t\r]*$", re.MULTILINE)
_ROW = re.compile(
    rb"^[ \t>|]*(?:[\w./-]*vmstat:)?(?:\d{1,6}:)?(nr|pg|thp|numa|workingset|oom|compact|swap|allocstall)\w*[ \t]+\d",
    re.MULTILINE,
)
_LINE = re.compile(r"[ \t>|]*(?:[\w./-]*vmstat:)?(?:\d{1,6}:)?(nr_|pg[a-z]|thp_|numa_|workingset_|oom_kill|compact_|swap_?|unevictable_|drop_|kswapd_|zone_|allocstall|balloon_|zswp|htlb_|cma_|slabs_|direct_map|kstack|vma_lock|pageoutrun)\w*[ \t]+\d{1,20}\s*$")  # fmt: skip
_OURS = re.compile(r"[ \t>|]*(?:[\w./-]*vmstat:)?(?:\d{1,6}:)?(oom_kill|nr_free_pages|pgfault|pgalloc_normal)[ \t]")


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(f"{root.rstrip('/')}/vmstat")


def parse(raw: bytes) -> Reading:
    """The count of OOM kills, where the kernel has it."""
    if match := _OOM_KILL.search(raw):
        return Reading(metrics={"host.oom_kills_count": int(match[1])})
    if _ROW.search(raw):
        return Reading(notes=("this vmstat has no oom_kill counter",))
    raise ParseError(NAME, None, raw[:80], "has no line of /proc/vmstat" if raw else "is empty")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of counters with at least one that only vmstat has."""
    first = -1
    ours = False
    for index in range(len(lines) + 1):
        if index < len(lines) and _LINE.match(lines[index]):
            first = index if first < 0 else first
            ours = ours or _OURS.match(lines[index]) is not None
            continue
        if ours:
            yield Span(first=first, last=index - 1)
        first, ours = -1, False
