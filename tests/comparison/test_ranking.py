"""Differences are ranked by what they could explain at most, and by nothing that they do not touch."""

import pytest
from build_case import flat, line, sawtooth
from build_given import NATIVE, PURE, given
from hypothesis import given as tried
from hypothesis import strategies as st

from memwhy.comparison import Given, compare
from memwhy.comparison.rules import CHAINS, RULES
from memwhy.model.comparison import Comparison, Difference
from memwhy.model.metrics import REGISTRY
from memwhy.model.units import MIB

NO_NATIVE = {f"layer.{name}_bytes": flat(0) for name in ("native_heap", "native_arenas", "anonymous", "thread_stacks")}
LEAK = {"layer.native_arenas_bytes": 1.5 * MIB}


def pair(a: dict[str, str], b: dict[str, str], **more: object) -> Comparison:
    return compare(given("a", {**NATIVE, **a}, **more), given("b", {**NATIVE, **b}))  # type: ignore[arg-type]


def row(found: Comparison, kind: str) -> Difference:
    return next(one for one in found.differences if one.kind == kind)


def cloud_and_laptop() -> tuple[Given, Given]:
    """A service that leaks behind cgo, and the same one built without."""
    return given("cloud", NATIVE, grows=LEAK), given("laptop", PURE, given=NO_NATIVE)


def test_a_leak_behind_cgo_is_explained_by_cgo_before_all_else() -> None:
    found = compare(*cloud_and_laptop())
    assert [(one.kind, one.bound) for one in found.differences] == [
        ("cgo", "layers"), ("libraries.one", "layers"), ("build", "anything"), ("static", "layers"),
    ]  # fmt: skip
    cgo = found.differences[0]
    assert (cgo.a, cgo.b) == ("on", "off")
    assert found.differences[3].bytes == 0  # both map as much of files
    assert cgo.bytes is not None and cgo.bytes_per_s is not None
    # the arenas' 12 MiB and what 60 s added, [heap]'s 8 MiB, 6 MiB of others, and the stacks
    assert cgo.bytes == pytest.approx((8 + 12 + 90 + 6 + 0.3) * MIB, rel=0.02)
    assert cgo.bytes_per_s == pytest.approx(1.5 * MIB, rel=0.05) and cgo.bytes_per_s >= 1.5 * MIB * 0.99
    assert found.headline.endswith("What could explain most of it: cgo, on in A against off in B.")
    assert row(found, "libraries.one").a == "libxml2 2.9.14, libicudata 72.1"


def test_sides_may_be_swapped_without_another_answer() -> None:
    cloud, laptop = cloud_and_laptop()
    one, other = compare(cloud, laptop), compare(laptop, cloud)
    assert (one.heavier, other.heavier) == ("A", "B")
    assert [(row.kind, row.bytes, row.bytes_per_s, row.a, row.b) for row in one.differences] == [
        (row.kind, row.bytes, row.bytes_per_s, row.b, row.a) for row in other.differences
    ]
    assert one.total is not None and other.total is not None and one.total.gap == -other.total.gap


def test_another_malloc_cannot_explain_a_larger_go_heap() -> None:
    found = pair({"libc": "musl 1.2.3", "libc.package": ""}, {}, grows={"layer.go_heap_bytes": 2 * MIB})
    assert row(found, "libc").bytes == 0
    assert found.total is not None and found.total.gap > 100 * MIB
    assert found.headline.count("explain") == 0


def test_what_malloc_keeps_bounds_arenas_and_the_rounding_of_blocks_bounds_the_library() -> None:
    counted = {
        "derived.malloc_kept_bytes": flat(5 * MIB),
        "malloc.chunks_count": flat(100_000),
        "malloc.arenas_count": flat(20),
    }
    found = pair({"process.cpus": "16", "libc": "glibc 2.31", "libc.package": ""}, {}, grows=LEAK, given=counted)
    assert row(found, "libc").bytes == 5 * MIB + 32 * 100_000
    arenas = row(found, "arenas")
    assert (arenas.a, arenas.b, arenas.bytes) == ("at most 128 (16 CPUs)", "at most 16 (2 CPUs)", 5 * MIB)
    assert "20 arenas in A take 64.0 MiB or more each, 1.2 GiB together, of address space" in arenas.because[-1]


def test_a_bound_on_arenas_that_was_never_met_explains_nothing() -> None:
    found = pair({"process.cpus": "16"}, {}, grows=LEAK, given={"malloc.arenas_count": flat(9)})
    assert row(found, "arenas").bytes == 0
    assert row(found, "arenas").because[-1] == "A has 9 arenas, and B may have as many: its bound has not mattered"


@pytest.mark.parametrize(
    ("fact", "less", "more", "kind"),
    [
        ("env.GOGC", "50", "400", "gogc"),
        ("env.GOGC", "200", "off", "gogc"),
        ("env.GOMEMLIMIT", "512MiB", "off", "gomemlimit"),
        ("env.GOMAXPROCS", "1", "8", "gomaxprocs"),
        ("limit.stack", "unlimited", "8388608", "stack_limit"),
        ("thp.enabled", "never", "always", "thp"),
        ("env.GODEBUG", "asynctimerchan=0", "asynctimerchan=1", "godebug.asynctimerchan"),
        ("env.GODEBUG", "madvdontneed=1", "madvdontneed=0", "godebug.madvdontneed"),
    ],
)
def test_the_value_that_makes_a_process_hold_less_is_not_why_it_holds_more(
    fact: str, less: str, more: str, kind: str
) -> None:
    more_there = {
        "layer.go_heap_bytes": flat(300 * MIB),
        "layer.thread_stacks_bytes": flat(40 * MIB),
        "process.anon_huge_bytes": flat(200 * MIB),
        "process.lazy_free_bytes": flat(100 * MIB),
    }
    none_here = {"process.anon_huge_bytes": flat(0), "process.lazy_free_bytes": flat(0)}
    other = given("b", {**NATIVE, fact: less}, given=none_here)
    assert (row(compare(given("a", {**NATIVE, fact: more}, given=more_there), other), kind).bytes or 0) > 20 * MIB
    other = given("b", {**NATIVE, fact: more}, given=none_here)
    assert row(compare(given("a", {**NATIVE, fact: less}, given=more_there), other), kind).bytes == 0


def test_garbage_is_all_that_gogc_can_explain() -> None:
    heap = {"layer.go_heap_bytes": flat(100 * MIB), "derived.go_live_bytes": flat(60 * MIB)}
    assert row(pair({"env.GOGC": "400"}, {}, given=heap), "gogc").bytes == 40 * MIB


def test_without_smaps_a_difference_is_bounded_by_what_status_tells() -> None:
    a = given("a", NATIVE, grows=LEAK, without=("layer.", "derived.outside", "go."))
    b = given("b", {**PURE}, without=("layer.", "derived.outside", "go."))
    cgo = row(compare(a, b), "cgo")
    assert cgo.bytes is not None and a.last("process.rss_anon_bytes") is not None
    anonymous = (a.last("process.rss_anon_bytes") or 0) - (b.last("process.rss_anon_bytes") or 0)
    assert cgo.bytes == anonymous + max(
        0, (a.last("process.rss_file_bytes") or 0) - (b.last("process.rss_file_bytes") or 0)
    )


def test_of_what_grows_the_size_is_left_out_where_ages_differ() -> None:
    a = given("a", {**NATIVE, "process.age_s": "90000"}, grows=LEAK)
    b = given("b", PURE, given=NO_NATIVE)
    found = compare(a, b)
    cgo = row(found, "cgo")
    assert found.cautions[0].weight == "refused" and found.cautions[0].about == "sizes"
    assert cgo.bytes is not None and cgo.bytes < 20 * MIB  # [heap], others and stacks, but not the growing arenas
    assert cgo.bytes_per_s is not None and cgo.bytes_per_s > 1.4 * MIB
    assert found.headline.startswith("A grows 90.")


def test_kinds_that_nothing_ties_to_memory_are_unranked() -> None:
    found = pair({"host.kernel": "5.15.0"}, {}, grows=LEAK)
    assert (row(found, "kernel").bound, row(found, "kernel").bytes) == ("unranked", None)


def test_every_part_is_made_of_registered_metrics_and_every_rule_of_parts() -> None:
    for chain in CHAINS.values():
        assert {name for names in chain for name in names if "all_" not in name} <= REGISTRY.keys()
    for rule in RULES.values():
        assert bool(rule.parts) != rule.anything
        assert rule.why and (rule.anything or (rule.source and rule.confirm))


FACTS = st.dictionaries(
    st.sampled_from(sorted({*NATIVE, "env.GOGC", "env.GODEBUG", "env.GOMAXPROCS", "env.MALLOC_ARENA_MAX", "go.modules", "go.godebug",
                            "cgroup.cpu_quota", "allocator", "limit.stack", "env.GLIBC_TUNABLES", "env.GOMEMLIMIT"})),
    st.one_of(st.text(max_size=12), st.sampled_from(["1", "0", "a b\nc d => e f", "x=1,y=2", "libc.so.6 -", "off", "1e400"])),
    max_size=8,
)  # fmt: skip


@tried(FACTS, FACTS)
def test_any_facts_are_compared_and_mirrored(a: dict[str, str], b: dict[str, str]) -> None:
    sides = given("a", a, grows=LEAK), given("b", b)
    one, other = compare(*sides), compare(sides[1], sides[0])
    said = sorted((row.kind, row.bytes or 0, row.bound) for row in one.differences)
    assert said == sorted((row.kind, row.bytes or 0, row.bound) for row in other.differences)
    total = one.total
    assert total is not None
    assert all((row.bytes or 0) <= 1 << 40 for row in one.differences)


def test_what_could_explain_little_is_not_said_to_explain_most() -> None:
    files = {"layer.file_mapped_bytes": flat(3 * MIB)}
    a = given("a", {**NATIVE, "binary.static": "0"}, grows={"layer.go_heap_bytes": 2 * MIB}, given=files)
    b = given("b", {**NATIVE, "binary.static": "1"})
    found = compare(a, b)
    assert found.headline.endswith("What could explain 2 % of it at most: linking, dynamic in A against static in B.")
    assert "explain" not in compare(given("a", {**a.case.facts, "binary.build_id": "cc"}, grows={"layer.go_heap_bytes": 2 * MIB},
                                          given=files), b).headline  # fmt: skip


def test_a_size_that_was_refused_does_not_say_who_is_heavier() -> None:
    facts = {**NATIVE, "process.age_s": "90000"}
    grows = {"layer.native_arenas_bytes": MIB}
    found = compare(given("a", facts, grows=grows), given("b", {**NATIVE, "libc": "musl 1.2.3"}, grows=grows))
    assert found.cautions[0].about == "sizes" and found.cautions[0].weight == "refused"
    assert found.heavier is None


def test_a_size_that_swings_as_far_as_the_gap_is_not_told_apart() -> None:
    teeth = sawtooth(20 * MIB, 60 * MIB, teeth=5.5)
    a = given("a", NATIVE, given={"layer.go_heap_bytes": teeth})
    b = given("b", NATIVE, given={"layer.go_heap_bytes": flat(teeth.last - 5 * MIB)})
    heap = next(one for one in compare(a, b).layers if one.metric == "layer.go_heap_bytes")
    assert (heap.gap, heap.apart) == (5 * MIB, False)
    far = given("b", NATIVE, given={"layer.go_heap_bytes": flat(200 * MIB)})
    assert next(one for one in compare(a, far).layers if one.metric == "layer.go_heap_bytes").apart


def test_the_slower_side_is_never_said_to_grow_faster() -> None:
    a = given("a", NATIVE, given={"layer.native_arenas_bytes": line(12 * MIB, 0.2 * MIB)})
    b = given("b", NATIVE, given={"layer.native_arenas_bytes": line(12 * MIB, 1.2 * MIB)})
    assert "it grows 60.0 MiB/min more slowly than B" in compare(a, b).headline
