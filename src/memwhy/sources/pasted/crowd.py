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
_NOT_A_SIZE = r"(?![\d%]|[.,:]\w| ?[KMG]i?B?(?!\w)| ?%)"
_MULTIPLY = re.compile(
    rf"(?<![\w.,:/-])(?:\d{{1,4}} ?(?:-|–|to) ?)?(?P<first>\d{{1,5}}) (?:`?[A-Za-z][\w.@/-]{{1,40}}`? ){{0,3}}?process(?:es)?\b(?!,? (?:each|of \d))"
    r"(?:(?!\b(?:requests?|clients?|users?|memory|RAM|RSS|connections?|load)\b)[^.;]|;){0,80}?"
    r"\b(?:there (?:are|were)|(?:build|buil[dt]|grow|grew|climb|increas|rise|rose|go(?:es)?\b|went|gone|pil|swell|accumulat|add)\w{0,4}(?: (?:it|they|that|this))?(?: up)? (?:up )?to|we (?:have|see|had))"
    rf" (?:over |more than |about |around |almost |some |nearly |~ ?)?(?P<last>\d{{1,6}}){_NOT_A_SIZE}"
    r"(?! (?!of (?:them|these|those)\b|processes|such|copies|instances)(?:of\b|[a-z]{2,20}s\b))",
    re.IGNORECASE,
)
"""`there are 12 NAME processes, after a week it builds up to 800`. first: the larger of a range."""
_NUMBER = re.compile(
    rf"\b(?:number|count|amount) of (?:`?[A-Za-z][\w.@/-]{{1,40}}`? ){{0,3}}?processes\b[^.;\d]{{0,60}}?\bfrom (?:about |around |~ ?)?(?P<first>\d{{1,5}}) (?:up )?to (?:over |more than |about |around |almost |~ ?)?(?P<last>\d{{1,6}}){_NOT_A_SIZE}",
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
    for pattern in (_COURSE, _MULTIPLY, _NUMBER):
        courses = [(int(found["first"]), int(found["last"])) for found in pattern.finditer(text)]
        if courses and (pattern is not _MULTIPLY or courses[0][1] > 2 * courses[0][0]):
            yield from (Reading(metrics={"process.children_count": count}) for course in courses for count in course)
            return  # one sentence, told once


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
