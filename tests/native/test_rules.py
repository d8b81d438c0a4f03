"""Every function of the malloc and mmap families, counted once: with a period of one byte all figures are exact."""

import pytest
from native_programs import built, sampled

from memwhy.native.snapshot import Snapshot

PAGE = 4096


def after(name: str) -> Snapshot:
    """The tables when the program has done one thing; it must live on, and end well."""
    with sampled([built("rules"), name]) as running:
        assert running.line() == b"ready\n"
        found = running.snapshot()
        assert running.end() == 0
    assert (found.lost_samples, found.missed_regions, found.skipped) == (0, 0, 0)
    return found


def held(found: Snapshot, kind: str) -> list[tuple[int, int]]:
    """(outstanding bytes, how many) of each stack that holds something."""
    return sorted(
        (stack.outstanding_bytes, stack.outstanding_count)
        for stack in found.stacks
        if stack.kind == kind and stack.samples
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("malloc", [(1000, 1)]),
        ("freed", []),
        ("free_null", []),
        ("large", [(300_000, 1)]),
        ("calloc", [(5000, 1)]),
        ("calloc_large", [(1_000_000_000, 1)]),
        ("calloc_overflow", []),
        ("realloc_null", [(700, 1)]),
        ("realloc_zero", []),
        ("realloc_moved", [(100, 1), (9000, 1)]),
        ("realloc_shrunk", [(500, 1)]),
        ("realloc_mapped", [(64_000_000, 1)]),
        ("realloc_failed", [(700, 1)]),
        ("reallocarray", [(2000, 1)]),
        ("aligned", [(200, 1), (200, 1), (2000, 10), (2000, 10), (2000, 10)]),
        ("errno_kept", []),
        ("malloc_failed", []),
    ],
)
def test_what_malloc_holds_is_counted_once(name: str, expected: list[tuple[int, int]]) -> None:
    found = after(name)
    assert held(found, "malloc") == expected
    assert sum(stack.allocated_bytes - stack.freed_bytes for stack in found.stacks) == sum(size for size, _ in expected)


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("mmap", [10]),
        ("reserved", []),
        ("munmap_all", []),
        ("munmap_start", [7]),
        ("munmap_end", [7]),
        ("munmap_middle", [2, 3]),
        ("munmap_several", [5, 5]),
        ("munmap_refused", [10]),
        ("fixed_over", [2, 4, 4]),
        ("fixed_reserve", [6]),
        ("mremap_grown", [50]),
        ("mremap_shrunk", [4]),
        ("mremap_fixed", [3, 3, 4]),
        ("many_mappings", [7]),
    ],
)
def test_what_mmap_holds_is_known_page_by_page(name: str, pages: list[int]) -> None:
    found = after(name)
    assert sorted(region.bytes for region in found.regions) == [count * PAGE for count in pages]
    mappings = [stack for stack in found.stacks if stack.kind == "mmap"]
    assert sum(stack.outstanding_bytes for stack in mappings) == sum(pages) * PAGE
    assert sum(stack.allocated_bytes - stack.freed_bytes for stack in mappings) == sum(pages) * PAGE
    assert held(found, "malloc") == []


def test_a_buffer_that_only_grows_keeps_its_age() -> None:
    with sampled([built("rules"), "realloc_waited"]) as running:
        assert running.line() == b"held\n"
        while oldest_s(running.snapshot()) < 0.1:
            pass
        running.tell()
        assert running.line() == b"ready\n"
        grown = running.snapshot()
        assert running.end() == 0
    assert held(grown, "malloc") == [(900_000, 1)]
    assert oldest_s(grown) >= 0.1


def oldest_s(found: Snapshot) -> float:
    """Of the one stack that holds something."""
    (age_s,) = (stack.oldest_s for stack in found.stacks if stack.oldest_s is not None)
    return age_s
