"""Lines as they stand on a page, without what quoting and markup put round them; numbers as tools group and round them."""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.span import Span

LONGEST = 1000
"""Characters of a line that are looked at."""

GROUPED = r"(?:\d{1,3}(?:[,.'\u00a0\u202f ]\d{3}){1,6}(?![.,]?\d)|\d{1,19}(?![.,]?\d))"
"""A whole number with or without a separator of thousands, in any locale; never the first part of a longer one."""

DECIMAL = r"\d{1,19}(?:[.,]\d{1,19}){0,6}(?![.,]?\d)"
"""A number with or without a fraction; never the first part of a longer one. Which separator is which is `plain_decimal`'s to say."""

_TAG = re.compile(
    r"</?(?:pre|code|b|strong|em|i|br|p|li|td|tr|span|div|summary|details|samp|blockquote)(?:\s[^<>]{0,80})?/?>",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^(?:[ \t]{0,200}(?:>|\|(?=\s*[=#]))){1,20}[ \t]?")
_COMPOSE = re.compile(r"^[a-z][\w.-]{0,60}[_-]\d{1,3}\s{1,20}\| ?")
"""What docker-compose puts before each line of a service's log."""
_ENTITIES = (("&gt;", ">"), ("&lt;", "<"), ("&quot;", '"'), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&"))
_FULL_WIDTH = str.maketrans("：（），＝；“”‘’\u00a0\u3000", ":(),=;\"\"'' \x20")


def unescape(line: str) -> str:
    """A line with the five common entities as the signs they stand for."""
    if "&" in line:
        for entity, sign in _ENTITIES:
            line = line.replace(entity, sign)
    return line


def bare(line: str) -> str:
    """A line without quote marks, back-ticks, bold, common tags, entities and full-width signs; no blanks at its ends."""
    line = unescape(line[:LONGEST])
    if "<" in line:
        line = _TAG.sub("", line)
    if not line.isascii():
        line = line.translate(_FULL_WIDTH)
    if "**" in line:
        line = line.replace("**", "")
    if "`" in line:
        line = line.replace("`", "")
    if ">" in line:
        line = _QUOTE.sub("", line)
    if "| " in line:
        line = _COMPOSE.sub("", line)
    return line.strip()


def with_words(lines: Sequence[str], words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(index, bare line) of the lines in which one of the words stands."""
    pattern = re.compile("|".join(map(re.escape, words)))
    for i, line in enumerate(lines):
        if line and pattern.search(line[:LONGEST]):
            yield i, bare(line)


def whole(text: str) -> int:
    """`1,613,472`, `1.613.472`, `1 613 472`, `1613472` → 1613472."""
    return int(re.sub(r"\D", "", text))


def plain_decimal(text: str) -> str:
    """`1,234.5` → `1234.5`, `13,1` → `13.1`, `1,234,567` → `1234567`: the last separator is the fraction's, unless it
    groups thousands (it stands more than once, or is a comma before exactly three digits)."""
    signs = [c for c in text if c in ",."]
    if not signs:
        return text
    last = signs[-1]
    head, _, tail = text.rpartition(last)
    if signs.count(last) > 1 or (last == "," and len(tail) == 3 and len(signs) == 1 and head != "0"):
        return text.replace(",", "").replace(".", "")
    return f"{re.sub('[,.]', '', head)}.{tail}"


def measure(number: str, unit: str, *, decimal: bool = False) -> tuple[int, int] | None:
    """(bytes, quantum) of a printed size; None where the unit or the number is none, or the figure is no memory's (2^60 and more)."""
    width = unit_bytes(unit, decimal=decimal)
    if width is None:
        return None
    try:
        size, quantum = exact_bytes(plain_decimal(number), width)
    except ValueError:
        return None  # a word where a figure should stand: the row is damaged
    return (size, quantum) if 0 <= size < 1 << 60 else None


def stretches(readings: Iterable[Reading]) -> Iterator[Span]:
    """Where readings stand on a page; those that overlap are one. readings: in order of their first lines."""
    span: Span | None = None
    for reading in readings:
        first, last = (reading.line or 1) - 1, (reading.last_line or 1) - 1
        if span is not None and first <= span.last:
            span = Span(first=span.first, last=max(span.last, last))
            continue
        if span is not None:
            yield span
        span = Span(first=first, last=last)
    if span is not None:
        yield span
