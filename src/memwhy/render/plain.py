"""Text from outside made harmless: nothing in a name can move a cursor, start a line or hide itself.

Names of processes, functions and files come from the target and are not to be trusted with a terminal.
Whatever is not printable (Unicode categories Cc, Cf, Cs, Co, Cn, Zl, Zp) is shown as a visible escape.
Widths follow Unicode Standard Annex 11: wide and full-width characters take two columns, marks none.
"""

import re
import unicodedata

LONGEST = 2000
"""Characters kept of one text; the middle of a longer one is left out."""

_INNER = re.compile(r" +|[^ ]+")

MOST_MARKS = 2
"""Combining marks kept on one letter; more of them paint over the lines above and below."""


def clean(text: str, *, longest: int = LONGEST) -> str:
    """One line of printable characters; separators become single blanks, all else an escape such as `\\x1b`."""
    if len(text) > longest:
        text = text[: longest // 2] + " … " + text[-(longest // 2) :]
    out: list[str] = []
    marks = MOST_MARKS  # a mark at the very start has no letter to sit on
    for char in text:
        if " " <= char <= "~":
            out.append(char)
            marks = 0
        elif unicodedata.category(char) in ("Mn", "Me"):
            marks += 1
            out.append(char if marks <= MOST_MARKS and not _selects(char) else _escape(char))
        else:
            out.append(char if char.isprintable() else " " if char.isspace() else _escape(char))
            marks = 0
    return " ".join("".join(out).split())


def clean_row(text: str) -> str:
    """The same of one line whose blanks count: a sum, a line of YAML."""
    blanks = len(text) - len(text.lstrip(" "))
    return " " * min(blanks, 40) + _INNER.sub(lambda gap: clean(gap[0]) if gap[0].strip() else gap[0], text[blanks:])


def _selects(char: str) -> bool:
    """Variation selectors change the width of what stands before them."""
    return "\ufe00" <= char <= "\ufe0f" or char >= "\U000e0000"


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as "surrogateescape" keeps it
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Columns that cleaned text takes on a terminal."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def elide(text: str, columns: int) -> str:
    """Cleaned text in at most that many columns: the middle goes, most of the end stays, for names end in what matters."""
    if width(text) <= columns:
        return text
    if columns < 1:
        return ""
    head = _fit(text, (columns - 1) // 3)
    tail = _fit(text[::-1], columns - 1 - width(head))[::-1]
    return f"{head}…{tail}"


def _fit(text: str, columns: int) -> str:
    """The longest beginning of text that fits."""
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > columns:
            return text[:index]
    return text


def wrap(text: str, columns: int) -> list[str]:
    """Cleaned text in lines of at most that many columns (two at least), broken at blanks, within a word only if it must."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        while True:
            joined = f"{line} {word}" if line else word
            if width(joined) <= columns:
                line = joined
                break
            if line:
                lines.append(line)
                line = ""
                continue
            start = _fit(word, max(columns, 2)) or word[0]
            lines.append(start)
            word = word[len(start) :]
    return [*lines, line] if line or not lines else lines


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Cleaned text filled up with blanks to that many columns."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks
