"""malloc_trim(0) in a running process, once: as a hook that is attached like the sampler, and taken away again.

The hook stands on malloc, free, calloc and realloc. The first thread to come by while no arena's lock is taken calls
malloc_trim; all others, and all later, go on. That no lock is taken is what makes it safe: the thread that looks would see its own
lock, so it can wait for none that it holds itself. General registers, x87 and SSE state (fxsave) and errno are kept. What cannot be ruled out is
a signal handler that calls malloc, which POSIX forbids, on top of a malloc of a thread that takes no locks because it is the only one.
"""

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from memwhy.inspect.glibc.arenas import find_state
from memwhy.inspect.glibc.tables import DISTINCT, LAYOUTS
from memwhy.inspect.glibc.version import libc_version
from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.native import layout, seccomp
from memwhy.native.attach import Attachment, attach
from memwhy.native.clock import clock
from memwhy.native.errors import Idle, Unsuited
from memwhy.native.functions import exported, find_functions, is_libc
from memwhy.native.seccomp import Call
from memwhy.sources.proc import maps

HOOKED = ("malloc", "free", "calloc", "realloc")
READY, TAKEN = 1, 2
_WORDS_AT = layout.Header.reserved.offset
_WORDS = struct.Struct("<IIQQq")
"""Of header.reserved: READY or TAKEN, finished, the clock before and after, malloc_trim's answer."""
_HOOKS_AT = 0x200
_SAVED = b"\x50\x51\x52\x56\x57\x41\x50\x41\x51\x41\x52\x41\x53\x53\x55\x41\x54\x41\x55"
"""push rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r12, r13"""
_RESTORED = b"\x41\x5d\x41\x5c\x5d\x5b\x41\x5b\x41\x5a\x41\x59\x41\x58\x5f\x5e\x5a\x59\x58"
_TSC = b"\x0f\x31\x48\xc1\xe2\x20\x48\x09\xd0"
"""rdtsc; shl rdx, 32; or rax, rdx"""
_SYS_MADVISE, _SYS_BRK, _MADV_DONTNEED = 28, 12, 4
_LOOK_S = 0.002
_SETTLE_S = 1.5
_LATE_S = 0.05
"""For a thread that took the word in the very last moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmer:
    """Where the target's malloc_trim and what it needs lie. next_at: offset of an arena's link to the next one."""

    malloc_trim: int
    errno_location: int
    main_arena: int
    next_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What came of it. took_s: in malloc_trim, one thread; gave: malloc_trim's own answer; left: what could not be taken away."""

    took_s: float
    gave: bool
    stop_s: float
    left: tuple[str, ...]


def find_trimmer(space: Space) -> Trimmer:
    """Raises Unsuited where the process's malloc is not glibc's, or its arenas cannot be found."""
    found, _ = find_functions(space)
    module = found["malloc"].module
    names = exported(module, ("malloc_trim", "__errno_location"))
    if not is_libc(module) or len(names) < 2:
        raise Unsuited(
            f"the malloc of {space.name} is not glibc's ({module.path}): it has no malloc_trim",
            help="ask that allocator itself (jemalloc: arena.N.purge, tcmalloc: ReleaseFreeMemory)",
        )
    version = libc_version(space, module)
    layouts = [LAYOUTS[version]] if version in LAYOUTS else list(DISTINCT)
    state = next((state for one in layouts if (state := find_state(space, module, one)) is not None), None)
    if state is None:
        raise Unsuited(f"the arenas of {space.name} were not found: whether their locks are free cannot be seen")
    return Trimmer(
        malloc_trim=module.bias + names["malloc_trim"][0],
        errno_location=module.bias + names["__errno_location"][0],
        main_arena=state.main.address,
        next_at=state.layout.next,
    )


def trim(
    pid: int,
    *,
    root: str = "/proc",
    wait_s: float = 10.0,
    just_before: Callable[[], None] = lambda: None,
    just_after: Callable[[], None] = lambda: None,
) -> Trimmed:
    """Let the target call malloc_trim(0), begun at a moment at which none of its threads runs, if there is one soon: then nothing
    is half done. just_before: called once all is in place and nothing is trimmed yet, perhaps again; just_after: as soon as it is.

    Raises CannotAttach in its kinds, NotPermitted, TargetGone as `attach` does, and Idle where no thread came by in the time with
    all locks free. However long malloc_trim takes, it is waited for: nothing can interrupt it.
    """
    with Live.open(pid, root=root, mappings=lambda: maps.parse(maps.read(root, pid)).mappings) as space:
        trimmer = find_trimmer(space)
    calls = [
        Call(_SYS_MADVISE, (0, 4096, _MADV_DONTNEED), trimmer.malloc_trim),
        Call(_SYS_BRK, (0,), trimmer.malloc_trim),
    ]
    seccomp.check(root, pid, tuple(calls))
    attachment = attach(pid, functions=HOOKED, image=make_image(trimmer), root=root, wait_s=wait_s)
    try:
        _settle(root, pid, just_before)
        attachment.write(_WORDS_AT, READY.to_bytes(4, "little"))
        began, ended, gave = _wait(attachment, wait_s)
        just_after()
    finally:
        done = attachment.detach(wait_s=wait_s)
    return Trimmed(
        took_s=(ended - began) / clock().hz, gave=bool(gave), stop_s=sum(attachment.stop_ns) / 1e9, left=done.left
    )


def make_image(trimmer: Trimmer) -> bytes:
    """The hooks, to be placed like a sampler. Nothing in them depends on where they stand."""
    code = b""
    head = layout.Image(magic=layout.IMAGE_MAGIC, version=layout.VERSION)
    for name in HOOKED:
        index = layout.Function[name.upper()]
        head.entries[index] = _HOOKS_AT + len(code)
        code += _hook(trimmer, _HOOKS_AT + len(code), index)
    head.bytes = _HOOKS_AT + len(code)
    return bytes(head).ljust(_HOOKS_AT, b"\0") + code


def _settle(root: str, pid: int, just_before: Callable[[], None]) -> None:
    """Return when no thread ran before and after the call, or when that does not come about soon."""
    deadline = time.monotonic() + _SETTLE_S
    while time.monotonic() < deadline:
        if not _runs(root, pid):
            just_before()
            if not _runs(root, pid):
                return
        time.sleep(_LOOK_S)
    just_before()


def _runs(root: str, pid: int) -> bool:
    """Does any thread want a processor (state R of /proc/PID/task/TID/stat)?"""
    try:
        threads = os.listdir(f"{root}/{pid}/task")
    except OSError:
        return False  # the process has ended: whoever reads on is told by the next read
    for tid in threads:
        try:
            with open(f"{root}/{pid}/task/{tid}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[:1] == [b"R"]:
                    return True
        except OSError:
            continue  # this thread has ended; the others may run
    return False


def _wait(attachment: Attachment, wait_s: float) -> tuple[int, int, int]:
    """(clock before, after, malloc_trim's answer). A thread that has begun is waited for without end. Raises Idle, TargetGone."""
    deadline = time.monotonic() + wait_s
    closed = False
    while True:
        word, finished, began, ended, gave = _WORDS.unpack(attachment.read(_WORDS_AT, _WORDS.size))
        if finished:
            return began, ended, gave
        if word != TAKEN and not began and time.monotonic() > deadline:
            if closed:
                break
            attachment.write(_WORDS_AT, bytes(4))
            closed, deadline = True, time.monotonic() + _LATE_S
        attachment.refresh()
        time.sleep(_LOOK_S)
    raise Idle(
        f"no thread of pid {attachment.pid} called malloc within {wait_s:g} s while all its locks were free",
        help="try again while the program works",
    )


def _hook(trimmer: Trimmer, at: int, index: int) -> bytes:
    """One function's hook, for its place in the image: to its trampoline in any case, by way of malloc_trim once."""
    words, trampoline = layout.CODE_BYTES + _WORDS_AT, layout.TRAMPOLINES + index * layout.TRAMPOLINE_BYTES
    code = b"\x83\x3d" + struct.pack("<i", words - (at + 7)) + bytes([READY])  # cmp dword [rip + words], READY
    inner = _if_unlocked(trimmer, at + len(code) + 6)
    code += b"\x0f\x85" + struct.pack("<i", len(inner)) + inner  # jne past it
    return code + b"\xe9" + struct.pack("<i", trampoline - (at + len(code) + 5))


def _if_unlocked(trimmer: Trimmer, at: int) -> bytes:
    """Save, look at every arena's lock (the first word of struct malloc_state), take the word, trim, restore."""
    head = _SAVED + b"\x48\xba" + struct.pack("<Q", trimmer.main_arena)  # mov rdx, main_arena
    head += b"\x48\x89\xd1"  # mov rcx, rdx
    walk = b"\x48\x8b\x89" + struct.pack("<i", trimmer.next_at)  # mov rcx, [rcx + next]
    walk += b"\x48\x39\xd1"  # cmp rcx, rdx
    size = 3 + 6 + len(walk) + 2
    walk += b"\x75" + struct.pack("<b", -size)  # jne to the look at the next arena
    taking_at = at + len(head) + 9 + len(walk)
    work = _once(trimmer)
    taking = b"\x48\x8d\x1d" + struct.pack(
        "<i", layout.CODE_BYTES + _WORDS_AT - (taking_at + 7)
    )  # lea rbx, [rip + words]
    taking += b"\xb8" + struct.pack("<I", READY) + b"\xb9" + struct.pack("<I", TAKEN)  # mov eax, READY; mov ecx, TAKEN
    taking += (
        b"\xf0\x0f\xb1\x0b" + b"\x0f\x85" + struct.pack("<i", len(work))
    )  # lock cmpxchg [rbx], ecx; jne past the work
    look = (
        b"\x83\x39\x00" + b"\x0f\x85" + struct.pack("<i", len(walk) + len(taking) + len(work))
    )  # cmp dword [rcx], 0; jne out
    return head + look + walk + taking + work + _RESTORED


def _once(trimmer: Trimmer) -> bytes:
    """Keep x87 and SSE state and errno, call malloc_trim(0) between two readings of the clock, say that it is finished."""
    call = b"\x48\xb8%b\xff\xd0"  # mov rax, imm64; call rax
    code = (
        b"\x48\x89\xe5" + b"\x48\x83\xe4\xc0" + b"\x48\x81\xec\x00\x02\x00\x00"
    )  # mov rbp, rsp; and rsp, -64; sub rsp, 512
    code += b"\x48\x0f\xae\x04\x24"  # fxsave64 [rsp]
    code += call % struct.pack("<Q", trimmer.errno_location)
    code += b"\x49\x89\xc4" + b"\x45\x8b\x2c\x24"  # mov r12, rax; mov r13d, [r12]
    code += _TSC + b"\x48\x89\x43\x08"  # mov [rbx + 8], rax
    code += b"\x31\xff" + call % struct.pack("<Q", trimmer.malloc_trim)  # xor edi, edi
    code += b"\x48\x98" + b"\x48\x89\x43\x18"  # cdqe; mov [rbx + 24], rax
    code += _TSC + b"\x48\x89\x43\x10"  # mov [rbx + 16], rax
    code += b"\x45\x89\x2c\x24"  # mov [r12], r13d
    code += b"\x48\x0f\xae\x0c\x24" + b"\x48\x89\xec"  # fxrstor64 [rsp]; mov rsp, rbp
    return code + b"\xc7\x43\x04\x01\x00\x00\x00"  # mov dword [rbx + 4], 1


def handlers(root: str, pid: int) -> tuple[int, ...] | None:
    """The signals that a process handles itself, by SigCgt of its status; 32 and 33 are the C library's own (nptl(7)).

    None where that cannot be read.
    """
    try:
        with open(f"{root}/{pid}/status", encoding="ascii", errors="replace") as file:
            mask = next(int(line.split()[1], 16) for line in file if line.startswith("SigCgt:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return tuple(number for number in range(1, 65) if mask >> (number - 1) & 1 and number not in (32, 33))
