"""What a person may write as a limit on growth: `1MiB/min`, `64B/request`, `1MiB/1000 calls`."""

import re

from memwhy.model.errors import UsageError
from memwhy.model.pieces import singular
from memwhy.model.proof import Limit
from memwhy.model.units import parse_rate, parse_size

_WORK = re.compile(
    r"\s*(?P<many>\d[\d,_]*(?:\.\d+)?)?\s*(?P<times>[kKM](?=\s))?\s*(?P<unit>[A-Za-z][A-Za-z _-]{0,40}?)\s*"
)
_TIMES = {
    **dict.fromkeys(("s", "sec", "second"), "s"),
    **dict.fromkeys(("m", "min", "minute"), "min"),
    **dict.fromkeys(("h", "hr", "hour"), "h"),
    **dict.fromkeys(("d", "day"), "day"),
}
_OTHER_TIMES = (
    "ms",
    "msec",
    "millisecond",
    "us",
    "usec",
    "microsecond",
    "ns",
    "nanosecond",
    "week",
    "wk",
    "w",
    "month",
    "quarter",
    "year",
    "yr",
    "y",
)
"""Words for times too, in which no limit is written: taken for work, such a gate could never fail."""


def parse_limit(text: str) -> Limit:
    """Bytes per second, or per piece of work where the word after the slash is no time. Raises UsageError."""
    size, slash, rest = text.strip().partition("/")
    match = _WORK.fullmatch(rest)
    if not slash or match is None:
        return Limit(bytes=parse_rate(text))
    time = _time(match["unit"])
    if time in _TIMES and not match["many"]:
        return Limit(bytes=parse_rate(f"{size}/{_TIMES[time]}"))
    if time:
        raise UsageError(
            f"{text!r}: write the time as one of s, min, h, day, such as 1MiB/min", help="or name work: 64B/request"
        )
    many = float((match["many"] or "1").replace(",", "").replace("_", "")) * {"k": 1e3, "K": 1e3, "M": 1e6}.get(
        match["times"] or "", 1.0
    )
    allowed = parse_size(size) / many if many else 0.0
    if allowed <= 0:
        raise UsageError(
            f"{text!r}: no growth at all can never be proven", help="write the least growth that matters to you"
        )
    return Limit(bytes=allowed, per="work", unit=singular(match["unit"]))


def _time(word: str) -> str:
    """The word for a time as the tables have it, of `Minutes` and `MIN` as well; "" for what is none."""
    word = word.strip().lower()
    return next((one for one in (word, word.removesuffix("s")) if one in _TIMES or one in _OTHER_TIMES), "")
