"""What closures captured, read off the code that makes them: in every program, stripped ones and those before Go 1.23, too.

A closure in the heap is a struct whose first field is the address of its code. The compiler asks the runtime for such a struct by its descriptor,
and then writes the address there (cmd/compile/internal/walk/closure.go): so before the instruction that takes a function's address stands
one that takes the address of the struct's type.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.runtimes.go.gotype import STRUCT, UINTPTR, GoType
from memwhy.runtimes.go.heap_types import Types
from memwhy.runtimes.go.moduledata import Constants

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_BEFORE_BYTES = 160
"""How far before the code's address its struct's type may be taken: a call and a few moves stand between."""
_LEA_BYTES = 7
_PIECE_BYTES = 8 << 20
_MOST_TEXT_BYTES = 512 << 20
_CODE_FIELDS = ("F", ".F")
"""cmd/compile/internal/typecheck.ClosureType: with a dot up to Go 1.20."""


def closure_structs(runtime: "GoRuntime", types: Types, codes: Iterable[int]) -> dict[int, GoType]:
    """By the address of a closure's code the struct that it is made as; without those whose makers do not tell, or disagree."""
    targets = array("Q", sorted(set(codes)))
    votes: dict[int, Counter[int]] = {}
    constants = Constants(runtime.space, runtime.space.modules())
    for module in runtime.functions.modules:
        for base, text in _pieces(constants, *module.text):
            rows = array("Q", _retain.references(text, base, targets.tobytes()))
            for place, code in zip(rows[::2], rows[1::2], strict=True):
                before = text[max(0, place - base - _BEFORE_BYTES) : place - base]
                found = _struct_before(types, before, place - len(before), module.types, module.text)
                if found:
                    votes.setdefault(code, Counter())[found] += 1
    told = {code: types.at(next(iter(count))) for code, count in votes.items() if len(count) == 1}
    return {code: found for code, found in told.items() if found is not None}


def _pieces(constants: Constants, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(address, code), each piece with the end of that before it."""
    for at in range(start, min(end, start + _MOST_TEXT_BYTES), _PIECE_BYTES):
        low = max(start, at - _BEFORE_BYTES - _LEA_BYTES)
        yield low, constants.read(low, min(at + _PIECE_BYTES, end) - low)


def _struct_before(
    types: Types, code: bytes, base: int, descriptors: tuple[int, int], functions: tuple[int, int]
) -> int:
    """The struct of a closure whose type is taken last before the end of this code, 0 for none.

    Where another function's address is taken between, the struct is that one's, and this closure lies on a stack.
    """
    for at in range(len(code) - _LEA_BYTES, -1, -1):
        if code[at] & 0xFB == 0x48 and code[at + 1] == 0x8D and code[at + 2] & 0xC7 == 0x05:
            target = base + at + _LEA_BYTES + int.from_bytes(code[at + 3 : at + 7], "little", signed=True)
            if functions[0] <= target < functions[1]:
                return 0
            if descriptors[0] <= target < descriptors[1] and is_closure(types, types.at(target)):
                return target
    return 0


def is_closure(types: Types, one: GoType | None) -> bool:
    """Is it a struct as closures are made?"""
    if one is None or one.kind != STRUCT or not one.fields or one.fields[0].name not in _CODE_FIELDS:
        return False
    code = types.at(one.fields[0].type)
    return code is not None and code.kind == UINTPTR and one.fields[0].offset == 0
