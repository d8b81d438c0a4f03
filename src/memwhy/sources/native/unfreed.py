"""Small leak checkers' one figure: macOS' `leaks`, glibc's mtrace, dmalloc.

`leaks` counts blocks that nothing points to (leaks(1)); mtrace lists what was allocated and not freed while it traced
(mtrace(1)), which something may still point to.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, GROUPED, measure, whole, with_words
from memwhy.sources.span import Span

NAME = "native/unfreed"
TRIGGERS = (b"total leaked bytes", b"nodes malloced for", b"memory not freed", b"not freed: ")

_WORDS = ("total leaked bytes", "nodes malloced for", "Memory not freed", "ot freed: ", "0x")
_PID = re.compile(r"\bProcess (\d{1,10}):")
_LEAKS = re.compile(rf"(?<![\d.,])(?:{GROUPED}) leaks? for (?P<bytes>{GROUPED}) total leaked bytes")
_NODES = re.compile(rf"(?<![\d.,])(?:{GROUPED}) nodes malloced for (?P<number>{DECIMAL}) (?P<unit>[KMG]i?B|bytes)")
_MTRACE = re.compile(
    r"^0x(?P<address>[0-9a-f]{4,16})\s{1,20}0x(?P<size>[0-9a-f]{1,16})\s{1,20}at (?P<place>\S.{0,300})$"
)
_DMALLOC = re.compile(
    rf"not freed: '0x[0-9a-fA-F]{{1,16}}\|s\d{{1,9}}' \((?P<bytes>{GROUPED}) bytes\) from '(?P<place>[^']{{1,200}})'"
)
_GAP_LINES = 6
_MOST_ROWS = 500


@dataclass(slots=True)
class _Block:
    """One report; line indices are 0-based."""

    first: int
    last: int
    kind: str
    metrics: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    places: Counter[str] = field(default_factory=Counter)
    pid: str | None = None

    @property
    def says(self) -> bool:
        """A single small row that looks like mtrace's is none."""
        return bool(self.metrics) or self.kind == "dmalloc" or len(self.places) > 1 or self.places.total() >= 4096


def _read(line: str, block: _Block) -> bool:
    """Put a line into the block; whether it was of a leak checker."""
    pid = _PID.search(line)
    if match := _LEAKS.search(line) if "total leaked" in line else None:
        block.kind, block.pid = "leaks", pid[1] if pid else block.pid
        block.metrics["tool.definitely_lost_bytes"] = whole(match["bytes"])
    elif match := _NODES.search(line) if "malloced" in line else None:
        measured = measure(match["number"], match["unit"])
        block.kind, block.pid = "leaks", pid[1] if pid else block.pid
        if measured is None:
            return False
        block.metrics["tool.outstanding_bytes"], block.quanta["tool.outstanding_bytes"] = measured
    elif match := _MTRACE.match(line):
        block.kind = "mtrace"
        block.places[match["place"]] += int(match["size"], 16)
    elif match := _DMALLOC.search(line):
        block.kind = "dmalloc"
        block.places[match["place"]] += whole(match["bytes"])
    else:
        return False
    return True


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        one = _Block(i, i, "")
        if not _read(line, one):
            continue
        if block is not None and (
            i - block.last > _GAP_LINES
            or one.kind != block.kind
            or any(metric in block.metrics for metric in one.metrics)
        ):
            yield block
            block = None
        if block is None:
            block = one
        else:
            _read(line, block)
        block.last = i
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Summaries of `leaks`; lists of blocks that were not freed."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=_head(lines, block), last=block.last)


def _head(lines: Sequence[str], block: _Block) -> int:
    """The line "Memory not freed:" above mtrace's table, else the first of the block."""
    above = range(block.first - 1, max(-1, block.first - 5), -1) if block.kind == "mtrace" else ()
    return next((i for i in above if "Memory not freed:" in lines[i]), block.first)


def _reading(block: _Block) -> Reading:
    metrics = dict(block.metrics)
    if block.places:
        total = block.places.total()
        metrics["tool.outstanding_bytes"] = total
        rows = tuple(ProfileRow(function=p[-200:], flat=n, cum=n) for p, n in block.places.most_common(_MOST_ROWS))
        profile = Profile(kind="native_inuse", unit="bytes", total=total, rows=rows)
        note = f"{block.kind} lists what was not freed while it traced; something may still point to it"
        return Reading(
            metrics=metrics, profiles=(profile,), notes=(note,), line=block.first + 1, last_line=block.last + 1
        )
    return Reading(
        metrics=metrics,
        quanta={metric: quantum for metric, quantum in block.quanta.items() if quantum > 1},
        facts={"said.platform": "macos"},
        subject=f"pid {block.pid}" if block.pid else None,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every report in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no report of unfreed blocks")
    return readings
