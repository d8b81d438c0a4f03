"""Figures in slashes with their legend: `21 MiB/42 MiB/80 MiB GO alloc/idle/total`, as CockroachDB logs them.

CockroachDB's `idle` is HeapIdle - HeapReleased and its `total` is Sys - HeapReleased (pkg/server/status/runtime.go), so
they are given as what Go retains and holds; `CGO alloc/total` are jemalloc's allocated and resident. Of other
programs `idle` and `sys` are MemStats' own, and a `total` is left alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.runs import runs
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "pasted/runtime_stats"
TRIGGERS = (b"alloc/", b"/alloc", b"inuse/", b"idle/")

_AMOUNT = r"\d{1,15}(?:\.\d{1,9})? ?(?:[KMGTkmgt]i?)?[Bb]?"
_LEGEND = r"[A-Za-z]{2,14}(?:/[A-Za-z]{2,14}){1,4}"
_AFTER = re.compile(
    rf"(?<![\w./])(?P<amounts>{_AMOUNT}(?: ?/ ?{_AMOUNT}){{1,4}}) (?:(?P<whose>[A-Za-z]{{2,6}}) )?\(?(?P<legend>{_LEGEND})(?![\w/])"
)
_BEFORE = re.compile(
    rf"(?:(?P<whose>[A-Za-z]{{2,6}})[ _-])?\(?(?<![\w/])(?P<legend>{_LEGEND})\)?[ \t]{{0,4}}[:=]?[ \t]{{0,4}}(?P<amounts>{_AMOUNT}(?: ?/ ?{_AMOUNT}){{1,4}})(?![\w/])"
)
_ONE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?((?:[KMGTkmgt]i?)?[Bb]?)")
_RSS = re.compile(
    r"(?<![\w.])(\d{1,15}(?:\.\d{1,9})?) ?((?:[KMGT]i?)?B) RSS\b|\bRSS[:= ]{1,3}(\d{1,15}(?:\.\d{1,9})?) ?((?:[KMGTkmgt]i?)?[Bb])\b"
)
_GOROUTINES = re.compile(r"(?<![\w.])(\d{1,9}) goroutines\b")
_STACKS = re.compile(r"\(stacks: (\d{1,15}(?:\.\d{1,9})?) ?([KMGT]?i?B)\)")
_RESERVED = re.compile(r"\bheap reserved: (\d{1,15}(?:\.\d{1,9})?) ?([KMGT]?i?B)")
_RELEASED = re.compile(r"\bheap released: (\d{1,15}(?:\.\d{1,9})?) ?([KMGT]?i?B)")
_COCKROACH = re.compile(r"runtime stats: ")
_GO = {
    "alloc": "go.heap_alloc_bytes", "heapalloc": "go.heap_alloc_bytes", "inuse": "go.heap_inuse_bytes",
    "heapinuse": "go.heap_inuse_bytes", "idle": "go.heap_idle_bytes", "heapidle": "go.heap_idle_bytes",
    "released": "go.heap_released_bytes", "heapreleased": "go.heap_released_bytes", "sys": "go.sys_bytes",
    "heapsys": "go.heap_sys_bytes", "totalalloc": "go.total_alloc_bytes",
}  # fmt: skip
_OF_A_HEAP = frozenset({"go.heap_alloc_bytes", "go.heap_inuse_bytes", "go.heap_released_bytes"})
"""One of these has to be among the figures: `user/sys/idle` is somebody's CPU."""
_OF_COCKROACH = {
    ("go", "alloc"): "go.heap_alloc_bytes",
    ("go", "idle"): "derived.go_retained_bytes",
    ("go", "total"): "derived.go_held_bytes",
    ("cgo", "alloc"): "malloc.in_use_bytes",
    ("cgo", "total"): "malloc.resident_bytes",
}
_TELLTALE = re.compile(r"(?i:alloc|inuse|idle|released)/[A-Za-z]|[a-z]/(?i:alloc|inuse|idle|released)\b")
_LONGEST_LINE = 2000


def _metric(cockroach: bool, whose: str, word: str) -> str | None:
    if cockroach:
        return _OF_COCKROACH.get((whose, word))
    return _GO.get(word) if whose not in ("cgo", "disk", "swap") else None


def _triples(line: str, cockroach: bool) -> Iterator[tuple[str, str, str]]:
    """(metric, number, unit) of figures in slashes; a unit that only the last one has goes for all."""
    for match in [*_AFTER.finditer(line), *_BEFORE.finditer(line)]:
        amounts = [_ONE.match(part.strip()) for part in match["amounts"].split("/")]
        words = match["legend"].lower().split("/")
        if len(words) != len(amounts):
            continue
        last = amounts[-1][2] if amounts[-1] else ""
        for word, amount in zip(words, amounts, strict=True):
            metric = _metric(cockroach, (match["whose"] or "").lower(), word)
            if metric is not None and amount is not None and (amount[2] or last):
                yield metric, amount[1], amount[2] or last


@lru_cache(maxsize=8192)
def _figures(line: str) -> tuple[dict[str, int], dict[str, int]]:
    """(metrics, quanta) of a line; none unless a legend of Go's stands in it. Remembered, for find and parse ask the same."""
    line = line[:_LONGEST_LINE]
    cockroach = _COCKROACH.search(line) is not None
    found = {metric: (number, unit) for metric, number, unit in reversed(list(_triples(line, cockroach)))}
    if _OF_A_HEAP.isdisjoint(found) or (len(found) < 2 and not cockroach):
        return {}, {}
    if rss := _RSS.search(line):
        found["process.rss_bytes"] = (rss[1] or rss[3], rss[2] or rss[4])
    if cockroach:
        more = (
            ("go.stack_sys_bytes", _STACKS),
            ("derived.go_retained_bytes", _RESERVED),
            ("go.heap_released_bytes", _RELEASED),
        )
        found |= {metric: (m[1], m[2]) for metric, pattern in more if (m := pattern.search(line))}
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    for metric, (number, unit) in found.items():
        width = unit_bytes(unit)
        if width is not None:
            metrics[metric], quanta[metric] = exact_bytes(number, width)
    if goroutines := _GOROUTINES.search(line):
        metrics["go.goroutines_count"] = int(goroutines[1])
    return metrics, quanta


def _belongs(line: str) -> bool:
    return "/" in line and _TELLTALE.search(line) is not None and bool(_figures(line)[0])


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of such lines, nothing else within."""
    return runs(lines, _belongs)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each line, with its time stamp. ParseError when there is none."""
    readings: list[Reading] = []
    for number, line in enumerate(text.split("\n"), start=1):
        metrics, quanta = _figures(line) if _belongs(line) else ({}, {})
        if metrics:
            stamp = read_stamp(line)
            wall_ns = stamp.wall_ns if stamp and not stamp.since_start else None
            readings.append(Reading(metrics=metrics, quanta=quanta, wall_ns=wall_ns, line=number, last_line=number))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures in slashes with their legend")
    return tuple(readings)
