"""Complaints: a page that says in words that memory is wrong, and gives no figure that can be read.

Such a page is evidence all the same: the answer is that nothing can be told from it, and what to measure.
"""

import re
from collections.abc import Sequence

from memwhy.model.reading import Reading
from memwhy.sources.words.quantities import flatten

NAME = "page/complaint"
FACT = "page.complains"
"""The sentence, cut to some 160 characters."""

_SHOWN = 160
_LONGEST_LINE = 4000
_MOST_LINES = 20_000
_APART = 160  # characters between the two words
_MEMORY = re.compile(
    r"(?<![A-Za-z])(?:memory|RAM|RSS|heap|swap|VIRT|VSZ|OOM(?:[ -]?kill\w{0,4})?|out of memory|goroutines?|threads?|file descriptors?|Speicher\w{0,12}"
    r"|mémoire|memoria|memória|памят\w{1,3}|оперативк\w{1,3})(?![A-Za-z])|内存|內存|記憶體|メモリ|메모리|占用",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"(?<![A-Za-z])(?:leak\w{0,4}|grow(?:s|ing|n|th)?|grew|increas\w{1,4}|climb\w{0,4}|ris(?:e|es|ing)|rose|high|huge|consum\w{1,6}|eat(?:s|ing|en)?|exhaust\w{0,4}|never (?:freed|released|falls|drops|comes down)|not (?:freed|released|returned)"
    r"|kill(?:s|ed)?|crash(?:es|ed)?|too (?:much|many)|a lot of|lots of|pil(?:e[sd]?|ing) up|build(?:s|ing)?[ -]?up|(?:over|above|more than|exceed(?:s|ed)?) \d{4,9}|full|us(?:age|es|ing)|balloon\w{0,3}|blow\w{0,3} up|wächst|steigt|Leck\w{0,3}|voll|frisst|fuites?|augmente|croît|fuga|crece|aumenta|vazamento|cresce"
    r"|утеч\w{1,3}|раст[её]т|съеда\w{1,3})(?![A-Za-z])|泄漏|泄露|洩漏|增长|上涨|升高|过高|很高|暴涨|不释放|リーク|増え|누수|증가",
    re.IGNORECASE,
)


def find_complaint(lines: Sequence[str]) -> tuple[int, Reading] | None:
    """(index of its line, a reading with the sentence as its fact) of the first complaint, or None."""
    for i, line in enumerate(lines[:_MOST_LINES]):
        text = flatten(line[:_LONGEST_LINE])
        troubles = [match.start() for match in _TROUBLE.finditer(text)]
        at = _near([match.start() for match in _MEMORY.finditer(text)] if troubles else [], troubles)
        if at is not None:
            start = max(0, at - _SHOWN // 2)
            return i, Reading(facts={FACT: text[start : start + _SHOWN].strip()}, line=i + 1, last_line=i + 1)
    return None


def _near(places: Sequence[int], others: Sequence[int]) -> int | None:
    """The first place with another one within _APART. Both are sorted."""
    passed = 0
    for place in places:
        while passed < len(others) and others[passed] < place - _APART:
            passed += 1
        if passed < len(others) and others[passed] <= place + _APART:
            return place
    return None
