"""Filters of system calls, simulated: against the kernel's own verdict, and on any bytes."""

import ctypes
import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.native import seccomp
from memwhy.native.seccomp import Call

LOAD_NUMBER = struct.pack("<HBBI", 0x20, 0, 0, 0)
ALLOW = struct.pack("<HBBI", 6, 0, 0, seccomp.ALLOW)
MMAP = Call(9, (0x1000, 65536, 5, 0x100022, -1, 0), 0x7000)


def answer(value: int) -> bytes:
    return struct.pack("<HBBI", 6, 0, 0, value)


def jump(opcode: int, k: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("<HBBI", opcode, if_true, if_false, k)


def test_the_strictest_of_all_filters_decides() -> None:
    errno = answer(seccomp.ERRNO | 1)
    assert seccomp.verdict([], MMAP) == seccomp.ALLOW
    assert seccomp.verdict([ALLOW, errno], MMAP) == seccomp.ERRNO | 1
    assert seccomp.verdict([ALLOW, answer(0), errno], MMAP) == seccomp.KILL_THREAD
    assert seccomp.verdict([answer(0x7FFC0000), ALLOW], MMAP) == seccomp.LOG


def test_a_filter_sees_number_machine_address_and_arguments() -> None:
    for offset, value in (
        (0, 9),
        (4, 0xC000003E),
        (8, 0x7000),
        (12, 0),
        (16, 0x1000),
        (32, 5),
        (48, 0xFFFFFFFF),
        (52, 0xFFFFFFFF),
    ):
        program = struct.pack("<HBBI", 0x20, 0, 0, offset) + jump(0x15, value, 0, 1) + answer(7) + ALLOW
        assert seccomp.run(program, MMAP.data) == 7, offset


@pytest.mark.parametrize("opcode", [0x25, 0x35, 0x45])
def test_comparisons(opcode: int) -> None:
    holds = {0x25: lambda a, k: a > k, 0x35: lambda a, k: a >= k, 0x45: lambda a, k: bool(a & k)}[opcode]
    for k in (0, 1, 8, 9, 10, 0xFFFFFFFF):
        program = LOAD_NUMBER + jump(opcode, k, 0, 1) + answer(1) + answer(2)
        assert seccomp.run(program, MMAP.data) == (1 if holds(9, k) else 2)


def test_arithmetic_and_memory_are_of_32_bits() -> None:
    steps = [(0x20, 0), (0x04, 0xFFFFFFFF), (0x02, 3), (0x60, 3), (0x64, 4), (0x07, 0), (0x87, 0), (0x84, 0), (0x16, 0)]
    program = b"".join(struct.pack("<HBBI", opcode, 0, 0, k) for opcode, k in steps)
    assert seccomp.run(program, MMAP.data) == -(8 << 4) & 0xFFFFFFFF


@given(st.binary(max_size=256), st.integers(0, 500))
def test_any_bytes_give_a_verdict_or_a_parse_error(raw: bytes, number: int) -> None:
    try:
        assert 0 <= seccomp.run(raw[: len(raw) // 8 * 8], Call(number, (), 0).data) <= 0xFFFFFFFF
    except ParseError:
        return


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([0x15, 0x25, 0x35, 0x45]),
    st.sampled_from([16, 20, 24, 28, 32, 40]),
    st.integers(0, 0xFFFFFFFF),
    st.tuples(*[st.integers(0, (1 << 64) - 1)] * 4),
)
def test_the_kernel_says_the_same(opcode: int, where: int, k: int, arguments: tuple[int, ...]) -> None:
    number = 39  # getpid, which looks at no argument
    program = LOAD_NUMBER + jump(0x15, number, 0, 3) + struct.pack("<HBBI", 0x20, 0, 0, where) + jump(opcode, k, 0, 1)
    program += answer(seccomp.ERRNO | 77) + ALLOW
    expected = seccomp.run(program, Call(number, arguments, 0).data) != seccomp.ALLOW
    assert confined_getpid(program, arguments) is expected


def confined_getpid(program: bytes, arguments: tuple[int, ...]) -> bool:
    """Did a child under that filter get errno 77 from getpid?"""
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    child = os.fork()
    if child == 0:
        libc.prctl(38, 1, 0, 0, 0)
        if libc.prctl(22, 2, description, 0, 0) != 0:
            os._exit(9)
        libc.syscall.restype = ctypes.c_long
        result = libc.syscall(39, *(ctypes.c_ulong(value) for value in arguments))
        os._exit(1 if result == -1 and ctypes.get_errno() == 77 else 0)
    code_of_it = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code_of_it == 9:
        pytest.skip("filters may not be set here")
    return code_of_it == 1
