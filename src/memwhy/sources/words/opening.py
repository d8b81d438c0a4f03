"""The opening of a page: what people complain about stands in its first sentences, and so does whose memory it is.

Fact page.opening: the first lines of prose, some 600 characters; it is looked into for names of programs that tables on
the page list, and shown to nobody.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.span import Span

NAME = "words/opening"
SHARES = True
MOST_BYTES = 1 << 20

_LINES = 4
_SHOWN = 600
_LOOKED_AT = 60
_WORD = re.compile(r"[^\W\d_]{2,}")
_IDEOGRAM = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HEADING = re.compile(r"#{1,6} [^\W\da-z_][^|$`]{0,300}$")
"""`# Memory never goes down`, which is no command of root's: these begin with a small letter or a path."""
_FIGURES = re.compile(r"\d+")


def _is_prose(line: str) -> bool:
    """More words than figures, and not the shape of a table, a log line or a command."""
    text = line.strip()[:2000]
    if (
        len(text) < 12 - 6 * bool(_IDEOGRAM.search(text))
        or text.startswith(("|", "```", "~~~", "<", "==>", "[", "+", "goroutine "))
        or (read_prompt(line) and not _HEADING.match(text))
    ):
        return False
    signs = len(_IDEOGRAM.findall(text))
    words = len(_WORD.findall(text)) + signs // 2  # two signs are a word, and no blank parts them
    return (words >= 4 or signs >= 4) and words > 2 * len(_FIGURES.findall(text)) and "   " not in text


def find(lines: Sequence[str]) -> Iterable[Span]:
    """The first lines of prose, each by itself."""
    found = 0
    for index, line in enumerate(lines[:_LOOKED_AT]):
        if _is_prose(line):
            yield Span(first=index, last=index)
            found += 1
            if found == _LINES:
                return


def parse(text: str) -> tuple[Reading, ...]:
    """One reading. ParseError when nothing is there."""
    if not text.strip():
        raise ParseError(NAME, None, "", "no words")
    return (Reading(facts={"page.opening": " ".join(text.split())[:_SHOWN]}),)
