"""What a program's own runtime said, in a form to hold against what was seen from outside. Standard library only."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_HEAD = re.compile(r"goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\],]*)[^\]]*\]:")
_CREATED = re.compile(r"created by (.*?)(?: in goroutine \d+)?")
_PLACE = re.compile(r"\t(.*:\d+)(?: \+0x[0-9a-f]+)?")


@dataclass(frozen=True, slots=True)
class Goroutine:
    """One goroutine of a text as debug=2 writes it. frames: "function place", leaf first, without arguments and offsets."""

    state: str
    frames: tuple[str, ...]
    created_by: str

    @property
    def own_frames(self) -> tuple[str, ...]:
        """Without the runtime's: a goroutine that asks about itself and one that is looked at differ in them."""
        return tuple(frame for frame in self.frames if not frame.startswith("runtime."))


def goroutines(text: str) -> dict[int, Goroutine]:
    """By id. Source of the form: runtime/traceback.go, goroutineheader and traceback1."""
    return dict(one for one in map(_goroutine, text.split("\n\n")) if one is not None)


def _goroutine(block: str) -> tuple[int, Goroutine] | None:
    head, _, rest = block.strip().partition("\n")
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    frames, created_by = [], ""
    for function, place in _pairs(rest.splitlines()):
        created = _CREATED.fullmatch(function)
        if created:
            created_by = f"{created[1]} {place}"
        else:
            frames.append(f"{_without_arguments(function)} {place}")
    return int(match[1]), Goroutine(match[2], tuple(frames), created_by)


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith("\t"):
            place = _PLACE.fullmatch(after)
            yield line, place[1] if place else ""


def _without_arguments(function: str) -> str:
    """main.(*T).run(0xc000, ...) -> main.(*T).run: the last parenthesis opened is that of the arguments."""
    if not function.endswith(")"):
        return function
    depth = 0
    for at in range(len(function) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(function[at], 0)
        if depth == 0:
            return function[:at]
    return function


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of `of` goroutines agree; first: one that does not, in words."""

    of: int
    states: int
    stacks: int
    first: str = ""

    @property
    def share(self) -> float:
        return min(self.states, self.stacks) / self.of if self.of else 0.0


def agreement(said: Mapping[int, Goroutine], seen: Mapping[int, Goroutine]) -> Agreement:
    """Every goroutine that the runtime told of, but for the one that asked (it was running then and waits now)."""
    asked = {number: one for number, one in said.items() if one.state != "running"}
    states = sum(number in seen and seen[number].state == one.state for number, one in asked.items())
    same = {
        number
        for number, one in asked.items()
        if number in seen and (seen[number].own_frames, seen[number].created_by) == (one.own_frames, one.created_by)
    }
    other = next((number for number in asked if number not in same), None)
    first = "" if other is None else f"goroutine {other}: said {asked[other]}, seen {seen.get(other)}"
    return Agreement(len(asked), states, len(same), first)


def wrong_fields(said: Mapping[str, int], seen: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Fields that both have and that differ: (said, seen)."""
    return {name: (said[name], seen[name]) for name in said if name in seen and said[name] != seen[name]}


MALLINFO = {
    "arena": "system_bytes",
    "uordblks": "in_use_bytes",
    "fordblks": "free_bytes",
    "fsmblks": "fastbin_bytes",
    "hblks": "mmapped_count",
    "hblkhd": "mmapped_bytes",
}
"""mallinfo2's fields, and what an inspection calls them."""


def as_mallinfo(malloc: Mapping[str, object]) -> dict[str, int]:
    """The malloc part of an inspection under mallinfo2's names."""
    return {name: int(str(malloc[field])) for name, field in MALLINFO.items()}
