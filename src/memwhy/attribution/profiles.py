"""Growth between the first and the last profile of one kind and build, by the first frame that is not the runtime's."""

from collections import Counter
from collections.abc import Iterable

from memwhy.attribution.frames import module_of, own_frame
from memwhy.attribution.states import by_stack
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile
from memwhy.model.report import Holder

MOST_HOLDERS = 8


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
    return _holders(*pair, layer=native_layer(case), method="census", each_bytes=1)


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


def _holders(old: Profile | None, new: Profile, *, layer: str, method: str, each_bytes: int) -> tuple[Holder, ...]:
    grown = by_stack(new)
    if old is not None:
        grown.subtract(by_stack(old))
    by_function: dict[str, Counter[tuple[str, ...]]] = {}
    for frames, value in grown.items():
        by_function.setdefault(own_frame(frames), Counter())[frames] += value
    sums = {function: stacks.total() for function, stacks in by_function.items()}
    whole = sum(value for value in sums.values() if value > 0)
    best = sorted((item for item in sums.items() if item[1] > 0), key=lambda item: (-item[1], item[0]))[:MOST_HOLDERS]
    return tuple(
        Holder(
            layer=layer,
            function=function,
            module=module_of(function),
            bytes=value * each_bytes,
            share=round(value / whole, 4),
            stack=by_function[function].most_common(1)[0][0],
            method=method,  # type: ignore[arg-type]
        )
        for function, value in best
    )
