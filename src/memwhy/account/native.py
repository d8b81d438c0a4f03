"""Native memory by shape: glibc's malloc arenas and pthread stacks.

Arenas, glibc malloc/arena.c new_heap(): HEAP_MAX_SIZE = 2 * DEFAULT_MMAP_THRESHOLD_MAX = 64 MiB on 64-bit,
mapped PROT_NONE with MAP_NORESERVE, aligned to its own size, then made writable from its start, page by page.
The kernel shows MAP_NORESERVE as "nr" in VmFlags, unless vm.overcommit_memory is 2.

Stacks, glibc nptl/allocatestack.c: one PROT_NONE mapping with MAP_STACK, all of it but the guard made
writable. Linux >= 6.7 turns MAP_STACK into VM_NOHUGEPAGE, "nh" (include/linux/mman.h calc_vm_flag_bits).
glibc >= 2.42 may use MADV_GUARD_INSTALL in place of a PROT_NONE guard; the kernel then shows "gu".
"""

from collections import Counter
from collections.abc import Sequence

from memwhy.account.claims import NATIVE_ARENAS, THREAD_STACKS, Claim, Claims
from memwhy.model.mapping import Mapping
from memwhy.model.units import GIB, KIB, MIB

ARENA_BYTES = 64 * MIB
_APART_BYTES = GIB
_DEFAULT_STACK_BYTES = 8 * MIB
_MOST_GUARD_BYTES = 64 * KIB  # one page of the largest page size; glibc's default guard is one page
_MOST_STACK_BYTES = 1024 * MIB

_ARENA = Claim(NATIVE_ARENAS, "64 MiB-aligned glibc arenas, reserved with MAP_NORESERVE")
_ARENA_BY_SHAPE = Claim(NATIVE_ARENAS, "64 MiB-aligned glibc arenas by shape alone", weak=True)


def is_plain(mapping: Mapping) -> bool:
    """A private anonymous mapping without a name, writable or reserved."""
    return not mapping.path and mapping.perms in ("rw-p", "---p")


def has_flag(mapping: Mapping, flag: str) -> bool:
    """Is a VmFlags mnemonic set? All are of two letters (show_smap_vma_flags), so none hides in another."""
    return flag in mapping.vm_flags


def is_apart(mappings: Sequence[Mapping], first: int, last: int) -> bool:
    """Does a stretch of mappings lie where the kernel, left to choose, would not have put it?

    It places each mapping next to those that are there: a gap of 1 GiB on both sides is somebody's wish.
    """
    below = mappings[first].start - mappings[first - 1].end if first else _APART_BYTES
    above = mappings[last + 1].start - mappings[last].end if last + 1 < len(mappings) else _APART_BYTES
    return below >= _APART_BYTES and above >= _APART_BYTES


def claim_arenas(mappings: Sequence[Mapping], taken: Claims) -> Claims:
    """Claim writable heaps that start at 64 MiB and whose reservation ends at 64 MiB.

    Full heaps of one arena lie side by side and are one mapping; the last one has the reserved tail.
    Without the mark of MAP_NORESERVE the shape alone decides: one heap with its tail, and not written in whole
    chunks of 4 MiB, which is how Go's runtime writes its own 64 MiB arenas.
    """
    claims: Claims = {}
    for index, mapping in enumerate(mappings):
        if mapping.perms != "rw-p" or mapping.path or mapping.start % ARENA_BYTES or index in taken:
            continue
        if has_flag(mapping, "nh"):
            continue  # MAP_NORESERVE and told not to use huge pages: a sanitizer's shadow, not an arena
        no_reserve = has_flag(mapping, "nr")
        claim = _ARENA if no_reserve else _ARENA_BY_SHAPE
        boundary = -(-mapping.end // ARENA_BYTES) * ARENA_BYTES
        if mapping.end == boundary:
            if no_reserve and not is_apart(mappings, index, index):
                claims[index] = claim
            continue
        tail = mappings[index + 1] if index + 1 < len(mappings) else None
        if tail is None or index + 1 in taken or not is_plain(tail) or tail.perms != "---p":
            continue
        if tail.start != mapping.end or has_flag(tail, "nr") != no_reserve:
            continue
        by_shape = mapping.size_bytes < ARENA_BYTES and mapping.end % (4 * MIB)
        if tail.end == boundary and (no_reserve or by_shape):
            claims[index] = claims[index + 1] = claim
    return claims


def claim_stacks(mappings: Sequence[Mapping], taken: Claims) -> Claims:
    """Claim writable mappings directly above a guard page.

    Sure where the kernel marks both as MAP_STACK, where the size is glibc's default of 8 MiB, or where
    three or more are alike; a guess where two are; a single one without a mark stays unclaimed.
    """
    guarded: list[tuple[int, int, bool]] = []  # index of the stack, its size, marked
    claims: Claims = {}
    for index, mapping in enumerate(mappings):
        if index in taken or mapping.path or mapping.perms not in ("rw-p", "rwxp"):
            continue
        if has_flag(mapping, "gu") and has_flag(mapping, "nh"):
            claims[index] = Claim(THREAD_STACKS, "mappings marked as stacks with guard regions")
            continue
        below = mappings[index - 1] if index else None
        if below is None or below.end != mapping.start or index - 1 in taken:
            continue
        if not is_plain(below) or below.perms != "---p" or has_flag(below, "nr"):
            continue
        if below.size_bytes <= _MOST_GUARD_BYTES and mapping.size_bytes <= _MOST_STACK_BYTES:
            marked = has_flag(below, "nh") and has_flag(mapping, "nh")
            guarded.append((index, mapping.size_bytes, marked))
    alike = Counter(size for _, size, _ in guarded)
    for index, size, marked in guarded:
        if marked:
            claim = Claim(THREAD_STACKS, "guard page below, marked MAP_STACK by the kernel")
        elif size == _DEFAULT_STACK_BYTES or alike[size] > 2:
            claim = Claim(THREAD_STACKS, "guard page below, of the default size or several alike")
        elif alike[size] == 2:
            claim = Claim(THREAD_STACKS, "guard page below, two alike", weak=True)
        else:
            continue
        claims[index] = claims[index - 1] = claim
    return claims
