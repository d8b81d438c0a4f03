"""Which objects are sampled and what leads to them, in the compiled loops, against a slow and plain way to the same answer."""

from array import array
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_retain import OBJECT_BYTES, START, address, graphs, heap_of, reached

_retain = pytest.importorskip("memwhy._core._retain")
SURE = 1 << 32
ROW = 7
Rows = list[tuple[int, ...]]


def rows_of(raw: bytes) -> Rows:
    words = array("Q", raw)
    return [tuple(words[i : i + ROW]) for i in range(0, len(words), ROW)]


def sampled(edges: list[list[int]], owners: list[list[int]], leaves: int, resident: bool = True) -> tuple[Rows, Rows]:
    roots = array("I", (n for i, members in enumerate(owners) for j, one in enumerate(members) for n in (one, i, j)))
    end = START + -(-len(edges) * OBJECT_BYTES // 8192) * 8192
    with heap_of(edges, leaves) as heap:
        _retain.retained(heap, roots.tobytes(), len(owners))
        pages = array("Q", (START, end) if resident else ()).tobytes()
        return rows_of(_retain.sampled(heap)), rows_of(_retain.leads(heap, pages))


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_of_a_small_heap_all_that_is_reached_is_sampled_with_all_that_points_to_it(
    drawn: tuple[list[list[int]], list[list[int]], int],
) -> None:
    edges, owners, leaves = drawn
    alive = reached(edges, [one for members in owners for one in members])
    into = Counter(to for one in alive if one < len(edges) for to in edges[one])
    objects, leads = sampled(edges, owners, leaves)
    assert {(row[0], row[2], row[3], row[4], row[5]) for row in objects} == {
        (one, address(one, len(edges)), OBJECT_BYTES, SURE, into[one]) for one in alive
    }
    numbers = [row[0] for row in objects]
    assert Counter((numbers[row[0]], row[2], row[4]) for row in leads) == Counter(
        (to, address(one, len(edges)) + 8 * word, address(to, len(edges)))
        for one in alive
        if one < len(edges)
        for word, to in enumerate(edges[one])
    )


def test_the_two_words_behind_a_pointer_are_told_and_nothing_behind_the_object() -> None:
    edges = [[8, 8, 8, 8, 8, 8, 8, 8], *([] for _ in range(7))]
    _, leads = sampled(edges, [[0]], leaves=1)
    pointer = address(8, 8)
    assert [(row[3], row[5], row[6]) for row in leads] == [
        *((word, pointer, pointer) for word in range(6)),
        (6, pointer, 0),
        (7, 0, 0),
    ]


def test_of_many_objects_some_hundred_are_taken_that_stand_for_all() -> None:
    count = 20_000
    objects, _ = sampled([[i + 1] for i in range(count - 1)] + [[]], [[0]], leaves=0)
    assert 150 < len(objects) < 400
    assert sum(SURE / row[4] for row in objects) == pytest.approx(count, rel=0.2)


def test_what_is_not_resident_is_not_read() -> None:
    objects, leads = sampled([[1], [2], []], [[0]], leaves=0, resident=False)
    assert (len(objects), leads) == (3, [])


@given(st.binary(max_size=64).filter(lambda raw: len(raw) % 16 != 0))
def test_pages_that_are_no_rows_are_refused(raw: bytes) -> None:
    with heap_of([[]]) as heap, pytest.raises(ValueError, match="rows of two uint64"):
        _retain.leads(heap, raw)


def test_of_thousands_that_point_to_one_object_some_hundred_are_read() -> None:
    count = 5000
    objects, leads = sampled([[1], [*range(2, 10)], *([count] for _ in range(2, count))], [[0], [*range(2, count)]], 1)
    [target] = [place for place, row in enumerate(objects) if row[0] == count]
    assert (objects[target][5], sum(row[0] == target for row in leads)) == (count - 2, 256)
