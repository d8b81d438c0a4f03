"""Who holds the heap, as titled tables: what there is by type, then roots with what hangs on them."""

from collections.abc import Iterator

from memwhy.model.holdergrowth import weights
from memwhy.model.holdernames import MOST_SHARERS, hinted, named, owner, sharers
from memwhy.model.holders import Holders, Holding, SoFar, TypeTotal, Waiting
from memwhy.render.contents import phrase
from memwhy.render.figures import amount, duration, share_of
from memwhy.render.table import Table

_MOST_TYPES = 8
_MOST_ROOTS = 3
_MOST_SO_FAR = 5
_UNSTABLE = 0.01
"""Of the larger figure; passes that differ by less agree."""


def tables(holders: Holders, apart_s: float | None) -> Iterator[Table]:
    """The short answer first: types and the largest roots; then the tree, every line that is given, what matters most first."""
    grows = is_grown(holders)
    header = ("held", "share", *(("grew by", "objects") if grows else ("objects",)))
    since = f", and what came in {duration(apart_s)}" if grows and apart_s else ""
    kinds = sorted(holders.types, key=lambda one: -(one.grown_bytes or 0)) if grows else holders.types
    yield Table(
        title=f"Go's heap: {amount(holders.bytes)} in {holders.objects} objects{since}",
        header=header,
        rows=tuple((type_of(one), *figures(one, holders.bytes, grows=grows)) for one in kinds[:_MOST_TYPES]),
        depths=(0,) * len(kinds[:_MOST_TYPES]),
        notes=(roots(holders),) if holders.holdings else (),
    )
    lines = tuple(walk(holders))
    remarks = tuple(" · ".join(remarks_of(one)) for _, one in lines)
    yield Table(
        title="Which root reaches it first" if holders.fast else "Who holds Go's heap, line by line",
        header=header,
        rows=tuple((named(one), *figures(one, holders.bytes, grows=grows)) for _, one in lines),
        depths=tuple(depth for depth, _ in lines),
        remarks=remarks if any(remarks) else (),
        notes=tuple(notes_of(holders)),
    )


def is_grown(holders: Holders) -> bool:
    """Were there two looks?"""
    return any(one.grown_bytes is not None for one in holders.holdings)


def roots(holders: Holders) -> str:
    """The answer in a sentence: the largest roots with their shares."""
    largest = sorted((one for one in holders.holdings if one.kind != "rest"), key=lambda one: -one.bytes)
    whole = holders.bytes or 1
    words = "reached first from" if holders.fast else "kept alive by"
    return f"{words} " + ", ".join(f"{_who(one)} ({share_of(one.bytes / whole)})" for one in largest[:_MOST_ROOTS])


def so_far(found: SoFar) -> tuple[str, ...]:
    """A first answer in lines, which says of itself that it is one."""
    lines = sorted(found.holdings, key=lambda one: -one.bytes)[:_MOST_SO_FAR]
    return (
        f"so far: {amount(found.bytes)} in {found.objects} objects; what each root alone keeps is being found out",
        "by nearest root: " + ", ".join(f"{_who(one)} {amount(one.bytes)}" for one in lines),
        "by type: " + ", ".join(f"{type_of(one)} {amount(one.bytes)}" for one in found.types[:_MOST_SO_FAR]),
    )


def _who(one: Holding) -> str:
    """A root in a sentence; those who share something together."""
    if one.kind != "shared":
        return owner(one)
    return f"{sharers(one, MOST_SHARERS).removeprefix('shared by ')} together" if one.shared_by else "several roots"


def walk(holders: Holders) -> Iterator[tuple[int, Holding]]:
    """Every line with its depth: what matters most first, the rest last."""
    weight = weights(holders)

    def below(lines: tuple[Holding, ...], depth: int) -> Iterator[tuple[int, Holding]]:
        for one in sorted(lines, key=lambda one: (one.kind == "rest", -weight(one))):
            yield depth, one
            yield from below(one.children, depth + 1)

    return below(holders.holdings, 0)


def type_of(one: TypeTotal) -> str:
    """A type's name."""
    return one.type or "type not known"


def remarks_of(one: Holding) -> Iterator[str]:
    """What is to be said of a line beside its figures."""
    if one.kind == "shared":
        yield sharers(one, MOST_SHARERS)
    if one.hints:
        yield f"{hinted(one)} (a hint)"
    if one.goroutines is not None:
        yield f"{one.goroutines} goroutine{'s' * (one.goroutines != 1)}"
    if content := phrase(one):
        yield content
    if one.least_bytes is not None and one.most_bytes is not None and one.least_bytes < one.most_bytes:
        word = "unstable: " if one.most_bytes - one.least_bytes > _UNSTABLE * one.most_bytes else ""
        yield f"{word}{amount(one.least_bytes)} to {amount(one.most_bytes)} over the passes"


def _waiting(one: Waiting) -> str:
    """What is due and does not come, and what stands in its way."""
    due = f"{one.count} {one.kind}{'s' * (one.count != 1)}"
    where = f" stands in {one.function}" if one.function else " waits for work"
    since = "" if one.blocked_s is None else f", for {duration(one.blocked_s)} at least"
    state = f" ({one.state})" if one.state else ""
    return f"{due} that should have run have not: the goroutine that runs them{where}{state}{since}"


def figures(one: Holding | TypeTotal, whole: int, *, grows: bool) -> tuple[str, ...]:
    """Held, share, and growth where there were two looks."""
    size = (amount(one.bytes, whole=False), share_of(one.bytes / (whole or 1)))
    if not grows:
        return (*size, f"{one.count}")
    if one.grown_bytes is None:
        return (*size, "", "")
    sign = "-" if one.grown_bytes < 0 else "+"
    return (*size, f"{sign}{amount(abs(one.grown_bytes), whole=False)}", f"{one.grown_count or 0:+d}")


def notes_of(holders: Holders) -> Iterator[str]:
    """How far the answer can be trusted, and what it cost."""
    if holders.heap_alloc_bytes:
        off = 100 * (holders.bytes / holders.heap_alloc_bytes - 1)
        yield f"HeapAlloc is {amount(holders.heap_alloc_bytes)} ({off:+.2f} %: what is above it is garbage not yet swept, or moved while it was read)"
    yield (
        f"{share_of(holders.untyped_bytes / (holders.bytes or 1))} of the bytes have no type that is known; "
        f"{holders.unresolved} pointers led to objects newer than the list of spans"
    )
    if holders.passes > 1 or holders.newborn_objects:
        passes = f"{holders.passes} pass{'es' * (holders.passes != 1)}"
        yield f"{passes}; {holders.newborn_objects} of the objects were made while the heap was read"
    yield from map(_waiting, holders.waiting)
    if any(one.hints for one in holders.holdings):
        yield "variables have no names, for they were stripped: a hint names functions whose code refers to them"
    yield f"{amount(holders.read_bytes)} read in {duration(holders.read_s)}, {duration(holders.cpu_s)} of CPU; the target was not stopped"
    yield from holders.notes
