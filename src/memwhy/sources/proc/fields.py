"""`Key:   value kB` lines, from the kernel or as people paste them.

A pasted line may have lost its tabs, gained a quote mark, a `grep -H` or `grep -n` prefix, a full-width
colon or a carriage return. What is a block and whose it is is decided here for all such sources alike.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memwhy.model.errors import ParseError
from memwhy.sources.proc.files import decode
from memwhy.sources.span import Span

KIB_QUANTUM = 1024
"""The kernel prints these figures in whole kB, which are KiB."""

_PREFIX = re.compile(
    r"[\s>|│┃*`]*(?:[-+•] [*`]{0,4})?(?:<(?:pre|code|p|li)>){0,3}(?:(?:[\w.@~:/-]*/)?(?:status|smaps_rollup|smaps|meminfo)[:-])?(?:\d{1,6}[:-])?\s*"
)
_FIELD = re.compile(r"([A-Za-z_][\w()]{0,40})[ \t]*[:：](.*)", re.DOTALL)
_SIZE = re.compile(r"(\d{1,16}|\d{1,3}(?:,\d{3}){1,4})\s*(?:kB|KB|kb|KiB)?", re.ASCII)
_DECORATED = re.compile(r"[*`<]")
_TAIL = re.compile(r"(?:</?(?:pre|code|p|li|br)\s{0,3}/?>|[*`\s]){1,12}$")
_PID = re.compile(r"/proc/(\d{1,10})\b")


class Field(NamedTuple):
    """One line: 1-based number, key, the text after the colon without its blanks."""

    line: int
    key: str
    value: str


def field_of(line: str, number: int = 0) -> Field | None:
    """The field that a line holds, whatever was glued before it; None for other lines."""
    if ":" not in line and "：" not in line:
        return None
    prefix = _PREFIX.match(line)
    match = _FIELD.match(line, prefix.end() if prefix else 0)
    if match is None:
        return None
    value = match[2].strip()
    if _DECORATED.search(value):
        value = _TAIL.sub("", value[:4000]).lstrip("*` \t")
    return Field(number, match[1], value)


def fields(raw: bytes) -> Iterator[Field]:
    """All fields of a text, in order; lines of another shape are passed over."""
    for number, line in enumerate(decode(raw).split("\n"), start=1):
        if field := field_of(line, number):
            yield field


def size_bytes(source: str, field: Field) -> int:
    """`612 kB` in bytes; ParseError where that is not what the line says."""
    match = _SIZE.fullmatch(field.value)
    if match is None:
        raise ParseError(source, field.line, f"{field.key}: {field.value}", "not a size in kB")
    return int(match[1].replace(",", "")) * 1024


def count(source: str, field: Field) -> int:
    """A bare number; ParseError where that is not what the line says."""
    match = re.fullmatch(r"\d{1,18}", field.value, re.ASCII)
    if match is None:
        raise ParseError(source, field.line, f"{field.key}: {field.value}", "not a number")
    return int(match[0])


def quanta(metrics: Mapping[str, int]) -> dict[str, int]:
    """The resolution of metrics that were printed in kB."""
    return {name: KIB_QUANTUM for name in metrics if name.endswith("_bytes")}


def subject_near(lines: Sequence[str], first: int) -> str | None:
    """ "pid N" where the block's first line, or one of the two above, names /proc/N."""
    for index in range(first, max(first - 3, -1), -1):
        if match := _PID.search(lines[index]):
            return f"pid {int(match[1])}"
    return None


def find_fields(
    lines: Sequence[str], strong: Iterable[str], members: Iterable[str] = (), file: str = ""
) -> Iterator[Span]:
    """Blocks of fields: at least one strong key, any members around it, blank lines within allowed.

    A strong key that comes again begins a new block: `grep VmRSS` in a loop gives one block per reading. Where the
    command above names the file, members alone are enough.
    """
    strong_keys, all_keys = frozenset(strong), frozenset(strong) | frozenset(members)
    first, last = -1, -1
    seen: set[str] = set()
    named = False
    subject: str | None = None
    for index, line in enumerate(lines):
        field = field_of(line)
        if field is None or field.key not in all_keys or not field.value:
            if line.strip() or index - last > 2:
                if named or seen & strong_keys:
                    yield Span(first=first, last=last, subject=subject)
                first, seen, subject, named = -1, set(), None, False
            continue
        if field.key in seen and (named or seen & strong_keys):
            yield Span(first=first, last=last, subject=subject)
            first, seen = -1, set()
        if first < 0:
            first, subject = index, subject_near(lines, index) or subject
            named = named or (file != "" and any(file in above for above in lines[max(0, index - 2) : index + 1]))
        last = index
        seen.add(field.key)
    if named or seen & strong_keys:
        yield Span(first=first, last=last, subject=subject)
