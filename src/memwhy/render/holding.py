"""Who holds the heap, as titled tables: roots with what hangs on them, and the totals by type."""

from collections.abc import Iterator

from memwhy.model.holders import Holders, Holding, TypeTotal
from memwhy.render.figures import amount, duration, share_of
from memwhy.render.table import Table

_MOST_LINES = 60
_MOST_TYPES = 12
_LEAST_SHARE = 0.005
_LEAST_OF_HOLDER = 0.02
_MOST_SHARERS = 3


def tables(holders: Holders, apart_s: float | None) -> Iterator[Table]:
    """The tree, largest first (growing first after two looks), then the types."""
    grows = any(one.grown_bytes is not None for one in holders.holdings)
    header = ("held", "share", *(("grew by", "objects") if grows else ("objects",)))
    rows: list[tuple[str, ...]] = []
    for depth, one in _chosen(holders, holders.holdings, 0, grows=grows):
        if len(rows) == _MOST_LINES:
            break
        rows.append((f"{'> ' * depth}{_name(one)}", *_figures(one, holders.bytes, grows=grows)))
    since = f", and what came in {duration(apart_s)}" if grows and apart_s else ""
    yield Table(
        title=f"Who holds Go's heap: {amount(holders.bytes)} in {holders.objects} objects{since}",
        header=header,
        rows=tuple(rows),
        notes=tuple(_notes(holders)),
    )
    kinds = sorted(holders.types, key=lambda one: -(one.grown_bytes or 0)) if grows else holders.types
    yield Table(
        title="Go's objects by type",
        header=header,
        rows=tuple(
            (one.type or "type not known", *_figures(one, holders.bytes, grows=grows)) for one in kinds[:_MOST_TYPES]
        ),
    )


def _chosen(holders: Holders, lines: tuple[Holding, ...], depth: int, *, grows: bool) -> Iterator[tuple[int, Holding]]:
    """Lines worth a row: of some size, or of some growth."""
    order = sorted(lines, key=lambda one: (one.kind == "rest", -(one.grown_bytes or 0) if grows else 0, -one.bytes))
    for one in order:
        least = _LEAST_SHARE * holders.bytes
        if one.bytes < least and (one.grown_bytes or 0) < least:
            continue
        yield depth, one
        below = tuple(child for child in one.children if child.bytes >= _LEAST_OF_HOLDER * one.bytes)
        yield from _chosen(holders, below, depth + 1, grows=grows)


def _name(one: Holding) -> str:
    if one.kind == "rest":
        return one.name
    if one.kind == "shared":
        who = ", ".join(one.shared_by[:_MOST_SHARERS]) + (" …" if len(one.shared_by) > _MOST_SHARERS else "")
        return f"{one.type}, shared by {who}" if who else f"{one.type}, shared"
    root = f"stack of {one.name}" if one.kind == "goroutine" else one.name
    return f"{root} {one.type}".strip()


def _figures(one: Holding | TypeTotal, whole: int, *, grows: bool) -> tuple[str, ...]:
    size = (amount(one.bytes), share_of(one.bytes / (whole or 1)))
    if not grows:
        return (*size, f"{one.count}")
    grown = one.grown_bytes or 0
    return (*size, f"{'-' if grown < 0 else '+'}{amount(abs(grown))}", f"{one.grown_count or 0:+d}")


def _notes(holders: Holders) -> Iterator[str]:
    if holders.heap_alloc_bytes:
        off = 100 * (holders.bytes / holders.heap_alloc_bytes - 1)
        yield f"HeapAlloc is {amount(holders.heap_alloc_bytes)} ({off:+.2f} %: what is above it is garbage not yet swept, or moved while it was read)"
    yield (
        f"{share_of(holders.untyped_bytes / (holders.bytes or 1))} of the bytes have no type that is known; "
        f"{holders.unresolved} pointers led to objects newer than the list of spans"
    )
    yield f"{amount(holders.read_bytes)} read in {duration(holders.read_s)}, {duration(holders.cpu_s)} of CPU; the target was not stopped"
    yield from holders.notes
