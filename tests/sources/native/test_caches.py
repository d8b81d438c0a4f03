"""What libraries and databases say of their own caches."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.native import caches
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"
MIB = 1 << 20


def figures(text: str) -> list[dict[str, int]]:
    return [
        {metric.removeprefix("cache."): value for metric, value in reading.metrics.items()}
        for reading in caches.parse(text)
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("rocksdb", [{"limit_bytes": 33_554_432, "held_bytes": 19_807_027 + 1_574_912 + 119_509}]),
        ("rocksdb-stats", [{"limit_bytes": 33_554_432, "held_bytes": 82}]),
        ("leveldb", [{"held_bytes": 3_755_160}]),
        ("innodb", [{"limit_bytes": 100_663_296, "held_bytes": 1462 * 16_384}]),
        ("sqlite", [{"held_bytes": 2_125_728}]),
        ("sqlite-pragma", [{"limit_bytes": 2_048_000}, {"limit_bytes": 65_536_000}]),
        ("duckdb", [{"held_bytes": 262_144, "limit_bytes": 199_963_443}, {"held_bytes": 17_406_362, "limit_bytes": 19_922_944}]),
        (
            "redis",
            [{"held_bytes": 24_208_864, "malloc.in_use_bytes": 24_208_864, "limit_bytes": 67_108_864, "process.rss_bytes": 36_691_968, "host.total_bytes": 25_276_514_304}],
        ),
    ],
)  # fmt: skip
def test_real_outputs_say_what_is_held_and_what_may_be(name: str, found: list[dict[str, int]]) -> None:
    assert figures((EVIDENCE / f"cache-{name}.txt").read_text()) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rocksdb_block_cache_usage 1.073741824e+09", [{"held_bytes": 1 << 30}]),
        ('"rocksdb.block-cache-usage": "2147483648",', [{"held_bytes": 2 << 30}]),
        ("Block cache LRUCache@0x7f3c#77 capacity: 8.00 GB usage: 7.95 GB table_size: 64", [{"limit_bytes": 8 << 30, "held_bytes": 8_536_247_501}]),
        ("Block cache LRUCache@0x7f3c capacity: 8.00 MB collections: 2 last_copies: 0", [{"limit_bytes": 8 * MIB}]),
        ('"bytes currently in the cache" : NumberLong("4123456789"),\n"maximum bytes configured" : 4294967296,', [{"held_bytes": 4_123_456_789, "limit_bytes": 4 << 30}]),
        ("'bytes currently in the cache': Long('512'),", [{"held_bytes": 512}]),
        ("Total memory allocated 8791261184; in additional pool allocated 0\nBuffer pool size        524224", [{"limit_bytes": 8_791_261_184}]),
        ("Innodb_buffer_pool_bytes_data | 1048576 |", [{"held_bytes": MIB}]),
        ("| Innodb_buffer_pool_pages_data | 64 |", [{"held_bytes": MIB}]),
        ("PRAGMA cache_size=-20000;", [{"limit_bytes": 20_000 * 1024}]),
        ("sqlite> PRAGMA page_size;\n8192\nsqlite> PRAGMA cache_size;\n1000", [{"limit_bytes": 8_192_000}]),
        ("sqlite3_memory_used(): 734003200", [{"held_bytes": 700 * MIB}]),
        ("Out of Memory Error: failed to pin block of size 256.0 KiB (1.5 GiB/1.6 GiB used)", [{"held_bytes": 3 << 29, "limit_bytes": 1_717_986_918}]),
        ("STAT bytes 61440000\nSTAT limit_maxbytes 67108864", [{"held_bytes": 61_440_000, "limit_bytes": 64 * MIB}]),
        ("Key Cache              : entries 1200, size 64 MiB, capacity 100 MiB, 5 hits\nChunk Cache            : entries 7680, size 480 MiB, capacity 480 MiB", [{"held_bytes": 544 * MIB, "limit_bytes": 580 * MIB}]),
        ('vm_cache_size_bytes{type="indexdb/dataBlocks"} 1048576\nvm_cache_size_bytes{type="storage/tsid"} 2097152', [{"held_bytes": 3 * MIB}]),
        ("Block cache: 12K entries (66MB)  hit rate: 98.2%\nMemtables: 1 (4MB)  zombie: 0 (0B)", [{"held_bytes": 70 * MIB}]),
        ('{"Bytes":123456,"Items":7,"Gets":9,"Hits":2,"Evictions":0}', [{"held_bytes": 123_456}]),
        ("hit: 8 miss: 2 keys-added: 9 keys-updated: 0 keys-evicted: 1 cost-added: 900 cost-evicted: 100 gets-total: 10", [{"held_bytes": 800}]),
        ("fastcache.Stats{EntriesCount: 3, BytesSize: 4096, MaxBytesSize: 8192}", [{"held_bytes": 4096, "limit_bytes": 8192}]),
        ("weightedSize=536870912", [{"held_bytes": 512 * MIB}]),
        ("LocalOffHeapSizeInBytes = 1048576", [{"held_bytes": MIB}]),
        ("MarkCacheBytes\t5368709120", [{"held_bytes": 5 << 30}]),
    ],
)  # fmt: skip
def test_every_product_has_its_words(text: str, found: list[dict[str, int]]) -> None:
    assert figures(text) == found


def test_outputs_that_come_again_are_a_series_and_a_bound_of_none_is_none() -> None:
    text = "used_memory:100000\nmaxmemory:0\n\nan hour later\n\nused_memory:200000\nmaxmemory:0"
    assert figures(text) == [
        {"held_bytes": 100_000, "malloc.in_use_bytes": 100_000},
        {"held_bytes": 200_000, "malloc.in_use_bytes": 200_000},
    ]
    assert list(caches.find(text.split("\n"))) == [Span(first=0, last=1), Span(first=5, last=6)]


def test_one_cache_that_every_column_family_prints_is_counted_once() -> None:
    line = "Block cache LRUCache@0x7f3c#77 capacity: 8.00 GB usage: 2.00 GB table_size: 64"
    assert figures(f"** DB Stats **\n{line}\n\n** other **\n{line}") == [
        {"limit_bytes": 8 << 30, "held_bytes": 2 << 30}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "the block cache is large",
        "we set maxmemory to something",
        "Innodb_buffer_pool_pages_data 12.5",
        "| memory_usage | memory_limit |\n| high | none |",
        "PRAGMA journal_mode;\n5",
        "Old database pages 519",
        "failed to allocate (2 of 3 used)",
        "Goroutines: 5 entries (2)",
    ],
)
def test_words_without_figures_are_left_alone(text: str) -> None:
    assert list(caches.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        caches.parse(text)
