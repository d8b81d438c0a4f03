"""bcc's memleak: stacks with outstanding allocations, once or every few seconds.

It traces mmap too: a block of 64 MiB (or 128 MiB, of which glibc gives one half back) is a new malloc arena
(HEAP_MAX_SIZE, malloc/arena.c), one of 8 MiB and a guard page a thread's stack (RLIMIT_STACK, pthread_create(3)). Both
are address space and not memory in use, so they are counted apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S, human_bytes
from memwhy.sources.native.lines import GROUPED, whole, with_words
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "native/memleak"
TRIGGERS = (b"outstanding allocations", b"allocations from stack", b"addr = ")

_WORDS = ("outstanding alloc", "allocations from stack", "allocations from ", "addr = ", "+0x", "0x", "[unknown]")
_HEAD = re.compile(r"\[(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)\] Top (?P<top>\d{1,6}) stacks with outstanding allocations")
_STACK = re.compile(rf"(?<![\w.])(?P<bytes>{GROUPED}) bytes in (?P<count>{GROUPED}) allocations from (?:stack|\S)")
_ADDR = re.compile(r"(?:^|\s)addr = (?:0x)?(?P<addr>[0-9a-f]{4,16}) size = (?P<size>\d{1,16})(?!\d)")
_FRAME = re.compile(
    r"^(?:0x[0-9a-fA-F]{1,16}\s{1,8})?(?P<function>\[unknown\]|[^\s+].{0,300}?)(?:\+0x[0-9a-f]{1,8})?(?: \[[^\[\]]{1,200}\])?$"
)
_ARENAS = (64 * MIB, 128 * MIB)
_THREAD_STACKS = (8 * MIB, 8 * MIB + 4 * KIB)
_GAP_LINES = 80


@dataclass(slots=True)
class _Stack:
    bytes: int
    count: int
    frames: list[str] = field(default_factory=list)

    @property
    def each(self) -> int:
        return self.bytes // self.count if self.count and self.bytes % self.count == 0 else 0


@dataclass(slots=True)
class _Block:
    """One output; second: of the day, None without its head; line indices are 0-based."""

    first: int
    last: int
    second: int | None = None
    top: int | None = None
    stacks: list[_Stack] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    open_stack = False
    for i, line in with_words(lines, _WORDS):
        head, stack = _HEAD.search(line), _STACK.search(line)
        addr = _ADDR.search(line)
        if block is not None and (head or i - block.last > _GAP_LINES):
            yield block
            block = None
        if not (head or stack or addr or (block is not None and open_stack)):
            continue
        block = block or _Block(i, i)
        if head:
            block.second = (int(head["h"]) * 60 + int(head["m"])) * 60 + int(head["s"])
            block.top, open_stack = int(head["top"]), False
        elif stack:
            block.stacks.append(_Stack(whole(stack["bytes"]), whole(stack["count"])))
            open_stack = "allocations from stack" in line
        elif addr:
            block.sizes.append(int(addr["size"]))
        elif (frame := _FRAME.match(line)) and i - block.last <= 2 and len(block.stacks[-1].frames) < 200:
            block.stacks[-1].frames.append(frame["function"].strip())
        else:
            open_stack = False
            continue
        block.last = i
    if block is not None:
        yield block


def _says(block: _Block) -> bool:
    return bool(block.stacks or len(block.sizes) >= 2 or (block.sizes and block.second is not None))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of memleak; those that follow one another together, for they are one series."""
    span: Span | None = None
    for block in _blocks(lines):
        if not _says(block):
            continue
        if span is not None and block.first - span.last <= 3 and span.last - span.first < 5000:
            span = Span(first=span.first, last=block.last)
            continue
        if span is not None:
            yield span
        span = Span(first=block.first, last=block.last)
    if span is not None:
        yield span


def _apart(block: _Block) -> tuple[int, int, list[str]]:
    """(bytes in use, bytes of arenas and thread stacks, notes)."""
    if block.stacks:
        sized = [(stack.each, stack.bytes, stack.count) for stack in block.stacks]
    else:
        sized = [(size, size, 1) for size in block.sizes]
    notes: list[str] = []
    aside = 0
    for sizes, words in ((_ARENAS, "malloc arenas of glibc"), (_THREAD_STACKS, "stacks of threads")):
        of_them = [(size, count) for each, size, count in sized if each in sizes]
        if of_them:
            size, count = sum(s for s, _ in of_them), sum(c for _, c in of_them)
            aside += size
            notes.append(
                f"{count} of the blocks ({human_bytes(size)}) are {words} by their size: address space, not counted as in use"
            )
    return sum(size for _, size, _ in sized) - aside, aside, notes


def _reading(block: _Block, began_s: int | None) -> Reading:
    in_use, aside, notes = _apart(block)
    if block.top is not None and len(block.stacks) >= block.top:
        notes.append(f"only the {block.top} largest stacks are printed, so the sum is the least")
    set_aside = (*_ARENAS, *_THREAD_STACKS)
    samples = [(stack.frames, stack.bytes) for stack in block.stacks if stack.each not in set_aside]
    profile = profile_of(samples, in_use)
    runtime = runtime_of(profile.stacks) if profile else None
    elapsed = None
    if block.second is not None and began_s is not None:
        elapsed = (block.second - began_s) % 86400 * NS_PER_S  # the clock has no date; a night may lie between
    return Reading(
        metrics={"tool.outstanding_bytes": in_use} if in_use or not aside else {},
        facts={"said.runtime": runtime} if runtime else {},
        profiles=(profile,) if profile else (),
        elapsed_ns=elapsed,
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    blocks = [block for block in _blocks(text.split("\n")) if _says(block)]
    if not blocks:
        raise ParseError(NAME, None, text[:80], "no outstanding allocations of memleak")
    began_s = blocks[0].second if len(blocks) > 1 else None
    return tuple(_reading(block, began_s) for block in blocks)
