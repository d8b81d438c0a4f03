"""Spans, regions and roots of a Go heap from outside: they sum to what the process says, and leave no page without a name."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from held_go import attached, build, held, toolchains

from memwhy.memory.space import PAGE_BYTES, Space
from memwhy.memory.symbols import find_symbols
from memwhy.model.inspection import CATEGORIES
from memwhy.runtimes.go.adapter import GoRuntime
from memwhy.runtimes.go.span_table import IN_USE, MANUAL, read_arenas, read_spans
from memwhy.runtimes.go.spans import regions, roots
from memwhy.runtimes.go.trace_buffers import trace_blocks
from memwhy.runtimes.interface import Region


@pytest.fixture(scope="module", params=toolchains())
def hold(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(request.param, tmp_path_factory.mktemp("hold") / "hold")


def resident_bytes(space: Space, start: int, end: int) -> int:
    pairs = space.resident(start, end)
    return sum(pairs[1::2]) - sum(pairs[::2])


def unclaimed(space: Space, claimed: list[Region]) -> Iterator[tuple[int, int]]:
    """Resident anonymous bytes that are no region, no data of a module and not the main thread's stack."""
    written = [
        (start, end + PAGE_BYTES - 1 & -PAGE_BYTES) for module in space.modules() for start, end in module.written
    ]
    taken = sorted([(r.start, r.end) for r in claimed] + written)
    for mapping in space.mappings:
        if mapping.path:
            continue
        at = mapping.start
        for start, end in [*taken, (mapping.end, mapping.end)]:
            if start >= mapping.end:
                start = mapping.end
            if at < start and (size := resident_bytes(space, at, start)):
                yield at, size
            at = max(at, end)
            if at >= mapping.end:
                break


def variable(runtime: GoRuntime, name: str) -> int:
    """The first word of a global variable of the program."""
    assert runtime.module.elf is not None
    value = runtime.space.word(find_symbols(runtime.module.elf, [name])[name][0] + runtime.module.bias)
    assert value
    return value


def certainty_at(runtime: GoRuntime, address: int) -> list[str]:
    return [root.certainty for root in roots(runtime) if root.start <= address < root.end]


def test_the_spans_sum_to_the_processes_own_numbers(hold: Path) -> None:
    with held(hold, 60) as process, attached(process.process.pid) as runtime:
        spans = read_spans(runtime)
        truth = process.memstats().fields
        assert (spans.bytes_of(IN_USE), spans.bytes_of(MANUAL)) == (truth["HeapInuse"], truth["StackInuse"])
        assert (spans.unread, spans.listed >= len(spans)) == (0, True)
        assert all(first <= second for first, second in zip(spans.ends, spans.starts[1:], strict=False))


def test_every_object_is_counted_in_its_span(hold: Path) -> None:
    with held(hold, 20) as process, attached(process.process.pid) as runtime:
        process.do("g")
        process.do("o")
        truth = process.memstats().fields
        spans = read_spans(runtime)
        # Tiny objects share blocks: HeapObjects counts each block once, allocCount too.
        in_use = [n for n, state in zip(spans.objects, spans.states, strict=True) if state == IN_USE]
        assert sum(in_use) == truth["HeapObjects"]


@pytest.mark.parametrize("commands", ["o", "go", "gdo", "ot"])
def test_regions_leave_no_resident_page_of_the_runtime_unclaimed(hold: Path, commands: str) -> None:
    with held(hold, 200) as process, attached(process.process.pid) as runtime:
        for command in commands:
            process.do(command)
        runtime.space.refresh()
        found = regions(runtime)
        assert list(unclaimed(runtime.space, found)) == []
        assert {region.category for region in found} <= CATEGORIES.keys()
        assert all(region.start < region.end for region in found)
        assert all(first.end <= second.start for first, second in pairwise(found))
        covered = sum(r.end - r.start for r in found if r.category in ("heap.in_use", "heap.idle", "heap.stacks"))
        assert covered == sum(end - start for start, end in read_arenas(runtime))


def test_what_an_execution_trace_keeps_is_the_runtimes_own(hold: Path) -> None:
    with held(hold, 5) as process, attached(process.process.pid) as runtime:
        assert trace_blocks(runtime) == []
        process.do("o")
        before = process.memstats().fields["OtherSys"]
        process.do("t")
        runtime.space.refresh()
        blocks = trace_blocks(runtime)
        kept = sum(resident_bytes(runtime.space, start, end) for start, end in blocks)
        grown = process.memstats().fields["OtherSys"] - before
    assert grown > 1 << 20
    assert all(end - start == 64 << 10 for start, end in blocks)
    assert 0.8 * grown <= 64 * 1024 * len(blocks) <= 1.05 * grown + (64 << 10)
    assert 0 < kept <= 64 * 1024 * len(blocks)


def test_dropped_memory_is_idle_and_still_resident(hold: Path) -> None:
    with held(hold, 200) as process, attached(process.process.pid) as runtime:
        for command in "god":
            process.do(command)
        runtime.space.refresh()
        before = process.memstats().fields
        found = regions(runtime)
        idle = sum(resident_bytes(runtime.space, r.start, r.end) for r in found if r.category == "heap.idle")
        in_use = sum(resident_bytes(runtime.space, r.start, r.end) for r in found if r.category == "heap.in_use")
        truth = process.memstats().fields
        # The scavenger gives back all the time.
        assert before["HeapIdle"] - before["HeapReleased"] > 10 << 20
        assert (truth["HeapIdle"] - truth["HeapReleased"]) * 0.99 <= idle
        assert idle <= (before["HeapIdle"] - before["HeapReleased"]) * 1.01
        assert in_use <= truth["HeapInuse"]  # fresh blocks that nobody wrote to are in use, but not resident


def test_objects_with_pointers_are_sure_roots_and_bytes_are_maybe(hold: Path) -> None:
    with held(hold, 5) as process, attached(process.process.pid) as runtime:
        node, big = variable(runtime, "main.nodes"), variable(runtime, "main.big")
        assert (certainty_at(runtime, node), certainty_at(runtime, big)) == (["sure"], ["maybe"])


def test_goroutine_stacks_are_roots_from_their_stack_pointers_on(hold: Path) -> None:
    with held(hold, 1) as process, attached(process.process.pid) as runtime:
        process.do("g")
        stacks = [root for root in roots(runtime) if root.name == "goroutine stack"]
        spans = read_spans(runtime)
        manual = [(s, e) for s, e, state in zip(spans.starts, spans.ends, spans.states, strict=True) if state == MANUAL]
        assert len(stacks) >= 50 + 1
        assert all(any(s <= root.start < root.end <= e for s, e in manual) for root in stacks)
        assert sum(root.end - root.start for root in stacks) < 50 * 2048
