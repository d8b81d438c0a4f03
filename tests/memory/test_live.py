"""A live process read from outside: what it wrote, where it cannot be read, and when it is not the same any more."""

import os
import subprocess
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_programs import Target, built, looking_at, process_of, running

from memwhy.memory import reading
from memwhy.memory.live import Live
from memwhy.memory.reading import gather_pure, read_segments
from memwhy.memory.space import Source
from memwhy.model.errors import MemwhyError, TargetGone

try:
    from memwhy._core import _memory as core
except ImportError:
    core = None  # type: ignore[assignment]

GATHERS = [gather_pure] if core is None else [gather_pure, core.gather]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with running(built("places")) as target:
        yield target


def test_what_the_program_wrote_is_read_at_its_address(target: Target) -> None:
    with looking_at(target.pid) as space:
        assert space.read(target.told["heap"], 11) == b"on the heap"
        assert space.read(target.told["data"], 16) == b"initialised data"
        assert space.read(target.told["constants"], 9) == b"constants"
        assert space.words(target.told["heap"], 1).tolist() == [int.from_bytes(b"on the h", "little")]
        assert space.word(target.told["heap"]) == int.from_bytes(b"on the h", "little")
        assert (space.name, space.pid) == (f"pid {target.pid}", target.pid)


def test_what_cannot_be_read_comes_back_short(target: Target) -> None:
    with looking_at(target.pid) as space:
        stack = next(mapping for mapping in space.mappings if mapping.path == "[stack]")
        assert len(space.read(stack.end - 100, 1 << 40)) == 100
        assert [space.read(at, 8) for at in (0, 1, -1, 1 << 47, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)] == [b""] * 7
        assert [space.read(stack.start, size) for size in (0, -1)] == [b"", b""]
        assert len(space.words(stack.end - 20, 4)) == 2
        assert space.word(stack.end - 4) is None


@pytest.mark.parametrize("gather", GATHERS)
@pytest.mark.parametrize("by_pid", [True, False])
def test_many_addresses_are_gathered_with_zeros_where_there_is_nothing(gather, by_pid: bool, target: Target) -> None:  # type: ignore[no-untyped-def]
    with looking_at(target.pid) as space:
        end = next(mapping for mapping in space.mappings if mapping.path == "[stack]").end
        addresses = array("Q", [target.told["heap"], 8, target.told["data"], end - 4, (1 << 64) - 1] * 1000)
        heap, data, edge = b"on the hea", b"initialise", space.read(end - 4, 4) + bytes(6)
        once = heap + bytes(10) + data + edge + bytes(10)
        pid = target.pid if by_pid else 0
        assert gather(space.source.fd, pid, b"", addresses.tobytes(), 10) == once * 1000
        assert space.gather([target.told["heap"], 8], 10) == heap + bytes(10)
        assert space.gather([1 << 64, -1, (1 << 64) - 1, 1 << 70, target.told["heap"]], 10) == bytes(40) + heap
        assert space.gather([], 10) == b""
        assert space.gather([target.told["heap"]], 0) == b""


@pytest.mark.parametrize("gather", GATHERS)
@pytest.mark.parametrize("size", [1, 8, 100, 512, 513])
def test_neighbours_in_any_order_are_gathered_as_they_stand(gather, size: int, target: Target) -> None:  # type: ignore[no-untyped-def]
    with looking_at(target.pid) as space:
        code = next(one for one in space.mappings if one.end - one.start >= 3 * 4096 and one.path.startswith("/"))
        start, whole = code.start, space.read(code.start, 3 * 4096)
        assert len(whole) == 3 * 4096
        places = [*range(0, 9000, 24), *range(9000, 0, -7), *(4096 - size + i for i in range(4)), *([0, 5000] * 300)]
        addresses = array("Q", [start + place for place in places])
        expected = b"".join(whole[place : place + size] for place in places)
        assert gather(space.source.fd, target.pid, b"", addresses.tobytes(), size) == expected


@pytest.mark.parametrize("gather", GATHERS)
def test_a_wrong_shape_is_refused_before_anything_is_read(gather) -> None:  # type: ignore[no-untyped-def]
    for segments, addresses, size in ((b"", b"123", 8), (b"12345678", b"", 8), (b"", bytes(8), -1)):
        with pytest.raises(ValueError, match="rows of three"):
            gather(-1, 0, segments, addresses, size)


rows = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.integers(0, 60)), max_size=5)


@settings(deadline=None)
@given(rows, st.lists(st.integers(0, 200), max_size=8), st.integers(0, 40))
def test_segments_are_read_alike_by_both_twins(rows, addresses, size) -> None:  # type: ignore[no-untyped-def]
    flat, at = array("Q"), 0
    for gap, length, offset in rows:
        flat.extend((at + gap, at + gap + length, offset))
        at += gap + length
    path = Path(__file__)
    with path.open("rb") as file:
        found = [gather(file.fileno(), 0, flat.tobytes(), array("Q", addresses).tobytes(), size) for gather in GATHERS]
        memory = {}
        content = path.read_bytes()
        for start, end, offset in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
            memory.update({address: content[offset + address - start] for address in range(start, end)})
        for index, address in enumerate(addresses):
            expected = bytearray()
            while len(expected) < size and address + len(expected) in memory:
                expected.append(memory[address + len(expected)])
            source = Source(fd=file.fileno(), pid=0, segments=flat.tobytes())
            assert not flat or read_segments(source, address, size) == bytes(expected)
            for one in found:
                assert not flat or one[index * size : (index + 1) * size] == bytes(expected).ljust(size, b"\0")


def test_a_process_that_ended_is_gone(target: Target) -> None:
    with process_of(built("places")) as process, looking_at(Target(process).pid) as space:
        process.kill()
        process.wait()
        with pytest.raises(TargetGone, match=f"pid {process.pid} ended"):
            space.refresh()
        first = space.mappings[0]
        assert space.read(first.start, 4) == b""
        assert space.gather([first.start], 4) == bytes(4)
        assert list(space.resident(0, 1 << 47)) == []
        assert space.threads() == ()
        assert space.modules() != ()


def test_a_zombie_is_gone(target: Target) -> None:
    with process_of(built("places")) as process, looking_at(Target(process).pid) as space:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(TargetGone, match="waits for its parent"):
            space.refresh()
        with pytest.raises(TargetGone, match="waits for its parent"):
            looking_at_once(process.pid)


def looking_at_once(pid: int) -> Live:
    return Live.open(pid, mappings=lambda: ())


def test_a_process_that_executed_its_own_program_again_is_another_one() -> None:
    with process_of(built("places")) as process:
        target = Target(process)
        with looking_at(target.pid) as space:
            assert process.stdin is not None
            process.stdin.write("exec\n")
            process.stdin.flush()
            target.read("ready")
            with pytest.raises(TargetGone, match="executed another program"):
                space.refresh()
        with looking_at(target.pid) as space:
            assert space.read(target.told["heap"], 11) == b"on the heap"


def test_a_pid_that_another_process_got_is_not_taken_for_the_first(target: Target, tmp_path: Path) -> None:
    (tmp_path / "77").symlink_to(f"/proc/{target.pid}")
    with process_of(built("pages"), "zero") as other:
        assert other.stdout is not None
        assert other.stdout.readline().startswith("at ")
        with looking_at(77, root=str(tmp_path)) as space:
            assert space.source.pid == 0, "pids of another procfs mean nothing to our system calls"
            assert space.gather([target.told["heap"]], 11) == b"on the heap"
            (tmp_path / "77").unlink()
            (tmp_path / "77").symlink_to(f"/proc/{other.pid}")
            if start_ticks(other.pid) == start_ticks(target.pid):
                pytest.skip("both programs began within one tick of the clock")
            with pytest.raises(TargetGone, match="another process has its number"):
                space.refresh()


def start_ticks(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_no_such_process_is_said(tmp_path: Path) -> None:
    with pytest.raises(TargetGone, match="no process has pid"):
        looking_at_once(1 << 30)
    with pytest.raises(TargetGone, match="no process has pid"):
        Live.open(5, root=str(tmp_path), mappings=lambda: ())


def test_a_procfs_without_pagemap_is_said(target: Target, tmp_path: Path) -> None:
    (tmp_path / "5").mkdir()
    for name in ("stat", "status", "mem"):
        (tmp_path / "5" / name).symlink_to(f"/proc/{target.pid}/{name}")
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(MemwhyError, match="has no pagemap of pid 5"):
        Live.open(5, root=str(tmp_path), mappings=lambda: ())
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_kernel_thread_has_no_memory_to_look_into() -> None:
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        stat = Path(f"/proc/{pid}/stat")
        try:
            is_kernel_thread = stat.read_text().rpartition(")")[2].split()[1] == "2"
        except OSError:
            continue
        if is_kernel_thread and os.geteuid() == 0:
            with pytest.raises(TargetGone, match="kernel thread"):
                looking_at_once(pid)
            return
    pytest.skip("no kernel thread can be seen, or not by us")


def test_a_32_bit_program_is_refused_by_name() -> None:
    try:
        program = built("pages", "-m32")
    except pytest.skip.Exception:
        pytest.skip("32-bit programs cannot be built here")
    with process_of(program, "zero") as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(MemwhyError, match="32-bit"):
            looking_at_once(process.pid)


def test_a_reader_of_mappings_that_fails_while_the_process_lives_fails_as_itself(target: Target) -> None:
    def broken() -> tuple[()]:
        raise PermissionError("made up")

    with pytest.raises(PermissionError, match="made up"):
        Live.open(target.pid, mappings=broken)


def test_every_descriptor_is_given_back(target: Target) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with looking_at(target.pid) as space:
        assert len(space.modules()) >= 2
        space.close()
        space.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_the_pure_twin_is_chosen_when_it_is_asked_for() -> None:
    check = "from memwhy.memory import reading; print(reading._gather is reading.gather_pure)"
    environment = {**os.environ, "MEMWHY_PURE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert reading.gather_pure is gather_pure
