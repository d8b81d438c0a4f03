"""The answer of `memwhy deps`: what was given, read and held against the catalogue."""

from memwhy.dependencies import catalogue
from memwhy.dependencies.given import Given
from memwhy.dependencies.matching import match
from memwhy.dependencies.off_heap import off_heap_of
from memwhy.model.dependencies import Dependencies


def answer(name: str, given: Given) -> Dependencies:
    """name: what the person called it."""
    listed = given.listed
    return Dependencies(
        name=name,
        form=given.form,
        build=listed.build,
        components=listed.components,
        known=match(listed.components, listed.build, catalogue.known_leaks(), given.linked),
        off_heap=off_heap_of(listed.components, listed.build, catalogue.off_heap(), given.linked),
        notes=listed.notes,
    )
