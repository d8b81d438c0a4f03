"""Series within a line: `RSS in MB: Sun 10:00 74, Mon 10:00 181, Tue 10:00 288`, `RSS was 1.2 GB at 08:00, 1.9 GB at 10:00, …`.

At least three figures, each with a moment of one kind, after words that name them. Other sentences of the line are left to
the readers of sentences.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words.courses import TURNS, measure, name_caption, tell_moment
from memwhy.sources.words.quantities import flatten, unit_power
from memwhy.sources.words.vocabulary import Noun, read_nouns

NAME = "words/inline/series"
SHARES = True
MOST_BYTES = 2 << 20
LEAST = 3
_LONGEST_LINE = 2000
_MOST_LABEL_WORDS = 4
_MOST_HEAD = 400
_GIGA = 3  # `1,288 MB` has thousands, nobody has as many GB
_NUMBER = r"\d{1,3}(?:,\d{3}){1,4}(?!\d)|\d{1,15}(?:\.\d{1,6})?"
_UNIT = r"[KMGTkmgt]i?[Bb](?:ytes)?|[KMG]i|[KMGkmg](?![A-Za-z0-9])|[Bb]ytes"
_SENTENCE = re.compile(r"(?<=[\w)])[.!?]\s+|[。！？]")
_PARTS = re.compile(
    r"\s{0,4}(?:[;、；]|,(?!\d{3}(?!\d))|\s(?:->|→|=>|/|\||-->)\s|\s(?:and|then|und|dann|et|puis|y|luego|e|и)\s)\s{0,4}(?:and |then |und |et |y |e |и )?"
)
_LATE = re.compile(
    rf"^(?P<rest>.{{1,{_MOST_HEAD}}}?)(?:[\s:=(~≈]|->|→|－| - ){{1,6}}(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})?\s?\)?\.?$"
)
_EARLY = re.compile(
    rf"(?:^|[\s:=~≈(])(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})?\s?(?:\(|@|\bat\b|\bon\b|\bby\b|\bum\b|\bam\b|\bà\b|\ba las\b|\bв\b|\bafter\b|\bnach\b|\baprès\b|\bчерез\b|(?<=[Bbgm]) (?=[A-Z]))\s?(?P<label>[^()]{{1,30}}?)\)?\.?$"
)
_WORDS = re.compile(r"\s+|(?<=:)(?=\D)")
_PREPOSITION = re.compile(r"^(?:at|on|by|um|am|à|le|a las|el|às|в|after|nach|après|через|~|≈)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Point:
    """A figure and its moment. head: what stands before them in their part of the line."""

    kind: str
    when: int | None
    number: str
    unit: str | None
    head: str


def _late(part: str, first: bool) -> _Point | None:
    """`Sun 10:00 74`, with other words before it only in the first part of a line."""
    match = _LATE.match(part)
    if match is None:
        return None
    words = _WORDS.split(match["rest"].strip())
    best: tuple[int, tuple[str, int | None]] | None = None
    seen: list[tuple[str, int | None]] = []
    for count in range(1, min(_MOST_LABEL_WORDS, len(words)) + 1):
        told = tell_moment(_PREPOSITION.sub("", " ".join(words[-count:])))
        if told is not None and told[0] != "number" and told not in seen:
            best = count, told  # one word more that tells more
            seen.append(told)
    if best is None or not (first or best[0] == len(words) or _PREPOSITION.fullmatch(f"{words[0]} ")):
        return None
    return _Point(*best[1], match["number"], match["unit"], " ".join(words[: -best[0]]))


def _early(part: str, first: bool) -> _Point | None:
    """`74 MB at 10:00`, `74 (Sunday)`."""
    match = _EARLY.search(part)
    if match is None or (match.start("number") > 2 and not first):
        return None
    label = match["label"].strip()
    told = tell_moment(label) or tell_moment(part[match.end("number") :].strip(" ()"))
    if told is None or told[0] == "number":
        return None
    return _Point(*told, match["number"], match["unit"], part[: match.start("number")])


def _points(sentence: str) -> Iterator[list[_Point]]:
    """Runs of parts that are a moment and a figure each."""
    if sum(map(str.isdigit, sentence)) < LEAST or len(sentence) > _LONGEST_LINE:
        return
    for read in (_late, _early):
        run: list[_Point] = []
        for part in _PARTS.split(sentence):
            point = read(part.strip(), not run)
            if point is not None and run and point.kind != run[0].kind:
                point = read(part.strip(), True)
                yield run
                run = []
            if point is None:
                yield run
                run = []
            else:
                run.append(point)
        yield run


def _noun(head: str) -> tuple[Noun, int | None, str] | None:
    """(name, power of its unit, metric) that the words before a run give to its figures."""
    named = name_caption(head)
    if named is not None:
        return *named, named[0].size or ""
    counted = {noun.count for noun in read_nouns(head) if noun.count and not noun.size}
    nouns = [noun for noun in read_nouns(head) if noun.count and not noun.size]
    return (nouns[-1], 0, nouns[-1].count or "") if len(counted) == 1 else None


def _read_line(line: str, above: str, at: int) -> Iterator[Reading]:
    for sentence in _SENTENCE.split(flatten(line[:_LONGEST_LINE])):
        for run in _points(sentence):
            if len(run) < LEAST:
                continue
            head = run[0].head if run[0].head.strip(" >*-:") else above
            named = _noun(head)
            if named is not None:
                yield from _read_run(run, named, at)


def _read_run(run: Sequence[_Point], named: tuple[Noun, int | None, str], at: int) -> Iterator[Reading]:
    _, power, metric = named
    counted = metric.endswith("_count")
    own = next((unit_power(point.unit) for point in run if point.unit), None)
    turned, last = 0, -1
    for point in run:
        unit = 0 if counted else unit_power(point.unit) if point.unit else power if power is not None else own
        number = point.number.replace(",", "") if unit is not None and unit < _GIGA else point.number
        figure = measure(number, unit) if unit is not None else None
        if figure is None or (counted and point.unit):
            continue
        elapsed = point.when if point.kind == "elapsed" else None
        if point.kind in TURNS and point.when is not None:
            turned += TURNS[point.kind] if point.when < last else 0
            last = point.when
            elapsed = point.when + turned - (run[0].when or 0)
        yield Reading(
            metrics={metric: figure[0]},
            quanta={metric: figure[1]},
            elapsed_ns=elapsed,
            wall_ns=point.when if point.kind == "wall" else None,
            line=at + 1,
            last_line=at + 1,
        )


@lru_cache(maxsize=1024)
def _read(line: str, above: str) -> tuple[Reading, ...]:
    return tuple(_read_line(line, above, 0))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lines with a series, and the line above one that begins with its first moment."""
    for i, line in enumerate(lines):
        if len(line) > _LONGEST_LINE or line.count("|") > 2 or not any(sign in line for sign in ",;、；→/>"):
            continue
        above = lines[i - 1] if i and lines[i - 1].rstrip().endswith((":", "：")) else ""
        if not _read(line, above):
            continue
        yield Span(first=i - 1 if above and not _read(line, "") else i, last=i)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment. ParseError when there is no series in a line."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        readings = tuple(_read_line(line, lines[i - 1] if i else "", i)) if len(line) <= _LONGEST_LINE else ()
        if readings:
            return readings
    raise ParseError(NAME, None, text[:80], "no series within a line")
