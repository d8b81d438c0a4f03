"""Would a filter of the target's system calls stand ours? Simulated before anything is risked.

A filter is a classic BPF program over struct seccomp_data; its verdict decides: seccomp(2). The kernel shows the programs to who has
CAP_SYS_ADMIN and no filter of its own (PTRACE_SECCOMP_GET_FILTER, ptrace(2)). Where they are not shown it is known only how many
there are: one filter on a process in a container is its runtime's, which answers with an errno (moby's
profiles/seccomp/default.json, containers/common's seccomp.json); others may kill, and nobody can tell.
"""

import errno
import os
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.native.errors import SeccompForbids
from memwhy.native.permission import status_of

KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, NOTIFY, TRACE, LOG, ALLOW = (
    0x80000000,
    0x00000000,
    0x00030000,
    0x00050000,
    0x7FC00000,
    0x7FF00000,
    0x7FFC0000,
    0x7FFF0000,
)
_STRICTEST_FIRST = (KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, NOTIFY, TRACE, LOG, ALLOW)
_ACTION = 0xFFFF0000
_X86_64 = 0xC000003E
_INSTRUCTION = struct.Struct("<HBBI")
_DATA = struct.Struct("<iIQ6Q")
_WORD = 0xFFFFFFFF
_MOST_INSTRUCTIONS = 4096
_MOST_FILTERS = 64
_CONTAINER = re.compile(r"docker|containerd|cri-?o|kubepods|libpod|lxc|garden|machine\.slice")
_NAMES = {9: "mmap", 11: "munmap", 28: "madvise"}


@dataclass(frozen=True, slots=True)
class Call:
    """A system call to be. at: where the instruction behind `syscall` lies."""

    number: int
    arguments: tuple[int, ...]
    at: int

    @property
    def name(self) -> str:
        """mmap."""
        return _NAMES.get(self.number, f"system call {self.number}")

    @property
    def data(self) -> bytes:
        """struct seccomp_data."""
        arguments = (*self.arguments, *[0] * 6)[:6]
        return _DATA.pack(self.number, _X86_64, self.at, *(value & (1 << 64) - 1 for value in arguments))


def check(root: str, pid: int, calls: Sequence[Call]) -> None:
    """Raises SeccompForbids unless every thread of the process may make the calls, or at worst gets an errno nobody knows of."""
    confined = _confined_threads(root, pid)
    strict = next((tid for tid, (mode, _) in confined.items() if mode == 1), None)
    if strict is not None:
        raise SeccompForbids(f"thread {strict} of pid {pid} is under seccomp's strict mode: any mmap would kill it")
    programs: dict[tuple[int, int], tuple[bytes, ...]] = {}
    for tid, key in confined.items():
        try:
            found = _programs(tid)
        except OSError as error:
            if error.errno == errno.ESRCH:
                continue
            _judge_unknown(root, pid, key[1], error)
            return
        if found not in programs.values():
            programs[tid, key[1]] = found
    for (tid, _), filters in programs.items():
        for call in calls:
            _judge(verdict(filters, call), call, pid, tid)


def verdict(programs: Iterable[bytes], call: Call) -> int:
    """The strictest action of all filters, with its data (an errno) in the low 16 bits. Raises ParseError for what is no filter."""
    found = [run(program, call.data) for program in programs]
    return min(found, key=_strictness, default=ALLOW)


def run(program: bytes, data: bytes) -> int:
    """What one filter answers. Opcodes: the kernel's include/uapi/linux/bpf_common.h and seccomp_check_filter in kernel/seccomp.c."""
    if len(program) % 8 or not program or len(program) > 8 * _MOST_INSTRUCTIONS:
        raise ParseError("seccomp filter", None, "", f"{len(program)} bytes are no program")
    code = list(_INSTRUCTION.iter_unpack(program))
    machine = _Machine(data)
    at = 0
    while at < len(code):
        opcode, if_true, if_false, k = code[at]
        at += 1
        kind = opcode & 7
        if kind == 6:
            return machine.a if opcode & 0x18 == 0x10 else k
        if kind == 5:
            at += k if opcode & 0xF0 == 0 else (if_true if machine.holds(opcode, k) else if_false)
        else:
            machine.step(opcode, k)
    raise ParseError("seccomp filter", None, "", "the program runs past its end")


class _Machine:
    """Accumulator, index register, 16 words of scratch memory."""

    def __init__(self, data: bytes) -> None:
        self.a = self.x = 0
        self.memory = [0] * 16
        self.data = data

    def step(self, opcode: int, k: int) -> None:
        """One instruction that is neither jump nor return."""
        kind = opcode & 7
        if kind in (0, 1):
            value = self._loaded(opcode, k)
            if kind == 0:
                self.a = value
            else:
                self.x = value
        elif kind in (2, 3):
            self.memory[k & 15] = self.a if kind == 2 else self.x
        elif kind == 4:
            self.a = self._computed(opcode, k)
        elif opcode & 0xF8:
            self.a = self.x
        else:
            self.x = self.a

    def holds(self, opcode: int, k: int) -> bool:
        """The condition of a jump."""
        other = self.x if opcode & 8 else k
        test = opcode & 0xF0
        if test == 0x10:
            return self.a == other
        if test == 0x20:
            return self.a > other
        if test == 0x30:
            return self.a >= other
        return bool(self.a & other)

    def _loaded(self, opcode: int, k: int) -> int:
        mode = opcode & 0xE0
        if mode == 0x00:
            return k
        if mode == 0x20:
            if k & 3 or k + 4 > len(self.data):
                raise ParseError("seccomp filter", None, "", f"reads at {k}, outside of a system call's data")
            return int.from_bytes(self.data[k : k + 4], "little")
        if mode == 0x60:
            return self.memory[k & 15]
        if mode == 0x80:
            return len(self.data)
        raise ParseError("seccomp filter", None, "", f"unknown load {opcode:#x}")

    def _computed(self, opcode: int, k: int) -> int:
        other = self.x if opcode & 8 else k
        operation = opcode & 0xF0
        results = {
            0x00: self.a + other,
            0x10: self.a - other,
            0x20: self.a * other,
            0x30: self.a // other if other else 0,
            0x40: self.a | other,
            0x50: self.a & other,
            0x60: self.a << (other & 31),
            0x70: self.a >> (other & 31),
            0x80: -self.a,
            0xA0: self.a ^ other,
        }
        if operation not in results:
            raise ParseError("seccomp filter", None, "", f"unknown operation {opcode:#x}")
        return results[operation] & _WORD


def _strictness(action: int) -> int:
    """The rank of an action; unknown ones kill (seccomp(2))."""
    kind = action & _ACTION
    return _STRICTEST_FIRST.index(kind) if kind in _STRICTEST_FIRST else 0


def _judge(action: int, call: Call, pid: int, tid: int) -> None:
    kind = action & _ACTION
    if kind in (ALLOW, LOG):
        return
    where = f"a seccomp filter of pid {pid} (thread {tid})"
    if kind == ERRNO:
        answer = os.strerror(action & 0xFFFF)
        raise SeccompForbids(f"{where} answers {call.name} as memwhy needs it with: {answer}")
    if kind in (NOTIFY, TRACE):
        raise SeccompForbids(f"{where} hands {call.name} to a supervisor, and what that will do cannot be known")
    raise SeccompForbids(f"{where} would kill it for the {call.name} that memwhy needs; nothing was done")


def _judge_unknown(root: str, pid: int, count: int, error: OSError) -> None:
    """Only its container's own filter is let pass: that one answers with an errno."""
    if count <= 1 and _is_in_container(root, pid):
        return
    raise SeccompForbids(
        f"pid {pid} has {count or 'some'} seccomp filters, which this memwhy may not read ({os.strerror(error.errno or 0)});"
        " one of them might kill it for a system call that it makes for memwhy",
        help="run memwhy as root outside of containers, where the filters can be read (CAP_SYS_ADMIN);"
        " or start the program anew under memwhy run --native",
    )


def _is_in_container(root: str, pid: int) -> bool:
    try:
        with open(f"{root}/{pid}/cgroup", encoding="utf-8", errors="replace") as file:
            return bool(_CONTAINER.search(file.read()))
    except OSError:
        return False


def _confined_threads(root: str, pid: int) -> dict[int, tuple[int, int]]:
    """tid: (mode, count of filters; 0 where this kernel does not say) of the threads under seccomp; filters are a thread's own."""
    try:
        tids = [int(name) for name in os.listdir(f"{root}/{pid}/task")]
    except OSError:
        return {}
    found = {}
    for tid in tids:
        status = status_of(root, pid, tid)
        mode = status.get("Seccomp", "0")
        if mode != "0":
            count = status.get("Seccomp_filters", "0")
            found[tid] = (int(mode) if mode.isdigit() else 2, int(count) if count.isdigit() else 0)
    return found


def _programs(tid: int) -> tuple[bytes, ...]:
    """All filters of a thread. Raises OSError where they may not be read."""
    try:
        from memwhy._core._stops import filter as read_filter
    except ImportError as error:
        raise OSError(errno.ENOSYS, "not built") from error
    programs: list[bytes] = []
    for index in range(_MOST_FILTERS):
        program = read_filter(tid, index)
        if not program:
            return tuple(programs)
        programs.append(program)
    raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
