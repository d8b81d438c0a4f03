"""Every page that is in RSS and no other, held against the kernel's own sum for every mapping of a process."""

import os
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_programs import Target, built, looking_at, process_of

from memwhy.memory.live import Live
from memwhy.memory.residency import Residency, append_ranges, bytes_of
from memwhy.model.mapping import Mapping

STATES = (
    "every-other-page", "sparse", "reserved", "forked", "zero-forked", "shared", "huge", "huge-zero", "zero", "file",
    "locked", "lazily-freed", "given-back", "many",
)  # fmt: skip
CHILD = {"forked", "zero-forked", "shared"}
FLAGS_CANNOT = {"zero-forked", "huge-zero"}
"""What the flags of pagemap alone cannot tell, and PAGEMAP_SCAN can."""
FLAGS_ARE_SLOW = {"sparse"}

PAGE = 4096
MIB = 1 << 20


def can_scan() -> bool:
    release = os.uname().release.split("-")[0].split(".")
    return (int(release[0]), int(release[1])) >= (6, 7)


def in_state(state: str, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """(pid, address) of the program, and of its child where it has one."""
    file = tmp_path / "file"
    file.write_bytes(bytes(16 * MIB))
    with process_of(built("pages"), state, str(file)) as process:
        assert process.stdout is not None
        pids, at = [process.pid], 0
        for _ in range(1 + (state in CHILD)):
            word, value = process.stdout.readline().split()
            if word == "child":
                pids.append(int(value))
            else:
                at = int(value, 16)
        for pid in pids:
            yield pid, at


def off(space: Live, residency: Residency | None = None) -> list[tuple[str, int, int]]:
    """(name, Rss, bytes of the pages found) of the mappings where the two differ."""
    pages = space.resident if residency is None else residency.pages
    found = [(mapping, bytes_of(pages(mapping.start, mapping.end))) for mapping in space.mappings]
    return [(m.path or hex(m.start), m.rss_bytes or 0, size) for m, size in found if size != m.rss_bytes]


@pytest.mark.skipif(not can_scan(), reason="PAGEMAP_SCAN came with Linux 6.7")
@pytest.mark.parametrize("state", STATES)
def test_the_pages_found_are_the_kernels_rss_of_every_mapping(state: str, tmp_path: Path) -> None:
    for pid, _ in in_state(state, tmp_path):
        with looking_at(pid) as space:
            assert off(space) == []
            assert space.notes == ()


@pytest.mark.parametrize("state", [state for state in STATES if state not in FLAGS_CANNOT | FLAGS_ARE_SLOW])
def test_without_the_ioctl_the_flags_of_pagemap_give_the_same(state: str, tmp_path: Path) -> None:
    for pid, _ in in_state(state, tmp_path):
        with looking_at(pid) as space, open(f"/proc/{pid}/pagemap", "rb") as pagemap:
            residency = Residency(pagemap.fileno(), space.mappings, can_scan=False)
            assert off(space, residency) == []
            assert residency.notes == ()


def test_without_the_ioctl_zero_pages_beside_forked_ones_are_told_as_unsure(tmp_path: Path) -> None:
    for pid, at in in_state("zero-forked", tmp_path):
        with looking_at(pid) as space, open(f"/proc/{pid}/pagemap", "rb") as pagemap:
            residency = Residency(pagemap.fileno(), space.mappings, can_scan=False)
            wrong = off(space, residency)
            assert len(wrong) == 1
            (note,) = residency.notes
            assert f"{abs(wrong[0][1] - wrong[0][2])} B" in note
            assert at


@pytest.mark.parametrize("by_ioctl", [True, False])
def test_every_other_page_is_found_at_its_address(by_ioctl: bool, tmp_path: Path) -> None:
    if by_ioctl and not can_scan():
        pytest.skip("PAGEMAP_SCAN came with Linux 6.7")
    for pid, at in in_state("every-other-page", tmp_path):
        with looking_at(pid) as space, open(f"/proc/{pid}/pagemap", "rb") as pagemap:
            residency = Residency(pagemap.fileno(), space.mappings, can_scan=by_ioctl)
            expected = array("Q", [at + PAGE * page for i in range(0, 4096, 2) for page in (i, i + 1)])
            assert residency.pages(at, at + 16 * MIB) == expected
            assert residency.pages(at + 10 * PAGE, at + 13 * PAGE) == expected[10:14]
            inside = array("Q", [at + 10 * PAGE + 100, at + 11 * PAGE])
            assert residency.pages(at + 10 * PAGE + 100, at + 11 * PAGE + 5) == inside


@pytest.mark.skipif(not can_scan(), reason="PAGEMAP_SCAN came with Linux 6.7")
def test_a_terabyte_that_is_only_reserved_and_holes_of_64_gib_cost_next_to_nothing(tmp_path: Path) -> None:
    for state in ("reserved", "sparse"):
        for pid, at in in_state(state, tmp_path):
            with looking_at(pid) as space:
                before = time.process_time()
                pages = space.resident(at, at + (64 << 30))
                assert time.process_time() - before < 0.2
                assert len(pages) == (0 if state == "reserved" else 2 * 1024)


def test_asking_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    def figures(pid: int) -> list[str]:
        sums = Path(f"/proc/{pid}/smaps_rollup").read_text() + Path(f"/proc/{pid}/status").read_text()
        return [
            line for line in sums.splitlines() if line.startswith(("Rss", "Anonymous", "VmPTE", "VmSize", "VmSwap"))
        ]

    for pid, at in in_state("every-other-page", tmp_path):
        with looking_at(pid) as space:
            before = figures(pid)
            pages = space.resident(at, at + 16 * MIB)
            for start, end in zip(pages[::2], pages[1::2], strict=True):
                assert len(space.read(start, end - start)) == end - start
        assert figures(pid) == before


def test_hugetlb_pages_are_not_in_rss_and_not_found(tmp_path: Path) -> None:
    mapping = Mapping(start=0x1000, end=0x3000, perms="rw-p", path="/anon_hugepage", rss_bytes=0, vm_flags="rd wr ht")
    with open("/proc/self/pagemap", "rb") as pagemap:
        assert len(Residency(pagemap.fileno(), [mapping]).pages(0, 1 << 40)) == 0


ranges = st.lists(st.integers(0, 1 << 40), unique=True, max_size=20).map(lambda n: array("Q", sorted(n)[: len(n) & ~1]))


@settings(deadline=None)
@given(ranges, st.integers(0, 20))
def test_ranges_that_are_cut_anywhere_join_to_the_same(whole: "array[int]", at: int) -> None:
    at = min(at, len(whole) // 2) * 2
    joined = whole[:at]
    append_ranges(joined, whole[at:])
    assert joined == whole


@settings(deadline=None)
@given(ranges)
def test_ranges_that_come_twice_count_once(whole: "array[int]") -> None:
    joined = array("Q", whole)
    append_ranges(joined, array("Q", whole))
    assert bytes_of(joined) == bytes_of(whole)


def test_a_program_that_was_told_nothing_is_found_whole() -> None:
    with process_of(built("places")) as process, looking_at(Target(process).pid) as space:
        assert bytes_of(space.resident(0, 1 << 47)) == sum(mapping.rss_bytes or 0 for mapping in space.mappings)
