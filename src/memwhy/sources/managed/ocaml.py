"""OCaml's heap: `Gc.stat ()` in a toplevel, and what `Gc.print_stat` prints.

Figures are words of the machine, of eight bytes on every machine that servers have. heap_words is what the major heap has
taken, live_words what is reachable or not yet swept (stdlib gc.mli); Gc.quick_stat gives 0 for live_words. A `Gc.compact ()`
between two answers is a collection that was forced: fact trial.forced_gc with what came of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import with_words
from memwhy.sources.span import Span

NAME = "managed/ocaml"
TRIGGERS = (b"heap_words",)

_WORD_BYTES = 8
_PAIR = re.compile(r"(?<![A-Za-z0-9_])(?P<key>top_heap_words|heap_words|live_words|free_words|minor_collections|major_collections|compactions)\s{0,4}[:=]\s{0,4}(?P<number>\d{1,18})(?![\d.])")  # fmt: skip
_COMPACT = re.compile(r"\bGc\.(?:compact|full_major) ?\(")
_SIZES = {"heap_words": "runtime.heap_committed_bytes", "live_words": "runtime.heap_used_bytes"}
_GAP_LINES = 12
_FELL = 0.85
_SAME = 1.15


@dataclass(slots=True)
class _Answer:
    """One statistic; line indices are 0-based. compacted: a compaction stands before it, after the one before."""

    first: int
    last: int
    figures: dict[str, int] = field(default_factory=dict)
    compacted: bool = False


def _answers(lines: Sequence[str]) -> Iterator[_Answer]:
    answer: _Answer | None = None
    compacted = False
    for i, line in with_words(lines, ("_words", "_collections", "compactions", "Gc.")):
        if _COMPACT.search(line):
            compacted = True
        for match in _PAIR.finditer(line):
            if answer is not None and (match["key"] in answer.figures or i - answer.last > _GAP_LINES):
                yield answer
                answer = None
            if answer is None:
                answer, compacted = _Answer(i, i, compacted=compacted), False
            answer.last = i
            answer.figures[match["key"]] = int(match["number"])
    if answer is not None:
        yield answer


def _told(lines: Sequence[str]) -> list[_Answer]:
    """Answers that tell the heap's size and something beside it that nothing but OCaml counts."""
    return [one for one in _answers(lines) if "heap_words" in one.figures and len(one.figures) >= 3]


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Answers, those with a forced collection between them as one."""
    first = last = -1
    for one in _told(lines):
        if first >= 0 and not one.compacted:
            yield Span(first=first, last=last)
            first = -1
        first, last = (one.first if first < 0 else first), one.last
    if first >= 0:
        yield Span(first=first, last=last)


def _reading(one: _Answer) -> Reading:
    metrics = {
        metric: one.figures[key] * _WORD_BYTES
        for key, metric in _SIZES.items()
        if one.figures.get(key, 0) and one.figures[key] < 1 << 57
    }
    return Reading(metrics=metrics, facts={"said.runtime": "native"}, line=one.first + 1, last_line=one.last + 1)


def _trial(before: _Answer, after: _Answer) -> dict[str, str]:
    """What a compaction between two answers did to what the heap has taken."""
    was, now = before.figures["heap_words"], after.figures["heap_words"]
    if not after.compacted or not was:
        return {}
    outcome = "fell" if now <= _FELL * was else "same" if now <= _SAME * was else "rose"
    text = f"Gc.compact: heap_words {was} to {now}"
    sizes = {"before": str(was * _WORD_BYTES), "after": str(now * _WORD_BYTES)}
    return {"trial.forced_gc": text, "trial.forced_gc.outcome": outcome} | {
        f"trial.forced_gc.heap_{side}_bytes": value for side, value in sizes.items()
    }


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an answer, in order. ParseError when there is none."""
    answers = _told(text.split("\n"))
    readings = [_reading(one) for one in answers]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no statistics of OCaml's heap")
    for i, (before, after) in enumerate(pairwise(answers), start=1):
        if facts := _trial(before, after):
            readings[i] = replace(readings[i], facts={**readings[i].facts, **facts})
    return tuple(readings)
