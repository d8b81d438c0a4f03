"""Which components use memory outside the Go heap, and how: by the catalogue, and by what the program itself shows.

A program shows the C functions that its Go code calls, so a module whose C is not linked (no cgo, another tag) is left out, and one
that calls C and stands in no catalogue is named all the same.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from memwhy.dependencies.catalogue import OffHeap as Entry
from memwhy.dependencies.matching import Linked, nobody_can_tell, without_major
from memwhy.model.dependencies import Build, Component, OffHeap

_HOW: dict[str, Literal["malloc", "mmap", "both", ""]] = {"malloc": "malloc", "mmap": "mmap", "both": "both"}


def off_heap_of(
    components: Iterable[Component], build: Build, entries: Sequence[Entry], linked: Linked = nobody_can_tell
) -> tuple[OffHeap, ...]:
    """Those of the components, with most calls into C first."""
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.module.casefold(), []).append(entry)
    calls = dict(build.calls) if build.calls is not None else None
    found = []
    for one in components:
        if one.kind == "library":
            continue
        count = None if calls is None else calls.get(one.name, 0)
        about = [entry for entry in _about(one, by_name) if _is_there(entry, one, count, build, linked)]
        using = [entry for entry in about if entry.off_heap != "none"]
        if using:
            found.append(_by_catalogue(one, using, count))
        elif count and one.kind == "module":
            found.append(OffHeap(component=one, how="", calls=count))
    return tuple(sorted(found, key=lambda one: (-(one.calls or 0), one.component.name)))


def _about(one: Component, by_name: dict[str, list[Entry]]) -> list[Entry]:
    path = one.name.casefold()
    base = without_major(path)
    return [*by_name.get(path, ()), *(e for e in by_name.get(base, ()) if base != path and e.match == "major")]


def _is_there(entry: Entry, one: Component, calls: int | None, build: Build, linked: Linked) -> bool:
    """Go's own packages are in every go.mod's reach, so they count only where they are known to be linked."""
    if entry.package and linked(entry.package) in ((False, None) if one.kind == "toolchain" else (False,)):
        return False
    if entry.cgo == "never" or entry.through:
        return True
    if build.cgo is False or calls == 0:
        return entry.off_heap in ("mmap", "both") and build.maps_itself is not False
    return entry.cgo == "default" or bool(calls) or build.tags is None or bool(set(entry.tags) & set(build.tags))


def _by_catalogue(one: Component, entries: Sequence[Entry], calls: int | None) -> OffHeap:
    hows = {entry.off_heap for entry in entries}
    notes = [entry.note for entry in entries if entry.note]
    notes += [f"by {entry.through}" for entry in entries if entry.through]
    if calls is None and all(entry.cgo == "tag" for entry in entries):
        tags = sorted({tag for entry in entries for tag in entry.tags})
        notes.insert(0, f"only with the build tag {' or '.join(tags)}")
    return OffHeap(
        component=one,
        how="both" if len(hows) > 1 else _HOW.get(hows.pop(), ""),
        calls=calls,
        brings=_all(entry.static for entry in entries),
        uses=_all((*entry.shared, *entry.dlopen) for entry in entries),
        note="; ".join(dict.fromkeys(notes)),
        source=_all(entry.source for entry in entries),
    )


def _all(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for row in rows for text in row))
