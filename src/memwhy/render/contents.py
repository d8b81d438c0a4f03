"""What is in the things that hold, in a few words behind a line."""

from memwhy.model.holders import Holding
from memwhy.render.figures import amount, share_of

_POOL = ("sync.poolLocal", "[]sync.poolLocal")
_LEAST_IDLE = 0.1
"""Of a line's own bytes: less is not worth a word."""


def phrase(line: Holding) -> str:
    """ "1,204,332 entries", "30 of 4,096 bytes of each in use", "12 entries, 99 % of its room idle"; "" where nothing is to be said."""
    if line.type in _POOL:
        return "what a sync.Pool keeps goes with the second collection"
    idle = line.idle_bytes or 0
    values = _values(line)
    if idle < _LEAST_IDLE * max(line.own_bytes, 1):
        return values
    share = share_of(idle / line.own_bytes)
    if values:
        return f"{values}, {share} of the room idle"
    if line.count > 1 and line.own_bytes // line.count < 1 << 20:
        used, each = (line.own_bytes - idle) // line.count, line.own_bytes // line.count
        return f"{used:,} of {each:,} bytes of each in use"
    return f"{amount(line.own_bytes - idle)} of {amount(line.own_bytes)} in use"


def _values(line: Holding) -> str:
    if line.elements is None:
        return ""
    if line.type.startswith("map["):
        one, many = "entry", "entries"
    elif line.type.startswith(("chan ", "<-chan ", "chan<- ")):
        one, many = "value waiting", "values waiting"
    else:
        one, many = "value", "values"
    return f"{line.elements:,} {one if line.elements == 1 else many}"
