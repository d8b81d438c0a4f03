"""Stacks as trees: the end beside the beginning, whose each function is, and that nothing is lost on the way."""

from dataclasses import replace

from build_case import watched
from build_stacks import GO, Habit, own, readings
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.case import SeenProfile
from memwhy.model.pictures import FlameNode
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Where
from memwhy.model.units import MIB
from memwhy.pictures.flames import SMALLER, Frame, flames, tree
from memwhy.trend.stacks import grow

CACHE = ("main.compute", "main.(*cache).answer", "main.main")
PARSE = ("encoding/json.Unmarshal", "main.parse", "main.main")


def profile(x: float, kind: str, **stacks: int) -> SeenProfile:
    frames = {"cache": CACHE, "parse": PARSE}
    samples = tuple(StackSample(frames=frames[name], value=value) for name, value in stacks.items())
    return SeenProfile(
        profile=Profile(
            kind=kind,
            unit="count" if kind == "goroutine" else "bytes",
            total=sum(stacks.values()),
            stacks=samples,
            sampling_period_bytes=512 << 10,
        ),
        subject="target",
        where=Where(file="live"),
        x=x,
    )


def walked(node: FlameNode, depth: int = 0) -> list[tuple[int, str, int, int]]:
    rows = [(depth, node.name, node.bytes, node.before_bytes)]
    for child in node.children:
        rows += walked(child, depth + 1)
    return rows


def test_the_heap_stands_at_the_end_beside_the_beginning() -> None:
    one = replace(
        watched(),
        profiles=(
            profile(0, "inuse_space", cache=2 * MIB, parse=MIB),
            profile(30, "inuse_space", cache=9 * MIB, parse=MIB),
            profile(60, "inuse_space", cache=20 * MIB),
        ),
    )
    (heap,) = flames(one)
    assert (heap.key, heap.total_bytes, heap.before_bytes, heap.before) == ("heap", 20 * MIB, 3 * MIB, True)
    assert walked(heap.root) == [
        (0, "Go heap", 20 * MIB, 3 * MIB),
        (1, "main.main", 20 * MIB, 3 * MIB),
        (2, "main.(*cache).answer", 20 * MIB, 2 * MIB),
        (3, "main.compute", 20 * MIB, 2 * MIB),
        (2, "main.parse", 0, MIB),
        (3, "encoding/json.Unmarshal", 0, MIB),
    ]


def test_one_state_of_the_heap_tells_no_growth() -> None:
    (heap,) = flames(replace(watched(), profiles=(profile(5, "inuse_space", cache=MIB),)))
    assert (heap.before, heap.before_bytes) == (False, 0)
    assert "nothing is known of growth" in heap.what


def test_goroutines_are_counted_not_weighed() -> None:
    one = replace(watched(), profiles=(profile(0, "goroutine", cache=3), profile(9, "goroutine", cache=40, parse=2)))
    (found,) = flames(one)
    assert (found.key, found.unit, found.total_bytes, found.before_bytes) == ("goroutines", "count", 42, 3)


def test_native_stacks_show_go_and_c_in_one_tree() -> None:
    made = readings([Habit(GO, lambda _: 4096.0), Habit(own("grow", "main"), lambda _: 2048.0)], seconds=60)
    one = replace(watched(), stacks=grow(made))
    (native,) = flames(one)
    kinds: dict[str, str] = {}

    def visit(node: FlameNode) -> None:
        kinds[node.name] = node.kind
        for child in node.children:
            visit(child)

    visit(native.root)
    assert native.key == "native"
    assert native.total_bytes > native.before_bytes
    assert (kinds["main.crawlPage"], kinds["xmlNewDocNode"], kinds["malloc"]) == ("go", "native", "other")


def test_what_is_too_small_to_be_seen_stands_together() -> None:
    small = {(Frame(f"f{i}", "", "go"),): 1 for i in range(50)}
    node = tree({(Frame("big", "", "go"),): 1_000_000, **small}, {}, name="all")
    assert walked(node) == [(0, "all", 1_000_050, 0), (1, "big", 1_000_000, 0), (1, SMALLER, 50, 0)]


FRAMES = st.lists(st.sampled_from([Frame(name, "", "go") for name in "abcd"]), max_size=6).map(tuple)


@given(now=st.dictionaries(FRAMES, st.integers(0, 1 << 40)), before=st.dictionaries(FRAMES, st.integers(0, 1 << 40)))
def test_no_byte_is_lost_and_no_callee_exceeds_its_caller(
    now: dict[tuple[Frame, ...], int], before: dict[tuple[Frame, ...], int]
) -> None:
    node = tree(now, before, name="all")
    assert (node.bytes, node.before_bytes) == (sum(now.values()), sum(before.values()))

    def visit(one: FlameNode) -> None:
        assert sum(child.bytes for child in one.children) <= one.bytes
        assert sum(child.before_bytes for child in one.children) <= one.before_bytes
        for child in one.children:
            visit(child)

    visit(node)
