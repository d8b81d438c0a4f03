"""Two looks at who holds the heap, and fewer lines of one: nothing gets lost on the way."""

from build_holders import holders, line
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.holdergrowth import LEAST_SHARE, MOST_CHILDREN, foremost, pruned, weights
from memwhy.model.holders import Holding

trees = st.recursive(
    st.builds(line, st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 1 << 30)),
    lambda below: st.builds(
        lambda name, own, children: line(name, "", own, *children),
        st.sampled_from("abc"), st.integers(0, 1 << 12), st.lists(below, max_size=60),
    ),
    max_leaves=80,
)  # fmt: skip


def all_of(lines: tuple[Holding, ...]) -> list[Holding]:
    return [one for top in lines for one in (top, *all_of(top.children))]


@given(st.lists(trees, max_size=60))
def test_fewer_lines_hold_the_same_bytes(lines: list[Holding]) -> None:
    whole = holders(*lines)
    few = pruned(whole)
    assert sum(one.bytes for one in few.holdings) == whole.bytes
    for one in all_of(few.holdings):
        assert one.kind == "rest" or one.bytes >= LEAST_SHARE * whole.bytes
        assert one.kind == "rest" or one.bytes == one.own_bytes + sum(child.bytes for child in one.children)
        assert len(one.children) <= MOST_CHILDREN + 1
    assert pruned(few) == few


def test_a_small_line_that_grows_much_stays() -> None:
    small = line("new", "T", 10, grown_bytes=900_000, grown_count=1)
    assert pruned(holders(line("old", "T", 1_000_000), small)).holdings[1] == small


@given(st.lists(trees, max_size=60), st.integers(1, 30))
def test_so_many_lines_are_kept_each_below_its_holder(lines: list[Holding], most: int) -> None:
    whole = holders(*lines)
    few = foremost(whole, most)
    assert sum(one.bytes for one in few.holdings) == whole.bytes
    assert len(all_of(few.holdings)) <= most + 1
    assert few == foremost(whole, most)


def test_what_grows_most_is_kept_before_what_is_large() -> None:
    large = [line(f"large{i}", "T", 100_000, grown_bytes=0, grown_count=0) for i in range(20)]
    inner = line("inner", "T", 9_000, grown_bytes=9_000, grown_count=9)
    leak = line("leak", "T", 1_000, inner, grown_bytes=10_000, grown_count=1)
    few = foremost(holders(*large, leak), 3)
    assert [one.name for one in few.holdings] == ["large0", "leak", "19 smaller ones"]
    assert few.holdings[1] == leak


def test_a_trifle_that_moved_is_no_growth() -> None:
    calm = line("calm", "T", 1_000_000, grown_bytes=0, grown_count=0)
    moved = line("moved", "T", 1_000, grown_bytes=48, grown_count=1)
    weight = weights(holders(calm, moved))
    assert weight(calm) > 100 * weight(moved)
