"""Cells of a pasted table: lines without their decoration, sizes, shares and times as tools print them."""

import re

from memwhy.model.units import KIB
from memwhy.sources.pasted.amounts import exact_bytes

LONGEST_LINE = 2000
"""Rows are shorter; what follows is not looked at."""

_TAG = re.compile(
    r"</?(?:pre|code|summary|details|br|b|strong|samp|tt|p|li|div|span)(?:\s[^<>]{0,120})?/?>", re.IGNORECASE
)
_LEAD = re.compile(r"^[\s>│┃|]*(?:[-*+•]\s+(?=\S))?[`~]{0,4}")
_BOLD = re.compile(r"(?<!\*)\*\*(?!\*)")
_SIZE = re.compile(r"(\d{1,16})(?:([.,])(\d{1,9}))?([bkmgtp]?)(i?b?)[+-]?", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3}){1,5}|\d{1,3}(?:\.\d{3}){2,5}")
_SHARE = re.compile(r"\d{1,7}(?:[.,]\d{1,3})?%?")
_TIME = re.compile(r"(?:\d{1,7}[dh-]){0,2}\d{1,9}(?:[:.,]\d{1,3}){0,4}[HhMmSs]?")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_MOST_BYTES = 1 << 56  # no address space is larger
_NEUTRAL = re.compile(r"(?:[`~]{3,}\w{0,20}|\.{2,}|…|-{2,}|</?\w{1,10}>)?")


def plain(line: str) -> str:
    """A line's words with single blanks; quote marks, bullets, tags, back-ticks and bold are gone."""
    text = line[:LONGEST_LINE]
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "**" in text:
        text = _BOLD.sub("", text)
    lead = _LEAD.match(text)
    return " ".join(text[lead.end() if lead else 0 :].rstrip("` \t\r").split())


def is_neutral(text: str) -> bool:
    """Whether a plain line says nothing: blank, a fence, dots, a rule."""
    return len(text) < 40 and (_NEUTRAL.fullmatch(text) is not None or not text.strip("-=_*.~` "))


def size_of(token: str, unit: int = KIB) -> tuple[int, int] | None:
    """(bytes, quantum) of `4.907g`, `2231M`, `12779520`, `1,1g`, `0B`; unit: the width of a bare number. None: no size."""
    if _THOUSANDS.fullmatch(token):
        bare = token.replace(",", "").replace(".", "")
        found = exact_bytes(bare, unit)
        return found if found[0] < _MOST_BYTES else None
    match = _SIZE.fullmatch(token)
    if match is None:
        return None
    suffix = match[4].lower()
    if match[3] and suffix in ("", "b"):
        return None  # a bare decimal is a share or a time
    width = 1 if suffix == "b" else 1024 ** _POWERS[suffix] if suffix else unit
    found = exact_bytes(f"{match[1]}.{match[3]}" if match[3] else match[1], width)
    return found if found[0] < _MOST_BYTES else None


def is_share(token: str) -> bool:
    """`0.6`, `1,7`, `31%`: a share of CPU or memory."""
    return _SHARE.fullmatch(token) is not None


def is_time(token: str) -> bool:
    """`10:41.46`, `7042:08`, `3h52:01`, `0:12,45`: CPU time."""
    return _TIME.fullmatch(token) is not None


def program_of(command: str) -> str:
    """The program's name in a command line, nothing else of it: secrets stay where they are."""
    words = command.lstrip("│├└─╰|`\\_+- ").split(None, 1)
    if not words:
        return ""
    word = words[0].strip("`'\"*")
    if word.startswith("[") and word.endswith("]"):
        word = word[1:-1]  # a kernel thread, or a process whose command line is gone
    elif "/" in word:
        word = word.rstrip("/").rpartition("/")[2]
    word = word.strip("()[]:,;")
    return "".join(c for c in word if c.isprintable())[:64]
