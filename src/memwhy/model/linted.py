"""What reading source came to: suspects, who else says so, what a diagnosis measured there, and what was not read."""

from dataclasses import dataclass

from memwhy.model.suspect import Suspect

SCHEMA = "memwhy/lint/1"
OWN = "memwhy"
"""In Found.by: our own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What a diagnosis measured at a suspect.

    function: the frame as the diagnosis names it; layer: what grows, in words. exact: the line itself stands in the stack, not
    only its function. bytes: held or grown, bytes_per_s: its pace where it has one; count: where goroutines, descriptors or
    threads were counted. how: what ties the suspect to it, where that is not the frame.
    """

    function: str
    layer: str
    bytes: int
    share: float
    exact: bool
    bytes_per_s: float | None = None
    count: int | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A suspect with all that speak for it. by: OWN for a rule of ours, and the linters that found the same."""

    suspect: Suspect
    by: tuple[str, ...] = (OWN,)
    blame: Blame | None = None

    @property
    def certain(self) -> bool:
        """Something beside our reading says so: a measurement, or a linter that knows the types."""
        return self.blame is not None or self.by != (OWN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced:
    """A suspect that a comment asks not to be told of. line: of the comment; marker: what it is ("memwhy:ignore"); reason: its words."""

    rule: str
    file: str
    suspect_line: int
    line: int
    marker: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A comment to silence us that silences nothing, and why."""

    file: str
    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What was not read, or read in part: why, how many, and some of them."""

    why: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One linter of the user's own. found: what of its findings is of our kinds; problem: why there is no more, "" where all went well."""

    name: str
    command: str
    found: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaid:
    """A rule that was asked: its name, cause, and what it looks for, in one line."""

    name: str
    cause: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """All of one reading, blamed suspects first, then the surest.

    root: as it was named; module: go.mod's path, go_version: its go line, "" without one. below: suspects that were left out
    because they weigh less than was asked for. diagnosis: the headline that suspects were held against, "" without one.
    """

    root: str
    module: str
    go_version: str
    packages: int
    files: int
    bytes: int
    rules: tuple[RuleSaid, ...]
    found: tuple[Found, ...]
    below: int = 0
    silenced: tuple[Silenced, ...] = ()
    unused: tuple[Unused, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    tools: tuple[ToolRun, ...] = ()
    diagnosis: str = ""
    notes: tuple[str, ...] = ()
