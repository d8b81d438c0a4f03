"""Code that the target runs once, in its own next call of malloc: it maps, or unmaps, what memwhy cannot from outside.

It stands in the slack behind a module's code, and malloc's entry jumps to it. Whoever comes first takes a guard by compare-and-swap and
makes the calls; everybody, also who comes second, goes on with malloc's first instructions. All registers are kept;
errno is not touched (the calls are made without libc). What came of it stands in the guard's words: see `Guard`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.native.owner import OWNER_BYTES, Owner
from memwhy.native.seccomp import Call

MAGIC = b"mwstub01"
HEADER_BYTES = 64
MAP, UNMAP = 1, 2

SYS_MMAP, SYS_MUNMAP, SYS_MADVISE = 9, 11, 28
_PROT_READ, _PROT_WRITE, _PROT_EXEC = 1, 2, 4
_MAP_PRIVATE, _MAP_ANONYMOUS, _MAP_NORESERVE, _MAP_FIXED_NOREPLACE = 0x2, 0x20, 0x4000, 0x100000
_MADV_NOHUGEPAGE, _MADV_WIPEONFORK = 15, 18

MOST_CALLS = 4
GUARD_MAGIC = b"mwguard1"
GUARD_BYTES = 8 + 8 * MOST_CALLS + len(GUARD_MAGIC)
NOT_MADE = 1 << 62
"""What a call's word holds before the call."""
_SYSCALL = b"\x0f\x05"
_SAVED = b"\x50\x51\x52\x56\x57\x41\x50\x41\x51\x41\x52\x41\x53\x53"
"""push rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx"""
_RESTORED = b"\x5b\x41\x5b\x41\x5a\x41\x59\x41\x58\x5f\x5e\x5a\x59\x58"
_HEADER = struct.Struct("<8sQQQII24s")
OWNER_AT = _HEADER.size - OWNER_BYTES
"""Where in a stub its owner stands."""
_GUARD = struct.Struct("<II4q8s")


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the stub. wanted: its result where that has to be one, else the stub goes on after any."""

    number: int
    arguments: tuple[int, ...]
    wanted: int | None


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard's words. taken: a thread has begun; finished: and is through; results: of the calls, NOT_MADE where it was not made."""

    taken: bool
    finished: bool
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a stub says of itself, for whoever finds it: kind MAP or UNMAP, where the sampler's code is to be, how many bytes of data behind it, where the guard, whose it is.

    target: the pid that it was written into; in a child of that process it is a copy that nobody waits for.
    """

    kind: int
    code: int
    data_bytes: int
    guard: int
    owner: Owner
    target: int


def mapping_steps(code: int, code_bytes: int, data: int, data_bytes: int) -> tuple[Step, ...]:
    """The sampler's code, its data, wiped in children, without huge pages (which would make megabytes of it resident)."""
    private = _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_FIXED_NOREPLACE
    return (
        Step(SYS_MMAP, (code, code_bytes, _PROT_READ | _PROT_EXEC, private, -1, 0), code),
        Step(SYS_MMAP, (data, data_bytes, _PROT_READ | _PROT_WRITE, private | _MAP_NORESERVE, -1, 0), data),
        Step(SYS_MADVISE, (data, data_bytes, _MADV_WIPEONFORK), 0),
        Step(SYS_MADVISE, (data, data_bytes, _MADV_NOHUGEPAGE), None),
    )


def unmapping_steps(start: int, size: int) -> tuple[Step, ...]:
    """Both mappings, which lie side by side."""
    return (Step(SYS_MUNMAP, (start, size), 0),)


def calls(steps: Sequence[Step], at: int) -> tuple[Call, ...]:
    """The steps as a filter of system calls would see them, made from about there."""
    return tuple(Call(step.number, step.arguments, at) for step in steps)


def assemble(trace: Trace, steps: Sequence[Step]) -> bytes:
    """The stub up to where malloc's first instructions follow. It may stand anywhere: nothing in it depends on its address.

    lock cmpxchg on the guard; who gets it makes each call, keeps its result, and stops at the first that went wrong.
    """
    body = b""
    for index, step in reversed(list(enumerate(steps))):
        body = _call(step, 8 + 8 * index, len(body)) + body
    finish = b"\xc7\x43\x04\x01\x00\x00\x00"  # mov dword [rbx+4], 1
    work = body + finish
    code = _SAVED
    code += b"\x48\xbb" + struct.pack("<Q", trace.guard)  # mov rbx, guard
    code += b"\x31\xc0\xb9\x01\x00\x00\x00"  # xor eax, eax; mov ecx, 1
    code += b"\xf0\x0f\xb1\x0b"  # lock cmpxchg [rbx], ecx
    code += b"\x0f\x85" + struct.pack("<i", len(work))  # jne past the work
    header = _HEADER.pack(
        MAGIC, trace.code, trace.data_bytes, trace.guard, trace.kind, trace.target, trace.owner.pack()
    )
    return header + code + work + _RESTORED


def read_trace(raw: bytes) -> Trace | None:
    """What the bytes at a stub's start say; None where there is no stub."""
    if len(raw) < HEADER_BYTES:
        return None
    magic, code, data_bytes, guard, kind, target, owner = _HEADER.unpack_from(raw)
    if magic != MAGIC:
        return None
    return Trace(kind=kind, code=code, data_bytes=data_bytes, guard=guard, owner=Owner.unpack(owner), target=target)


def blank_guard() -> bytes:
    """The guard before anybody came."""
    return _GUARD.pack(0, 0, *[NOT_MADE] * MOST_CALLS, GUARD_MAGIC)


def read_guard(raw: bytes) -> Guard:
    """The guard's words. Raises struct.error when there are too few."""
    taken, finished, *results, _ = _GUARD.unpack_from(raw)
    return Guard(taken=bool(taken), finished=bool(finished), results=tuple(results))


def _call(step: Step, result_at: int, rest_bytes: int) -> bytes:
    """One call: arguments, syscall, result kept; to the end of the work, `rest_bytes` on, where it is not as wanted."""
    first, second, third, fourth, fifth, _ = (*step.arguments, *[0] * 6)[:6]
    code = b"\x48\xbf" + struct.pack("<Q", first)  # mov rdi, imm64
    code += b"\x48\xbe" + struct.pack("<Q", second)  # mov rsi, imm64
    code += b"\xba" + struct.pack("<I", third)  # mov edx, imm32
    code += b"\x41\xba" + struct.pack("<I", fourth)  # mov r10d, imm32
    code += b"\x49\xc7\xc0" + struct.pack("<i", fifth)  # mov r8, imm32 with its sign
    code += b"\x45\x31\xc9"  # xor r9d, r9d
    code += b"\xb8" + struct.pack("<I", step.number) + _SYSCALL  # mov eax, imm32
    code += b"\x48\x89\x43" + struct.pack("<b", result_at)  # mov [rbx+disp8], rax
    if step.wanted is not None:
        code += b"\x48\xb9" + struct.pack("<Q", step.wanted)  # mov rcx, imm64
        code += b"\x48\x39\xc8"  # cmp rax, rcx
        code += b"\x0f\x85" + struct.pack("<i", rest_bytes)  # jne
    return code
