"""A stack's bounds never reach out of the one mapping that its stack pointer lies in."""

import struct
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.memory.live import Live
from memwhy.model.mapping import Mapping
from memwhy.native.bounds import Bounds, find_bounds, find_thread_block, main_stack, stack_of
from memwhy.native.layout import AT_THREADS, Thread
from memwhy.sources.proc import maps

MAPPINGS = (
    Mapping(start=0x400000, end=0x500000, perms="r-xp", path="/bin/program"),
    Mapping(start=0x7F0000000000, end=0x7F0000001000, perms="---p"),
    Mapping(start=0x7F0000001000, end=0x7F0000801000, perms="rw-p"),
    Mapping(start=0x7FFFF0000000, end=0x7FFFF0021000, perms="rw-p", path="[stack]"),
)
TOP = 0x7F0000800700
"""A thread's control block, near the top of its stack."""


def thread(pointer: int, sp: int, lo: int = 0, hi: int = 0, check: int = 0) -> bytes:
    return struct.pack("<QqQQQQIIQ", pointer, 0, 0, sp, lo, hi, 0, 0, check)


@pytest.mark.parametrize(
    ("pointer", "sp", "expected"),
    [
        (TOP, 0x7F0000700000, (0x7F0000001000, TOP)),  # below its control block
        (0x7F1234567000, 0x7F0000700000, (0x7F0000001000, 0x7F0000801000)),  # a stack of somebody's own making
        (0x7F1234567000, 0x7FFFF0020000, (0x7FFFEF821000, 0x7FFFF0021000)),  # the main thread's may grow
        (TOP, 0x401000, None),  # code
        (TOP, 0x7F0000000800, None),  # a guard page
        (TOP, 0x10, None),
        (TOP, (1 << 64) - 8, None),
    ],
)
def test_a_stack_ends_at_its_threads_control_block_or_with_its_mapping(
    pointer: int, sp: int, expected: tuple[int, int] | None
) -> None:
    assert stack_of(pointer, sp, MAPPINGS) == expected


def test_the_main_stack_grows_no_further_than_what_lies_below_it() -> None:
    close = (*MAPPINGS[:3], Mapping(start=0x7FFFEFFF0000, end=0x7FFFEFFF4000, perms="rw-p"), MAPPINGS[3])
    assert main_stack(close) == (0x7FFFEFFF4000, 0x7FFFF0021000)
    assert main_stack(MAPPINGS[:3]) == (0, 0)


def test_only_what_is_new_is_written_and_the_check_comes_last() -> None:
    lo, hi = 0x7F0000001000, TOP
    known = thread(TOP, 0x7F0000700000, lo, hi, lo ^ hi ^ TOP)
    torn = thread(TOP, 0x7F0000700000, lo, hi, 1)
    found = find_bounds(thread(0, 0) + known + torn + thread(TOP, 0), MAPPINGS)
    assert found == (Bounds(2, TOP, lo, hi),)
    at = AT_THREADS + 2 * 64
    assert list(found[0].writes()) == [
        (at + Thread.stack_lo.offset, struct.pack("<QQ", lo, hi)),
        (at + Thread.stack_check.offset, struct.pack("<Q", lo ^ hi ^ TOP)),
    ]


THREADED = "import threading; [threading.Thread(target=input).start() for _ in range(3)]; print(flush=True)"
ALONE = "print(flush=True); input()"


@pytest.mark.parametrize("program", [ALONE, THREADED])
def test_where_control_blocks_keep_the_stack_is_found_with_and_without_threads(program: str) -> None:
    command = [sys.executable, "-S", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"\n"
            pid = process.pid
            with Live.open(pid, mappings=lambda: maps.parse(maps.read("/proc", pid)).mappings) as space:
                offset = find_thread_block(space)
                stacks = [
                    mapping
                    for guard, mapping in pairwise(space.mappings)
                    if guard.end == mapping.start and guard.perms == "---p" and mapping.size_bytes >= 1 << 20
                ]
                said = []
                for stack in stacks:
                    raw = space.read(stack.end - 0x2000, 0x2000)
                    words = [int.from_bytes(raw[at : at + 8], "little") for at in range(0, len(raw), 8)]
                    blocks = [
                        i for i in range(len(words) - 2) if words[i] == words[i + 2] == stack.end - 0x2000 + 8 * i
                    ]
                    said += [(words[i + offset // 8], words[i + offset // 8 + 1], stack) for i in blocks]
        finally:
            process.kill()
    if not offset:
        pytest.skip("no glibc here")
    assert len(said) == (3 if program == THREADED else 0)
    assert all(address < stack.start and address + size == stack.end for address, size, stack in said)


words = st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0x7F0000000000, 0x7F0000802000))


@given(words, words)
def test_any_thread_gives_bounds_around_its_stack_pointer_inside_one_mapping(pointer: int, sp: int) -> None:
    found = stack_of(pointer, sp, MAPPINGS[:3])
    if found is not None:
        assert 0x7F0000001000 <= found[0] <= sp < found[1] <= 0x7F0000801000


@given(st.binary(max_size=64 * 6 + 5))
def test_any_table_of_threads_gives_bounds_or_none(raw: bytes) -> None:
    for found in find_bounds(raw, MAPPINGS):
        assert found.lo < found.hi
