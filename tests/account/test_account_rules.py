"""The rules one by one, on mappings made for the purpose; and what holds for any mappings at all."""

import time
from dataclasses import replace

from captured_programs import NAMES, load
from hypothesis import given
from hypothesis import strategies as st

from memwhy.account import account, coarse
from memwhy.model.account import Account
from memwhy.model.mapping import Mapping

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
RESERVED, WRITTEN, NO_RESERVE = "mr mw me", "rd wr mr mw me ac", "rd wr mr mw me nr"
HEAP_BASE = 0x1F4B_B800_0000
LOW = 0x7F00_0000_0000
GO = {"go.version": "go1.26"}


def plain(start: int, size: int, perms: str = "rw-p", rss: int = 0, flags: str = WRITTEN, path: str = "") -> Mapping:
    return Mapping(
        start=start, end=start + size, perms=perms, rss_bytes=rss, anonymous_bytes=rss, vm_flags=flags, path=path
    )


def reserved(start: int, size: int, flags: str = RESERVED) -> Mapping:
    return plain(start, size, "---p", 0, flags)


def bytes_of(account_: Account) -> dict[str, int]:
    return {
        layer.metric.removeprefix("layer.").removesuffix("_bytes"): layer.bytes
        for layer in account_.layers
        if layer.bytes
    }


def taken(mappings: list[Mapping], go: dict[str, int] | None = None, facts: dict[str, str] | None = None) -> Account:
    return account(mappings, total_bytes=None, go=go, facts=facts or {})


def arena(start: int = HEAP_BASE, written: int = 8 * MIB) -> list[Mapping]:
    return [plain(start, written, rss=written), reserved(start + written, 64 * MIB - written)]


def test_written_pages_of_a_private_file_are_data_and_the_rest_is_the_file() -> None:
    code = Mapping(start=0x400000, end=0x500000, perms="r-xp", inode=7, path="/srv/a", rss_bytes=MIB)
    data = replace(code, start=0x500000, end=0x600000, perms="rw-p", rss_bytes=100 * KIB, anonymous_bytes=60 * KIB)
    bss = plain(0x600000, MIB, rss=12 * KIB)
    assert bytes_of(taken([code, data, bss])) == {"file_code": MIB + 40 * KIB, "file_data": 72 * KIB}


def test_written_pages_of_a_data_file_are_anonymous() -> None:
    table = Mapping(start=0, end=MIB, perms="rw-p", inode=7, path="/srv/t.db", rss_bytes=MIB, anonymous_bytes=4 * KIB)
    assert bytes_of(taken([table])) == {"anonymous": 4 * KIB, "file_mapped": MIB - 4 * KIB}


def test_an_old_mapping_above_a_library_loaded_late_is_not_its_bss() -> None:
    library = Mapping(start=0x7F0000000000, end=0x7F0000010000, perms="r-xp", inode=7, path="/usr/lib/late.so")
    data = replace(library, start=library.end, end=library.end + 4 * KIB, perms="rw-p", rss_bytes=4 * KIB)
    older = plain(data.end, 200 * MIB, rss=200 * MIB)
    assert bytes_of(taken([library, data, older])) == {"anonymous": 200 * MIB, "file_code": 4 * KIB}


def test_shared_memory_is_told_by_its_path_whatever_its_kind() -> None:
    paths = [
        "/dev/zero (deleted)",
        "/memfd:cache (deleted)",
        "/dev/shm/a",
        "/SYSV00000000 (deleted)",
        "[anon_shmem:x]",
        "",
    ]
    mappings = [plain(i * MIB, MIB, "rw-s", 4 * KIB, path=path) for i, path in enumerate(paths)]
    assert bytes_of(taken(mappings)) == {"shared_memory": len(paths) * 4 * KIB}


def test_the_kernel_s_own_mappings_are_a_layer() -> None:
    names = ["[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[uprobes]", "anon_inode:[io_uring]"]
    mappings = [plain(i * MIB, MIB, "r--p", 4 * KIB, path=name) for i, name in enumerate(names)]
    assert bytes_of(taken(mappings)) == {"special": len(names) * 4 * KIB}


def test_names_that_go_gave_prove_go() -> None:
    names = ["Go: heap", "Go: heap reservation", "Go: user arena chunk", "Go: page alloc", "Go: immortal metadata"]
    mappings = [plain(i * MIB, MIB, rss=(i + 1) * KIB, path=f"[anon: {name}]") for i, name in enumerate(names)]
    assert bytes_of(taken(mappings)) == {"go_heap": 6 * KIB, "go_other": 9 * KIB}


def test_names_that_glibc_gave_are_believed() -> None:
    names = ["glibc: malloc arena", "glibc: pthread stack: 41", "glibc: malloc", "stack_and_tls:7", "my cache"]
    mappings = [plain(i * MIB, MIB, rss=(1 << i) * KIB, path=f"[anon: {name}]") for i, name in enumerate(names)]
    assert bytes_of(taken(mappings)) == {"native_arenas": KIB, "thread_stacks": 10 * KIB, "anonymous": 20 * KIB}


def test_full_heaps_of_a_native_arena_are_one_mapping_without_a_tail() -> None:
    full = plain(0x7F0000000000, 192 * MIB, rss=190 * MIB, flags=NO_RESERVE)
    neighbour = plain(full.end + MIB, MIB)
    assert bytes_of(taken([full, neighbour])) == {"native_arenas": 190 * MIB}


def test_a_reservation_that_goes_on_past_64_mib_is_no_native_arena() -> None:
    """A JVM reserves its heap with MAP_NORESERVE and writes it from its start."""
    mappings = [
        plain(0x700000000000, 10 * MIB, rss=MIB, flags=NO_RESERVE),
        reserved(0x700000A00000, 4 * GIB, "mr mw me nr"),
    ]
    assert bytes_of(taken(mappings)) == {"anonymous": MIB}


def test_the_same_shape_is_go_s_or_nobody_s_by_what_the_process_is() -> None:
    assert bytes_of(taken(arena(), facts=GO)) == {"go_heap": 8 * MIB}
    assert bytes_of(taken(arena())) == {"anonymous": 8 * MIB}


def test_arenas_stay_whole_when_huge_page_hints_split_them() -> None:
    first, tail = arena(written=8 * MIB)
    pieces = [
        replace(first, end=first.start + 2 * MIB, rss_bytes=2 * MIB, vm_flags=WRITTEN + " nh"),
        replace(
            first, start=first.start + 2 * MIB, end=first.end - 24 * KIB, rss_bytes=5 * MIB, vm_flags=WRITTEN + " hg"
        ),
        replace(first, start=first.end - 24 * KIB, rss_bytes=8 * KIB),
    ]
    assert bytes_of(taken([*pieces, tail], facts=GO)) == {"go_heap": 7 * MIB + 8 * KIB}


def test_a_block_of_c_that_looks_like_an_arena_is_told_by_go_s_own_count() -> None:
    block = plain(0x7F0000000000, 256 * MIB, rss=256 * MIB)
    beside = plain(block.end, 8 * KIB, rss=8 * KIB, flags=NO_RESERVE)
    go = {"go.heap_sys_bytes": 8 * MIB, "go.stack_inuse_bytes": 0, "go.gc_sys_bytes": MIB}
    found = taken([*arena(), block, beside], go=go, facts=GO)
    assert bytes_of(found) == {"go_heap": 8 * MIB, "anonymous": 256 * MIB + 8 * KIB}


def test_a_heap_of_one_chunk_is_found_wherever_it_lies_with_go_s_own_count_and_without() -> None:
    """A program that has just begun: 4 MiB at a random chunk of a random arena (Go >= 1.26), below every other mapping."""
    base, written = 0x55_0000_0000, 0x55_0180_0000
    heap = plain(written, 4 * MIB, rss=3 * MIB)
    mappings = [
        reserved(base, written - base),
        heap,
        reserved(heap.end, base + 64 * MIB - heap.end),
        plain(LOW, MIB, rss=MIB),
    ]
    memstats = {"go.heap_sys_bytes": 4 * MIB - 400 * KIB, "go.stack_inuse_bytes": 400 * KIB, "go.gc_sys_bytes": 2 * MIB}
    for go in (None, memstats):
        assert bytes_of(taken(mappings, go=go, facts=GO)) == {"go_heap": 3 * MIB, "anonymous": MIB}


def test_arenas_among_other_mappings_are_found_when_their_sizes_add_up() -> None:
    near = arena(0x7F0000000000, 24 * MIB)
    beside = plain(near[-1].end, 8 * KIB, rss=8 * KIB, flags=NO_RESERVE)
    go = {"go.heap_sys_bytes": 20 * MIB, "go.stack_inuse_bytes": 4 * MIB, "go.gc_sys_bytes": MIB}
    found = taken([*near, beside], go=go)
    assert bytes_of(found) == {"go_heap": 24 * MIB, "anonymous": 8 * KIB}
    assert [check.agree for check in found.checks] == [True]


def test_a_count_of_another_moment_makes_the_layer_weak_and_says_so() -> None:
    go = {"go.heap_sys_bytes": GIB, "go.stack_inuse_bytes": 0, "go.gc_sys_bytes": MIB, "go.sys_bytes": GIB}
    found = taken(arena(), go=go)
    heap = found.layer("layer.go_heap_bytes")
    assert heap is not None
    assert (heap.bytes, heap.weak) == (8 * MIB, True)
    assert "virtual size differs from HeapSys + StackInuse" in heap.claimed_by
    assert {check.name: check.agree for check in found.checks}["Go heap, virtual"] is False


def test_more_resident_than_go_ever_took_is_said() -> None:
    go = {"go.heap_sys_bytes": 8 * MIB, "go.sys_bytes": 9 * MIB, "go.heap_released_bytes": 0, "go.gc_sys_bytes": 0}
    found = taken(arena(written=60 * MIB), go=go)
    check = next(check for check in found.checks if check.name == "Go, resident")
    assert check.agree is False
    assert check.text == (
        "Go's layers hold 60.0 MiB resident, Sys - HeapReleased is 9.0 MiB: "
        "more than Go has ever taken, so the claim is wrong or MemStats is of another moment"
    )


def test_a_block_that_somebody_filled_beside_the_page_summaries_is_not_the_heap_index() -> None:
    summaries = [
        reserved(LOW, 512 * MIB),
        plain(LOW + 512 * MIB, 16 * KIB, rss=16 * KIB),
        reserved(LOW + 513 * MIB, 600 * MIB),
    ]
    go = {"go.sys_bytes": 12 * MIB, "go.heap_sys_bytes": 8 * MIB}
    block = plain(LOW + 1113 * MIB, 33 * MIB, rss=33 * MIB)
    untouched = plain(LOW + 1113 * MIB, 33 * MIB, rss=64 * KIB)
    assert bytes_of(taken([*summaries, block], go))["anonymous"] == 33 * MIB
    assert bytes_of(taken([*summaries, untouched], go))["go_other"] == 80 * KIB


def test_what_lies_above_the_page_summaries_is_go_s_before_what_came_later_below_them() -> None:
    summaries = [
        reserved(LOW, 512 * MIB),
        plain(LOW + 512 * MIB, 16 * KIB, rss=16 * KIB),
        reserved(LOW + 513 * MIB, 600 * MIB),
    ]
    go = {"go.sys_bytes": 12 * MIB, "go.heap_sys_bytes": 8 * MIB}
    go_s_own = plain(LOW + 1113 * MIB, 2 * MIB, rss=100 * KIB)
    of_somebody = plain(LOW - 3 * MIB, 3 * MIB, rss=3 * MIB)
    found = bytes_of(taken([of_somebody, *summaries, go_s_own], go))
    assert (found["go_other"], found["anonymous"]) == (116 * KIB, 3 * MIB)


def test_one_unmarked_mapping_above_a_guard_is_not_called_a_stack_but_three_alike_are() -> None:
    def threads(count: int, size: int) -> list[Mapping]:
        pairs = ((reserved(i * GIB, 4 * KIB), plain(i * GIB + 4 * KIB, size, rss=8 * KIB)) for i in range(1, count + 1))
        return [mapping for pair in pairs for mapping in pair]

    assert bytes_of(taken(threads(1, 128 * KIB))) == {"anonymous": 8 * KIB}
    assert bytes_of(taken(threads(3, 128 * KIB))) == {"thread_stacks": 24 * KIB}
    assert bytes_of(taken(threads(1, 8 * MIB))) == {"thread_stacks": 8 * KIB}
    two = taken(threads(2, 128 * KIB)).layer("layer.thread_stacks_bytes")
    assert two is not None
    assert (two.bytes, two.weak) == (16 * KIB, True)


def test_a_stack_guarded_without_a_page_is_told_by_the_kernel_s_marks() -> None:
    assert bytes_of(taken([plain(GIB, 8 * MIB, rss=8 * KIB, flags=WRITTEN + " nh gu")])) == {"thread_stacks": 8 * KIB}


def test_the_remainder_is_signed_and_compared() -> None:
    grown = account([plain(GIB, 64 * MIB, rss=50 * MIB)], total_bytes=10 * MIB, go=None, facts={})
    assert grown.unaccounted_bytes == -40 * MIB
    assert [check.agree for check in grown.checks] == [False]


def test_status_alone_gives_three_layers_and_its_own_remainder() -> None:
    metrics = {
        "process.rss_bytes": 100 * KIB,
        "process.rss_anon_bytes": 60 * KIB,
        "process.rss_file_bytes": 30 * KIB,
        "process.rss_shmem_bytes": 8 * KIB,
    }
    found = coarse(metrics)
    assert bytes_of(found) == {"all_anonymous": 60 * KIB, "all_files": 30 * KIB, "all_shared": 8 * KIB}
    assert (found.total_bytes, found.unaccounted_bytes, found.fine) == (100 * KIB, 2 * KIB, False)
    assert coarse({}).total_bytes == 0
    assert coarse({"process.rss_bytes": 5 * KIB}).unaccounted_bytes == 5 * KIB


sizes = st.sampled_from([0, 4 * KIB, 64 * KIB, 132 * KIB, MIB, 4 * MIB, 32 * MIB, 64 * MIB, 512 * MIB])
paths = st.sampled_from(
    [
        "",
        "",
        "",
        "[heap]",
        "[stack]",
        "[vdso]",
        "[anon: Go: heap]",
        "[anon:x]",
        "[odd",
        "/srv/a",
        "/lib/b.so.1",
        "/memfd:c",
    ]
)
flags = st.sampled_from(["", RESERVED, WRITTEN, NO_RESERVE, WRITTEN + " nh", WRITTEN + " hg", "mr mw me nr"])


@st.composite
def address_spaces(draw: st.DrawFn) -> list[Mapping]:
    """Mappings side by side or apart, of the sizes that rules look for."""
    at = draw(st.sampled_from([0, 0x400000, HEAP_BASE, 0x7F0000000000]))
    found = []
    for _ in range(draw(st.integers(0, 14))):
        at += draw(st.sampled_from([0, 0, 0, 4 * KIB, 64 * MIB, 2 * GIB]))
        size = draw(sizes)
        mapping = Mapping(
            start=at,
            end=at + size,
            perms=draw(st.sampled_from(["rw-p", "---p", "r-xp", "r--p", "rwxp", "rw-s", ""])),
            inode=draw(st.integers(0, 1)),
            path=draw(paths),
            rss_bytes=draw(st.none() | st.integers(0, 1 << 40)),
            anonymous_bytes=draw(st.integers(0, 1 << 40)),
            swap_bytes=draw(st.integers(0, 1 << 40)),
            vm_flags=draw(flags),
        )
        found.append(mapping)
        at = mapping.end
    return found


counts = st.none() | st.dictionaries(
    st.sampled_from(
        ["go.sys_bytes", "go.heap_sys_bytes", "go.stack_inuse_bytes", "go.gc_sys_bytes", "go.heap_released_bytes"]
    ),
    st.integers(0, 1 << 40),
)


@given(address_spaces(), st.none() | st.integers(0, 1 << 50), counts, st.booleans(), st.randoms())
def test_any_mappings_give_an_account_with_every_byte_once(mappings, total, go, is_go, random) -> None:  # type: ignore[no-untyped-def]
    facts = GO if is_go else {}
    found = account(mappings, total_bytes=total, go=go, facts=facts)
    resident = sum(mapping.rss_bytes or 0 for mapping in mappings)
    assert sum(layer.bytes for layer in found.layers) == resident
    assert sum(layer.virtual_bytes for layer in found.layers) == sum(mapping.size_bytes for mapping in mappings)
    assert sum(layer.swap_bytes for layer in found.layers) == sum(mapping.swap_bytes for mapping in mappings)
    assert found.unaccounted_bytes == (0 if total is None else total - resident)
    assert all(layer.bytes >= 0 for layer in found.layers)
    shuffled = list(mappings)
    random.shuffle(shuffled)
    assert account(shuffled, total_bytes=total, go=go, facts=facts) == found


@given(counts)
def test_status_figures_of_any_size_sum_up(go: dict[str, int] | None) -> None:
    metrics = {
        f"process.rss_{kind}_bytes": value
        for kind, value in zip(("", "anon", "file"), (go or {}).values(), strict=False)
    }
    found = coarse(metrics)
    assert sum(layer.bytes for layer in found.layers) + found.unaccounted_bytes == found.total_bytes


def test_ten_thousand_mappings_take_less_than_a_tenth_of_a_second() -> None:
    given = load("go-1.26-cgo-pie")
    highest = max(mapping.end for mapping in given.mappings if mapping.end < 1 << 47)
    many = list(given.mappings)
    for i in range(5000):
        start = highest + GIB + i * 16 * MIB
        many += [reserved(start, 4 * KIB), plain(start + 4 * KIB, 8 * MIB, rss=8 * KIB)]
    best = min(_time(many, given.go) for _ in range(5))
    assert best < 0.1


def _time(mappings: list[Mapping], go: dict[str, int] | None) -> float:
    started = time.process_time()
    account(mappings, total_bytes=None, go=go, facts=GO)
    return time.process_time() - started


def test_captures_of_all_kinds_are_at_hand() -> None:
    assert {name.rsplit("-", 1)[0] for name in NAMES} >= {"go-1.21", "go-1.27", "python"}
