"""One inspector, one target: what is there is told, what cannot be read is said, and two programs are never mixed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from inspect_programs import program
from memwhy_command import IDLE, process_of

from memwhy.inspect.inspector import Inspector
from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.model.errors import TargetGone
from memwhy.model.inspection import Inspection
from memwhy.runtimes.cpython.adapter import CPythonAdapter, CPythonRuntime
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime, attach
from memwhy.runtimes.go.detection import find_go
from memwhy.runtimes.go.layout import known_minors, minor_of, shipped_layouts
from memwhy.runtimes.interface import Adapter, Match, Region, Runtime, Unsupported
from memwhy.sources.proc import smaps

PROGRAMS = Path(__file__).parent / "programs"
GO_INSIDE = Path(__file__).resolve().parent.parent / "runtimes" / "go" / "programs" / "inside_c"

TWIN = ("-twin", "-docs", "300", "-plain", "600", "-objects", "600", "-held", "5000", "-held-docs", "300", "-go", "20")


class WrongTable(GoAdapter):
    """Go's adapter with the layout of another version."""

    def open(self, space: Space, match: Match) -> GoRuntime:
        found = find_go(space)
        assert found is not None
        other = next(minor for minor in known_minors() if minor != minor_of(found.version))
        return attach(space, found, shipped_layouts(f"go{other}")[0])


class Moody(CPythonAdapter):
    """An interpreter whose arenas cannot be read at the second look."""

    def open(self, space: Space, match: Match) -> CPythonRuntime:
        runtime = super().open(space, match)
        regions, asked = runtime.regions, iter([True, False, True])

        def sometimes() -> list[Region]:
            if next(asked):
                return list(regions())
            raise Unsupported("the array of arenas is not what it was")

        cast(Any, runtime).regions = sometimes
        return runtime


def opened(pid: int, *adapters: Adapter) -> Inspector:
    """An inspector that knows these runtimes, all when none is given."""
    space = Live.open(pid, mappings=lambda: smaps.parse(smaps.read("/proc", pid)).mappings)
    return Inspector(space, adapters=adapters) if adapters else Inspector(space)


def bytes_by_category(found: Inspection) -> dict[str, int]:
    assert sum(row.bytes for row in found.ledger) + found.moved_bytes == found.rss_bytes
    return {row.category: row.bytes for row in found.ledger}


@pytest.mark.specimen
def test_a_go_runtime_that_cannot_be_proven_is_not_believed_and_what_it_holds_is_not_lost() -> None:
    with program("cgoheap", *TWIN) as running:
        running.ask("truth")
        with opened(running.pid, GoAdapter()) as inspector:
            known = inspector.look(lost=True)
        with opened(running.pid, WrongTable()) as inspector:
            refused = inspector.look(lost=True)
            assert (inspector.calls(0.0), inspector.documents(), inspector.file("goroutines")) == ((), (), None)
    assert known.go is not None and known.lost is not None and refused.lost is not None
    assert (known.notes, refused.go) == ((), None)
    assert "cannot be read from outside: " in refused.notes[0]
    assert "does not fit" in refused.notes[0]
    assert refused.malloc is not None and refused.malloc.in_use_bytes > 1 << 20
    by_name, without = bytes_by_category(known), bytes_by_category(refused)
    assert not [category for category in without if category.startswith("heap.")]
    assert without["threads.stacks"] <= by_name["threads.stacks"] + (1 << 20)
    assert refused.unexplained_bytes > by_name["heap.in_use"]
    held_bytes = known.lost.held_bytes + known.lost.maybe_bytes
    assert max(known.lost.bytes, refused.lost.bytes) <= held_bytes // 1000


@pytest.mark.specimen
def test_what_is_really_lost_is_found_although_the_go_runtime_was_refused() -> None:
    with program("cgoheap", "-docs", "400", "-plain", "1000", "-held", "2000") as running:
        said = running.ask("truth")
        with opened(running.pid, WrongTable()) as inspector:
            found = inspector.look(lost=True).lost
    assert found is not None
    assert 0.9 * said["lost_bytes"] <= found.bytes <= 1.001 * said["lost_bytes"]


def test_python_and_go_in_one_process_are_both_read(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None or shutil.which("cc") is None:
        pytest.skip("needs Go and a C compiler")
    library = tmp_path / "libinside.so"
    done = subprocess.run(
        [go, "build", "-trimpath", "-buildmode=c-shared", "-o", str(library), "."],
        cwd=GO_INSIDE,
        env={**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1"},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("the library cannot be built here")
    load = f"import ctypes; assert ctypes.CDLL({str(library)!r}).count() == 42\nkept = [(i,) for i in range(90000)]\n"
    with process_of(load + IDLE) as process, Inspector.open(process.pid) as inspector:
        found = inspector.look(lost=True)
        assert [runtime.name for runtime in inspector.runtimes] == ["go", "cpython"]
    assert found.go is not None and found.go.version.startswith("go1.")
    assert bytes_by_category(found)["heap.in_use"] > 90000 * 48
    assert found.lost is not None and found.lost.bytes <= found.lost.held_bytes // 1000


def test_a_python_process_is_explained_by_name() -> None:
    keep = "kept = {number: [str(number), float(number)] for number in range(200000)}\n"
    with process_of(keep + IDLE) as process, Inspector.open(process.pid) as inspector:
        found = inspector.look()
    assert found.unexplained_bytes <= 0.001 * found.rss_bytes
    assert bytes_by_category(found)["heap.in_use"] > 200000 * (56 + 24 + 32)
    assert found.notes == ()


def test_a_runtime_that_cannot_be_read_at_one_look_costs_that_look_its_part_and_no_more() -> None:
    keep = "kept = {number: [str(number), float(number)] for number in range(100000)}\n"
    with process_of(keep + IDLE) as process, opened(process.pid, Moody()) as inspector:
        first, second, third = (inspector.look() for _ in range(3))
    note = "the memory of the cpython runtime is not known this time: the array of arenas is not what it was"
    assert (first.notes, second.notes, third.notes) == ((), (note,), ())
    assert "heap.in_use" not in bytes_by_category(second)
    assert bytes_by_category(first) == bytes_by_category(third)
    assert second.malloc is not None and first.malloc is not None
    assert second.malloc.in_use_bytes == first.malloc.in_use_bytes


MOVES: dict[str, Callable[["subprocess.Popen[bytes]"], None]] = {}


def moves(name: str) -> Callable[[Callable[["subprocess.Popen[bytes]"], None]], None]:
    def keep(move: Callable[["subprocess.Popen[bytes]"], None]) -> None:
        MOVES[name] = move

    return keep


@moves("executes another program")
def _exec(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"go\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"another\n"


@moves("ends")
def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


@pytest.mark.parametrize("doing", ["the runtime", "malloc's heaps", "the ledger", "what the roots lead to"])
@pytest.mark.parametrize("name", MOVES)
def test_a_look_at_a_process_that_meanwhile_goes_is_refused_as_a_whole(name: str, doing: str) -> None:
    then = "import sys; print('another', flush=True); sys.stdin.read()"
    code = f"""
import os
kept = [(number,) for number in range(50000)]
print("ready", flush=True)
sys.stdin.readline()
os.execv({sys.executable!r}, [{sys.executable!r}, "-I", "-S", "-c", {then!r}])
"""
    with process_of(code) as process, Inspector.open(process.pid) as inspector:
        assert inspector.look().malloc is not None
        moved = []

        def progress(text: str) -> None:
            if text == doing and not moved:
                moved.append(text)
                MOVES[name](process)

        with pytest.raises(TargetGone, match=r"ended|executed another program"):
            inspector.look(lost=True, progress=progress)
        assert moved == [doing]
        with pytest.raises(TargetGone):
            inspector.look()


def test_a_core_says_whose_it_is(tmp_path: Path) -> None:
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    with process_of("kept = [(number,) for number in range(50000)]\n" + IDLE) as process:
        with Inspector.open(process.pid) as inspector:
            living = inspector.look()
        done = subprocess.run(
            ["gcore", "-o", str(tmp_path / "core"), str(process.pid)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("gcore may not attach here")
        comm = Path(f"/proc/{process.pid}/comm").read_text().strip()
        with Inspector.open_core(str(tmp_path / f"core.{process.pid}")) as inspector:
            found = inspector.look()
        assert found.facts == {
            "process.comm": comm,
            "process.pid": str(process.pid),
            "process.exe": os.readlink(f"/proc/{process.pid}/exe"),
            "process.threads_count": "1",
        }
    assert living.facts == {}
    alive, dead = bytes_by_category(living), bytes_by_category(found)
    assert found.malloc is not None and living.malloc is not None
    assert found.malloc.in_use_bytes == living.malloc.in_use_bytes
    assert abs(dead["heap.in_use"] - alive["heap.in_use"]) <= 0.02 * alive["heap.in_use"]
    assert found.rss_bytes <= living.rss_bytes
    assert [note for note in found.notes if "which pages were resident" in note]


def test_every_runtime_of_the_list_is_asked_once() -> None:
    asked: list[str] = []

    class Absent:
        def __init__(self, name: str) -> None:
            self.NAME = name

        def detect(self, space: Space) -> Match | None:
            asked.append(self.NAME)
            return None

        def open(self, space: Space, match: Match) -> Runtime:
            raise AssertionError("was not detected")

    with process_of(IDLE) as process, opened(process.pid, Absent("one"), Absent("two")) as inspector:
        assert (inspector.runtimes, asked) == ((), ["one", "two"])


def test_a_large_block_that_moves_while_it_is_looked_for_is_counted_all_the_same(tmp_path: Path) -> None:
    """realloc of a block with a mapping of its own is mremap(2): what was read of the mappings is then of yesterday."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    program_file = tmp_path / "stretched"
    subprocess.run([compiler, "-O1", "-o", program_file, PROGRAMS / "stretched.c"], check=True)
    with subprocess.Popen([program_file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as target:
        assert target.stdin is not None and target.stdout is not None
        assert target.stdout.readline() == b"ready\n"
        with opened(target.pid) as inspector:
            refresh, moves = inspector.space.refresh, iter((True, True))

            def refreshed_too_early() -> None:
                refresh()
                if next(moves, False):
                    target.stdin.write(b"\n")
                    target.stdin.flush()
                    target.stdout.readline()

            cast(Any, inspector.space).refresh = refreshed_too_early
            found = inspector.look()
        target.stdin.close()
    assert found.malloc is not None
    assert (found.malloc.mmapped_count, found.malloc.mmapped_resident_bytes) == (1, found.malloc.mmapped_bytes)
    assert found.malloc.mmapped_bytes >= 4 << 20
    assert found.notes == ()
