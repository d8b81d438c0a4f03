"""Page faults of one process, as the kernel records them while they happen: perf_event_open(2), a ring of records for each processor.

Nothing of the target changes and nothing stops. What it needs: kernel.perf_event_paranoid of at most 2, or CAP_PERFMON, and in either case
what reading /proc/PID/maps needs. Structures: include/uapi/linux/perf_event.h. Rings are read as on x86-64: loads are not reordered.
"""

import ctypes
import errno
import mmap
import os
import resource
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from memwhy.memory.access import why_denied
from memwhy.model.errors import MemwhyError, NotPermitted, ParseError, TargetGone
from memwhy.native.stack_piece import Piece

_SYSCALL = 298
"""perf_event_open on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl)."""
_SOFTWARE, _PAGE_FAULTS = 1, 2
_IP, _TID, _ADDRESS, _CALLCHAIN, _REGISTERS, _STACK = 1 << 0, 1 << 1, 1 << 3, 1 << 5, 1 << 12, 1 << 13
_RBP_RSP_RIP = 1 << 6 | 1 << 7 | 1 << 8
"""enum perf_event_x86_regs; records have them in this order."""
STACK_BYTES = 256
"""Of the stack, with each record: the few C functions between the instruction and Go, or the first with a frame pointer."""
_DISABLED, _INHERIT, _EXCLUDE_KERNEL, _EXCLUDE_HV, _EXCLUDE_KERNEL_CHAIN = 1 << 0, 1 << 1, 1 << 5, 1 << 6, 1 << 21
_CLOSE_ON_EXEC = 1 << 3
_ENABLE, _DISABLE, _SET_OUTPUT = 0x2400, 0x2401, 0x2405
_LOST, _SAMPLE = 2, 9
_FIRST_CONTEXT = (1 << 64) - 4095
"""From here on an entry of a call chain says of whom the following ones are (enum perf_callchain_context)."""
_HEADER = struct.Struct("<IHH")
_BODY = struct.Struct("<QIIQQ")
_REGISTERS_BODY = struct.Struct("<QQQQQ")
_LOST_BODY = struct.Struct("<QQ")
_HEAD, _TAIL, _DATA_OFFSET = 1024, 1032, 1040
_WORD = struct.Struct("<Q")
_PAGE = mmap.PAGESIZE
_MOST_RING_PAGES = 2048
_MOST_RING_BYTES = 64 << 20
"""Of all processors together."""
MOST_EVENTS = 1 << 14
"""One for each thread on each processor."""
_SPARE_DESCRIPTORS = 64
MOST_FRAMES = 64
SOURCE = "page faults"


class _Attributes(ctypes.LittleEndianStructure):
    """struct perf_event_attr, up to PERF_ATTR_SIZE_VER5."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("config", ctypes.c_uint64),
        ("sample_period", ctypes.c_uint64),
        ("sample_type", ctypes.c_uint64),
        ("read_format", ctypes.c_uint64),
        ("flags", ctypes.c_uint64),
        ("wakeup_events", ctypes.c_uint32),
        ("bp_type", ctypes.c_uint32),
        ("configs", ctypes.c_uint64 * 2),
        ("branch_sample_type", ctypes.c_uint64),
        ("sample_regs_user", ctypes.c_uint64),
        ("sample_stack_user", ctypes.c_uint32),
        ("clockid", ctypes.c_int32),
        ("rest", ctypes.c_uint8 * 16),
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """A page that was touched for the first time, or again after it was given back. pcs: of the program, the touching instruction first,
    then return addresses, as far as frame pointers lead; the caller of a function that keeps none is missing. piece: the top of the stack,
    in which it is, None where the kernel could not copy it. pid: of the process, which may be a child of the watched one."""

    pid: int
    tid: int
    address: int
    pcs: tuple[int, ...]
    piece: Piece | None = None


def parse_records(raw: bytes) -> tuple[list[Fault], int]:
    """(faults, how many more the kernel had no room for) of whole records. Raises ParseError."""
    faults: list[Fault] = []
    lost = at = 0
    while at < len(raw):
        if len(raw) - at < _HEADER.size:
            raise ParseError(SOURCE, None, raw[at : at + 8], "a record is cut off")
        kind, _, size = _HEADER.unpack_from(raw, at)
        if size < _HEADER.size or size > len(raw) - at:
            raise ParseError(SOURCE, None, raw[at : at + 8], f"a record of {size} B does not fit its place")
        body = raw[at + _HEADER.size : at + size]
        if kind == _SAMPLE:
            faults.append(_fault(body))
        elif kind == _LOST and len(body) >= _LOST_BODY.size:
            lost += _LOST_BODY.unpack_from(body)[1]
        at += size
    return faults, lost


def _fault(body: bytes) -> Fault:
    if len(body) < _BODY.size:
        raise ParseError(SOURCE, None, body[:8], "a record of a fault is too short")
    _, pid, tid, address, count = _BODY.unpack_from(body)
    if count * 8 > len(body) - _BODY.size:
        raise ParseError(SOURCE, None, body[:8], f"a call chain of {count} entries does not fit its record")
    chain = struct.unpack_from(f"<{count}Q", body, _BODY.size)
    pcs = tuple(pc for pc in chain if 0 < pc < _FIRST_CONTEXT)[:MOST_FRAMES]
    return Fault(pid, tid, address, pcs, _piece(body[_BODY.size + 8 * count :]))


def _piece(rest: bytes) -> Piece | None:
    """What stands behind the call chain: an ABI and three registers, the size of the piece, the piece, how much of it is filled."""
    if len(rest) < _REGISTERS_BODY.size:
        return None
    abi, bp, sp, ip, size = _REGISTERS_BODY.unpack_from(rest)
    end = _REGISTERS_BODY.size + size
    if not abi or not size or len(rest) < end + 8:
        return None
    filled = _WORD.unpack_from(rest, end)[0]
    return Piece(ip, sp, bp, rest[_REGISTERS_BODY.size : _REGISTERS_BODY.size + min(size, filled)])


class FaultEvents:
    """The page faults of a process from now on. A context manager. `drain` often: what finds no room in a ring is lost, and counted.

    lost: so far. recorded: so far, lost ones and children's too. notes: what is not seen, in words.
    """

    def __init__(self, pid: int, descriptors: Sequence[int], rings: Sequence["_Ring"], notes: Sequence[str]) -> None:
        """Use `open`."""
        self.pid = pid
        self._descriptors = list(descriptors)
        self._rings = list(rings)
        self.notes = tuple(notes)
        self.lost = 0
        self.recorded = 0

    @classmethod
    def open(cls, pid: int, *, root: str = "/proc") -> Self:
        """Begin to record. Threads that come later are seen too. Raises NotPermitted, TargetGone, MemwhyError, each with what to do."""
        processors, threads = _processors(root), _threads(root, pid)
        with_kernel = True
        room = _descriptors_for(len(processors) * len(threads)) // max(1, len(processors))
        descriptors: list[int] = []
        rings: list[_Ring] = []
        try:
            for processor in processors:
                output = None
                for tid in threads[:room]:
                    descriptor, with_kernel = _opened(tid, processor, with_kernel=with_kernel, pid=pid, root=root)
                    if descriptor is None:
                        continue
                    descriptors.append(descriptor)
                    if output is None:
                        output = descriptor
                        rings.append(_Ring(descriptor, _ring_pages(len(processors))))
                    else:
                        _control(descriptor, _SET_OUTPUT, output)
            if not descriptors:
                raise TargetGone(f"pid {pid} ended before its page faults could be seen")
            for descriptor in descriptors:
                _control(descriptor, _ENABLE, 0)
        except BaseException:
            cls(pid, descriptors, rings, ()).close()
            raise
        return cls(
            pid, descriptors, rings, tuple(_unseen(len(threads), min(room, len(threads)), with_kernel=with_kernel))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def drain(self) -> list[Fault]:
        """All that came since the last time: at most what the rings hold. Children's are left out: they have memory of their own."""
        faults: list[Fault] = []
        for ring in self._rings:
            found, lost = parse_records(ring.take())
            faults += [fault for fault in found if fault.pid == self.pid]
            self.lost += lost
            self.recorded += lost + len(found)
        return faults

    def pause(self) -> None:
        """Record nothing until `resume`."""
        for descriptor in self._descriptors:
            _control(descriptor, _DISABLE, 0)

    def resume(self) -> None:
        """Record again."""
        for descriptor in self._descriptors:
            _control(descriptor, _ENABLE, 0)

    def close(self) -> None:
        """End it."""
        while self._rings:
            self._rings.pop().close()
        while self._descriptors:
            os.close(self._descriptors.pop())


class _Ring:
    """Records of one processor: a page of control, then data; the kernel writes up to head, we have read up to tail."""

    def __init__(self, descriptor: int, pages: int) -> None:
        """pages: a power of two, less where no more may be locked (kernel.perf_event_mlock_kb). Raises MemwhyError."""
        while True:
            try:
                self._memory = mmap.mmap(descriptor, (1 + pages) * _PAGE)
                break
            except OSError as error:
                if pages == 1 or error.errno not in (errno.EPERM, errno.ENOMEM):
                    raise MemwhyError(
                        f"no room for the kernel's records of page faults: {error.strerror}",
                        help="end other uses of perf, or raise kernel.perf_event_mlock_kb",
                    ) from error
                pages //= 2
        self._size = pages * _PAGE
        self._start = self._word(_DATA_OFFSET) or _PAGE

    def take(self) -> bytes:
        """The records since the last time, and their room given back."""
        head, tail = self._word(_HEAD), self._word(_TAIL)
        begin, end = tail % self._size, head % self._size
        if head == tail:
            return b""
        data = self._start
        if begin < end:
            raw = self._memory[data + begin : data + end]
        else:
            raw = self._memory[data + begin : data + self._size] + self._memory[data : data + end]
        self._memory[_TAIL : _TAIL + 8] = _WORD.pack(head)
        return raw

    def close(self) -> None:
        self._memory.close()

    def _word(self, at: int) -> int:
        return int(_WORD.unpack_from(self._memory, at)[0])


def _ring_pages(processors: int) -> int:
    """For each processor, so that all together stay within bounds."""
    share = max(1, _MOST_RING_BYTES // _PAGE // processors)
    return min(_MOST_RING_PAGES, 1 << share.bit_length() - 1)


def _opened(tid: int, processor: int, *, with_kernel: bool, pid: int, root: str) -> tuple[int | None, bool]:
    """(a descriptor, None where the thread has ended; whether faults inside the kernel are seen). Raises NotPermitted, MemwhyError."""
    for kernel_too in (True, False) if with_kernel else (False,):
        attributes = _Attributes(
            type=_SOFTWARE,
            size=ctypes.sizeof(_Attributes),
            config=_PAGE_FAULTS,
            sample_period=1,
            sample_type=_IP | _TID | _ADDRESS | _CALLCHAIN | _REGISTERS | _STACK,
            sample_regs_user=_RBP_RSP_RIP,
            sample_stack_user=STACK_BYTES,
            flags=_DISABLED | _INHERIT | _EXCLUDE_HV | _EXCLUDE_KERNEL_CHAIN | (0 if kernel_too else _EXCLUDE_KERNEL),
        )
        library = ctypes.CDLL(None, use_errno=True)
        found = int(library.syscall(_SYSCALL, ctypes.byref(attributes), tid, processor, -1, _CLOSE_ON_EXEC))
        if found >= 0:
            return found, kernel_too
        code = ctypes.get_errno()
        if code == errno.ESRCH:
            return None, kernel_too
        if code not in (errno.EACCES, errno.EPERM):
            break
    raise refusal(code, pid, root)


def refusal(code: int, pid: int, root: str) -> MemwhyError:
    """What an error of perf_event_open(2) means, and which rule forbids it: Documentation/admin-guide/perf-security.rst."""
    if code not in (errno.EACCES, errno.EPERM):
        text = f"the kernel does not record page faults for us: {os.strerror(code)}"
        return MemwhyError(text, help="it may have been built without perf events, or be no Linux but gVisor")
    level = _paranoid(root)
    advice = "run memwhy as root or with CAP_PERFMON (setcap, --cap-add=PERFMON)"
    if level is not None and level > 2:
        reason = f"kernel.perf_event_paranoid is {level}, above 2: perf events take CAP_PERFMON"
        return NotPermitted(
            f"page faults cannot be recorded: {reason}", help=f"{advice}, or sudo sysctl kernel.perf_event_paranoid=2"
        )
    if _may_read(root, pid):
        reason = "perf_event_open is refused although the target may be read: a seccomp filter (a container's default one) or a security module"
        return NotPermitted(f"page faults cannot be recorded: {reason}", help=f"{advice}, or on the host")
    reason, how = why_denied(root, pid)
    return NotPermitted(f"page faults of pid {pid} cannot be recorded: {reason}", help=how)


def _may_read(root: str, pid: int) -> bool:
    try:
        with open(f"{root}/{pid}/maps", "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


def _paranoid(root: str) -> int | None:
    try:
        with open(f"{root}/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _control(descriptor: int, request: int, argument: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.ioctl(descriptor, ctypes.c_ulong(request), ctypes.c_ulong(argument)) != 0:
        raise MemwhyError(f"perf events cannot be set up: {os.strerror(ctypes.get_errno())}")


def _threads(root: str, pid: int) -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(f"{root}/{pid}/task"))
    except OSError as error:
        raise TargetGone(f"no process has pid {pid}", help="see ps -e for the pids there are") from error


def _processors(root: str) -> list[int]:
    """Those that are online, by the lines "cpuN" of /proc/stat (proc_stat(5))."""
    with open(f"{root}/stat", encoding="ascii", errors="replace") as file:
        found = [line.split()[0][3:] for line in file if line.startswith("cpu")]
    return [int(number) for number in found if number.isdigit()]


def _descriptors_for(wanted: int) -> int:
    """How many of so many descriptors may be opened; our own soft limit is raised for them, as far as the hard one lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(wanted, MOST_EVENTS)
    if soft != resource.RLIM_INFINITY and wanted + _SPARE_DESCRIPTORS > soft:
        fresh = (
            wanted + _SPARE_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, wanted + _SPARE_DESCRIPTORS)
        )
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (fresh, hard))
            soft = fresh
        return max(1, min(wanted, soft - _SPARE_DESCRIPTORS))
    return wanted


def _unseen(threads: int, seen: int, *, with_kernel: bool) -> Iterator[str]:
    if seen < threads:
        yield f"page faults of {threads - seen} of its {threads} threads are not seen: there are not enough descriptors"
    if not with_kernel:
        yield "page faults inside system calls (a read into fresh memory) are not seen: that takes CAP_PERFMON or kernel.perf_event_paranoid 1"
