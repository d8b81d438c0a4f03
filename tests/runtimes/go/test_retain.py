"""Dominators, groups and damaged debug information in the compiled loops, against slow and plain ways to the same answer."""

import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

_retain = pytest.importorskip("memwhy._core._retain")

START = 0xC000000000
OBJECT_BYTES = 64
WORDS = OBJECT_BYTES // 8
PAGE_BYTES = 8192
PER_PAGE = PAGE_BYTES // OBJECT_BYTES
CONSERVATIVE, NOSCAN = 5, 0
OWNER = 1 << 31

Graph = tuple[list[list[int]], list[list[int]]]
"""Which objects each object points to, and which each owner does."""


@contextmanager
def heap_of(edges: list[list[int]], leaves: int = 0) -> Iterator[object]:
    """A heap of objects of 64 bytes, every word of which may point; behind them `leaves` that cannot."""
    pages = -(-len(edges) // PER_PAGE)
    raw = bytearray(pages * PAGE_BYTES)
    for i, targets in enumerate(edges):
        words = array("Q", (address(one, len(edges)) for one in targets))
        raw[i * OBJECT_BYTES : i * OBJECT_BYTES + 8 * len(words)] = words.tobytes()
    spans = array("Q")
    for page in range(pages):
        count = min(PER_PAGE, len(edges) - page * PER_PAGE)
        start = START + page * PAGE_BYTES
        spans.extend((start, start + PAGE_BYTES, OBJECT_BYTES, count, CONSERVATIVE, 0, 0, 0))
    if leaves:
        start = START + pages * PAGE_BYTES
        spans.extend((start, start + PAGE_BYTES, OBJECT_BYTES, leaves, NOSCAN, 0, 0, 0))
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        end = START + len(raw)
        segments = array("Q", (START, end, 0)).tobytes()
        heap = _retain.open((file.fileno(), 0, segments), spans.tobytes(), 0, 0)
        resident = array("Q", (START, end)).tobytes()
        _retain.read(heap, (0, resident, b"", 0, 0, b"", (1, 1, 1, 1)), None)
        yield heap


def address(one: int, scanned: int) -> int:
    """Of an object by its number; those from `scanned` on cannot point."""
    if one < scanned:
        return START + one // PER_PAGE * PAGE_BYTES + one % PER_PAGE * OBJECT_BYTES
    return START + -(-scanned // PER_PAGE) * PAGE_BYTES + (one - scanned) * OBJECT_BYTES


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]], int]:
    count, leaves = draw(st.integers(1, 24)), draw(st.integers(0, 6))
    one = st.integers(0, count + leaves - 1)
    edges = [draw(st.lists(one, max_size=min(4, WORDS))) for _ in range(count)]
    owners = [draw(st.lists(one, min_size=1, max_size=3)) for _ in range(draw(st.integers(1, 4)))]
    return edges, owners, leaves


def reached(edges: list[list[int]], roots: list[int], without: int | None = None) -> set[int]:
    found: set[int] = set()
    work = [one for one in roots if one != without]
    while work:
        one = work.pop()
        if one in found:
            continue
        found.add(one)
        work += [to for to in (edges[one] if one < len(edges) else []) if to != without]
    return found


def kept_by_owners(edges: list[list[int]], owners: list[list[int]]) -> dict[int, int]:
    """Objects that only one owner leads to, by owner; -1: several do. The plain way: each owner by itself."""
    alone = [reached(edges, roots) for roots in owners]
    by = {one: [i for i, found in enumerate(alone) if one in found] for one in set().union(*alone)}
    kept: dict[int, int] = {}
    for who in by.values():
        kept[who[0] if len(who) == 1 else -1] = kept.get(who[0] if len(who) == 1 else -1, 0) + 1
    return kept


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_each_owner_keeps_what_only_it_leads_to(drawn: tuple[list[list[int]], list[list[int]], int]) -> None:
    edges, owners, leaves = drawn
    roots = array(
        "I", (number for i, members in enumerate(owners) for j, one in enumerate(members) for number in (one, i, j))
    )
    with heap_of(edges, leaves) as heap:
        rows = array("Q", _retain.retained(heap, roots.tobytes(), len(owners)))
    top: list[int] = [-1]
    found: dict[int, int] = {}
    for i in range(1, len(rows) // 13):
        parent, key, count = rows[13 * i], rows[13 * i + 1], rows[13 * i + 3]
        top.append(key - OWNER if key >= OWNER else top[parent])
        if count:
            found[top[i]] = found.get(top[i], 0) + count
    assert found == kept_by_owners(edges, owners)


def test_a_list_of_many_thousands_is_followed_to_its_end_and_is_one_line() -> None:
    count = 200_000
    edges = [[i + 1] for i in range(count - 1)] + [[]]
    with heap_of(edges) as heap:
        rows = array("Q", _retain.retained(heap, array("I", (0, 0, 0)).tobytes(), 1))
    assert [tuple(rows[13 * i : 13 * i + 5]) for i in range(len(rows) // 13)] == [
        (0, 0, 0, 0, 0),
        (0, OWNER, 0, 0, 0),
        (1, (1 << 16) + WORDS, 0, count, count * OBJECT_BYTES),
    ]


def test_of_what_two_owners_lead_to_both_are_named() -> None:
    roots = array("I", (0, 0, 0, 1, 1, 0))
    with heap_of([[2], [2], []]) as heap:
        rows = array("Q", _retain.retained(heap, roots.tobytes(), 2))
    shared = [tuple(rows[13 * i + 5 : 13 * i + 13]) for i in range(1, len(rows) // 13) if rows[13 * i + 2] == 0x7FFE]
    assert shared == [(OWNER, OWNER + 1, 0, 0, 0, 0, 0, 0)]


@given(st.binary(max_size=400), st.binary(max_size=200), st.binary(max_size=40))
def test_any_bytes_as_debug_information_give_rows_or_none(info: bytes, abbreviations: bytes, addresses: bytes) -> None:
    variables, functions = _retain.dwarf(info, abbreviations, addresses)
    assert (len(variables) % 16, len(functions) % 16) == (0, 0)


@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=48))
def test_any_spans_are_taken_or_refused(words: list[int]) -> None:
    with tempfile.TemporaryFile() as file:
        try:
            _retain.open((file.fileno(), 0, b""), array("Q", words).tobytes(), 0, 0)
        except ValueError as error:
            assert str(error) == "spans are rows of eight uint64 in address order, and make sense"


def test_what_is_given_in_the_wrong_order_is_refused() -> None:
    roots = array("I", (0, 1, 0, 0, 0, 0))
    with heap_of([[]]) as heap:
        with pytest.raises(ValueError, match="in the order of owners"):
            _retain.retained(heap, roots.tobytes(), 2)
        with pytest.raises(ValueError, match="a heap is read once"):
            _retain.read(heap, (0, b"", b"", 0, 0, b"", (1, 1, 1, 1)), None)
