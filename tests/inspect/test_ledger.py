"""The ledger: each resident page once, the sum the kernel's, whatever owns the pages."""

from array import array
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.blocks import Share
from memwhy.inspect.ledger import Owned, index_of, keep_ledger, overlaps
from memwhy.model.mapping import Mapping
from memwhy.runtimes.interface import Region

PAGE = 4096
BASE = 0x7F0000000000


class Drawn(NamedTuple):
    """A small address space: which pages there are, which are resident, and who owns which."""

    mappings: tuple[Mapping, ...]
    pages: set[int]
    regions: tuple[Region, ...]
    shares: tuple[Share, ...]


def resident_of(pages: set[int]):
    def resident(start: int, end: int) -> "array[int]":
        runs = array("Q")
        for page in range(start // PAGE, (end + PAGE - 1) // PAGE):
            if page not in pages:
                continue
            if runs and runs[-1] == page * PAGE:
                runs[-1] += PAGE
            else:
                runs.extend((page * PAGE, (page + 1) * PAGE))
        return runs

    return resident


@st.composite
def spaces(draw: st.DrawFn) -> Drawn:
    """Mappings of up to 8 pages with gaps; owners never overlap one another, as allocators do not."""
    at = BASE // PAGE
    mappings, pages, regions, shares = [], set(), [], []
    for _ in range(draw(st.integers(1, 6))):
        at += draw(st.integers(0, 2))
        size = draw(st.integers(1, 8))
        kind = draw(st.sampled_from(["", "/lib/libx.so", "/dev/shm/x", "[stack]", "[heap]"]))
        here = {at + i for i in range(size) if draw(st.booleans())}
        pages |= here
        perms = "rw-s" if kind == "/dev/shm/x" else "rw-p"
        inode = 7 if kind.startswith("/") else 0
        mappings.append(
            Mapping(
                start=at * PAGE,
                end=(at + size) * PAGE,
                perms=perms,
                path=kind,
                inode=inode,
                rss_bytes=len(here) * PAGE,
                anonymous_bytes=draw(st.integers(0, len(here))) * PAGE,
            )
        )
        if kind in ("", "[heap]"):
            cut = draw(st.integers(0, size))
            owner = draw(st.sampled_from(["runtime", "malloc", "nobody"]))
            start, end = at * PAGE, (at + cut) * PAGE
            if cut and owner == "runtime":
                regions.append(Region(start=start, end=end, category="heap.in_use"))
            if cut and owner == "malloc":
                held = len([page for page in here if page < at + cut]) * PAGE
                used = draw(st.integers(0, held))
                split = {"malloc.in_use": used, "malloc.free": held - used}
                shares.append(Share(start=start, end=end, bytes=split, virtual_bytes={"malloc.in_use": end - start}))
        at += size
    return Drawn(tuple(mappings), pages, tuple(regions), tuple(shares))


@given(spaces())
def test_the_sum_is_the_kernels_and_owners_get_exactly_their_pages(drawn: Drawn):
    owned = Owned(regions=drawn.regions, shares=drawn.shares, heap_read=True, malloc_read=True)
    ledger = keep_ledger(drawn.mappings, resident_of(drawn.pages), owned)
    rows = {row.category: row.bytes for row in ledger.rows}
    assert ledger.rss_bytes == len(drawn.pages) * PAGE == sum(rows.values())
    assert (ledger.moved_bytes, ledger.refused) == (0, 0)
    inside = {page for page in drawn.pages for one in drawn.regions if one.start <= page * PAGE < one.end}
    assert rows.get("heap.in_use", 0) == len(inside) * PAGE
    for category in ("malloc.in_use", "malloc.free"):
        assert rows.get(category, 0) == sum(share.bytes[category] for share in drawn.shares)


@given(spaces(), st.integers(-3, 3))
def test_what_moved_between_two_reads_is_a_figure_of_its_own(drawn: Drawn, moved_pages: int):
    """The kernel's sum of one mapping is off: it shows as moved only where pages were asked for."""
    owned = Owned(regions=drawn.regions, shares=drawn.shares, heap_read=True, malloc_read=True)
    moved = tuple(
        Mapping(
            start=one.start,
            end=one.end,
            perms=one.perms,
            path=one.path,
            inode=one.inode,
            rss_bytes=max(PAGE, (one.rss_bytes or 0) + moved_pages * PAGE),
            anonymous_bytes=one.anonymous_bytes,
        )
        for one in drawn.mappings
    )
    ledger = keep_ledger(moved, resident_of(drawn.pages), owned)
    assert ledger.rss_bytes == sum(one.rss_bytes or 0 for one in moved)
    assert sum(row.bytes for row in ledger.rows) + ledger.moved_bytes == ledger.rss_bytes


def test_a_core_without_sizes_counts_the_pages_that_are_there():
    mapping = Mapping(start=BASE, end=BASE + 4 * PAGE, perms="rw-p")
    pages = {BASE // PAGE, BASE // PAGE + 2}
    ledger = keep_ledger((mapping,), resident_of(pages), Owned())
    assert [(row.category, row.bytes, row.virtual_bytes) for row in ledger.rows] == [("anonymous", 2 * PAGE, 4 * PAGE)]


def test_ranges_of_malloc_that_a_runtime_owns_are_refused_and_counted():
    mapping = Mapping(start=BASE, end=BASE + 4 * PAGE, perms="rw-p", rss_bytes=4 * PAGE)
    pages = {BASE // PAGE + i for i in range(4)}
    owned = Owned(
        regions=(Region(start=BASE, end=BASE + 2 * PAGE, category="heap.in_use"),),
        shares=(Share(start=BASE + PAGE, end=BASE + 3 * PAGE, bytes={"malloc.in_use": 2 * PAGE}, virtual_bytes={}),),
    )
    ledger = keep_ledger((mapping,), resident_of(pages), owned)
    assert {row.category: row.bytes for row in ledger.rows} == {"heap.in_use": 2 * PAGE, "anonymous": 2 * PAGE}
    assert (ledger.refused, ledger.moved_bytes) == (1, 0)


def test_a_thread_stack_is_known_by_the_stack_pointer_in_it():
    mapping = Mapping(start=BASE, end=BASE + 4 * PAGE, perms="rw-p", rss_bytes=2 * PAGE)
    ledger = keep_ledger((mapping,), resident_of(set()), Owned(stack_pointers=(BASE + 3 * PAGE + 8,)))
    assert {row.category: row.bytes for row in ledger.rows} == {"threads.stacks": 2 * PAGE}
    assert index_of((mapping,), BASE - 1) == index_of((mapping,), BASE + 4 * PAGE) == -1


@given(st.lists(st.integers(0, 60), unique=True, max_size=24), st.lists(st.integers(0, 60), unique=True, max_size=24))
def test_overlaps_are_those_of_sets(run_ends: list[int], range_ends: list[int]):
    def pairs(ends: list[int]) -> list[tuple[int, int]]:
        ends = sorted(ends)[: len(ends) & ~1]
        return list(zip(ends[::2], ends[1::2], strict=True))

    runs = array("Q", [end for pair in pairs(run_ends) for end in pair])
    held = {byte for start, end in pairs(run_ends) for byte in range(start, end)}
    found = dict(overlaps(runs, [(start, end, f"{start}") for start, end in pairs(range_ends)]))
    expected = {f"{start}": len(held & set(range(start, end))) for start, end in pairs(range_ends)}
    assert found == {name: size for name, size in expected.items() if size}
