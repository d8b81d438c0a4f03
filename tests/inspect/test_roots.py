"""Programs that lose nothing, but hold what they have from places where pointers are easily overlooked."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from memwhy.inspect.inspector import Inspector
from memwhy.model.inspection import Inspection, Lost

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


def test_a_table_that_is_paged_out_is_said_to_be_a_missing_root(holding: Start, tmp_path: Path) -> None:
    with holding("evicted file", tmp_path / "table") as pid:
        lost = lost_in(pid)
    assert [one for one in lost.caveats if one.startswith("roots are missing: ")] != []


def test_what_nothing_points_to_is_lost(holding: Start) -> None:
    with holding("nowhere") as pid:
        lost = lost_in(pid)
    assert lost.bytes >= 0.99 * BLOCKS_BYTES
