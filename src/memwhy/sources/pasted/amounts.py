"""Amounts as people print them: a number and a unit → whole bytes and the resolution they were printed with."""

import re
from fractions import Fraction
from functools import lru_cache

_PREFIXES = "kmgtpe"
_MOST_DIGITS = 20
NUMBER = r"-?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?"
_UNIT = re.compile(r"(?:bytes?|b|(?P<prefix>[kmgtpe])(?P<i>i?)(?:b|bytes?)?)?", re.IGNORECASE)
_NUMBER = re.compile(NUMBER)


@lru_cache(maxsize=256)
def unit_bytes(unit: str, *, decimal: bool = False) -> int | None:
    """Bytes of `kB`, `MiB`, `G`, `bytes` or ""; prefixes without `i` are binary unless decimal. None: no such unit."""
    match = _UNIT.fullmatch(unit)
    if match is None:
        return None
    if match["prefix"] is None:
        return 1
    power = _PREFIXES.index(match["prefix"].lower()) + 1
    return int((1000 if decimal and not match["i"] else 1024) ** power)


def exact_bytes(number: str, width: int) -> tuple[int, int]:
    """(bytes, quantum) of a printed decimal times width: `1.9` times 1 GiB is 2,040,109,466 to within 107,374,182.

    Exact in integers, rounded half to even; the quantum is one step of the last printed digit, at least 1.
    """
    if number.isdecimal() and len(number) <= _MOST_DIGITS:
        return int(number) * width, width
    if _NUMBER.fullmatch(number) is None or len(number) > 60:
        raise ValueError(f"{number!r} is not a number")
    mantissa, _, exponent = number.lower().partition("e")
    whole, _, places = mantissa.partition(".")
    decimals = len(places) - int(exponent or 0)
    quantum = width if decimals <= 0 else max(1, width // 10 ** min(decimals, 40))
    if exponent:
        return round(Fraction(number) * width), quantum
    value, rest = divmod(int(whole + places) * width, 10**decimals)
    return value + (2 * rest + value % 2 > 10**decimals), quantum
