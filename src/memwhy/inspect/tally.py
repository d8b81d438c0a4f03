"""How often several searches of a target in motion reached each block: what few of them did is likely lost.

A word that nobody wiped leads to a lost block for as long as the block that it stands in is in use, or as a stack is not
written over: in a busy target each search meets others. What is really held is reached by most searches, and by words that
are no leftovers by one of them at least.
"""

from memwhy.inspect.chunks import ChunkRows
from memwhy.inspect.graph import common

LEAST_SEARCHES = 4
"""Of fewer, that one reached a block and another did not says nothing."""


class Tally:
    """Counts by block, in the numbers of the search that was added last."""

    def __init__(self) -> None:
        self.searches = 0
        self._rows: ChunkRows = ((), b"")
        self._size_bytes = 0
        self._all = self._firm = 0
        self._digits: list[int] = []
        """How many searches reached a block, in binary: the n-th number has a bit for each block with 2**n in its count."""

    def add(self, rows: ChunkRows, *, used: bytes, firm: bytes, held: bytes) -> None:
        """One search more. used: the blocks that are in use in the newest walk; held: those it reached, for sure or perhaps; firm:
        those that words which are no leftovers led to."""
        if self.searches == 0:
            self._all = _number(used)
        else:
            self._renumber(rows, used)
        self._rows, self._size_bytes = rows, len(used)
        self.searches += 1
        self._firm |= _number(firm)
        more = _number(held)
        for place, digit in enumerate(self._digits):
            self._digits[place], more = digit ^ more, digit & more
        if more:
            self._digits.append(more)

    def likely_lost(self) -> bytes:
        """Blocks in use in all walks that no search reached firmly, and fewer than half of them at all."""
        if 1 < self.searches < LEAST_SEARCHES:
            return bytes(self._size_bytes)
        half = (self.searches + 1) // 2
        fewer, equal = 0, self._all & ~self._firm
        for place in reversed(range(max(len(self._digits), half.bit_length()))):
            digit = self._digits[place] if place < len(self._digits) else 0
            if half >> place & 1:
                fewer |= equal & ~digit
                equal &= digit
            else:
                equal &= ~digit
        return fewer.to_bytes(self._size_bytes, "little")

    def _renumber(self, rows: ChunkRows, used: bytes) -> None:
        """Into the numbers of another walk; what is not in use in both is not counted any more."""

        def renumbered(bits: int) -> int:
            return _number(common(rows, used, self._rows, bits.to_bytes(self._size_bytes, "little")))

        self._all, self._firm = renumbered(self._all), renumbered(self._firm)
        self._digits = [renumbered(digit) for digit in self._digits]


def _number(bits: bytes) -> int:
    return int.from_bytes(bits, "little")
