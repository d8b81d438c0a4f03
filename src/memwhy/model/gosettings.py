"""GOGC and GOMEMLIMIT as Go reads them (runtime/mgcpacer.go: readGOGC, readGOMEMLIMIT; runtime/string.go: parseByteCount)."""

import re

GOGC_DEFAULT = 100
_WHOLE = re.compile(r"-?\d{1,10}", re.ASCII)
_MOST_PERCENT = 1 << 31
_BYTE_COUNT = re.compile(r"(\d{1,19})(?:([KMGT]i)?B)?", re.ASCII)
_SHIFT = {None: 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}
_MOST_BYTES = (1 << 63) - 1


def gogc_percent(text: str) -> int | None:
    """GOGC; 100 where it is not set or cannot be read, None where the collector is off: `off` or below zero."""
    if text == "off":
        return None
    number = int(text) if _WHOLE.fullmatch(text) else GOGC_DEFAULT
    if not -_MOST_PERCENT <= number < _MOST_PERCENT:
        return GOGC_DEFAULT
    return None if number < 0 else number


def memory_limit_bytes(text: str) -> int | None:
    """GOMEMLIMIT; None where there is no limit, and for what Go cannot read, which ends a program at its start."""
    found = _BYTE_COUNT.fullmatch(text)
    limit = _MOST_BYTES if found is None else int(found[1]) << _SHIFT[found[2]]
    return limit if limit < _MOST_BYTES else None
