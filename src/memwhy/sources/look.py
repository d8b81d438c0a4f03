"""A look into a process from outside, as JSON: its ledger, malloc, the Go runtime, what is lost. Figures and names, no contents."""

import json
import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from memwhy.model.errors import ParseError
from memwhy.model.inspection import CATEGORIES
from memwhy.model.profile import Profile, ProfileRow, Waiting
from memwhy.model.reading import Reading
from memwhy.sources.go.goroutine_text import c_call
from memwhy.sources.go.memstats import metrics_of
from memwhy.sources.go.stacks import profile_of, with_waiting
from memwhy.sources.span import Span

NAME = "inspect/look"
MOST_GRAPHS = 32
FEW_GRAPHS = 8
"""One pointer in a register of a running thread, or one that was written while we looked, holds a whole graph, however
large: that many of the largest are not lost for certain."""
MOST_BYTES = 1 << 56
"""No figure of a process lies beyond: the address space is smaller."""

_MALLOC = {
    "system_bytes": "malloc.system_bytes",
    "in_use_bytes": "malloc.in_use_bytes",
    "free_bytes": "malloc.free_bytes",
    "tcache_bytes": "malloc.tcache_bytes",
    "top_bytes": "malloc.top_bytes",
    "mmapped_bytes": "malloc.mmapped_bytes",
    "trimmable_bytes": "malloc.trimmable_bytes",
    "in_use_resident_bytes": "malloc.in_use_resident_bytes",
    "free_resident_bytes": "malloc.free_resident_bytes",
    "mmapped_resident_bytes": "malloc.mmapped_resident_bytes",
    "arenas": "malloc.arenas_count",
    "in_use_chunks": "malloc.chunks_count",
    "mmapped_count": "malloc.mmapped_count",
}
_LOST = {
    "bytes": "malloc.lost_bytes",
    "held_bytes": "malloc.held_bytes",
    "maybe_bytes": "malloc.lost_maybe_bytes",
    "likely_bytes": "malloc.lost_likely_bytes",
    "chunks": "malloc.lost_chunks_count",
    "resident_bytes": "malloc.lost_resident_bytes",
}
_NEEDS = {"malloc": "malloc", "heap": "go"}
"""First word of a ledger category → the part of the look without which its absent rows say nothing."""
ROOTS_ARE_MISSING = "roots are missing"
"""How a caveat begins that makes nothing lost for certain."""
_ANSWER = "memwhy/diagnosis/"
_TELLTALE = re.compile(r'"schema"\s*:\s*"memwhy/diagnosis/|"ledger"\s*:\s*\[')
_HEAD_LINES = 4
"""The brace that an object begins with stands at most so far above."""
_MOST_FAILURES, _MOST_CHARACTERS = 8, 4 << 20
_OF_CORES = ("process.comm", "process.exe", "process.pid")
_MOST_FACT_CHARACTERS = 4096

Part = Map[str, Any]


def parse(raw: bytes) -> Reading:
    """Metrics of malloc.*, ledger.*, go.* and process.rss_bytes; facts on the parts; profiles goroutine, malloc_in_use, malloc_lost.

    The form is `memwhy.model.inspection.Inspection`, field by field, alone or as "inspect" in an answer. A part that was not read gives no metrics, and
    neither do the ledger's rows that only this part could tell and that are not there: they are no zeros. Facts:
    look.notes (one a line), look.parts, malloc.version, malloc.approximate, lost.caveats, lost.graphs, go.version,
    go.in_cgo; of a core process.comm, process.exe, process.pid, and the metric process.threads_count. Raises ParseError.
    """
    look, target = _document(raw)
    go, malloc, lost = (_part(look, name) for name in ("go", "malloc", "lost"))
    metrics = _ledger(look, go, malloc)
    facts = {"look.parts": " ".join(name for name in ("go", "malloc", "lost") if look.get(name) is not None), **target}
    if notes := _words(look.get("notes")):
        facts["look.notes"] = "\n".join(notes)
    _of_core(_part(look, "facts") or {}, facts, metrics)
    profiles: list[Profile] = []
    if malloc is not None:
        metrics |= _numbers(malloc, _MALLOC)
        facts["malloc.version"] = str(malloc.get("version", ""))
        facts["malloc.approximate"] = "\n".join(_words(malloc.get("approximate")))
        profiles += _classes(malloc)
    if lost is not None:
        metrics |= _numbers(lost, _LOST)
        if "malloc.lost_bytes" in metrics:
            missing = any(one.startswith(ROOTS_ARE_MISSING) for one in _words(lost.get("caveats")))
            certain = 0 if missing else metrics["malloc.lost_bytes"] - _largest(lost)
            metrics["malloc.lost_certain_bytes"] = max(0, certain)
        facts["lost.caveats"] = "\n".join(_words(lost.get("caveats")))
        profiles += _graphs(lost, facts)
    if go is not None:
        metrics |= _go(go, facts)
        profiles += _goroutines(go, facts)
    subject = f"pid {target['process.pid']}" if "process.pid" in target else None
    return Reading(metrics=metrics, facts=facts, profiles=tuple(profiles), subject=subject)


def find(lines: Sequence[str]) -> Iterator[Span]:
    """Looks as `memwhy inspect --format json` prints them, whole answers or their "inspect" alone, among other text."""
    tries, after = _MOST_FAILURES, -1
    for index, line in enumerate(lines):
        if index <= after or not tries or not _TELLTALE.search(line):
            continue
        for first in range(index, max(after, index - _HEAD_LINES), -1):
            if not lines[first].lstrip().startswith("{"):
                continue
            text = _joined(lines, first)
            try:
                look, end = json.JSONDecoder().raw_decode(text)
            except (ValueError, RecursionError):
                look, end = None, 0
            if _unwrapped(look) is None:
                tries -= 1
                break
            after = first + text.count("\n", 0, end)
            yield Span(first=first, last=after)
            break


def _joined(lines: Sequence[str], first: int) -> str:
    """The lines from there on, as many as a look may have."""
    size = 0
    for last in range(first, len(lines)):
        size += len(lines[last]) + 1
        if size > _MOST_CHARACTERS:
            return "\n".join(lines[first : last + 1]).lstrip()
    return "\n".join(lines[first:]).lstrip()


def _unwrapped(look: object) -> object:
    """The look itself, which stands in an answer as "inspect"; None where there is none."""
    if not isinstance(look, dict):
        return None
    if str(look.get("schema")).startswith(_ANSWER):
        return look.get("inspect")
    return look if isinstance(look.get("ledger"), list) else None


def _target(answer: object) -> dict[str, str]:
    """Whose look it is, where the answer around it says so: process.pid and process.comm."""
    target = answer.get("target") if isinstance(answer, dict) else None
    if not isinstance(target, dict):
        return {}
    pid, command = target.get("pid"), target.get("command")
    facts = (
        {"process.pid": str(pid)} if isinstance(pid, int) and not isinstance(pid, bool) and 0 < pid < 1 << 32 else {}
    )
    if isinstance(command, str) and command.isprintable() and 0 < len(command) <= _MOST_FACT_CHARACTERS:
        facts["process.comm"] = command
    return facts


def _document(raw: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """The look, and whose it is. Raises ParseError."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ParseError(NAME, None, raw[:80], f"is no JSON ({error})") from None
    look = _unwrapped(answer) if isinstance(answer, dict) and "schema" in answer else answer
    if not isinstance(look, dict) or not isinstance(look.get("ledger"), list) or _number(look.get("rss_bytes")) is None:
        raise ParseError(NAME, None, raw[:80], "is no look: it has no rss_bytes and no ledger")
    return look, _target(answer)


def _part(look: Part, name: str) -> Part | None:
    part = look.get(name)
    if part is not None and not isinstance(part, dict):
        raise ParseError(NAME, None, str(part)[:80], f"{name} is no object")
    return part


def _of_core(told: Part, facts: dict[str, str], metrics: dict[str, int]) -> None:
    """What a core says about its process; a living one is asked elsewhere."""
    facts |= {
        name: fact
        for name in _OF_CORES
        if isinstance(fact := told.get(name), str)
        and fact
        and fact.isprintable()
        and len(fact) <= _MOST_FACT_CHARACTERS
    }
    threads = told.get("process.threads_count")
    if isinstance(threads, str) and threads.isascii() and threads.isdigit() and len(threads) < 8:
        metrics["process.threads_count"] = int(threads)


def _ledger(look: Part, go: Part | None, malloc: Part | None) -> dict[str, int]:
    """The categories that this look could tell; empty ones of them are 0."""
    rows = {str(row.get("category")): row for row in look["ledger"] if isinstance(row, dict)}
    parts = {"go": go, "malloc": malloc}
    found = {"process.rss_bytes": look["rss_bytes"], "ledger.rss_bytes": look["rss_bytes"]}
    for category in CATEGORIES:
        needs = _NEEDS.get(category.partition(".")[0])
        size = _number(rows[category].get("bytes")) if category in rows else 0
        if size is None or (needs is not None and parts[needs] is None and not size):
            continue
        # mapped blocks of malloc and the arenas stand here until malloc is read
        if category == "anonymous" and malloc is None and "malloc.unread" in rows:
            continue
        found[f"ledger.{category.replace('.', '_')}_bytes"] = size
    moved = look.get("moved_bytes", 0)
    if isinstance(moved, int) and not isinstance(moved, bool) and abs(moved) < MOST_BYTES:
        found["ledger.moved_bytes"] = moved
    return found


def _numbers(part: Part, names: Map[str, str]) -> dict[str, int]:
    return {metric: value for name, metric in names.items() if (value := _number(part.get(name))) is not None}


def _number(value: object) -> int | None:
    """A whole number that a process can have; anything else is no figure."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_BYTES else None


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _rows(part: Part, name: str) -> list[Part]:
    rows = part.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _classes(malloc: Part) -> list[Profile]:
    """Blocks in use by size, as a profile."""
    sizes: dict[str, int] = {}
    for row in _rows(malloc, "classes"):
        size, last, held = (_number(row.get(name)) for name in ("chunk_bytes", "up_to_bytes", "in_use_bytes"))
        if size is not None and held:
            label = f"blocks of {size:,} bytes" if last in (size, None) else f"blocks of {size:,} to {last:,} bytes"
            sizes[label] = sizes.get(label, 0) + held
    return [profile_of("malloc_in_use", "bytes", {(label,): held for label, held in sizes.items()})] if sizes else []


def _graphs(lost: Part, facts: dict[str, str]) -> list[Profile]:
    """Lost graphs by what they are, as a profile; the largest ones in words."""
    rows, said, total = [], [], 0
    for graph in _rows(lost, "graphs"):
        count, chunks, size = (_number(graph.get(name)) for name in ("count", "chunks", "bytes"))
        if not count or not chunks or not size:
            continue
        total += size
        library, kind = graph.get("library"), graph.get("type")
        each = f"{chunks:,} blocks, {size // count:,} bytes" if chunks > 1 else f"{size // count:,} bytes"
        text = f"{kind or 'lost blocks'} ({each} each)"
        where = f" in {library}" if library else ""
        rows.append(ProfileRow(function=text + where, flat=size, cum=size))
        said.append(f"{count:,} × {text}{where}")
    if not rows:
        return []
    facts["lost.graphs"] = "\n".join(said[:MOST_GRAPHS])
    rows.sort(key=lambda row: -row.flat)
    return [Profile(kind="malloc_lost", unit="bytes", total=total, rows=tuple(rows[:MOST_GRAPHS]), dropped_rows=max(0, len(rows) - MOST_GRAPHS))]  # fmt: skip


def _largest(lost: Part) -> int:
    """Bytes of the few largest graphs. Graphs of one row are alike."""
    left, held = FEW_GRAPHS, 0
    rows = [(_number(row.get("count")) or 0, _number(row.get("bytes")) or 0) for row in _rows(lost, "graphs")]
    for count, size in sorted((row for row in rows if row[0]), key=lambda row: -row[1] / row[0]):
        held += size * min(count, left) // count
        left -= min(count, left)
    return held


def _go(go: Part, facts: dict[str, str]) -> dict[str, int]:
    stats = go.get("memstats")
    metrics = metrics_of(stats) if isinstance(stats, dict) else {}
    if (goroutines := _number(go.get("goroutines"))) is not None:
        metrics["go.goroutines_count"] = goroutines
    if isinstance(version := go.get("version"), str) and version:
        facts["go.version"] = version
    return metrics


def _goroutines(go: Part, facts: dict[str, str]) -> list[Profile]:
    """Goroutines by stack, as a profile, and which Go functions are inside C calls."""
    stacks: dict[tuple[str, ...], int] = {}
    inside: dict[str, int] = {}
    waiting: dict[tuple[str, ...], Waiting] = {}
    for group in _rows(go, "groups"):
        frames = tuple(str(frame.get("function", "?")) for frame in _rows(group, "stack"))
        count = _number(group.get("count"))
        if not count:
            continue
        frames = frames or ("(running)",)
        stacks[frames] = stacks.get(frames, 0) + count
        waiting[frames] = _waiting(group, waiting.get(frames))
        if (function := c_call(frames)) is not None:
            inside[function] = inside.get(function, 0) + count
    for call in _rows(go, "cgo_calls"):
        function = c_call(tuple(str(frame.get("function", "?")) for frame in _rows(call, "stack")))
        if function is not None:
            inside[function] = max(inside.get(function, 0), _number(call.get("goroutines")) or 1)
    if inside:
        ranked = sorted(inside.items(), key=lambda item: (-item[1], item[0]))
        facts["go.in_cgo"] = "\n".join(f"{count} {function}" for function, count in ranked)
    return [with_waiting(profile_of("goroutine", "count", stacks), waiting)] if stacks else []


def _waiting(group: Part, before: Waiting | None) -> Waiting:
    """What a group says of its goroutines, with what a larger one of the same stack has said."""
    size, longest_s = _number(group.get("stack_bytes")), group.get("waiting_s")
    waited_s = float(longest_s) if isinstance(longest_s, int | float) and 0 <= longest_s < 1e10 else None
    if before is None:
        creator = str(group.get("created_by") or "").partition(" at ")[0]
        return Waiting(state=str(group.get("state") or ""), created_by=creator, waiting_s=waited_s, stack_bytes=size)
    both_s = max((one for one in (waited_s, before.waiting_s) if one is not None), default=None)
    together = None if size is None or before.stack_bytes is None else size + before.stack_bytes
    return replace(before, waiting_s=both_s, stack_bytes=together)
