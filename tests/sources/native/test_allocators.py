"""Allocators' own statistics: glibc, jemalloc, tcmalloc."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.native import jemalloc, malloc_info, malloc_stats, tcmalloc

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"
GLIBC = {"malloc.allocator": "glibc", "said.libc": "glibc"}
JEMALLOC = {
    "malloc.in_use_bytes": 1786656,
    "malloc.active_bytes": 2134016,
    "malloc.resident_bytes": 7872512,
    "malloc.retained_virtual_bytes": 552960,
}


def test_malloc_info_gives_the_sums_behind_its_arenas() -> None:
    assert malloc_info.parse((EVIDENCE / "malloc_info.xml").read_text()) == (
        Reading(
            metrics={
                "malloc.system_bytes": 1404928,
                "malloc.free_bytes": 70368,
                "malloc.in_use_bytes": 1334560,
                "malloc.mmapped_bytes": 3149824,
                "malloc.mmapped_count": 1,
                "malloc.arenas_count": 1,
            },
            facts=GLIBC,
            line=1,
            last_line=15,
        ),
    )


def test_malloc_info_on_one_line_and_escaped_is_read() -> None:
    text = (EVIDENCE / "malloc_info.xml").read_text().replace("\n", "")
    assert malloc_info.parse(text)[0].metrics["malloc.system_bytes"] == 1404928
    escaped = text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert malloc_info.parse(escaped)[0].metrics == malloc_info.parse(text)[0].metrics


def test_malloc_info_that_is_cut_off_is_of_its_whole_arenas() -> None:
    heap = '<heap nr="{0}">\n<total type="fast" count="1" size="10"/>\n<total type="rest" count="1" size="30"/>\n<system type="current" size="1000"/>\n</heap>\n'
    (reading,) = malloc_info.parse(
        '<malloc version="1">\n' + heap.format(0) + heap.format(1) + '<heap nr="2">\n<total type="fa'
    )
    assert reading.metrics == {
        "malloc.system_bytes": 2000,
        "malloc.free_bytes": 80,
        "malloc.in_use_bytes": 1920,
        "malloc.arenas_count": 3,
    }
    assert reading.notes == ("malloc_info is cut off: the sums are of 2 whole arenas and the least",)


def test_malloc_stats_tells_mapped_blocks_from_its_total() -> None:
    assert malloc_stats.parse((EVIDENCE / "malloc_stats.txt").read_text()) == (
        Reading(
            metrics={
                "malloc.system_bytes": 1404928,
                "malloc.in_use_bytes": 1330448,
                "malloc.free_bytes": 74480,
                "malloc.arenas_count": 1,
                "malloc.mmapped_bytes": 3149824,
            },
            facts=GLIBC,
            line=1,
            last_line=8,
        ),
    )


def test_mallinfo_is_read_from_a_print_and_from_a_log_with_units() -> None:
    assert malloc_stats.parse((EVIDENCE / "mallinfo.txt").read_text())[0].metrics == {
        "malloc.system_bytes": 1404928,
        "malloc.mmapped_count": 1,
        "malloc.mmapped_bytes": 3149824,
        "malloc.in_use_bytes": 1330448,
        "malloc.free_bytes": 74480,
    }
    (reading,) = malloc_stats.parse(
        "mallinfo: ordblks=1.6 KiB, hblks=0 B, hblkhd=0 B, uordblks=980 MiB, fordblks=1.5 GiB, keepcost=10 KiB"
    )
    assert reading.metrics == {
        "malloc.mmapped_count": 0,
        "malloc.mmapped_bytes": 0,
        "malloc.in_use_bytes": 980 * MIB,
        "malloc.free_bytes": 3 * GIB // 2,
    }
    assert reading.quanta == {"malloc.in_use_bytes": MIB, "malloc.free_bytes": GIB // 10}


def test_mallinfo_with_its_fields_in_brackets_is_read() -> None:
    (reading,) = malloc_stats.parse(
        "Total non-mmapped bytes (arena):       9000\n# of mapped regions (hblks):           0\n"
        "Total allocated space (uordblks):      7000\nTotal free space (fordblks):           2000"
    )
    assert reading.metrics == {
        "malloc.system_bytes": 9000,
        "malloc.mmapped_count": 0,
        "malloc.in_use_bytes": 7000,
        "malloc.free_bytes": 2000,
    }


def test_log_lines_of_mallinfo_are_a_series_with_times() -> None:
    line = 'time="2026-01-31T10:00:{0}Z" uordblks={1} fordblks=5\n'
    readings = malloc_stats.parse(line.format("00", 100) + line.format("10", 200))
    assert [r.metrics["malloc.in_use_bytes"] for r in readings] == [100, 200]
    assert [r.wall_ns for r in readings] == [1769853600 * 10**9, 1769853610 * 10**9]


@pytest.mark.parametrize("name", ["jemalloc.txt", "jemalloc.json"])
def test_jemallocs_text_and_json_say_the_same(name: str) -> None:
    (reading,) = jemalloc.parse((EVIDENCE / name).read_text())
    assert (reading.metrics, reading.facts) == (JEMALLOC, {"malloc.allocator": "jemalloc"})


@pytest.mark.parametrize(
    "text",
    [
        "stats.allocated: 1.0 GB, stats.resident: 3 GB",
        "jemalloc.stats.allocated=1GiB jemalloc.stats.resident=3GiB",
        "jemalloc_allocated_bytes 1073741824\njemalloc_resident_bytes 3221225472",
        "allocator_allocated:1073741824\nallocator_resident:3221225472",
        "Allocated: 1073741824, active: 1073741824, metadata: 5, resident: 3221225472, mapped: 9",
    ],
)
def test_jemallocs_figures_are_read_in_many_clothings(text: str) -> None:
    (reading,) = jemalloc.parse(text)
    assert (reading.metrics["malloc.in_use_bytes"], reading.metrics["malloc.resident_bytes"]) == (GIB, 3 * GIB)


def test_tcmallocs_table_sums_its_free_lists() -> None:
    assert tcmalloc.parse((EVIDENCE / "tcmalloc.txt").read_text()) == (
        Reading(
            metrics={
                "malloc.in_use_bytes": 1416664,
                "malloc.free_bytes": 3563520 + 251304 + 11392,
                "malloc.tcache_bytes": 11392,
                "malloc.resident_bytes": 7864320,
                "malloc.retained_virtual_bytes": 0,
            },
            facts={"malloc.allocator": "tcmalloc"},
            line=2,
            last_line=16,
        ),
    )


@pytest.mark.parametrize("module", [malloc_info, malloc_stats, jemalloc, tcmalloc], ids=lambda module: module.NAME)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "we use jemalloc 5.3",
        "arena: 5 MB",
        "allocated: 5 MB",
        "MALLOC: 5",
        "<malloc",
        "system bytes",
        "active: 7",
        str(KIB),
    ],
)
def test_what_is_no_statistic_of_theirs_is_refused(module: object, text: str) -> None:
    assert list(module.find(text.split("\n"))) == []  # type: ignore[attr-defined]
    with pytest.raises(ParseError):
        module.parse(text)  # type: ignore[attr-defined]
