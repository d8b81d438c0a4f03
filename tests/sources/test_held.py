"""Who holds a heap, as evidence: what is written comes back, and any bytes give a look or a ParseError."""

import json
from dataclasses import fields, replace

import pytest
from build_held import cache, holders, line, table
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.holders import Holders, Holding, Waiting
from memwhy.sources.held import MOST_LINES, NAME, parse, write

LOOK = holders(cache(10), line("goroutine", "main.serve", "[]uint8", 3, 900, goroutines=3, hints=("main.f",)), table(1))


def back(look: Holders) -> Holders:
    found = parse(write(look)).holders
    assert found is not None
    return found


def test_a_look_comes_back_as_it_was() -> None:
    assert back(LOOK) == LOOK
    assert NAME == "go/holders"


def test_every_field_of_a_line_and_of_a_look_is_kept_but_growth_which_looks_tell_together() -> None:
    full = Holding(
        kind="shared", name="n", type="t", count=1, own_bytes=2, bytes=3, shared_by=("a",), least_bytes=4, most_bytes=5,
        elements=6, idle_bytes=7, goroutines=8, hints=("h",),
    )  # fmt: skip
    left_out = {"grown_bytes", "grown_count", "children"}
    assert [one.name for one in fields(Holding) if not getattr(full, one.name) and one.name not in left_out] == []
    look = replace(
        LOOK,
        holdings=(full,),
        passes=2,
        newborn_objects=9,
        fast=True,
        notes=("unstable",),
        heap_alloc_bytes=None,
        waiting=(Waiting(kind="cleanup", count=7, function="main.f", state="sleep", blocked_s=1.5),),
    )
    assert back(look) == look


def test_of_a_large_tree_the_largest_lines_stay_and_the_sums_with_them() -> None:
    many = [line("global", f"main.v{number}", "main.T", 1, 10 + number, table(0.5)) for number in range(2 * MOST_LINES)]
    found = back(holders(*many))
    assert sum(one.bytes for one in found.holdings) == found.bytes == sum(one.bytes for one in many)
    kept = [one for one in found.holdings if one.kind != "rest"]
    assert len(kept) + sum(len(one.children) for one in kept) <= 2 * MOST_LINES
    assert {one.name for one in kept} >= {f"main.v{2 * MOST_LINES - 1}", f"main.v{2 * MOST_LINES - 2}"}


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kind", "name", "children", "bytes"]), inner)
    ),
    max_leaves=12,
)


@given(st.data())
def test_a_look_with_any_part_replaced_is_refused_or_read(data: st.DataObject) -> None:
    document = json.loads(write(LOOK))
    where = data.draw(st.sampled_from(sorted(document)))
    part = document
    if where == "holdings" and data.draw(st.booleans()):
        part = document["holdings"][data.draw(st.integers(0, len(document["holdings"]) - 1))]
        where = data.draw(st.sampled_from(sorted(part)))
    part[where] = data.draw(JSON)
    try:
        found = parse(json.dumps(document).encode()).holders
    except ParseError:
        return
    assert found is not None


def test_a_tree_without_end_is_refused() -> None:
    row: dict[str, object] = {"kind": "field", "name": "", "type": "", "count": 1, "own_bytes": 1, "bytes": 1}
    deep = dict(row)
    for _ in range(200):
        deep = {**row, "children": [deep]}
    document = {**json.loads(write(LOOK)), "holdings": [deep]}
    with pytest.raises(ParseError, match="below each other"):
        parse(json.dumps(document).encode())
