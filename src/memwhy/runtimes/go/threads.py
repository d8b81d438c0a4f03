"""The runtime's threads (runtime.m): which are inside C, which belong to C, and how many calls into C there have been.

Source: runtime/runtime2.go (type m), runtime/debug.go (NumCgoCall), runtime/proc.go (allm, extraM).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_MOST_THREADS = 200_000
_FIELDS = ("alllink", "id", "procid", "curg", "incgo", "isextra", "ncgocall", "lockedg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One runtime.m, in Go's word. address: of it; tid: 0 before its thread began; goroutine: the address of its runtime.g or 0.

    extra: made for threads that C started. in_c: inside a call into C, or an extra one that has left Go.
    """

    address: int
    id: int
    tid: int
    goroutine: int
    in_c: bool
    extra: bool
    locked: bool
    c_calls: int


def machines(runtime: "GoRuntime") -> tuple[Machine, ...]:
    """All of runtime.allm, newest first. Raises Unsupported when the list was not found."""
    return tuple(_walk(runtime))


def _walk(runtime: "GoRuntime") -> Iterator[Machine]:
    if runtime.globals.allm is None:
        raise Unsupported(f"{runtime.space.name}: the list of threads (runtime.allm) was not found")
    fields = [name for name in _FIELDS if runtime.layout.has("m", name)]
    rows = Rows(runtime.space, runtime.layout, "m", fields)
    address = runtime.space.word(runtime.globals.allm) or 0
    seen: set[int] = set()
    while address and address not in seen and len(seen) < _MOST_THREADS:
        seen.add(address)
        found = dict(zip(fields, next(rows.read([address])), strict=True))
        yield Machine(
            address=address,
            id=found["id"],
            tid=found["procid"],
            goroutine=found["curg"],
            in_c=bool(found["incgo"]),
            extra=bool(found.get("isextra", 0)),
            locked=bool(found["lockedg"]),
            c_calls=found["ncgocall"],
        )
        address = found["alllink"]


def cgo_calls_ever(runtime: "GoRuntime", threads: tuple[Machine, ...]) -> int | None:
    """As runtime.NumCgoCall counts: those of the threads there are, and of those that ended. None in a program without cgo.

    Where the count of ended threads was not found (a stripped program) it is of the living ones alone, so at least that many.
    """
    uses_c = runtime.globals.iscgo
    if uses_c is not None and runtime.space.read(uses_c, 1) == b"\0":
        return None
    ended = 0 if runtime.globals.ncgocall is None else runtime.space.word(runtime.globals.ncgocall) or 0
    living = sum(thread.c_calls for thread in threads)
    return living + ended if living + ended or uses_c is not None else None
