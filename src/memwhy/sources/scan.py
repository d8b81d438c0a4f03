"""Long documents: the surroundings of the readers' triggers, found by searching bytes and not lines.

There are far more triggers than a log can be searched for (a word costs 0.6 ms a MiB), but the lines of a log are few when
their numbers are left out: only shapes of lines that have not been seen are searched, and the log itself for the words
that some shape has. So the cost does not grow with the number of readers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

_AROUND_BYTES = 16 << 10
_MANY = 2000  # more hits in one block than this: take all of it

_OTHER_WORDS = (b"rss", b"memtotal", b"memory.", b"heap", b"gorou", b"@ 0x")
"""Stand in every block of the kernel's and Go's own formats."""

_DIGITS = b"0123456789"
_HEX_NAME = re.compile(rb"(?<![0-9a-z_-])[0-9a-f][0-9a-f-]{11,}(?![0-9a-z_-])")
"""Identifiers that make every line of a log another: looked for in lower case, where too few lines look alike."""
_KNOWN_BYTES = 24 << 20  # of shapes kept; then they are forgotten
_ALIKE = 4  # lines of a shape, on the average, that make shapes worth keeping as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines from first_line (1-based) on. goes_on: the next piece follows without a gap."""

    raw: bytes
    first_line: int
    goes_on: bool


def triggers_of(readers: Sequence[ModuleType]) -> tuple[bytes, ...]:
    """The lower-case words of which one stands in every block of a known format; a word within another is enough."""
    words = set(_OTHER_WORDS)
    for reader in readers:
        words.update(getattr(reader, "TRIGGERS", ()))
    return tuple(sorted(w for w in words if not any(other != w and other in w for other in words)))


def _hits(lowered: bytes, words: Sequence[bytes]) -> list[int]:
    """Where words stand, at most _MANY places of each."""
    places: list[int] = []
    for word in words:
        at = lowered.find(word)
        count = 0
        while at >= 0 and count < _MANY:
            places.append(at)
            count += 1
            at = lowered.find(word, at + 2048)
    places.sort()
    return places


class Shapes:
    """The shapes of lines seen so far, and which words stand in them."""

    def __init__(self, words: Sequence[bytes]) -> None:
        # leaving digits out of a line leaves them out of every word in it: no word is missed
        self._words = [(word, word.translate(None, _DIGITS)) for word in words]
        self._known: set[bytes] = set()
        self._hot: set[bytes] = set()
        self._hot_words: set[bytes] = set()
        self._known_bytes = 0

    def words_in(self, lowered: bytes) -> list[bytes]:
        """The words that may stand in a block of whole lines: none, or those of all hot shapes seen."""
        text = lowered.translate(None, _DIGITS)
        lines = text.split(b"\n")
        shapes = set(lines)
        if len(shapes) * _ALIKE > len(lines):
            shapes = set(_HEX_NAME.sub(b"", lowered).translate(None, _DIGITS).split(b"\n"))
        if self._known_bytes > _KNOWN_BYTES:
            self._known, self._hot, self._known_bytes = set(), set(), 0
        new = shapes - self._known
        if new:
            self._learn(new)
        return sorted(self._hot_words) if not shapes.isdisjoint(self._hot) else []

    def _learn(self, new: set[bytes]) -> None:
        self._known_bytes += sum(map(len, new))
        self._known |= new
        text = b"\n%b\n" % b"\n".join(new)
        found = [(word, short) for word, short in self._words if short in text]
        if found:
            self._hot_words.update(word for word, _ in found)
            self._hot.update(one for one in new if any(short in b"\n%b\n" % one for _, short in found))


def _windows(block: bytes, shapes: Shapes, hot_until: int) -> list[tuple[int, int]]:
    """Stretches [start, end) round the hits, ends not yet at line ends; end may pass the block's."""
    windows: list[tuple[int, int]] = [(0, hot_until)] if hot_until > 0 else []
    lowered = block.lower()
    for at in _hits(lowered, shapes.words_in(lowered)):
        start, end = at - _AROUND_BYTES, at + 2048 + _AROUND_BYTES
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def scan_hot(blocks: Iterator[bytes], piece_bytes: int, readers: Sequence[ModuleType]) -> Iterator[Piece]:
    """The hot stretches of blocks of whole lines, in pieces of about piece_bytes."""
    shapes = Shapes(triggers_of(readers))
    held: list[bytes] = []
    held_bytes, held_first, next_line = 0, 1, 0
    tail, tail_first = b"", 1  # cold lines just before this block
    line, hot_until = 1, 0
    for block in blocks:
        windows = _windows(block, shapes, hot_until)
        hot_until = max(0, windows[-1][1] - len(block)) if windows else 0
        counted, counted_to = line, 0
        for start, end in windows:
            begin = 0 if start <= 0 else block.rfind(b"\n", 0, start) + 1
            stop = len(block) if end >= len(block) else (block.find(b"\n", end) + 1 or len(block))
            begin = max(begin, counted_to)
            if stop <= begin:
                continue
            counted += block.count(b"\n", counted_to, begin)
            first, stretch = counted, block[begin:stop]
            if start < 0 and tail and next_line != first:
                first, stretch = tail_first, tail + stretch
            if held and next_line != first:
                yield Piece(raw=b"".join(held), first_line=held_first, goes_on=False)
                held, held_bytes = [], 0
            if not held:
                held_first = first
            held.append(stretch)
            held_bytes += len(stretch)
            counted += block.count(b"\n", begin, stop)
            counted_to, next_line = stop, counted
            if held_bytes >= piece_bytes:
                yield Piece(raw=b"".join(held), first_line=held_first, goes_on=True)
                held, held_bytes = [], 0
        line += block.count(b"\n")
        cold = block[max(counted_to, len(block) - _AROUND_BYTES) :]
        tail = cold[cold.find(b"\n") + 1 :] if counted_to < len(block) - _AROUND_BYTES else cold
        tail_first = line - tail.count(b"\n")
    if held:
        yield Piece(raw=b"".join(held), first_line=held_first, goes_on=False)
