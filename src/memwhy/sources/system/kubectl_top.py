"""kubectl top: the working set of pods, containers and nodes.

It is usage minus inactive file pages (metrics-server takes the kubelet's container_memory_working_set_bytes): active
file pages are counted in. Source: kubectl top --help; kubernetes.io, "Resource metrics pipeline".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.commands import command_in

NAME = "system/kubectl_top"
TRIGGERS = (b"memory(bytes)", b"kubectl top")

_HEADER = re.compile(
    r"(?:NAMESPACE )?(?:POD )?NAME CPU ?\(cores\) (?:CPU% )?MEMORY ?\(bytes\)( MEMORY%)?$", re.IGNORECASE
)
_WORD = r"([a-z0-9][a-z0-9.*-]{0,200}|<\w{1,30}>)"
_ROW = re.compile(
    rf"((?:{_WORD} ){{1,3}})(\d{{1,9}}m|\d{{1,5}}) (?:(\d{{1,4}})% )?(\d{{1,12}})(Ki|Mi|Gi)(?: (\d{{1,4}})%)?$"
)
_HINTS = ("Mi", "Gi", "Ki", " top ", "MEMORY", "memory(")
ACTIVE_COUNTS = (
    "kubectl top prints the working set: usage without inactive file pages; active file pages are counted in"
)


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based."""

    first: int
    last: int
    header: str = ""
    rows: list[tuple[int, re.Match[str]]] = field(default_factory=list)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 1000:
            continue
        if block is None and not any(word in raw for word in _HINTS):
            continue
        text = plain(raw)
        command = command_in(raw, ("kubectl", "oc", "k")) if " top " in raw else None
        header = _HEADER.match(text)
        if header is not None or command is not None:
            if block is not None and block.rows:
                yield block
                block = None
            block = block or _Block(i, i)
            block.last, block.header = i, text if header is not None else block.header
            continue
        row = _ROW.match(text)
        if row is not None and (block is not None or row[3].endswith("m")):
            block = block or _Block(i, i)
            block.rows.append((i, row))
            block.last = i
        elif block is not None and not is_neutral(text) and read_prompt(raw) is None:
            if block.rows:
                yield block
            block = None
    if block is not None and block.rows:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of pods or nodes, with or without their header."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _readings(block: _Block) -> Iterator[Reading]:
    words = block.header.upper().split()
    named = [word for word in words if word in ("NAMESPACE", "POD", "NAME")]
    for at, (line, row) in enumerate(block.rows):
        names = row[1].split()
        if "NAMESPACE" in named and len(names) == len(named):
            names = names[1:]
        node = row[4] is not None
        used = exact_bytes(row[5], unit_bytes(row[6]) or 1)
        if used[0] >= 1 << 56:
            continue
        yield Reading(
            metrics={"cgroup.working_set_bytes": used[0]},
            quanta={"cgroup.working_set_bytes": used[1]},
            subject=f"host {names[-1]}" if node else f"container {'/'.join(names)}",
            notes=(ACTIVE_COUNTS,) if at == 0 else (),
            line=line + 1,
            last_line=line + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a pod, container or node, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of kubectl top")
    return readings
