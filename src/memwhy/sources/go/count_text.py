"""Text profiles that count stacks (debug=1): `NAME profile: total N`, then records.

goroutine, threadcreate, goroutineleak, and those that programs make for themselves with pprof.NewProfile
(gocv counts its living C++ matrices so). Writer: printCountProfile in runtime/pprof/pprof.go.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.reading import Reading
from memwhy.sources.go.records import COUNT_RECORD, Record, blocks, records, skipped_note
from memwhy.sources.go.stacks import Frames, profile_of
from memwhy.sources.span import Span

NAME = "go/count"

HINT = " profile: total "
"""Stands in every header."""

_ELSEWHERE = ("goroutine", "threadcreate", "heap")


def header(kind: str) -> re.Pattern[str]:
    """The first line of a profile of that kind (a pattern)."""
    return re.compile(rf"(?:^|[\s*`])({kind}) profile: total (\d{{1,19}})\b")


_HEADER = header(r"[\w./()*-]{1,200}")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Profiles with names of their own; goroutine and threadcreate are found by their own readers."""
    for span in blocks(lines, _HEADER, hint=HINT):
        match = _HEADER.search(lines[span.first])
        if match is not None and match[1] not in _ELSEWHERE:
            yield span


def parse(raw: bytes) -> Reading:
    """One profile of kind NAME as the header says it, unit count; its total also as fact go.custom_profile.NAME.

    Of goroutineleak (Go 1.26 with GOEXPERIMENT, 1.27), whose goroutines nothing can ever wake, the fact is
    go.leaked_goroutines. Raises ParseError without a header.
    """
    kind, total, found, notes = read_counts(NAME, raw, _HEADER)
    name = "go.leaked_goroutines" if kind == "goroutineleak" else f"go.custom_profile.{kind}"
    facts = {} if kind in _ELSEWHERE else {name: str(total)}
    return Reading(facts=facts, profiles=(profile(kind, total, found),), notes=notes)


def read_counts(source: str, raw: bytes, first: re.Pattern[str]) -> tuple[str, int, list[Record], tuple[str, ...]]:
    """(kind, total that the header says, records, notes). Raises ParseError without a header."""
    lines = raw.decode("utf-8", "replace").splitlines()
    at = next((i for i, line in enumerate(lines) if first.search(line)), None)
    match = first.search(lines[at]) if at is not None else None
    if at is None or match is None:
        raise ParseError(source, 1, lines[0] if lines else "", "no line `… profile: total N`")
    body = ["" if i <= at else line for i, line in enumerate(lines)]
    unread: list[int] = []
    found = list(records(body, COUNT_RECORD, unread))
    notes = list(skipped_note(unread, body))
    total, counted = int(match[2]), sum(record.values[0] for record in found)
    if found and counted != total:
        notes.append(f"the text is cut: its stacks count {counted} of {total}")
    return match[1], total, found, tuple(notes)


def profile(kind: str, total: int, found: Sequence[Record]) -> Profile:
    """The records as a profile; a part that the text has no stacks for counts as a stack without frames."""
    stacks: dict[Frames, int] = {}
    for record in found:
        stacks[record.frames] = stacks.get(record.frames, 0) + record.values[0]
    missing = total - sum(stacks.values())
    if missing > 0:
        stacks[()] = stacks.get((), 0) + missing
    return profile_of(kind, "count", stacks)
