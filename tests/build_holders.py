"""Who holds a heap, built by hand: what a view has to cope with, in few lines. Figures and names are made up, and they sum."""

from typing import Any

from memwhy.model.holders import Holders, Holding, TypeTotal, Waiting
from memwhy.model.units import KIB, MIB

GENERIC = (
    "*github.com/example/shop/internal/index.Shard[github.com/example/shop/internal/catalogue.ArticleNumber,"
    "go.shape.struct { Name string; Prices []github.com/example/shop/internal/money.Amount; Seen sync/atomic.Int64 }]"
)


def line(name: str, kind_of: str, own: int, *children: Holding, **more: Any) -> Holding:
    """A line whose bytes are its own and those below it. kind_of: its type."""
    more.setdefault("kind", "field")
    more.setdefault("count", max(1, own // 100) if own else 0)
    return Holding(
        name=name,
        type=kind_of,
        own_bytes=own,
        bytes=own + sum(one.bytes for one in children),
        children=children,
        **more,
    )


def holders(*lines: Holding, **more: Any) -> Holders:
    """They and nothing else."""
    whole = sum(one.bytes for one in lines)
    known: dict[str, Any] = {
        "runtime": "go1.26.8",
        "bytes": whole,
        "objects": sum(map(_count, lines)),
        "heap_alloc_bytes": whole + 4 * KIB,
        "untyped_bytes": 3 * MIB,
        "unresolved": 0,
        "read_bytes": 120 * MIB,
        "read_s": 0.104,
        "cpu_s": 0.391,
        "holdings": lines,
        "types": (),
    }
    return Holders(**{**known, **more})


def _count(one: Holding) -> int:
    return one.count + sum(map(_count, one.children))


def shop(text: str = "") -> Holders:
    """A cache that grows, what is shared, a root without a name, goroutines, what moved while it was read, and a long name.

    text: put wherever a target's own words stand.
    """
    entries = line(
        "[value]",
        "main.Entry",
        24 * MIB,
        line(".Body[]", "[]uint8", 300 * MIB, grown_bytes=80 * MIB, grown_count=36_000, count=400_000),
        line(".Owner", "main.User", 6 * MIB, grown_bytes=0, grown_count=0),
        grown_bytes=86 * MIB,
        grown_count=36_000,
        count=400_000,
    )
    return holders(
        line(
            f"main.cache{text}",
            f"map[string]*main.Entry{text}",
            40 * MIB,
            entries,
            kind="global",
            grown_bytes=90 * MIB,
            grown_count=1,
            count=1,
            elements=400_000,
            least_bytes=369 * MIB,
            most_bytes=372 * MIB,
        ),
        line(
            "global@70a020",
            GENERIC,
            30 * MIB,
            kind="global",
            grown_bytes=0,
            grown_count=0,
            hints=(f"main.loadConfig{text}", "main.main"),
        ),
        line(
            f"main.serve{text}",
            "[]*main.Request",
            9 * MIB,
            kind="goroutine",
            goroutines=1200,
            grown_bytes=2 * MIB,
            grown_count=40,
            least_bytes=5 * MIB,
            most_bytes=9 * MIB,
        ),
        line(
            "",
            "main.Item",
            4 * MIB,
            kind="shared",
            shared_by=("runtime.allgs", f"main.byName{text}", "main.byNumber", "main.recent"),
            grown_bytes=-MIB,
            grown_count=-100,
        ),
        line("17 smaller ones", "", 2 * MIB, kind="rest"),
        types=(
            TypeTotal(type="[]uint8", count=400_000, bytes=300 * MIB, grown_bytes=80 * MIB, grown_count=36_000),
            TypeTotal(type="main.Entry", count=400_000, bytes=24 * MIB, grown_bytes=6 * MIB, grown_count=36_000),
            TypeTotal(type=GENERIC, count=300, bytes=30 * MIB, grown_bytes=0, grown_count=0),
            TypeTotal(type="", count=30_000, bytes=3 * MIB, grown_bytes=0, grown_count=0),
        ),
        passes=2,
        waiting=(
            Waiting(kind="finalizer", count=312, function=f"main.flush{text}", state="chan receive", blocked_s=61.0),
        ),
        newborn_objects=12,
        unresolved=3,
        notes=("unstable: main.serve differed by 44 % between two passes",),
    )
