"""The Go modules of a program whose build info was read as text."""

from collections.abc import Mapping as Map
from contextlib import suppress

from memwhy.model import gomodules
from memwhy.model.errors import ParseError
from memwhy.model.gomodules import package_of
from memwhy.sources.go import buildinfo

__all__ = ["GoModules", "package_of"]


class GoModules(gomodules.GoModules):
    """The modules of one program. settings: its build info's module text; "" when it has none."""

    def __init__(self, version: str, settings: str) -> None:
        facts: Map[str, str] = {}
        with suppress(ParseError):
            facts = buildinfo.parse(buildinfo.render("", version, settings).encode()).facts
        super().__init__({**facts, "go.version": version})
