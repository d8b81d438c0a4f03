"""The account: rules in a fixed order, each claims what is left; the sum is exact by construction."""

from collections.abc import Mapping as Map
from collections.abc import Sequence

from memwhy.account.checks import check_go_heap, check_go_metadata, check_go_resident, check_total
from memwhy.account.claims import (
    FILE_CODE,
    FINE_LAYERS,
    GO_HEAP,
    GO_LAYERS,
    Claim,
    Claims,
    sum_layers,
)
from memwhy.account.golang import HeapFound, find_heap
from memwhy.account.gometa import MetadataFound, find_metadata
from memwhy.account.named import claim_named
from memwhy.account.native import claim_arenas, claim_stacks
from memwhy.model.account import Account, Check, Layer
from memwhy.model.mapping import Mapping

_COARSE = (
    ("layer.all_anonymous_bytes", "process.rss_anon_bytes", "status RssAnon"),
    ("layer.all_files_bytes", "process.rss_file_bytes", "status RssFile"),
    ("layer.all_shared_bytes", "process.rss_shmem_bytes", "status RssShmem"),
)


def account(
    mappings: Sequence[Mapping], *, total_bytes: int | None, go: Map[str, int] | None, facts: Map[str, str]
) -> Account:
    """The layers of one smaps snapshot: every resident byte in exactly one.

    total_bytes: RSS by smaps_rollup or status, read beside; None: the sum itself stands, remainder 0.
    go: the go.* metrics of MemStats near that moment, if known. facts: "process.exe" and "go.version" are used;
    without "go.version", go or names that say so, no layer is Go's. Mappings may come in any order.
    """
    ordered, claims, heap, metadata = claim_all(mappings, go, facts)
    is_go = heap is not None
    always = [metric for metric in FINE_LAYERS if is_go or metric not in GO_LAYERS]
    layers = sum_layers(ordered, claims, always)
    held = sum(layer.bytes for layer in layers)
    checks = _checks(layers, held, total_bytes, go, heap, metadata)
    total = held if total_bytes is None else total_bytes
    return Account(total_bytes=total, layers=layers, unaccounted_bytes=total - held, fine=True, checks=checks)


def claim_all(
    mappings: Sequence[Mapping], go: Map[str, int] | None, facts: Map[str, str]
) -> tuple[list[Mapping], Claims, HeapFound | None, MetadataFound | None]:
    """The mappings by address, who has which, and what was found of Go's heap and metadata (None: no Go)."""
    ordered = sorted(mappings, key=_order)
    claims = claim_named(ordered, facts.get("process.exe"))
    named_heap = sum(ordered[i].size_bytes for i, c in claims.items() if c.metric == GO_HEAP and _writable(ordered[i]))
    by_name = any(claim.metric in GO_LAYERS for claim in claims.values())
    is_go = bool(facts.get("go.version") or go or by_name)
    heap: HeapFound | None = None
    metadata: MetadataFound | None = None
    if is_go:
        heap = find_heap(ordered, claims, go, named_heap)
        claims |= heap.claims
    claims |= claim_arenas(ordered, claims)
    if is_go and not by_name:
        metadata = find_metadata(ordered, claims, go, not _has_libraries(ordered, claims))
        claims |= metadata.claims
    claims |= claim_stacks(ordered, claims)
    return ordered, claims, heap, metadata


def coarse(metrics: Map[str, int]) -> Account:
    """The layers that /proc/PID/status alone can tell: anonymous, files, shared memory.

    metrics: process.rss_anon_bytes, _file_, _shmem_ as far as known (Linux >= 4.5), and process.rss_bytes as the
    total; without it their sum.
    """
    layers = tuple(
        Layer(metric=layer, bytes=metrics[metric], virtual_bytes=0, claimed_by=source)
        for layer, metric, source in _COARSE
        if metric in metrics
    )
    held = sum(layer.bytes for layer in layers)
    known = metrics.get("process.rss_bytes")
    checks = () if known is None or not layers else (check_total(held, known, "RssAnon + RssFile + RssShmem", "VmRSS"),)
    total = held if known is None else known
    return Account(total_bytes=total, layers=layers, unaccounted_bytes=total - held, fine=False, checks=checks)


def _order(mapping: Mapping) -> tuple[int, int, str, str, int, int, int, int, int]:
    resident = mapping.rss_bytes or 0
    numbers = (mapping.inode, mapping.offset, resident, mapping.anonymous_bytes, mapping.swap_bytes)
    return (mapping.start, mapping.end, mapping.path, mapping.perms + mapping.vm_flags, *numbers)


def _writable(mapping: Mapping) -> bool:
    return mapping.perms[1:2] == "w"


def _has_libraries(mappings: Sequence[Mapping], claims: Claims) -> bool:
    """Is any module mapped besides the program?"""
    modules = {mappings[i].path for i, claim in claims.items() if _of_module(claim) and mappings[i].path}
    return len(modules) > 1


def _of_module(claim: Claim) -> bool:
    return FILE_CODE in (claim.metric, claim.rest_metric)


def _checks(
    layers: tuple[Layer, ...],
    held: int,
    total_bytes: int | None,
    go: Map[str, int] | None,
    heap: HeapFound | None,
    metadata: MetadataFound | None,
) -> tuple[Check, ...]:
    found = []
    if total_bytes is not None:
        found.append(check_total(held, total_bytes, "sum of smaps Rss", "the kernel's total"))
    if heap is not None:
        found.append(check_go_heap(heap))
        if metadata is not None and metadata.counted_bytes is not None:
            found.append(check_go_metadata(metadata))
        resident = sum(layer.bytes for layer in layers if layer.metric in GO_LAYERS)
        if go and "go.sys_bytes" in go:
            found.append(check_go_resident(resident, go["go.sys_bytes"], go.get("go.heap_released_bytes", 0)))
    return tuple(found)
