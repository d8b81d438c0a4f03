"""Several processes of one kind in a sentence: `40 workers of 90 MB each`, `worker processes rise from 8 to 60`.

What they have together is reckoned, number times size; shared pages are then counted once for each. The lines stay free for
other readers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.span import Span

NAME = "pasted/crowd"
SHARES = True
MOST_BYTES = 1 << 20
TRIGGERS = (b"process", b"worker", b"child", b"fork", b"backends")

TOGETHER = "{} processes of {} each: shared pages are counted once for each of them"
_WHO = (
    r"(?:(?:worker|child|helper|renderer|backend|forked)[ -]process(?:es)|(?:sub|child)-?processes|processes|workers|children|forks|backends)"
    r"(?![\w-]| (?:threads?|nodes?|machines?|hosts?|pods?))"
)
_SIZED = re.compile(
    rf"(?<![\w.,:/-])(?P<count>\d{{1,5}}) (?:[a-z][\w.-]{{1,24}} ){{0,3}}?{_WHO}"
    r"(?:,? (?:each|every one|all))?(?: of| at| with| using| taking| having| that (?:use|take|have))? ?(?:about |around |roughly |some |up to |ca\. |~ ?|≈ ?)?"
    r"(?P<size>\d{1,7}(?:\.\d{1,3})?) ?(?P<unit>[KMG]i?B?)(?![\w/])(?P<each>,? ?(?:of (?:RSS|memory|RAM) )?(?:RSS|memory|RAM)? ?(?:each|apiece|per process))?",
    re.IGNORECASE,
)
_SPREAD = re.compile(r"(?:each|every one|all| of| at)(?: using| taking| having| with| at)? ?(?:about |around |roughly |some |up to |ca\. |~ ?|≈ ?)?$", re.IGNORECASE)  # fmt: skip
_COURSE = re.compile(
    rf"(?<![\w-]){_WHO} [a-z, ]{{0,40}}?from (?:the )?(?:default |usual |initial |normal )?(?:of )?(?P<first>\d{{1,5}}) (?:up )?to "
    r"(?:over |more than |about |around |almost |~ ?)?(?P<last>\d{1,6})(?![\d%]|[.,:]\w| ?[KMG]i?B?(?!\w)| ?%)",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"(?<![A-Za-z])(?:should|could|would|may|might|recommend\w*|configure|example|e\.g\.|per core|default is)(?![A-Za-z])",
    re.IGNORECASE,
)
"""Of prose with one of these words nobody can say that it happened."""
_LONGEST_LINE = 2000
_MOST_LINES = 200


def _crowds(line: str) -> Iterator[Reading]:
    text = " ".join(line[:_LONGEST_LINE].replace("**", "").split())
    if _ADVICE.search(text):
        return
    for found in _SIZED.finditer(text):
        count, width = int(found["count"]), unit_bytes(found["unit"])
        before = text[found.start() : found.start("size")]
        if count < 2 or width is None or not (found["each"] or _SPREAD.search(before)):
            continue
        size, quantum = exact_bytes(found["size"], width)
        if count * size < 1 << 56:
            yield Reading(
                metrics={"process.children_count": count, "process.children_rss_bytes": count * size},
                quanta={"process.children_rss_bytes": count * quantum},
                notes=(TOGETHER.format(count, f"{found['size']} {found['unit']}"),),
            )
    for found in _COURSE.finditer(text):
        for name in ("first", "last"):
            yield Reading(metrics={"process.children_count": int(found[name])})


def _lines(lines: Sequence[str]) -> Iterator[tuple[int, tuple[Reading, ...]]]:
    seen = 0
    for i, line in enumerate(lines):
        if seen < _MOST_LINES and any(map(str.isdigit, line[:_LONGEST_LINE])):
            lowered = line[:_LONGEST_LINE].lower()
            if any(word.decode() in lowered for word in TRIGGERS) and (found := tuple(_crowds(line))):
                seen += 1
                yield i, found


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Single lines."""
    for i, _ in _lines(lines):
        yield Span(first=i, last=i)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a number of processes, two for a course. ParseError when there is none."""
    readings = tuple(reading for _, found in _lines(text.split("\n")) for reading in found)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no number of processes")
    return readings
