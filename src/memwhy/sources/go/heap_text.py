"""/debug/pprof/heap?debug=1 (and allocs): sampled stacks and, as comments at the end, runtime.MemStats.

Sampled values are scaled to what they stand for, as pprof does: each by 1 / (1 - exp(-size/period)). The header
says twice the period, a convention inherited from the C++ profiler (runtime/pprof/pprof.go, writeHeapInternal).
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.reading import Reading
from memwhy.sources.go.memstats import metrics_of
from memwhy.sources.go.records import HEAP_RECORD, blocks, headless, records, skipped_note
from memwhy.sources.go.stacks import Frames, drawn_variance, profile_of
from memwhy.sources.span import Span

NAME = "go/heap"

_HEADER = re.compile(
    r"heap profile: *(\d{1,19}): *(\d{1,19}) *\[ *(\d{1,19}): *(\d{1,19}) *\] *@ *(heapprofile|heap(?:z?_v2)?)/?(\d{1,18})?"
)
_BEGIN = re.compile(_HEADER.pattern + r"|^[\s>|`*]{0,20}#\s*runtime\.MemStats\s*$")
_COMMENT = re.compile(r"[\s>|`*]{0,20}#\s*(runtime\.MemStats|[A-Z][A-Za-z]+ = )")
_FIELD = re.compile(r"[\s>|`*]{0,20}#\s*([A-Z][A-Za-z]+) = (\d{1,19})(?: / (\d{1,19}))?\s*$")
_PAIRS = {
    "Stack": ("StackInuse", "StackSys"),
    "MSpan": ("MSpanInuse", "MSpanSys"),
    "MCache": ("MCacheInuse", "MCacheSys"),
}
_PAUSE_ENDS = re.compile(r"[\s>|`*]{0,20}#\s*PauseEnd = \[([\d ]{1,5400})\]\s*$", re.ASCII)
_PAUSES = 256
_MOST_DIGITS = 20
_FIRST_PUBLISHED = 2
"""Up to the first collection Go shows all that was ever allocated; from the second on what was alive at the one before."""
_GO_STYLES = ("heap",)
_DEFAULT_PERIOD_BYTES = 512 << 10  # runtime.MemProfileRate
_KINDS = ("inuse_objects", "inuse_space", "alloc_objects", "alloc_space")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Heap profiles with or without MemStats, MemStats comments on their own, and stacks whose header is cut off."""
    spans = list(blocks(lines, _BEGIN, _COMMENT))
    return sorted([*spans, *headless(lines, HEAP_RECORD, spans)], key=lambda span: span.first)


def parse(raw: bytes) -> Reading:
    """Metrics go.* from the MemStats comments (and process.rss_peak_bytes from MaxRSS); four profiles if there are stacks.

    Raises ParseError when there is neither a header nor MemStats.
    """
    lines = raw.decode("utf-8", "replace").splitlines()
    at = next((i for i, line in enumerate(lines) if _HEADER.search(line)), None)
    header = _HEADER.search(lines[at]) if at is not None else None
    metrics, memstats_lines = _memstats(lines)
    headers_lost = header is None and any(HEAP_RECORD.match(line) for line in lines)
    if header is None and not metrics and not headers_lost:
        raise ParseError(NAME, 1, lines[0] if lines else "", "neither a `heap profile:` header nor MemStats comments")
    profiles: tuple[Profile, ...] = ()
    notes: tuple[str, ...] = ()
    if headers_lost or header is not None:
        above = -1 if at is None else at
        body = ["" if i <= above or i in memstats_lines else line for i, line in enumerate(lines)]
        profiles, notes = _profiles(header, body)
        profiles = _dated(profiles, metrics.get("go.gc_count"), lines)
    if header is not None and header[5] not in _GO_STYLES:
        metrics |= {"tool.outstanding_bytes": profiles[0].total}
    return Reading(metrics=metrics, profiles=profiles, notes=notes)


def _memstats(lines: Sequence[str]) -> tuple[dict[str, int], set[int]]:
    fields: dict[str, object] = {}
    taken: set[int] = set()
    for i, line in enumerate(lines):
        if not _COMMENT.match(line):
            continue
        taken.add(i)
        match = _FIELD.match(line)
        if match is None:
            continue
        name = match[1]
        if match[3] is not None and name in _PAIRS:
            fields[_PAIRS[name][0]], fields[_PAIRS[name][1]] = int(match[2]), int(match[3])
        elif match[3] is None:
            fields[name] = int(match[2])
    metrics = metrics_of(fields)
    peak = fields.get("MaxRSS")
    if isinstance(peak, int) and 0 < peak < 1 << 63:
        metrics["process.rss_peak_bytes"] = peak
    return metrics, taken


def _profiles(header: re.Match[str] | None, body: Sequence[str]) -> tuple[tuple[Profile, ...], tuple[str, ...]]:
    """Go's four sample types; of gperftools' and jemalloc's profiles, which name no functions, what is in use."""
    style, rate = (header[5], int(header[6] or 0)) if header else ("heap", 2 * _DEFAULT_PERIOD_BYTES)
    period = {"heap": rate // 2, "heapprofile": 1}.get(style, rate)
    stacks: dict[Frames, list[int]] = {}
    variances: list[dict[Frames, float]] = [{}, {}]
    unread: list[int] = []
    sampled = 0
    for record in records(body, HEAP_RECORD, unread):
        objects, size, allocated_objects, allocated = record.values
        sampled += allocated
        values = (*scale(objects, size, period), *scale(allocated_objects, allocated, period))
        known = stacks.setdefault(record.frames, [0, 0, 0, 0])
        for i, value in enumerate(values):
            known[i] += value
        for i, told in enumerate(variances):
            more = drawn_variance(values[2 * i], values[2 * i + 1], period)
            told[record.frames] = told.get(record.frames, 0.0) + more
    notes = list(skipped_note(unread, body))
    # The writer adds 1 to the header's figure where alloc equals in use.
    if header is None:
        notes.append("the first line is cut off: sampling at Go's default, one in 512 KiB, is assumed")
    elif int(header[4]) - sampled > 1:
        notes.append(f"the text is cut: its stacks hold {sampled} of {header[4]} sampled bytes")
    if style not in _GO_STYLES:
        in_use = {frames: values[1] for frames, values in stacks.items()}
        return (
            profile_of("native_inuse", "bytes", in_use, sampling_period_bytes=period or None, variances=variances[0]),
        ), tuple(notes)
    profiles = tuple(
        profile_of(
            kind,
            "bytes" if kind.endswith("space") else "count",
            {frames: values[i] for frames, values in stacks.items()},
            sampling_period_bytes=period or None if kind.endswith("space") else None,
            variances=variances[i // 2] if kind.endswith("space") else None,
        )
        for i, kind in enumerate(_KINDS)
    )
    return profiles, tuple(notes)


def _dated(profiles: tuple[Profile, ...], collections: int | None, lines: Sequence[str]) -> tuple[Profile, ...]:
    """With the collection that their figures are of: PauseEnd is a ring of 256 ends of pauses, the newest at
    (NumGC + 255) % 256 (runtime/mstats.go)."""
    if collections is None:
        return profiles
    rings = (match[1].split() for line in lines if (match := _PAUSE_ENDS.match(line)))
    ends = next((ring for ring in rings if len(ring) == _PAUSES and max(map(len, ring)) <= _MOST_DIGITS), [])
    as_of = int(ends[(collections + 254) % 256]) if ends and collections >= _FIRST_PUBLISHED else 0
    in_range = as_of if 0 < as_of < 1 << 63 else None
    return tuple(replace(one, collections=collections, as_of_wall_ns=in_range) for one in profiles)


def scale(count: int, size_bytes: int, period_bytes: int) -> tuple[int, int]:
    """(objects, bytes) that sampled ones stand for; truncated to integers as Go and pprof do."""
    if count == 0 or size_bytes == 0:
        return 0, 0
    if period_bytes <= 1:
        return count, size_bytes
    # The same operations in the same order as Go's, so that the integers agree.
    factor = 1 / (1 - math.exp(-(size_bytes / count) / period_bytes))
    return int(count * factor), int(size_bytes * factor)
