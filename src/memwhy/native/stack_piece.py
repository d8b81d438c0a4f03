"""The callers that a small piece of a stack holds, by unwind rules: from the instruction outwards, until the piece or the rules end.

Rules are those of `native.rows` (struct mw_row of c/layout.h). Frame pointers take over where the rules end: cgo leaves them as Go had
them, so behind the last C function comes what the kernel's own walk over frame pointers found.
"""

import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.native.rows import ROW_BYTES, ModuleRows

_ROW = struct.Struct("<IhbB")
_BY_RSP, _BY_RBP = 1, 2
_WORD = struct.Struct("<Q")
_MASK = (1 << 64) - 1
MOST_CALLERS = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """The registers at one moment, and the stack from rsp on."""

    ip: int
    sp: int
    bp: int
    stack: bytes

    def word(self, address: int) -> int | None:
        """None outside of the piece."""
        at = address - self.sp
        return _WORD.unpack_from(self.stack, at)[0] if 0 <= at <= len(self.stack) - 8 else None


class Walker:
    """Walks pieces by the rules of some modules."""

    def __init__(self, modules: Sequence[ModuleRows] = ()) -> None:
        """modules: in address order."""
        self._modules = list(modules)
        self._starts = [module.lo for module in modules]
        self._offsets: dict[int, array[int]] = {}

    def callers(self, piece: Piece) -> list[int]:
        """Return addresses, innermost first; none where the first function has no rule."""
        found: list[int] = []
        sp, bp, pc = piece.sp, piece.bp, piece.ip
        while len(found) < MOST_CALLERS:
            rule = self._rule(pc)
            if rule is None or rule[2] not in (_BY_RSP, _BY_RBP):
                break
            cfa_words, bp_words, kind = rule
            cfa = ((sp if kind == _BY_RSP else bp) + 8 * cfa_words) & _MASK
            back = piece.word(cfa - 8)
            if back is None or cfa <= sp:
                break
            found.append(back)
            if bp_words:
                saved = piece.word(cfa + 8 * bp_words)
                if saved is None:
                    break
                bp = saved
            sp, pc = cfa, back - 1
        return found

    def chain(self, piece: Piece, by_frame_pointers: Sequence[int]) -> list[int]:
        """The whole: the piece's callers, and behind the last of them that both know, or behind all, those by frame pointers."""
        found = self.callers(piece)
        known = {pc: place for place, pc in enumerate(by_frame_pointers)}
        for place in range(len(found) - 1, -1, -1):
            if found[place] in known:
                return [*found[: place + 1], *by_frame_pointers[known[found[place]] + 1 :]]
        return [*found, *by_frame_pointers]

    def _rule(self, pc: int) -> tuple[int, int, int] | None:
        """(words to the CFA, words to the saved rbp, kind)."""
        at = bisect_right(self._starts, pc) - 1
        if at < 0 or pc >= self._modules[at].hi:
            return None
        module = self._modules[at]
        offsets = self._offsets.get(at)
        if offsets is None:
            offsets = self._offsets[at] = array("I", module.rows)[::2]
        row = bisect_right(offsets, pc - module.lo) - 1
        if row < 0:
            return None
        _, cfa_words, bp_words, kind = _ROW.unpack_from(module.rows, row * ROW_BYTES)
        return cfa_words, bp_words, kind
