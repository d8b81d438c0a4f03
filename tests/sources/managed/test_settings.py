"""Bounds that somebody has set, in every dress."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.sources.managed import settings
from memwhy.sources.span import Span

MIB, GIB = 1 << 20, 1 << 30


def bounds(text: str) -> tuple[dict[str, int], dict[str, str]]:
    readings = settings.parse(text)
    metrics = {name: value for reading in readings for name, value in reading.metrics.items()}
    return metrics, {name: value for reading in readings for name, value in reading.facts.items()}


@pytest.mark.parametrize(
    ("text", "metrics", "facts"),
    [
        ("java -Xms1g -Xmx4g -jar shop.jar", {"runtime.heap_limit_bytes": 4 * GIB}, {"said.runtime": "jvm"}),
        ('JAVA_OPTS="-XX:MaxHeapSize=536870912"', {"runtime.heap_limit_bytes": 512 * MIB}, {"said.runtime": "jvm"}),
        ("-XX:MaxRAMPercentage=75.0 -jar a.jar", {}, {"jvm.max_ram_percentage": "75.0", "said.runtime": "jvm"}),
        ("> node `--max-old-space-size=4096` server.js", {"runtime.heap_limit_bytes": 4 * GIB}, {"said.runtime": "node"}),
        ('CMD ["node", "--max_old_space_size", "512"]', {"runtime.heap_limit_bytes": 512 * MIB}, {"said.runtime": "node"}),
        ("ENV GOMEMLIMIT=2750MiB", {"go.memory_limit_bytes": 2750 * MIB}, {"env.GOMEMLIMIT": "2750MiB"}),
        ("We run it with GOMEMLIMIT of 2GiB and GOGC=off.", {"go.memory_limit_bytes": 2 * GIB}, {"env.GOMEMLIMIT": "2GiB", "env.GOGC": "off"}),
        ("  GOGC: \"50\"", {}, {"env.GOGC": "50"}),
        ("        - name: GOGC\n          value: \"50\"", {}, {"env.GOGC": "50"}),
        ("- name: NODE_OPTIONS\n  value: --max-old-space-size=300", {"runtime.heap_limit_bytes": 300 * MIB}, {"said.runtime": "node"}),
        ("debug.SetGCPercent(20)", {}, {"env.GOGC": "20"}),
        ("debug.SetMemoryLimit(2 << 30)", {"go.memory_limit_bytes": 2 * GIB}, {}),
        ("innodb_buffer_pool_size = 8G", {"cache.limit_bytes": 8 * GIB}, {"cache.name": "innodb"}),
        ("| innodb_buffer_pool_size | 134217728 |", {"cache.limit_bytes": 128 * MIB}, {"cache.name": "innodb"}),
        ("| innodb_buffer_pool_size      |     8589934592 |", {"cache.limit_bytes": 8 * GIB}, {"cache.name": "innodb"}),
        ("      cacheSizeGB: 1.5", {"cache.limit_bytes": 3 * GIB // 2}, {"cache.name": "wiredtiger"}),
        ("mongod --wiredTigerCacheSizeGB 4", {"cache.limit_bytes": 4 * GIB}, {"cache.name": "wiredtiger"}),
        ("maxmemory 512mb", {"cache.limit_bytes": 512 * MIB}, {"cache.name": "redis"}),
        ("SET memory_limit='4GB';", {"cache.limit_bytes": 4 * GIB}, {"cache.name": "duckdb"}),
        ("opts.SetBlockCache(gorocksdb.NewLRUCache(3 << 30))", {"cache.limit_bytes": 3 * GIB}, {"cache.name": "rocksdb"}),
        ("std::shared_ptr<Cache> c = NewLRUCache(8 * 1024 * 1024 * 1024);", {"cache.limit_bytes": 8 * GIB}, {"cache.name": "rocksdb"}),
        ("opts.WithBlockCacheSize(256 << 20).WithIndexCacheSize(100 << 20)", {"cache.limit_bytes": 356 * MIB}, {"cache.name": "badger"}),
        ("HardMaxCacheSize: 8192,", {"cache.limit_bytes": 8 * GIB}, {"cache.name": "bigcache"}),
        ("c := freecache.NewCache(100 * 1024 * 1024)", {"cache.limit_bytes": 100 * MIB}, {"cache.name": "freecache"}),
        ("MaxCost: 1 << 30,", {"cache.limit_bytes": GIB}, {"cache.name": "ristretto"}),
        ("file:app.db?_cache_size=-64000&_journal=WAL", {"cache.limit_bytes": 64_000 * 1024}, {"cache.name": "sqlite"}),
        ("cockroach start --cache=25% --store=/d", {}, {"said.held": "--cache=25%"}),
        ("it runs with `--cache=.3`.", {}, {"said.held": "--cache=.3"}),
        ("We run with -Xmx4g. Why does it need more?", {"runtime.heap_limit_bytes": 4 * GIB}, {"said.runtime": "jvm"}),
        ("cockroach start --cache=4GiB --store=/d", {"cache.limit_bytes": 4 * GIB}, {"cache.name": "cockroach"}),
        ("geth --syncmode snap --cache 4096", {"cache.limit_bytes": 4 * GIB}, {"cache.name": "geth"}),
    ],
)  # fmt: skip
def test_a_bound_is_read_in_every_dress(text: str, metrics: dict[str, int], facts: dict[str, str]) -> None:
    assert bounds(text) == (metrics, facts)
    assert list(settings.find(["Hello", *text.split("\n")])) == [Span(first=1, last=1 + text.count("\n"))]


@pytest.mark.parametrize(
    "line",
    [
        "You could try GOGC=50.",
        "Does -Xmx4g help?",
        "I would set GOMEMLIMIT=2GiB",
        "with GOGC=50 and later GOGC=200 it was the same",
        "the default is GOGC=100",
        "GOGC",
        "-Xmx is not set",
        "MaxCost: 10,",
        "NewLRUCache(size)",
        "NewLRUCache(8 * kMiB)",
        "gc 12 @8.5s",
        "--cache-from type=gha",
    ],
)
def test_advice_questions_and_names_set_nothing(line: str) -> None:
    assert list(settings.find([line])) == []
    with pytest.raises(ParseError):
        settings.parse(line)


def test_what_stands_with_two_values_was_tried_out() -> None:
    assert list(
        settings.find(["run 1: GOGC=50", "500 MB", "run 2: GOGC=200", "900 MB", "java -Xmx1g", "-Xmx1024m"])
    ) == [
        Span(first=4, last=4),
        Span(first=5, last=5),
    ]


@given(st.text("GOGMLIT=-Xmx0123456789gGiB<* :\n", max_size=200))
def test_any_text_gives_bounds_or_a_parse_error(text: str) -> None:
    try:
        readings: tuple[Reading, ...] = settings.parse(text)
    except ParseError:
        return
    assert {name for reading in readings for name in reading.metrics} <= set(REGISTRY)


def test_ten_megabytes_of_hostile_text_are_done_in_seconds() -> None:
    chance = random.Random(5)
    words = [word.decode() for word in settings.TRIGGERS]
    kinds = [
        lambda w: w * (1000 // len(w)),
        lambda w: f"{w}=" + "1 << " * 300,
        lambda w: f"geth {w} " * 60,
        lambda w: f"{w} " + " " * 900 + "9",
    ]
    lines = [chance.choice(kinds)(chance.choice(words)) for _ in range(10_500)]
    before = time.process_time()
    list(settings.find(lines))
    assert time.process_time() - before < 20
