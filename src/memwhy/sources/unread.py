"""What stands in a page and no reader took: tables and rows of figures, and pictures. Prose is no such thing.

Only what a tool or a person laid out counts: two or more lines below each other with several figures each, of which some
are amounts of memory or counted under a heading, or a picture. A page has at most MOST of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

MOST = 20
_LONGEST_LINE = 1000
_MOST_LINES = 50_000
_PICTURE = re.compile(
    r"!\[[^\]\n]{0,200}\]\([^)\s]{1,400}[^)\n]{0,200}\)|<img\b[^>\n]{0,600}>|^\W{0,4}\[?(?:screenshot|screen shot|image|screen ?grab|graph|截图|图片|スクリーンショット|Bildschirmfoto|Screenshot_[\w-]{1,60})\]?\W{0,3}$"
    r"|https?://[^\s)<>\"]{1,300}\.(?:png|jpe?g|gif|webp)\b|https://github\.com/(?:user-attachments/assets|[^\s/]{1,60}/[^\s/]{1,60}/assets)/[\w/-]{8,100}",
    re.IGNORECASE,
)
_BADGE = re.compile(r"badge|shields\.io|travis-ci|codecov|avatar|emoji|logo", re.IGNORECASE)
_SIZED = re.compile(r"(?<![\w.])\d{1,15}(?:[.,]\d{1,9})?\s?(?:[KMGTkmgt]i?B?|bytes|B|kb|mb|gb)(?![\w/])")
_NUMBER = re.compile(r"[-+~]?\d[\d.,:]{0,24}(?:%|[KMGTkmgt]i?[Bb]?|[a-z]{1,2})?[,;]?")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MEMORY = re.compile(
    r"mem|rss|heap|virt|vsz|swap|alloc|cache|resident|bytes|kb\b|mb\b|gb\b|mib\b|gib\b|pages?\b|arena|slab|anon|内存|メモリ|speicher|памят",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"[{};]\s*$|^\s*(?://|/\*|\*|#include|import |at [\w.$<]|goroutine \d|0x[0-9a-f]{4,}|[+-]{3} |@@)|\(\*?\w{1,60}\)\.|==|!=|:=|->|=>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Lines first..last (0-based) that hold figures nobody read."""

    first: int
    last: int
    format: str
    problem: str


def find_leftovers(lines: Sequence[str], left: Sequence[str]) -> Iterator[Leftover]:
    """What is not read of lines, at most MOST. left: the same, those that were read blank; pictures are never read."""
    return islice(_all(lines[:_MOST_LINES], left), MOST)


def _all(lines: Sequence[str], left: Sequence[str]) -> Iterator[Leftover]:
    begin: int | None = None
    for i, line in enumerate(lines):
        if _is_row(left[i][:_LONGEST_LINE]):
            begin = i if begin is None else begin
            continue
        if begin is not None:
            yield from _block(left, begin, i - 1)
            begin = None
        if _is_picture(line[:_LONGEST_LINE]):
            yield Leftover(first=i, last=i, format="an image", problem="an image: its figures cannot be read")
    if begin is not None:
        yield from _block(left, begin, len(lines) - 1)


def _is_picture(line: str) -> bool:
    likely = "[" in line or "http" in line or "<img" in line or len(line) < 40
    return likely and _PICTURE.search(line) is not None and _BADGE.search(line) is None


def _is_row(line: str) -> bool:
    """Several figures and few words, laid out by a tool or as a table's row."""
    if not any(c.isdigit() for c in line) or _CODE.search(line):
        return False
    tokens = line.replace("|", " ").split()
    numbers = sum(_NUMBER.fullmatch(token) is not None for token in tokens)
    figures = max(numbers, len(_SIZED.findall(line)))
    words = len(_WORD.findall(line))
    return figures >= 3 and words <= 2 * figures


def _block(lines: Sequence[str], first: int, last: int) -> Iterator[Leftover]:
    """Two rows or more that are about memory by their amounts or by the words beside or right above them."""
    if last == first:
        return
    around = " ".join(line[:_LONGEST_LINE] for line in lines[max(0, first - 2) : min(last, first + 20) + 1])
    if _MEMORY.search(around):
        yield Leftover(
            first=first, last=last, format="figures", problem="rows of figures in no format that memwhy knows"
        )
