"""Owners: a page's subjects brought together where they are one and the same.

A service that was restarted has another pid in the next paste; a tool that prints no pid names the command. Two pids of
one command that stand in one block are two processes, and stay so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from memwhy.model.reading import Moment, Observation

PID = "pid "
OPENING = "page.opening"
COMMON = frozenset(
    ("go", "python", "python3", "java", "node", "ruby", "php", "server", "app", "main", "host", "docker", "linux")
)
"""Words of any complaint: what runs a program names none."""
LONG_ENOUGH = 5
_WORD = re.compile(r"[^\W_][\w.-]{1,60}")
NEAR_LINES = 1
"""Rows of one table stand directly below each other."""


def unify(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """The observations, those of one command under one subject wherever the page shows one process of it at a time."""
    observations = [one for one in _named(observations) if OPENING not in one.reading.facts]
    commands = _commands(observations)
    alone = {command: pids for command, pids in commands.items() if not _side_by_side(observations, pids)}
    subject_of = {pid: f"process {command}" for command, pids in alone.items() for pid in pids}
    named = {one.subject for one in observations if one.subject.startswith("process ")}
    wanted = {pid for pid, subject in subject_of.items() if subject in named or len(alone[subject[8:]]) > 1}
    if not wanted:
        return tuple(observations)
    renamed = [replace(one, subject=subject_of[one.subject]) if one.subject in wanted else one for one in observations]
    return tuple(_in_order(renamed, {subject_of[pid] for pid in wanted}))


def _in_order(observations: Iterable[Observation], subjects: set[str]) -> Iterator[Observation]:
    """Readings that now share a subject are counted anew, in the order of the page; so are those of two clocks."""
    rows = sorted(observations, key=lambda one: (one.where.file, one.where.first_line or 0))
    clocks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in rows:
        clocks[one.source, one.subject].add(one.moment.clock)
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for one in rows:
        key = (one.source, one.subject)
        if one.subject in subjects and (one.moment.clock == "order" or len(clocks[key]) > 1):
            one = replace(one, moment=Moment(clock="order", value=seen[key]))
            seen[key] += 1
        yield one


def _named(observations: Sequence[Observation]) -> Sequence[Observation]:
    """Readings of a program or a container that the page's opening names carry the fact process.named."""
    opening = " ".join(text for one in observations if (text := one.reading.facts.get(OPENING)))
    words = {word.strip("-_.").lower() for word in _WORD.findall(opening)} - COMMON
    if not words:
        return observations
    out = []
    for one in observations:
        name = one.reading.facts.get("process.comm") or one.subject.partition(" ")[2]
        told = one.source.startswith("words/")  # by a sentence, perhaps the same: it names all of a list
        if name and one.subject and not told and _is_named(name.lower(), words):
            one = replace(one, reading=replace(one.reading, facts={**one.reading.facts, "process.named": "1"}))
        out.append(one)
    return out


def _is_named(name: str, words: set[str]) -> bool:
    """As a whole, by its first part (grafana-server), or where the kernel cut it at 15 bytes by its beginning."""
    first = re.split(r"[-_.]", name)[0]
    if name in words or (len(first) >= LONG_ENOUGH and first in words):
        return True
    return len(name) == 15 and any(word.startswith(name) for word in words)


def _commands(observations: Iterable[Observation]) -> dict[str, set[str]]:
    """The subjects `pid N` of every command's name."""
    commands: dict[str, set[str]] = defaultdict(set)
    for one in observations:
        command = one.reading.facts.get("process.comm")
        if command and one.subject.startswith(PID):
            commands[command].add(one.subject)
    return commands


def _side_by_side(observations: Iterable[Observation], pids: set[str]) -> bool:
    """Two of these processes stand in rows next to each other."""
    rows: list[tuple[str, int, str]] = sorted(
        (one.where.file, one.where.first_line or 0, one.subject) for one in observations if one.subject in pids
    )
    return any(
        file == other_file and line - other_line <= NEAR_LINES and subject != other
        for (other_file, other_line, other), (file, line, subject) in pairwise(rows)
    )
