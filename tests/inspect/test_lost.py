"""Programs whose leaks are known by construction, looked into from outside while they live."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from memwhy.inspect.inspector import Inspector
from memwhy.model.inspection import Lost

PROGRAMS = Path(__file__).resolve().parent / "programs"

Start = Callable[..., AbstractContextManager[int]]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Builds a program (once) and runs it until the block ends; gives its pid."""
    built = tmp_path_factory.mktemp("programs")

    @contextmanager
    def run(source: str, *arguments: str, flags: Sequence[str] = ()) -> Iterator[int]:
        compiler = "g++" if source.endswith(".cc") else "gcc"
        if shutil.which(compiler) is None:
            pytest.skip(f"needs {compiler}")
        program = built / source.partition(".")[0]
        if not program.exists():
            command = [compiler, "-O1", "-o", str(program), str(PROGRAMS / source), "-pthread", *flags]
            if subprocess.run(command, check=False, capture_output=True).returncode:
                pytest.skip(f"{source} cannot be built here")
        child = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"ready\n"
            yield child.pid
        finally:
            child.stdin.close()
            child.kill()
            child.stdout.close()
            child.wait()

    return run


def lost_in(pid: int, *, show_contents: bool = False) -> Lost:
    with Inspector.open(pid) as inspector:
        lost = inspector.look(lost=True, show_contents=show_contents).lost
    assert lost is not None
    assert sum(row.bytes for row in lost.graphs) == lost.bytes
    return lost


LOST_SHAPES = {
    (10, 480): 2000,  # lists
    (7, 560): 1000,  # trees
    (3, 336): 1000,  # cycles
    (51, 2016): 200,  # arrays of pointers
    (1001, (1 << 20) + 4096 + 64_000): 3,  # mapped blocks full of pointers
    (1, 144): 500,  # what only freed blocks point to
    (1, 928): 10,
}
"""(chunks, bytes) of one graph → how many tests/inspect/programs/known_leaks.c loses."""
STALE = 1
"""Of each kind, a word that nobody wiped may hold one."""


def test_exactly_what_was_lost_is_found_and_nothing_that_is_held(start: Start) -> None:
    with start("known_leaks.c") as pid:
        lost = lost_in(pid)
    found = {(row.chunks, row.bytes // row.count): row.count for row in lost.graphs if row.bytes % row.count == 0}
    assert found.keys() == LOST_SHAPES.keys()
    assert {shape: count for shape, count in LOST_SHAPES.items() if not count - STALE <= found[shape] <= count} == {}
    true_bytes = sum(size * count for (_, size), count in LOST_SHAPES.items())
    assert true_bytes - 4096 <= lost.bytes <= true_bytes
    held = 1000 * (160 + 176 + 192 + 224 + 256 + 272) + (1 << 21) + 4096
    assert held <= lost.held_bytes <= held + 100_000
    assert 500 * 240 <= lost.maybe_bytes <= 500 * 240 + 20_000


def test_two_looks_find_the_same(start: Start) -> None:
    with start("known_leaks.c") as pid:
        one, other = lost_in(pid), lost_in(pid)
    assert replace(one, searched="") == replace(other, searched="")


def test_a_process_that_moves_all_the_time_loses_nothing(start: Start) -> None:
    with start("moving.c") as pid:
        lost = lost_in(pid)
    assert lost.bytes <= 0.001 * lost.held_bytes


def test_a_target_that_stands_still_is_searched_once_and_it_is_said_why(start: Start) -> None:
    with start("known_leaks.c") as pid:
        wait_for_state(pid, "S")
        lost = lost_in(pid)
    assert lost.bytes > 0
    assert lost.searched == "once: no thread of the target ran meanwhile, so a second search would see the same"


def test_a_target_that_moves_is_searched_again_until_it_is_stopped(start: Start) -> None:
    with start("moving.c", "losing") as pid:
        moving = lost_in(pid)
        os.kill(pid, signal.SIGSTOP)
        wait_for_state(pid, "T")
        stopped = lost_in(pid)
    assert re.fullmatch(r"[4-8] times: the target moved", moving.searched)
    assert stopped.searched == "once: no thread of the target ran meanwhile, so a second search would see the same"
    for lost in (moving, stopped):
        assert (
            998 * 1008 <= lost.bytes <= 1.01 * 1000 * 1008
        )  # a list that a thread just moves is in its registers alone


def wait_for_state(pid: int, state: str) -> None:
    """Until all its threads are in that state; proc_pid_stat(5)."""
    end = time.monotonic() + 60
    while {one.read_text().rpartition(")")[2].split()[0] for one in Path(f"/proc/{pid}/task").glob("*/stat")} != {
        state
    }:
        assert time.monotonic() < end, "the program does not come to rest"
        os.sched_yield()


def test_pointers_of_every_kind_hold_what_they_lead_to(start: Start) -> None:
    with start("pointers.c") as pid:
        lost = lost_in(pid)
    assert (lost.bytes, lost.graphs) == (0, ())
    assert lost.maybe_bytes >= 200 * (3 * 150 + 32 + 2 * 100 + 200 + 60)


def test_stale_words_in_recycled_chunks_hide_hardly_any_leak(start: Start) -> None:
    with start("stale.c") as pid:
        lost = lost_in(pid)
    assert lost.maybe_bytes <= 0.02 * lost.bytes  # a good half of it are the strings that are held by their middle
    assert lost.held_bytes <= 0.02 * lost.bytes


def test_a_word_left_in_slack_holds_no_graph(start: Start) -> None:
    with start("stale.c", "slack") as pid:
        lost = lost_in(pid)
    assert 2000 * 7 - 7 * STALE - 1 <= lost.chunks <= 2000 * 7 - 1
    assert lost.maybe_bytes <= 1000


def test_classes_are_named_in_a_stripped_program_and_second_bases_hold(start: Start) -> None:
    with start("classes.cc", flags=["-s"]) as pid:
        lost = lost_in(pid)
    rows = [(row.chunks, row.type, row.library) for row in lost.graphs if row.count >= 1999]
    assert rows == [
        (2, "shop::Polygon", "classes"),
        (1, "shop::Box<std::pair<int, long>>", "classes"),
    ]
    assert {row.type for row in lost.graphs} == {"shop::Polygon", "shop::Box<std::pair<int, long>>"}
    assert lost.maybe_bytes >= 1000 * 80


def test_lost_documents_are_counted_and_called_by_their_name(start: Start) -> None:
    with start("documents.c", "1000", flags=["-I/usr/include/libxml2", "-lxml2"]) as pid:
        lost, shown = lost_in(pid), lost_in(pid, show_contents=True)
    documents = [row for row in lost.graphs if row.library and row.library.startswith("libxml2.so")]
    assert sum(row.count for row in documents) in {979, 980}
    assert sum(row.bytes for row in documents) >= 0.999 * lost.bytes
    assert {row.type for row in documents} == {"xmlDoc"}
    assert {row.samples for row in lost.graphs} == {()}
    assert "Item number" in " ".join(shown.graphs[0].samples)


@pytest.mark.skipif(shutil.which("gcore") is None, reason="needs gcore")
def test_a_core_tells_the_same_as_the_process_it_was_taken_from(start: Start, tmp_path: Path) -> None:
    with start("known_leaks.c") as pid:
        live = lost_in(pid)
        subprocess.run(["gcore", "-o", tmp_path / "core", str(pid)], check=True, capture_output=True)
    with Inspector.open_core(str(tmp_path / f"core.{pid}")) as inspector:
        core = inspector.look(lost=True).lost
    assert core is not None
    shapes = [[(row.count, row.chunks, row.bytes) for row in lost.graphs] for lost in (live, core)]
    assert shapes[0] == shapes[1]
    assert (live.bytes, live.chunks) == (core.bytes, core.chunks)
    assert core.held_bytes == live.held_bytes
