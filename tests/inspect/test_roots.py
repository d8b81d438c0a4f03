"""Programs that lose nothing, but hold what they have from places where pointers are easily overlooked."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from memwhy.inspect.inspector import Inspector
from memwhy.model.inspection import Inspection, Lost
from memwhy.sources.proc import smaps

SOURCE = Path(__file__).resolve().parent / "programs" / "held_elsewhere.c"
BLOCKS_BYTES = 20_000 * 320
"""What the tables of the program hold."""

Start = Callable[..., AbstractContextManager[int]]


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Runs the program, which holds its blocks from where it is told, until the block ends; gives its pid."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    program = tmp_path_factory.mktemp("programs") / "held_elsewhere"
    subprocess.run(["gcc", "-O1", "-o", program, SOURCE, "-pthread"], check=True)

    @contextmanager
    def run(where: str, path: Path | str = "") -> Iterator[int]:
        with subprocess.Popen([program, where, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            if child.stdout.readline() != b"ready\n":
                pytest.skip(f"this machine has no {where}")
            yield child.pid
            child.stdin.close()

    return run


def look(pid: int) -> Inspection:
    with Inspector.open(pid) as inspector:
        return inspector.look(lost=True)


def lost_in(pid: int) -> Lost:
    lost = look(pid).lost
    assert lost is not None
    return lost


@pytest.mark.parametrize("where", ["read-only memory", "read-only shared memory", "shared file", "large stack"])
def test_what_is_held_from_memory_that_the_program_wrote_is_not_lost(
    holding: Start, where: str, tmp_path: Path
) -> None:
    with holding(where, tmp_path / "table") as pid:
        lost = lost_in(pid)
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.held_bytes >= BLOCKS_BYTES


def test_a_table_below_a_stack_in_one_mapping_may_hold(holding: Start) -> None:
    with holding("below a stack") as pid:
        lost = lost_in(pid)
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.maybe_bytes >= BLOCKS_BYTES


@pytest.mark.parametrize("where", ["epoll", "timers"])
def test_what_only_the_kernel_keeps_a_pointer_to_is_held(holding: Start, where: str) -> None:
    with holding(where) as pid:
        lost = lost_in(pid)
    assert lost.bytes == 0
    assert lost.held_bytes > 1_000_000


def test_numbers_in_the_upper_bits_of_a_pointer_hide_it_from_nobody(holding: Start) -> None:
    with holding("boxes") as pid:
        lost = lost_in(pid)
    assert lost.bytes == 0
    assert lost.maybe_bytes >= BLOCKS_BYTES


@pytest.mark.parametrize("where", ["evicted file", "untouched shared file", "untouched private file"])
def test_what_is_held_from_a_file_that_is_not_in_memory_is_read_from_the_file(
    holding: Start, where: str, tmp_path: Path
) -> None:
    with holding(where, tmp_path / "table") as pid:
        lost = lost_in(pid)
        assert table_is_resident(pid, tmp_path / "table") is False
    assert (lost.bytes, lost.caveats) == (0, ())
    assert lost.held_bytes >= BLOCKS_BYTES


def table_is_resident(pid: int, path: Path) -> bool:
    """Is a page of the mapped file in the memory of the process?"""
    mapping = next(one for one in smaps.parse(smaps.read("/proc", pid)).mappings if one.path == str(path))
    return mapping.rss_bytes != 0


def test_a_file_that_is_gone_is_read_where_the_kernel_lets_us_or_said_to_be_missing(
    holding: Start, tmp_path: Path
) -> None:
    with holding("deleted file", tmp_path / "table") as pid:
        lost = lost_in(pid)
    if lost.caveats:
        assert lost.caveats == (
            "roots are missing: 160 KiB of writable files are not resident, and could not be read from there",
        )
    else:
        assert lost.bytes == 0


def test_what_nothing_points_to_is_lost(holding: Start) -> None:
    with holding("nowhere") as pid:
        lost = lost_in(pid)
    assert lost.bytes >= 0.99 * BLOCKS_BYTES


def test_of_lost_blocks_only_what_was_touched_is_resident(holding: Start) -> None:
    with holding("nowhere, half touched") as pid:
        lost = lost_in(pid)
    each, touched = (4 << 20) + 4096, (2 << 20) + 4096
    assert 49 * each <= lost.bytes <= 50 * each
    assert lost.bytes % each == 0
    assert lost.resident_bytes == lost.bytes // each * touched
