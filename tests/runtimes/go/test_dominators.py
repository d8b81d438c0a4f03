"""What alone keeps what, and which root is nearest, in the compiled loops: held against the plain ways, and on shapes that make plain ways slow."""

import signal
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_retain import OWNER, START, heap_of

_retain = pytest.importorskip("memwhy._core._retain")

PAGE_BYTES = 8192
CONSERVATIVE, NOSCAN = 5, 0
SHARED, FAR, SIZE = 0x7FFE, 0x7FFF, 1 << 16
ROW = 13
FIRST_WORDS = 16
"""Of the first object; each one has a word more than the one before it, so that every object is a group by itself."""

Graph = tuple[list[list[int]], list[list[int]], int]
"""Which objects each object points to, which each owner does, and how many objects behind them cannot point."""


@contextmanager
def apart(edges: list[list[int]], leaves: int) -> Iterator[object]:
    """A heap whose objects all have sizes of their own, a span each."""
    raw = bytearray(len(edges) * PAGE_BYTES)
    spans = array("Q")
    for i in range(len(edges) + leaves):
        start = START + i * PAGE_BYTES
        spans.extend(
            (start, start + PAGE_BYTES, 8 * (FIRST_WORDS + i), 1, CONSERVATIVE if i < len(edges) else NOSCAN, 0, 0, 0)
        )
        words = array("Q", (START + one * PAGE_BYTES for one in edges[i])) if i < len(edges) else array("Q")
        raw[i * PAGE_BYTES : i * PAGE_BYTES + 8 * len(words)] = words.tobytes()
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        end = START + len(raw)
        heap = _retain.open((file.fileno(), 0, array("Q", (START, end, 0)).tobytes()), spans.tobytes(), 0, 0)
        _retain.read(heap, (0, array("Q", (START, end)).tobytes(), b"", 0, 0, b"", (1, 1, 1, 1)), None)
        yield heap


def flat(owners: list[list[int]]) -> bytes:
    return array(
        "I", (number for i, members in enumerate(owners) for j, one in enumerate(members) for number in (one, i, j))
    ).tobytes()


def rows_of(raw: bytes) -> list[tuple[int, ...]]:
    words = array("Q", raw)
    return [tuple(words[i : i + ROW]) for i in range(0, len(words), ROW)]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count, leaves = draw(st.integers(1, 14)), draw(st.integers(0, 5))
    one = st.integers(0, count + leaves - 1)
    edges = [draw(st.lists(one, max_size=5)) for _ in range(count)]
    owners = [draw(st.lists(one, max_size=3)) for _ in range(draw(st.integers(1, 4)))]
    return edges, owners, leaves


def distances(edges: list[list[int]], roots: list[int], without: int | None = None) -> dict[int, int]:
    """How many pointers away from roots, of all that they reach."""
    found: dict[int, int] = {}
    now, distance = [one for one in roots if one != without], 0
    while now:
        found.update(dict.fromkeys(now, distance))
        further = {to for one in now if one < len(edges) for to in edges[one]}
        now, distance = sorted(further - found.keys() - {without}), distance + 1
    return found


def keepers(edges: list[list[int]], owners: list[list[int]]) -> dict[int, int | None]:
    """Of each reached object what alone keeps it and is nearest: an object, -1 - owner, or None. Each tried by being left out."""
    roots = [one for members in owners for one in members]
    found: dict[int, int | None] = {}
    whole = set(distances(edges, roots))
    lost = {one: whole - set(distances(edges, roots, one)) for one in whole}
    for i in range(len(owners)):
        lost[-1 - i] = whole - set(distances(edges, [one for j, other in enumerate(owners) if j != i for one in other]))
    for one in whole:
        above = [keeper for keeper, gone in lost.items() if keeper != one and one in gone]
        found[one] = min(above, key=lambda keeper: len(lost[keeper]), default=None)
    return found


def word_of(graph: Graph, keeper: int | None, one: int) -> int:
    """Which word of its keeper points to an object."""
    edges, owners, _ = graph
    words = [] if keeper is None else (edges[keeper] if keeper >= 0 else owners[-1 - keeper])
    return words.index(one) if one in words else SHARED


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_every_object_hangs_at_what_alone_keeps_it(graph: Graph) -> None:
    edges, owners, leaves = graph
    with apart(edges, leaves) as heap:
        rows = rows_of(_retain.retained(heap, flat(owners), len(owners)))
    who = [
        None if i == 0 else OWNER - 1 - key if key >= OWNER else key - SIZE - FIRST_WORDS
        for i, (_, key, *_) in enumerate(rows)
    ]
    wanted = keepers(edges, owners)
    assert {who[i]: (who[row[0]], row[2], row[3], row[4]) for i, row in enumerate(rows) if row[3]} == {
        one: (keeper, word_of(graph, keeper, one), 1, 8 * (FIRST_WORDS + one)) for one, keeper in wanted.items()
    }


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_of_what_is_shared_those_are_named_that_lead_to_it(graph: Graph) -> None:
    edges, owners, leaves = graph
    with apart(edges, leaves) as heap:
        rows = rows_of(_retain.retained(heap, flat(owners), len(owners)))
    leading = [set(distances(edges, members)) for members in owners]
    for row in rows[1:]:
        if row[0] == 0 and row[1] < OWNER:
            one = row[1] - SIZE - FIRST_WORDS
            named = {who - OWNER for who in row[5:] if who >= OWNER}
            assert any(row[5:])
            assert named <= {i for i, found in enumerate(leading) if one in found}


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_of_what_is_shared_within_one_holder_all_are_named_that_point_to_it(graph: Graph) -> None:
    edges, owners, leaves = graph
    with apart(edges, leaves) as heap:
        rows = rows_of(_retain.retained(heap, flat(owners), len(owners)))
    roots = [one for members in owners for one in members]
    reached = set(distances(edges, roots))
    for row in rows[1:]:
        if row[0] and row[2] == SHARED:
            one = row[1] - SIZE - FIRST_WORDS
            alone = reached - set(distances(edges, roots, one))
            pointing = {other for other in reached - alone if other < len(edges) and one in edges[other]}
            assert {rows[who][1] - SIZE - FIRST_WORDS for who in row[5:] if who} <= pointing
            assert len([who for who in row[5:] if who]) == min(len(pointing), ROW - 5)


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_first_answer_gives_each_object_to_the_nearest_root(graph: Graph) -> None:
    edges, owners, leaves = graph
    with apart(edges, leaves) as heap:
        rows = rows_of(_retain.reached(heap, flat(owners), len(owners)))
    away = [distances(edges, members) for members in owners]
    nearest = {
        one: min(range(len(owners)), key=lambda i: (away[i].get(one, len(edges) + leaves), i))
        for one in {one for found in away for one in found}
    }
    assert [row[:3] for row in rows if row[1] >= OWNER] == [(0, OWNER + i, 0) for i in range(len(owners))]
    assert {row[1] - SIZE - FIRST_WORDS: (rows[row[0]][1] - OWNER, *row[2:5]) for row in rows if row[3]} == {
        one: (owner, FAR, 1, 8 * (FIRST_WORDS + one)) for one, owner in nearest.items()
    }


def test_a_list_whose_values_are_held_elsewhere_too_takes_no_longer() -> None:
    """Each walk up the tree of dominators would pass half of the list: ten thousand million steps."""
    count, per = 150_000, 6
    values, holders = count + 1, 2 * count + 1
    leaf = holders + count // per
    edges = [[i + 1, values + i, leaf] for i in range(count)] + [[]]
    edges += [[] for _ in range(count)]
    edges += [[values + per * i + j for j in range(per)] for i in range(count // per)]
    owners = [[0], list(range(holders, leaf))]
    with heap_of(edges, 1) as heap:
        rows = rows_of(_retain.retained(heap, flat(owners), 2))
    kept: dict[int, int] = {}
    for parent, _, _, objects, *_ in rows[1:]:
        kept[rows[parent][1]] = kept.get(rows[parent][1], 0) + objects
    assert kept == {0: count, OWNER: count + 2, OWNER + 1: count // per}


def test_signals_are_heeded_while_a_large_heap_is_walked() -> None:
    count, heeded = 600_000, []
    before = signal.signal(signal.SIGPROF, lambda *_: heeded.append(1))
    try:
        with heap_of([[(7919 * i + 1) % count, (i + 1) % count] for i in range(count)]) as heap:
            heeded.clear()
            signal.setitimer(signal.ITIMER_PROF, 0.002, 0.002)
            _retain.retained(heap, flat([[0]]), 1)
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    assert len(heeded) > 2
