"""Who uses a variable that has no name: in a stripped program the functions whose code refers to it, for their names stay (the function table).

A hint, no proof: code that passes a variable's address on refers to it and may never touch it, and of neighbours in one struct only the
first may be referred to at all. The linker places variables by size and type, so what stands close before an address without any reference
is most likely the same variable's beginning.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.model.holders import Holding
from memwhy.runtimes.go.moduledata import Constants
from memwhy.runtimes.go.pclntab import Function, FunctionTable

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

UNNAMED = "global@"
"""How a root is called that has no name; its address follows (`heap_roots`)."""
LEAST_SHARE = 0.005
"""Of the heap: whose users nobody needs to know."""
MOST_HINTS = 3
_BEFORE_BYTES = 256
"""So far before a word its variable may begin."""
_MOST_TEXT_BYTES = 512 << 20
_CHUNK_BYTES = 16 << 20
_OVERLAP_BYTES = 16
_MOST_BODY_BYTES = 1 << 16
_RUNTIME = 3
_STORE = 0x89
"""MOV r/m64, r64 (Intel SDM, vol. 2): of a pointer into the variable itself."""
_CALL, _CALL_BYTES = 0xE8, 5
_ADDING = ("runtime.mapassign", "runtime.chansend", "runtime.growslice", "sync.(*Map).", "internal/sync.(*HashTrieMap")
"""What a function calls that puts more into what it holds."""


@dataclass(slots=True)
class _User:
    """A function that refers to a variable: how often, and whether it stores into it."""

    function: Function
    count: int = 0
    stores: bool = False


@dataclass(slots=True)
class _Uses:
    """By address, the functions that refer to it."""

    by_address: dict[int, dict[str, _User]] = field(default_factory=dict)
    addresses: list[int] = field(default_factory=list)

    def of(self, address: int) -> dict[str, _User]:
        """Of the address, or of the nearest before it that anyone refers to."""
        i = bisect_right(self.addresses, address) - 1
        if i < 0 or address - self.addresses[i] > _BEFORE_BYTES:
            return {}
        return self.by_address[self.addresses[i]]


def hinted(runtime: "GoRuntime", lines: tuple[Holding, ...]) -> tuple[Holding, ...]:
    """The roots, those without a name with the functions that use them; so is what such roots share. Reads code only where it must."""
    least = LEAST_SHARE * sum(one.bytes for one in lines)
    wanted = {name: address for one in lines if one.bytes >= least for name, address in _unnamed(one)}
    if not wanted:
        return lines
    code = _Code(runtime.functions, Constants(runtime.space, runtime.space.modules()))
    uses = code.uses(wanted.values())
    own = _own_modules(runtime.settings)
    ranked = {name: code.ranked(uses.of(address), own) for name, address in wanted.items()}
    return tuple(
        replace(one, hints=_merged([ranked.get(name, []) for name, _ in _unnamed(one)], own))
        if one.bytes >= least
        else one
        for one in lines
    )


def _unnamed(one: Holding) -> Iterator[tuple[str, int]]:
    """(name, address) of the roots of a line that have no other."""
    for name in one.shared_by if one.kind == "shared" else (one.name,):
        if name.startswith(UNNAMED):
            yield name, int(name.removeprefix(UNNAMED).partition(" ")[0], 16)


def _merged(lists: list[list[str]], own: tuple[str, ...]) -> tuple[str, ...]:
    """The first of each, then the second of each …, each name once, the runtime's only where there is no other."""
    longest = max(map(len, lists), default=0)
    names = dict.fromkeys(names[i] for i in range(longest) for names in lists if i < len(names))
    ranked = sorted(names, key=lambda name: _origin(name, own))
    theirs = [name for name in ranked if _origin(name, own) < _RUNTIME]
    return tuple(theirs or ranked)[:MOST_HINTS]


@dataclass(frozen=True, slots=True)
class _Code:
    """The program's code."""

    functions: FunctionTable
    constants: Constants

    def uses(self, addresses: Iterable[int]) -> _Uses:
        """Who refers to these addresses, or to what stands little before them."""
        windows: list[int] = []
        for address in sorted(addresses):
            low, high = address - _BEFORE_BYTES, address + 1
            if windows and low <= windows[-1]:
                windows[-1] = high
            else:
                windows += [low, high]
        packed = array("Q", windows).tobytes()
        found = _Uses()
        for module in self.functions.modules:
            start, end = module.text
            for at in range(start, min(end, start + _MOST_TEXT_BYTES), _CHUNK_BYTES):
                text = self.constants.read(at, min(_CHUNK_BYTES + _OVERLAP_BYTES, end - at))
                rows = array("Q", _retain.uses(text, at, packed))
                for place, target in zip(rows[::2], rows[1::2], strict=True):
                    if place < at + _CHUNK_BYTES:
                        self._note(found, place, target, text[place - at - 2])
        found.addresses = sorted(found.by_address)
        return found

    def _note(self, found: _Uses, place: int, target: int, opcode: int) -> None:
        function = self.functions.find(place)
        if function is None:
            return
        user = found.by_address.setdefault(target, {}).setdefault(function.name, _User(function))
        user.count += 1
        user.stores |= opcode == _STORE

    def ranked(self, users: dict[str, _User], own: tuple[str, ...]) -> list[str]:
        """The likely owners first: the program's own code before modules, before the standard library, before the runtime; there, what
        adds to it before what only reads it, and what makes it once last."""

        def rank(item: tuple[str, _User]) -> tuple[int, bool, bool, int, str]:
            name, user = item
            made = name.endswith(".init") or ".init." in name
            return _origin(name, own), made, not (user.stores or self._adds(user.function)), -user.count, name

        few = sorted(users.items(), key=lambda item: (_origin(item[0], own), -item[1].count))[: 8 * MOST_HINTS]
        return [name for name, _ in sorted(few, key=rank)]

    def _adds(self, function: Function) -> bool:
        """Does its code call what makes maps, slices or channels hold more?"""
        size = min(function.end - function.entry, _MOST_BODY_BYTES)
        code = self.constants.read(function.entry, size)
        at = code.find(_CALL)
        while 0 <= at <= len(code) - _CALL_BYTES:
            target = function.entry + at + _CALL_BYTES + int.from_bytes(code[at + 1 : at + 5], "little", signed=True)
            callee = self.functions.find(target)
            if callee is not None and callee.entry == target and callee.name.startswith(_ADDING):
                return True
            at = code.find(_CALL, at + 1)
        return False


def _origin(name: str, own: tuple[str, ...]) -> int:
    """0: the program's own; 1: of a module; 2: of the standard library; 3: of the runtime."""
    path = name.partition("[")[0]
    if path.startswith(("runtime.", "runtime/", "internal/", "type:", "go:")):
        return _RUNTIME
    if path.startswith(own):
        return 0
    return 1 if "." in path.partition("/")[0] and "/" in path else 2


def _own_modules(settings: str) -> tuple[str, ...]:
    """What functions of the program's own packages begin with: main's have no path (build info: "mod\\tPATH\\tVERSION")."""
    paths = [line.split("\t")[1] for line in settings.splitlines() if line.startswith("mod\t")]
    return ("main.", *(f"{path}{mark}" for path in paths for mark in "./"))
