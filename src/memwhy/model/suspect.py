"""A suspect: one place in the source that acquires something, and what is not done about it.

A rule reads source and never measures. What it says is "suspect" until a diagnosis blames the same function.
"""

from dataclasses import dataclass

REPORTED = 0.5
"""The weight from which a suspect is told unasked; what weighs less is told on request only (`--all`)."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file and its text without the indentation. line and column count from 1; column in bytes, as Go counts."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One rule's finding at one place.

    rule: the rule's NAME. cause: a cause id of `memwhy.model.report`. file: relative to the directory that was read.
    function: as Go's linker names it, `module/pkg.(*T).Method.func1`; a main package's is `main.F`. message: one sentence
    without "suspect" (the renderer's word). acquired: the call that acquires (for patterns without one: the line that
    grows). missing: what is not done and on which path, as "Body.Close before the return in line 42", or "". path: the
    lines that the path goes through, the return last; empty where no path was followed. remedy: what to write.
    fix: a unified diff hunk against `file` (`---`, `+++`, `@@` and lines), never applied by us, or "". weight: how sure
    the rule is, 0 to 1, of "this is what the message says"; see REPORTED. costs: truthfully, what the missing release
    costs (memory, goroutines, descriptors, nothing but data).
    """

    rule: str
    cause: str
    file: str
    line: int
    column: int
    function: str
    message: str
    acquired: Place
    missing: str
    remedy: str
    weight: float
    path: tuple[Place, ...] = ()
    fix: str = ""
    costs: str = ""


def order(suspect: Suspect) -> tuple[float, str, int, int, str]:
    """The key that puts the surest first, then files and lines in order."""
    return (-suspect.weight, suspect.file, suspect.line, suspect.column, suspect.rule)
