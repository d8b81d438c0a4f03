"""What was measured beside a layer bounds a difference further: calls through a library, stacks through a module, room to a limit."""

import pytest
from build_case import flat, watched
from build_given import NATIVE, READ, given
from build_stacks import GO, Habit, own, readings

from memwhy.comparison import Given, compare
from memwhy.comparison.caps import held_by
from memwhy.model.case import Case, SeenProfile
from memwhy.model.comparison import Difference
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Where
from memwhy.model.units import KIB, MIB
from memwhy.trend.stacks import grow

LEAK = {"layer.native_arenas_bytes": 1.5 * MIB}
OTHER = {**NATIVE, "libraries": NATIVE["libraries"].replace("2.9.14", "2.12.1")}


def row(a: Given, b: Given, kind: str) -> Difference:
    return next(one for one in compare(a, b).differences if one.kind == kind)


def changed(side: Given, **fields: object) -> Given:
    """The same side with other fields of its case."""
    old = {name: getattr(side.case, name) for name in Case.__slots__}
    return Given(name=side.name, case=Case(**{**old, **fields}), sources=READ)


def test_a_library_explains_at_most_what_calls_through_it_hold() -> None:
    a, b = given("a", NATIVE, grows=LEAK), given("b", OTHER)
    without = row(a, b, "libraries.version")
    assert (without.a, without.b) == ("libxml2 2.9.14", "libxml2 2.12.1")
    assert without.bytes is not None and without.bytes > 80 * MIB
    through = grow(readings([Habit(frames=GO, rate=lambda _: 100 * KIB)], seconds=60))
    beside = grow(readings([Habit(frames=own("cache_put", "main"), rate=lambda _: 100 * KIB)], seconds=60))
    by_calls = row(changed(a, stacks=through), b, "libraries.version")
    assert by_calls.bytes is not None and 0 < by_calls.bytes < 20 * MIB
    assert by_calls.because[-1].startswith("calls through them hold ")
    assert row(changed(a, stacks=beside), b, "libraries.version").bytes == 0
    files = given("a", NATIVE, grows=LEAK, given={"layer.file_code_bytes": flat(44 * MIB)})
    assert row(changed(files, stacks=beside), b, "libraries.version").bytes == pytest.approx(30 * MIB, rel=0.01)


def test_a_module_explains_at_most_what_stacks_through_it_hold_and_the_garbage_beside() -> None:
    modules = {
        "go.main_module": "example.org/scraper",
        "go.modules": "example.org/scraper (devel)\nexample.org/x.y v1.0.0",
    }
    stacks = (
        StackSample(frames=("example.org/x%2ey.Keep", "main.main"), value=8 * MIB, variance=0.0),
        StackSample(frames=("main.own",), value=50 * MIB, variance=0.0),
    )
    profile = Profile(kind="inuse_space", unit="bytes", total=58 * MIB, stacks=stacks, sampling_period_bytes=1)
    seen = (SeenProfile(profile=profile, subject="target", where=Where(file="a"), x=1.0),)
    heap = {"layer.go_heap_bytes": flat(400 * MIB)}
    a = changed(given("a", {**NATIVE, **modules}, given=heap), profiles=seen)
    b = given("b", {**NATIVE, **modules, "go.modules": modules["go.modules"].replace("v1.0.0", "v1.1.0")})
    assert held_by(profile, ("example.org/x.y",), modules) == 8 * MIB
    nested = {**modules, "go.modules": modules["go.modules"] + "\nexample.org/x.y/v2 v2.0.0"}
    of_v2 = (StackSample(frames=("example.org/x.y/v2.Keep",), value=MIB, variance=0.0),)
    assert (
        held_by(Profile(kind="inuse_space", unit="bytes", total=MIB, stacks=of_v2), ("example.org/x.y",), nested) == 0
    )
    assert row(a, b, "modules.version").bytes == 16 * MIB
    off = changed(a, facts={**a.case.facts, "env.GOGC": "off"})
    assert (row(off, b, "modules.version").bytes or 0) > 300 * MIB
    beside = changed(given("a", {**NATIVE, **modules}, given=heap, grows=LEAK), profiles=seen)
    assert (row(beside, b, "modules.version").bytes or 0) == pytest.approx((16 + 90) * MIB, rel=0.02)
    calls_c = changed(a, facts={**a.case.facts, "go.cgo_modules": "example.org/x.y"})
    assert (row(calls_c, b, "modules.version").bytes or 0) > 300 * MIB


def test_a_limit_that_is_far_away_explains_nothing_but_a_heap_that_is_sized_by_it() -> None:
    files = {"layer.file_mapped_bytes": flat(80 * MIB)}
    near = {"cgroup.limit_bytes": flat(310 * MIB), "cgroup.current_bytes": flat(305 * MIB)}
    a = given("a", NATIVE, given=files)
    assert row(a, given("b", NATIVE, given={"cgroup.limit_bytes": flat(900 * MIB)}), "cgroup_limit").bytes == 0
    assert (row(a, given("b", NATIVE, given=near), "cgroup_limit").bytes or 0) > 70 * MIB
    far = {"cgroup.limit_bytes": flat(900 * MIB)}
    facts = {"process.age_s": "600"}
    jvms = [
        Given(name=name, case=watched(facts=facts, runtime="jvm", given=given_), sources=READ)
        for name, given_ in (("a", {"layer.anonymous_bytes": flat(500 * MIB)}), ("b", far))
    ]
    assert (row(*jvms, "cgroup_limit").bytes or 0) > 400 * MIB


def test_other_runtimes_bound_nothing_and_are_said() -> None:
    b = Given(name="b", case=watched(facts={"process.age_s": "600"}, runtime="native"), sources=READ)
    one = row(given("a", NATIVE), b, "runtime")
    assert (one.a, one.b, one.bound, one.bytes) == ("go", "native", "anything", None)
