"""Go source cut into its top declarations by its bytes, so that one of them can be parsed without the others.

A declaration begins with its keyword at the start of a line, outside of comments and raw strings, and ends where blank lines and
comments before the next one begin. That is how gofmt writes. Each piece proves it by closing what it opens; a file with a piece
that does not is left to the parser.
"""

import re
from itertools import pairwise

Top = tuple[str, int, int]
"""Kind (as tree-sitter-go names it), start and end of a declaration."""

FUNCTIONS = ("function_declaration", "method_declaration")
_KEYWORDS = (b"func", b"type", b"var", b"const", b"import")
_KINDS = {b"t": "type_declaration", b"v": "var_declaration", b"c": "const_declaration", b"i": "import_declaration"}
_BEHIND_KEYWORD = b' \t\r\n("`/'
_RECEIVER = re.compile(rb"func[ \t]*\(")
_OPAQUE = re.compile(rb"//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|`[^`]*`|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)+'")
"""Comments, strings and runes (https://go.dev/ref/spec#Lexical_elements)."""
_NAMED = re.compile(rb"func[ \t]+[\w(]")
_NOT_FIRST = re.compile(rb"(?:^[ \t]+|[;}][ \t]*)$")
"""A function, and what stands before it in its line where gofmt puts none."""
_MAY_HIDE = (b"\tfunc ", b"  func ", b"\n func ", b"; func ", b";func ", b"} func ", b"}func ")


def cut(code: bytes) -> tuple[Top, ...] | None:
    """The declarations of a file in order; None where its bytes do not tell them."""
    starts = _starts(code)
    if not _closed(code, starts) or any(mark in code for mark in _MAY_HIDE):
        plain = _OPAQUE.sub(_blank, code)
        starts = [start for start in starts if plain[start : start + 1] != b" "]
        if not _closed(plain, starts) or b"/*" in plain or _hides(plain):
            return None
    return tuple((_kind(code, start), start, _end(code, start, end)) for start, end in pairwise([*starts, len(code)]))


def _hides(plain: bytes) -> bool:
    """Whether a function stands where gofmt puts none."""
    return any(
        _NOT_FIRST.search(plain[plain.rfind(b"\n", 0, match.start()) + 1 : match.start()])
        for match in _NAMED.finditer(plain)
    )


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * (match.end() - match.start())


def _starts(code: bytes) -> list[int]:
    """Where a line begins with a keyword; the package clause is in the first line, or a comment."""
    found = []
    for keyword in _KEYWORDS:
        wanted = b"\n" + keyword
        at = code.find(wanted)
        while at >= 0:
            behind = at + len(wanted)
            if code[behind : behind + 1] in _BEHIND_KEYWORD:
                found.append(at + 1)
            at = code.find(wanted, behind)
    return sorted(found)


def _closed(code: bytes, starts: list[int]) -> bool:
    """Whether, by counting, every piece closes what it opens: then none begins inside a comment, a string or a body."""
    count = code.count
    return all(
        count(b"{", start, end) == count(b"}", start, end)
        and count(b"(", start, end) == count(b")", start, end)
        and count(b"/*", start, end) == count(b"*/", start, end)
        and not count(b"`", start, end) & 1
        for start, end in pairwise([0, *starts, len(code)])
    )


def _kind(code: bytes, start: int) -> str:
    return _KINDS.get(code[start : start + 1]) or FUNCTIONS[_RECEIVER.match(code, start) is not None]


def _end(code: bytes, start: int, end: int) -> int:
    """Where a declaration ends that ends before `end`: without the blank lines and comments behind it."""
    while True:
        end = start + len(code[start:end].rstrip())
        row = code.rfind(b"\n", start, end) + 1
        opened = code.rfind(b"/*", start, end) if code.endswith(b"*/", start, end) else -1
        if row and code[row:end].lstrip().startswith(b"//"):
            end = row
        elif opened >= 0 and not code[code.rfind(b"\n", start, opened) + 1 : opened].strip():
            end = opened
        else:
            return end
