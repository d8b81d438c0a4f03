"""How much of an array the slices and strings that lead to it show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.runtimes.go.heap_shown import Shown, View, class_below, shown_of

START, SIZE = 0xC000010000, 4096


def sliced(low: int, length: int, capacity: int, value_bytes: int = 8) -> View:
    """As s[low:low+length:low+capacity] of an array that begins at START."""
    start = START + low * value_bytes
    return View(start, start + length * value_bytes, start, start + capacity * value_bytes, value_bytes)


def text(low: int, high: int) -> View:
    return View(START + low, START + high, START + low, START + high)


@pytest.mark.parametrize(
    ("views", "shown"),
    [
        ([sliced(0, 512, 512)], Shown(512, 0)),
        ([sliced(0, 300, 512)], Shown(300, 0)),
        ([sliced(0, 3, 512)], Shown(3, 4096 - 24)),
        ([sliced(0, 0, 512)], Shown(0, 4096)),
        ([sliced(480, 32, 32)], Shown(32, 480 * 8)),
        ([sliced(0, 3, 512), sliced(3, 509, 509)], Shown(512, 0)),
        ([sliced(0, 440, 440)], Shown(440, 0)),
        ([text(10, 40)], Shown(None, 4096 - 30)),
        ([text(0, 2048), text(2048, 4090)], Shown(None, 0)),
        ([text(10, 40), text(0, 4096)], Shown(None, 0)),
        ([View(START, START + 4096, START, START + 4096), sliced(0, 1, 512)], Shown(1, 0)),
        ([sliced(0, 12, 4096, 1)], Shown(None, 4096 - 12)),
    ],
    ids=["full", "half full", "cut", "emptied", "sliced forward", "in two parts", "rounded up", "a substring", "two substrings", "a substring and the text",
         "a pointer to all of it", "few bytes"],
)  # fmt: skip
def test_what_cannot_be_reached_any_more_is_idle(views: list[View], shown: Shown) -> None:
    assert shown_of(views, START, SIZE) == shown


def test_the_type_before_the_values_is_not_idle() -> None:
    after = View(START + 8, START + SIZE, START + 8, START + SIZE, 8)
    assert shown_of([after], START, SIZE) == Shown(511, 0)


def test_of_more_substrings_than_were_read_the_others_are_taken_to_show_other_places() -> None:
    assert shown_of([text(0, 30)], START, SIZE, unseen=10) == Shown(None, SIZE - 300)


ranges = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE), st.integers(0, SIZE), st.sampled_from((0, 1, 8, 24)))


@given(st.lists(ranges, min_size=1, max_size=8), st.floats(1, 1000))
def test_no_more_is_idle_than_there_is(drawn: list[tuple[int, int, int, int]], unseen: float) -> None:
    views = []
    for low, middle, high, value_bytes in drawn:
        low, middle, high = sorted((low, middle, high))
        views.append(View(START + low, START + middle, START + low, START + high, value_bytes))
    found = shown_of(views, START, SIZE, unseen)
    shown = len({at for view in views for at in range(view.start, view.end)})
    assert 0 <= found.idle_bytes <= SIZE - shown


@given(st.integers(1, 1 << 30))
def test_a_class_below_is_smaller_and_near(size: int) -> None:
    assert 0 <= class_below(size) < size
