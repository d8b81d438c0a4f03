"""Errors for people: what happened, in which input and where, and what to do.

MemwhyError                 exit 2
├── UsageError              exit 2  the command line makes no sense
├── ParseError              exit 2  one input is not what it was taken for: source, line, text
├── NothingReadable         exit 2  none of the evidence could be read
├── RecordingError          exit 2  a recording is broken, foreign, or newer than this memwhy
├── TargetGone              exit 3  no such process, or it ended before anything was seen
├── NotPermitted            exit 3  the kernel does not let us read the target
└── AccountError            exit 70 layers do not sum to their total: a bug in memwhy, always loud

A condition of the *target* (gone, forbidden, truncated) met while watching is evidence with an
`error`, not one of these; see `memwhy.model.evidence`.
"""


class MemwhyError(Exception):
    """Base of all that memwhy raises on purpose. `help` says what the user can do."""

    exit_code = 2
    default_help = ""

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help or self.default_help


class UsageError(MemwhyError):
    """The command line makes no sense."""

    default_help = "see memwhy --help"


class ParseError(MemwhyError):
    """One input is not what it was taken for."""

    def __init__(self, source: str, line: int | None, text: str | bytes, problem: str = "not understood") -> None:
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        shown = "".join(c if c.isprintable() else "·" for c in shown[:80])
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: {problem}" + (f": {shown!r}" if shown else ""))
        self.source = source
        self.line = line
        self.problem = problem


class NothingReadable(MemwhyError):
    """None of the evidence could be read."""

    default_help = "memwhy explain --formats lists what can be read"


class RecordingError(MemwhyError):
    """A recording is broken, not ours, or newer than this memwhy."""


class TargetGone(MemwhyError):
    """No such process, or it ended before anything was seen."""

    exit_code = 3


class NotPermitted(MemwhyError):
    """The kernel does not let us read the target."""

    exit_code = 3
    default_help = "run memwhy as the target's own user or as root"


class AccountError(MemwhyError):
    """Layers do not sum to their total. A bug in memwhy by definition."""

    exit_code = 70
    default_help = "this is a bug in memwhy: please report it with the recording"
