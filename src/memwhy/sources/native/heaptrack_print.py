"""heaptrack_print: its closing summary, and the peak and leak sections as a profile.

Its K, M and G are powers of 1000 (heaptrack's print/heaptrack_print.cpp). "Leaked" is all that was not freed when the
program ended, whether something pointed to it or not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import bare, measure
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "native/heaptrack_print"
TRIGGERS = (b"total memory leaked", b"peak heap memory consumption", b"leaked over", b"peak memory consumed over")

_SIZE = r"(?P<number>\d{1,9}(?:[.,]\d{1,3})?)(?P<unit>[KMGT]?B?)"
_SUMMARY = {
    "total memory leaked": "tool.outstanding_bytes",
    "peak heap memory consumption": "tool.peak_bytes",
    "peak RSS (including heaptrack overhead)": "process.rss_peak_bytes",
}
_ROW = re.compile(rf"(?P<what>{'|'.join(map(re.escape, _SUMMARY))}):\s{{0,20}}{_SIZE}(?![A-Za-z0-9])")
_TOP = re.compile(rf"^{_SIZE} (?P<what>leaked|peak memory consumed) over \d{{1,12}} calls from(?P<rest>:?.{{0,300}})$")
_SUB = re.compile(rf"^{_SIZE} (?P<what>leaked|consumed) over \d{{1,12}} calls from:(?P<rest>.{{0,300}})$")
_ASIDE = re.compile(r"^(?:at|in) \S|^and \S{1,20} from \d")
_OTHER = re.compile(r"^(?:MOST|PEAK|MEMORY) [A-Z ]{4,40}$|^\d\S{0,20} (?:calls|temporary)\b|^total runtime")
_HEADING = re.compile(
    r"^(?:MOST CALLS TO ALLOCATION FUNCTIONS|PEAK MEMORY CONSUMERS|MEMORY LEAKS|MOST TEMPORARY ALLOCATIONS)$"
)
_COMMAND = re.compile(r"^Debuggee command was: (\S{1,200})")
_GAP_LINES = 300


@dataclass(slots=True)
class _Entry:
    """One stack of a section: bytes, frames leaf first; top: the function all entries of this group begin with."""

    what: str
    bytes: int
    frames: list[str] = field(default_factory=list)
    top: "_Entry | None" = None


@dataclass(slots=True)
class _Block:
    first: int
    last: int
    metrics: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)
    command: str = ""


def _entry(match: re.Match[str], top: _Entry | None) -> _Entry | None:
    measured = measure(match["number"], match["unit"], decimal=True)
    return _Entry("leaked" if match["what"] == "leaked" else "peak", measured[0], top=top) if measured else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    top: _Entry | None = None
    current: _Entry | None = None
    for i, raw in enumerate(lines):
        hit = " over " in raw or ": " in raw or "MEMORY" in raw or "ALLOCATION" in raw
        if not hit and current is None:
            continue
        line = bare(raw)
        if block is not None and i - block.last > _GAP_LINES:
            yield block
            block, top, current = None, None, None
        started = (_SUB.match(line) if top is not None else None) or _TOP.match(line) if " over " in line else None
        row = _ROW.search(line) if hit and started is None else None
        if started is not None:
            nested = line.rstrip().endswith(":") and top is not None
            current = _entry(started, top if nested else None)
            top = top if nested else current
            block = block or _Block(i, i)
            if current is not None:
                block.entries.append(current)
            block.last = i
        elif row is not None:
            metric = _SUMMARY[row["what"]]
            if block is not None and metric in block.metrics:
                yield block
                block = None
            block, current = block or _Block(i, i), None
            measured = measure(row["number"], row["unit"], decimal=True)
            if measured:
                block.metrics[metric], block.quanta[metric] = measured
            block.last = i
        elif _HEADING.match(line) or _COMMAND.match(line):
            command = _COMMAND.match(line)
            if command and block is not None and block.metrics:
                yield block
                block = None
            block, top, current = block or _Block(i, i), None, None
            block.last = i
            if command:
                block.command = command[1].rpartition("/")[2]
        elif block is not None and current is not None:
            current = _take_frame(current, line)
            block.last = i if current is not None else block.last
    if block is not None:
        yield block


def _take_frame(current: _Entry, line: str) -> _Entry | None:
    """The entry that goes on, None where this line ends it."""
    if not line or _OTHER.match(line) or len(current.frames) > 200:
        return None
    if not _ASIDE.match(line):
        current.frames.append(line[:300])
    return current


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of heaptrack_print, from their first section to the summary; either alone too."""
    for block in _blocks(lines):
        if block.metrics or block.entries:
            yield Span(first=block.first, last=block.last)


def _samples(block: _Block) -> list[tuple[tuple[str, ...], int]]:
    """Stacks of the leak section, else of the peak: a group's entries, and what they leave of the group."""
    kind = "leaked" if any(entry.what == "leaked" for entry in block.entries) else "peak"
    samples: list[tuple[tuple[str, ...], int]] = []
    for top in (entry for entry in block.entries if entry.top is None and entry.what == kind):
        below = [entry for entry in block.entries if entry.top is top]
        samples += [((*top.frames, *entry.frames), entry.bytes) for entry in below]
        rest = top.bytes - sum(entry.bytes for entry in below)
        if rest > top.bytes // 100 or not below:
            samples.append((tuple(top.frames), max(0, rest)))
    return samples


def _reading(block: _Block) -> Reading:
    samples = _samples(block)
    profile = profile_of(samples)
    notes = []
    if profile is not None and not any(entry.what == "leaked" for entry in block.entries):
        notes.append("the stacks are of the peak, not of what was left at the end (heaptrack_print --print-leaks 1)")
    facts = {"process.comm": block.command} if block.command else {}
    runtime = runtime_of(profile.stacks) if profile else None
    if runtime:
        facts["said.runtime"] = runtime
    return Reading(
        metrics=block.metrics,
        quanta={metric: quantum for metric, quantum in block.quanta.items() if quantum > 1},
        facts=facts,
        profiles=(profile,) if profile else (),
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.metrics or block.entries)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of heaptrack_print")
    return readings
