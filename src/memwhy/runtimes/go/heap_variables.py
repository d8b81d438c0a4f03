"""The types of global variables and of what closures captured, from a program's DWARF, as addresses of the runtime's own descriptors.

Go's compiler writes them into its type entries (DW_AT_go_runtime_type) and marks captured variables (DW_AT_go_closure_offset, Go 1.23);
cmd/internal/dwarf/dwarf.go. A stripped program has none: then types begin at objects that tell theirs.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.model.errors import ParseError
from memwhy.runtimes.go.dwarf import section

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """globals: type by address of the variable. captured: by the closure's name, (offset in the closure, type) of each variable."""

    globals: dict[int, int] = field(default_factory=dict)
    captured: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    problem: str = ""


def variables_of(runtime: "GoRuntime") -> Variables:
    """What the program's file tells; `problem` says why it tells nothing."""
    elf = runtime.module.elf
    if elf is None:
        return Variables(problem="the program's file cannot be read")
    try:
        info, abbreviations = section(elf, "debug_info"), section(elf, "debug_abbrev")
    except ParseError as error:
        return Variables(problem=str(error))
    if not info or not abbreviations:
        return Variables(problem="it was stripped of its DWARF: variables and closures have no types")
    rows, kinds, captures = (array("Q", raw) for raw in _retain.dwarf(info, abbreviations))
    base = runtime.functions.modules[0].types[0]
    bias = runtime.module.bias
    types = {place: (value + bias if value >= base - bias else base + value) for place, value in _pairs(kinds)}
    captured: dict[str, list[tuple[int, int]]] = {}
    for i in range(0, len(captures), 3):
        name, offset, kind = captures[i : i + 3]
        if kind in types:
            end = info.find(b"\0", name)
            captured.setdefault(info[name:end].decode("utf-8", "replace"), []).append((offset, types[kind]))
    return Variables(
        globals={address + bias: types[kind] for address, kind in _pairs(rows) if kind in types},
        captured={name: tuple(sorted(members)) for name, members in captured.items()},
    )


def _pairs(flat: "array[int]") -> Iterator[tuple[int, int]]:
    return zip(flat[::2], flat[1::2], strict=True)
