"""The answer of `memwhy deps`: what was given, read and held against the catalogue."""

from collections.abc import Iterable
from functools import cmp_to_key

from memwhy.dependencies import catalogue
from memwhy.dependencies.given import Given
from memwhy.dependencies.goversion import compare
from memwhy.dependencies.matching import match
from memwhy.dependencies.off_heap import off_heap_of
from memwhy.model.dependencies import Dependencies, Known


def answer(name: str, given: Given) -> Dependencies:
    """name: what the person called it."""
    listed = given.listed
    known = match(listed.components, listed.build, catalogue.known_leaks(), given.linked)
    return Dependencies(
        name=name,
        form=given.form,
        build=listed.build,
        components=listed.components,
        known=known,
        off_heap=off_heap_of(listed.components, listed.build, catalogue.off_heap(), given.linked),
        mended=mended(one for one in known if one.standing == "leaks"),
        notes=listed.notes,
    )


def mended(leaking: Iterable[Known]) -> tuple[tuple[str, str], ...]:
    """(component, the first version that has the fixes of all its leaks, "" where one has none)."""
    fixes: dict[str, list[str]] = {}
    for one in leaking:
        fixes.setdefault(one.component.name, []).append(one.fixed)
    return tuple(
        (name, "" if "" in versions else max(versions, key=cmp_to_key(compare))) for name, versions in fixes.items()
    )
