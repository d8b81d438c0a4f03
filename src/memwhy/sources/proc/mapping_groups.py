"""What a list of mappings tells beside its sums: whether it is all of a process, and whether many are alike."""

from collections import Counter
from collections.abc import Sequence

from memwhy.model.mapping import Mapping
from memwhy.model.units import KIB, MIB, human_bytes

_ENDS = ("[stack", "[vdso]", "[vvar]", "[vsyscall]")
_ARENA_BYTES = 64 * MIB
_RUNTIMES_BYTES = frozenset({256 * KIB, _ARENA_BYTES})
"""Pages of V8's heap and of CPython's before 3.10, heaps of glibc's malloc: many of them are a heap, not a leak of mappings."""
_GUARD_BYTES = MIB
_MANY, _SHARE = 10, 0.5
_DELETED = 4
_NO_FILE = ("/dev/zero", "/memfd:", "/SYSV", "/dev/shm/", "/[aio]", "/drm", "/anon_hugepage", "/dmabuf", "/i915")
"""Shared memory that the kernel shows as a deleted file (mm/shmem.c, ipc/shm.c)."""


def is_whole(mappings: Sequence[Mapping]) -> bool:
    """Whether the list has both ends of an address space: code of a file, and what the kernel puts above all else."""
    return any(one.path.startswith(_ENDS) for one in mappings) and any(
        "x" in one.perms and one.path and not one.path.startswith("[") for one in mappings
    )


def many_alike(mappings: Sequence[Mapping]) -> str | None:
    """A sentence on anonymous mappings of one size that are ten or more and half of all anonymous ones; None for fewer.

    Stacks of threads, which lie above a guard page, and heaps of malloc and of runtimes are left out of both counts.
    """
    sizes: Counter[int] = Counter()
    before: Mapping | None = None
    for one in mappings:
        if one.path == "" and one.perms == "rw-p":
            guarded = (
                before is not None
                and before.end == one.start
                and before.perms.startswith("---")
                and before.size_bytes <= _GUARD_BYTES
            )
            within_arena = one.start % _ARENA_BYTES == 0 and one.size_bytes <= _ARENA_BYTES
            if not guarded and not within_arena and one.size_bytes not in _RUNTIMES_BYTES:
                sizes[one.size_bytes] += 1
        before = one
    if not sizes:
        return None
    size, count = sizes.most_common(1)[0]
    if count < _MANY or count < _SHARE * sizes.total():
        return None
    return f"{count:,} anonymous mappings of {human_bytes(size)} each"


def deleted_files(mappings: Sequence[Mapping]) -> str | None:
    """A sentence on four or more files that were deleted and are mapped all the same (proc_pid_maps(5): `(deleted)`); None
    for fewer. Programs and libraries, which an update replaces, and shared memory are left out."""
    deleted = [one for one in mappings if one.path.endswith("(deleted)")]
    code = {one.path for one in deleted if "x" in one.perms}
    sizes: dict[str, int] = {}
    for one in deleted:
        if one.path not in code and not one.path.startswith(_NO_FILE) and ".so" not in one.path:
            sizes[one.path] = sizes.get(one.path, 0) + one.size_bytes
    if len(sizes) < _DELETED:
        return None
    return f"{len(sizes):,} deleted files are mapped still, {human_bytes(sum(sizes.values()))} of them"
