"""Descriptors or threads have run out: `too many open files`, `can't start new thread`.

Facts descriptors.exhausted and threads.exhausted with the sentence; Go's own message also tells how many threads
there are (runtime/os_linux.go, newosproc: `have N already`). The lines stay free for other readers.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/exhausted"
SHARES = True
TRIGGERS = (
    b"too many open files",
    b"emfile",
    b"new thread",
    b"native thread",
    b"os thread",
    b"-thread limit",
    b"pthread_create",
)

_DESCRIPTORS = re.compile(r"too many open files|(?<![A-Za-z])E[MN]FILE(?![A-Za-z])", re.IGNORECASE)
_THREADS = re.compile(
    r"can(?:'|’)?t start new thread|unable to create (?:new )?(?:native )?thread|failed to create new OS thread|"
    r"program exceeds \d{1,9}-thread limit|pthread_create(?:\(\))? (?:failed|error)[^\n]{0,40}(?:temporarily unavailable|EAGAIN|11\b)|"
    r"resource temporarily unavailable[^\n]{0,40}(?:thread|pthread_create)",
    re.IGNORECASE,
)
_HAVE = re.compile(r"failed to create new OS thread \(have (\d{1,7}) already; errno ?= ?\d{1,4}\)")
_TELLTALES = tuple(word.decode() for word in TRIGGERS)
_EACH = 3
_SHOWN = 160
_LONGEST_LINE = 4000


def _facts(line: str) -> dict[str, str]:
    line = line[:_LONGEST_LINE]
    shown = " ".join(line.split())[:_SHOWN]
    facts = {}
    if _DESCRIPTORS.search(line):
        facts["descriptors.exhausted"] = shown
    if _THREADS.search(line):
        facts["threads.exhausted"] = shown
    return facts


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Single lines, the first few of each fact."""
    seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        lowered = line.lower()
        if not any(word in lowered for word in _TELLTALES):
            continue
        names = _facts(line)
        if any(seen.get(name, 0) < _EACH for name in names):
            yield Span(first=index, last=index)
        for name in names:
            seen[name] = seen.get(name, 0) + 1


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each such line. ParseError when there is none."""
    readings: list[Reading] = []
    for number, line in enumerate(text.split("\n"), start=1):
        facts = _facts(line)
        if not facts:
            continue
        have = _HAVE.search(line[:_LONGEST_LINE])
        metrics = {"go.os_threads_count": int(have[1])} if have else {}
        readings.append(Reading(metrics=metrics, facts=facts, line=number, last_line=number))
    if not readings:
        raise ParseError(NAME, None, text[:80], "nothing has run out")
    return tuple(readings)
