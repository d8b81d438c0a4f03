"""Captions: the words between two pastes that tell when the block below them was taken.

`After 4 hours:`, `## Baseline`, `day 3`, `at 15:10`, a bare date, a prompt with a time in it. They date the readings of a
page where all readings of one series are told in one way and in the order in which they stand; else their order is all.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol, TypeVar

from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import read_date, read_stamp, read_time_of_day
from memwhy.sources.words.moments import read_moments
from memwhy.sources.words.quantities import duration_ns, flatten

DAY_NS = 86400 * NS_PER_S
_LONGEST_LINE = 600
_MOST_LINES = 8  # of words above a block
_MOST_PARAGRAPHS = 2
_LOOK_UP = 40
_NEUTRAL = re.compile(
    r"\s*(?:(?:>\s?){0,4}\s*)?(?:```|~~~|</?[a-z]{1,10}(?: [^<>]{0,200})?/?>\s*$|[-=_*]{3,}\s*$)?", re.IGNORECASE
)
_COUNTED = re.compile(
    r"(?<![A-Za-z0-9])(?P<unit>day|hour|week|month|minute|Tag|Stunde|Woche|jour|heure|semaine|día|hora|semana|день|час)s?\s?#?(?P<number>\d{1,4})(?![\w:.,]|\s?(?:ago|before))"
    r"|第\s?(?P<number2>\d{1,4})\s?(?P<unit2>天|日|小时|周)|(?P<number3>\d{1,4})(?P<unit3>日|時間|週)目",
    re.IGNORECASE,
)
_ZERO = re.compile(r"(?<![A-Za-z0-9])t\s?(?:=|\+)?\s?0(?![\w.:,])(?:\s?(?:s|min|h))?", re.IGNORECASE)
_ANOTHER = re.compile(r"\b(?:another|(?:a )?further|weitere\w{0,2}|otr[ao]s|encore|ещё|еще)\s", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:later|more|später|plus tard|más tarde|más|mais tarde|depois|спустя)\b|再过|又过|其后|さらに|더",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clue:
    """When, in one of four ways: ns since a start, ns since the clue before, time of day, or wall clock."""

    kind: Literal["since", "later", "day", "wall"]
    ns: int


class Dated(Protocol):
    """A reading in its place, as the page has it: see memwhy.sources.page.Found."""

    @property
    def source(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def reading(self) -> Reading: ...


D = TypeVar("D", bound=Dated)


def read_clue(text: str) -> Clue | None:
    """The one moment that a line of words tells; None for none, and for several that differ."""
    text = flatten(text[:_LONGEST_LINE])
    stamp = read_stamp(text)
    if stamp is not None:
        return Clue("wall", stamp.wall_ns)
    date, time = read_date(text), read_time_of_day(text)
    if date is not None:
        return Clue("wall", date.wall_ns + (time or 0))
    found: set[Clue] = set()
    plain, others = _ANOTHER.subn("", text)
    for told in read_moments(plain):
        if told.elapsed_ns is not None:
            around = plain[max(0, told.start - 12) : told.end + 12]
            later = told.elapsed_ns > 0 and (others > 0 or _LATER.search(around) is not None)
            found.add(Clue("later" if later else "since", told.elapsed_ns))
    for match in _COUNTED.finditer(text):
        groups = match.groupdict()
        number = groups["number"] or groups["number2"] or groups["number3"]
        ns = duration_ns(number, (groups["unit"] or groups["unit2"] or groups["unit3"]).lower())
        if ns is not None:
            found.add(Clue("since", ns))
    if _ZERO.search(text):
        found.add(Clue("since", 0))
    if time is not None and not found:
        found.add(Clue("day", time))
    told_ns = {clue for clue in found if clue.ns} or found  # "after the restart, running for 4 hours" is 4 hours
    return told_ns.pop() if len(told_ns) == 1 else None


def _words_of(line: str) -> str | None:
    """What of a line may tell a moment: all of it, or of a prompt the part before the command and a comment."""
    if len(line) > _LONGEST_LINE:
        return None
    prompt = read_prompt(line)
    if prompt is None or (prompt.host is None and line.lstrip(" >*").startswith("#")):
        return line.strip().strip("#*_=> \t")
    before = line.split(prompt.command, 1)[0] if prompt.command else line
    comment = re.search(r"\s#\s(.{3,100})$", prompt.command)
    return f"{before} {comment[1] if comment else ''}"


def is_between(line: str) -> bool:
    """Nothing, a fence, a rule, a lone tag or a prompt: it parts no block from the caption above it."""
    return (
        _NEUTRAL.fullmatch(line) is not None
        or line.lstrip().startswith(("```", "~~~"))
        or read_prompt(line) is not None
    )


def clue_above(lines: Sequence[str], first: int, floor: int) -> Clue | None:
    """The clue nearest above the block that begins at index `first`, down to index `floor`."""
    if first < len(lines) and read_prompt(lines[first]) is not None:
        words = _words_of(lines[first])
        clue = read_clue(words) if words else None
        if clue is not None:
            return clue
    seen = paragraphs = 0
    inside = False
    for i in range(first - 1, max(floor, first - _LOOK_UP) - 1, -1):
        line = lines[i]
        if is_between(line):
            words = _words_of(line) if line.strip() else None
            inside = inside and words is not None
        else:
            words = _words_of(line)
            seen += 1
            paragraphs += not inside
            inside = True
        if seen > _MOST_LINES or paragraphs > _MOST_PARAGRAPHS:
            return None
        clue = read_clue(words) if words else None
        if clue is not None:
            return clue
    return None


def date_readings(found: list[D], clues: Sequence[Clue | None]) -> list[D]:
    """The same, readings of two or more moments of one series dated where their captions agree on a clock."""
    groups = _series(found)
    told: dict[int, int] = {}
    walls: list[int] = []
    for places in groups:
        undated = all(found[i].reading.wall_ns is None and found[i].reading.elapsed_ns is None for i in places)
        if not undated:
            continue
        times, wall = _on_one_clock([clues[i] for i in places])
        if times:
            told.update(zip(places, times, strict=True))
            walls += places if wall else []
    begin = min((told[i] for i in walls), default=0)
    for i in walls:
        told[i] -= begin
    return [
        replace(one, reading=replace(one.reading, elapsed_ns=told[i])) if i in told else one  # type: ignore[type-var]
        for i, one in enumerate(found)
    ]


def date_by_posts(found: list[D], posts: Sequence[tuple[str, int] | None]) -> list[D]:
    """The same, readings of one series that one person shows in several posts stamped with these posts' dates.

    posts: (author, "" for nobody known; wall clock) of the post that a reading stands in, None for none.
    """
    told: dict[int, int] = {}
    for places in _series(found):
        in_posts = [post for i in places if (post := posts[i]) is not None]
        undated = all(found[i].reading.wall_ns is None and not found[i].reading.elapsed_ns for i in places)
        alone = len({author for author, _ in in_posts if author}) <= 1
        if undated and alone and len(in_posts) == len(places) and all(a[1] < b[1] for a, b in pairwise(in_posts)):
            told.update(zip(places, (wall_ns for _, wall_ns in in_posts), strict=True))
    return [
        replace(one, reading=replace(one.reading, wall_ns=told[i], elapsed_ns=None)) if i in told else one  # type: ignore[type-var]
        for i, one in enumerate(found)
    ]


def _series(found: Sequence[Dated]) -> list[list[int]]:
    """Indices of two or more readings of one source and subject; restarts of one command are one subject here."""
    by_subject: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, one in enumerate(found):
        by_subject[one.source, one.subject].append(i)
    by_command: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (source, _), places in by_subject.items():
        command = found[places[0]].reading.facts.get("process.comm")
        if len(places) == 1 and command:
            by_command[source, command] += places
    series = [*by_subject.values(), *(sorted(places) for places in by_command.values())]
    return [places for places in series if len(places) > 1]


def _on_one_clock(clues: Sequence[Clue | None]) -> tuple[list[int], bool]:
    """Rising times for all clues, and whether they are of a wall clock; none where the clues do not agree on one.

    The first block of a page seldom says "now": it is the beginning, unless another one is.
    """
    kinds = {clue.kind for clue in clues if clue is not None}
    if not kinds or None in clues[1:]:
        return [], False
    wall = bool(kinds & {"day", "wall"})
    if wall and (kinds & {"since", "later"} or clues[0] is None):
        return [], False
    times: list[int] = []
    for clue in clues:
        before = times[-1] if times else 0
        if clue is None:
            times.append(0)
        elif clue.kind == "later":
            times.append(before + clue.ns)
        elif clue.kind == "day":
            midnight = before - before % DAY_NS if times else 0
            time = midnight + clue.ns
            times.append(time + DAY_NS if times and time < before else time)
        else:
            times.append(clue.ns)
    rising = all(a < b for a, b in pairwise(times))
    return (times, wall) if rising else ([], False)
