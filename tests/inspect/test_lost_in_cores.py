"""Cores that do not hold all that the program could reach: what hangs on the rest must not be lost for certain."""

from collections.abc import Callable
from pathlib import Path

import pytest
from held_programs import core_by_gcore, core_by_kernel

from memwhy.inspect import to_json
from memwhy.inspect.inspector import Inspector
from memwhy.memory.core import Core
from memwhy.model.errors import MemwhyError
from memwhy.model.inspection import Inspection
from memwhy.sources import look as evidence

Dump = Callable[..., Path]
both = pytest.mark.parametrize("dump", [core_by_gcore, core_by_kernel])


def look(core: Path) -> Inspection:
    with Inspector.open_core(str(core)) as inspector:
        return inspector.look(lost=True)


def certain_bytes(found: Inspection) -> int:
    """What a verdict may be built upon; nothing where nobody searched."""
    return evidence.parse(to_json(found)).metrics.get("malloc.lost_certain_bytes", 0)


@both
def test_a_whole_core_loses_nothing_that_is_held_from_a_stack(dump: Dump, tmp_path: Path) -> None:
    found = look(dump(tmp_path, "large stack"))
    assert found.lost is not None
    assert (found.lost.bytes, found.lost.caveats) == (0, ())
    assert found.lost.held_bytes >= 12_000 * 2016


@both
def test_a_core_without_its_stack_is_not_searched_for_what_is_lost(dump: Dump, tmp_path: Path) -> None:
    path = dump(tmp_path, "large stack")
    with Core.open(str(path)) as core:
        stack = next(one for one in core.mappings if one.path == "[stack]")
        row = memoryview(core.source.segments).cast("Q").tolist()
        at = row[row.index(stack.start) + 2]
    with path.open("r+b") as file:
        file.truncate(at)
    found = look(path)
    assert found.lost is None
    assert [note for note in found.notes if "the core is cut off" in note] != []
    assert certain_bytes(found) == 0


@both
def test_wherever_a_core_is_cut_off_nothing_that_was_held_is_lost_for_certain(dump: Dump, tmp_path: Path) -> None:
    path = dump(tmp_path, "large stack")
    size = path.stat().st_size
    for part in range(19, -1, -1):
        with path.open("r+b") as file:
            file.truncate(size * part // 20)
        try:
            found = look(path)
        except MemwhyError:
            continue  # nothing of it can be read
        assert certain_bytes(found) == 0


def test_a_file_that_gcore_left_out_is_read_as_it_is_now(tmp_path: Path) -> None:
    found = look(core_by_gcore(tmp_path, "shared file", tmp_path / "table"))
    assert found.lost is not None
    assert (found.lost.bytes, found.lost.caveats) == (0, ())


def test_a_file_that_gcore_left_out_and_nobody_has_any_more_makes_nothing_certain(tmp_path: Path) -> None:
    core = core_by_gcore(tmp_path, "shared file", tmp_path / "table")
    (tmp_path / "table").unlink()
    found = look(core)
    assert found.lost is not None
    assert found.lost.caveats == (
        "roots are missing: 160.0 KiB of files are not in the core, and could not be read from there",
    )
    assert found.lost.bytes > 0
    assert certain_bytes(found) == 0


def test_a_writable_file_that_the_kernel_left_out_is_read_and_said_to_be_of_another_time(tmp_path: Path) -> None:
    found = look(core_by_kernel(tmp_path, "shared file", tmp_path / "table"))
    assert found.lost is not None
    assert found.lost.bytes == 0
    assert found.lost.caveats == (
        "roots are missing: 156.2 KiB of files are not in the core, and may have changed since",
    )
