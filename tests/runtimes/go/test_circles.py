"""Which objects nobody holds and which lead back to themselves, and pointers that are cut: the compiled loops against the plain way."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_retain import OWNER, heap_of, reached

_retain = pytest.importorskip("memwhy._core._retain")

NONE = 0xFFFFFFFF
HELD, FREE, CIRCLE, FUNCTION = range(4)
Graph = tuple[list[list[int]], list[int], list[tuple[int, int | None]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 16))
    one = st.integers(0, count - 1)
    edges = [draw(st.lists(one, max_size=3)) for _ in range(count)]
    pairs = draw(st.lists(st.tuples(one, st.none() | one), min_size=1, max_size=6))
    return edges, draw(st.lists(one, max_size=2)), pairs


def plainly(edges: list[list[int]], roots: list[int], pairs: list[tuple[int, int | None]]) -> list[int]:
    """By the words of the header: a search for each pair among what is not held, in which functions count as edges out of their object."""
    held = reached(edges, roots)
    more = [[*row, *(to for of, to in pairs if of == one and to is not None)] for one, row in enumerate(edges)]
    more = [[] if one in held else row for one, row in enumerate(more)]
    found = []
    for one, function in pairs:
        if one in held:
            found.append(HELD)
        elif function is not None and function not in held and one in reached(more, [function]):
            found.append(FUNCTION)
        else:
            found.append(CIRCLE if one in reached(more, more[one]) else FREE)
    return found


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_what_leads_back_to_itself_is_told_from_what_only_nobody_holds(graph: Graph) -> None:
    edges, roots, pairs = graph
    pairs = sorted(pairs, key=lambda pair: (pair[0], -1 if pair[1] is None else pair[1]))
    rows = array("I", (NONE if one is None else one for pair in pairs for one in pair))
    with heap_of(edges) as heap:
        answers = list(_retain.circles(heap, array("I", roots).tobytes(), rows.tobytes()))
    assert answers == plainly(edges, roots, pairs)


def test_a_circle_of_many_thousands_is_found_without_recursion() -> None:
    count = 200_000
    edges = [[(i + 1) % count] for i in range(count)]
    with heap_of(edges) as heap:
        answers = _retain.circles(heap, b"", array("I", (0, NONE)).tobytes())
    assert list(answers) == [CIRCLE]


@pytest.mark.parametrize(
    ("cut", "kept"), [((0, 2), {1: 2}), ((0, NONE), {1: 1}), ((NONE, 2), {1: 2}), ((NONE, NONE), {1: 3})]
)
def test_what_is_cut_holds_nothing(cut: tuple[int, int], kept: dict[int, int]) -> None:
    with heap_of([[1, 2], [], [1]]) as heap:
        _retain.cut(heap, array("I", cut).tobytes())
        rows = array("Q", _retain.retained(heap, array("I", (0, 0, 0)).tobytes(), 1))
    assert sum(rows[13 * i + 3] for i in range(1, len(rows) // 13)) == kept[1]
    assert rows[14] == OWNER


@given(st.lists(st.integers(0, NONE), max_size=8), st.lists(st.integers(0, NONE), max_size=8))
def test_any_numbers_are_taken_or_refused(roots: list[int], pairs: list[int]) -> None:
    with heap_of([[0], [0]]) as heap:
        for ask in (
            lambda: _retain.circles(heap, array("I", roots).tobytes(), array("I", pairs).tobytes()),
            lambda: _retain.cut(heap, array("I", pairs).tobytes()),
        ):
            try:
                ask()
            except ValueError as error:
                assert "pairs of objects" in str(error)
