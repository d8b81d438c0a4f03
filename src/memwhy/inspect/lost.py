"""Lost or held: which chunks of malloc no root leads to, and in which graphs they hang together.

Exact pointers from certain roots hold a chunk; pointers into its middle, and words that may be stale, make it "maybe".
What is maybe held leads on by exact pointers, and into the middle of a chunk where that looks like more than a stale word.
A live target moves while we look: a chunk is lost only if two looks, one after the other, both found no way to it.
The walk is always older than what the roots hold: a list that grows at its head begins with a chunk that the walk does
not know, and the chain behind it would be cut off. So later looks search in the walk before last, and what came since
is read as roots.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from memwhy.inspect.arrivals import arrivals
from memwhy.inspect.blocks import Blocks
from memwhy.inspect.cached import find_cache_key
from memwhy.inspect.chunks import LOW, ChunkRows, Tick, rows_of
from memwhy.inspect.graph import common, graph, mark, weigh
from memwhy.inspect.roots import HeldElsewhere, missing_roots
from memwhy.inspect.samples import shapes_of
from memwhy.inspect.tally import Tally
from memwhy.inspect.telling import tell
from memwhy.inspect.touched import untouched_bytes
from memwhy.memory.space import Module, Space
from memwhy.model.inspection import Lost
from memwhy.model.units import human_bytes
from memwhy.runtimes.interface import Root

Progress = Callable[[str], None]
Again = Callable[[], tuple[Blocks, Sequence[Root]]]
"""A second look: walks the heaps and lists the roots anew."""
Elsewhere = Callable[[Blocks], HeldElsewhere]
"""What holds blocks and is not in the target's memory, as it is now."""

_SAMPLED_SHAPES = 64
_SAMPLED_CHUNKS = 512
"""At most so many chunks of one sampled graph."""
_NEAR_BYTES = 1 << 16
"""Ranges so near to each other are asked for residency together."""
_REGISTERS = 15
"""Of a thread, without its stack pointer: more graphs than these could hold are not all held by registers."""
_LEAST_LOOKS, _MOST_LOOKS = 4, 8
_STILL = 0.0002
"""Looks that disagree about a smaller share of all blocks saw the same."""

_LOW_HEAP = (
    "malloc's heap lies below 4 GiB, where numbers look like addresses: some of what is counted as maybe held is lost"
)
_UNSEEN_REGISTERS = (
    "most registers of {} threads cannot be read without stopping them: "
    "a graph that only such a register points to would be called lost"
)

Range = tuple[int, int]


def find_lost(
    space: Space,
    blocks: Blocks,
    roots: Sequence[Root],
    modules: Sequence[Module],
    *,
    show_contents: bool = False,
    progress: Progress | None = None,
    again: Again | None = None,
    held_elsewhere: Elsewhere = lambda _: HeldElsewhere(),
    ran_ns: int | None = None,
) -> Lost:
    """What no root leads to, by the shape of its graphs; the rows sum to `Lost.bytes` exactly.

    show_contents: samples of strings. again: with a live target, walks anew before the second look, so that what was freed or
    allocated meanwhile is known; without it the second look uses the same blocks. held_elsewhere: asked before each look.
    ran_ns: `space.ran_ns()` from before the blocks were walked; where it is the same after the first look, that one is enough.
    """
    search = _Search(
        space=space, blocks=blocks, roots=roots, again=again, progress=progress, held_elsewhere=held_elsewhere
    )
    searched = search.run(ran_ns)
    look = searched.look
    raw = _graphs(space, look, modules, _tick(progress, "which lost blocks hang together"))
    shapes = shapes_of(*raw[:2])
    if progress is not None and shapes:
        progress("what the lost blocks are")
    found, maybe = sum(shape.all_bytes for shape in shapes), weigh(look.rows, _either(look.maybe, searched.likely))[1]
    unseen = _unseen_threads(space)
    caveats = [*missing_roots(space), *searched.caveats]
    if raw[3]:
        caveats.append(f"{human_bytes(raw[3])} changed while they were looked at, and are counted as held")
    if maybe > found / 1000 and any(heap.start < LOW for heap in blocks.heaps):
        caveats.append(_LOW_HEAP)
    if 0 < sum(shape.count for shape in shapes) <= _REGISTERS * unseen:
        caveats.append(_UNSEEN_REGISTERS.format(unseen))
    return Lost(
        bytes=found,
        chunks=sum(shape.all_chunks for shape in shapes),
        resident_bytes=max(0, found - untouched_bytes(look.rows, look.lost, look.resident)),
        maybe_bytes=maybe,
        likely_bytes=weigh(look.rows, searched.likely)[1],
        held_bytes=weigh(look.rows, _all(look.total))[1] - maybe - found,
        roots_bytes=look.roots_bytes,
        searched=searched.said,
        graphs=tell(space, look.is_resident, modules, shapes, unseen_threads=unseen, show_contents=show_contents),
        caveats=tuple(caveats),
    )


def _graphs(space: Space, look: "_Look", modules: Sequence[Module], tick: Tick | None) -> tuple[bytes, bytes, int, int]:
    """What hangs together of the lost blocks; see `graph`."""
    if not any(look.lost):
        return b"", b"", 0, 0
    resident = look.resident.tobytes()
    return graph(
        look.source, look.rows, resident, look.lost, _keys(space, modules), _SAMPLED_SHAPES, _SAMPLED_CHUNKS, tick
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """look: the last one. likely: blocks that it did not lose, and that are likely lost. said: how often it was looked, and
    why not more often, in words. moved_bytes: what one look alone would have lost as well."""

    look: "_Look"
    likely: bytes
    said: str
    moved_bytes: int = 0

    @property
    def caveats(self) -> list[str]:
        """What was missing, or did not stand still."""
        caveats = list(self.look.held.missing)
        if self.moved_bytes:
            moved = human_bytes(self.moved_bytes)
            caveats.append(f"the target moved: {moved} were reachable in some of our looks only, and count as held")
        if not self.look.roots_bytes:
            caveats.append("no roots could be read: everything looks lost")
        return caveats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Looks, as many as it takes. The fields are those of `find_lost`."""

    space: Space
    blocks: Blocks
    roots: Sequence[Root]
    again: Again | None
    progress: Progress | None
    held_elsewhere: Elsewhere

    def run(self, ran_ns: int | None) -> _Searched:
        """Look once, and again where one look is not enough."""
        doing = _tick(self.progress, "what the roots lead to")
        look = _Look(self.space, self.blocks, self.roots, doing, held=self.held_elsewhere(self.blocks))
        tally = Tally()
        tally.add(look.rows, used=look.used, firm=look.firm, held=_either(look.sure, look.maybe))
        said = self._enough(look, ran_ns)
        if not said:
            return self._look_again(look, tally)
        return _Searched(look=look, likely=_beside(tally.likely_lost(), look.lost), said=said)

    def _enough(self, look: "_Look", ran_ns: int | None) -> str:
        """Why one look is enough, in words; empty where it is not."""
        if self.space.pid is None:
            return "once: a core does not change"
        if not any(look.lost):
            return "once: nothing was lost then"
        if ran_ns is not None and ran_ns == self.space.ran_ns():
            return "once: no thread of the target ran meanwhile, so a second search would see the same"
        return ""

    def _look_again(self, look: "_Look", tally: Tally) -> _Searched:
        """Looks once more, and as often as looks still disagree.

        A block that moved from an unread place to a read one while we read is missed by one look, not by all. A look during
        which no thread of the target ran saw all of one moment; what targets in motion seem to have lost is looked for four
        times, and nothing not once more.
        """
        space, blocks, roots = self.space, self.blocks, self.roots
        moved_bytes = turn = 0
        recent: list[Range] = []
        for turn in range(2, _MOST_LOOKS + 1):
            newer, ran_ns = blocks, space.ran_ns()
            if self.again is not None:
                newer, roots = self.again()
            came = arrivals(newer, blocks)
            doing = _tick(self.progress, f"look {turn}, for what moved meanwhile")
            held = self.held_elsewhere(blocks)
            following = _Look(space, blocks, roots, doing, held=held, came=came, recent=recent)
            following.keep_used(newer)
            tally.add(
                following.rows, used=following.used, firm=following.firm, held=_either(following.sure, following.maybe)
            )
            recent = _merged([*recent, *came, *arrivals(blocks, newer)])
            blocks = newer
            beside_bytes = following.agree_with(look)
            moved_bytes += beside_bytes
            look = following
            agreed = beside_bytes <= _STILL * weigh(look.rows, _all(look.total))[1]
            rested = ran_ns is not None and ran_ns == space.ran_ns()
            if rested or not any(look.lost) or (agreed and turn >= _LEAST_LOOKS):
                break
        return _Searched(
            look=look,
            likely=_beside(tally.likely_lost(), look.lost),
            said=f"{turn} times: the target moved",
            moved_bytes=moved_bytes,
        )


class _Look:
    """One search from the roots."""

    def __init__(
        self,
        space: Space,
        blocks: Blocks,
        roots: Sequence[Root],
        tick: Tick | None,
        *,
        held: HeldElsewhere,
        came: Sequence[Range] = (),
        recent: Sequence[Range] = (),
    ) -> None:
        """held: what is not in its memory. came: blocks newer than `blocks`; what they are linked to is held. recent: memory
        that was a block's a moment ago: may hold."""
        self.source = (space.source.fd, space.source.pid, space.source.segments)
        self.rows: ChunkRows = rows_of(blocks)
        self.held = held
        owned = sorted([(one.start, one.end) for one in blocks.heaps] + [(one.start, one.end) for one in blocks.mapped])
        certain = _without(_merged((one.start, one.end) for one in roots if one.certainty == "sure"), owned)
        doubtful = _without(_merged((one.start, one.end) for one in roots if one.certainty != "sure"), owned)
        came = _merged(came)
        recent = _without(recent, came)
        self.resident = _resident(space, [*owned, *certain, *doubtful, *came, *recent])
        registers = array("Q", (word for thread in space.threads() for word in thread.registers if 0 <= word < 1 << 64))
        known = registers + held.words
        self.sure, self.maybe, self.doubted, self.firm, self.total, self.roots_bytes = mark(
            self.source,
            self.rows,
            self.resident.tobytes(),
            _flat(certain),
            _flat(doubtful),
            known.tobytes(),
            tick,
            _flat(came),
            _flat(recent),
            find_cache_key(space, blocks, self.is_resident),
        )
        self.used = _all(self.total)
        """The blocks that a newer walk has in use as well."""
        self.reached = _either(_either(self.sure, self.maybe), self.doubted)
        self.lost = _beside(_all(self.total), self.reached)

    def keep_used(self, newer: Blocks) -> None:
        """Only what a newer walk has in use as well can be lost."""
        rows = rows_of(newer)
        used = sum(int.from_bytes(heap.used, "little").bit_count() for heap in newer.heaps) + len(newer.mapped)
        self.used = common(self.rows, self.used, rows, _all(used))
        self.lost = common(self.rows, self.lost, rows, _all(used))

    def agree_with(self, earlier: "_Look") -> int:
        """Lost is only what the earlier look lost as well; the bytes that only the earlier one had lost."""
        both = common(self.rows, self.lost, earlier.rows, earlier.lost)
        self.lost = both
        if both == earlier.lost and self.rows == earlier.rows:
            return 0
        return weigh(earlier.rows, earlier.lost)[1] - weigh(self.rows, both)[1]

    def is_resident(self, start: int, end: int) -> bool:
        """Are all these bytes on pages that are resident?"""
        row = bisect_right(self.resident, start) - 1
        return row >= 0 and row % 2 == 0 and end <= self.resident[row + 1]


def _all(count: int) -> bytes:
    return ((1 << count) - 1).to_bytes((count // 64 + 1) * 8, "little")


def _either(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")


def _beside(bits: bytes, taken: bytes) -> bytes:
    return (int.from_bytes(bits, "little") & ~int.from_bytes(taken, "little")).to_bytes(len(bits), "little")


def _tick(progress: Progress | None, doing: str) -> Tick | None:
    if progress is None:
        return None
    told = progress
    told(doing)
    return lambda done_bytes: told(f"{doing}: {human_bytes(done_bytes)} read")


def _flat(ranges: Iterable[Range]) -> bytes:
    return array("Q", (value for one in ranges for value in one)).tobytes()


def _merged(ranges: Iterable[Range], near_bytes: int = 0) -> list[Range]:
    """In address order, without overlaps; those nearer than `near_bytes` to each other are one."""
    merged: list[Range] = []
    for start, end in sorted(one for one in ranges if one[0] < one[1]):
        if merged and start <= merged[-1][1] + near_bytes:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _without(ranges: Iterable[Range], owned: Sequence[Range]) -> list[Range]:
    """What malloc does not own: its chunks are followed, not taken for roots. Both in address order, `owned` disjoint."""
    left: list[Range] = []
    at = 0
    for start, end in ranges:
        while at < len(owned) and owned[at][1] <= start:
            at += 1
        here = at
        while start < end:
            if here == len(owned) or owned[here][0] >= end:
                left.append((start, end))
                break
            if owned[here][0] > start:
                left.append((start, owned[here][0]))
            start = max(start, owned[here][1])
            here += 1
    return left


def _resident(space: Space, ranges: Iterable[Range]) -> "array[int]":
    rows = array("Q")
    for start, end in _merged(ranges, _NEAR_BYTES):
        rows.extend(space.resident(start, end))
    return rows


def _keys(space: Space, modules: Sequence[Module]) -> bytes:
    """Where the first word of an object may tell its type: data of modules, vtables among it; no code."""
    code = [(one.start, one.end) for one in space.mappings if "x" in one.perms]
    data = _merged(one for module in modules for one in (*module.constant, *module.written))
    return _flat(_without(data, code))


def _unseen_threads(space: Space) -> int:
    """Threads whose registers are not all known: of a live one, only the arguments of its system call are."""
    return sum(1 for thread in space.threads() if space.pid is not None or not thread.registers)
