"""go.sum: modules by their checksums. A line for a module's own files is of what was built; one for its go.mod only of what was looked at.

Format: the Go Modules Reference, "go.sum files": `PATH VERSION h1:HASH` and `PATH VERSION/go.mod h1:HASH`. Lines of versions that are no
longer used stay until `go mod tidy`, so of several the highest is taken.
"""

import re
from dataclasses import dataclass

from memwhy.dependencies.gomod import MOST_MODULES, highest
from memwhy.model.dependencies import Component
from memwhy.model.errors import ParseError

_LINE = re.compile(r"(\S{1,400}) (v[^\s/]{1,200})(/go\.mod)? (h[0-9]+):\S{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """modules: those with a checksum of their files; only_manifests: how many others have one of their go.mod only."""

    modules: tuple[Component, ...]
    only_manifests: int
    notes: tuple[str, ...] = ()


def parse_sums(text: str, name: str = "go.sum") -> Sums:
    """Raises ParseError where no line of a go.sum stands in it."""
    whole: list[Component] = []
    manifests: set[str] = set()
    unknown = 0
    lines = text.splitlines()
    for line in lines:
        match = _LINE.fullmatch(line[:1000].strip())
        if match is None:
            unknown += bool(line.strip())
        elif match[3]:
            manifests.add(match[1])
        elif len(whole) <= 4 * MOST_MODULES:
            whole.append(Component(kind="module", name=match[1], version=match[2], found=name))
    if not whole and not manifests and text.strip():
        raise ParseError(name, 1, text[:80], "no line of a go.sum (`PATH VERSION h1:HASH`) stands in it")
    modules = highest(whole)
    notes = (
        [f"{name}: {unknown:,} of {len(lines):,} lines are not lines of a go.sum and were passed over"]
        if unknown
        else []
    )
    if len(modules) > MOST_MODULES:
        notes.append(f"{name}: {len(modules) - MOST_MODULES:,} further modules were left out")
    names = {one.name for one in modules}
    return Sums(modules=modules[:MOST_MODULES], only_manifests=len(manifests - names), notes=tuple(notes))
