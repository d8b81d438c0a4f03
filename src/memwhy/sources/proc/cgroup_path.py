"""Where the memory files of a process's cgroup are, on this host, in a container, in a captured tree.

/proc/PID/cgroup gives a path relative to the *reader's* cgroup namespace, and field 4 of a mount in mountinfo
is relative to it too; so the directory is mount point + (path - mount's root). Source: cgroups(7),
cgroup_namespaces(7), proc_pid_mountinfo(5).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.sources.proc.files import beside, decode, optional, process_path

_OCTAL = re.compile(r"\\([0-7]{3})")

CURRENT = {1: "memory.usage_in_bytes", 2: "memory.current"}
STAT = "memory.stat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One line of /proc/PID/cgroup that can account memory: version 1 or 2, and the path."""

    version: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cgroup's directory and the mount point above which there is nothing to see."""

    version: int
    directory: str
    top: str


def memberships(text: str) -> list[Membership]:
    """The lines that can account memory, the one that does first: v1's memory controller goes before v2.

    A controller is in one hierarchy only, so a `memory` line of v1 means that v2 does not have it.
    """
    found: list[Membership] = []
    for line in text.split("\n"):
        hierarchy, _, rest = line.strip().partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/"):
            continue
        if "memory" in controllers.split(","):
            found.insert(0, Membership(version=1, path=path))
        elif hierarchy == "0" and not controllers:
            found.append(Membership(version=2, path=path))
    return found


def find_place(root: str, pid: int, text: str) -> Place | None:
    """The nearest directory, from the process's cgroup upwards, that accounts memory; None if there is none to see."""
    for membership in memberships(text):
        for top, mount_root in _mounts(root, pid, membership.version):
            directory = _below(top, mount_root, membership.path)
            if directory is None or not os.path.isdir(directory):
                continue
            for level in levels(directory, top):
                if any(os.path.exists(f"{level}/{name}") for name in (CURRENT[membership.version], STAT)):
                    return Place(version=membership.version, directory=directory, top=top)
    return None


def levels(directory: str, top: str) -> Iterator[str]:
    """The directory and those above it, up to the mount point."""
    yield directory
    while directory != top and directory.startswith(top + "/"):
        directory = os.path.dirname(directory)
        yield directory


def _below(top: str, mount_root: str, path: str) -> str | None:
    """The directory of a cgroup path under a mount of mount_root; None where the mount does not show it."""
    inside = mount_root.rstrip("/")
    if path in (inside, mount_root):
        return top
    if not path.startswith(inside + "/"):
        return None
    rest = path[len(inside) :].rstrip("/")
    if ".." in rest.split("/"):
        return None  # outside our namespace: this mount cannot show it
    return (top + rest) if rest else top


def _mounts(root: str, pid: int, version: int) -> Iterator[tuple[str, str]]:
    """(mount point as we can open it, root of the mount): our own mounts, then the process's, then the usual places."""
    ours = optional(f"{root.rstrip('/')}/self/mountinfo")
    if ours is not None:
        yield from _cgroup_mounts(decode(ours), beside(root, "").rstrip("/"), version)
    theirs = optional(process_path(root, pid, "mountinfo"))
    if theirs is not None:
        yield from _cgroup_mounts(decode(theirs), process_path(root, pid, "root"), version)
    usual = beside(root, "/sys/fs/cgroup")
    if version == 1:
        yield f"{usual}/memory", "/"
    else:
        yield usual, "/"
        yield f"{usual}/unified", "/"


def _cgroup_mounts(mountinfo: str, prefix: str, version: int) -> Iterator[tuple[str, str]]:
    """The mounts of that hierarchy: `ID PARENT DEV ROOT POINT OPTIONS … - TYPE SOURCE SUPER`."""
    for line in mountinfo.split("\n"):
        left, dash, right = line.partition(" - ")
        words, super_words = left.split(" "), right.split(" ")
        if not dash or len(words) < 6 or len(super_words) < 3:
            continue
        memory = version == 1 and super_words[0] == "cgroup" and "memory" in super_words[2].split(",")
        if memory or (version == 2 and super_words[0] == "cgroup2"):
            point = _unescape(words[4])
            if ".." not in point.split("/"):
                yield prefix + point.rstrip("/"), _unescape(words[3])


def _unescape(text: str) -> str:
    r"""Blanks and the like stand as \040 in mountinfo."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
