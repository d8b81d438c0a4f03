"""May this process be attached to? Asked before anything is touched, and answered with the rule that forbids it.

The rules are those of ptrace(2), "Ptrace access mode checking" (`memory/access`), and what only writing brings along: another
tracer, a machine or a kernel that we do not know, a process that is about to end.
"""

import os
import resource
import time

from memwhy.memory.access import why_denied
from memwhy.model.errors import NotPermitted, TargetGone
from memwhy.native.errors import Occupied, Unsuited
from memwhy.native.stops import PATIENCE_S, tracer_of

_OLDEST_KERNEL = (4, 17)
"""MAP_FIXED_NOREPLACE, mmap(2); without it a mapping could land on one of the target's."""
_MACHINE = {3: "32-bit x86", 40: "32-bit ARM", 183: "arm64", 62: "x86-64"}
_UNREADABLE = "the kernel does not let us write to the memory of pid"


def check(root: str, pid: int) -> None:
    """Raises TargetGone, NotPermitted, Occupied, Unsuited, each with what to do."""
    machine = os.uname().machine
    if machine != "x86_64":
        raise Unsuited(f"attaching works on x86-64 only, and this machine is {machine}")
    check_kernel(os.uname().release)
    if pid == os.getpid():
        raise Unsuited("memwhy cannot attach to itself", help="start a second memwhy for that")
    _check_state(root, pid)
    _check_tracer(root, pid)
    _check_program(root, pid)


def check_kernel(release: str) -> None:
    """Raises Unsuited for a kernel that is too old."""
    parts = release.split("-")[0].split(".")
    version = tuple(int(part) for part in parts[:2] if part.isdigit())
    if len(version) == 2 and version < _OLDEST_KERNEL:
        oldest = ".".join(str(part) for part in _OLDEST_KERNEL)
        raise Unsuited(f"this kernel is {release}; attaching needs {oldest} or newer (MAP_FIXED_NOREPLACE)")


def open_memory(root: str, pid: int) -> int:
    """A descriptor of its memory, for reading and writing. Raises NotPermitted with the rule that forbids it, TargetGone."""
    try:
        return os.open(f"{root}/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
    except PermissionError as error:
        raise not_permitted(root, pid) from error
    except OSError as error:
        raise TargetGone(f"pid {pid} ended before memwhy could attach") from error


def not_permitted(root: str, pid: int) -> NotPermitted:
    """Which rule forbids it, as far as /proc tells."""
    reason, advice = why_denied(root, pid)
    return NotPermitted(f"{_UNREADABLE} {pid}: {reason}", help=advice)


def status_of(root: str, pid: int, tid: int | None = None) -> dict[str, str]:
    """/proc/PID/status, or a thread's, by key; empty where there is none."""
    path = f"{root}/{pid}/status" if tid is None else f"{root}/{pid}/task/{tid}/status"
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def why_no_room(root: str, pid: int, errno: int, wanted_bytes: int) -> str:
    """What speaks for a reason why the target could not map memory: its limits, the machine's accounting, the count of mappings."""
    reasons = []
    limit, used = _address_space(pid), _size_bytes(root, pid)
    if limit is not None and used is not None and used + wanted_bytes > limit:
        reasons.append(f"its address space is limited to {limit >> 20} MiB (RLIMIT_AS), of which it uses {used >> 20}")
    if _number(f"{root}/sys/vm/overcommit_memory") == 2:
        reasons.append("the machine promises no more memory than it has (vm.overcommit_memory is 2)")
    most = _number(f"{root}/sys/vm/max_map_count")
    mappings = _lines(f"{root}/{pid}/maps")
    if most is not None and mappings is not None and mappings + 3 > most:
        reasons.append(f"it has {mappings} mappings, and vm.max_map_count is {most}")
    return f"{os.strerror(errno)}" + (f": {'; '.join(reasons)}" if reasons else "")


def _check_state(root: str, pid: int) -> None:
    status = status_of(root, pid)
    if not status:
        if os.path.exists(f"{root}/{pid}"):
            raise not_permitted(root, pid)
        raise TargetGone(f"no process has pid {pid}", help="see ps -e for the pids there are")
    state = status.get("State", "")
    if state[:1] in ("Z", "X"):
        raise TargetGone(f"pid {pid} ended and waits for its parent to notice: it has no memory any more")
    if "VmSize" not in status:
        raise TargetGone(f"pid {pid} has no memory of its own: it is a kernel thread, or just ended")
    if status.get("Tgid", str(pid)) != str(pid):
        raise Unsuited(f"{pid} is a thread of process {status['Tgid']}", help=f"attach to {status['Tgid']}")
    if state[:1] == "T":
        raise Unsuited(
            f"pid {pid} is halted (state {state}): it calls no malloc", help=f"let it go first: kill -CONT {pid}"
        )


def _check_tracer(root: str, pid: int) -> None:
    """Raises Occupied when somebody traces it, and not just for the moment of a stop."""
    deadline = time.monotonic() + PATIENCE_S
    while tracer := tracer_of(root, pid, pid):
        if time.monotonic() > deadline:
            raise Occupied(
                f"pid {pid} is traced by pid {tracer} already, and a process has one tracer at a time",
                help=f"end that debugger or strace (pid {tracer}) first",
            )
        time.sleep(0.01)


def _check_program(root: str, pid: int) -> None:
    """Raises Unsuited for a program of another machine, as far as its file can be read."""
    try:
        with open(f"{root}/{pid}/exe", "rb") as file:
            raw = file.read(20)
    except OSError:
        return
    if raw[:4] != b"\x7fELF" or len(raw) < 20:
        return
    machine = int.from_bytes(raw[18:20], "little")
    if raw[4] != 2 or machine != 62:
        kind = _MACHINE.get(machine, f"for machine {machine}") if machine != 62 else "32-bit code for x86-64 (x32)"
        raise Unsuited(f"the program of pid {pid} is {kind}; only 64-bit x86 programs can be attached to")


def _address_space(pid: int) -> int | None:
    try:
        soft = resource.prlimit(pid, resource.RLIMIT_AS)[0]
    except (OSError, ValueError):
        return None
    return None if soft == resource.RLIM_INFINITY else soft


def _size_bytes(root: str, pid: int) -> int | None:
    words = status_of(root, pid).get("VmSize", "").split()
    return int(words[0]) * 1024 if words and words[0].isdigit() else None


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _lines(path: str) -> int | None:
    try:
        with open(path, "rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return None
