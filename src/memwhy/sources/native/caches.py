"""What libraries and databases say that their own caches hold and may hold.

RocksDB, LevelDB, Pebble, WiredTiger, InnoDB, SQLite, DuckDB, Redis, memcached, Cassandra, VictoriaMetrics, ClickHouse and Go's
groupcache, fastcache and ristretto. Parts of one product at one moment are summed: RocksDB's block cache, memtables and
table readers (rocksdb/db.h, DB::Properties); a part that comes again begins the next moment. InnoDB counts in pages,
of 16 KiB unless configured otherwise; SQLite's cache_size is of one connection, KiB where negative (sqlite.org/pragma.html).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.native.lines import DECIMAL, LONGEST, bare, measure, stretches
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "native/caches"
_PRODUCTS = {
    "rocksdb": ("block-cache-", "block_cache_", "block cache ", "all-mem-tables", "all_mem_tables", "table-readers-mem", "table_readers_mem", "memtables[", "kcachetotal", "kmemtabletotal", "ktablereaderstotal"),
    "leveldb": ("leveldb.approx",),
    "pebble": ("block cache: ", "memtables: "),
    "wiredtiger": ("in the cache", "maximum bytes configured"),
    "innodb": ("memory allocated", "buffer pool size", "database pages", "innodb_buffer_pool"),
    "sqlite": ("memory_used", "memory used:", "pager heap", "pragma"),
    "duckdb": ("failed to", "memory_usage", "memory_limit"),
    "redis": ("used_memory", "maxmemory", "total_system_memory"),
    "memcached": ("stat bytes", "limit_maxbytes"),
    "cassandra": (": entries ",),
    "victoriametrics": ("vm_cache_size",),
    "clickhouse": ("cachebytes",),
    "fastcache": ("bytessize",),
    "ristretto": ("cost-added",),
    "groupcache": ("gets",),
    "ehcache": ("heapsizeinbytes",),
    "caffeine": ("weighted",),
}  # fmt: skip
"""Product → lower-case words, of which one stands in each line with a figure of it."""
TRIGGERS = tuple(word.encode() for words in _PRODUCTS.values() for word in words)

_TO = (
    r"[\"'`]{0,2}\s{0,4}(?:\{[^{}]{0,300}\})?(?:\s{0,30}[:=|│]\s{0,30}|\s{1,30})(?:(?:NumberLong|Long|Int64)\()?[\"']?"
)
_SIZE = rf"(?P<number>{DECIMAL})(?:[eE]\+?(?P<power>\d{{1,2}}))? ?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9.])"
_L = r"(?<![A-Za-z0-9_])"
PAGE_BYTES = 16 * KIB
_SQLITE_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Rule:
    """One figure by its name. part: held.X and limit.X are summed over X, anything else is a metric of its own."""

    product: str
    part: str
    pattern: re.Pattern[str]
    width: int = 1
    least: int = 0


def _rule(product: str, part: str, name: str, *, width: int = 1, least: int = 0, tail: str = _TO + _SIZE) -> _Rule:
    return _Rule(product, part, re.compile(rf"{_L}{name}{tail}", re.IGNORECASE), width, least)


_ROCKS = r"(?:rocksdb[._-])?"
_RULES = (
    _rule("rocksdb", "held.cache", rf"(?:{_ROCKS}block[-_]cache[-_]usage|kCacheTotal)"),
    _rule("rocksdb", "limit.cache", rf"{_ROCKS}block[-_]cache[-_]capacity"),
    _rule("rocksdb", "held.memtables", rf"(?:{_ROCKS}cur[-_]size[-_]all[-_]mem[-_]tables|kMemTableTotal)"),
    _rule("rocksdb", "held.*", r"(?P<of>memtables\[[\w.-]{1,60}\])"),
    _rule("rocksdb", "held.readers", rf"(?:{_ROCKS}estimate[-_]table[-_]readers[-_]mem|kTableReadersTotal)"),
    _rule("leveldb", "held.all", r"leveldb\.approximate-memory-usage"),
    _rule("pebble", "held.cache", r"Block cache: [\d.,KM]{1,12} entries \(", tail=_SIZE),
    _rule("pebble", "held.memtables", r"Memtables: \d{1,6} \(", tail=_SIZE),
    _rule("wiredtiger", "held.cache", "bytes currently in the cache"),
    _rule("wiredtiger", "limit.cache", "maximum bytes configured"),
    _rule("innodb", "limit.pool", "Total (?:large )?memory allocated", tail=rf"\s{{1,4}}{_SIZE}"),
    _rule("innodb", "held.pool", "(?<!Old )Database pages", width=PAGE_BYTES, tail=r"\s{1,8}(?P<number>\d{1,12})(?P<power>)(?P<unit>)$"),
    _rule("innodb", "limit.pages", "Buffer pool size", width=PAGE_BYTES, tail=r"\s{1,8}(?P<number>\d{1,12})(?P<power>)(?P<unit>)$"),
    _rule("innodb", "held.pool", "innodb_buffer_pool_bytes_data"),
    _rule("innodb", "held.pool", r"innodb_buffer_pool_pages_data", width=PAGE_BYTES, tail=r"[\"'`]{0,2}\s{0,4}(?:[:=|│]\s{0,30}|\s{1,30})(?P<number>\d{1,12})(?P<power>)(?P<unit>)(?![\w.])"),
    _rule("sqlite", "held.all", r"(?:sqlite3_memory_used(?:64)?(?:\(\))?|SQLITE_STATUS_MEMORY_USED)"),
    _rule("sqlite", "held.all", r"Memory Used:\s{1,40}(?=\d{1,15} \(max \d)", tail=_SIZE),
    _rule("sqlite", "held.pager", r"Pager Heap Usage:\s{1,40}(?=\d{1,15} bytes)", tail=_SIZE),
    _rule("duckdb", "held.all", r"failed to [^()\n]{3,80}\((?=[\d.]{1,12} [KMGT]?i?B(?:ytes)?/)", tail=_SIZE),
    _rule("duckdb", "limit.all", r"failed to [^()\n]{3,80}\([\d.]{1,12} (?:[KMGT]?i?B|bytes)/", tail=rf"{_SIZE} used\)"),
    _rule("redis", "held.all", "used_memory", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "malloc.in_use_bytes", "used_memory", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "human.held.all", "used_memory_human", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "limit.all", "maxmemory", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "process.rss_bytes", "used_memory_rss", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "human.process.rss_bytes", "used_memory_rss_human", tail=rf"[:=]\s?{_SIZE}"),
    _rule("redis", "host.total_bytes", "total_system_memory", tail=rf"[:=]\s?{_SIZE}"),
    _rule("memcached", "held.all", "STAT bytes", tail=rf" {_SIZE}$"),
    _rule("memcached", "limit.all", "STAT limit_maxbytes", tail=rf" {_SIZE}$"),
    *(
        rule
        for kind in ("Key", "Row", "Counter", "Chunk")
        for rule in (
            _rule("cassandra", f"held.{kind}", rf"{kind} Cache\s{{1,20}}: entries \d{{1,12}}, size ", tail=_SIZE),
            _rule("cassandra", f"limit.{kind}", rf"{kind} Cache\s{{1,20}}: entries \d{{1,12}}, size {DECIMAL} \w{{1,5}}, capacity ", tail=_SIZE),
        )
    ),
    _rule("victoriametrics", "held.*", r"vm_cache_size_bytes", tail=rf"(?P<of>\{{[^{{}}]{{0,200}}\}})\s{{1,4}}{_SIZE}"),
    _rule("victoriametrics", "limit.*", r"vm_cache_size_max_bytes", tail=rf"(?P<of>\{{[^{{}}]{{0,200}}\}})\s{{1,4}}{_SIZE}"),
    _rule("clickhouse", "held.*", r"(?P<of>(?:Mark|IndexMark|Uncompressed|IndexUncompressed|Query|Page|PrimaryIndex)CacheBytes)"),
    _rule("fastcache", "held.all", "BytesSize"),
    _rule("fastcache", "limit.all", "MaxBytesSize"),
    _rule("groupcache", "held.all", r"Bytes(?=[\"']?\s?:\s?\d{1,15},\s?[\"']?Items[\"']?\s?:\s?\d{1,12},\s?[\"']?Gets)"),
    _rule("ehcache", "held.*", r"(?P<of>Local(?:Off)?HeapSizeInBytes)(?:\(\))?"),
    _rule("caffeine", "held.all", r"weighted_?size(?:\(\))?", least=1 << 20),
)  # fmt: skip
_ROCKS_LOG = re.compile(
    rf"Block cache (?P<of>\w{{1,40}}@0x[0-9a-f]{{1,16}}(?:#\d{{1,9}})?) capacity: (?P<most>{DECIMAL}) (?P<most_unit>[KMGT]?B) (?:seed: \d{{1,20}} )?"
    rf"(?:usage: (?P<number>{DECIMAL}) (?P<unit>[KMGT]?B))?"
)
_RISTRETTO = re.compile(r"cost-added: (?P<added>\d{1,18}) cost-evicted: (?P<evicted>\d{1,18})")
_PRAGMA = re.compile(
    r"PRAGMA\s{1,4}(?:\w{1,20}\.)?(?P<name>cache_size|page_size)\b(?:\s?(?:=|\(|:|->|→|\breturns\b|\bis\b)\s{0,3}(?P<number>-?\d{1,12})(?!\d))?",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"-?\d{1,12}$")
_SPLIT = re.compile(r"\s*[│|]\s*")
_COLUMNS = {
    "memory_usage_bytes": "held.*", "memory_usage": "held.all", "memory_limit": "limit.all",
    "current_setting('memory_limit')": "limit.all",
}  # fmt: skip
_CELL = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,3})?)(?: ?(?P<unit>bytes|[KMGT]i?B))?$")
_OF_CACHES = {"cache.held_bytes", "cache.limit_bytes"}
_GAP_LINES = 60
_NOTES = {
    "innodb": "InnoDB prints pages: of 16 KiB, its default",
    "ristretto": "ristretto's costs are bytes only where the program says so",
    "sqlite": "SQLite's cache_size bounds one connection's cache, not all",
}


@dataclass(slots=True)
class _Moment:
    """What one product says at one moment; line indices are 0-based."""

    product: str
    first: int
    last: int
    stamp: Stamp | None = None
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def says(self) -> bool:
        return any(part.startswith(("held.", "limit.", "human.", "process.")) for part in self.parts)


def _figures(line: str, products: Sequence[str]) -> Iterator[tuple[str, str, int, int]]:
    """(product, part, bytes, quantum) of the figures in a bare line."""
    for rule in _RULES:
        if rule.product not in products or (match := rule.pattern.search(line)) is None:
            continue
        number = match["number"] if not match["power"] else f"{float(match['number']) * 10 ** int(match['power']):.0f}"
        measured = measure(number, match["unit"] or "")
        if measured is None or (not match["unit"] and "." in number) or measured[0] < rule.least:
            continue
        part = rule.part.replace("*", match["of"]) if "*" in rule.part else rule.part
        yield rule.product, part, measured[0] * rule.width, measured[1] * rule.width
    if "rocksdb" in products and (match := _ROCKS_LOG.search(line)):
        for part, number, unit in (
            ("limit", match["most"], match["most_unit"]),
            ("held", match["number"], match["unit"]),
        ):
            if number and (measured := measure(number, unit)) is not None:
                yield "rocksdb", f"{part}.{match['of']}", *measured
    if (match := _RISTRETTO.search(line)) and int(match["added"]) >= int(match["evicted"]):
        yield "ristretto", "held.all", int(match["added"]) - int(match["evicted"]), 1


class _Eye:
    """What stands open between lines: the columns of a table of DuckDB, a PRAGMA whose answer follows."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self.pragma, self.at = "", -_GAP_LINES - 1

    def is_open(self, i: int) -> bool:
        return i - self.at <= _GAP_LINES

    def see(self, line: str, i: int) -> Iterator[tuple[str, str, int, int]]:
        if match := _PRAGMA.search(line):
            self.pragma, self.at = match["name"].lower(), i
            if match["number"]:
                yield "sqlite", f"limit.{self.pragma}", int(match["number"]), 1
            return
        if self.pragma and i - self.at <= 4 and _WHOLE.match(line.strip("|│ ")):
            yield "sqlite", f"limit.{self.pragma}", int(line.strip("|│ ")), 1
            self.pragma = ""
            return
        if "│" not in line and "|" not in line:
            return
        cells = _SPLIT.split(line.strip("│| "))
        if any(cell in _COLUMNS for cell in cells):
            self.columns, self.at = cells, i
        elif len(cells) == len(self.columns) and i - self.at <= _GAP_LINES:
            for name, cell in zip(self.columns, cells, strict=True):
                match = _CELL.match(cell) if name in _COLUMNS else None
                measured = measure(match["number"], match["unit"] or "") if match else None
                if measured is not None and (name == "memory_usage_bytes" or (match and match["unit"])):
                    yield "duckdb", _COLUMNS[name].replace("*", cells[0]), *measured


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    eye, open_ = _Eye(), dict[str, _Moment]()
    for i, raw in enumerate(lines):
        lowered = raw[:LONGEST].lower()
        products = [name for name, words in _PRODUCTS.items() if any(word in lowered for word in words)] if raw else []
        if not products and not (raw and eye.is_open(i)):
            continue
        line = bare(raw)
        for product, part, size, quantum in (*_figures(line, products), *eye.see(line, i)):
            moment = open_.get(product)
            if moment is not None and (part in moment.parts or i - moment.last > _GAP_LINES):
                if (
                    moment.parts.get(part) == (size, quantum)
                    and i - moment.last <= _GAP_LINES
                    and ("@" in part or part.startswith("limit."))
                ):
                    continue  # the same cache, printed for every column family; the same bound, printed each time
                yield moment
                moment = None
            if moment is None:
                moment = open_[product] = _Moment(
                    product, eye.at if eye.is_open(i) and product in ("sqlite", "duckdb") else i, i, read_stamp(line)
                )
            moment.parts[part] = (size, quantum)
            moment.last = i
    yield from open_.values()


def _sizes(moment: _Moment) -> dict[str, tuple[int, int]]:
    """(bytes, quantum) by metric."""
    parts = dict(moment.parts)
    if moment.product == "sqlite":
        page, _ = parts.pop("limit.page_size", (_SQLITE_PAGE_BYTES, 1))
        if "limit.cache_size" in parts:
            size = parts["limit.cache_size"][0]
            parts["limit.cache_size"] = (-size * KIB if size < 0 else size * max(0, page), 1)
        if "held.all" in parts:
            parts.pop("held.pager", None)
    if "limit.pool" in parts:
        parts.pop("limit.pages", None)
    if any(part.startswith("held.") and part != "held.all" for part in parts) and moment.product == "duckdb":
        parts.pop("held.all", None)
    if any("@" in part for part in parts):  # the log's block cache is the property's
        parts.pop("held.cache", None)
        parts.pop("limit.cache", None)
    for part in [part for part in parts if part.startswith("human.")]:
        rounded = parts.pop(part)  # the same figure once more, for people
        parts.setdefault(part.removeprefix("human."), rounded)
    found: dict[str, tuple[int, int]] = {}
    for part, (size, quantum) in parts.items():
        kind = part.partition(".")[0]
        metric = f"cache.{kind}_bytes" if kind in ("held", "limit") else part
        before = found.get(metric, (0, 0))
        found[metric] = (before[0] + size, before[1] + quantum)
    if found.get("cache.limit_bytes", (1, 0))[0] == 0:
        del found["cache.limit_bytes"]  # 0 is no bound
    return {metric: one for metric, one in found.items() if one[0] < 1 << 60}


def _readings(lines: Sequence[str]) -> Iterator[Reading]:
    for moment in sorted(_moments(lines), key=lambda one: (one.first, one.last)):
        sizes = _sizes(moment)
        if not moment.says or not sizes:
            continue
        notes = [_NOTES[moment.product]] if moment.product in _NOTES else []
        if moment.stamp and moment.stamp.note:
            notes.append(moment.stamp.note)
        yield Reading(
            metrics={metric: size for metric, (size, _) in sizes.items()},
            quanta={metric: quantum for metric, (_, quantum) in sizes.items() if quantum > 8},
            facts={"cache.name": moment.product} if sizes.keys() & _OF_CACHES else {},
            wall_ns=moment.stamp.wall_ns if moment.stamp else None,
            notes=tuple(notes),
            line=moment.first + 1,
            last_line=moment.last + 1,
        )


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches with what caches say; those that overlap are one."""
    return stretches(_readings(lines))


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each product and moment, in order of the page, fact cache.name the product. ParseError when there is none."""
    readings = tuple(_readings(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of a cache")
    return readings
