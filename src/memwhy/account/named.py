"""Mappings that say themselves what they are: files, the kernel's own, and names given by the program.

Sources of the names: show_map_vma() in fs/proc/task_mmu.c ([heap], [stack], [vdso], [anon:NAME],
[anon_shmem:NAME]); Go's runtime since 1.25, set_vma_name_linux.go ("[anon: Go: heap]", its strings in
malloc.go, mheap.go, mpagealloc_64bit.go); glibc since 2.39 with the tunable glibc.mem.decorate_maps
("[anon: glibc: malloc arena]", "[anon: glibc: pthread stack: TID]").
"""

from collections.abc import Sequence

from memwhy.account.claims import (
    ANONYMOUS,
    FILE_CODE,
    FILE_DATA,
    FILE_MAPPED,
    GO_HEAP,
    GO_OTHER,
    NATIVE_ARENAS,
    NATIVE_HEAP,
    SHARED_MEMORY,
    SPECIAL,
    THREAD_STACKS,
    Claim,
    Claims,
)
from memwhy.model.mapping import Mapping

_GO_ARENA_NAMES = ("heap", "heap reservation", "user arena chunk", "used", "unused")
_KERNEL = ("[vdso", "[vvar", "[vsyscall", "[vectors", "[sigpage", "[uprobes", "anon_inode:", "[io_uring")
_SHARED = ("/dev/shm/", "/run/shm/", "/SYSV", "/memfd:", "/dev/zero", "/drm mm object", "/i915", "/anon_hugepage")

_DATA = Claim(
    FILE_DATA,
    "written private pages of the executable and libraries",
    rest_metric=FILE_CODE,
    rest_rule="file pages of the executable and libraries",
)
_FILE = Claim(
    ANONYMOUS,
    "written private pages of other mapped files",
    rest_metric=FILE_MAPPED,
    rest_rule="file pages of other mapped files",
)
_SHARED_FILE = Claim(FILE_MAPPED, "shared mappings of files")
_SHARED_CODE = Claim(FILE_CODE, "shared mappings of the executable and libraries")
_BSS = Claim(FILE_DATA, "anonymous memory glued behind the program's data segment (bss)")
_LIBRARY_BSS = Claim(FILE_DATA, "anonymous memory glued behind a library's data, no larger than it (bss)", weak=True)
_SHARED_MEMORY = Claim(SHARED_MEMORY, "shared mappings without a file on disk: tmpfs, memfd, SysV, /dev/zero")
_PRIVATE_SHMEM = Claim(
    ANONYMOUS,
    "written private pages of memfd and tmpfs files",
    rest_metric=SHARED_MEMORY,
    rest_rule="pages of memfd and tmpfs files",
)


def claim_named(mappings: Sequence[Mapping], executable: str | None) -> Claims:
    """Claim every mapping with a name or a file, shared ones, and each module's bss.

    executable: path of the program, if known; else a file is the program or a library when some mapping
    of it may be executed, or its name ends like a library's (libNAME.so, libNAME.so.6).

    What is glued behind a library need not be its bss: the kernel places a library that is loaded late right
    below mappings that are there already. It counts as bss only up to the size of the library itself.
    """
    modules = {m.path for m in mappings if m.inode and m.perms[2:3] == "x"}
    if executable:
        modules |= {executable, executable + " (deleted)"}
    claims: Claims = {}
    images: dict[str, int] = {}
    for mapping in mappings:
        if mapping.path in modules or _is_library(mapping.path):
            images[mapping.path] = images.get(mapping.path, 0) + mapping.size_bytes
    data_end, module = None, ""  # where the data segment of the module just passed ends
    for index, mapping in enumerate(mappings):
        claim = _claim(mapping, modules)
        if claim is None and mapping.start == data_end and mapping.perms in ("rw-p", "rwxp"):
            claim = _bss(module, mapping.size_bytes, images[module])
        if claim is not None:
            claims[index] = claim
        data_end = mapping.end if claim is _DATA and mapping.perms[1:2] == "w" else None
        module = mapping.path
    return claims


def _bss(module: str, size_bytes: int, image_bytes: int) -> Claim | None:
    if not _is_library(module):
        return _BSS
    return _LIBRARY_BSS if size_bytes <= image_bytes else None


def _claim(mapping: Mapping, modules: set[str]) -> Claim | None:
    path = mapping.path
    shared = mapping.perms[3:4] == "s"
    if not path:
        return _SHARED_MEMORY if shared else None
    if path.startswith(("[anon:", "[anon_shmem:")):
        return _SHARED_MEMORY if shared else _program_named(path)
    if path == "[heap]":
        return Claim(NATIVE_HEAP, "name [heap]")
    if path.startswith("[stack"):
        return Claim(THREAD_STACKS, "name [stack]")
    if path.startswith(_KERNEL):
        return Claim(SPECIAL, "the kernel's names")
    if path.startswith(_SHARED):
        if shared:
            return _SHARED_MEMORY
        return None if path.startswith("/dev/zero") else _PRIVATE_SHMEM
    if path.startswith("["):
        return None
    if path in modules or _is_library(path):
        return _SHARED_CODE if shared else _DATA
    return _SHARED_FILE if shared else _FILE


def _is_library(path: str) -> bool:
    name = path.rpartition("/")[2].removesuffix(" (deleted)")
    return name.endswith(".so") or ".so." in name


def _program_named(path: str) -> Claim | None:
    """`[anon: Go: heap]` and its like; None for names that tell nothing of a layer."""
    name = path[len("[anon:") :].removesuffix("]").strip()
    if name.startswith("Go: "):
        if name[len("Go: ") :] in _GO_ARENA_NAMES:
            return Claim(GO_HEAP, "names [anon: Go: heap] and the like")
        return Claim(GO_OTHER, "names [anon: Go: …] other than the heap's")
    if name.startswith("glibc: malloc arena"):
        return Claim(NATIVE_ARENAS, "name [anon: glibc: malloc arena]")
    if name.startswith("glibc: pthread") or name.startswith("stack"):
        return Claim(THREAD_STACKS, "names of thread stacks")
    return Claim(ANONYMOUS, "anonymous mappings that the program named")
