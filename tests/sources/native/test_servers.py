"""What name servers, proxies and databases count of their own memory, and allocators' figures as servers print them."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.units import GIB, MIB
from memwhy.sources.native import caches, jemalloc, servers, tcmalloc
from memwhy.sources.page import read_page

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"


def figures(text: str) -> list[dict[str, int]]:
    return [dict(reading.metrics) for reading in servers.parse(text)]


def test_a_real_resolvers_caches_are_summed() -> None:
    (reading,) = servers.parse((EVIDENCE / "server-unbound.txt").read_text())
    assert (reading.metrics, reading.facts) == ({"cache.held_bytes": 2 * 66_072}, {"cache.name": "unbound"})


def test_a_real_backends_contexts_are_one_block_with_its_total() -> None:
    text = (EVIDENCE / "server-postgres.txt").read_text()
    (reading,) = servers.parse(text)
    assert reading.metrics == {"runtime.heap_committed_bytes": 1_649_824, "runtime.heap_used_bytes": 1_035_624}
    assert (reading.line, reading.last_line) == (2, 112)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mem.cache.rrset=1048576\nmem.cache.message=2097152\nmem.mod.iterator=16588\nrrset-cache-size: 2m\nmsg-cache-size: 2m", [{"cache.held_bytes": 3 * MIB, "cache.limit_bytes": 4 * MIB}]),
        ("mem.cache.rrset=5\nmem.cache.rrset=6", [{"cache.held_bytes": 5}, {"cache.held_bytes": 6}]),
        ("             700 cache tree memory in use\n             300 cache heap memory in use", [{"cache.held_bytes": 1000}]),
        ('"TreeMemInUse":7340032,\n"HeapMemInUse":1048576,', [{"cache.held_bytes": 8 * MIB}]),
        ("cache-bytes 123456\npacketcache-bytes 1\nreal-memory-usage=1048576", [{"process.rss_bytes": MIB}]),
        ("cache-bytes=123456\npacketcache-bytes=4\nreal-memory-usage=1048576", [{"cache.held_bytes": 123_460, "process.rss_bytes": MIB}]),
        ("SMA.s0.g_bytes      1048576      .   Bytes outstanding\nSMA.s0.g_space      3145728      .   Bytes available", [{"cache.held_bytes": MIB, "cache.limit_bytes": 4 * MIB}]),
        ("| memory/sql/TABLE | 9.50 GiB |\n| memory/innodb/buf_buf_pool | 1.50 GiB |", [{"cache.held_bytes": 3 * GIB // 2}]),
        ("| memory/innodb/buf_buf_pool   |   12 | 1048576 |", [{"cache.held_bytes": MIB}]),
        ("Grand total: 4096 bytes in 3 blocks; 96 free (1 chunks); 4000 used", [{"runtime.heap_committed_bytes": 4096, "runtime.heap_used_bytes": 4000}]),
        ("MemoryResident      2.00 GiB\nMemoryVirtual\t4294967296", [{"process.rss_bytes": 2 * GIB, "process.virtual_bytes": 4 * GIB}]),
        ('{ "bits" : 64, "resident" : 12, "virtual" : 34, "supported" : true }', [{"process.rss_bytes": 12 * MIB, "process.virtual_bytes": 34 * MIB}]),
        ("{\n  bits: 64,\n  resident: 12,\n  virtual: 34,\n  supported: true\n}", [{"process.rss_bytes": 12 * MIB, "process.virtual_bytes": 34 * MIB}]),
    ],
)  # fmt: skip
def test_every_server_has_its_words(text: str, found: list[dict[str, int]]) -> None:
    assert figures(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resident: 12, virtual: 34",
        "rrset-cache-size: 512m",
        "memory/innodb/buf_buf_pool is large",
        "the grand total: 5 apples",
        "memory in use",
        "mem.cache.rrset=cut",
    ],
)
def test_words_without_figures_or_bounds_alone_are_left_alone(text: str) -> None:
    assert list(servers.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        servers.parse(text)


def test_other_rows_of_a_table_of_instruments_are_nobodys_resident_size() -> None:
    page = "+------+------+\n| memory/innodb/buf_buf_pool | 1.50 GiB |\n| memory/sql/TABLE  | 900.00 MiB |\n+------+------+"
    assert [one.source for one in read_page(page.split("\n")).found] == ["native/servers"]


ENVOY = '{\n "allocated": "300",\n "heap_size": "2000",\n "pageheap_unmapped": "100",\n "pageheap_free": "1500",\n "total_thread_cache": "20"%s\n}'


def test_a_proxys_admin_page_is_tcmallocs() -> None:
    (reading,) = tcmalloc.parse(ENVOY % ',\n "total_physical_bytes": "1900"')
    assert reading.metrics == {
        "malloc.in_use_bytes": 300,
        "malloc.system_bytes": 2000,
        "malloc.retained_virtual_bytes": 100,
        "malloc.free_bytes": 1500,
        "malloc.tcache_bytes": 20,
        "malloc.resident_bytes": 1900,
    }
    assert reading.facts == {"malloc.allocator": "tcmalloc"}


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        (
            '"generic" : {\n "current_allocated_bytes" : NumberLong("300"),\n "heap_size" : NumberLong(2000)\n},\n"tcmalloc" : {\n "pageheap_free_bytes" : 1500,\n',
            {"malloc.in_use_bytes": 300, "malloc.system_bytes": 2000, "malloc.free_bytes": 1500},
        ),
        (
            "server.memory_allocated: 300\nserver.memory_heap_size: 2000\nserver.memory_physical_size: 1900",
            {"malloc.in_use_bytes": 300, "malloc.system_bytes": 2000, "malloc.resident_bytes": 1900},
        ),
        ("envoy_server_memory_allocated{} 300", {"malloc.in_use_bytes": 300}),
    ],
)
def test_its_properties_go_by_several_names(text: str, metrics: dict[str, int]) -> None:
    (reading,) = tcmalloc.parse(text)
    assert reading.metrics == metrics


def test_allocated_and_heap_size_alone_are_nobodys() -> None:
    assert list(tcmalloc.find(['{"allocated": "300",', '"heap_size": "2000"}'])) == []


@pytest.mark.parametrize(
    "text",
    [
        "jemalloc: allocated=1GiB active=1.1GiB resident=3GiB",
        '{"jemalloc": {"allocated": 1073741824, "resident": 3221225472}}',
        '{\n "allocated": 1073741824,\n "active": 1073741900,\n "metadata": 5,\n "resident": 3221225472\n}',
        "<jemalloc>: Allocated: 1073741824, active: 1073741900, resident: 3221225472",
        "jemalloc.resident   3.00 GiB\njemalloc.allocated  1.00 GiB",
        "after mallctl:\nallocated: 1073741824, resident: 3221225472",
        "allocated 1073741824, active 1073741900, resident 3221225472, retained 7",
    ],
)
def test_jemallocs_names_are_its_own_beside_its_name_or_all_together(text: str) -> None:
    (reading,) = jemalloc.parse(text)
    assert (reading.metrics["malloc.in_use_bytes"], reading.metrics["malloc.resident_bytes"]) == (GIB, 3 * GIB)


@pytest.mark.parametrize("text", ["allocated: 5 MB, active: 7 MB", '{"allocated": 5, "resident": 7}', "active: 3"])
def test_a_few_of_those_names_are_nobodys(text: str) -> None:
    assert list(jemalloc.find(text.split("\n"))) == []


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("used_memory_rss:4096\nmem_fragmentation_ratio:3.9", {"process.rss_bytes": 4096}),
        ("used_memory_human:2.00G\nused_memory_rss_human:8.00G", {"cache.held_bytes": 2 * GIB, "process.rss_bytes": 8 * GIB}),
        ("used_memory:7\nused_memory_human:7B", {"cache.held_bytes": 7, "malloc.in_use_bytes": 7}),
        ("block_cache_usage:4096\nmemtables[default]:100\nestimate_table_readers_mem: 4", {"cache.held_bytes": 4200}),
    ],
)  # fmt: skip
def test_a_stores_figures_are_read_though_others_are_missing(text: str, metrics: dict[str, int]) -> None:
    (reading,) = caches.parse(text)
    assert reading.metrics == metrics
