"""/proc/PID/smaps_rollup: the sums over all mappings, exact, at the price of a walk of the page tables.

Source: Documentation/ABI/testing/procfs-smaps_rollup (Linux 4.14+). Measured on Linux 6.18: the same
sum as smaps to the byte for a stopped process; VmRSS of status may differ by some pages.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import fields, find_fields, quanta, size_bytes
from memwhy.sources.proc.files import process_path, read_file
from memwhy.sources.span import Span

NAME = "proc/smaps_rollup"

_SIZES = {
    "Rss": "process.rss_bytes",
    "Pss": "process.pss_bytes",
    "Private_Dirty": "process.private_dirty_bytes",
    "LazyFree": "process.lazy_free_bytes",
    "AnonHugePages": "process.anon_huge_bytes",
    "Swap": "process.swap_bytes",
}
_MEMBERS_TEXT = """
    Pss_Dirty Pss_Anon Pss_File Pss_Shmem Shared_Clean Shared_Dirty Private_Clean Referenced Anonymous KSM
    ShmemPmdMapped FilePmdMapped Shared_Hugetlb Private_Hugetlb SwapPss Locked
"""
_MEMBERS = tuple(_MEMBERS_TEXT.split())
_HEADER = re.compile(r"[0-9a-f]{4,16}-[0-9a-f]{4,16} ---p 0+ 0+:0+ 0\s+\[rollup\]")
_MAPPING = re.compile(r"(?:[0-9a-f]{4,16}-[0-9a-f]{4,16} [-r][-w][-x][-sp]\b|(?:Size|VmFlags|KernelPageSize):)")


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(process_path(root, pid, "smaps_rollup"))


def parse(raw: bytes) -> Reading:
    """The sums; of a repeated key the first counts, and a second one is refused as smaps."""
    metrics: dict[str, int] = {}
    private: dict[str, int] = {}
    for field in fields(raw):
        if field.key.startswith("Private_") and field.key.endswith(("Clean", "Dirty")):
            private[field.key] = size_bytes(NAME, field)
        if field.key not in _SIZES:
            continue
        if _SIZES[field.key] in metrics:
            raise ParseError(NAME, field.line, f"{field.key}: {field.value}", "comes twice: not a rollup")
        metrics[_SIZES[field.key]] = size_bytes(NAME, field)
    if {"Private_Clean", "Private_Dirty"} <= private.keys():
        metrics["process.uss_bytes"] = sum(private.values())
    if not metrics:
        problem = "has no line of smaps_rollup" if raw else "is empty: the process ended, or is a kernel thread"
        raise ParseError(NAME, None, raw[:80], problem)
    return Reading(metrics=metrics, quanta=quanta(metrics))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Blocks of sums. Rss lines without their mapping, several in a row, are smaps as likely: refused unless
    a line close above says smaps_rollup."""
    spans = list(find_fields(lines, ("Rss", "Pss"), (*_SIZES, *_MEMBERS), "smaps_rollup"))
    for index, span in enumerate(spans):
        first = span.first
        above = "".join(lines[max(first - 3, 0) : first + 1])
        if first and _HEADER.search(lines[first - 1]):
            yield Span(first=first - 1, last=span.last, subject=span.subject)
            continue
        if any(_MAPPING.search(line) for line in lines[max(first - 4, 0) : span.last + 2]):
            continue
        glued = (index > 0 and spans[index - 1].last == first - 1) or (
            index + 1 < len(spans) and spans[index + 1].first == span.last + 1
        )
        if not glued or "smaps_rollup" in above or (index > 0 and _says_rollup(lines, spans, index)):
            yield span


def _says_rollup(lines: Sequence[str], spans: Sequence[Span], index: int) -> bool:
    """Whether the command above the run of blocks that this one continues names smaps_rollup."""
    while index > 0 and spans[index - 1].last == spans[index].first - 1:
        index -= 1
    first = spans[index].first
    return "smaps_rollup" in "".join(lines[max(first - 3, 0) : first + 1])
