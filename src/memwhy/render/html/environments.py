"""The conditions of two runs side by side, as a page shows them: what differs, what is alike, what only one tells."""

from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.model.comparison import Compared, Comparison, Difference
from memwhy.model.units import human_duration


@dataclass(frozen=True, slots=True)
class Side:
    """One run in words: (what, value) rows."""

    letter: str
    name: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """letters: of the two sides. differing: with both values; same and unknown: in words."""

    letters: tuple[str, str]
    sides: tuple[Side, Side]
    differing: tuple[Difference, ...]
    same: tuple[str, ...]
    unknown: tuple[str, ...]


def environment(found: Comparison, letters: tuple[str, str] = ("A", "B"), names: Sequence[str] = ()) -> Environment:
    """Of a comparison of the two. names: what they are called, where not as the comparison has it."""
    given = tuple(names) or (found.a.name, found.b.name)
    one, other = (
        Side(letter, name, rows)
        for letter, name, rows in zip(letters, given, map(_rows, (found.a, found.b)), strict=True)
    )
    return Environment(letters, (one, other), found.differences, found.same, found.unknown)


def _rows(side: Compared) -> tuple[tuple[str, str], ...]:
    target = side.target
    runtime = target.runtime_version or ("" if target.runtime == "unknown" else target.runtime)
    rows = (
        ("program", target.command or ""),
        ("pid", "" if target.pid is None else str(target.pid)),
        ("runtime", runtime),
        ("seen for", human_duration(side.span_s) if side.span_s else ""),
        ("readings", f"{side.readings:,}" if side.readings else ""),
        ("process's age", human_duration(side.age_s) if side.age_s is not None else ""),
    )
    return tuple((what, value) for what, value in rows if value)
