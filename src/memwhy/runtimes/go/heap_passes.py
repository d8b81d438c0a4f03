"""Who holds a heap that moves: two passes held against each other, so that each line says between which figures it was found.

What a single pass cannot notice (a pointer moved from where it was not read yet to where it was) two passes do not have in common. A heap
that rests, or all but rests, is read once: `_TRIFLE_MADE` and `_TRIFLE_RAN` say what that means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memwhy.model.holdergrowth import pruned
from memwhy.model.holders import Holders, Holding
from memwhy.runtimes.go.heap_moving import Moved

_TRIFLE_MADE = 0.001
"""Of the heap's bytes, made while it was read."""
_TRIFLE_RAN = 0.02
"""CPU time of the process, of the time that reading took."""
_UNSTABLE = 0.01
"""Of the larger figure."""
_LEAST_NAMED = 0.005
"""Of the heap: smaller lines that are unstable say so themselves, and are not named in a note."""
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass: its answer with all lines, and what moved meanwhile."""

    holders: Holders
    moved: Moved

    @property
    def unknown(self) -> int:
        """What it did not come to know."""
        return self.moved.unresolved + self.moved.unread + len(self.moved.lost_roots)

    @property
    def made(self) -> float:
        """What was made meanwhile, as a share of the heap."""
        return self.moved.born_bytes / (self.holders.bytes or 1)


def in_passes(look: Callable[[], Pass], *, whole: bool) -> Holders:
    """As many passes as are needed, as one answer. whole: small lines stay. Raises what `look` does."""
    first = look()
    if first.moved.stood_still or (first.made <= _TRIFLE_MADE and first.moved.ran <= _TRIFLE_RAN):
        found = replace(first.holders, notes=(*first.holders.notes, _why_once(first)))
    else:
        found = together(first, look())
    return found if whole else pruned(found)


def _why_once(one: Pass) -> str:
    if one.moved.stood_still:
        return "one pass was enough: nothing of the process ran while it was read"
    return f"one pass was enough: while it was read, the process ran {100 * one.moved.ran:.1f} % of the time and made {100 * one.made:.2f} % of its heap"


def together(first: Pass, second: Pass) -> Holders:
    """The pass that left less unknown, the later one when in doubt, with what every line was in the other one."""
    shown, other = (second, first) if second.unknown <= first.unknown else (first, second)
    lines = spread(shown.holders.holdings, other.holders.holdings)
    made = max(first.made, second.made)
    which = "second" if shown is second else "first"
    notes = [
        f"it moved while it was read ({100 * made:.1f} % of the heap was made meanwhile), so it was read twice; shown is the {which} pass, "
        f"in which {shown.unknown} pointers and objects led to what could not be read, against {other.unknown}; "
        f"what is moved or replaced many times in {max(first.holders.read_s, second.holders.read_s):.1f} s can be missing from both"
    ]
    if shown.moved.unread:
        notes.append(
            f"{shown.moved.unread} objects were not there yet, or no longer, when their span was last read: what they hold may be wrong"
        )
    if shown.moved.given_up:
        notes.append(
            "it was not read again until it came to rest: that would have taken more CPU than the first pass did"
        )
    lost = shown.moved.lost_roots
    if lost:
        notes.append(
            f"unstable: what {', '.join(lost[:_MOST_NAMED])} led to was gone before it could be read: how much is held there is not known"
        )
    if shown.unknown > _UNSTABLE * shown.holders.objects:
        notes.append(
            f"unstable as a whole: it moves faster than it can be read ({shown.unknown} pointers and objects of {shown.holders.objects})"
        )
    return replace(
        shown.holders,
        holdings=lines,
        passes=2,
        read_bytes=first.holders.read_bytes + second.holders.read_bytes,
        read_s=round(first.holders.read_s + second.holders.read_s, 3),
        notes=(*shown.holders.notes, *notes, *_unstable(lines, shown.holders.bytes)),
    )


def spread(shown: Sequence[Holding], other: Sequence[Holding]) -> tuple[Holding, ...]:
    """Lines with least and most; what only the other pass found is a line without objects."""
    there = {_key(one): one for one in other}
    found = []
    for one in shown:
        was = there.pop(_key(one), None)
        before = was.bytes if was else 0
        found.append(
            replace(
                one,
                least_bytes=min(one.bytes, before),
                most_bytes=max(one.bytes, before),
                children=spread(one.children, was.children if was else ()),
            )
        )
    missing = (one for one in there.values() if one.kind != "rest")
    return (*found, *(_absent(one) for one in missing))


def _key(one: Holding) -> tuple[str, str, str]:
    """What a line is told by; of roots the type may depend on what was found behind them."""
    return (one.kind, one.name, "" if one.kind not in ("shared", "field") else one.type)


def _absent(one: Holding) -> Holding:
    return replace(one, count=0, own_bytes=0, bytes=0, least_bytes=0, most_bytes=one.bytes, children=())


def _unstable(lines: Sequence[Holding], whole: int) -> list[str]:
    wide = [
        one
        for one in lines
        if one.kind != "rest"
        and (one.most_bytes or 0) >= _LEAST_NAMED * whole
        and (one.most_bytes or 0) - (one.least_bytes or 0) > _UNSTABLE * (one.most_bytes or 0)
    ]
    if not wide:
        return []
    wide.sort(key=lambda one: (one.least_bytes or 0) - (one.most_bytes or 0))
    names = [one.name or f"{one.type} (shared)" for one in wide[:_MOST_NAMED]]
    more = f" and {len(wide) - _MOST_NAMED} more" if len(wide) > _MOST_NAMED else ""
    return [f"unstable, more than {100 * _UNSTABLE:.0f} % apart in the two passes: {', '.join(names)}{more}"]
