"""Directions: which of two values makes a process hold more. Less of it cannot be why one holds more."""

import re
from collections.abc import Callable

from memwhy.comparison.components import NONE
from memwhy.comparison.conditions import NOT_SET
from memwhy.model.errors import UsageError
from memwhy.model.gosettings import gogc_percent
from memwhy.model.units import parse_size

ENDLESS = float("inf")
_FIRST_NUMBER = re.compile(r"\d{1,18}")


def _number(text: str) -> float:
    found = _FIRST_NUMBER.search(text)
    return float(found[0]) if found else ENDLESS


def _gogc(text: str) -> float:
    """No bound where it is off."""
    found = gogc_percent(text)
    return ENDLESS if found is None else float(found)


def _size(text: str) -> float:
    try:
        return float(parse_size(text))
    except UsageError:
        return ENDLESS


def _stack(text: str) -> float:
    """Of a new thread: 2 MiB where there is no limit (pthread_create(3); x86-64 and aarch64)."""
    return float(2 << 20) if text == "unlimited" else _number(text)


def _is(*values: str) -> Callable[[str], float]:
    return lambda text: float(text in values)


def _is_not(*values: str) -> Callable[[str], float]:
    return lambda text: float(text not in values)


MORE: dict[str, Callable[[str], float]] = {
    "cgo": _is("on"),
    "libraries.one": _is_not(NONE),
    "modules.one": _is_not(NONE),
    "sanitizer": _is_not("none"),
    "preload": _is_not(NOT_SET),
    "arenas": _number,
    "gomaxprocs": _number,
    "gogc": _gogc,
    "gomemlimit": _size,
    "stack_limit": _stack,
    "static": _is("dynamic"),
    "thp": lambda text: float(("never", "madvise", "always").index(text)) if text in ("madvise", "always") else 0.0,
    "godebug.madvdontneed": _is("0"),
    "godebug.disablethp": _is_not("1"),
    "godebug.asynctimerchan": _is("1"),
}
"""By kind: how much a value makes a process hold, on a scale of its own. A kind that is not here has no direction."""


def less(kind: str, heavier: str, lighter: str) -> bool:
    """The heavier side has the value that makes it hold less."""
    scale = MORE.get(kind)
    return scale is not None and scale(heavier) < scale(lighter)
