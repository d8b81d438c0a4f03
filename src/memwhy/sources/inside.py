"""What a runtime's own endpoints would have told, read from its memory instead: their documents, one behind the other.

A composite of `go/heap`, `go/goroutine`, …, each behind its line `==> NAME <==` and in the form that its own reader knows.
"""

from collections.abc import Mapping as Map
from dataclasses import replace

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.reading import Reading
from memwhy.sources import go
from memwhy.sources.proc.files import split

NAME = "inspect/documents"
_SAID_BY_LOOKS = ("go/heap", "go/goroutine")
"""Their figures are in every look (`inspect/look`); twice in a series would be no second witness."""


def parse(raw: bytes) -> Reading:
    """Profiles and facts of all parts, and those metrics that no look has. Raises ParseError when no part can be read."""
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    profiles: list[Profile] = []
    notes: list[str] = []
    wrong: list[ParseError] = []
    parts = [(name, content) for name, content in split(raw) if name in go.READERS]
    for name, content in parts:
        try:
            reading = _read(name, content)
        except ParseError as error:
            wrong.append(error)
            continue
        metrics |= reading.metrics
        facts |= reading.facts
        profiles += reading.profiles
        notes += reading.notes
    if len(wrong) == len(parts):
        raise wrong[0] if wrong else ParseError(NAME, None, raw[:80], "has no part `==> go/heap <==` or the like")
    return Reading(metrics=metrics, facts=facts, profiles=tuple(profiles), notes=tuple(notes))


def _read(name: str, content: bytes) -> Reading:
    reading: Reading = go.READERS[name].parse(content)
    unsaid: Map[str, int] = {} if name in _SAID_BY_LOOKS else reading.metrics
    return replace(reading, metrics=unsaid)
