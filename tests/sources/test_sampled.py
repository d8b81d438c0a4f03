"""Readings of the sampler as they stand in recordings: written and read back whole, and nothing else believed."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from build_stacks import GO, Habit, own, readings
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.native import AGES, CodeName, SampledStack, StackReading
from memwhy.model.reading import Reading
from memwhy.sources import READERS, sampled

TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
COUNT = st.integers(0, 1 << 50)
NAMES = st.builds(
    CodeName,
    function=TEXT.filter(bool),
    module=TEXT,
    version=TEXT,
    file=TEXT,
    line=COUNT,
    is_go=st.booleans(),
    own=st.booleans(),
)
STACKS = st.builds(
    SampledStack,
    frames=st.lists(NAMES, min_size=1, max_size=5).map(tuple),
    kind=st.sampled_from(["malloc", "mmap", "runtime"]),
    outstanding_bytes=COUNT,
    variance=COUNT.map(float),
    outstanding_count=COUNT,
    samples=COUNT,
    seen_bytes=COUNT,
    ages_bytes=st.lists(COUNT, max_size=AGES).map(tuple),
    allocated_bytes=COUNT,
    allocated_count=COUNT,
    freed_bytes=COUNT,
    freed_count=COUNT,
)
READINGS = st.builds(
    StackReading,
    life_s=st.floats(0, 1e6),
    way=st.sampled_from(["attached", "preloaded"]),
    period_bytes=COUNT,
    problem=TEXT,
    samples=COUNT,
    lost_samples=COUNT,
    cut_stacks=COUNT,
    missed_regions=COUNT,
    spent_s=st.floats(0, 1e6),
    own_bytes=COUNT,
    notes=st.lists(TEXT, max_size=3).map(tuple),
    stacks=st.lists(STACKS, max_size=4).map(tuple),
)


def document() -> dict[str, Any]:
    [*_, last] = readings([Habit(GO, lambda _: 1e6), Habit(own("work", "main"), lambda _: 1e6)], seconds=6.0)
    found: dict[str, Any] = json.loads(sampled.write(last))
    return found


@given(READINGS)
def test_what_is_written_is_read_back_whole(reading: StackReading) -> None:
    assert sampled.parse(sampled.write(reading)) == Reading(stacks=reading)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_reading_or_a_parse_error(raw: bytes) -> None:
    with suppress(ParseError):
        sampled.parse(raw)


@given(st.data())
def test_a_reading_with_one_thing_changed_is_read_or_refused(data: st.DataObject) -> None:
    found = document()
    strange = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.lists(st.integers(), max_size=3)
    at = data.draw(
        st.sampled_from([found, found["stacks"], found["stacks"][0], found["functions"], found["functions"][0]])
    )
    key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else list(range(len(at)))))
    at[key] = data.draw(strange)
    try:
        sampled.parse(json.dumps(found).encode())
    except ParseError as error:
        assert error.source == "native/stacks"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "memwhy/stacks/2"}, "is no reading of the sampler of the form memwhy/stacks/1"),
        ({"way": "guessed"}, "does not say how the sampler got in"),
        ({"stacks": None}, "has no list of stacks"),
        ({"functions": []}, "has a stack of functions that it does not name"),
        ({"life_s": "long"}, "has no seconds for life_s"),
        ({"samples": -1}, "has no whole number for samples"),
        ({"stacks": [[]]}, "has a stack that is none"),
        ({"stacks": [[]] * 4097}, "has 4097 stacks; 4096 are the most"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ParseError) as caught:
        sampled.parse(json.dumps(document() | change).encode())
    assert caught.value.problem == said


def test_deep_nesting_is_refused_and_not_followed() -> None:
    with pytest.raises(ParseError):
        sampled.parse(b"[" * 100_000)


def test_control_characters_in_names_do_not_reach_a_terminal() -> None:
    found = document()
    found["functions"][0][0] = "evil\x1b[2J\ud800"
    stacks = sampled.parse(json.dumps(found).encode()).stacks
    assert stacks is not None
    assert stacks.stacks[0].frames[0] == replace(GO[0], function="evil·[2J·")


def test_recordings_know_the_source() -> None:
    assert READERS["native/stacks"] is sampled
