"""Bounds that somebody has set: of a runtime's heap, of Go's collector, of a cache, in flags, environments, YAML or code.

`-Xmx4g`, `--max-old-space-size=4096` (MiB, node's --help), GOMEMLIMIT and GOGC (pkg.go.dev/runtime), and the caches of
InnoDB, WiredTiger, RocksDB, Badger, SQLite, DuckDB, Redis and Go's in-memory caches. A sentence that advises, asks or compares
sets nothing; a setting that stands with several values on a page was tried out, so none of them is taken. CockroachDB's
`--cache=.25` is a share of the host's memory: fact said.held.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.native.lines import LONGEST, bare, measure
from memwhy.sources.pasted.amounts import exact_bytes
from memwhy.sources.span import Span

NAME = "managed/settings"
SHARES = True
_WORDS = {
    "jvm heap": ("-xmx", "maxheapsize"),
    "jvm share": ("maxrampercentage",),
    "node heap": ("max-old-space-size", "max_old_space_size"),
    "gomemlimit": ("gomemlimit", "setmemorylimit"),
    "gogc": ("gogc", "setgcpercent"),
    "innodb": ("buffer_pool_size", "buffer-pool-size"),
    "wiredtiger": ("cachesizegb",),
    "redis": ("maxmemory",),
    "duckdb": ("memory_limit",),
    "ehcache": ("maxbyteslocal",),
    "rocksdb": ("block_cache_size", "blockcachesize", "block-cache-size", "lrucache(", "clockcache(", "lrublockcache("),
    "cockroach": ("--cache",),
    "geth": ("--cache",),
    "badger block cache": ("blockcachesize",),
    "badger index cache": ("indexcachesize",),
    "bigcache": ("hardmaxcachesize",),
    "freecache": ("freecache.new",),
    "fastcache": ("fastcache.new",),
    "ristretto": ("maxcost",),
    "sqlite": ("cache_size",),
}
"""Setting → lower-case words, of which one stands in each line that sets it."""
TRIGGERS = tuple({word.encode(): None for words in _WORDS.values() for word in words})

_NUMBER = r"(?P<number>\d{1,15}(?:\.\d{1,3})?)"
_SIZE = rf"{_NUMBER} ?(?P<unit>[KMGT](?:i?B)?|bytes|B)?(?![A-Za-z0-9]|\.\d)"
_IS = r"[\"'`]{0,2}(?:\s{0,40}[:=|│]\s{0,40}|\s{1,4}(?:(?:is |was |to |of |at |set to |is set to |=> ?|→ ?)\s?)?)[\"'`(]{0,2}"
_VALUE = re.compile(r"^\s*value\s?:\s?[\"']?(?P<value>[\w.%=:,+ -]{1,300}?)[\"']?\s*$", re.IGNORECASE)
_NAMED = re.compile(
    r"^(?:- )?name\s?:\s?[\"']?(?P<name>GOGC|GOMEMLIMIT|NODE_OPTIONS|JAVA_OPTS|JAVA_TOOL_OPTIONS)[\"']?\s*$"
)
_PRODUCT = r"(?P<code>(?:int(?:32|64)?\()?\d{1,15}\)?(?:\s?(?:<<|\*)\s?\d{1,10}){0,4})(?!\s?[*<\w.])"


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting by its name. metric: "" for a fact alone; fact: the name of a fact that keeps the value as it is written."""

    name: str
    metric: str
    pattern: re.Pattern[str]
    width: int = 1
    fact: str = ""


def _setting(
    name: str, metric: str, pattern: str, *, width: int = 1, fact: str = "", case: int = re.IGNORECASE
) -> _Setting:
    return _Setting(name, metric, re.compile(rf"(?<![A-Za-z0-9_.]){pattern}", case), width, fact)


def _code(name: str, pattern: str, *, width: int = 1) -> _Setting:
    return _Setting(name, "cache.limit_bytes", re.compile(rf"(?<![A-Za-z0-9_]){pattern}{_PRODUCT}"), width)


_SETTINGS = (
    _setting("jvm heap", "runtime.heap_limit_bytes", rf"-Xmx ?=?{_SIZE}"),
    _setting("jvm heap", "runtime.heap_limit_bytes", rf"-XX:MaxHeapSize={_SIZE}"),
    _setting("jvm share", "", r"-XX:MaxRAMPercentage=(?P<text>\d{1,3}(?:\.\d{1,3})?)", fact="jvm.max_ram_percentage"),
    _setting("node heap", "runtime.heap_limit_bytes", rf"--max[-_]old[-_]space[-_]size(?:=|\s|\"?,\s?\"?){_NUMBER}(?P<unit>)(?!\w|\.\d)", width=MIB),
    _setting("gomemlimit", "go.memory_limit_bytes", rf"GOMEMLIMIT{_IS}{_SIZE}", fact="env.GOMEMLIMIT", case=0),
    _setting("gogc", "", rf"GOGC{_IS}(?P<text>off|\d{{1,6}})(?!\w|\.\d)", fact="env.GOGC", case=0),
    _setting("gogc", "", r"debug\.SetGCPercent\((?P<text>-?\d{1,6})\)", fact="env.GOGC", case=0),
    _Setting("gomemlimit", "go.memory_limit_bytes", re.compile(rf"debug\.SetMemoryLimit\({_PRODUCT}")),
    _setting("innodb", "cache.limit_bytes", rf"(?:loose[-_])?innodb[-_]buffer[-_]pool[-_]size{_IS}{_SIZE}"),
    _setting("wiredtiger", "cache.limit_bytes", rf"(?:--)?(?:wiredTigerC|engineConfig\.c|c)acheSizeGB{_IS}{_NUMBER}(?P<unit>)(?!\w|\.\d)", width=GIB),
    _setting("redis", "cache.limit_bytes", r"(?:--)?maxmemory[\"'`]?\s{1,4}[\"'`]?(?P<number>\d{1,15})(?P<unit>[kmg]b?)?(?![\w.-])"),
    _setting("duckdb", "cache.limit_bytes", rf"(?:SET|PRAGMA) (?:GLOBAL )?memory_limit\s?=?\s?(?:TO )?['\"]{_SIZE}"),
    _setting("ehcache", "cache.limit_bytes", rf"maxBytesLocal(?:OffHeap|Heap)=[\"']{_SIZE}"),
    _setting("rocksdb", "cache.limit_bytes", rf"(?:rocksdb[._-])?block[._-]?cache[._-]?size(?:_bytes)?\s?[:=]\s?[\"']?{_SIZE}"),
    _setting("cockroach", "cache.limit_bytes", r"--cache[= ](?P<number>\d{1,9}(?:\.\d{1,3})?)(?P<unit>[KMGT]i?B)(?!\w|\.\d)"),
    _setting("cockroach", "cache.limit_bytes", rf"--cache\b[^\n.;]{{0,60}}?\bset to\s?{_SIZE}"),
    _setting("cockroach", "", r"(?P<text>--cache[= ][\"']?(?:0?\.\d{1,3}|\d{1,2}%))(?![\w%]|\.\d)", fact="said.held"),
    _setting("geth", "cache.limit_bytes", rf"(?:geth|erigon|bor|bsc|coreth)\b[^\n]{{0,200}} --cache[= ]{_NUMBER}(?P<unit>)(?!\w|\.\d)", width=MIB),
    _code("rocksdb", r"(?:New)?(?:Hyper)?(?:LRU|Clock|LRUBlock)Cache\("),
    _code("badger block cache", r"(?:With)?BlockCacheSize(?:\(|\s?[:=]\s?)"),
    _code("badger index cache", r"(?:With)?IndexCacheSize(?:\(|\s?[:=]\s?)"),
    _code("bigcache", r"HardMaxCacheSize\s?[:=]\s?", width=MIB),
    _code("freecache", r"freecache\.NewCache\("),
    _code("fastcache", r"fastcache\.New\("),
    _code("ristretto", r"MaxCost\s?:\s?"),
)  # fmt: skip
_SQLITE = re.compile(r"(?:[?&;]_|_pragma=|(?<![A-Za-z0-9_])_)cache_size(?:=|\()-(?P<kib>\d{3,10})(?!\d)", re.IGNORECASE)
_UNREAL = re.compile(
    r"\?(?:\s|$)|(?<![A-Za-z])(?:try|tried|trying|should|could|would|might|may|recommend\w*|suggest\w*|consider\w*|advise\w*|if (?:you|we|i)|what if|instead of|"
    r"no |not |never|without|unset|default|defaults|example|e\.g|i\.e|rather than|versus|vs|from|change[ds]?|increas\w+|lower\w+|reduc\w+|rais\w+|whether|either|different)(?![A-Za-z])",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s{1,4}(?=[A-Z])")
_TELLTALES = tuple(word.decode() for word in TRIGGERS)
_LEAST_CACHE_BYTES = MIB
_EACH = 3


def _one(setting: _Setting, match: re.Match[str]) -> Iterator[tuple[str, str, int | None, str, str]]:
    parts = match.groupdict()
    if "text" in parts:
        yield setting.name, "", None, setting.fact, match["text"]
        return
    if "code" in parts:
        product = _product(match["code"])
        size = None if product is None else product * setting.width
    else:
        size = _measured(match["number"], match["unit"] or "", setting.width)
    if size is None or not _LEAST_CACHE_BYTES <= size < 1 << 50:
        return
    written = f"{match['number']}{match['unit'] or ''}" if "number" in parts else str(size)
    yield setting.name, setting.metric, size, setting.fact, written


def _found(line: str) -> Iterator[tuple[str, str, int | None, str, str]]:
    """(setting, metric, bytes, fact, its text) of a bare line."""
    lowered = line.lower()
    named = {name for name, words in _WORDS.items() if any(word in lowered for word in words)}
    for setting in _SETTINGS:
        if setting.name not in named:
            continue
        for match in setting.pattern.finditer(line):
            yield from _one(setting, match)
    if sqlite := _SQLITE.search(line):
        yield "sqlite", "cache.limit_bytes", int(sqlite["kib"]) * KIB, "", ""


def _measured(number: str, unit: str, width: int) -> int | None:
    """Bytes of a number with its unit, or of one that the setting itself counts in units of width."""
    if not unit:
        return exact_bytes(number, width)[0]
    measured = measure(number, unit)
    return measured[0] if measured else None


def _product(code: str) -> int | None:
    """`256 << 20`, `8 * 1024 * 1024` → the number."""
    numbers = [int(number) for number in re.findall(r"(?<![A-Za-z])\d{1,15}", re.sub(r"int(?:32|64)?\(|\)", "", code))]
    signs = re.findall(r"<<|\*", code)
    total = numbers[0]
    for sign, number in zip(signs, numbers[1:], strict=False):
        if sign == "<<" and number > 60:
            return None
        total = total << number if sign == "<<" else total * number
        if total >= 1 << 60:
            return None
    return total


def _lines(lines: Sequence[str]) -> Iterator[tuple[int, int, list[tuple[str, str, int | None, str, str]]]]:
    """(first, last, what is set) of the lines that set something; Kubernetes' name and value stand in two."""
    last = -1
    for i, raw in enumerate(lines):
        lowered = raw[:LONGEST].lower()
        if i <= last or not raw or (not any(word in lowered for word in _TELLTALES) and not _is_name(raw)):
            continue
        line, last = bare(raw), i
        if (named := _NAMED.match(line)) and i + 1 < len(lines) and (value := _VALUE.match(bare(lines[i + 1]))):
            line, last = f"{named['name']}={value['value']}", i + 1
        line = " ".join(sentence for sentence in _SENTENCE.split(line) if not _UNREAL.search(sentence))
        found = list(dict.fromkeys(_found(line)))
        if len({name for name, *_ in found}) < len({(name, size, text) for name, _, size, _, text in found}):
            continue  # one line, one setting, two values
        if found:
            yield i, last, found


def _is_name(raw: str) -> bool:
    return "name:" in raw[:60] and _NAMED.match(bare(raw)) is not None


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lines that set something which has one value on the page, the first few of each setting."""
    every = list(_lines(lines))
    values: dict[str, set[tuple[int | None, str]]] = {}
    for _, _, found in every:
        for name, _, size, _, text in found:
            values.setdefault(name, set()).add((size, "" if size is not None else text))
    seen: dict[str, int] = {}
    for first, last, found in every:
        if all(len(values[name]) == 1 for name, *_ in found) and any(seen.get(name, 0) < _EACH for name, *_ in found):
            yield Span(first=first, last=last)
        for name, *_ in found:
            seen[name] = seen.get(name, 0) + 1


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each line that sets something: bounds of caches in one line are summed. ParseError when there is none."""
    readings = []
    for first, last, found in _lines(text.split("\n")):
        metrics: dict[str, int] = {}
        facts: dict[str, str] = {}
        for name, metric, size, fact, written in found:
            if metric and size is not None:
                metrics[metric] = size + (metrics.get(metric, 0) if metric == "cache.limit_bytes" else 0)
            if fact:
                facts[fact] = written
            if metric == "cache.limit_bytes":
                facts.setdefault("cache.name", name.split(" ")[0])
            if name in ("jvm heap", "jvm share", "node heap"):
                facts.setdefault("said.runtime", name.partition(" ")[0])
        readings.append(Reading(metrics=metrics, facts=facts, line=first + 1, last_line=last + 1))
    if not readings:
        raise ParseError(NAME, None, text[:80], "nothing is set")
    return tuple(readings)
