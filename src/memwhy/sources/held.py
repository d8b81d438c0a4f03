"""Who holds the runtime's heap at one moment, as memwhy itself writes it: the tree of holders and the totals by type."""

import heapq
import json
from typing import Any, get_args, get_type_hints

from memwhy.model.holders import Holders, Holding, TypeTotal, Waiting
from memwhy.model.reading import Reading
from memwhy.sources.own_json import OwnJson

NAME = "go/holders"
SCHEMA = "memwhy/holders/1"
MOST_LINES = 400
"""Of the tree as it is kept, the largest; the rest of each line's children becomes one."""
MOST_TYPES = 60
MOST_READ_LINES = 100_000
"""Of a tree that is read: others may keep more."""
MOST_DEPTH = 120
MOST_NAMES = 64
_OWN = OwnJson(NAME, most_characters=2048)
_KINDS = get_args(get_type_hints(Holding)["kind"])
_COUNTS = ("count", "own_bytes", "bytes")
_MAY_LACK = ("least_bytes", "most_bytes", "elements", "idle_bytes", "goroutines")
_NAMES = ("shared_by", "hints")
_TOTALS = ("bytes", "objects", "untyped_bytes", "unresolved", "read_bytes", "passes", "newborn_objects")


def write(holders: Holders) -> bytes:
    """The look as JSON, field by field, without what a line does not have. Growth is left out: who reads several looks finds it."""
    kept = _largest(holders)
    document = {
        "schema": SCHEMA,
        "runtime": holders.runtime,
        **{name: getattr(holders, name) for name in _TOTALS},
        "heap_alloc_bytes": holders.heap_alloc_bytes,
        "read_s": holders.read_s,
        "cpu_s": holders.cpu_s,
        "fast": holders.fast,
        "notes": list(holders.notes),
        "waiting": [[one.kind, one.count, one.function, one.state, one.blocked_s] for one in holders.waiting],
        "types": [[one.type, one.count, one.bytes] for one in holders.types[:MOST_TYPES]],
        "holdings": _lines(holders.holdings, kept),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _largest(holders: Holders) -> set[int]:
    """Which lines are kept: the largest, none without the one that it hangs on. By identity."""
    kept: set[int] = set()
    waiting = [(-one.bytes, number, one) for number, one in enumerate(holders.holdings)]
    heapq.heapify(waiting)
    number = len(waiting)
    while waiting and len(kept) < MOST_LINES:
        _, _, line = heapq.heappop(waiting)
        kept.add(id(line))
        for child in line.children:
            number += 1
            heapq.heappush(waiting, (-child.bytes, number, child))
    return kept


def _lines(lines: tuple[Holding, ...], kept: set[int]) -> list[dict[str, Any]]:
    rows = [_line(one, kept) for one in lines if id(one) in kept]
    rest = [one for one in lines if id(one) not in kept]
    if rest:
        sums = {name: sum(getattr(one, name) for one in rest) for name in ("count", "bytes")}
        rows.append({"kind": "rest", "name": "smaller ones", "type": "", **sums, "own_bytes": sums["bytes"]})
    return rows


def _line(one: Holding, kept: set[int]) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": one.kind, "name": one.name, "type": one.type}
    row |= {name: getattr(one, name) for name in _COUNTS}
    row |= {name: value for name in _MAY_LACK if (value := getattr(one, name)) is not None}
    row |= {name: list(value) for name in _NAMES if (value := getattr(one, name))}
    below = _lines(one.children, kept)
    return row | ({"children": below} if below else {})


def parse(raw: bytes) -> Reading:
    """`holders` of a Reading. Raises ParseError."""
    document = _OWN.document(raw, SCHEMA, "look at holders")
    alloc = document.get("heap_alloc_bytes")
    left = [MOST_READ_LINES]
    totals: dict[str, Any] = {name: _OWN.count(document.get(name), name) for name in _TOTALS}
    return Reading(
        holders=Holders(
            runtime=_OWN.text(document.get("runtime")),
            **totals,
            heap_alloc_bytes=None if alloc is None else _OWN.count(alloc, "heap_alloc_bytes"),
            read_s=_OWN.seconds(document.get("read_s"), "read_s"),
            cpu_s=_OWN.seconds(document.get("cpu_s"), "cpu_s"),
            fast=document.get("fast") is True,
            notes=_texts(document.get("notes")),
            waiting=tuple(_waiting(row) for row in _OWN.items(document.get("waiting"), "what waits")[:MOST_NAMES]),
            types=tuple(_type(row) for row in _OWN.items(document.get("types"), "types")[:MOST_READ_LINES]),
            holdings=_read(document.get("holdings"), left, 0),
        )
    )


def _read(rows: object, left: list[int], depth: int) -> tuple[Holding, ...]:
    found = _OWN.items(rows, "lines")
    left[0] -= len(found)
    if left[0] < 0 or depth > MOST_DEPTH:
        raise _OWN.wrong(f"has more than {MOST_READ_LINES} lines, or more than {MOST_DEPTH} of them below each other")
    return tuple(_holding(row, left, depth) for row in found)


def _holding(row: object, left: list[int], depth: int) -> Holding:
    if not isinstance(row, dict):
        raise _OWN.wrong("has a line that is none", str(row)[:80])
    kind = row.get("kind")
    if kind not in _KINDS:
        raise _OWN.wrong("has a line of an unknown kind", str(kind)[:80])
    figures: dict[str, Any] = {name: _OWN.count(row.get(name), name) for name in _COUNTS}
    figures |= {name: _OWN.count(row[name], name) for name in _MAY_LACK if row.get(name) is not None}
    figures |= {name: _texts(row[name]) for name in _NAMES if name in row}
    return Holding(
        kind=kind,  # type: ignore[arg-type]  # one of its literals
        name=_OWN.text(row.get("name")),
        type=_OWN.text(row.get("type")),
        children=_read(row["children"], left, depth + 1) if "children" in row else (),
        **figures,
    )


def _type(row: object) -> TypeTotal:
    if not isinstance(row, list) or len(row) != 3:
        raise _OWN.wrong("has a type that is none", str(row)[:80])
    return TypeTotal(type=_OWN.text(row[0]), count=_OWN.count(row[1], "count"), bytes=_OWN.count(row[2], "bytes"))


def _waiting(row: object) -> Waiting:
    if not isinstance(row, list) or len(row) != 5 or row[0] not in ("finalizer", "cleanup"):
        raise _OWN.wrong("has something that waits for no finalizer", str(row)[:80])
    kind, number, function, state, blocked_s = row
    return Waiting(
        kind=kind,
        count=_OWN.count(number, "waiting"),
        function=_OWN.text(function),
        state=_OWN.text(state),
        blocked_s=None if blocked_s is None else _OWN.seconds(blocked_s, "blocked_s"),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_OWN.text(one) for one in _OWN.items(value, "names")[:MOST_NAMES])
