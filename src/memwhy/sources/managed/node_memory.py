"""Node's own figures: `process.memoryUsage()` as JSON, as util.inspect prints it or in words, and `v8.getHeapStatistics()`.

heapTotal is what V8 has committed for its heap, heapUsed what lies in it, external what JavaScript objects hold outside it,
arrayBuffers a part of external (Node documentation, process.memoryUsage). The metrics that prom-client exports are read too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.native.lines import measure, with_words
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "managed/node_memory"
TRIGGERS = (
    b"heaptotal",
    b"heapused",
    b"heap_total",
    b"heap_used",
    b"heap total",
    b"heap used",
    b"used_heap_size",
    b"nodejs_heap",
)

_KEYS = {
    "rss": "process.rss_bytes",
    "heaptotal": "runtime.heap_committed_bytes",
    "heapused": "runtime.heap_used_bytes",
    "external": "runtime.external_bytes",
    "arraybuffers": "runtime.array_buffers_bytes",
    "totalheapsize": "runtime.heap_committed_bytes",
    "usedheapsize": "runtime.heap_used_bytes",
    "heapsizelimit": "runtime.heap_limit_bytes",
    "externalmemory": "runtime.external_bytes",
    "nodejsheapsizetotal": "runtime.heap_committed_bytes",
    "nodejsheapsizeused": "runtime.heap_used_bytes",
    "nodejsexternalmemory": "runtime.external_bytes",
    "processresidentmemory": "process.rss_bytes",
}
_HEAP = ("runtime.heap_committed_bytes", "runtime.heap_used_bytes")
_WORDS = ("rss", "RSS", "eap", "EAP", "xternal", "uffers", "resident_memory")
_PAIR = re.compile(
    r"(?<![A-Za-z0-9_])(?P<key>rss|heap[ _]?total|heap[ _]?used|external(?:_memory)?|array[ _]?buffers|total_heap_size|used_heap_size|"
    r"heap_size_limit|nodejs_heap_size_(?:total|used)_bytes|nodejs_external_memory_bytes|process_resident_memory_bytes)"
    r"(?:[ _]?\(?(?P<scale>[KMG]i?B|bytes)\)?)?(?:\{[^{}]{0,200}\})?[\"'*]{0,3}"
    r"(?:\s{0,20}[:=|│]\s{0,20}|(?<=bytes) |(?<=\}) | (?=\d[\d.,]{0,18} ?[KMG]i?B))[\"'*]{0,3}"
    r"(?P<number>\d{1,19}(?:[_,.]\d{1,19}){0,6}(?:e[+-]?\d{1,2})?)\s?(?P<unit>[KMG]i?B?|bytes|B)?(?![A-Za-z0-9_.%])",
    re.IGNORECASE,
)
_SIDE_BY_SIDE = re.compile(r"[|│]\s{0,20}[*~`]{0,3}\d[^|│]{0,30}[|│]\s{0,20}[*~`]{0,3}\d")
"""A row of a table of several moments, which words/table reads."""
_SHARED_FIGURE = re.compile(r"(?:rss|total|used|external|buffers)\s?/\s?$", re.IGNORECASE)
_EPOCH_MS = re.compile(r"\"(?:time|timestamp|ts)\"\s?:\s?(1[3-9]\d{11})(?!\d)")
_GAP_LINES = 16
_STAMPED_GAP_LINES = 400


@dataclass(slots=True)
class _Moment:
    """The figures of one call; line indices are 0-based. pairs: metric → (number, unit)."""

    first: int
    last: int
    stamp: Stamp | None
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def is_node(self) -> bool:
        return len(self.pairs) >= 2 and any(metric in self.pairs for metric in _HEAP)


def _stamp(line: str) -> Stamp | None:
    match = _EPOCH_MS.search(line)
    return Stamp(wall_ns=int(match[1]) * 1_000_000) if match else read_stamp(line)


def _pairs(line: str) -> Iterator[tuple[str, str, str]]:
    """(metric, number, unit) in a line."""
    if _SIDE_BY_SIDE.search(line[:2000]):
        return
    for match in _PAIR.finditer(line):
        if _SHARED_FIGURE.search(line[max(0, match.start() - 20) : match.start()]):
            continue  # `heapUsed/heapTotal: 45/60 MB`: the first figure is another key's
        key = re.sub("[ _]", "", match["key"].lower())
        yield _KEYS[key.removesuffix("bytes")], match["number"].replace("_", ""), match["unit"] or match["scale"] or ""


def _blocks(lines: Sequence[str]) -> Iterator[list[_Moment]]:
    """Calls that follow one another with few other lines between."""
    block: list[_Moment] = []
    for i, line in with_words(lines, _WORDS):
        found = list(_pairs(line))
        if not found:
            continue
        stamp = _stamp(line)
        gap = _STAMPED_GAP_LINES if stamp and block and block[-1].stamp else _GAP_LINES
        if block and i - block[-1].last > gap:
            yield block
            block = []
        for metric, number, unit in found:
            if not block or metric in block[-1].pairs or (block[-1].is_node and i - block[-1].last > 16):
                above = _stamp(lines[i - 1][:200]) if i and not stamp else stamp
                block.append(_Moment(i, i, above))
            moment = block[-1]
            moment.last = i
            moment.pairs[metric] = (number, unit)
    if block:
        yield block


def _calls(lines: Sequence[str]) -> Iterator[list[_Moment]]:
    for block in _blocks(lines):
        calls = [moment for moment in block if moment.is_node]
        if calls:
            yield calls


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches with results of process.memoryUsage() or v8.getHeapStatistics()."""
    for calls in _calls(lines):
        yield Span(first=calls[0].first, last=calls[-1].last)


def _read_number(number: str, unit: str) -> tuple[int, int] | None:
    if "e" in number.lower():
        number = f"{float(number.replace(',', '.')):.0f}" if number.count(".") + number.count(",") < 2 else "0"
    return measure(number, unit)


def _reading(moment: _Moment) -> Reading:
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    notes: list[str] = []
    bare = [
        float(number.replace(",", "")) for number, unit in moment.pairs.values() if not unit and number.count(".") < 2
    ]
    unitless = bool(bare) and max(bare) < MIB
    if unitless:
        # a heap of V8 alone takes more than 1 MiB, so these are no bytes; which unit they have nobody says
        notes.append(f"figures without a unit (the largest is {max(bare):g}) are too small for bytes and not used")
    for metric, (number, unit) in moment.pairs.items():
        measured = None if unitless and not unit else _read_number(number, unit)
        if measured is not None:
            metrics[metric], quanta[metric] = measured
    proven = "process.rss_bytes" in moment.pairs and _HEAP[0] in moment.pairs
    proven = proven or "runtime.external_bytes" in moment.pairs or "runtime.heap_limit_bytes" in moment.pairs
    return Reading(
        metrics=metrics,
        quanta={metric: quantum for metric, quantum in quanta.items() if quantum > 1},
        facts={"said.runtime": "node"} if proven else {},
        wall_ns=moment.stamp.wall_ns if moment.stamp else None,
        notes=(*notes, *([moment.stamp.note] if moment.stamp and moment.stamp.note else [])),
        line=moment.first + 1,
        last_line=moment.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every call in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(moment) for calls in _calls(text.split("\n")) for moment in calls)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of process.memoryUsage()")
    return readings
