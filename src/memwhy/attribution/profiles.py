"""What looks inside counted of malloc: what is lost, and which sizes of blocks became more."""

from collections.abc import Iterable

from memwhy.attribution.frames import module_of, own_frame
from memwhy.attribution.heap import MOST_HOLDERS
from memwhy.attribution.states import by_stack
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile
from memwhy.model.report import Holder


def lost_graphs(case: Case) -> tuple[Holder, ...]:
    """What nothing points to any more, by what it is: at the newest search, by size."""
    found = [one for one in case.profiles if one.profile.kind == "malloc_lost"]
    if not found:
        return ()
    newest = max(found, key=lambda one: one.x).profile
    return tuple(
        Holder(
            layer=native_layer(case),
            function=row.function.partition(" in ")[0],
            module=row.function.partition(" in ")[2] or None,
            bytes=row.flat,
            share=round(row.flat / newest.total, 4),
            stack=(row.function.partition(" in ")[0],),
            method="lost",
        )
        for row in newest.rows[:MOST_HOLDERS]
    )


def blocks_by_size(case: Case) -> tuple[Holder, ...]:
    """Sizes of malloc's blocks in use, by growth between the first and the last look; nothing after one look."""
    pair = first_and_last(case.profiles, "malloc_in_use")
    if pair is None or pair[0] is None:
        return ()
    grown = by_stack(pair[1])
    grown.subtract(by_stack(pair[0]))
    more = sorted((row for row in grown.items() if row[1] > 0), key=lambda row: (-row[1], row[0]))
    whole = sum(value for _, value in more)
    return tuple(
        Holder(
            layer=native_layer(case),
            function=own_frame(frames),
            module=module_of(own_frame(frames)),
            bytes=value,
            share=round(value / whole, 4),
            stack=frames,
            method="census",
        )
        for frames, value in more[:MOST_HOLDERS]
    )


def native_layer(case: Case) -> str:
    """Where most of malloc's heaps lie."""
    layers = ("layer.native_arenas_bytes", "layer.native_heap_bytes")
    return max(layers, key=lambda name: case.series[name].last if name in case.series else -1)


def first_and_last(seen: Iterable[SeenProfile], kind: str) -> tuple[Profile | None, Profile] | None:
    """The oldest and the newest profile of a kind that come from one build; (None, p) when there is only one."""
    found = [one for one in seen if one.profile.kind == kind]
    if not found:
        return None
    newest = max(found, key=lambda one: one.x)
    of_build = [
        one for one in found if one.profile.build_id == newest.profile.build_id and one.subject == newest.subject
    ]
    oldest = min(of_build, key=lambda one: one.x)
    return (None if oldest is newest else oldest.profile, newest.profile)
