"""Globals of a stripped program, read off the code that uses them.

Stripping takes the names of variables, not those of functions (the function table stays), and the runtime's code comes
compiled alike out of one toolchain. So a layout table says where, inside which functions, which variable's address
stands in an instruction; here the distances are read and the places vote. A function whose length differs from the
table's, or whose instruction there is another one, has no vote.

Amd64 only: a RIP-relative operand is a signed 32-bit distance from the next instruction (Intel SDM vol. 2, 2.2.1.6).
"""

from collections import Counter
from collections.abc import Iterator

from memwhy.runtimes.go.layout import Layout, Reference
from memwhy.runtimes.go.moduledata import Constants
from memwhy.runtimes.go.pclntab import FunctionTable

_MOST_FUNCTION_BYTES = 1 << 16
OPCODE_BYTES = 2
"""How many bytes before the distance must be the same: the opcode's last and ModRM."""


def by_references(
    functions: FunctionTable, constants: Constants, layout: Layout, written: tuple[tuple[int, int], ...]
) -> dict[str, int]:
    """Variable: address, for those that two functions agree on, or that one names which is right about another."""
    votes: dict[str, Counter[int]] = {}
    said: dict[str, dict[str, int]] = {}
    for name, reference in layout.references.items():
        function = functions.by_name(name)
        if function is None or function.end - function.entry != reference.size:
            continue
        code = constants.read(function.entry, min(reference.size, _MOST_FUNCTION_BYTES))
        for variable, address in dict(_addresses(code, function.entry, reference)).items():
            if any(start <= address < end for start, end in written):
                votes.setdefault(variable, Counter())[address] += 1
                said.setdefault(name, {})[variable] = address
    agreed: dict[str, int] = {}
    for variable, count in votes.items():
        majority = _majority(count)
        if majority is not None:
            agreed[variable] = majority
    for found in said.values():
        vouched = sum(agreed.get(variable) == address for variable, address in found.items())
        for variable, address in found.items():
            if vouched and len(votes[variable]) == 1:
                agreed.setdefault(variable, address)
    return agreed


def _addresses(code: bytes, entry: int, reference: Reference) -> Iterator[tuple[str, int]]:
    for at, tail, variable, inside, opcode in reference.places:
        if len(code) >= at + 4 and int.from_bytes(code[at - OPCODE_BYTES : at], "big") == opcode:
            distance = int.from_bytes(code[at : at + 4], "little", signed=True)
            yield variable, entry + at + 4 + tail + distance - inside


def _majority(votes: Counter[int]) -> int | None:
    """The address that at least two functions and more than half of them name."""
    address, count = votes.most_common(1)[0]
    return address if count >= 2 and 2 * count > votes.total() else None
