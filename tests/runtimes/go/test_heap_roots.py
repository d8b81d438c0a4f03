"""Roots that are no variables, against a program that says how much each of its plants made HeapAlloc grow (specimens/inside/gorooted).

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used.
"""

from dataclasses import dataclass
from functools import cache

import pytest
from inside_go import inside, looked, minor_of

from memwhy.model.holders import Holders, Waiting

pytest.importorskip("memwhy._core._retain")
PLANTED = 1000
BODY_BYTES = 1024
OLDEST, CLEANUPS = (1, 21), (1, 24)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was planted, what was found, what the runtime itself says."""

    truth: dict[str, tuple[int, int]]
    holders: Holders
    heap_alloc: int


@cache
def seen(go: str, flavour: str) -> Seen:
    with inside("gorooted", flavour=flavour, go=go) as program:
        truth, heap_alloc = program.ask("truth"), program.ask("memstats")["HeapAlloc"]
        found = looked(program.pid)
    return Seen({name: (row[0], row[1]) for name, row in truth.items()}, found, heap_alloc)


@pytest.fixture(scope="module")
def plain(go: str) -> Seen:
    return seen(go, "")


@pytest.fixture(scope="module", params=["", "stripped"], ids=["plain", "stripped"])
def either(request: pytest.FixtureRequest, go: str) -> Seen:
    return seen(go, request.param)


def bytes_of(one: Seen, kind: str, *names: str) -> int:
    return sum(line.bytes for line in one.holders.holdings if line.kind == kind and line.name in names)


def shared_with(one: Seen, name: str) -> int:
    return sum(line.bytes for line in one.holders.holdings if name in line.shared_by)


def test_nothing_of_what_the_runtime_counts_is_missing(either: Seen) -> None:
    assert either.holders.bytes == pytest.approx(either.heap_alloc, rel=0.0005)


@pytest.mark.parametrize(
    ("plant", "kind", "name"),
    [
        ("circle", "finalizer", "finalizer of main.Thing, never run"),
        ("selfish", "finalizer", "finalizer of main.Selfish, never run"),
        ("queued", "finalizer", "main.Queued, waiting for its finalizer"),
        ("looped", "goroutine", "main.loop"),
    ],
)
def test_a_root_that_is_no_variable_holds_what_was_planted_there(
    either: Seen, plant: str, kind: str, name: str
) -> None:
    assert bytes_of(either, kind, name) == pytest.approx(either.truth[plant][0], rel=0.01)


def test_what_the_finalizer_of_a_living_object_captured_is_held_by_that_finalizer(plain: Seen) -> None:
    found = bytes_of(plain, "finalizer", "finalizer of main.Slow") + bytes_of(plain, "global", "main.living")
    assert found == pytest.approx(plain.truth["beside"][0], rel=0.01)


def test_a_circle_with_a_finalizer_is_said_to_live_for_ever(plain: Seen) -> None:
    for text in (
        "finalizer of main.Thing can never run: what the object points to leads back to the object (objects: 1000)",
        "finalizer of main.Selfish can never run: its function leads back to the object (objects: 1000)",
    ):
        assert text in plain.holders.notes


def test_finalizers_that_wait_are_counted_and_the_function_that_blocks_them_is_named(plain: Seen) -> None:
    [waiting] = plain.holders.waiting
    assert waiting.blocked_s is not None and waiting.blocked_s >= 0
    assert waiting == Waiting(
        kind="finalizer",
        count=PLANTED + 1,
        function="main.block",
        state="chan receive",
        blocked_s=waiting.blocked_s,
    )


def test_timers_are_told_by_the_function_that_they_will_call(either: Seen) -> None:
    lines = {line.name: line for line in either.holders.holdings}
    own, contexts = lines["timer of main.afterFunc.func1"], lines["timer of context.WithDeadlineCause.func2"]
    assert (own.kind, own.count, contexts.kind) == ("global", PLANTED, "global")
    lists = lines["timers"].own_bytes
    assert own.bytes + contexts.bytes + lists == pytest.approx(
        either.truth["timers"][0] + either.truth["contexts"][0], rel=0.01
    )


def test_a_thousand_goroutines_of_one_function_are_one_line_that_says_how_many(plain: Seen) -> None:
    [line] = [line for line in plain.holders.holdings if line.name.startswith("main.wait")]
    assert (line.kind, line.goroutines, line.count, line.bytes) == (
        "goroutine",
        PLANTED,
        PLANTED,
        PLANTED * BODY_BYTES,
    )


def test_calls_deferred_in_records_on_the_stack_are_held_by_their_function(plain: Seen) -> None:
    [line] = [line for line in plain.holders.holdings if line.name == "main.postpone"]
    assert (line.goroutines, line.count, line.type) == (100, 900, "closure main.work.func1")
    assert line.bytes == 900 * (BODY_BYTES + 32)


def test_goroutines_have_their_own_line_and_share_nothing_that_is_theirs(plain: Seen) -> None:
    [line] = [line for line in plain.holders.holdings if line.name == "goroutines"]
    assert line.count > PLANTED
    assert not [one for one in plain.holders.holdings if "runtime.fing" in one.shared_by]


def test_a_cleanup_holds_its_argument_and_says_when_it_can_never_run(plain: Seen, go: str) -> None:
    if minor_of(go) < CLEANUPS:
        pytest.skip("cleanups came with Go 1.24")
    found = bytes_of(plain, "cleanup", "cleanup main.sweep") + bytes_of(plain, "global", "main.kept")
    assert found == pytest.approx(plain.truth["hoard"][0], rel=0.01)
    assert bytes_of(plain, "cleanup", "cleanup main.recent.func2.1, never run") == pytest.approx(
        plain.truth["trapped"][0], rel=0.01
    )
    assert (
        "cleanup main.recent.func2.1 can never run: its function leads back to the object (objects: 1000)"
        in plain.holders.notes
    )


def test_a_weak_pointer_holds_nothing_but_its_handle(plain: Seen, go: str) -> None:
    if minor_of(go) < CLEANUPS:
        pytest.skip("package weak came with Go 1.24")
    assert bytes_of(plain, "global", "main.wisps") == pytest.approx(plain.truth["weak"][0], abs=8192)
    assert shared_with(plain, "main.wisps") == 0
