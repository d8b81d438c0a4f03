"""The answer of `memwhy deps`: what was given, read and held against the catalogue."""

from collections.abc import Iterable
from functools import cmp_to_key

from memwhy.dependencies import catalogue
from memwhy.dependencies.built import Listed
from memwhy.dependencies.given import Given
from memwhy.dependencies.goversion import compare
from memwhy.dependencies.matching import Linked, match
from memwhy.dependencies.off_heap import off_heap_of
from memwhy.model.dependencies import Dependencies, Known


def answer(name: str, given: Given) -> Dependencies:
    """name: what the person called it."""
    listed = given.listed
    linked = given.linked if listed.packages is None else _among(listed)
    known = match(listed.components, listed.build, catalogue.known_leaks(), linked)
    return Dependencies(
        name=name,
        form=given.form,
        build=listed.build,
        components=listed.components,
        known=known,
        off_heap=off_heap_of(listed.components, listed.build, catalogue.off_heap(), linked),
        mended=mended(one for one in known if one.standing == "leaks"),
        notes=listed.notes,
    )


def _among(listed: Listed) -> Linked:
    """Of the modules that are listed with their packages it is known which are built in; of Go's own it is not."""
    modules = [one.name for one in listed.components if one.kind == "module"]

    def linked(package: str) -> bool | None:
        if not any(f"{package}/".startswith(f"{name}/") for name in modules):
            return None
        return any(f"{one}/".startswith(f"{package}/") for one in listed.packages or ())

    return linked


def mended(leaking: Iterable[Known]) -> tuple[tuple[str, str], ...]:
    """(component, the first version that has the fixes of all its leaks, "" where one has none)."""
    fixes: dict[str, list[str]] = {}
    for one in leaking:
        fixes.setdefault(one.component.name, []).append(one.fixed)
    return tuple(
        (name, "" if "" in versions else max(versions, key=cmp_to_key(compare))) for name, versions in fixes.items()
    )
