"""What a look from outside found, as titled tables that every view prints in its own way."""

from collections.abc import Iterator

from memwhy.model.inspection import (
    CATEGORIES,
    GoInside,
    GoroutineGroup,
    Inspection,
    Lost,
    Malloc,
    SizeClass,
    StackFrame,
)
from memwhy.render import holding
from memwhy.render.figures import amount, duration, share_of
from memwhy.render.table import Table

_MOST_CLASSES = 8
_MOST_GRAPHS = 8
_MOST_GROUPS = 8
_MOST_FRAMES = 8
_FEW_BYTES = 0.0005


def tables(inspection: Inspection) -> Iterator[Table]:
    """The tables in the order in which they answer: who holds Go's heap, where the RSS is, what malloc knows, what is lost, what Go does."""
    if inspection.holders is not None:
        yield from holding.tables(inspection.holders, inspection.apart_s)
    yield _ledger(inspection)
    if inspection.malloc is not None:
        yield _malloc(inspection.malloc)
        if inspection.malloc.classes:
            yield _classes(inspection.malloc, inspection.apart_s)
    if inspection.lost is not None:
        yield _lost(inspection.lost)
    if inspection.go is not None:
        yield _go(inspection.go)
        if inspection.go.groups:
            yield _groups(inspection.go)
        if inspection.go.cgo_calls:
            yield _cgo(inspection.go)
    if inspection.notes:
        yield Table(title="Not all could be read", notes=inspection.notes)
    if inspection.cost is not None:
        cost = inspection.cost
        yield Table(
            title="Cost of the look",
            notes=(
                f"{duration(cost.cpu_s)} of CPU in {duration(cost.wall_s)}, attached in {duration(cost.attach_s)}, "
                f"at most {amount(cost.rss_bytes)} of memory; target never stopped",
            ),
        )


def _ledger(inspection: Inspection) -> Table:
    whole = inspection.rss_bytes or 1
    rows = [
        (CATEGORIES.get(row.category, row.category), amount(row.bytes), share_of(row.bytes / whole))
        for row in sorted(inspection.ledger, key=lambda row: -row.bytes)
        if row.bytes >= _FEW_BYTES * whole or row.category == "anonymous"
    ]
    small = [row for row in inspection.ledger if row.bytes < _FEW_BYTES * whole and row.category != "anonymous"]
    if small:
        held = sum(row.bytes for row in small)
        rows.append((f"{len(small)} smaller ones", amount(held), share_of(held / whole)))
    if inspection.moved_bytes:
        rows.append(("moved while it was read", amount(inspection.moved_bytes), ""))
    unexplained = abs(inspection.unexplained_bytes)
    note = (
        f"sums to {inspection.rss_bytes} B, what the kernel counts; not explained: "
        f"{amount(inspection.unexplained_bytes)} ({100 * unexplained / whole:.3f} %)"
    )
    return Table(
        title=f"RSS {amount(inspection.rss_bytes)}", header=("resident", "share"), rows=tuple(rows), notes=(note,)
    )


def _malloc(malloc: Malloc) -> Table:
    used, kept = malloc.in_use_bytes - malloc.tcache_bytes, malloc.free_bytes + malloc.tcache_bytes
    rows = (
        ("in use", f"{malloc.in_use_chunks} blocks", amount(used), amount(malloc.in_use_resident_bytes)),
        ("freed, kept", f"{malloc.free_chunks} blocks", amount(kept), amount(malloc.free_resident_bytes)),
        (
            "mapped one by one",
            f"{malloc.mmapped_count} blocks",
            amount(malloc.mmapped_bytes),
            amount(malloc.mmapped_resident_bytes),
        ),
    )
    notes = [f"malloc_trim could give back at most {amount(malloc.trimmable_bytes)}", *malloc.approximate]
    where = f"{malloc.arenas} arena{'s' * (malloc.arenas != 1)} in {malloc.heaps} heap{'s' * (malloc.heaps != 1)}"
    return Table(
        title=f"malloc (glibc {malloc.version}, {where})",
        header=("", "size", "resident"),
        rows=rows,
        notes=tuple(notes),
    )


def _classes(malloc: Malloc, apart_s: float | None) -> Table:
    grown = any(one.grown_bytes for one in malloc.classes)
    by = (lambda one: -(one.grown_bytes or 0)) if grown else (lambda one: -one.in_use_bytes)
    rows = tuple(
        (
            _size(one),
            f"{one.in_use_count}",
            amount(one.in_use_bytes),
            "" if not grown else f"{one.grown_count or 0:+d}",
            "" if not grown else _signed(one.grown_bytes or 0),
        )
        for one in sorted(malloc.classes, key=by)[:_MOST_CLASSES]
        if one.in_use_count or one.grown_count
    )
    title = "Blocks by size" if not grown or apart_s is None else f"Blocks by size, and growth in {duration(apart_s)}"
    return Table(title=title, header=("in use", "bytes", "blocks grown", "bytes grown"), rows=rows)


def _size(one: SizeClass) -> str:
    if one.up_to_bytes > one.chunk_bytes:
        return f"{amount(one.chunk_bytes)} to {amount(one.up_to_bytes)}"
    return f"{one.chunk_bytes} B"


def _signed(size_bytes: int) -> str:
    return ("+" if size_bytes > 0 else "") + amount(size_bytes)


def _lost(lost: Lost) -> Table:
    rows = []
    for graph in lost.graphs[:_MOST_GRAPHS]:
        what = " ".join(part for part in (graph.type or "", f"of {graph.library}" if graph.library else "") if part)
        rows.append((what or "of unknown type", f"{graph.count}", f"{graph.chunks}", amount(graph.bytes)))
        rows += [(f"    {sample!r}", "", "", "") for sample in graph.samples[:3]]
    rest = lost.graphs[_MOST_GRAPHS:]
    if rest:
        rows.append(("all others", f"{sum(one.count for one in rest)}", "", amount(sum(one.bytes for one in rest))))
    notes = [
        f"{amount(lost.held_bytes)} of malloc's blocks are held by something, {amount(lost.maybe_bytes)} perhaps; "
        f"{amount(lost.roots_bytes)} of memory were searched for pointers"
        + (f", {lost.searched}" if lost.searched else ""),
        *_likely(lost),
        *lost.caveats,
    ]
    resident = (
        "" if lost.resident_bytes in (None, lost.bytes) else f", {amount(lost.resident_bytes or 0)} of it resident"
    )
    title = f"Lost: {amount(lost.bytes)} in {lost.chunks} blocks that nothing points to{resident}"
    return Table(title=title, header=("graphs", "blocks each", "bytes"), rows=tuple(rows), notes=tuple(notes))


def _likely(lost: Lost) -> tuple[str, ...]:
    """What is not counted as lost, and is it all the same unless a number is a pointer, or many searches missed the same."""
    if not lost.likely_bytes:
        return ()
    share = "of what is perhaps held, " if lost.maybe_bytes else ""
    return (f"{share}{amount(lost.likely_bytes)} are likely lost: only numbers or passing leftovers lead there",)


_SHOWN = ("Sys", "HeapAlloc", "HeapInuse", "HeapIdle", "HeapReleased", "StackInuse", "NextGC")


def _go(go: GoInside) -> Table:
    figures = ", ".join(f"{name} {amount(go.memstats[name])}" for name in _SHOWN if name in go.memstats)
    cgo = "" if go.cgo_calls_ever is None else f", {go.cgo_calls_ever} calls into C so far"
    collections = f"{go.memstats['NumGC']} collections, " if "NumGC" in go.memstats else ""
    return Table(
        title=f"{go.version}, read from its memory",
        notes=(
            figures,
            f"{collections}{go.goroutines} goroutines, {go.threads} threads{cgo}",
            *go.notes,
        ),
    )


def _groups(go: GoInside) -> Table:
    rows = tuple((_stack(group), f"{group.count}") for group in go.groups[:_MOST_GROUPS])
    rest = go.groups[_MOST_GROUPS:]
    if rest:
        rows += ((f"{len(rest)} other stack{'s' * (len(rest) != 1)}", f"{sum(group.count for group in rest)}"),)
    return Table(title="Goroutines", header=("count",), rows=rows)


def _stack(group: GoroutineGroup) -> str:
    made = f" · created by {group.created_by}" if group.created_by else ""
    waiting = "" if group.waiting_s is None else f", up to {duration(group.waiting_s)}"
    return f"{group.state}{waiting}: {_frames(group.stack)}{made}"


def _frames(stack: tuple[StackFrame, ...]) -> str:
    names = [frame.function for frame in stack[:_MOST_FRAMES]]
    more = f" ← {len(stack) - _MOST_FRAMES} more" if len(stack) > _MOST_FRAMES else ""
    return (" ← ".join(names) + more) or "no frames to be had"


def _cgo(go: GoInside) -> Table:
    rows = tuple(
        (_frames(call.stack), f"{call.seen} of {call.looks}", f"{call.goroutines}")
        for call in go.cgo_calls[:_MOST_GROUPS]
    )
    return Table(title="Seen inside C", header=("looks", "goroutines"), rows=rows)
