"""Wordings: patterns that are tried on a text only where one of the stems stands in it without which they cannot match.

Prose is long and says little about memory. The stems are read off the patterns themselves, all of them are looked for
in one pass over a text, and the pass is remembered; so many patterns over one sentence cost hardly more than one.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import count, product
from typing import Any

_MOST_LETTERS = 6  # of a stem
_BEGIN = 3  # letters of a stem by which it is looked for
_MOST_STEMS = 400  # of one pattern
_WEAK = 2.0
_FEW = 500
"""Texts that cost as much as reading the stems off the patterns, which is put off until then."""
_asked = count()
_NO_WORD = re.compile(r"\W+")
_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NO_WORD_BEFORE = "[(IN, [(CATEGORY, CATEGORY_WORD)])]"
_REGISTERED: list["Wording"] = []

_Head = tuple[str, bool]  # letters, and whether what follows them is known


class Wording:
    """A pattern with the manners of re.Pattern; bit: its place in what `signs` gives, 0 when it has no stems."""

    __slots__ = ("bit", "pattern", "regex")

    def __init__(self, regex: re.Pattern[str]) -> None:
        self.regex = regex
        self.pattern = regex.pattern
        self.bit = 1 << len(_REGISTERED)
        _REGISTERED.append(self)
        _index.cache_clear()
        signs.cache_clear()

    def search(self, text: str) -> re.Match[str] | None:
        return self.regex.search(text) if self.bit & signs(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        return self.regex.match(text) if self.bit & signs(text) else None

    def finditer(self, text: str) -> Iterable[re.Match[str]]:
        return self.regex.finditer(text) if self.bit & signs(text) else ()


def any_of(*patterns: str, case: bool = False) -> Wording:
    """Any of the patterns; capitals make no difference unless case."""
    return Wording(re.compile("|".join(patterns), 0 if case else re.IGNORECASE))


def head_letters(pattern: str, letters: int) -> str:
    """A pattern of all that the matches of a pattern may begin with, up to so many letters; "" when that is anything."""
    parser = _parser()
    if parser is None:
        return ""
    heads = {text[:letters].lower() for text, _ in _heads(list(parser.parse(pattern, re.IGNORECASE)))}
    return "" if not all(heads) or len(heads) > 3 * _MOST_STEMS else _trie(heads)


def bits(wordings: Iterable[Wording]) -> int:
    """What `signs` of a text has something of when any of the wordings may match in it."""
    return reduce(lambda mask, wording: mask | wording.bit, wordings, 0)


@lru_cache(maxsize=16_384)  # a page's sentences and clauses, which several readers ask about
def signs(text: str) -> int:
    """Which registered patterns may match in a text."""
    if next(_asked) < _FEW:
        return -1
    beginnings, stems, short, found = _index()
    plain = _plain(text)
    for letters in {plain[i : i + _BEGIN] for i in range(len(plain) - _BEGIN + 1)} & beginnings:
        for stem, mask in stems[letters]:
            if stem in plain:
                found |= mask
    for stem, mask in short[plain.isascii()]:
        if stem in plain:
            found |= mask
    return found


def _plain(text: str) -> str:
    return f" {_NO_WORD.sub(' ', text.lower())} "


_Stems = tuple[tuple[str, int], ...]


@lru_cache(maxsize=1)
def _index() -> tuple[frozenset[str], dict[str, _Stems], tuple[_Stems, _Stems], int]:
    """(first letters of stems, the stems of each with their patterns, shorter stems: all and those in ASCII, the patterns
    that have none)."""
    masks: dict[str, int] = {}
    always = 0
    for wording in _REGISTERED:
        stems = _stems(wording.regex)
        always |= 0 if stems else wording.bit
        for stem in stems:
            masks[stem] = masks.get(stem, 0) | wording.bit
    by_beginning: dict[str, list[tuple[str, int]]] = {}
    for stem, mask in masks.items():
        by_beginning.setdefault(stem[:_BEGIN], []).append((stem, mask))
    long = {letters: tuple(stems) for letters, stems in by_beginning.items() if len(letters) == _BEGIN}
    short = tuple((stem, mask) for stem, mask in masks.items() if len(stem) < _BEGIN)
    return frozenset(long), long, (short, tuple(one for one in short if one[0].isascii())), always


def _trie(stems: Iterable[str]) -> str:
    """A pattern of the longest of the stems at a place, which goes over their common beginnings once."""
    tree: dict[str, Any] = {}
    for stem in stems:
        node = tree
        for letter in stem:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _branch(tree)


def _branch(node: dict[str, Any]) -> str:
    ways = [re.escape(letter) + _branch(below) for letter, below in sorted(node.items()) if letter]
    if not ways:
        return ""
    if "" in node:
        return f"(?:{'|'.join(ways)})?"
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _parser() -> Any:
    """The parser of the standard library's patterns; without it every pattern is tried everywhere."""
    try:
        return importlib.import_module("re._parser")
    except ImportError:
        return None


def _stems(regex: re.Pattern[str]) -> frozenset[str]:
    """Stems of which one stands in every text that the pattern matches; none when there are no telling ones."""
    parser = _parser()
    if parser is None:
        return frozenset()
    return _best(list(parser.parse(regex.pattern, regex.flags & ~re.UNICODE))) or frozenset()


def _best(items: Sequence[Any]) -> frozenset[str] | None:
    """The most telling stems of a sequence of parsed items, from wherever in it."""
    heads = [_item_heads(str(op), argument) for op, argument in items]
    candidates = [
        frozenset(_bare(text) for text, _ in _join(heads[start:]))
        for start in range(len(items))
        if ("", False) not in heads[start]
    ]
    for op, argument in items:
        inner = _best_within(str(op), argument)
        if inner is not None:
            candidates.append(inner)
    strong = [stems for stems in candidates if len(stems) <= _MOST_STEMS and _weight(stems) >= _WEAK]
    return max(strong, key=lambda stems: (min(_weight(stems), 4.0), -len(stems)), default=None)


def _best_within(op: str, argument: Any) -> frozenset[str] | None:
    if op == "SUBPATTERN":
        return _best(list(argument[-1]))
    if op in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] > 0:
        return _best(list(argument[2]))
    if op != "BRANCH":
        return None
    ways = [_best(list(way)) for way in argument[1]]
    known = [way for way in ways if way is not None]
    return frozenset().union(*known) if len(known) == len(ways) else None


def _bare(text: str) -> str:
    return _NO_WORD.sub(" ", text.lower())[: _MOST_LETTERS + 1]


def _weight(stems: frozenset[str]) -> float:
    """How telling the least telling stem is: letters, a blank as half of one, a sign that is a word as three."""
    return min((sum(0.5 if c == " " else 3 if _SCRIPT.match(c) else 1 for c in stem) for stem in stems), default=0.0)


def _heads(items: Sequence[Any]) -> set[_Head]:
    """What the matches of a sequence begin with. An edge of a word counts as a blank."""
    return _join([_item_heads(str(op), argument) for op, argument in items])


def _join(parts: Sequence[set[_Head]]) -> set[_Head]:
    heads: set[_Head] = {("", True)}
    for more in parts:
        growing = {head for head in heads if head[1] and len(head[0]) <= _MOST_LETTERS}
        if not growing:
            break
        if len(growing) > 1 and len(growing) * len(more) > _MOST_STEMS:
            return {(text, False) for text, _ in heads}
        heads = (heads - growing) | {(a[0] + b[0], b[1]) for a, b in product(growing, more)}
    return heads


def _item_heads(op: str, argument: Any) -> set[_Head]:
    if op == "LITERAL":
        return {(chr(argument), True)}
    if op == "IN":
        return set(_class_heads(argument))
    if op == "AT":
        return {(" " if str(argument) == "AT_BOUNDARY" else "", True)}
    if op in ("ASSERT", "ASSERT_NOT"):
        return {(" " if str(list(argument[1])) == _NO_WORD_BEFORE and argument[0] < 0 else "", True)}
    if op == "SUBPATTERN":
        return _heads(list(argument[-1]))
    if op == "BRANCH":
        return set().union(*(_heads(list(way)) for way in argument[1]))
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, body = argument
        heads = _heads(list(body))
        heads = heads if most == 1 else {(text, False) for text, _ in heads}
        return heads if least else heads | {("", True)}
    return {("", False)}


def _class_heads(members: Sequence[Any]) -> Iterator[_Head]:
    """A class of a few letters, blanks among them, or of digits."""
    if [str(what) for _, what in members] == ["CATEGORY_DIGIT"]:
        yield from ((digit, False) for digit in "0123456789")
        return
    if len(members) > 8 or not all(
        str(op) == "LITERAL" or (str(op) == "CATEGORY" and str(what) == "CATEGORY_SPACE") for op, what in members
    ):
        yield "", False
        return
    for op, what in members:
        yield (chr(what) if str(op) == "LITERAL" else " "), True
