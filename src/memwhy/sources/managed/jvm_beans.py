"""A JVM's memory as its beans and those who poll them tell it: MemoryMXBean, Elasticsearch's node statistics, arthas.

used is what objects take, garbage included; committed what the heap has obtained; max -1 means no bound (java.lang.management,
MemoryUsage). Direct buffers lie outside the heap (BufferPoolMXBean).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import LONGEST, bare, measure
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "managed/jvm_beans"
TRIGGERS = (b"heapmemoryusage", b"heap memory usage", b"heap_used_in_bytes", b"heap_max_in_bytes", b"memory                    used", b"used      total", b"committed")  # fmt: skip

_USED, _COMMITTED, _LIMIT = "runtime.heap_used_bytes", "runtime.heap_committed_bytes", "runtime.heap_limit_bytes"
_WORDS = re.compile(r"eap ?[Mm]emory ?[Uu]sage|_in_bytes|^[\s>|`*]{0,20}(?:Memory|heap|nonheap|metaspace|direct)\s|\"direct\"|ommitted|\bused\b|\bmax\b", re.MULTILINE)  # fmt: skip
_BEAN = re.compile(r"(?<![A-Za-z])(?<!non[- ])(?:java\.lang:type=Memory[ .]{0,3})?Heap ?Memory ?Usage\b", re.IGNORECASE)
_FIELD = re.compile(
    r"(?<![A-Za-z])[\"']?(?P<key>used|committed|max)[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?P<bytes>\d{1,18})(?![\d.]|,\d|\s?(?:[KMGT]i?B?\b|%))"
)
_FIELDS = {"used": _USED, "committed": _COMMITTED, "max": _LIMIT}
_SIZE = r"(?:\d{1,18}\s?\(\d{1,15}K\)|\d{1,12}(?:\.\d{1,3})?\s?[KMG]i?B?(?![A-Za-z]))"
_USAGE = re.compile(
    rf"(?<![A-Za-z])used\s?[=:]?\s?(?P<used>{_SIZE})[,;|/\s]{{1,4}}committed\s?[=:]?\s?(?P<committed>{_SIZE})(?:[,;|/\s]{{1,4}}max\s?[=:]?\s?(?P<max>{_SIZE}))?",
    re.IGNORECASE,
)
"""A MemoryUsage as it prints itself, `used = 6291456(6144K) committed = ...`, or as a program logs it with units."""
_NO_HEAP = re.compile(r"non[- _]?heap|metaspace|class space|code ?(?:cache|heap)|compressed|direct|buffer|perm|eden|survivor|\bold\b|tenured|reserved", re.IGNORECASE)  # fmt: skip
_SPELLED = re.compile(r"(?P<number>[\d.]{1,20})\s?(?P<unit>[KMG]?)")
_NODE = re.compile(
    r"(?<![A-Za-z_])[\"']?(?P<key>heap_used|heap_committed|heap_max|resident|total_virtual)_in_bytes[\"']?\s{0,4}[:=]\s{0,4}(?P<bytes>\d{1,18})(?![\d.])"
)
_NODES = {
    "heap_used": _USED,
    "heap_committed": _COMMITTED,
    "heap_max": _LIMIT,
    "resident": "process.rss_bytes",
    "total_virtual": "process.virtual_bytes",
}
_DIRECT = re.compile(r"[\"']direct[\"']\s?:\s?\{[^{}]{0,200}[\"']used_in_bytes[\"']\s?:\s?(?P<bytes>\d{1,18})(?![\d.])")
_TABLE = re.compile(r"^Memory\s{1,60}used\s{1,40}total\s{1,40}max\s{1,40}usage")
_ROW = re.compile(
    r"^(?P<name>heap|metaspace|direct)\s{1,60}(?P<used>\d{1,9}[KMG])\s{1,40}(?P<total>\d{1,9}[KMG])\s{1,40}(?P<max>\d{1,9}[KMG]|-1?)(?:\s|$)"
)
_AHEAD_LINES = 6
_GAP_LINES = 30


@dataclass(slots=True)
class _Moment:
    """One poll; line indices are 0-based."""

    first: int
    last: int
    stamp: Stamp | None = None
    figures: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def says(self) -> bool:
        return _USED in self.figures or _COMMITTED in self.figures


def _of_bean(lines: Sequence[str], i: int, line: str) -> tuple[dict[str, tuple[int, int]], int]:
    """The fields of a MemoryUsage that stand on this line or on the next few; and the last line they take."""
    found: dict[str, tuple[int, int]] = {}
    bean = _BEAN.search(line)
    if bean is None:
        return found, i
    last = i
    for j in range(i, min(len(lines), i + _AHEAD_LINES)):
        text = line[bean.end() :] if j == i else bare(lines[j])
        text, closed, _ = text.partition("}")
        pairs = [(_FIELDS[match["key"]], int(match["bytes"])) for match in _FIELD.finditer(text)]
        if not pairs and j > i and "init" not in text:
            break
        for metric, size in pairs:
            found.setdefault(metric, (size, 1))
        last = j if pairs else last
        if closed or len(found) == len(_FIELDS):
            break
    return found, last


def _figures(lines: Sequence[str], i: int, line: str, table: bool) -> tuple[dict[str, tuple[int, int]], int]:
    """(bytes, quantum) by metric of what stands on a line, and the last line it takes."""
    found, last = _of_bean(lines, i, line)
    usage = None if found or "ommitted" not in line else _USAGE.search(line)
    if usage is not None and not _NO_HEAP.search(line[: usage.start()]):
        for key, metric in _FIELDS.items():
            spelled = _SPELLED.match(usage[key] or "")
            measured = measure(spelled["number"], spelled["unit"] or "B") if spelled else None
            if measured is not None:
                found[metric] = measured
    for match in _NODE.finditer(line):
        found[_NODES[match["key"]]] = (int(match["bytes"]), 1)
    if "direct" in line:
        text = " ".join([line, *(bare(more) for more in lines[i + 1 : i + 1 + _AHEAD_LINES])])
        if direct := _DIRECT.search(text):
            found["runtime.external_bytes"] = (int(direct["bytes"]), 1)
    row = _ROW.match(line) if table else None
    if row is not None:
        metrics = {"heap": (_USED, _COMMITTED), "metaspace": ("", "runtime.metaspace_bytes"), "direct": ("runtime.external_bytes", "")}  # fmt: skip
        for metric, text in zip(metrics[row["name"]], (row["used"], row["total"]), strict=True):
            measured = measure(text[:-1], text[-1])
            if metric and measured is not None:
                found[metric] = measured
        most = measure(row["max"][:-1], row["max"][-1]) if row["name"] == "heap" and row["max"][-1].isalpha() else None
        if most is not None:
            found[_LIMIT] = most
    return found, last


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    moment: _Moment | None = None
    done, header = -1, -_GAP_LINES - 1
    for i, raw in enumerate(lines):
        if i <= done or not raw or not _WORDS.search(raw[:LONGEST]):
            continue
        line = bare(raw)
        if _TABLE.match(line):
            header = i
            continue
        found, done = _figures(lines, i, line, i - header <= _GAP_LINES)
        if not found:
            continue
        floor = moment.last if moment is not None else -1
        if moment is not None and (i - moment.last > _GAP_LINES or moment.figures.keys() & found.keys()):
            yield moment
            moment = None
        if moment is None:
            first = header if i - header <= _GAP_LINES and header > floor and _ROW.match(line) else i
            moment = _Moment(first, i, read_stamp(line))
        moment.figures.update(found)
        moment.last = max(done, i)
    if moment is not None:
        yield moment


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Polls."""
    for moment in _moments(lines):
        if moment.says:
            yield Span(first=moment.first, last=moment.last)


def _reading(moment: _Moment) -> Reading:
    return Reading(
        metrics={metric: size for metric, (size, _) in moment.figures.items()},
        quanta={metric: quantum for metric, (_, quantum) in moment.figures.items() if quantum > 1},
        facts={"said.runtime": "jvm"},
        wall_ns=moment.stamp.wall_ns if moment.stamp else None,
        notes=(moment.stamp.note,) if moment.stamp and moment.stamp.note else (),
        line=moment.first + 1,
        last_line=moment.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a poll, in order. ParseError when there is none."""
    readings = tuple(_reading(moment) for moment in _moments(text.split("\n")) if moment.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of a JVM's beans")
    return readings
