"""Two looks at who holds the heap, and fewer lines of one: nothing gets lost on the way."""

from dataclasses import replace

from build_holders import holders, line
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.holdergrowth import LEAST_SHARE, MOST_CHILDREN, foremost, grown, pruned, weights
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


sharings = st.recursive(
    st.builds(line, st.sampled_from("abc"), st.sampled_from(["x", "[]x", "y", "?8 B", ""]), st.integers(0, 1 << 20), kind=st.sampled_from(["field", "shared"])),
    lambda below: st.builds(
        lambda name, kind_of, own, children: line(name, kind_of, own, *children),
        st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(0, 1 << 12), st.lists(below, max_size=5),
    ),
    max_leaves=30,
)  # fmt: skip


def gained(lines: tuple[Holding, ...]) -> int:
    return sum(one.grown_bytes or 0 for one in lines)


@given(st.lists(sharings, max_size=8), st.lists(sharings, max_size=8))
def test_what_all_lines_gained_is_what_the_heap_gained(before: list[Holding], now: list[Holding]) -> None:
    rest = line("2 smaller ones", "", 100, kind="rest", count=2)
    first, second = holders(*before), holders(*now, replace(rest, bytes=900))
    found = grown(first, second)
    assert gained(found.holdings) == second.bytes - first.bytes
    for one in all_of(found.holdings):
        if one.children:
            assert (one.bytes, one.count) == (one.own_bytes + sum(child.bytes for child in one.children), one.count)


@given(st.lists(sharings, max_size=8))
def test_the_same_heap_again_gained_nothing_anywhere(lines: list[Holding]) -> None:
    whole = holders(*lines)
    assert {one.grown_bytes for one in all_of(grown(whole, whole).holdings)} <= {0}


def test_what_a_stack_points_to_for_a_moment_did_not_come_from_nothing() -> None:
    def server(entries: int, **more: object) -> Holding:
        return line(
            ".store",
            "main.Store",
            100,
            line(".cache", "map[string]*main.Entry", 50, line("[value]", "main.Entry", entries)),
            **more,
        )

    first = holders(line("main.server", "main.Server", 200, server(30_000), kind="global"))
    second = holders(
        line("main.server", "main.Server", 200, kind="global"),
        line("", "main.Store", 100, *server(39_000).children, kind="shared", shared_by=("main.handle", "main.server")),
    )
    there, back = grown(first, second), grown(second, first)
    assert [(one.name, one.type, one.grown_bytes) for one in all_of(there.holdings)] == [
        ("main.server", "main.Server", 0),
        ("", "main.Store", 9_000),
        (".cache", "map[string]*main.Entry", 9_000),
        ("[value]", "main.Entry", 9_000),
    ]
    assert [(one.name, one.grown_bytes) for one in all_of(back.holdings)] == [
        ("main.server", -9_000),
        (".store", -9_000),
        (".cache", -9_000),
        ("[value]", -9_000),
    ]


def test_one_object_and_two_of_a_type_are_the_same_line() -> None:
    first = holders(line("main.queue", "[]main.Job", 4096, kind="global"))
    second = holders(line("main.queue", "main.Job", 8192, kind="global"))
    assert [one.grown_bytes for one in grown(first, second).holdings] == [4096]


def test_what_was_given_from_hand_to_hand_is_a_loss_and_a_gain() -> None:
    first = holders(
        line("main.a", "main.Box", 10, line(".body", "[]uint8", 5000), kind="global"),
        line("main.b", "main.Box", 10, kind="global"),
    )
    second = holders(
        line("main.a", "main.Box", 10, kind="global"),
        line("main.b", "main.Box", 10, line(".body", "[]uint8", 5000), kind="global"),
    )
    assert [(one.name, one.grown_bytes) for one in grown(first, second).holdings] == [
        ("main.a", -5000),
        ("main.b", 5000),
    ]


def test_roots_that_are_gone_are_said_so() -> None:
    first = holders(
        line("main.work", "main.Job", 700, line(".in", "[]uint8", 300), kind="goroutine"),
        line("main.a", "main.Box", 10, kind="global"),
    )
    second = holders(line("main.a", "main.Box", 10, kind="global"))
    found = grown(first, second)
    assert [(one.kind, one.name, one.bytes, one.grown_bytes, one.grown_count) for one in found.holdings] == [
        ("global", "main.a", 10, 0, 0),
        ("rest", "what is gone", 0, -1000, -10),
    ]
