"""What an execution trace takes of memory outside the heap: blocks of 64 KiB, each mapped by itself (memstats.other_sys).

Two kinds, both with the next block's address as their first word: buffers of events (traceBuf, "link") and regions that
stacks and strings are kept in (traceRegionAllocBlock, traceAllocBlock: "next"). Their lists begin in the variable
`runtime.trace`, and in each thread or processor that is writing events. Up to Go 1.21 they stay after a trace ends.
Sources: runtime/trace.go, tracebuf.go, traceregion.go; the same from 1.19 to 1.27.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.memory.space import PAGE_BYTES
from memwhy.runtimes.go.memstats import processors
from memwhy.runtimes.go.span_table import HIGHEST_ADDRESS, read_arenas
from memwhy.runtimes.go.structs import WORD_BYTES
from memwhy.runtimes.go.threads import machines

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_BLOCK_BYTES = 64 << 10
_MOST_BLOCKS = 1 << 20
_WRITERS = (("m", "trace"), ("p", "trace"), ("p", "tracebuf"))
"""Where the buffers stand that are being written to: of a thread from Go 1.22 on, of a processor before."""


def trace_blocks(runtime: "GoRuntime") -> list[tuple[int, int]]:
    """Every block, in address order; none where no trace ever ran, or `runtime.trace` was not found. Raises Unsupported.

    Words of the variable are tried, not its fields: a block begins a page of anonymous memory that has room for it, is
    outside the heap, and leads to another one or to nowhere.
    """
    layout, space, address = runtime.layout, runtime.space, runtime.globals.trace
    if address is None or not layout.has("trace"):
        return []
    words = space.words(address, layout.size("trace") // WORD_BYTES)
    if not any(_may_begin(word) for word in words):
        return []  # the usual case: nobody traces
    places = _Places(runtime)
    heads = {word for word in (*words, *_written(runtime)) if places.fit(word)}
    found: set[int] = set()
    for head in sorted(heads):
        block = head
        while block not in found and len(found) < _MOST_BLOCKS:
            following = space.word(block)
            if following is None or (following and not places.fit(following)):
                break
            found.add(block)
            if not following:
                break
            block = following
    return [(block, block + _BLOCK_BYTES) for block in sorted(found)]


def _written(runtime: "GoRuntime") -> Iterator[int]:
    """The words of all writers that may be blocks."""
    layout, space = runtime.layout, runtime.space
    for struct, field in _WRITERS:
        if not layout.has(struct, field):
            continue
        offset, size, _, _ = layout.field(struct, field)
        owners = processors(runtime) if struct == "p" else [one.address for one in machines(runtime)]
        for owner in owners:
            yield from space.words(owner + offset, size // WORD_BYTES)


def _may_begin(word: int) -> bool:
    return 0 < word <= HIGHEST_ADDRESS and word % PAGE_BYTES == 0


class _Places:
    """Where a block may be."""

    def __init__(self, runtime: "GoRuntime") -> None:
        self._heap = read_arenas(runtime)
        self._ranges: list[tuple[int, int]] = []
        for mapping in runtime.space.mappings:
            if mapping.inode or not mapping.perms.startswith("rw"):
                continue
            if self._ranges and self._ranges[-1][1] == mapping.start:
                self._ranges[-1] = self._ranges[-1][0], mapping.end
            else:
                self._ranges.append((mapping.start, mapping.end))

    def fit(self, word: int) -> bool:
        """Could a block begin there?"""
        return (
            _may_begin(word)
            and self._inside(self._ranges, word, _BLOCK_BYTES)
            and not self._inside(self._heap, word, 1)
        )

    @staticmethod
    def _inside(ranges: list[tuple[int, int]], start: int, size: int) -> bool:
        at = bisect_right(ranges, (start, HIGHEST_ADDRESS)) - 1
        return at >= 0 and start + size <= ranges[at][1]
