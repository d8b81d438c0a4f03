"""How much memory a look at Go's heap may take, and what is answered where that is not enough."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from attach_programs import go_commands
from inside_go import Program, inside, looked

import memwhy
from memwhy.inspect.inspector import Inspector
from memwhy.runtimes.go.heap_budget import room

_retain = pytest.importorskip("memwhy._core._retain")
MIB = 1 << 20
GIB = 1 << 30


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    if not go_commands():
        pytest.skip("needs Go")
    with inside("goplanted", "-scale", "20", "-depth", "17", go=go_commands()[0]) as started:
        yield started


def test_the_fast_answer_has_the_same_totals(program: Program) -> None:
    full, fast = looked(program.pid), looked(program.pid, fast=True)
    assert (full.fast, fast.fast) == (False, True)
    assert (fast.bytes, fast.objects) == (
        pytest.approx(full.bytes, rel=0.001),
        pytest.approx(full.objects, rel=0.001),
    )
    planted = {one.type: one.count for one in full.types if one.type.startswith("main.")}
    assert {one.type: one.count for one in fast.types if one.type.startswith("main.")} == planted
    assert not [one for one in fast.holdings if one.kind == "shared"]


@pytest.mark.parametrize("root", ["main.cache", "main.list", "main.pages", "main.tree", "main.hooks", "main.inPlace"])
def test_the_fast_answer_knows_what_only_one_root_holds(program: Program, root: str) -> None:
    truth = program.ask("truth")[root][0]
    [line] = [one for one in looked(program.pid, fast=True).holdings if one.name == root]
    assert line.bytes == pytest.approx(truth, rel=0.02)


def test_a_fast_look_and_a_full_one_are_not_subtracted(program: Program) -> None:
    with Inspector.open(program.pid) as inspector:
        inspector.look(malloc=False, holders=True)
        found = inspector.look(malloc=False, holders=True, fast=True).holders
    assert found is not None
    assert {one.grown_bytes for one in found.holdings} == {None}


@dataclass(frozen=True, slots=True)
class Alone:
    """What a process of its own answered: its memory was nobody else's before. taken_bytes: the peak above what it was before the look."""

    fast: bool | None
    notes: list[str]
    taken_bytes: int


LOOK = """
import json, resource, sys
from memwhy.inspect.inspector import Inspector
import memwhy.runtimes.go.heap_holders
def size(which): return int(open("/proc/self/statm").read().split()[which]) * resource.getpagesize()
with Inspector.open(int(sys.argv[1])) as inspector:
    inspector.look(malloc=False)
    before = size(1)
    if len(sys.argv) > 3:
        resource.setrlimit(resource.RLIMIT_AS, (size(0) + int(sys.argv[3]),) * 2)
    found = inspector.look(malloc=False, holders=True, most_bytes=int(sys.argv[2]))
held = found.holders
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([held and held.fast, [*found.notes, *(held.notes if held else ())], peak - before]))
"""


def alone(program: Program, *bytes_: int) -> Alone:
    """bytes_: what may be taken; then what the process's limit leaves it."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(program.pid), *map(str, bytes_)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path(memwhy.__file__).parent.parent)},
    )  # fmt: skip
    return Alone(*json.loads(done.stdout))


def test_where_the_full_answer_fits_it_is_given(program: Program) -> None:
    found = alone(program, 128 * MIB)
    assert (found.fast, found.taken_bytes < 128 * MIB) == (False, True)


def test_where_it_does_not_fit_the_fast_one_is_given_within_what_may_be_taken_and_says_so(program: Program) -> None:
    found = alone(program, 48 * MIB)
    assert (found.fast, found.taken_bytes < 48 * MIB) == (True, True)
    [note] = [one for one in found.notes if "fewest pointers" in one]
    assert "48.0 MiB may be taken" in note
    assert "--holders-memory" in note


def test_where_not_even_the_fast_answer_fits_that_is_said_with_figures_before_the_heap_is_read(
    program: Program,
) -> None:
    found = alone(program, 8 * MIB)
    assert found.fast is None
    [note] = [one for one in found.notes if "who holds" in one]
    assert "objects are too many for the memory that may be taken" in note
    assert "8.0 MiB may be taken" in note


def test_too_little_memory_on_the_way_is_an_answer_not_a_traceback(program: Program) -> None:
    found = alone(program, 1 << 40, 40 * MIB)
    [note] = [one for one in found.notes if "who holds" in one]
    assert "memory ran out on the way" in note


def procfs(tmp_path: Path, available_bytes: int, limit: str, current_bytes: int) -> str:
    """A machine in a directory: as sources/proc read one."""
    own = tmp_path / "proc" / str(os.getpid())
    own.mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 16777216 kB\nMemAvailable: {available_bytes // 1024} kB\n")
    (own / "cgroup").write_text("0::/app\n")
    (own / "mountinfo").write_text("30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    group = tmp_path / "sys" / "fs" / "cgroup" / "app"
    group.mkdir(parents=True)
    (group / "memory.current").write_text(f"{current_bytes}\n")
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {64 * MIB}\n")
    return str(tmp_path / "proc")


def test_a_quarter_of_what_the_machine_has_free_may_be_taken(tmp_path: Path) -> None:
    found = room(root=procfs(tmp_path, 8 * GIB, "max", GIB))
    assert (found.most_bytes, found.why) == (
        2 * GIB,
        "2.0 GiB may be taken, a quarter of what is free on this machine",
    )


def test_in_a_container_its_limit_counts_without_the_cache_that_can_go(tmp_path: Path) -> None:
    found = room(root=procfs(tmp_path, 8 * GIB, str(GIB), GIB - 448 * MIB))
    assert (found.most_bytes, found.why) == (
        128 * MIB,
        "128.0 MiB may be taken, a quarter of what is free in this container",
    )


def test_what_a_person_allows_is_taken_at_their_word() -> None:
    assert (room(5 * GIB).most_bytes, room(5 * GIB).why) == (5 * GIB, "5.0 GiB may be taken")
