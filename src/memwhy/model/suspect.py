"""Suspects: lines of source that a rule takes for a classic cause of growth. Without a measurement nothing here is more than that."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """The call that takes what has to be given back. text: its expression, on one line, shortened."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What was to come and does not. release: the call (`resp.Body.Close()`); path: on which way out, in words
    ("the return in line 42", "every path"); line: of that way out, None where it is every one."""

    release: str
    path: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """What a rule found in one place.

    rule: its NAME; cause: a cause id of the contract. file: relative to the directory that was read, with slashes; line and
    column count from 1, columns in bytes. function: as Go's symbol table has it (`example.org/bot/store.(*Cache).Get.func1`,
    `main.main`), "" outside of functions. message: one sentence. remedy: what to write in its place; fix: the same as lines
    of a unified diff without a header, "" where no one change is right. weight: how sure the rule is, 0 to 1.
    """

    rule: str
    cause: str
    file: str
    line: int
    column: int
    function: str
    message: str
    remedy: str
    weight: float
    acquired: Acquired | None = None
    missing: Missing | None = None
    fix: str = ""
