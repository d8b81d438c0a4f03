"""Whether a figure is of the name before it, at another moment: `RSS is A at launch and B after some days`."""

import re

from memwhy.sources.words import cues
from memwhy.sources.words.sentences import M, Q

_Q, _M = re.compile(Q), re.compile(M)


def then(bones: str, noun_at: int, at: int, end: int) -> bool:
    """A figure of the same name at another moment: `RSS is A at launch and B after some days`."""
    before = max((match.start() for match in _Q.finditer(bones, noun_at, at)), default=None)
    if before is None:
        return False
    return later(bones, before + 1, at, end)


def later(bones: str, start: int, at: int, end: int) -> bool:
    """Nothing but `and then about` before the figure, and a moment before or behind it; it is of no other thing."""
    gap, rest = bones[start:at], bones[end:]
    told = _M.search(gap) is not None or cues.AT_MOMENT.match(rest) is not None
    return told and cues.THEN.match(gap) is not None and cues.OF_OTHER.match(rest) is None
