"""What is read from outside is what mallinfo2 says inside, to the byte, while the process is held."""

import shutil
import subprocess
from pathlib import Path

import pytest
from held_program import Held, info_of

from memwhy.inspect.glibc import MallocBlocks, MallocHeap, NoMalloc, grown, read_blocks, read_malloc
from memwhy.inspect.glibc.arenas import Arena, State, find_state
from memwhy.inspect.glibc.heaps import Walked
from memwhy.inspect.glibc.stillness import Stillness
from memwhy.inspect.glibc.tables import LAYOUTS
from memwhy.inspect.glibc.version import libc_modules, libc_version
from memwhy.memory.live import Live
from memwhy.sources.proc import smaps

SCENES = (
    ("small", 20000),
    ("fragments", 20000),
    ("threads", 9),
    ("gone", 9),
    ("big", 0),
    ("aligned", 0),
    ("regrown", 0),
    ("fast", 20000),
    ("sparse_brk", 0),
    ("blocked_brk", 0),
    ("cached", 0),
    ("all", 5),
)


def look(held: Held) -> MallocHeap:
    with held.space() as space:
        heap = read_malloc(space)
        assert isinstance(heap, MallocHeap), heap.reason
        for share in heap.shares:
            pairs = space.resident(share.start, share.end)
            assert sum(pairs[1::2]) - sum(pairs[::2]) == sum(share.bytes.values())
            assert share.end - share.start == sum(share.virtual_bytes.values())
    return heap


@pytest.mark.parametrize(("scene", "count"), SCENES)
def test_every_field_of_mallinfo2_is_equal_and_shares_sum_to_the_resident_pages(
    truth_program: Path, scene: str, count: int
) -> None:
    with Held(truth_program, scene, count) as held:
        heap = look(held)
        assert info_of(heap.census) == held.info
    assert heap.census.approximate == ()
    assert heap.notes == ()
    assert [(a.end <= b.start) for a, b in zip(heap.shares, heap.shares[1:], strict=False)].count(False) == 0


@pytest.mark.parametrize(("scene", "count"), SCENES)
def test_the_pure_twin_finds_the_same(
    truth_program: Path, scene: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Held(truth_program, scene, count) as held:
        first = look(held)
        monkeypatch.setenv("MEMWHY_PURE", "1")
        second = look(held)
    assert (first, first.blocks) == (second, second.blocks)


@pytest.mark.parametrize(("scene", "count"), SCENES)
def test_blocks_without_a_census_are_the_blocks_with_one(truth_program: Path, scene: str, count: int) -> None:
    with Held(truth_program, scene, count) as held, held.space() as space:
        heap, quick = read_malloc(space), read_blocks(space)
    assert isinstance(heap, MallocHeap)
    assert isinstance(quick, MallocBlocks)
    assert (quick.blocks, quick.own_ranges) == (heap.blocks, heap.own_ranges)
    assert [(one.start, one.end) for one in quick.shares] == [(one.start, one.end) for one in heap.shares]


@pytest.mark.parametrize(
    "environment",
    [
        {"MALLOC_ARENA_MAX": "1"},
        {"MALLOC_TOP_PAD_": "10000000"},
        {"MALLOC_MMAP_THRESHOLD_": "4096"},
        {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"},
        {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=500"},
        {"GLIBC_TUNABLES": "glibc.malloc.tcache_max=64"},
        {"GLIBC_TUNABLES": "glibc.malloc.mxfast=0"},
        {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
        {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=2"},
    ],
)
def test_tuned_mallocs_are_read_as_well(truth_program: Path, environment: dict[str, str]) -> None:
    with Held(truth_program, "all", 4, environment) as held:
        heap = look(held)
        assert info_of(heap.census) == held.info
        assert heap.notes == ()


def test_seven_freed_blocks_of_each_size_are_in_the_tcache(truth_program: Path) -> None:
    with Held(truth_program, "cached") as held:
        heap = look(held)
    assert heap.census.tcache_bytes == 7 * sum(32 + 16 * index for index in range(20))
    free = {one.chunk_bytes: one.free_count for one in heap.census.classes if 32 <= one.chunk_bytes <= 336}
    assert all(free[32 + 16 * index] >= 7 for index in range(20))


def test_a_thousand_arenas_are_all_found(truth_program: Path) -> None:
    with Held(truth_program, "arenas", 1000, {"MALLOC_ARENA_MAX": "2000"}) as held:
        heap = look(held)
        assert info_of(heap.census) == held.info
    assert heap.census.arenas == 1001
    assert heap.census.heaps == 1001


def test_a_static_program_is_read_by_its_structures(static_program: Path) -> None:
    with Held(static_program, "all", 4) as held:
        heap = look(held)
        assert info_of(heap.census) == held.info
    assert len(heap.notes) == 1


def test_a_damaged_heap_is_approximate_up_to_the_damage_and_unread_behind(truth_program: Path) -> None:
    with Held(truth_program, "spoil") as held:
        heap = look(held)
    census = heap.census
    assert len(census.approximate) == 1
    assert "makes sense up to" in census.approximate[0]
    assert census.system_bytes == held.info.arena
    assert 0.4 * held.info.uordblks < census.in_use_bytes < 0.6 * held.info.uordblks
    unread = sum(share.bytes.get("malloc.unread", 0) for share in heap.shares)
    assert abs(unread + census.in_use_bytes - held.info.arena) < 0.05 * held.info.arena


def test_nothing_is_torn_under_threads_that_allocate_all_the_time(truth_program: Path) -> None:
    with Held(truth_program, "mutate", 2) as held, held.space() as space:
        for _ in range(5):
            before = held.ask()
            space.refresh()
            heap = read_malloc(space)
            after = held.ask()
            assert isinstance(heap, MallocHeap)
            assert heap.census.approximate == ()
            assert before.arena <= heap.census.system_bytes <= after.arena
            slack = after.uordblks // 20
            assert before.uordblks - slack <= heap.census.in_use_bytes <= after.uordblks + slack


def test_forty_looks_at_heaps_that_change_all_the_time_are_all_whole(truth_program: Path) -> None:
    with Held(truth_program, "mutate", 3) as held, held.space() as space:
        for _ in range(40):
            space.refresh()
            heap, quick = read_malloc(space), read_blocks(space)
            assert isinstance(heap, MallocHeap)
            assert isinstance(quick, MallocBlocks)
            assert heap.census.approximate == ()
            assert {one.end - one.start for one in heap.shares if "malloc.unread" in one.bytes} == set()
            assert {one.end - one.start for one in quick.shares if "malloc.unread" in one.bytes} == set()
            assert len(quick.blocks.heaps) > 1  # how many there are changes from one walk to the next


def test_an_arena_that_changed_while_it_was_walked_is_walked_once_more(truth_program: Path) -> None:
    with Held(truth_program, "fragments", 40000) as held, held.space() as space:
        stillness = Stillness(space=space, state=state_of(space))
        tops: list[int] = []

        def walk(arena: Arena) -> tuple[list[Walked], str | None]:
            if not tops:
                held.ask("t")  # trims: the top moves while "we walk"
            tops.append(arena.top_bytes)
            return [], None

        stillness.walk(stillness.state.main, walk)
    assert len(tops) == 2
    assert tops[0] > tops[1]
    assert (stillness.moved, stillness.note()) == (0, None)


def test_an_arena_that_never_stands_still_is_told_of(truth_program: Path) -> None:
    with Held(truth_program, "mutate", 2) as held, held.space() as space:
        state = state_of(space)
        stillness = Stillness(space=space, state=state)
        walks = 0

        def walk(arena: Arena) -> tuple[list[Walked], str | None]:
            nonlocal walks
            walks += 1
            before = now = space.read(arena.address, state.layout.size)
            while now == before:
                now = space.read(arena.address, state.layout.size)
            return [], None

        stillness.walk(state.arenas[1], walk)
    assert walks > 1
    assert stillness.moved == 1
    assert (stillness.note() or "").startswith("malloc was at work in 1 of its ")


def state_of(space: Live) -> State:
    (module,) = libc_modules(space.modules())
    version = libc_version(space, module)
    assert version is not None
    state = find_state(space, module, LAYOUTS[version])
    assert state is not None
    return state


def test_looking_neither_maps_pages_into_the_target_nor_grows_its_tables(truth_program: Path) -> None:
    with Held(truth_program, "all", 5) as held:
        before = held.status_kb("VmRSS"), held.status_kb("VmPTE")
        look(held)
        look(held)
        after = held.status_kb("VmRSS"), held.status_kb("VmPTE")
    assert after[0] - before[0] <= 512  # the kernel sums RSS per CPU, 64 pages at a time
    assert after[1] == before[1]


def test_a_trim_gives_back_no_more_than_was_said_and_most_of_it(truth_program: Path) -> None:
    with Held(truth_program, "fragments", 40000) as held:
        heap = look(held)
        before = held.status_kb("VmRSS")
        held.ask("t")
        given = 1024 * (before - held.status_kb("VmRSS"))
    assert 0.9 * heap.census.trimmable_bytes - (1 << 20) <= given <= heap.census.trimmable_bytes + (512 << 10)


def test_growth_is_told_by_size_class(truth_program: Path) -> None:
    with Held(truth_program, "small", 1000) as held:
        before = look(held).census
    with Held(truth_program, "small", 3000) as held:
        after = look(held).census
    classes = grown(before, after).classes
    assert sum(one.grown_count or 0 for one in classes) == after.in_use_chunks - before.in_use_chunks
    assert sum(one.grown_bytes or 0 for one in classes) == sum(one.in_use_bytes for one in after.classes) - sum(
        one.in_use_bytes for one in before.classes
    )


def test_ranges_that_a_runtime_owns_are_never_mallocs(truth_program: Path) -> None:
    with Held(truth_program, "big") as held, held.space() as space:
        heap = read_malloc(space)
        assert isinstance(heap, MallocHeap)
        block = heap.blocks.mapped[0]
        again = read_malloc(space, taken=[(block.start, block.end)])
    assert isinstance(again, MallocHeap)
    assert block not in again.blocks.mapped
    assert any("mapped blocks" in note for note in again.notes)


def test_a_program_without_a_c_library_has_no_malloc(tmp_path: Path, truth_program: Path) -> None:
    source = tmp_path / "bare.c"
    source.write_text(
        'void _start(void) { __asm__ volatile("mov $1, %eax; mov $1, %edi; lea (%rsp), %rsi; mov $1, %edx; syscall;'
        ' mov $34, %eax; syscall"); for (;;) {} }\n'
    )
    compiler = shutil.which("cc")
    assert compiler is not None
    program = tmp_path / "bare"
    subprocess.run([compiler, "-nostdlib", "-static", "-o", program, source], check=True)
    process = subprocess.Popen([program], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.read(1)
        with Live.open(process.pid, mappings=lambda: smaps.parse(smaps.read("/proc", process.pid)).mappings) as space:
            found = read_malloc(space)
    finally:
        process.kill()
        process.communicate()
    assert found == NoMalloc("no C allocator was found: neither glibc nor another that is known")


def test_another_allocator_beside_glibc_is_named(truth_program: Path, tmp_path: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int nothing_here;\n")
    library = tmp_path / "libjemalloc.so.2"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    with Held(truth_program, "small", 100, {"LD_PRELOAD": str(library)}) as held:
        heap = look(held)
        assert info_of(heap.census) == held.info
    assert heap.notes == (
        "jemalloc is in this process: what it holds is not in malloc's figures, these are glibc's part",
    )
