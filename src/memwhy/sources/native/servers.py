"""What servers count of their own memory, one `key=value` or column at a time: name servers, proxies, databases.

Unbound's `mem.cache.*` (unbound-control(8)), BIND's cache statistics (ARM, statistics channel), the PowerDNS recursor's and
Varnish's counters (varnish-counters(7)) and MySQL's memory instruments (sys schema) say what caches hold; PostgreSQL's memory
contexts what one backend has allocated (MemoryContextStats: total is what it took from malloc); MongoDB's `mem` counts MiB.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, LONGEST, bare, measure, stretches
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "native/servers"
_PRODUCTS = {
    "unbound": ("mem.cache.", "mem.mod.", "cache-size:"),
    "bind": ("memory in use", "meminuse", "max-cache-size"),
    "powerdns": ("real-memory-usage", "cache-bytes"),
    "varnish": (".g_bytes", ".g_space"),
    "mysql": ("memory/", "total_allocated"),
    "postgres": ("grand total:", "total in ", "used_bytes"),
    "mongodb": ("resident",),
    "clickhouse": ("memoryresident", "memoryvirtual"),
}
"""Product → lower-case words, of which one stands in each line with a figure of it."""
TRIGGERS = (
    b"mem.cache.", b"memory in use", b"treememinuse", b"real-memory-usage", b".g_bytes", b"memory/innodb", b"memory/sql",
    b"total_allocated", b"grand total:", b"memorycontext", b"resident",
)  # fmt: skip

_SIZE = rf"(?P<number>{DECIMAL})\s?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9.])"
_L = r"(?<![A-Za-z0-9_.-])"
_IS = r"[\"']?\s{0,20}[:=|│]\s{0,40}[\"']?"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One figure by its name. part: held.X and limit.X are summed over X, anything else is a metric of its own."""

    product: str
    part: str
    pattern: re.Pattern[str]
    unit: str = ""
    backs: bool = False


def _rule(product: str, part: str, pattern: str, *, unit: str = "", backs: bool = False) -> _Rule:
    return _Rule(product, part, re.compile(_L + pattern, re.IGNORECASE), unit, backs)


_RULES = (
    _rule("unbound", "held.*", rf"mem\.(?P<of>cache\.[a-z_]{{1,30}}|mod\.subnet\w{{0,6}}){_IS}{_SIZE}"),
    _rule("unbound", "limit.*", rf"(?P<of>(?:rrset|msg|key|neg)-cache-size)\s?:\s{{0,20}}[\"']?{_SIZE}", backs=True),
    _rule("bind", "held.tree", rf"{_SIZE}\s{{1,20}}cache tree memory in use"),
    _rule("bind", "held.heap", rf"{_SIZE}\s{{1,20}}cache heap memory in use"),
    _rule("bind", "held.tree", rf"TreeMemInUse{_IS}{_SIZE}"),
    _rule("bind", "held.heap", rf"HeapMemInUse{_IS}{_SIZE}"),
    _rule("bind", "limit.all", rf"max-cache-size\s{{1,20}}{_SIZE}(?=\s?;)", backs=True),
    _rule("powerdns", "held.*", rf"(?P<of>(?:packet)?cache-bytes){_IS}{_SIZE}"),
    _rule("powerdns", "process.rss_bytes", rf"real-memory-usage{_IS}{_SIZE}"),
    _rule("varnish", "held.*", rf"(?P<of>(?:SMA|SMF|MSE)\.[\w.-]{{1,40}})\.g_bytes\s{{1,60}}{_SIZE}"),
    _rule("varnish", "space.*", rf"(?P<of>(?:SMA|SMF|MSE)\.[\w.-]{{1,40}})\.g_space\s{{1,60}}{_SIZE}"),
    _rule("mysql", "held.all", rf"memory/innodb/buf_buf_pool\s{{0,60}}(?:[|│]\s{{0,20}}|\s)(?:\d{{1,12}}\s{{0,20}}[|│]\s{{0,20}})?{_SIZE}(?:\s{{0,20}}[|│]|$)"),
    _rule("postgres", "runtime.heap_committed_bytes", rf"Grand total: {_SIZE} (?:bytes )?in \d{{1,9}} blocks"),
    _rule("postgres", "runtime.heap_used_bytes", rf"Grand total: .{{1,80}}; {_SIZE} used"),
    _rule("clickhouse", "process.rss_bytes", rf"MemoryResident[\"']?\s{{0,40}}[:=|│]?\s{{0,40}}{_SIZE}"),
    _rule("clickhouse", "process.virtual_bytes", rf"MemoryVirtual[\"']?\s{{0,40}}[:=|│]?\s{{0,40}}{_SIZE}"),
    _rule("mongodb", "process.rss_bytes", rf"resident{_IS}{_SIZE}(?=\s?,\s{{0,4}}[\"']?virtual)", unit="MiB"),
    _rule("mongodb", "process.virtual_bytes", rf"virtual{_IS}{_SIZE}(?=\s?[,}}])", unit="MiB"),
)  # fmt: skip
_GAP_LINES = 24
_MEM = re.compile(r"bits[\"']?\s?:\s?(?:32|64)|supported[\"']?\s?:\s?true|mem[\"']?\s?:\s?\{|\.mem\b", re.IGNORECASE)
_ROW = {
    "mysql": re.compile(r"memory/[a-z_]{1,40}/\w|^[\s>|`]{0,20}\+-{4,200}", re.IGNORECASE),
    "postgres": re.compile(r": \d{1,18} total in \d{1,12} blocks"),
}
"""Rows of a table whose sum or one row is read: they are that table's, and nobody else's."""
_MOST_ROWS = 400
_NOTES = {
    "postgres": "PostgreSQL's memory contexts are of one backend, and count what its own allocator handed out",
    "mysql": "MySQL's instruments count what they are switched on for",
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
        return any(not part.startswith(("limit.", "space.")) for part in self.parts)


def _figures(line: str, products: Sequence[str]) -> Iterator[tuple[_Rule, str, int, int]]:
    """(rule, part, bytes, quantum) of a bare line's figures."""
    for rule in _RULES:
        if rule.product not in products:
            continue
        for match in rule.pattern.finditer(line):
            measured = measure(match["number"], match["unit"] or rule.unit)
            if measured is None or (not match["unit"] and not rule.unit and "." in match["number"]):
                continue
            part = rule.part.replace("*", match["of"].lower()) if "*" in rule.part else rule.part
            yield rule, part, *measured
            if "*" not in rule.part:
                break


def _is_mongos(lines: Sequence[str], i: int) -> bool:
    """`resident` is a word of many programs: only beside MongoDB's own keys it is `serverStatus().mem`."""
    return any(_MEM.search(line[:LONGEST]) for line in lines[max(0, i - 3) : i + 4])


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    open_: dict[str, _Moment] = {}
    for i, raw in enumerate(lines):
        lowered = raw[:LONGEST].lower()
        products = [name for name, words in _PRODUCTS.items() if any(word in lowered for word in words)] if raw else []
        if "mongodb" in products and (len(products) > 1 or not _is_mongos(lines, i)):
            products.remove("mongodb")
        if not products:
            continue
        line = bare(raw)
        if "mongodb" in products and i + 1 < len(lines) and "virtual" not in line:
            line = f"{line} {bare(lines[i + 1])} }}"  # the shell prints a pair a line
        for rule, part, size, quantum in _figures(line, products):
            moment = open_.get(rule.product)
            if moment is not None and (part in moment.parts or i - moment.last > _GAP_LINES) and not rule.backs:
                yield moment
                moment = None
            if moment is None:
                moment = open_[rule.product] = _Moment(rule.product, i, i, read_stamp(line))
            moment.parts.setdefault(part, (size, quantum))
            if i - moment.last <= _GAP_LINES:
                moment.last = i
    yield from open_.values()


def _widened(lines: Sequence[str], moment: _Moment) -> tuple[int, int]:
    """(first, last) line with the other rows of its table."""
    first, last, row = moment.first, moment.last, _ROW.get(moment.product)
    while (
        row is not None and first > 0 and moment.first - first < _MOST_ROWS and row.search(lines[first - 1][:LONGEST])
    ):
        first -= 1
    while (
        row is not None
        and last + 1 < len(lines)
        and last - moment.last < _MOST_ROWS
        and row.search(lines[last + 1][:LONGEST])
    ):
        last += 1
    return first, last


def _sizes(moment: _Moment) -> dict[str, tuple[int, int]]:
    """(bytes, quantum) by metric; what Varnish still has room for and what it holds are its bound."""
    found: dict[str, tuple[int, int]] = {}
    for part, (size, quantum) in moment.parts.items():
        kind = part.partition(".")[0]
        if kind == "space" and not size:
            continue
        bounded = f"space.{part.partition('.')[2]}" in moment.parts and moment.product == "varnish"
        metrics = {"held": ["cache.held_bytes"], "limit": ["cache.limit_bytes"], "space": ["cache.limit_bytes"]}
        names = metrics.get(kind, [part]) + (["cache.limit_bytes"] if kind == "held" and bounded else [])
        for metric in names:
            before = found.get(metric, (0, 0))
            found[metric] = (before[0] + size, before[1] + quantum)
    return {metric: one for metric, one in found.items() if one[0] < 1 << 60}


def _readings(lines: Sequence[str]) -> Iterator[Reading]:
    for moment in sorted(_moments(lines), key=lambda one: (one.first, one.last)):
        if not moment.says:
            continue
        first, last = _widened(lines, moment)
        sizes = _sizes(moment)
        notes = [_NOTES[moment.product]] if moment.product in _NOTES else []
        if moment.stamp and moment.stamp.note:
            notes.append(moment.stamp.note)
        yield Reading(
            metrics={metric: size for metric, (size, _) in sizes.items()},
            quanta={metric: quantum for metric, (_, quantum) in sizes.items() if quantum > 8},
            facts={"cache.name": moment.product} if "cache.held_bytes" in sizes else {},
            wall_ns=moment.stamp.wall_ns if moment.stamp else None,
            notes=tuple(notes),
            line=first + 1,
            last_line=last + 1,
        )


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches with what servers say; those that overlap are one."""
    return stretches(_readings(lines))


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each product and moment, in order of the page. ParseError when there is none."""
    readings = tuple(_readings(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no server's own count of its memory")
    return readings
