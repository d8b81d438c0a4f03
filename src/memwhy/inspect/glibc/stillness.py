"""An arena is walked while nobody changes it, where that can be had: its header is read before and after, and compared.

Every allocation or release that malloc counts writes to struct malloc_state: to its mutex, bins, fastbins or top. What goes
through a thread's tcache does not, and is in use for mallinfo2 before and after. So a walk between two equal, unlocked
headers is of one moment, to the byte; the others are of as long as the walk took.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from memwhy.inspect.glibc.arenas import Arena, State, read_arena
from memwhy.inspect.glibc.heaps import Walked
from memwhy.memory.space import Space

_MOST_TRIES = 12
_MOST_AGAIN_BYTES = 32 << 20
"""Walked once more for this, in one look: some 6 ms. A heap of gigabytes never stands still for as long as it takes."""
_MUTEX_BYTES = 4

Found = tuple[list[Walked], str | None]


@dataclass(slots=True, kw_only=True)
class Stillness:
    """Walks the arenas of one look. moved, moved_bytes: those that changed whenever they were walked."""

    space: Space
    state: State
    left_bytes: int = _MOST_AGAIN_BYTES
    moved: int = 0
    moved_bytes: int = 0

    def walk(self, arena: Arena, walk: Callable[[Arena], Found]) -> Found:
        """What `walk` finds of an arena, the last time it was called; it is given the arena as it stands now."""
        if self.space.pid is None:
            return walk(arena)
        for _ in range(_MOST_TRIES):
            before = self._header(arena)
            found = walk(self._now(arena))
            if not any(before[:_MUTEX_BYTES]) and before == self._header(arena):
                return found
            size = sum(one.heap.end - one.heap.base for one in found[0])
            if size > self.left_bytes:
                break
            self.left_bytes -= size
        self.moved += 1
        self.moved_bytes += sum(one.heap.end - one.heap.base for one in found[0])
        return found

    def note(self) -> str | None:
        """What has to be said of it, None where all arenas stood still."""
        if not self.moved:
            return None
        count = len(self.state.arenas)
        return (
            f"malloc was at work in {self.moved} of its {count} arena{'s' * (count != 1)} ({self.moved_bytes} B) whenever"
            " they were walked: their figures are of the time that took, not of one moment"
        )

    def _header(self, arena: Arena) -> bytes:
        return self.space.read(arena.address, self.state.layout.size)

    def _now(self, arena: Arena) -> Arena:
        is_main = arena.address == self.state.main.address
        found = read_arena(self.space, arena.address, self.state.layout, is_main=is_main)
        return arena if found is None else replace(arena, top=found[0].top, top_bytes=found[0].top_bytes)
