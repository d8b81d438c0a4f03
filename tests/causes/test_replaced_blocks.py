"""A full cache that turns over looks like a leak to a sampler that came later: call sites that gain more than the heap are not named."""

from dataclasses import replace

import pytest
from build_case import watched
from build_stacks import Habit, own, readings
from test_by_looks import looked

from memwhy.attribution import attribute
from memwhy.causes import judge_all
from memwhy.causes.native_leak import judge
from memwhy.causes.stacked import replaced
from memwhy.conclude.sampler import sampled
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB
from memwhy.trend.stacks import grow

LEAK = Habit(own("forget", "main"), lambda _: 0.5 * MIB)
CACHE = Habit(own("store", "main"), lambda _: 0.5 * MIB)
"""Full before the sampler came: each of its new blocks frees one that was never sampled."""


def seen(*habits: Habit, heap_bytes_per_s: float, seconds: float = 60.0) -> Case:
    """The heap's growth as read from outside, and the sampler's stacks beside it."""
    case = watched(grows={"layer.native_heap_bytes": heap_bytes_per_s}, seconds=seconds, runtime="native")
    return replace(case, stacks=grow(readings(habits, seconds=seconds)))


def kept(case: Case) -> tuple[str, ...]:
    assert case.stacks is not None
    return tuple(sorted(site.function for site in case.stacks.sites if site.kept))


def leak(case: Case) -> Finding:
    found = judge(case)
    assert found.verdict is Verdict.SUPPORTED
    return found


def test_a_cache_that_turns_over_beside_a_leak_is_not_named_for_it() -> None:
    case = seen(LEAK, CACHE, heap_bytes_per_s=0.5 * MIB)
    assert kept(case) == ("forget", "store")
    found = leak(case)
    assert found.headline == "Native memory is allocated and not freed: by which call site is open."
    assert found.probability == 0.7
    assert any("takes the place of older blocks that the sampler never saw" in one for one in found.against)
    assert found.remedy == ("release what these functions allocate on every path, errors included",)


def test_a_leak_whose_pace_is_the_heaps_is_named() -> None:
    case = seen(LEAK, heap_bytes_per_s=0.5 * MIB)
    assert leak(case).headline == "Native memory is allocated and not freed: forget."
    assert leak(case).probability > 0.7


@pytest.mark.parametrize("seed", range(1, 9))
def test_chance_alone_does_not_make_a_leak_a_cache(seed: int) -> None:
    case = seen(LEAK, heap_bytes_per_s=0.5 * MIB)
    case = replace(case, stacks=grow(readings([LEAK], seconds=60.0, seed=seed)))
    assert case.stacks is not None
    assert replaced(case, tuple(site for site in case.stacks.sites if site.kept)) is None


def test_a_sampler_that_was_there_from_the_beginning_has_seen_all_blocks_go() -> None:
    case = seen(LEAK, CACHE, heap_bytes_per_s=0.5 * MIB)
    assert case.stacks is not None
    preloaded = replace(case.stacks, last=replace(case.stacks.last, way="preloaded"))
    assert replaced(replace(case, stacks=preloaded), preloaded.sites) is None


def test_a_course_that_is_not_known_is_no_acquittal() -> None:
    case = seen(Habit(own("forget", "main"), lambda _: 4.0 * MIB), heap_bytes_per_s=4.0 * MIB, seconds=4.5)
    assert [one.split(":")[0] for one in sampled(case) if "forget" in one] == ["growing or not is open"]


def test_large_blocks_that_the_count_of_mallocs_heaps_lacks_are_held_against_the_whole() -> None:
    case = seen(LEAK, heap_bytes_per_s=0.5 * MIB)
    assert case.stacks is not None
    large = tuple(replace(site, samples=1) for site in case.stacks.sites if site.kept)
    small = tuple(site for site in case.stacks.sites if site.kept)
    uncounted = looked(case, {"derived.malloc_bytes": 0.0}, at=(0.0, 15.0, 30.0, 45.0, 59.0))
    assert replaced(uncounted, small) is not None
    assert replaced(uncounted, large) is None


def test_a_sampler_that_was_off_for_a_while_acquits_nobody() -> None:
    churn = Habit(own("come_and_go", "main"), lambda _: 20.0 * MIB, lambda _: 0.05)
    case = seen(churn, heap_bytes_per_s=0.5 * MIB)
    assert case.stacks is not None
    assert judge(case).verdict is Verdict.REFUTED
    off = replace(case.stacks, last=replace(case.stacks.last, problem="memwhy was away for too long"))
    assert judge(replace(case, stacks=off)).verdict is not Verdict.REFUTED
    unseen = replace(case.stacks, last=replace(case.stacks.last, notes=("its operator new's blocks are not seen",)))
    assert judge(replace(case, stacks=unseen)).verdict is not Verdict.REFUTED


def test_a_slower_leak_of_another_kind_is_named_beside_the_first() -> None:
    mapped = Habit(own("map_pages", "main"), lambda _: 2.0 * MIB, kind="mmap")
    case = watched(
        grows={"layer.native_heap_bytes": 0.5 * MIB, "layer.anonymous_bytes": 2.0 * MIB}, seconds=60, runtime="native"
    )
    case = replace(case, stacks=grow(readings([LEAK, mapped], seconds=60.0)))
    found = sorted(judge_all(case), key=lambda one: -one.probability)
    assert found[0].cause == "mmap-leak"
    assert [(one.layer, one.function) for one in attribute(case, tuple(found))] == [
        ("layer.anonymous_bytes", "map_pages"),
        ("layer.native_heap_bytes", "forget"),
    ]


def test_what_a_container_holds_is_freed_by_its_owner_and_not_by_hand() -> None:
    order = Habit(own("operator new", "std::vector<int>::vector", "Order::Order", "main"), lambda _: 0.5 * MIB)
    found = leak(seen(order, heap_bytes_per_s=0.5 * MIB))
    assert found.remedy == (
        "Order::Order: a container or string that it makes is never emptied, and what owns it never destroyed",
    )


@pytest.mark.parametrize(
    ("module", "verdict"), [("node@20.20.2", Verdict.CANNOT_SAY), ("sharp.node", Verdict.SUPPORTED)]
)
def test_what_a_managed_runtime_allocates_for_its_objects_is_no_leak_of_its_own(module: str, verdict: Verdict) -> None:
    case = seen(LEAK, heap_bytes_per_s=0.5 * MIB)
    assert case.stacks is not None
    sites = tuple(replace(site, module=module) for site in case.stacks.sites)
    case = replace(case, target=replace(case.target, runtime="node"), stacks=replace(case.stacks, sites=sites))
    found = judge(case)
    assert found.verdict is verdict
    assert found.probability <= (0.4 if verdict is Verdict.CANNOT_SAY else 0.7)
    assert bool(found.remedy) is (verdict is Verdict.SUPPORTED)
