"""Goroutines counted by a pipeline: `grep … dump | sort | uniq -c | sort -rn`, by function, by creator or by state; or by a
program that reads dumps, which prints the states first (`semacquire: 4120`).

Every goroutine of a dump has one header with its state and, but for the first, one line `created by` (runtime/traceback.go):
counts by these sum to goroutines. Counts of frames do so only when one frame of each was taken (`grep -A1 ^goroutine`);
otherwise the largest is the least there are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.reading import Reading
from memwhy.sources.go.stacks import profile_of
from memwhy.sources.span import Span

NAME = "pasted/goroutine_tally"
TRIGGERS = (b"created by ", b"goroutine", b"uniq -c", b"io wait", b"chan receive", b"[select")

_COUNT = r"^(?P<count>\d{1,9})\s{1,8}"
_FUNCTION = r"(?:[\w.~-]{1,80}/){0,8}[\w.-]{1,80}\.(?:\(\*?[\w.]{1,80}\)\.)?[\w.\[\]]{1,120}"
_CREATOR = re.compile(
    rf"{_COUNT}(?:created by |goroutine created by )(?P<name>{_FUNCTION})(?: in goroutine \d{{1,12}})?$"
)
_FRAME = re.compile(rf"{_COUNT}(?P<name>{_FUNCTION})(?:\([^()]{{0,400}}\)?(?:\.{{3}}\))?)?$")
_STATES = (
    "chan receive|chan send|select|IO wait|semacquire|sync\\.Cond\\.Wait|sync\\.(?:RW)?Mutex\\.R?Lock|sync\\.WaitGroup\\.Wait|"
    "sleep|syscall|running|runnable|finalizer wait|GC worker|force gc|wait for|GC sweep wait|GC scavenge wait"
)
_STATE = re.compile(
    rf"{_COUNT}(?:goroutine )?\[?(?P<name>(?:{_STATES})(?: \((?:nil chan|no cases|idle)\))?)(?:, ?(?:\d{{1,9}} minutes|locked to thread)?)*(?:\]:?)?$",
    re.IGNORECASE,
)
_STATE_FIRST = re.compile(
    rf"^\[?(?P<name>{_STATES}|wait for GC cycle)(?: \((?:nil chan|no cases|idle)\))?\]?\s{{0,8}}[:=|,→-]{{1,2}}>?\s{{0,8}}(?P<count>\d{{1,9}})$",
    re.IGNORECASE,
)
"""`semacquire: 104268`, as programs that read dumps print it."""
_ABOUT = re.compile(r"goroutine", re.IGNORECASE)
_TALLIED = re.compile(r"uniq\s{1,4}-\w{0,4}c")
_ONE_EACH = re.compile(r"-A ?1\b|-A1\b")
_EDGES = " \t>`|│*"
_LONGEST_LINE = 600
_ABOVE_LINES = 6
_MOST_ROWS = 2000


@dataclass(slots=True)
class _Tally:
    """Rows that follow one another; lines are 0-based. kind: creator, state or frame. about: the lines above it."""

    kind: str
    first: int
    last: int
    about: str
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def says(self) -> bool:
        """Rows of words and numbers are anybody's, unless they or what stands above them speak of goroutines."""
        counted = bool(_TALLIED.search(self.about))
        if self.kind == "creator":
            return len(self.rows) >= 2 or counted
        if self.kind == "state":
            return len(self.rows) >= 2 and (counted or bool(_ABOUT.search(self.about)) or len(self.rows) >= 3)
        return len(self.rows) >= 2 and bool(_ABOUT.search(self.about))


def _row(line: str) -> tuple[str, str, int] | None:
    """(kind, name, count) of a bare line."""
    for kind, pattern in (("creator", _CREATOR), ("state", _STATE), ("frame", _FRAME)):
        if match := pattern.match(line):
            return kind, match["name"], int(match["count"])
    if match := _STATE_FIRST.match(line.replace("`", "").replace(",", "") if line[-4:-3] == "," else line):
        return "state", match["name"], int(match["count"])
    return None


def _tallies(lines: Sequence[str]) -> Iterator[_Tally]:
    tally: _Tally | None = None
    done = -1
    for i, raw in enumerate(lines):
        if not raw or not any(c.isdigit() for c in raw[:40]) or len(raw) > _LONGEST_LINE:
            continue
        found = _row(raw.replace("**", "").replace("&gt;", ">").strip(_EDGES))
        if found is None:
            continue
        kind, name, count = found
        fresh = tally is None or kind != tally.kind or i - tally.last > 1 or (name in tally.rows and kind != "state")
        if tally is not None and (fresh or len(tally.rows) >= _MOST_ROWS):
            yield tally
            tally = None
        if tally is None:
            about = "\n".join(line[:_LONGEST_LINE] for line in lines[max(done + 1, i - _ABOVE_LINES) : i])
            tally = _Tally(kind, i, i, about)
        tally.last = done = i
        tally.rows[name] = tally.rows.get(name, 0) + count
    if tally is not None:
        yield tally


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of counts, each with the pipeline above it; sentences there are left to others."""
    end = -1
    for tally in _tallies(lines):
        if tally.says:
            above = range(tally.first - 1, max(end, tally.first - _ABOVE_LINES - 1), -1)
            first = min([tally.first, *(i for i in above if _TALLIED.search(lines[i][:_LONGEST_LINE]))])
            end = tally.last
            yield Span(first=first, last=tally.last)


def _reading(tally: _Tally) -> Reading:
    one_each = tally.kind != "frame" or bool(_ONE_EACH.search(tally.about))
    counts = sorted(tally.rows.items(), key=lambda row: (-row[1], row[0]))
    total = sum(tally.rows.values()) if one_each else counts[0][1]
    facts = {"go.seen": "1"}
    if tally.kind != "frame":
        name = "go.goroutine_creators" if tally.kind == "creator" else "go.goroutine_states"
        facts[name] = "\n".join(f"{count} {words}" for words, count in counts[:12])
    notes = () if one_each else ("counts of frames: the largest is the least number of goroutines",)
    profiles: tuple[Profile, ...] = ()
    if tally.kind != "state":
        kind = "goroutine" if one_each else "goroutine (some)"
        profiles = (profile_of(kind, "count", {(function,): count for function, count in counts}),)
    return Reading(
        metrics={"go.goroutines_count": total},
        facts=facts,
        profiles=profiles,
        notes=notes,
        line=tally.first + 1,
        last_line=tally.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a table, in order: how many goroutines there are at least. What the rows are of is taken for known.

    ParseError when there is none.
    """
    readings = tuple(_reading(tally) for tally in _tallies(text.split("\n")) if len(tally.rows) >= 2 or tally.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no goroutines counted by a pipeline")
    return readings
