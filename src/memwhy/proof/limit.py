"""What a person may write as a limit on growth: `1MiB/min`, `64B/request`, `1MiB/1000 calls`."""

import re

from memwhy.model.errors import UsageError
from memwhy.model.proof import Limit
from memwhy.model.units import parse_rate, parse_size

_WORK = re.compile(
    r"\s*(?P<many>\d[\d,_]*(?:\.\d+)?)?\s*(?P<times>[kKM](?=\s))?\s*(?P<unit>[A-Za-z][A-Za-z _-]{0,40}?)\s*"
)
_TIMES = ("s", "sec", "m", "min", "h", "hour", "d", "day")
_SINGLE = {"ies": "y", "ches": "ch", "shes": "sh", "sses": "ss"}


def parse_limit(text: str) -> Limit:
    """Bytes per second, or per piece of work where the word after the slash is no time. Raises UsageError."""
    size, slash, rest = text.strip().partition("/")
    match = _WORK.fullmatch(rest)
    if not slash or match is None or (match["unit"] in _TIMES and not match["many"]):
        return Limit(bytes=parse_rate(text))
    if match["unit"] in _TIMES:
        raise UsageError(f"{text!r}: write the time as one, such as 1MiB/min", help="or name work, such as 64B/request")
    many = float((match["many"] or "1").replace(",", "").replace("_", "")) * {"k": 1e3, "K": 1e3, "M": 1e6}.get(
        match["times"] or "", 1.0
    )
    allowed = parse_size(size) / many if many else 0.0
    if allowed <= 0:
        raise UsageError(
            f"{text!r}: no growth at all can never be proven", help="write the least growth that matters to you"
        )
    return Limit(bytes=allowed, per="work", unit=singular(match["unit"]))


def singular(unit: str) -> str:
    """`request` of `requests`; a word that is none already stays."""
    unit = unit.strip().lower().replace("_", " ")
    for many, one in _SINGLE.items():
        if unit.endswith(many):
            return unit.removesuffix(many) + one
    return unit[:-1] if unit.endswith("s") and not unit.endswith("ss") and len(unit) > 2 else unit
