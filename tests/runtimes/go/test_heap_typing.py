"""Types of Go's objects on the ways on which they are easily lost, against a program that made as many of each as it says.

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used.
"""

import pytest
from inside_go import inside, looked, minor_of

from memwhy.model.holders import Holders

pytest.importorskip("memwhy._core._retain")
COUNT = 1000
EVERYWHERE = (
    "InMap", "Key", "Listed", "Sent", "ByValue", "ByName", "InLocal", "InArgument", "Delayed", "InStruct", "InMethod",
)  # fmt: skip
ONCE = ("Boxed", "Swapped")


def seen(go: str, flavour: str) -> Holders:
    with inside("gotyped", "-count", str(COUNT), flavour=flavour, go=go) as program:
        return looked(program.pid)


@pytest.fixture(scope="module")
def plain(go: str) -> Holders:
    return seen(go, "")


@pytest.fixture(scope="module")
def stripped(go: str) -> Holders:
    return seen(go, "stripped")


def counts(holders: Holders) -> dict[str, int]:
    return {one.type.removeprefix("main."): one.count for one in holders.types}


def test_every_way_to_an_object_tells_its_type(plain: Holders, go: str) -> None:
    found = counts(plain)
    wanted = dict.fromkeys(EVERYWHERE, COUNT) | dict.fromkeys(ONCE, 1)
    if minor_of(go) >= (1, 24):
        wanted["Reflected"] = COUNT  # before, reflect makes buckets of maps without fields
    assert {name: found.get(name, 0) for name in wanted} == wanted


def test_a_stripped_program_tells_nearly_as_many(stripped: Holders, go: str) -> None:
    found = counts(stripped)
    wanted = dict.fromkeys(set(EVERYWHERE) - {"InStruct", "InLocal"} | set(ONCE), COUNT) | dict.fromkeys(ONCE, 1)
    if minor_of(go) >= (1, 22):
        wanted |= {"InStruct": COUNT, "InLocal": COUNT}
    assert {name: found.get(name, 0) for name in wanted} == wanted


def test_a_reader_in_a_pool_or_a_trie_is_no_shape_without_a_name(plain: Holders, go: str) -> None:
    found = counts(plain)
    assert found["sync.poolLocal"] >= 1
    if minor_of(go) >= (1, 24):
        assert found["sync.entry[interface {},interface {}]"] >= COUNT
        assert found["sync.indirect[interface {},interface {}]"] > COUNT // 16
    if minor_of(go) >= (1, 23):
        assert found["runtime.timeTimer"] >= COUNT


def test_what_reflect_made_has_the_name_of_what_it_is(plain: Holders, go: str) -> None:
    if minor_of(go) >= (1, 24):
        assert counts(plain)["struct { Text string; One *main.Reflected }"] == COUNT


def test_locals_and_arguments_of_a_goroutine_that_waits_are_told_by_name(plain: Holders) -> None:
    found = {one.name: one.type for one in plain.holdings if one.kind == "goroutine"}
    assert found["main.wait.local"] == "[]*main.InLocal"
    assert found["main.wait.argument"] == "[]*main.InArgument"


def test_little_of_it_has_no_type(plain: Holders, stripped: Holders, go: str) -> None:
    assert plain.untyped_bytes <= 0.10 * plain.bytes
    if minor_of(go) >= (1, 22):
        assert stripped.untyped_bytes <= 0.25 * stripped.bytes
