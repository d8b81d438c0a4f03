"""/debug/vars: the JSON of package expvar, of which memstats is read. Also a bare runtime.MemStats as JSON.

The command line that expvar publishes is not taken over: it may hold secrets.
"""

import json
import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go.load import published
from memwhy.sources.go.memstats import metrics_of
from memwhy.sources.span import Span

NAME = "go/expvar"

_TELLTALE = re.compile(r'"memstats"\s*:|"(?:HeapReleased|HeapInuse)"\s*:')
_MOST_BLOCK_BYTES = 4 << 20
_MOST_TRIES = 100
_LOG_KEYS = frozenset(
    {"time", "ts", "t", "timestamp", "@timestamp", "level", "lvl", "severity", "msg", "message", "rss", "numgoroutine"}
)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """JSON objects, from the line that their brace begins, that hold memstats or are a MemStats."""
    after = -1
    tries = _MOST_TRIES
    for index, line in enumerate(lines):
        if index <= after or not _TELLTALE.search(line):
            continue
        span, tried = _around(lines, index, after + 1, tries)
        tries -= tried
        if span is not None:
            after, tries = span.last, _MOST_TRIES
            yield span


def _around(lines: Sequence[str], index: int, lowest: int, tries: int) -> tuple[Span | None, int]:
    tried = 0
    for first in range(index, max(lowest, index - 2000) - 1, -1):
        if tried >= tries:
            break
        if not lines[first].lstrip().startswith("{"):
            continue
        tried += 1
        text, last = _join(lines, first, index)
        try:
            # A block that ends after `last` shows as an error at the end of the text.
            value, end = json.JSONDecoder().raw_decode(text.lstrip())
        except (ValueError, RecursionError):
            continue
        used = text[: len(text) - len(text.lstrip()) + end].count("\n")
        if isinstance(value, dict) and first + used >= index and _is_memstats(value):
            return Span(first=first, last=min(first + used, last)), tried
    return None, tried


def _is_memstats(value: dict[str, object]) -> bool:
    """expvar's document, or the whole struct; a log entry with some of its figures is read as a log, with its time."""
    return "memstats" in value or _LOG_KEYS.isdisjoint(key.lower() for key in value)


def _join(lines: Sequence[str], first: int, index: int) -> tuple[str, int]:
    size = 0
    last = first
    for last in range(first, len(lines)):
        size += len(lines[last]) + 1
        if size > _MOST_BLOCK_BYTES or (last > index and lines[last] in ("}", "},")):
            break
    return "\n".join(lines[first : last + 1]), last


def parse(raw: bytes) -> Reading:
    """Metrics go.* of memstats, and work.* of what else is published. Raises ParseError for other JSON and for what is no JSON."""
    text = raw.decode("utf-8", "replace").strip()
    start = text.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start:] if start > 0 else text)
    except (ValueError, RecursionError) as error:
        raise ParseError(NAME, None, text[:80], f"not JSON ({type(error).__name__}: {str(error)[:80]})") from error
    memstats = data.get("memstats", data) if isinstance(data, dict) else None
    metrics = metrics_of(memstats) if isinstance(memstats, dict) else {}
    if not metrics:
        raise ParseError(NAME, None, text[:80], "JSON without memstats")
    notes: list[str] = []
    if isinstance(data, dict) and "cmdline" in data:
        notes.append("the command line in /debug/vars was not read")
    work, named = published(data) if isinstance(data, dict) and "memstats" in data else ({}, {})
    return Reading(metrics=metrics | work, facts=named, notes=tuple(notes))
