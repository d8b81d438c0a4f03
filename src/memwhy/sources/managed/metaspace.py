"""Classes and their loaders as the JVM counts them: `jcmd PID VM.metaspace` and `jcmd PID VM.classloader_stats`.

`Total Usage - 3003 loaders, 6726 classes` and below it the sizes, of both kinds of space where there are two (since JDK 12
"Both:", before that one line). A loader lives as long as one of its classes is reachable from the heap, and its metaspace
with it (HotSpot, memory/metaspace/metaspaceReporter.cpp, classfile/classLoaderStats.cpp).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.managed.jcmd import pid_above
from memwhy.sources.native.lines import DECIMAL, GROUPED, bare, measure, whole, with_words
from memwhy.sources.span import Span

NAME = "managed/metaspace"
TRIGGERS = (b"total usage", b"total = ")

_HEAD = re.compile(rf"Total Usage -\s{{1,4}}(?P<loaders>{GROUPED}) loaders,\s{{1,4}}(?P<classes>{GROUPED}) classes")
_SIZES = re.compile(
    rf"(?:(?P<kind>Non-Class|Class|Both):)?\s{{0,20}}{GROUPED} chunks,.{{0,160}}?(?P<used>{DECIMAL}) (?P<unit>[KMG]B|bytes) \(\s{{0,3}}<?>?\d{{1,3}}%\) used"
)
_TOTAL = re.compile(r"Total = (?P<loaders>\d{1,9})\s{1,80}(?P<classes>\d{1,9})\s{1,20}(?P<chunks>\d{1,18})\s{1,20}(?P<blocks>\d{1,18})")  # fmt: skip
_BELOW = 4


@dataclass(frozen=True, slots=True)
class _Block:
    """One answer; line indices are 0-based."""

    first: int
    last: int
    loaders: int
    classes: int
    used: tuple[int, int] | None
    pid: str | None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    for i, line in with_words(lines, ("Total Usage -", "Total = ")):
        if head := _HEAD.match(line):
            last, used = _used_below(lines, i)
            first, pid = pid_above(lines, i)
            yield _Block(first, last, whole(head["loaders"]), whole(head["classes"]), used, pid)
        elif (total := _TOTAL.fullmatch(line)) and any("ChunkSz" in below for below in lines[i + 1 : i + 2]):
            yield _Block(i, i + 1, int(total["loaders"]), int(total["classes"]), (int(total["blocks"]), 1), None)


def _used_below(lines: Sequence[str], at: int) -> tuple[int, tuple[int, int] | None]:
    """(index of the last line, (bytes, quantum) in use) of the sizes below a head: both spaces', else the only one's."""
    last, used = at, None
    for i in range(at + 1, min(at + 1 + _BELOW, len(lines))):
        sizes = _SIZES.match(bare(lines[i]))
        if sizes is None:
            break
        last = i
        used = measure(sizes["used"], sizes["unit"]) if sizes["kind"] in ("Both", None) else used
    return last, used


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Totals of metaspace, with the sizes below them."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last, subject=f"pid {block.pid}" if block.pid else None)


def _reading(block: _Block) -> Reading:
    metrics = {"runtime.class_loaders_count": block.loaders, "runtime.classes_count": block.classes}
    quanta: dict[str, int] = {}
    if block.used is not None:
        metrics["runtime.metaspace_bytes"], quanta["runtime.metaspace_bytes"] = block.used
    return Reading(
        metrics=metrics,
        quanta=quanta,
        facts={"said.runtime": "jvm"},
        subject=f"pid {block.pid}" if block.pid else None,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an answer, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no totals of metaspace")
    return readings
