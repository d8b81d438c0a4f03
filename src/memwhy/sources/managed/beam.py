"""Erlang's memory: `erlang:memory().`, and RabbitMQ's memory breakdown.

total is all that the emulator's allocators have handed out, processes and system together (erlang(3), memory/0); RabbitMQ adds
what they keep free as allocated_unused, and counts in powers of 1000 where it prints kb, mb and gb.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, bare, measure
from memwhy.sources.span import Span

NAME = "managed/beam"
TRIGGERS = (b"{total,", b"{processes,", b"allocated_unused", b"quorum_ets", b"queue_procs")

_PARTS = "total|processes|processes_used|system|atom|atom_used|binary|code|ets"
_TUPLE = re.compile(rf"\{{(?P<name>{_PARTS}),\s?(?P<bytes>\d{{1,18}})\}}")
_SHARE = re.compile(
    rf"^(?P<name>[a-z][a-z_]{{2,40}}): (?P<number>{DECIMAL}) ?(?P<unit>[kmg]i?b|[KMG]i?B|b|bytes) \(\d{{1,3}}(?:[.,]\d{{1,3}})?%\)$"
)
_SURE = frozenset(("allocated_unused", "quorum_ets", "queue_procs", "connection_other", "quorum_queue_procs", "mnesia"))
_WORDS = re.compile(r"\{(?:total|processes|system|atom|binary|code|ets)\b|%\)")
_GAP_LINES = 3


@dataclass(slots=True)
class _Block:
    """One answer; line indices are 0-based. parts: bytes by name."""

    kind: str
    first: int
    last: int
    parts: dict[str, int] = field(default_factory=dict)
    quantum: int = 1

    @property
    def says(self) -> bool:
        if self.kind == "memory":
            return "total" in self.parts and len(self.parts) >= 3
        return len(self.parts) >= 3 and bool(_SURE & self.parts.keys())


def _parts(line: str) -> tuple[str, list[tuple[str, int, int]]]:
    """(kind, [(name, bytes, quantum)]) of a bare line."""
    if "{" in line:
        return "memory", [(match["name"], int(match["bytes"]), 1) for match in _TUPLE.finditer(line)]
    match = _SHARE.match(line)
    measured = measure(match["number"], match["unit"].upper().replace("I", "i"), decimal=True) if match else None
    return "breakdown", [(match["name"], *measured)] if match and measured else []


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or not _WORDS.search(raw[:400]):
            continue
        kind, found = _parts(bare(raw))
        if not found:
            continue
        again = block is not None and any(name in block.parts for name, _, _ in found)
        if block is not None and (kind != block.kind or again or i - block.last > _GAP_LINES):
            yield block
            block = None
        block = block or _Block(kind, i, i)
        block.last = i
        for name, size, quantum in found:
            block.parts[name] = size
            block.quantum = max(block.quantum, quantum)
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Answers of the shell, breakdowns."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    names = ("processes", "binary", "ets", "code", "atom") if block.kind == "memory" else tuple(block.parts)
    rows = [(name, block.parts[name]) for name in names if block.parts.get(name) and name != "allocated_unused"]
    used = block.parts["total"] if block.kind == "memory" else sum(size for _, size in rows)
    metrics = {"runtime.heap_used_bytes": used}
    if "allocated_unused" in block.parts:
        metrics["runtime.heap_committed_bytes"] = used + block.parts["allocated_unused"]
    rows.sort(key=lambda row: (-row[1], row[0]))
    profile = Profile(
        kind="beam_inuse",
        unit="bytes",
        total=max(used, sum(size for _, size in rows)),
        rows=tuple(ProfileRow(function=name, flat=size, cum=size) for name, size in rows),
    )
    quanta = dict.fromkeys(metrics, block.quantum * len(rows)) if block.quantum > 1 else {}
    return Reading(metrics=metrics, quanta=quanta, profiles=(profile,), line=block.first + 1, last_line=block.last + 1)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an answer, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of Erlang's memory")
    return readings
