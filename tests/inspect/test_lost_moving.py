"""Programs that hold everything and never rest: nothing of theirs may be called lost, however fast they move."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.arrivals import arrivals
from memwhy.inspect.blocks import GRAIN_BYTES, Blocks, HeapBlocks, MappedBlock
from memwhy.inspect.inspector import Inspector

SOURCE = Path(__file__).resolve().parent / "programs" / "restless.c"
LOOKS = 5


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    built = tmp_path_factory.mktemp("restless") / "restless"
    subprocess.run([compiler, "-O1", "-o", built, SOURCE], check=True)
    return built


@contextmanager
def restless(program: Path, how: str) -> Iterator[int]:
    with subprocess.Popen([program, how], stdout=subprocess.PIPE) as target:
        try:
            assert target.stdout is not None
            assert target.stdout.readline() == b"ready\n"
            yield target.pid
        finally:
            target.kill()


def lost_bytes(pid: int) -> tuple[int, int]:
    """What is lost, and what is likely lost."""
    with Inspector.open(pid) as inspector:
        lost = inspector.look(lost=True).lost
    assert lost is not None
    return lost.bytes, lost.likely_bytes


@pytest.mark.parametrize("how", ["list", "front"])
def test_a_list_that_never_rests_is_not_lost(program: Path, how: str) -> None:
    with restless(program, how) as pid:
        assert [lost_bytes(pid) for _ in range(LOOKS)] == [(0, 0)] * LOOKS


@pytest.mark.parametrize("how", ["vector", "nested"])
def test_what_is_held_by_one_block_that_changes_its_place_thousands_of_times_a_second_is_hardly_ever_lost(
    program: Path, how: str
) -> None:
    """Two places in turn: each walk may meet the one and each search the other. About one look in a hundred does for all of its
    searches; beside other work some more do for most of them, and call it likely lost."""
    with restless(program, how) as pid:
        found = [lost_bytes(pid) for _ in range(LOOKS)]
    assert sum(lost > 0 for lost, _ in found) <= 1
    assert sum(lost + likely > 0 for lost, likely in found) <= LOOKS // 2


def heap_of(start: int, chunks: list[tuple[int, bool]]) -> HeapBlocks:
    """chunks: (slots, in use), one after another."""
    slots = sum(size for size, _ in chunks)
    starts = used = at = 0
    for size, in_use in chunks:
        starts |= 1 << at
        used |= in_use << at
        at += size
    room = slots // 8 + 1
    return HeapBlocks(
        start=start,
        end=start + slots * GRAIN_BYTES,
        starts=starts.to_bytes(room, "little"),
        used=used.to_bytes(room, "little"),
        arena=0,
    )


def extents(heaps: tuple[HeapBlocks, ...]) -> Iterator[range]:
    """The addresses of each block in use, one for each grain."""
    for heap in heaps:
        slots = (heap.end - heap.start) // GRAIN_BYTES
        starts = [slot for slot in range(slots) if heap.starts[slot >> 3] >> (slot & 7) & 1]
        for slot, end in zip(starts, [*starts[1:], slots], strict=True):
            if heap.used[slot >> 3] >> (slot & 7) & 1:
                yield range(heap.start + slot * GRAIN_BYTES, heap.start + end * GRAIN_BYTES, GRAIN_BYTES)


heaps = st.builds(
    heap_of,
    st.integers(0, 8).map(lambda slot: 0x10000 + slot * GRAIN_BYTES),
    st.lists(st.tuples(st.integers(2, 9), st.booleans()), min_size=1, max_size=20),
)


@given(newer=heaps, older=heaps)
def test_what_came_is_every_block_that_began_anew_and_what_others_grew_by(newer: HeapBlocks, older: HeapBlocks) -> None:
    before = list(extents((older,)))
    begun, covered = {block.start for block in before}, {address for block in before for address in block}
    expected = {
        address
        for block in extents((newer,))
        for address in block
        if block.start not in begun or address not in covered
    }
    found = arrivals(Blocks(heaps=(newer,)), Blocks(heaps=(older,)))
    assert {address for start, end in found for address in range(start, end - 8, GRAIN_BYTES)} == expected


def test_a_heap_that_is_new_came_as_a_whole_and_one_that_is_as_it_was_did_not() -> None:
    heap = heap_of(0x10000, [(2, True), (3, False), (4, True)])
    mapped = MappedBlock(start=0x90000, end=0x92000, user=0x90010)
    blocks = Blocks(heaps=(heap,), mapped=(mapped,))
    assert arrivals(blocks, Blocks()) == [(0x90010, 0x92000), (0x10000, 0x10028), (0x10050, 0x10098)]
    assert arrivals(blocks, blocks) == []
    assert arrivals(Blocks(), blocks) == []
