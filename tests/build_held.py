"""Looks at who holds a heap, made up from plain Python: a test shows only the lines that it is about."""

from typing import Any

from memwhy.model.holders import Holders, Holding, TypeTotal
from memwhy.model.units import MIB


def line(kind: str, name: str, type_: str, count: int, own_bytes: int, *below: Holding, **more: Any) -> Holding:
    """A line that keeps what hangs below it."""
    return Holding(
        kind=kind,  # type: ignore[arg-type]
        name=name,
        type=type_,
        count=count,
        own_bytes=own_bytes,
        bytes=own_bytes + sum(one.bytes for one in below),
        children=below,
        **more,
    )


def holders(*lines: Holding, alloc_bytes: int | None = None, **more: Any) -> Holders:
    """A look that found these roots."""
    whole = sum(one.bytes for one in lines)
    return Holders(
        runtime="go1.26.8",
        bytes=whole,
        objects=sum(one.count for one in lines),
        heap_alloc_bytes=whole if alloc_bytes is None else alloc_bytes,
        untyped_bytes=0,
        unresolved=0,
        read_bytes=whole,
        read_s=0.1,
        cpu_s=0.2,
        holdings=tuple(lines),
        types=(TypeTotal(type="main.Entry", count=1, bytes=whole),),
        **more,
    )


def cache(mebibytes: float) -> Holding:
    """A map in a global variable with an entry for each KiB."""
    size = round(mebibytes * MIB)
    entries = line("field", "[value]", "main.Entry", size // 1024, size)
    return line("global", "main.cache", "map[string]*main.Entry", 1, 4096, entries, elements=size // 1024)


def table(mebibytes: float) -> Holding:
    """A slice in a global variable that is what it was."""
    return line("global", "main.table", "[]uint8", 1, round(mebibytes * MIB))
