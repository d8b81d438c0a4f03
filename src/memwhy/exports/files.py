"""Which format a file's name asks for, and writing it."""

from collections.abc import Callable

from memwhy.exports import folded, pprof, speedscope
from memwhy.exports.stacks import Stacks
from memwhy.model.errors import UsageError

STACKS: dict[str, Callable[[Stacks], bytes]] = {
    ".pb.gz": pprof.write,
    ".folded": folded.write,
    ".speedscope.json": speedscope.write,
}
"""Ending of the file's name → who writes stacks so."""
SERIES = (".om", ".csv")
"""Endings of files with series over time."""


def writer_of(path: str) -> Callable[[Stacks], bytes]:
    """Who writes stacks in this format. Raises UsageError for a name that tells none."""
    return STACKS[ending_of(path, tuple(STACKS))]


def ending_of(path: str, endings: tuple[str, ...] = (*STACKS, *SERIES)) -> str:
    """The ending that says the format. Raises UsageError."""
    for ending in endings:
        if path.endswith(ending):
            return ending
    raise UsageError(f"{path} does not say which format it is to have", help=f"end its name in {', '.join(endings)}")


def write_file(path: str, raw: bytes, *, option: str) -> None:
    """Write it. option: that named the file, for the error. Raises UsageError."""
    try:
        with open(path, "wb") as file:
            file.write(raw)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", help=f"give another file after {option}") from error
