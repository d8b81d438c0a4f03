"""Units: sizes and durations as people write them, and as memwhy prints them.

Bytes and nanoseconds are integers everywhere; floats begin in `memwhy.trend`.
"""

import re

from memwhy.model.errors import UsageError

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
NS_PER_S = 1_000_000_000

_SIZE = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)\s{0,9}([kmgt]?)i?b?", re.IGNORECASE)
_MOST_BYTES = 1 << 63
"""No size of a kernel or a runtime reaches it, and no column of a recording holds it."""
_SHOWN = 40
_DURATION_PART = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(ms|s|m|h|d|$)")
_DURATION = re.compile(r"(?:\d{1,18}(?:\.\d{1,18})?(?:ms|s|m|h|d)){1,9}|\d{1,18}(?:\.\d{1,18})?")
_MOST_S = 100 * 366 * 86400.0
"""A hundred years."""
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_size(text: str) -> int:
    """Bytes from `512k`, `1MiB`, `2.5G` or `1048576`. All prefixes are binary, as in the kernel's files."""
    match = _SIZE.fullmatch(text.strip())
    size = float(match[1]) * 1024 ** _POWER[match[2].lower()] if match is not None else _MOST_BYTES
    if size >= _MOST_BYTES:
        raise UsageError(f"{_short(text)!r} is not a size", help="write a size such as 512k, 1MiB or 2.5G")
    return round(size)


def parse_duration(text: str) -> float:
    """Seconds from `30s`, `5m`, `1h30m`, `250ms` or a bare number of seconds."""
    bare = text.strip().lower()
    parts = _DURATION_PART.findall(bare) if _DURATION.fullmatch(bare) else []
    seconds = sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    if not parts or seconds > _MOST_S:
        raise UsageError(f"{_short(text)!r} is not a duration", help="write a duration such as 30s, 5m or 1h30m")
    return seconds


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def parse_rate(text: str) -> float:
    """Bytes a second from `1MiB/min`, `64k/s` or `2G/h`."""
    size, slash, time = text.strip().partition("/")
    seconds = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}.get(
        time.strip()
    )
    if not slash or seconds is None:
        raise UsageError(
            f"{_short(text)!r} is not a rate", help="write a size for a time, such as 1MiB/min, 64k/s or 2G/h"
        )
    rate = parse_size(size) / seconds
    if rate <= 0:
        raise UsageError(
            f"{_short(text)!r}: no growth at all can never be proven", help="write the least growth that matters to you"
        )
    return rate


def human_bytes(count: float) -> str:
    """`612.4 MiB`; three units at most, always binary, never rounded to a neighbouring unit."""
    sign = "-" if count < 0 else ""
    size = abs(count)
    if size < KIB:
        return f"{sign}{size:.0f} B"
    for unit, width in (("KiB", KIB), ("MiB", MIB), ("GiB", GIB)):
        if size < width * 1000 or unit == "GiB":
            return f"{sign}{size / width:.1f} {unit}"
    raise AssertionError("unreachable: GiB takes every size")


def human_duration(seconds: float) -> str:
    """`41 s`, `9 min`, `2 h 05 min`, `3 d 4 h`."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def human_range(first: float, last: float) -> str:
    """`505.0 to 516.0 MiB`: two sizes in one unit, small enough to show that they differ; one size when they do not."""
    for unit, width in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if max(abs(first), abs(last)) < width and unit != "KiB":
            continue
        low, high = f"{first / width:,.1f}", f"{last / width:,.1f}"
        if low != high:
            return f"{low} to {high} {unit}"
    return human_bytes(last)


def human_change(count: float) -> str:
    """`+1.2 MiB`: bytes with their sign."""
    return ("+" if count >= 0 else "") + human_bytes(count)


def human_rate(slope: float, per: str) -> str:
    """`+45.1 MiB/min` from bytes a second, `+1.2 MiB a reading` from bytes a sample."""
    if per == "sample":
        return human_change(slope) + " a reading"
    return human_change(slope * 60) + "/min"


def flag_duration(seconds: float) -> str:
    """`90s`, `10m`, `2h`: a duration as the command line takes it, rounded up to a plain number."""
    if seconds <= 90:
        return f"{max(1, round(seconds))}s"
    if seconds <= 90 * 60:
        return f"{-(-round(seconds) // 60)}m"
    return f"{-(-round(seconds) // 3600)}h"
