"""Who holds Go's heap, against a program that says how much each of its plants made HeapAlloc grow.

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from inside_go import Program, inside, looked, minor_of

from memwhy.inspect.inspector import Inspector
from memwhy.model.holders import Holders, Holding
from memwhy.runtimes.go.adapter import GoRuntime
from memwhy.runtimes.go.heap_closures import closure_structs
from memwhy.runtimes.go.heap_types import Types
from memwhy.runtimes.go.heap_variables import variables_of

pytest.importorskip("memwhy._core._retain")
THOUSANDS = 4
COUNTS = {
    "main.Entry": 11,
    "main.Node": 9,
    "main.User": 11,
    "main.Meta": 2,
    "main.Item": 4,
    "main.Session": 2,
    "main.Page": 1,
}
"""Objects of a type, in thousands: 9 of the cache and 2 of a goroutine's local, and so on (goplanted/main.go)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was planted, what was found, what the runtime itself says."""

    truth: dict[str, tuple[int, int]]
    holders: Holders
    heap_alloc: int


@contextmanager
def planted(go: str, flavour: str = "") -> Iterator[Program]:
    with inside("goplanted", "-scale", str(THOUSANDS), flavour=flavour, go=go) as program:
        yield program


def seen(go: str, flavour: str) -> Seen:
    with planted(go, flavour) as program:
        truth: dict[str, Any] = program.ask("truth")
        heap_alloc = program.ask("memstats")["HeapAlloc"]
        return Seen({name: (row[0], row[1]) for name, row in truth.items()}, looked(program.pid), heap_alloc)


@pytest.fixture(scope="module")
def plain(go: str) -> Seen:
    return seen(go, "")


@pytest.fixture(scope="module")
def stripped(go: str) -> Seen:
    return seen(go, "stripped")


def held(holders: Holders, name: str) -> int:
    """Bytes of a root's line, and of what is shared by it and others."""
    return sum(one.bytes for one in holders.holdings if one.name == name or name in one.shared_by)


def below(line: Holding) -> Iterator[Holding]:
    for one in line.children:
        yield one
        yield from below(one)


def test_all_that_is_reached_is_what_the_runtime_counts(plain: Seen) -> None:
    assert plain.holders.bytes == pytest.approx(plain.heap_alloc, rel=0.001)
    assert plain.holders.heap_alloc_bytes == plain.heap_alloc


@pytest.mark.parametrize(
    "root",
    [
        "main.cache", "main.list", "main.pages", "main.anything", "main.shapes", "main.tree", "main.hooks",
        "main.inPlace", "main.small", "main.hold.local",
    ],
)  # fmt: skip
def test_a_root_holds_what_was_planted_there(plain: Seen, root: str) -> None:
    assert held(plain.holders, root) == pytest.approx(plain.truth[root.removesuffix(".local")][0], rel=0.02)


def test_what_two_globals_hold_is_shared_by_both(plain: Seen) -> None:
    [items] = [one for one in plain.holders.holdings if one.kind == "shared" and one.type == "main.Item"]
    assert (items.count, set(items.shared_by)) == (4000 * THOUSANDS, {"main.sharedA", "main.sharedB"})
    slices = held(plain.holders, "main.sharedA") + held(plain.holders, "main.sharedB") - items.bytes
    assert slices == pytest.approx(plain.truth["main.shared"][0], rel=0.02)


def test_objects_of_each_type_are_counted_exactly(plain: Seen) -> None:
    found = {one.type: one.count for one in plain.holders.types}
    wanted = {name: thousands * 1000 * THOUSANDS for name, thousands in COUNTS.items()}
    assert {name: found.get(name, 0) for name in wanted} == wanted


def test_a_map_is_told_with_its_values_and_their_fields(plain: Seen) -> None:
    [cache] = [one for one in plain.holders.holdings if one.name == "main.cache"]
    lines = {(one.name, one.type): one.count for one in below(cache)}
    assert cache.type.startswith("map[string]*main.Entry")
    assert lines["[value]", "main.Entry"] == 9000 * THOUSANDS
    assert lines[".Body[]", "[]uint8"] == 9000 * THOUSANDS
    assert lines[".Owner", "main.User"] == 9000 * THOUSANDS


def test_little_has_no_type(plain: Seen) -> None:
    assert plain.holders.untyped_bytes <= 0.05 * plain.holders.bytes


def test_a_local_is_told_by_its_name_and_type(plain: Seen) -> None:
    [local] = [one for one in plain.holders.holdings if one.name == "main.hold.local"]
    assert (local.kind, local.type, local.count) == ("goroutine", "[]*main.Entry", 1)
    entries = local.children[0]
    assert (entries.type, entries.count) == ("main.Entry", 2000 * THOUSANDS)


def test_what_a_closure_captured_has_its_type_in_a_stripped_program_too(stripped: Seen, go: str) -> None:
    if minor_of(go) == (1, 21):
        pytest.skip("there nothing that a stripped program says leads to closures in arrays")
    metas = [one for one in stripped.holders.types if one.type == "main.Meta"]
    assert [one.count for one in metas] == [2000 * THOUSANDS]


def test_what_makes_a_closure_and_debug_information_say_the_same_of_it(go: str) -> None:
    if minor_of(go) < (1, 23):
        pytest.skip("what closures capture stands in DWARF since Go 1.23")
    with planted(go) as program, Inspector.open(program.pid) as inspector:
        runtime = next(one for one in inspector.runtimes if isinstance(one, GoRuntime))
        variables = variables_of(runtime)
        types = Types.of(runtime, swiss=True, debug=variables.debug)
        told = {code: variables.captured(code) for code in variables.functions}
        structs = closure_structs(runtime, types, (code for code, captured in told.items() if captured))
        assert len(structs) > 10
        for code, struct in structs.items():
            offsets = {one.offset: one.type for one in struct.fields[1:]}
            for one in told[code]:
                assert types.name_of(offsets[one.offset]) == types.name_of(one.type)


def test_a_stripped_program_keeps_its_totals_and_most_types(stripped: Seen, go: str) -> None:
    assert stripped.holders.bytes == pytest.approx(stripped.heap_alloc, rel=0.001)
    note, passes = stripped.holders.notes
    assert note.startswith(f"{stripped.holders.runtime}: it was stripped of its DWARF: variables have no types")
    assert note.endswith("types are few") == (minor_of(go) == (1, 21))
    assert passes == "one pass was enough: nothing of the process ran while it was read"
    largest = max(stripped.holders.holdings, key=lambda one: one.bytes)
    assert largest.bytes == pytest.approx(stripped.truth["main.cache"][0], rel=0.02)
    if minor_of(go) != (1, 21):
        assert stripped.holders.untyped_bytes <= 0.25 * stripped.holders.bytes


def test_a_map_that_is_churned_has_all_its_entries_all_the_time(go: str) -> None:
    with planted(go) as program:
        program.ask("churn")
        found = [looked(program.pid) for _ in range(3)]
        program.ask("calm")
    counts = [next(one.count for one in holders.types if one.type == "main.Entry") for holders in found]
    assert counts == pytest.approx([11_000 * THOUSANDS] * 3, rel=0.005)


def test_a_second_look_says_what_came_between(go: str) -> None:
    with planted(go) as program, Inspector.open(program.pid) as inspector:
        inspector.look(malloc=False, holders=True)
        program.ask("more")
        found = inspector.look(malloc=False, holders=True)
    assert found.holders is not None
    grown = {
        one.name: one.grown_count
        for one in found.holders.holdings
        if one.kind == "global" and (one.grown_bytes or 0) > 10_000
    }
    assert grown == {"main.list": 1000 * THOUSANDS}
    [node] = [one for one in found.holders.types if one.type == "main.Node"]
    assert (node.grown_count, node.grown_bytes) == (1000 * THOUSANDS, 32 * 1000 * THOUSANDS)
