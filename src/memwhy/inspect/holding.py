"""Who holds the heap at two moments: the second one with what came since the first, line by line.

Lines are told apart by how they are reached (root, fields, types), not by single objects: what a holder drops and takes anew cancels out.
"""

from collections.abc import Sequence
from dataclasses import replace

from memwhy.model.holders import Holders, Holding, TypeTotal


def grown(before: Holders, now: Holders) -> Holders:
    """`now` with the difference to `before`. A line that was too small to be kept then counts from nothing."""
    return replace(now, holdings=_lines(before.holdings, now.holdings), types=_types(before.types, now.types))


def _lines(before: Sequence[Holding], now: Sequence[Holding]) -> tuple[Holding, ...]:
    earlier: dict[tuple[str, str, str], Holding] = {(one.kind, one.name, one.type): one for one in before}
    found = []
    for one in now:
        was = earlier.get((one.kind, one.name, one.type))
        if one.kind == "rest":
            found.append(one)
            continue
        found.append(
            replace(
                one,
                grown_bytes=one.bytes - (was.bytes if was else 0),
                grown_count=one.count - (was.count if was else 0),
                children=_lines(was.children if was else (), one.children),
            )
        )
    return tuple(found)


def _types(before: Sequence[TypeTotal], now: Sequence[TypeTotal]) -> tuple[TypeTotal, ...]:
    earlier = {one.type: one for one in before}
    return tuple(
        replace(
            one,
            grown_bytes=one.bytes - (earlier[one.type].bytes if one.type in earlier else 0),
            grown_count=one.count - (earlier[one.type].count if one.type in earlier else 0),
        )
        for one in now
    )
