"""Stacks with bytes: maps that a bpftrace script prints (`@leaked[ stack ]: bytes`), and folded stacks (`main;load;malloc 4096`).

What a figure means stands in the map's name or in the words above the stacks; without the word bytes, or one that says that
blocks are still held, it is not claimed: most folded stacks are CPU profiles. Source: bpftrace's reference guide, "Maps" and
"ustack"; FlameGraph's stackcollapse format.

Profiles of kind native_inuse where the words say that it is outstanding, else native_allocated: a sum since the start.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "system/stack_maps"
SHARES = True  # the words above, which say what the figures are, are others' to read too
TRIGGERS = (b"@", b";")

SINCE_START = "these stacks are of all that was allocated while it was watched, freed blocks too"
_MAP = re.compile(r"@(\w{0,40})\[")
_ENTRY_END = re.compile(r"(?:,? ?[\w./:-]{0,40}(?:, ?[\w./:-]{1,40}){0,3})?\]: (\d{1,18})$")
_FRAME = re.compile(r"(?:0x)?(?:[0-9a-f]{6,16} )?(\S.{0,300}?)(?:\+(?:0x)?[0-9a-f]{1,8})?(?: \(.{0,200}\))?$")
_FOLDED = re.compile(r"([^;\s][^;]{0,200}(?:;[^;]{1,300}){1,200}) (\d{1,18})$")
_HELD = re.compile(r"leak|outstanding|unfreed|not (?:yet )?freed|still (?:held|allocated)|in[ _-]?use|(?<![a-z])live(?![a-z])", re.IGNORECASE)  # fmt: skip
_BYTES = re.compile(r"bytes|size|alloc\w{0,10}[ _-]?(?:bytes|mem)", re.IGNORECASE)
_TIME = re.compile(r"cpu|cycles|samples|latency|nsecs|usecs|(?<![a-z])ns(?![a-z])", re.IGNORECASE)
_CAPTION_LINES = 4
_LONGEST_LINE = 4000
_MOST_STACKS = 20_000


@dataclass(slots=True)
class _Block:
    """Stacks of one map, or one list of folded ones; line indices are 0-based. held: None where the words say nothing."""

    first: int
    last: int
    name: str
    held: bool | None
    stacks: list[tuple[list[str], int]] = field(default_factory=list)


def _meaning(words: str) -> bool | None:
    """Whether the figures are bytes that are still held (True) or were allocated (False); None for neither."""
    if _TIME.search(words):
        return None
    return True if _HELD.search(words) else False if _BYTES.search(words) else None


def _caption(lines: Sequence[str], index: int) -> int:
    """Where the few lines above the stacks begin that are no stacks themselves."""
    start = index
    while start > 0 and index - start < _CAPTION_LINES:
        above = lines[start - 1][:_LONGEST_LINE].rstrip("` \t\r")
        if "@" in above or "]:" in above or (";" in above and above[-1:].isdigit()):
            break
        start -= 1
    return start


def _words(lines: Sequence[str], index: int) -> str:
    return " ".join(line[:300] for line in lines[_caption(lines, index) : index])


def _maps(lines: Sequence[str]) -> Iterator[_Block]:
    """bpftrace's maps; entries of one name that follow each other are one block."""
    block: _Block | None = None
    frames: list[str] | None = None
    for i, raw in enumerate(lines):
        if frames is None and "@" not in raw:
            if block is not None and raw.strip():
                yield block
                block = None
            continue
        text = " ".join(raw[:_LONGEST_LINE].lstrip("> \t`").split())
        opened = _MAP.match(text)
        if opened is not None:
            if block is not None and block.name != opened[1]:
                yield block
                block = None
            block = block or _Block(i, i, opened[1], _meaning(opened[1] or _words(lines, i)))
            frames, text = [], text[opened.end() :].strip()
        if frames is None or block is None:
            continue
        end = _ENTRY_END.fullmatch(text)
        if end is not None:
            if len(block.stacks) < _MOST_STACKS:
                block.stacks.append((frames, int(end[1])))
            block.last, frames = i, None
        elif len(frames) > 200:
            frames = None
        elif text and (frame := _FRAME.match(text)) is not None:
            frames.append(frame[1])
    if block is not None:
        yield block


def _folded(lines: Sequence[str]) -> Iterator[_Block]:
    """Lists of folded stacks, root first; at least two below each other."""
    block: _Block | None = None
    for i, raw in enumerate([*lines, "end of the page"]):
        text = raw[:_LONGEST_LINE].strip("> \t`\r") if ";" in raw or block is not None else ""
        row = _FOLDED.fullmatch(text) if ";" in text and len(raw) <= _LONGEST_LINE else None
        if row is not None:
            block = block or _Block(i, i, "", _meaning(_words(lines, i)))
            if len(block.stacks) < _MOST_STACKS:
                block.stacks.append(([frame.strip() for frame in reversed(row[1].split(";"))], int(row[2])))
            block.last = i
        elif block is not None and text:
            if len(block.stacks) >= 2:
                yield block
            block = None


def _says(block: _Block) -> bool:
    """It has a stack with bytes, and no more of them than an address space."""
    return any(frames and value > 0 for frames, value in block.stacks) and sum(v for _, v in block.stacks) < 1 << 56


def _blocks(lines: Sequence[str]) -> list[_Block]:
    found = [block for block in (*_maps(lines), *_folded(lines)) if block.held is not None and _says(block)]
    found.sort(key=lambda block: block.first)
    taken, out = -1, []
    for block in found:
        if block.first > taken:
            out.append(block)
            taken = block.last
    return out


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stacks whose figures are bytes; the words that say so stand in the span."""
    for block in _blocks(lines):
        yield Span(first=block.first if block.name else _caption(lines, block.first), last=block.last)


def _reading(block: _Block) -> Reading | None:
    profile = profile_of((frames, value) for frames, value in block.stacks)
    if profile is None:
        return None
    runtime = runtime_of(profile.stacks)
    return Reading(
        metrics={"tool.outstanding_bytes": profile.total} if block.held else {},
        facts={"said.runtime": runtime} if runtime else {},
        profiles=(profile if block.held else replace(profile, kind="native_allocated"),),
        notes=() if block.held else (SINCE_START,),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a map or list. ParseError when there is none."""
    readings = tuple(found for block in _blocks(text.split("\n")) if (found := _reading(block)) is not None)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no stacks with bytes")
    return readings
