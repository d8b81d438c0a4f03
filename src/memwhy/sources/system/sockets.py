"""Memory of sockets: /proc/net/sockstat, which counts TCP's and UDP's buffers in pages, and the skmem of `ss -m`.

Kernel memory, in no process's RSS. Of a socket the received (r), the queued to send (w, or t, of which it is a part), the
reserved (f), the options (o) and the backlog (bl) are summed; rb and tb are limits. Source: proc_net(5), ss(8).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.system.cells import plain

NAME = "system/sockets"
TRIGGERS = (b"sockets: used", b"inuse", b"skmem:(")

_PAGE_BYTES = 4096
_USED = re.compile(r"sockets: used \d{1,9}$")
_ROW = re.compile(
    r"(?P<protocol>TCP|UDP|UDPLITE|RAW|FRAG|TCP6|UDP6|UDPLITE6|RAW6|FRAG6): inuse \d{1,9}(?: (?:orphan|tw|alloc) \d{1,9}){0,3}(?: (?P<kind>mem|memory) (?P<number>\d{1,12}))?$"
)
_SKMEM = re.compile(r"skmem:\((?P<fields>[a-z]{1,2}\d{1,12}(?:,[a-z]{1,2}\d{1,12}){3,12})\)")
_FIELD = re.compile(r"([a-z]{1,2})(\d{1,12})")
_GAP_LINES = 4
_LONGEST = 1000


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based. parts: bytes by protocol of sockstat, or of ss under one name."""

    kind: str
    first: int
    last: int
    parts: dict[str, int] = field(default_factory=dict)


def _of_socket(fields: str) -> int:
    """Bytes that one socket's buffers take."""
    figures = {name: int(number) for name, number in _FIELD.findall(fields)}
    return max(figures.get("t", 0), figures.get("w", 0)) + sum(figures.get(name, 0) for name in ("r", "f", "o", "bl"))


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if "inuse" not in raw and "skmem" not in raw and "sockets: used" not in raw:
            continue
        raw = raw[:_LONGEST]
        kind = "ss" if "skmem" in raw else "sockstat"
        text = plain(raw) if kind == "sockstat" else raw
        row = _ROW.match(text) if kind == "sockstat" else None
        sockets = _SKMEM.findall(raw) if kind == "ss" else []
        begins = kind == "sockstat" and _USED.match(text) is not None
        if row is None and not sockets and not begins:
            continue
        again = block is not None and row is not None and row["protocol"] in block.parts
        if block is None or block.kind != kind or begins or again or i - block.last > _GAP_LINES:
            if block is not None:
                yield block
            block = _Block(kind, i, i)
        block.last = i
        if row is not None and row["kind"]:
            width = _PAGE_BYTES if row["kind"] == "mem" else 1
            block.parts[row["protocol"]] = int(row["number"]) * width
        for fields in sockets:
            block.parts["ss"] = block.parts.get("ss", 0) + _of_socket(fields)
    if block is not None:
        yield block


def _says(block: _Block) -> bool:
    return bool(block.parts) and sum(block.parts.values()) < 1 << 56


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of either."""
    return (Span(first=block.first, last=block.last) for block in _blocks(lines) if _says(block))


def parse(text: str) -> tuple[Reading, ...]:
    """The bytes of all sockets listed, one reading an output. ParseError when there is none."""
    readings = tuple(
        Reading(
            metrics={"host.sockets_bytes": sum(block.parts.values())},
            quanta={"host.sockets_bytes": _PAGE_BYTES} if block.kind == "sockstat" else {},
            notes=("buffers of the sockets that ss listed, perhaps not of all",) if block.kind == "ss" else (),
            line=block.first + 1,
            last_line=block.last + 1,
        )
        for block in _blocks(text.split("\n"))
        if _says(block)
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no memory of sockets")
    return readings
