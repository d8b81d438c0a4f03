"""Long documents: the surroundings of the readers' triggers, found by searching bytes and not lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

_AROUND_BYTES = 16 << 10
_MANY = 2000  # more hits in one block than this: take all of it

_OTHER_WORDS = (b"rss", b"memtotal", b"memory.", b"heap", b"gorou", b"@ 0x")
"""Stand in every block of the kernel's and Go's own formats. Each word costs 1.5 ms per MiB of log, so they are few."""


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


def _windows(block: bytes, words: Sequence[bytes], hot_until: int) -> list[tuple[int, int]]:
    """Stretches [start, end) round the hits, ends not yet at line ends; end may pass the block's."""
    windows: list[tuple[int, int]] = [(0, hot_until)] if hot_until > 0 else []
    for at in _hits(block.lower(), words):
        start, end = at - _AROUND_BYTES, at + 2048 + _AROUND_BYTES
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def scan_hot(blocks: Iterator[bytes], piece_bytes: int, readers: Sequence[ModuleType]) -> Iterator[Piece]:
    """The hot stretches of blocks of whole lines, in pieces of about piece_bytes."""
    words = triggers_of(readers)
    held: list[bytes] = []
    held_bytes, held_first, next_line = 0, 1, 0
    tail, tail_first = b"", 1  # cold lines just before this block
    line, hot_until = 1, 0
    for block in blocks:
        windows = _windows(block, words, hot_until)
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
