"""inspect/look: the JSON of a look becomes metrics, facts and profiles; what was not read gives nothing, not zeros."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.inspection import (
    CATEGORIES,
    CgoCall,
    GoInside,
    GoroutineGroup,
    Inspection,
    LedgerRow,
    Lost,
    LostGraph,
    Malloc,
    SizeClass,
    StackFrame,
    as_plain,
)
from memwhy.model.metrics import REGISTRY
from memwhy.model.profile import ProfileRow, StackSample
from memwhy.sources import READERS
from memwhy.sources.look import NAME, find, parse
from memwhy.sources.page import read_page
from memwhy.sources.span import Span

MALLOC = Malloc(
    version="2.36",
    system_bytes=9_000,
    in_use_bytes=7_000,
    free_bytes=2_000,
    fastbin_bytes=100,
    mmapped_count=1,
    mmapped_bytes=4_096,
    arenas=2,
    heaps=2,
    tcache_bytes=500,
    top_bytes=800,
    trimmable_bytes=600,
    in_use_chunks=30,
    free_chunks=4,
    in_use_resident_bytes=6_900,
    free_resident_bytes=1_900,
    mmapped_resident_bytes=4_096,
    classes=(
        SizeClass(chunk_bytes=128, up_to_bytes=128, in_use_count=20, in_use_bytes=2_560),
        SizeClass(chunk_bytes=1 << 20, up_to_bytes=2 << 20, in_use_count=1, in_use_bytes=1 << 20),
    ),
    approximate=("the heap at 0x7f0000000000",),
)
LOST = Lost(
    bytes=3_000,
    chunks=12,
    maybe_bytes=64,
    likely_bytes=48,
    held_bytes=4_000,
    roots_bytes=1 << 20,
    graphs=(
        LostGraph(count=2, chunks=5, bytes=2_000, library="libxml2.so.2", type="_xmlDoc", samples=("secret",)),
        LostGraph(count=2, chunks=1, bytes=1_000),
    ),
    caveats=("registers were not read",),
)
IN_C = (
    StackFrame(function="runtime.cgocall"),
    StackFrame(function="main._Cfunc_parse"),
    StackFrame(function="main.do"),
)
GO = GoInside(
    version="go1.26.8",
    goroutines=9,
    memstats={"HeapAlloc": 100, "Sys": 900, "NumGC": 3, "NumGoroutine": 9, "NextGC": 1 << 63},
    groups=(
        GoroutineGroup(count=7, state="chan receive", stack=(StackFrame(function="main.wait"),)),
        GoroutineGroup(count=2, state="syscall", stack=IN_C),
    ),
    cgo_calls=(CgoCall(stack=IN_C, seen=3, looks=4, goroutines=4),),
)
LOOK = Inspection(
    rss_bytes=20_000,
    ledger=(
        LedgerRow(category="malloc.in_use", bytes=6_900),
        LedgerRow(category="heap.in_use", bytes=5_000),
        LedgerRow(category="files.clean", bytes=8_000),
        LedgerRow(category="anonymous", bytes=90),
    ),
    moved_bytes=10,
    unexplained_bytes=100,
    go=GO,
    malloc=MALLOC,
    lost=LOST,
    notes=("one thing was not read",),
)


def raw(look: Inspection) -> bytes:
    return json.dumps(as_plain(look)).encode()


def test_it_is_a_reader_that_recordings_know() -> None:
    assert READERS[NAME].parse is parse


def test_a_whole_look_gives_every_figure() -> None:
    found = parse(raw(LOOK))
    ledger = {f"ledger.{name.replace('.', '_')}_bytes": 0 for name in CATEGORIES if not name.endswith(".unread")}
    ledger |= {"ledger.malloc_unread_bytes": 0, "ledger.heap_unread_bytes": 0}
    ledger |= {"ledger.malloc_in_use_bytes": 6_900, "ledger.heap_in_use_bytes": 5_000}
    ledger |= {"ledger.files_clean_bytes": 8_000, "ledger.anonymous_bytes": 90}
    assert found.metrics == {
        **ledger,
        "process.rss_bytes": 20_000,
        "ledger.rss_bytes": 20_000,
        "ledger.moved_bytes": 10,
        "malloc.system_bytes": 9_000,
        "malloc.in_use_bytes": 7_000,
        "malloc.free_bytes": 2_000,
        "malloc.tcache_bytes": 500,
        "malloc.top_bytes": 800,
        "malloc.mmapped_bytes": 4_096,
        "malloc.trimmable_bytes": 600,
        "malloc.in_use_resident_bytes": 6_900,
        "malloc.free_resident_bytes": 1_900,
        "malloc.mmapped_resident_bytes": 4_096,
        "malloc.arenas_count": 2,
        "malloc.chunks_count": 30,
        "malloc.mmapped_count": 1,
        "malloc.lost_bytes": 3_000,
        "malloc.lost_certain_bytes": 0,
        "malloc.held_bytes": 4_000,
        "malloc.lost_maybe_bytes": 64,
        "malloc.lost_likely_bytes": 48,
        "malloc.lost_chunks_count": 12,
        "go.heap_alloc_bytes": 100,
        "go.sys_bytes": 900,
        "go.gc_count": 3,
        "go.goroutines_count": 9,
    }
    assert sum(value for name, value in ledger.items()) + 10 == found.metrics["ledger.rss_bytes"]
    assert found.facts == {
        "look.parts": "go malloc lost",
        "look.notes": "one thing was not read",
        "malloc.version": "2.36",
        "malloc.approximate": "the heap at 0x7f0000000000",
        "lost.caveats": "registers were not read",
        "lost.graphs": "2 × _xmlDoc (5 blocks, 1,000 bytes each) in libxml2.so.2\n2 × lost blocks (500 bytes each)",
        "go.version": "go1.26.8",
        "go.in_cgo": "4 main._Cfunc_parse",
    }


ANSWER = {
    "schema": "memwhy/diagnosis/1",
    "target": {"pid": 4711, "command": "shop", "runtime": "go"},
    "layers": [],
    "inspect": as_plain(LOOK),
}
"""Like what `memwhy inspect --format json` prints."""


@pytest.mark.parametrize("indent", [None, 2])
def test_a_look_in_a_saved_answer_says_the_same_and_whose_it_is(indent: int | None) -> None:
    found, alone = parse(json.dumps(ANSWER, indent=indent).encode()), parse(raw(LOOK))
    assert found.subject == "pid 4711"
    assert found == replace(
        alone, subject="pid 4711", facts={**alone.facts, "process.pid": "4711", "process.comm": "shop"}
    )


def test_looks_are_found_among_other_text() -> None:
    whole, alone, line = json.dumps(ANSWER, indent=2), json.dumps(as_plain(LOOK), indent=4), json.dumps(ANSWER)
    text = f"$ memwhy inspect 4711 --format json\n{whole}\nand then\n{alone}\n{line}\nthat was all"
    lines = text.split("\n")
    sizes = [whole.count("\n"), alone.count("\n"), 0]
    assert list(find(lines)) == [
        Span(first=1, last=1 + sizes[0]),
        Span(first=3 + sizes[0], last=3 + sizes[0] + sizes[1]),
        Span(first=4 + sizes[0] + sizes[1], last=4 + sizes[0] + sizes[1]),
    ]
    found = read_page(lines).found
    assert [(one.source, one.subject) for one in found if one.source == NAME] == [
        (NAME, "pid 4711"),
        (NAME, ""),
        (NAME, "pid 4711"),
    ]


def test_an_answer_without_a_look_and_half_of_one_are_not_taken_for_looks() -> None:
    without = json.dumps({**ANSWER, "inspect": None}, indent=2).split("\n")
    half = json.dumps(ANSWER, indent=2).split("\n")[:-3]
    hostile = (['"ledger": ['] * 1000, ["{", '"ledger": ['] * 100)
    assert [list(find(lines)) for lines in (without, half, *hostile)] == [[]] * 4


pieces = ("{", "}", "[" * 3000, '"ledger": [', '"schema": "memwhy/diagnosis/1"', '{"ledger": []}', '{"ledger": [', "]}")


@given(st.lists(st.sampled_from(pieces)))
def test_any_lines_give_looks_in_their_bounds(lines: list[str]) -> None:
    before = -1
    for span in find(lines):
        assert before < span.first <= span.last < len(lines)
        before = span.last


def test_blocks_lost_graphs_and_goroutines_are_profiles() -> None:
    classes, lost, goroutines = parse(raw(LOOK)).profiles
    assert (classes.kind, classes.total) == ("malloc_in_use", 2_560 + (1 << 20))
    assert [row.function for row in classes.rows] == ["blocks of 1,048,576 to 2,097,152 bytes", "blocks of 128 bytes"]
    assert lost.rows == (
        ProfileRow(function="_xmlDoc (5 blocks, 1,000 bytes each) in libxml2.so.2", flat=2_000, cum=2_000),
        ProfileRow(function="lost blocks (500 bytes each)", flat=1_000, cum=1_000),
    )
    assert goroutines.stacks == (
        StackSample(frames=("main.wait",), value=7),
        StackSample(frames=("runtime.cgocall", "main._Cfunc_parse", "main.do"), value=2),
    )


def test_parts_that_were_not_read_give_no_zeros() -> None:
    rows = (LedgerRow(category="malloc.unread", bytes=7_000), LedgerRow(category="anonymous", bytes=13_000))
    found = parse(raw(replace(LOOK, go=None, malloc=None, lost=None, ledger=rows, moved_bytes=0)))
    assert "ledger.malloc_in_use_bytes" not in found.metrics
    assert "ledger.heap_idle_bytes" not in found.metrics
    assert "ledger.anonymous_bytes" not in found.metrics  # malloc's mapped blocks and arenas are in it
    assert found.metrics["ledger.malloc_unread_bytes"] == 7_000
    assert found.metrics["ledger.files_bss_bytes"] == 0
    assert found.facts["look.parts"] == ""


def test_the_heap_of_a_runtime_that_tells_nothing_else_is_told() -> None:
    rows = (LedgerRow(category="heap.in_use", bytes=9_000), LedgerRow(category="files.clean", bytes=11_000))
    found = parse(raw(replace(LOOK, go=None, ledger=rows, moved_bytes=0)))
    assert found.metrics["ledger.heap_in_use_bytes"] == 9_000
    assert "ledger.heap_idle_bytes" not in found.metrics


def test_a_core_tells_whose_it_is_and_strange_words_are_left_out() -> None:
    told = {"process.comm": "shop", "process.pid": "4711", "process.threads_count": "12", "process.secret": "x"}
    found = parse(raw(replace(LOOK, facts=told)))
    assert {name: fact for name, fact in found.facts.items() if name.startswith("process.")} == {
        "process.comm": "shop",
        "process.pid": "4711",
    }
    assert found.metrics["process.threads_count"] == 12
    strange = {"process.comm": "\x1b[31m", "process.exe": 7, "process.threads_count": "-1"}
    read = parse(json.dumps({**as_plain(LOOK), "facts": strange}).encode())
    assert not [name for name in (*read.facts, *read.metrics) if name.startswith("process.") and "rss" not in name]


def test_a_category_that_is_no_word_is_left_out() -> None:
    plain = {**as_plain(LOOK), "ledger": [{"category": ["malloc.in_use"], "bytes": 5}]}
    assert parse(json.dumps(plain).encode()).metrics["ledger.malloc_in_use_bytes"] == 0


def test_the_largest_few_graphs_are_not_lost_for_certain() -> None:
    rows = (LostGraph(count=1, chunks=9_000, bytes=900_000), LostGraph(count=1_000, chunks=2, bytes=100_000))
    found = parse(raw(replace(LOOK, lost=replace(LOST, bytes=1_000_000, graphs=rows))))
    assert found.metrics["malloc.lost_certain_bytes"] == 1_000_000 - 900_000 - 7 * 100


def test_contents_of_the_target_go_nowhere() -> None:
    found = parse(raw(LOOK))
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b'{"rss_bytes": 1}', b'{"rss_bytes": "1", "ledger": []}', b"[" * 100_000]
)
def test_what_is_no_look_is_refused(text: bytes) -> None:
    with pytest.raises(ParseError, match="inspect/look"):
        parse(text)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reading_or_a_parse_error(text: bytes) -> None:
    with suppress(ParseError):
        parse(text)


def _mutated(value: Any, path: list[int], new: Any) -> Any:
    """The plain tree with one node replaced."""
    if not path:
        return new
    if isinstance(value, dict) and value:
        key = sorted(value)[path[0] % len(value)]
        return {**value, key: _mutated(value[key], path[1:], new)}
    if isinstance(value, list) and value:
        index = path[0] % len(value)
        return [*value[:index], _mutated(value[index], path[1:], new), *value[index + 1 :]]
    return new


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.integers(0, 50), max_size=6), ANY)
def test_a_look_with_any_part_replaced_gives_registered_whole_figures_or_a_parse_error(
    path: list[int], new: Any
) -> None:
    try:
        found = parse(json.dumps(_mutated(as_plain(LOOK), path, new)).encode())
    except ParseError:
        return
    assert set(found.metrics) <= set(REGISTRY)
    assert all(isinstance(value, int) and not isinstance(value, bool) for value in found.metrics.values())
