"""Records of Go's text profiles (debug=1): values, addresses after an @, and one commented line per frame.

Writer: printStackRecord, printCountProfile and writeHeapInternal in runtime/pprof/pprof.go. It leaves out
runtime frames at the leaf end, as the binary profile does. Pasted text is met half-way: the `#` and the
tabs may be gone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.sources.go.stacks import Frames
from memwhy.sources.span import Span

_LEAD = r"[\s>|`*]{0,40}"
_BLANK = " \t\r\n>|`*"
"""What an empty line may hold in a quotation."""
_ADDRESSES = r"@((?:\s+0x[0-9a-fA-F]{1,16})*)"
HEAP_RECORD = re.compile(_LEAD + r"(\d{1,19}): {1,20}(\d{1,19}) \[ {0,20}(\d{1,19}): {1,20}(\d{1,19})\] " + _ADDRESSES)
COUNT_RECORD = re.compile(_LEAD + r"(\d{1,19}) " + _ADDRESSES)
_FRAME = re.compile(
    _LEAD + r"#?\s*(0x[0-9a-fA-F]{1,16})(?:\s+(\S{1,2000}?)\+0x[0-9a-fA-F]+(?:\s+\S|[`*]{0,3}\s*$)|\s*$)"
)
_LABELS = re.compile(_LEAD + r"#?\s*labels:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One stack: its values as printed, and its frames, leaf first (addresses where no names are given)."""

    values: tuple[int, ...]
    frames: Frames


def records(lines: Sequence[str], pattern: re.Pattern[str], unread: list[int]) -> Iterator[Record]:
    """The records among lines; indices of lines that are no part of any are put into `unread`."""
    values: tuple[int, ...] | None = None
    addresses: list[str] = []
    frames: list[str] = []
    for index, line in enumerate(lines):
        match = pattern.match(line)
        if match is not None:
            if values is not None:
                yield Record(values=values, frames=tuple(frames or addresses))
            values = tuple(int(text) for text in match.groups()[:-1])
            addresses, frames = match.groups()[-1].split(), []
            continue
        frame = _FRAME.match(line)
        if frame is not None and values is not None:
            frames.append(frame[2] or frame[1])
        elif line.strip(_BLANK) and not _LABELS.match(line):
            unread.append(index)
    if values is not None:
        yield Record(values=values, frames=tuple(frames or addresses))


def blocks(
    lines: Sequence[str], header: re.Pattern[str], extra: re.Pattern[str] | None = None, *, hint: str = ""
) -> Iterable[Span]:
    """Stretches of lines that begin with a header and go on with records, frames, and lines that match `extra`.

    hint: words that stand in every header, so that most lines are passed over fast.

    Two blank lines may stand between such lines (as before MemStats), more end the block.
    """
    index = 0
    while index < len(lines):
        if hint not in lines[index] or not header.search(lines[index]):
            index += 1
            continue
        last = at = index
        commented = extra is not None and extra.match(lines[index]) is not None
        while at + 1 < len(lines) and at - last < 3:
            at += 1
            comment = extra is not None and extra.match(lines[at]) is not None
            if header.search(lines[at]) and not (comment and not commented):
                break  # the next block
            if comment or _belongs(lines[at]):
                last = at
                commented |= comment
            elif lines[at].strip(_BLANK):
                break
        yield Span(first=index, last=last)
        index = last + 1


def headless(lines: Sequence[str], record: re.Pattern[str], taken: Iterable[Span]) -> Iterable[Span]:
    """Stretches of records whose header is cut off: one with its frames below it, or two; never within spans taken."""
    held = {index for span in taken for index in range(span.first, span.last + 1)}
    index = 0
    while index < len(lines):
        if index in held or "@" not in lines[index] or not record.match(lines[index]):
            index += 1
            continue
        last = at = index
        weight = 0
        while at < len(lines) and at not in held and at - last < 3:
            line = lines[at]
            if record.match(line) or _FRAME.match(line) or _LABELS.match(line):
                last, weight = at, weight + 1
            elif line.strip(_BLANK):
                break
            at += 1
        if weight >= 2:
            yield Span(first=index, last=last)
        index = last + 1


def _belongs(line: str) -> bool:
    return bool(HEAP_RECORD.match(line) or COUNT_RECORD.match(line) or _FRAME.match(line) or _LABELS.match(line))


def skipped_note(unread: Sequence[int], lines: Sequence[str]) -> tuple[str, ...]:
    """A note about lines that were not understood, or none."""
    if not unread:
        return ()
    first = lines[unread[0]].strip()[:60]
    return (f"{len(unread)} lines were not understood and left out, the first is line {unread[0] + 1}: {first!r}",)
