"""runtime.MemStats as programs log it: one figure a line, key=value lists, with or without time stamps and units.

A moment begins where a key comes again, or where the time stamps jump. `Mallocs` and `Frees` are taken only if
they can be Go's own: their difference is the number of live objects (runtime.MemStats), so it cannot be
zero while Alloc is not, and a program allocates more than one object between two log lines.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from memwhy.model.errors import ParseError, UsageError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import MIB, NS_PER_S, parse_duration
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "pasted/memstats_log"
TRIGGERS = (b"heap", b"alloc", b"gorou")

_STRONG = {
    "heapalloc": "go.heap_alloc_bytes", "totalalloc": "go.total_alloc_bytes", "heapsys": "go.heap_sys_bytes",
    "heapidle": "go.heap_idle_bytes", "heapinuse": "go.heap_inuse_bytes", "heapreleased": "go.heap_released_bytes",
    "heapobjects": "go.heap_objects_count", "stackinuse": "go.stack_inuse_bytes", "stacksys": "go.stack_sys_bytes",
    "mspansys": "go.mspan_sys_bytes", "mcachesys": "go.mcache_sys_bytes", "buckhashsys": "go.buckhash_sys_bytes",
    "gcsys": "go.gc_sys_bytes", "othersys": "go.other_sys_bytes", "nextgc": "go.next_gc_bytes",
    "numgc": "go.gc_count", "numgoroutine": "go.goroutines_count", "memstatssys": "go.sys_bytes",
    "memstatsalloc": "go.heap_alloc_bytes", "lastgcheapalloc": "runtime.heap_after_gc_bytes",
}  # fmt: skip
"""MemStats' field names, normalised: nothing else is called so."""

_WEAK = {
    "alloc": "go.heap_alloc_bytes", "allocated": "go.heap_alloc_bytes", "sys": "go.sys_bytes", "idle": "go.heap_idle_bytes",
    "idel": "go.heap_idle_bytes", "inuse": "go.heap_inuse_bytes", "released": "go.heap_released_bytes",
    "mallocs": "go.mallocs_count", "malloc": "go.mallocs_count", "frees": "go.frees_count", "free": "go.frees_count",
    "numgoroutines": "go.goroutines_count", "goroutines": "go.goroutines_count", "heapinusebytes": "go.heap_inuse_bytes",
    "rss": "process.rss_bytes", "resident": "process.rss_bytes", "residentsize": "process.rss_bytes", "vmrss": "process.rss_bytes",
    "residentmemory": "process.rss_bytes", "totalrss": "process.rss_bytes", "processrss": "process.rss_bytes",
    "maxrss": "process.rss_peak_bytes", "vms": "process.virtual_bytes", "vmsize": "process.virtual_bytes",
    "openfds": "process.descriptors_count", "numfds": "process.descriptors_count", "numthreads": "process.threads_count",
}  # fmt: skip
"""Words that say this much only beside other figures of MemStats. What a process's RSS is, programs print in the same line."""


def _misspellings() -> dict[str, str]:
    """Every long name with one letter lost, doubled or swapped with its neighbour."""
    found: dict[str, str] = {}
    for name, metric in _STRONG.items():
        if len(name) < 8:
            continue
        for i in range(1, len(name)):
            for wrong in (
                name[:i] + name[i + 1 :],
                name[:i] + name[i] + name[i:],
                name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :],
            ):
                found.setdefault(wrong, metric)
    return found


_METRICS = {**_misspellings(), **_WEAK, **_STRONG}
_COUNTS = frozenset(metric for metric in _METRICS.values() if REGISTRY[metric].unit == "count")
_SIZED_WEAK = frozenset({"alloc", "allocated", "sys", "idle", "idel", "inuse", "released"})
_NUMBER = r"\d{1,3},\d{3}(?:,\d{3}){1,5}(?![\d,]*\d)|\d{1,20}(?:[.,]\d{1,20}(?!,\d))?(?:[eE][+-]?\d{1,2})?"
_SEPARATOR = r"[=:|：]>?[ \t]{0,20}[~≈\"'`*]{0,3}"
_VALUE = re.compile(
    rf"{_SEPARATOR}(?P<number>{_NUMBER})[ \t]?(?P<unit>[kmgtKMGT]i?[bB]?|[bB](?:ytes)?|bytes|i)?(?![A-Za-z0-9_])"
)
_BARE = re.compile(
    r"(?<![\w.])(?P<key>[A-Za-z][a-z]{2,9}(?:_?[A-Z]?[A-Za-z]{2,9}){1,3})[ \t]{1,40}"
    rf"(?P<number>{_NUMBER})(?:[ \t]?(?P<unit>[kmgtKMGT]i?[bB]|[bB]ytes)(?![A-Za-z0-9_])|[ \t]{{0,20}}$)"
)
_COURSE = re.compile(
    rf"(?<![\w.])(?P<key>[A-Z][a-z]{{2,9}}[A-Z][A-Za-z]{{2,9}})[ \t]{{0,4}}(?:(?:went|goes|grew|grows|rose|rises|fell|falls|climbed|dropped) )?(?:from|von|de|с|从|由)[ \t]{{0,4}}[\d.,]{{1,20}}[ \t]?(?:[kmgtKMGT]i?[bB])?"
    rf"[ \t]{{0,4}}(?:to|up to|auf|à|a|до|升至|降至|涨到|升到|降到|到|至|->|→)[ \t]{{0,4}}(?P<number>{_NUMBER})[ \t]?(?P<unit>[kmgtKMGT]i?[bB]|bytes)"
)
"""`HeapIdle from A to B`: what it is at the end."""
_KEY_UNIT = re.compile(r"[ \t]?[(\[][ \t]?(?:in )?([kmgtKMGT]i?[bB]|bytes)[ \t]?[)\]][ \t\"'`*]*$")
_UNIT_SUFFIX = re.compile(r"(?<=[a-z])(?:in)?([kmgt]i?b|bytes)$")
_ELAPSED = re.compile(
    r"(?<![A-Za-z])(?:time|elapsed|uptime)[ \t]{0,3}[:=][ \t]{0,10}((?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h)){1,4})(?![A-Za-z0-9])",
    re.I,
)
_NO_KEY = re.compile(r"[^A-Za-z0-9_. -]|\d ")  # the number before is no part of a name, and would make each one new
_KEY_CHARS = 60
_PROMETHEUS = re.compile(r"^\s*(?:#\s*(?:HELP|TYPE)\s|go_memstats_)")
_BY_SIZE = re.compile(r"BySize\W{1,4}\[[^\]]*\]?")
_QUICK = re.compile(rf"{_SEPARATOR}\d")
_CELL = r"\|[ \t]{0,20}[~≈*`_]{0,4}\d[\d.,']{0,20}[ \t]?(?:[kmgtKMGT]i?[bB]?|[bB](?:ytes)?)?[*`_]{0,4}[ \t]{0,40}"
_TABLE_ROW = re.compile(rf"{_CELL}{_CELL}(?:\||$)")
_PLAIN_WORD = re.compile(r"(?<![\w.])[a-z]{2,20}(?![\w=:])")
_PROSE_WORDS = 10
_JOINED = str.maketrans("", "", " _-")
_LONGEST_LINE = 8192
_GAP_LINES = 12  # lines of other things within a log block
_BLOCK_LINES = 4000  # a block is cut at the next moment after so many lines
_MOMENT_NS = 2 * NS_PER_S


class _Figure(NamedTuple):
    """One figure of a line. spelled: the key as the page has it."""

    key: str
    spelled: str
    metric: str
    number: str
    unit: str


@dataclass(slots=True)
class _Moment:
    """The figures of one moment; line indices are 0-based."""

    first: int
    last: int
    stamp: Stamp | None
    elapsed_ns: int | None = None
    figures: dict[str, _Figure] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def _key(text: str) -> tuple[str, str, str] | None:
    """(normalised, as spelled, unit) of the longest known name that ends a text: `Heap in use`, `mem.heap_sys_mb`."""
    words = re.split(r"[ .]+", text.strip())[-3:]
    for start in range(len(words)):
        spelled = " ".join(words[start:])
        name = spelled.lower().replace("in use", "inuse").translate(_JOINED)
        suffix = _UNIT_SUFFIX.search(name)
        for candidate, unit in ((name, ""), (name[: suffix.start()] if suffix else name, suffix[1] if suffix else "")):
            if candidate in _METRICS:
                return candidate, spelled, unit
    parts = words[-1].lower().split("_")
    for start in range(1, len(parts) - 1):  # service_memory_heap_alloc
        name = "".join(parts[start:]).removesuffix("bytes")
        if name in _STRONG:
            return name, words[-1], ""
    return None


def _plain_number(text: str, unit: str) -> str | None:
    """Digits with a decimal point; None where a comma could be either (`120,250 MB`)."""
    head, comma, tail = text.partition(",")
    if not comma:
        return text
    if len(tail) == 3 and tail.isdecimal() and len(head) <= 3:
        return None if unit[:1].lower() in ("m", "g", "t", "k") else head + tail
    return text.replace(",", "") if "," in tail else f"{head}.{tail}"


def _found(match: re.Match[str], named: tuple[str, str, str], unit: str) -> _Figure | None:
    """One figure, if its number can be told and its unit goes with its metric."""
    metric = _METRICS[named[0]]
    unit = unit or named[2]
    number: str | None = match["number"]
    if number is not None and "," in number:
        number = _plain_number(number, unit)
    if number is None or (metric in _COUNTS and unit not in ("", "i")):
        return None
    return _Figure(named[0], named[1], metric, number, "" if unit == "i" else unit)


def _bare_figures(line: str) -> Iterator[_Figure]:
    """`HeapAlloc 123 MB`: names that only MemStats has, without a sign between; in a sentence they are not alone."""
    if _PROMETHEUS.match(line) or ("lloc" not in line and "eap" not in line and "Sys" not in line):
        return
    if len(_PLAIN_WORD.findall(line[:_LONGEST_LINE])) >= _PROSE_WORDS:
        return
    for match in _COURSE.finditer(line[:_LONGEST_LINE]):
        named = _key(match["key"])
        if named is not None and named[0] in _STRONG and (figure := _found(match, named, match["unit"])):
            yield figure
    for match in _BARE.finditer(line[:_LONGEST_LINE]):
        named = _key(match["key"])
        if named is not None and named[0] in _STRONG and (figure := _found(match, named, match["unit"] or "")):
            yield figure


@lru_cache(maxsize=8192)
def _figures(line: str) -> tuple[_Figure, ...]:
    """The MemStats figures of a line, the first of each metric. Remembered, for find and parse ask the same."""
    if "|" in line and _TABLE_ROW.search(line[:_LONGEST_LINE]):
        return ()  # moments side by side
    if not _QUICK.search(line):
        return tuple({figure.metric: figure for figure in _bare_figures(line)}.values())
    if _PROMETHEUS.match(line):
        return ()
    line = line[:_LONGEST_LINE]
    if "BySize" in line:
        line = _BY_SIZE.sub(" ", line)
    by_size_row = "Size:" in line or '"Size"' in line
    found: dict[str, _Figure] = {}
    for match in _VALUE.finditer(line):
        at = match.start()
        before = line[max(0, at - _KEY_CHARS) : at].rstrip(" \t\"'`*")
        in_key = _KEY_UNIT.search(before) if before[-1:] in (")", "]") else None
        before = before[: in_key.start()] if in_key else before
        named = _key(_NO_KEY.split(before)[-1]) if before[-1:].isalpha() else None
        if named is None or (by_size_row and named[0] in ("mallocs", "frees")):
            continue
        figure = _found(match, named, match["unit"] or (in_key[1] if in_key else ""))
        if figure is not None:
            found.setdefault(figure.metric, figure)
    if all(metric.startswith("process.") for metric in found):
        return ()  # an RSS alone may be anybody's
    return tuple(found.values())


def _is_memstats(figures: Iterable[_Figure]) -> bool:
    """These figures together can only be Go's: a field name of MemStats, or three short ones with sizes."""
    figures = list(figures)
    strong = [figure for figure in figures if figure.key not in _WEAK]
    sized = {figure.metric for figure in figures if figure.key in _SIZED_WEAK and figure.unit}
    counted = [figure for figure in strong if figure.key in ("numgc", "nextgc")]
    return len(strong) > len(counted) or len(sized) >= 3 or (bool(counted) and len(figures) > len(counted))


def _blocks(lines: Sequence[str]) -> Iterator[list[_Moment]]:
    """Blocks of moments: figures with few other lines between."""
    block: list[_Moment] = []
    for i, line in enumerate(lines):
        figures = _figures(line)
        if not figures:
            continue
        stamp = read_stamp(line)
        moment = block[-1] if block else None
        if moment is not None and i - moment.last > (50 * _GAP_LINES if stamp and moment.stamp else _GAP_LINES):
            yield block
            block, moment = [], None
        if moment is None or _anew(moment, figures, stamp):
            if block and i - block[0].first > _BLOCK_LINES:
                yield block
                block = []
            moment = _Moment(i, i, stamp, _elapsed_ns(line))
            block.append(moment)
        moment.last = i
        for figure in figures:
            moment.figures.setdefault(figure.metric, figure)
    if block:
        yield block


def _elapsed_ns(line: str) -> int | None:
    """`Time:  51s`, `uptime=1h2m3s`; None of what is no time that anything ran."""
    match = _ELAPSED.search(line[:400]) if "ime" in line or "lapsed" in line else None
    try:
        return round(parse_duration(match[1]) * NS_PER_S) if match else None
    except UsageError:
        return None


def _anew(moment: _Moment, figures: Sequence[_Figure], stamp: Stamp | None) -> bool:
    for figure in figures:
        known = moment.figures.get(figure.metric)
        # Alloc and HeapAlloc are the same figure (runtime/mstats.go) and may stand in one moment
        if known is not None and (known.key == figure.key or figure.metric != "go.heap_alloc_bytes"):
            return True
    return stamp is not None and moment.stamp is not None and abs(stamp.wall_ns - moment.stamp.wall_ns) > _MOMENT_NS


def _plausible(block: list[_Moment]) -> list[_Moment]:
    """The block's moments if it is of MemStats as a whole, else nothing."""
    together = {figure.key: figure for moment in block[:50] for figure in moment.figures.values()}
    return block if _is_memstats(together.values()) else []


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of log lines with figures of MemStats."""
    for block in _blocks(lines):
        moments = _plausible(block)
        if moments:
            yield Span(first=moments[0].first, last=moments[-1].last)


def _foreign_counts(block: Sequence[_Moment]) -> str | None:
    """Why `Mallocs` and `Frees` of this block cannot be Go's, or None."""
    pairs = [(m, m.figures.get("go.mallocs_count"), m.figures.get("go.frees_count")) for m in block]
    mallocs = [(m, a) for m, a, _ in pairs if a is not None]
    spelled = [
        f.spelled for f in (next((a for _, a, _ in pairs if a), None), next((b for *_, b in pairs if b), None)) if f
    ]
    if not spelled:
        return None
    names = " and ".join(f"`{name}`" for name in spelled)
    for moment, malloc, free in pairs:
        heap = moment.figures.get("go.heap_alloc_bytes")
        if malloc and free and heap and float(malloc.number) <= float(free.number) and float(heap.number) > 0:
            reason = f"{malloc.number} - {free.number} leaves no live object, but {heap.spelled} is {heap.number} {heap.unit}".rstrip()
            break
    else:
        reason = ""
    counts = [int(float(a.number)) for _, a in mallocs]
    steps = {b - a for a, b in pairwise(counts)}
    if steps == {1}:
        reason = "; ".join(filter(None, [reason, f"{spelled[0]} rises by exactly one from moment to moment"]))
        return f"{names} in this log count log lines, not Go's allocations: {reason}"
    return f"{names} in this log are not Go's own: {reason}" if reason else None


def _measure(figure: _Figure) -> tuple[int, int] | None:
    if REGISTRY[figure.metric].unit == "count":
        return exact_bytes(figure.number, 1)
    width = unit_bytes(figure.unit)
    return None if width is None else exact_bytes(figure.number, width)


def _unitless_note(block: Sequence[_Moment]) -> str | None:
    """Why sizes without a unit cannot be bytes: Go obtains more than 1 MiB before main begins."""
    bare = [
        (float(figure.number), figure)
        for moment in block
        for figure in moment.figures.values()
        if not figure.unit and figure.metric in ("go.sys_bytes", "go.heap_sys_bytes")
    ]
    if not any(number for number, _ in bare):
        bare = [
            (float(f.number), f)
            for m in block
            for f in m.figures.values()
            if not f.unit and f.metric.endswith("_bytes")
        ]
        least = 32 << 10
    else:
        least = MIB
    if bare and 0 < max(value for value, _ in bare) < least:
        figure = max(bare, key=lambda pair: pair[0])[1]
        return f"{figure.spelled} = {figure.number} has no unit and is too small for bytes; figures without a unit are not used"
    return None


def _readings(block: Sequence[_Moment]) -> Iterator[Reading]:
    foreign = _foreign_counts(block)
    unitless = _unitless_note(block)
    decimal = any(figure.unit.lower() in ("kb", "mb", "gb") for m in block[:50] for figure in m.figures.values())
    notes = [foreign, unitless, "kB, MB and GB are read as binary (1 MB = 1,048,576 bytes)" if decimal else None]
    stamp_note = next((m.stamp.note for m in block if m.stamp), "")
    shared_quanta: dict[str, int] = {}
    for moment in block:
        metrics: dict[str, int] = {}
        quanta: dict[str, int] = {}
        for metric, figure in moment.figures.items():
            if foreign and metric in ("go.mallocs_count", "go.frees_count"):
                continue
            sized = REGISTRY[metric].unit == "bytes"
            measured = (
                None if unitless and sized and not figure.unit and figure.number.strip("0.") else _measure(figure)
            )
            if measured is not None and measured[0] < 1 << 63:
                metrics[metric], quanta[metric] = measured
        if quanta == shared_quanta:
            quanta = shared_quanta  # one dict for the thousands of moments of a long log
        shared_quanta = quanta
        yield Reading(
            metrics=metrics,
            quanta=quanta,
            wall_ns=moment.stamp.wall_ns if moment.stamp and not moment.stamp.since_start else None,
            elapsed_ns=moment.stamp.wall_ns if moment.stamp and moment.stamp.since_start else moment.elapsed_ns,
            notes=tuple(filter(None, [*notes, stamp_note])),
            line=moment.first + 1,
            last_line=moment.last + 1,
        )
        notes, stamp_note = [], ""


def parse(text: str) -> tuple[Reading, ...]:
    """Every moment in the text, in order; notes stand with the first. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(_plausible(block)))
    if not any(reading.metrics or reading.notes for reading in readings):
        raise ParseError(NAME, None, text[:80], "no figures of runtime.MemStats")
    return readings
