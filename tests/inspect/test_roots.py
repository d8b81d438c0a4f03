"""Programs that lose nothing, but hold what they have from places where pointers are easily overlooked."""

from pathlib import Path

import pytest
from held_programs import holding

from memwhy.inspect import to_json
from memwhy.inspect.inspector import Inspector
from memwhy.model.inspection import Inspection, Lost
from memwhy.sources import look as evidence
from memwhy.sources.proc import smaps

BLOCKS_BYTES = 20_000 * 320
"""What the tables of the program hold."""


def look(pid: int) -> Inspection:
    with Inspector.open(pid) as inspector:
        return inspector.look(lost=True)


def lost_in(pid: int) -> Lost:
    lost = look(pid).lost
    assert lost is not None
    return lost


@pytest.mark.parametrize("where", ["read-only memory", "read-only shared memory", "shared file", "large stack"])
def test_what_is_held_from_memory_that_the_program_wrote_is_not_lost(where: str, tmp_path: Path) -> None:
    with holding(where, tmp_path / "table") as pid:
        lost = lost_in(pid)
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.held_bytes >= BLOCKS_BYTES


def test_a_table_below_a_stack_in_one_mapping_may_hold() -> None:
    with holding("below a stack") as pid:
        lost = lost_in(pid)
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.maybe_bytes >= BLOCKS_BYTES


@pytest.mark.parametrize("where", ["epoll", "timers"])
def test_what_only_the_kernel_keeps_a_pointer_to_is_held(where: str) -> None:
    with holding(where) as pid:
        lost = lost_in(pid)
    assert lost.bytes == 0
    assert lost.held_bytes > 1_000_000


def test_numbers_in_the_upper_bits_of_a_pointer_hide_it_from_nobody() -> None:
    with holding("boxes") as pid:
        lost = lost_in(pid)
    assert lost.bytes == 0
    assert lost.maybe_bytes >= BLOCKS_BYTES


@pytest.mark.parametrize("where", ["evicted file", "untouched shared file", "untouched private file"])
def test_what_is_held_from_a_file_that_is_not_in_memory_is_read_from_the_file(where: str, tmp_path: Path) -> None:
    with holding(where, tmp_path / "table") as pid:
        lost = lost_in(pid)
        assert table_is_resident(pid, tmp_path / "table") is False
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.held_bytes >= BLOCKS_BYTES


def table_is_resident(pid: int, path: Path) -> bool:
    """Is a page of the mapped file in the memory of the process?"""
    mapping = next(one for one in smaps.parse(smaps.read("/proc", pid)).mappings if one.path == str(path))
    return mapping.rss_bytes != 0


def test_a_file_that_is_gone_is_read_where_the_kernel_lets_us_or_said_to_be_missing(tmp_path: Path) -> None:
    with holding("deleted file", tmp_path / "table") as pid:
        lost = lost_in(pid)
    if lost.caveats:
        assert lost.caveats == (
            "roots are missing: 160.0 KiB of files are not resident, and could not be read from there",
        )
    else:
        assert lost.bytes == 0


def test_what_nothing_points_to_is_lost() -> None:
    with holding("nowhere") as pid:
        lost = lost_in(pid)
    assert lost.bytes >= 0.99 * BLOCKS_BYTES


def test_of_lost_blocks_only_what_was_touched_is_resident() -> None:
    with holding("nowhere, half touched") as pid:
        lost = lost_in(pid)
    each, touched = (4 << 20) + 4096, (2 << 20) + 4096
    assert 49 * each <= lost.bytes <= 50 * each
    assert lost.bytes % each == 0
    assert lost.resident_bytes == lost.bytes // each * touched


@pytest.mark.parametrize(("where", "called"), [("ring", "io_uring"), ("aio", "Linux aio")])
def test_what_only_requests_in_the_kernel_point_to_is_not_lost_for_certain(where: str, called: str) -> None:
    with holding(where) as pid:
        found = look(pid)
    assert found.lost is not None
    assert f"roots are missing: {called} keeps pointers in the kernel that are not shown" in found.lost.caveats
    assert found.lost.bytes >= 299 * 4016
    assert certain_bytes(found) == 0


def certain_bytes(found: Inspection) -> int:
    return evidence.parse(to_json(found)).metrics["malloc.lost_certain_bytes"]
