"""What is left of smaps: one key grepped out of it, that key for every mapping, or its sum by awk.

A key of one line and no command is taken only where no other file has it (LazyFree, Private_Dirty). The lines of all
mappings are summed where the command above says that smaps, not its rollup, was searched. Sizes are KiB.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.proc.fields import field_of, size_bytes
from memwhy.sources.proc.smaps import KEYS
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain, size_of
from memwhy.sources.system.commands import Command, command_in, subjects_of

NAME = "system/smaps_keys"
TRIGGERS = (b"lazyfree:", b"private_dirty:", b"/smaps")

_METRICS = {
    "Rss": "process.rss_bytes",
    "Pss": "process.pss_bytes",
    "Private_Dirty": "process.private_dirty_bytes",
    "LazyFree": "process.lazy_free_bytes",
    "AnonHugePages": "process.anon_huge_bytes",
    "Swap": "process.swap_bytes",
    "Size": "process.virtual_bytes",
}
_ALONE = ("LazyFree", "Private_Dirty")
_SUM = re.compile(r"\+= ?\$(?:2|\(NF ?- ?1\)) ?;? ?\}? ?END ?\{ ?printf?")
_SEARCHED = re.compile(
    r"(?:grep(?: -{1,2}[\w-]{1,12}){0,4} ['\"]?\^?|/\^?)(rss|pss|private_dirty|lazyfree|anonhugepages|swap|size)(?![a-z_|])",
    re.IGNORECASE,
)
_DIVIDED = re.compile(r"/ ?(1024|1000)")
_SMAPS = re.compile(r"/smaps(?![\w])")


@dataclass(slots=True)
class _Block:
    """Lines of one key, or one sum; line indices are 0-based."""

    first: int
    last: int
    command: Command | None = None
    sizes: dict[str, list[int]] = field(default_factory=dict)


def _command(line: str) -> Command | None:
    found = command_in(line, ("awk", "grep", "egrep", "cat"))
    return found if found is not None and _SMAPS.search(found.text) else None


def _summed(command: Command, text: str) -> tuple[str, int] | None:
    """(key, bytes) of a sum that awk printed."""
    key = _SEARCHED.search(command.text)
    if key is None or not _SUM.search(command.text):
        return None
    width = KIB
    for factor in _DIVIDED.findall(command.text[command.text.find("END") :]):
        width *= int(factor)
    bare = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?) ?(?:[KkMG]i?B|[KMG])?", text)
    if bare is None:
        return None
    measured = size_of(bare[1], width) if "." not in bare[1] else (round(float(bare[1]) * width), width)
    name = next(name for name in _METRICS if name.lower() == key[1].lower())
    return (name, measured[0]) if measured is not None and measured[0] < 1 << 56 else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 1000:
            continue
        command = _command(raw) if "smaps" in raw else None
        if command is not None:
            yield from _closed(block)
            block = _Block(i, i, command)
            continue
        if block is None and ":" not in raw:
            continue
        found = field_of(raw)
        if (
            found is not None
            and found.key in KEYS
            and found.key not in _METRICS
            and (block is None or not block.command)
        ):
            block = block or _Block(i, i)
            block.sizes.setdefault(found.key, []).append(0)
            block.last = i
            continue
        if found is not None and found.key in _METRICS:
            try:
                size = size_bytes(NAME, found)
            except ParseError:
                continue
            block = block or _Block(i, i)
            block.sizes.setdefault(found.key, []).append(size)
            block.last = i
            continue
        summed = _summed(block.command, plain(raw)) if block is not None and block.command and not block.sizes else None
        if summed is not None and block is not None:
            block.sizes[summed[0]] = [summed[1]]
            block.last = i
        elif not is_neutral(plain(raw)) or summed is not None:
            yield from _closed(block)
            block = None
    yield from _closed(block)


def _closed(block: _Block | None) -> Iterator[_Block]:
    if block is not None and _metrics(block):
        yield block


def _metrics(block: _Block) -> dict[str, int]:
    """The sums of the keys that the lines are known to be all of."""
    if block.command is not None:
        return {_METRICS[key]: sum(sizes) for key, sizes in block.sizes.items()}
    alone = {key: sizes[0] for key, sizes in block.sizes.items() if len(sizes) == 1 and key in _ALONE}
    return {_METRICS[key]: size for key, size in alone.items()} if len(block.sizes) == 1 else {}


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lines of one key of smaps, and sums of one, with the command that made them."""
    blocks = list(_blocks(lines))
    for block, subject in zip(blocks, subjects_of([block.command for block in blocks]), strict=True):
        yield Span(first=block.first, last=block.last, subject=subject)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a block, in order. ParseError when there is none."""
    readings = tuple(
        Reading(
            metrics=metrics,
            quanta=dict.fromkeys(metrics, KIB),
            line=block.first + 1,
            last_line=block.last + 1,
        )
        for block in _blocks(text.split("\n"))
        if (metrics := _metrics(block))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no key of smaps")
    return readings
