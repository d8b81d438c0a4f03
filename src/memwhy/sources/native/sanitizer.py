"""LeakSanitizer's report, alone or within AddressSanitizer's: direct and indirect leaks with their stacks, and the SUMMARY.

A direct leak is a block that nothing points to when the program ends, an indirect one is held by such a block
(sanitizer_common and lsan_common.cpp of LLVM).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import GROUPED, whole, with_words
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "native/sanitizer"
TRIGGERS = (b"direct leak of", b"byte(s) leaked in", b"detected memory leaks")

_WORDS = ("irect leak of", "byte(s) leaked", "detected memory leaks", "0x")
_BEGIN = re.compile(r"(?:==(?P<pid>\d{1,10})==)?ERROR: LeakSanitizer: detected memory leaks")
_LEAK = re.compile(
    rf"(?P<kind>Direct|Indirect) leak of (?P<bytes>{GROUPED}) byte\(s\) in (?P<count>{GROUPED}) object\(s\)"
)
_SUMMARY = re.compile(
    rf"SUMMARY: (?:Address|Leak|Hardware\w{{0,10}}|Memory)Sanitizer: (?P<bytes>{GROUPED}) byte\(s\) leaked in (?P<count>{GROUPED}) allocation\(s\)"
)
_FRAME = re.compile(
    r"^#(?P<number>\d{1,4}) 0x[0-9a-f]{1,16} (?:in (?P<function>.{1,300}?)(?: (?:\(?/|\.\.?/|<|\?\?|[\w.+-]{1,80}:\d)\S{0,300}.{0,60})?|\((?P<module>[^()]{1,300}?)(?:\+0x[0-9a-f]{1,16})?\).{0,80})$"
)
_GAP_LINES = 60
_METRICS = {"Direct": "tool.definitely_lost_bytes", "Indirect": "tool.indirectly_lost_bytes"}


@dataclass(slots=True)
class _Leak:
    kind: str
    bytes: int
    frames: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """One report; line indices are 0-based."""

    first: int
    last: int
    pid: str | None = None
    leaks: list[_Leak] = field(default_factory=list)
    total: int | None = None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        begin, leak, summary = _BEGIN.search(line), _LEAK.search(line), _SUMMARY.search(line)
        if block is not None and (
            begin or i - block.last > _GAP_LINES or (block.total is not None and (leak or summary))
        ):
            yield block
            block = None
        frame = _FRAME.match(line) if block is not None and block.leaks and block.total is None else None
        if not (begin or leak or summary or frame):
            continue
        block = block or _Block(i, i)
        block.last = i
        if begin:
            block.pid = begin["pid"]
        elif leak:
            block.leaks.append(_Leak(leak["kind"], whole(leak["bytes"])))
        elif summary:
            block.total = whole(summary["bytes"])
        elif frame and int(frame["number"]) == len(block.leaks[-1].frames):
            block.leaks[-1].frames.append((frame["function"] or frame["module"] or "?").strip())
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Reports, single leaks and summaries."""
    for block in _blocks(lines):
        if block.leaks or block.total is not None:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    metrics: dict[str, int] = {}
    notes: list[str] = []
    for leak in block.leaks:
        metrics[_METRICS[leak.kind]] = metrics.get(_METRICS[leak.kind], 0) + leak.bytes
    if not block.leaks and block.total is not None:
        metrics["tool.definitely_lost_bytes"] = block.total
        notes.append("only the summary is on the page: direct and indirect leaks together")
    elif block.total is None:
        notes.append("there is no SUMMARY: the figures are of the leaks that are on the page, so they are the least")
    profile = profile_of([(leak.frames, leak.bytes) for leak in block.leaks], block.total)
    runtime = runtime_of(profile.stacks) if profile else None
    return Reading(
        metrics=metrics,
        facts={"said.runtime": runtime} if runtime else {},
        profiles=(profile,) if profile else (),
        subject=f"pid {block.pid}" if block.pid else None,
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every report in the text, in order. ParseError when there is none."""
    blocks = [block for block in _blocks(text.split("\n")) if block.leaks or block.total is not None]
    if not blocks:
        raise ParseError(NAME, None, text[:80], "no leaks of a sanitizer")
    return tuple(_reading(block) for block in blocks)
