"""What a runtime's endpoints would have told, read from memory: one composite, each part by its own reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources import READERS, inside
from memwhy.sources.proc.files import join

HEAP = b"""heap profile: 1: 1048576 [1: 1048577] @ heap/1048576
1: 1048576 [1: 1048576] @ 0x4a0001 0x4a0002
#\t0x4a0000\tmain.keep+0x10\t/src/main.go:7
#\t0x4a0001\tmain.main+0x20\t/src/main.go:9

# runtime.MemStats
# Alloc = 1048576
# HeapSys = 4194304
"""
GOROUTINES = b"""goroutine profile: total 3
3 @ 0x43a1 0x4a0003
#\t0x4a0003\tmain.wait+0x10\t/src/main.go:11
"""
LIMIT = b"go_gc_gomemlimit_bytes 104857600\n"


def test_every_part_is_read_and_what_looks_say_is_not_said_again() -> None:
    reading = inside.parse(join([("go/heap", HEAP), ("go/goroutine", GOROUTINES), ("go/metrics", LIMIT)]))
    assert reading.metrics == {"go.memory_limit_bytes": 104857600}
    assert [profile.kind for profile in reading.profiles] == [
        "inuse_objects",
        "inuse_space",
        "alloc_objects",
        "alloc_space",
        "goroutine",
    ]
    assert reading.profiles[4].stacks[0].frames == ("main.wait",)
    assert READERS[inside.NAME] is inside


def test_a_part_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    reading = inside.parse(join([("go/heap", b"nothing of that kind\n"), ("go/goroutine", GOROUTINES)]))
    assert [(profile.kind, profile.total) for profile in reading.profiles] == [("goroutine", 3)]


@pytest.mark.parametrize("raw", [b"", b"==> somebody/else <==\n1\n", b"==> go/heap <==\nno profile\n"])
def test_without_any_part_it_is_a_parse_error(raw: bytes) -> None:
    with pytest.raises(ParseError):
        inside.parse(raw)


@given(st.lists(st.tuples(st.sampled_from(["go/heap", "go/goroutine", "go/metrics", "x"]), st.binary(max_size=200))))
def test_any_bytes_give_a_reading_or_a_parse_error(parts: list[tuple[str, bytes]]) -> None:
    try:
        reading = inside.parse(join(parts))
    except ParseError:
        return
    assert all(value >= 0 for value in reading.metrics.values())
