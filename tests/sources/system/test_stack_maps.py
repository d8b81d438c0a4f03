"""Stacks with bytes from bpftrace's maps and folded lists. Written after the tools' documented formats."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.profile import StackSample
from memwhy.model.reading import Reading
from memwhy.sources.system import stack_maps
from memwhy.sources.system.stack_maps import SINCE_START

HELD = """\
@leaked_bytes[
    __libc_malloc+0
    load_index+32
    main+16
]: 104857600
@leaked_bytes[
    malloc+0
    read_names+12
    main+20
, shop]: 4096
"""
FOLDED = "main;load_index;malloc 104857600\nmain;read_names;malloc 4096"
STACKS = (
    StackSample(frames=("load_index", "main"), value=104857600),
    StackSample(frames=("read_names", "main"), value=4096),
)
PIECES = st.sampled_from(["@leaked[", "@[", "]: 12", "main+1", ";", "a;b 12", "bytes", "leak", "malloc", "", "x, y]: 99999999999999999999", "@bytes[a;b]: 7"])  # fmt: skip


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in stack_maps.find(lines) for r in stack_maps.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize("dress", ["{}", "> {}", "    {}", "{}\r"])
@pytest.mark.parametrize("text", [HELD, f"Outstanding bytes by stack:\n\n{FOLDED}"])
def test_what_is_still_held_is_a_profile_of_native_blocks(text: str, dress: str) -> None:
    (reading,) = read("\n".join(dress.format(line) for line in text.split("\n")))
    (profile,) = reading.profiles
    assert dict(reading.metrics) == {"tool.outstanding_bytes": 104857600 + 4096}
    assert (profile.kind, profile.unit, profile.stacks) == ("native_inuse", "bytes", STACKS)


@pytest.mark.parametrize("text", [HELD.replace("leaked_bytes", "bytes"), f"malloc'ed bytes, folded:\n{FOLDED}"])
def test_what_was_allocated_since_the_start_is_no_level(text: str) -> None:
    (reading,) = read(text)
    assert (dict(reading.metrics), reading.notes) == ({}, (SINCE_START,))
    assert (reading.profiles[0].kind, reading.profiles[0].stacks) == ("native_allocated", STACKS)


@pytest.mark.parametrize(
    "text",
    [
        FOLDED,
        f"CPU samples, bytes of code:\n{FOLDED}",
        HELD.replace("leaked_bytes", "usecs"),
        "bytes:\nmain;load 12",
        "for (size_t i = 0; i < 9; i++) 12\nint a; int b 4",
    ],
)
def test_stacks_of_anything_else_are_not_claimed(text: str) -> None:
    assert read(text) == []
    with pytest.raises(ParseError):
        stack_maps.parse(text)


@given(st.lists(PIECES, max_size=20).map("\n".join) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    read(text)
    try:
        stack_maps.parse(text)
    except ParseError:
        assert not list(stack_maps.find(text.split("\n")))


@pytest.mark.parametrize("line", ["@leaked[", "a;" * 1500, "bytes " * 600, "a;b 1;" * 600, "]: 1", "@x[a+1 ; ]: "])
def test_megabytes_of_hostile_lines_are_read_in_bounded_time(line: str) -> None:
    lines = ["leaked bytes", *([line] * (2_000_000 // len(line)))]
    began = time.process_time()
    list(stack_maps.find(lines))
    assert time.process_time() - began < 8
