"""Which process is meant: a pid made unmistakable, or a name looked up."""

import os

from memwhy.model.errors import NotPermitted, TargetGone
from memwhy.model.evidence import ProcessIdentity
from memwhy.sources.proc import stat
from memwhy.sources.proc.exe import program_name
from memwhy.sources.proc.files import decode, numeric_names, optional, printable, process_path, read_file


def process_identity(root: str, pid: int) -> ProcessIdentity:
    """The triple that no other process will ever have. TargetGone, or NotPermitted where /proc hides it (hidepid)."""
    if not os.path.isdir(root):
        raise TargetGone(f"{root} is no procfs", help="memwhy watches processes on Linux; /proc must be mounted")
    try:
        start_ticks = int(stat.parse(stat.read(root, pid)).facts["process.start_ticks"])
    except (FileNotFoundError, ProcessLookupError) as error:
        raise TargetGone(f"no process has pid {pid}", help="see ps -e for the pids there are") from error
    except PermissionError as error:
        raise NotPermitted(f"the kernel does not let us look at pid {pid}") from error
    boot_id = decode(optional(f"{root.rstrip('/')}/sys/kernel/random/boot_id") or b"").strip()
    return ProcessIdentity(pid=pid, start_ticks=start_ticks, boot_id=boot_id)


def find_pids(root: str, name: str) -> list[tuple[int, str, str]]:
    """(pid, comm, argv0) of the processes of that name, by pid: comm, or basename of the executable or of argv[0].

    comm is cut at 15 bytes by the kernel, hence the others. Kernel threads and our own process are left out.
    """
    found: list[tuple[int, str, str]] = []
    for pid in sorted(numeric_names(root)):
        if pid == os.getpid():
            continue
        try:
            comm = printable(read_file(process_path(root, pid, "comm")).removesuffix(b"\n"))
            executable = _executable(root, pid)
            argv0 = printable(program_name(root, pid, executable))
        except OSError:
            continue  # ended meanwhile, or hidden
        names = {comm, os.path.basename(executable.removesuffix(" (deleted)")), os.path.basename(argv0)}
        if name and argv0 and name in names:
            found.append((pid, comm, argv0))
    return found


def _executable(root: str, pid: int) -> str:
    """The executable's path; "" where we may not see it."""
    try:
        return decode(os.fsencode(os.readlink(process_path(root, pid, "exe"))))
    except PermissionError:
        return ""
    except FileNotFoundError:
        return ""
