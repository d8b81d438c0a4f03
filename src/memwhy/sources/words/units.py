"""Units of figures that stand elsewhere than at them: in the name of a column or row, in other cells of a column."""

import re
from collections.abc import Sequence

from memwhy.sources.words.quantities import unit_power

_LABEL_UNIT = re.compile(
    r"(?:[\[(/,]\s?|\bin |_|(?<=[A-Za-z)]) )(?P<unit>[KMGTkmgtКМГкмг]?i?(?:[Bb]|bytes|б|Б|байт)|[KMG]i?|bytes)\s?[\])]?\s*$"
)
_UNIT_TOLD = re.compile(r"[~≈]?(?P<number>\d{1,9}(?:\.\d{1,6})?) ?(?P<unit>[KMGTkmgt]i?[Bb]|[KMG]i?)")
_BARE = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_APART = 30
"""Figures of one column differ by no more where they have the same unit."""


def split_unit(label: str) -> tuple[str, int | None]:
    """A name and 1024's power of the unit that it ends with: `RSS (MB)` → `RSS`, 2."""
    match = _LABEL_UNIT.search(label)
    power = unit_power(match["unit"]) if match else None
    if match is None or power is None or match.start() == 0:
        return label, None
    return label[: match.start()].rstrip(" _,("), power


def unit_beside(cells: Sequence[str]) -> int | None:
    """The unit of the cells that have one, for those of the same column that are a bare number of the same size."""
    told = [
        (float(match["number"]), unit_power(match["unit"])) for cell in cells if (match := _UNIT_TOLD.fullmatch(cell))
    ]
    bare = [float(cell) for cell in cells if _BARE.fullmatch(cell)]
    if not told or not bare or len({power for _, power in told}) != 1:
        return None
    numbers = [number for number, _ in told]
    alike = min(numbers) / _APART <= min(bare) and max(bare) <= max(numbers) * _APART
    return told[0][1] if alike else None
