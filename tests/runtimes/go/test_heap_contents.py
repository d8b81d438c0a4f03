"""What is in Go's maps, slices, channels and buffers, against a program that says how many values each has and how many bytes nothing uses.

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used.
"""

from collections.abc import Iterator

import pytest
from inside_go import inside, looked, minor_of

from memwhy.model.holders import Holders, Holding

pytest.importorskip("memwhy._core._retain")
SCALE = 2
Seen = tuple[dict[str, tuple[int, int, int]], dict[str, Holding]]
"""By root bytes, values, idle bytes as planted; and the line that was found."""
SAMPLED = {"main.smallMaps": 0.05}
"""More headers than are read: so far an estimate may be off."""
EMPTY = {
    "main.emptiedMap", "main.emptiedRefs", "main.cutSlice", "main.poppedQueue", "main.zeroedQueue", "main.substrings", "main.heads",
    "main.emptyChannel", "main.emptyJobs", "main.resetBuffers", "main.idleReaders",
}  # fmt: skip


def seen(go: str, flavour: str) -> tuple[dict[str, tuple[int, int, int]], Holders]:
    with inside("gofilled", "-scale", str(SCALE), flavour=flavour, go=go) as program:
        truth = program.ask("truth")
        found = looked(program.pid)
    return {name: (row[0], row[1], row[2]) for name, row in truth.items()}, found


@pytest.fixture(scope="module")
def plain(go: str) -> Seen:
    truth, holders = seen(go, "")
    return truth, {one.name: one for one in holders.holdings}


def lines(one: Holding) -> Iterator[Holding]:
    yield one
    for child in one.children:
        yield from lines(child)


def idle(one: Holding) -> int:
    return sum(line.idle_bytes or 0 for line in lines(one))


def elements(one: Holding) -> int | None:
    """Of a root: of the slice of maps the maps' own."""
    told = [line.elements for line in lines(one) if line.elements is not None]
    return told[-1] if one.name == "main.smallMaps" else told[0] if told else None


def test_maps_slices_and_channels_tell_how_many_values_they_have(plain: Seen) -> None:
    truth, found = plain
    exact = {name: row[1] for name, row in truth.items() if name not in SAMPLED}
    assert {name: elements(found[name]) for name in exact} == exact


@pytest.mark.parametrize("root", sorted(SAMPLED))
def test_of_many_maps_the_values_are_estimated(plain: Seen, root: str) -> None:
    assert elements(plain[1][root]) == pytest.approx(plain[0][root][1], rel=SAMPLED[root])


def test_what_is_kept_for_nothing_is_told_to_the_byte(plain: Seen) -> None:
    truth, found = plain
    wanted = {name: row[2] for name, row in truth.items() if name in EMPTY}
    assert {name: idle(found[name]) for name in wanted} == pytest.approx(wanted, rel=0.01)


def test_what_looks_alike_and_is_full_is_not_idle(plain: Seen) -> None:
    truth, found = plain
    assert {name: idle(found[name]) for name in truth if name not in EMPTY} == dict.fromkeys(set(truth) - EMPTY, 0)


def test_a_stripped_program_tells_the_same_of_what_has_no_name(go: str) -> None:
    """Maps and channels are found by their headers; what has no pointers and hangs at no header of a known type has no values to count in bytes."""
    if minor_of(go) < (1, 24):
        pytest.skip("headers of older maps are not told from other objects")
    truth, holders = seen(go, "stripped")
    found = [line.elements for one in holders.holdings for line in lines(one)]
    planted = {row[1] for name, row in truth.items() if name not in SAMPLED and name != "main.registry"}
    assert planted - set(found) == set()
    wanted = sum(row[2] for name, row in truth.items() if name not in ("main.emptiedMap", "main.zeroedQueue"))
    assert sum(map(idle, holders.holdings)) == pytest.approx(wanted, rel=0.01)
