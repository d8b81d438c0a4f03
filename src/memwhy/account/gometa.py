"""Go's own mappings outside the arenas: page summaries, heap index, persistent chunks.

At its start the runtime reserves, PROT_NONE and one right after the other, the five levels of the page
summaries (128 KiB, 1, 8, 64 and 512 MiB for 48 address bits; mpagealloc_64bit.go sysInit) and the scavenge
index (mpagealloc_64bit.go; 512 MiB since 1.21), and writes a few pages of each. It maps the heap index of
32 MiB (malloc.go, "Allocate an L2 arena map"; in no statistic; since 1.21 told to use no huge pages or, from
1 GiB of heap on, to use them), persistent chunks of 256 KiB and more, which
the kernel places next to these and joins. All but the index are counted:

    writable bytes outside the arenas = Sys - (writable bytes of the arenas) + 32 MiB

up to the rounding of each to a page, little things that the runtime does not count (measured with 1.27: 375 KiB
beside 8.2 MiB), and growth between the two readings.
"""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import NamedTuple

from memwhy.account.claims import GO_OTHER, Claim, Claims
from memwhy.account.golang import runs
from memwhy.account.native import has_flag, is_plain
from memwhy.model.mapping import Mapping
from memwhy.model.units import KIB, MIB

INDEX_BYTES = 32 * MIB
_INDEX_TOUCHED_BYTES = 1 * MIB
"""The index has 8 bytes for each 64 MiB of 256 TiB: a process touches a few pages of it (one for each 32 GiB of heap),
so a mapping that is resident throughout does not hold it."""
_LEAST_RESERVATION_BYTES = 64 * KIB  # larger than any guard; the smallest summary level is 128 KiB
_LEAST_RESERVED_BYTES = 512 * MIB  # the last summary level alone
_ROUNDING_BYTES = 64 * KIB
_START_BYTES = 4 * MIB  # what a program without a heap has: profiling buckets 1.4, page index 1, persistent chunks

_INSIDE = Claim(GO_OTHER, "writable windows in the page summary reservations")
_INDEX = Claim(GO_OTHER, "heap index of 32 MiB beside the page summaries")
_BESIDE = "mappings joined to the page summaries"


class MetadataFound(NamedTuple):
    """The claims, their virtual size without the heap index, and Go's own count of it (None: not known)."""

    claims: Claims
    writable_bytes: int
    counted_bytes: int | None


def find_metadata(mappings: Sequence[Mapping], taken: Claims, go: Map[str, int] | None, alone: bool) -> MetadataFound:
    """Claim Go's metadata; alone: no library is mapped.

    A mapping that is larger than what Go can own is left alone, even when a part of it is Go's. Without
    Go's own count that is what the runtime starts with: the more that a large heap needs stays unclaimed,
    rather than that a mapping of somebody else is called Go's.
    """
    counted = _counted(go)
    allowed = _START_BYTES if counted is None else counted + counted // 16 + _ROUNDING_BYTES
    claims: Claims = {}
    room = allowed
    clusters = _clusters(mappings, taken)
    for index in [i for cluster in clusters for i in cluster]:
        if mappings[index].perms == "---p":
            claims[index] = _INSIDE
    # the kernel places each new mapping below the last: what lies higher is older, and the runtime's own are the oldest
    for index, inside in sorted(_writable(mappings, clusters), key=lambda item: (not item[1], -item[0])):
        size = mappings[index].size_bytes
        may_hold_index = size - (mappings[index].rss_bytes or 0) >= INDEX_BYTES - _INDEX_TOUCHED_BYTES
        if size == INDEX_BYTES and (has_flag(mappings[index], "nh") or has_flag(mappings[index], "hg")):
            claims[index] = _INDEX
        elif size <= room:
            claims[index] = _INSIDE if inside else Claim(GO_OTHER, _BESIDE, weak=counted is None)
            room -= size
        elif may_hold_index and _INDEX not in claims.values() and INDEX_BYTES <= size <= room + INDEX_BYTES:
            claims[index] = Claim(GO_OTHER, f"{_BESIDE}, the heap index included", weak=counted is None)
            room -= size - INDEX_BYTES
    if clusters and counted is not None:
        rest = _rest(mappings, taken, claims, room, alone)
        room -= sum(mappings[index].size_bytes for index in rest)
        claims |= rest
    return MetadataFound(claims, allowed - room, counted)


def _counted(go: Map[str, int] | None) -> int | None:
    if not go or "go.sys_bytes" not in go or "go.heap_sys_bytes" not in go:
        return None
    return max(0, go["go.sys_bytes"] - go["go.heap_sys_bytes"] - go.get("go.stack_inuse_bytes", 0))


def _is_reservation(mapping: Mapping) -> bool:
    return mapping.perms == "---p" and mapping.size_bytes >= _LEAST_RESERVATION_BYTES and not has_flag(mapping, "nh")


def _clusters(mappings: Sequence[Mapping], taken: Claims) -> list[range]:
    """The runs with reservations in them, if together they reserve what the page summaries need."""
    clusters = []
    reserved = 0
    for run in runs(mappings, taken):
        here = sum(mappings[i].size_bytes for i in run if _is_reservation(mappings[i]))
        if here:
            first = next(i for i in run if _is_reservation(mappings[i]))
            last = next(i for i in reversed(run) if _is_reservation(mappings[i]))
            clusters.append(_with_rims(mappings, run, first, last))
            reserved += here
    return clusters if reserved >= _LEAST_RESERVED_BYTES else []


def _with_rims(mappings: Sequence[Mapping], run: range, first: int, last: int) -> range:
    """From the writable mappings right below the first reservation to those right above the last."""
    while first > run.start and mappings[first - 1].perms == "rw-p":
        first -= 1
    while last + 1 < run.stop and mappings[last + 1].perms == "rw-p":
        last += 1
    return range(first, last + 1)


def _writable(mappings: Sequence[Mapping], clusters: Sequence[range]) -> list[tuple[int, bool]]:
    """The writable mappings of the clusters, and whether each lies between two reservations."""
    found = []
    for cluster in clusters:
        reserved = [i for i in cluster if mappings[i].perms == "---p"]
        found += [(i, reserved[0] < i < reserved[-1]) for i in cluster if mappings[i].perms == "rw-p"]
    return found


def _rest(mappings: Sequence[Mapping], taken: Claims, claims: Claims, room: int, alone: bool) -> Claims:
    """All other anonymous mappings, if together they are just what Go still counts.

    In a program without libraries nobody else maps memory unless it asks the kernel itself, so less will do.
    """
    rest = [
        i
        for i, mapping in enumerate(mappings)
        if i not in taken
        and i not in claims
        and is_plain(mapping)
        and mapping.perms == "rw-p"
        and not has_flag(mapping, "nr")
    ]
    total = sum(mappings[i].size_bytes for i in rest)
    if total > room or (not alone and total < room - 2 * _ROUNDING_BYTES):
        return {}
    claim = Claim(GO_OTHER, "all other anonymous mappings, which together are what Go counts")
    return dict.fromkeys(rest, claim)
