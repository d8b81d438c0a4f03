"""Derived metrics: sums of one moment, and only when something in them is new."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.casefile.derived import derive
from memwhy.casefile.facts import target_of
from memwhy.model.case import Target
from memwhy.model.metrics import REGISTRY

GO = {
    "go.sys_bytes": 24,
    "go.heap_released_bytes": 4,
    "go.heap_idle_bytes": 9,
    "go.next_gc_bytes": 20,
    "go.gc_count": 3,
    "process.rss_bytes": 90,
    "process.rss_anon_bytes": 70,
}


def test_every_rule_says_what_the_registry_says() -> None:
    layers = {"layer.native_heap_bytes": 5, "layer.native_arenas_bytes": 6, "layer.go_heap_bytes": 7}
    kernel = {"host.slab_unreclaimable_bytes": 8, "host.kernel_stack_bytes": 1, "host.percpu_bytes": 2}
    now = GO | layers | kernel
    assert derive(now, now) == {
        "derived.native_bytes": 11,
        "derived.go_resident_bytes": 7,
        "derived.kernel_bytes": 11,
        "derived.go_held_bytes": 20,
        "derived.go_retained_bytes": 5,
        "derived.go_live_bytes": 10,
        "derived.outside_go_bytes": 50,
    }


def test_a_sum_of_stale_values_is_no_new_point() -> None:
    assert derive(GO, ["process.threads_count"]) == {}
    assert derive(GO, ["go.heap_released_bytes"]) == {}
    assert set(derive(GO, ["process.rss_anon_bytes"])) == set()


def test_outside_go_wants_what_go_holds_from_the_same_look() -> None:
    assert derive(GO, ["go.sys_bytes"]) == {"derived.go_held_bytes": 20, "derived.outside_go_bytes": 50}


def test_the_live_heap_follows_gogc_and_is_unknown_before_the_first_collection() -> None:
    assert derive(GO, ["go.next_gc_bytes"], gogc=400)["derived.go_live_bytes"] == 4
    assert derive(GO, ["go.next_gc_bytes"], gogc=None) == {}
    assert derive(GO | {"go.gc_count": 0}, ["go.next_gc_bytes"]) == {}


@given(st.dictionaries(st.sampled_from(sorted(REGISTRY)), st.integers(0, 1 << 62)), st.integers(0, 100_000))
def test_derived_values_are_registered_and_whole(now: dict[str, int], gogc: int) -> None:
    for name, value in derive(now, now, gogc=gogc).items():
        assert name in REGISTRY
        assert isinstance(value, int)


def test_a_runtime_is_named_only_from_what_proves_it() -> None:
    facts = [
        {"go.version": "go1.26.0"}, {"go.seen": "1"}, {"binary.libraries": "libpython3.11.so.1.0 libc.so.6"},
        {"process.exe": "/usr/lib/jvm/bin/java"}, {"process.exe": "/usr/bin/node"}, {"binary.static": "0"}, {},
    ]  # fmt: skip
    assert [target_of(one).runtime for one in facts] == ["go", "go", "cpython", "jvm", "node", "native", "unknown"]
    assert target_of({"process.pid": "47", "process.comm": "odds", "go.version": "go1.26.0"}) == Target(
        pid=47, command="odds", runtime="go", runtime_version="go1.26.0"
    )
