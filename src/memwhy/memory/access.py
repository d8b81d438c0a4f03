"""Why the kernel does not let us read a process's memory, and what to do about it.

The rules are those of ptrace(2), "Ptrace access mode checking": same user and groups in all their forms, or
CAP_SYS_PTRACE in the target's user namespace; the target dumpable; its capabilities no more than ours; then
the security modules, of which Yama (Documentation/admin-guide/LSM/Yama.rst) and SELinux or AppArmor are met in practice.
"""

import os
from collections.abc import Mapping as Map

_SYS_PTRACE = 1 << 19
_OTHER_WAYS = "; memwhy watch PID still tells what the kernel shows of it"


def why_denied(root: str, pid: int) -> tuple[str, str]:
    """(which rule forbids it, what to do). Judged by /proc alone, in the kernel's own order; the last words are a guess and say so."""
    root = root.rstrip("/")
    target, own = _status(f"{root}/{pid}/status"), _status(f"{root}/self/status")
    if not target:
        return _hidden(root)
    capable = bool(_hex(own, "CapEff") & _SYS_PTRACE)
    if capable:
        return _capable_but_denied(root, own, target)
    missing = _how_to_be_capable(root, own, pid)
    uids, gids = target.get("Uid", "").split(), target.get("Gid", "").split()
    mine = own.get("Uid", "").split()[3:], own.get("Gid", "").split()[3:]
    if any([uid] != mine[0] for uid in uids[:3]):
        owner = f"it runs as uid {'/'.join(dict.fromkeys(uids[:3]))} and memwhy as uid {''.join(mine[0])}"
        return f"{owner}, without the capability CAP_SYS_PTRACE", missing
    if any([gid] != mine[1] for gid in gids[:3]):
        groups = f"it runs with gid {'/'.join(dict.fromkeys(gids[:3]))} and memwhy with gid {''.join(mine[1])}"
        return f"{groups}, without the capability CAP_SYS_PTRACE", missing
    if not _is_dumpable(root, pid, uids):
        reason = "it is not dumpable: its program is setuid or not readable by its user, it changed its user itself, or asked for it (PR_SET_DUMPABLE)"
        return f"{reason}; that takes the capability CAP_SYS_PTRACE", missing
    if extra := _hex(target, "CapPrm") & ~_hex(own, "CapPrm"):
        return f"it holds capabilities that memwhy has not (mask {extra:#x}); that takes CAP_SYS_PTRACE", missing
    return _by_module(root, own, missing)


def _hidden(root: str) -> tuple[str, str]:
    reason = f"{root} hides other users' processes (mounted with hidepid)"
    return reason, "run memwhy as the target's own user, as root, or in the group that the mount option gid= names"


def _capable_but_denied(root: str, own: Map[str, str], target: Map[str, str]) -> tuple[str, str]:
    """We hold the capability, yet it does not count: the target's user namespace is not ours, or a security module says no."""
    scope = _yama(root)
    if scope == 3:
        reason = (
            "kernel.yama.ptrace_scope is 3: nobody, not even root, may look into another process until the next boot"
        )
        return reason, f"boot with a lower kernel.yama.ptrace_scope{_OTHER_WAYS}"
    if _is_in_user_namespace(root):
        reason = "memwhy runs in a user namespace (a rootless container, unshare), and the target is not of that namespace: its CAP_SYS_PTRACE does not count there"
        return reason, f"run memwhy on the host, or inside the target's own container{_OTHER_WAYS}"
    label = _label(root, "self")
    reason = "memwhy has CAP_SYS_PTRACE, so a security module must forbid it" + (
        f" (we run as {label})" if label else ""
    )
    return reason, f"see the kernel's log (ausearch -m avc, or journalctl -k) for the denial{_OTHER_WAYS}"


def _by_module(root: str, own: Map[str, str], missing: str) -> tuple[str, str]:
    """User, groups and dumpability are right: a security module forbids it."""
    scope = _yama(root)
    if scope == 1:
        reason = "kernel.yama.ptrace_scope is 1: a process's memory may be read by its ancestors only, or with CAP_SYS_PTRACE"
        return reason, f"{missing}; or, until the next boot, sudo sysctl kernel.yama.ptrace_scope=0"
    if scope == 2:
        return "kernel.yama.ptrace_scope is 2: a process's memory may be read with CAP_SYS_PTRACE only", missing
    if scope == 3:
        reason = "kernel.yama.ptrace_scope is 3: nobody may look into another process until the next boot"
        return reason, f"boot with a lower kernel.yama.ptrace_scope{_OTHER_WAYS}"
    if _is_in_user_namespace(root):
        reason = "memwhy runs in a user namespace, and the target is not of that namespace"
        return reason, f"run memwhy on the host, or inside the target's own container{_OTHER_WAYS}"
    label = _label(root, "self")
    reason = "user, groups and Yama would allow it, so another security module or a user namespace must forbid it"
    return reason + (f" (we run as {label})" if label else ""), missing


def _how_to_be_capable(root: str, own: Map[str, str], pid: int) -> str:
    """How this memwhy may get CAP_SYS_PTRACE: not by sudo where the container's bounding set lacks it."""
    if own.get("CapBnd") and not _hex(own, "CapBnd") & _SYS_PTRACE:
        return (
            "this container may not have it: start it with --cap-add=SYS_PTRACE (Docker, Podman), add SYS_PTRACE to"
            f" securityContext.capabilities (Kubernetes; kubectl debug --profile=sysadmin), or run memwhy on the host{_OTHER_WAYS}"
        )
    return f"run memwhy as root (sudo memwhy inspect {pid}){_OTHER_WAYS}"


def _status(path: str) -> dict[str, str]:
    """/proc/PID/status by key; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def _hex(status: Map[str, str], key: str) -> int:
    try:
        return int(status.get(key, "0"), 16)
    except ValueError:
        return 0


def _is_dumpable(root: str, pid: int, uids: list[str]) -> bool:
    """The files of a process that is not dumpable belong to root (task_dump_owner in fs/proc/base.c)."""
    try:
        owner = os.stat(f"{root}/{pid}/mem").st_uid
    except OSError:
        return True
    return str(owner) == uids[1] if len(uids) > 1 else True


def _yama(root: str) -> int | None:
    """kernel.yama.ptrace_scope; None without Yama."""
    try:
        with open(f"{root}/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _is_in_user_namespace(root: str) -> bool:
    """Not the first one, whose map is the identity over all 32 bits; user_namespaces(7)."""
    try:
        with open(f"{root}/self/uid_map", encoding="ascii") as file:
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return False


def _label(root: str, who: str) -> str:
    """The security module's label of a process, "" where there is none or everything is allowed."""
    try:
        with open(f"{root}/{who}/attr/current", encoding="utf-8", errors="replace") as file:
            label = file.read().strip("\0\n ")
    except OSError:
        return ""
    return "" if label == "unconfined" else label
