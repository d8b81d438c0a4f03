"""The C programs of tests/probe/programs."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from c_programs import Answering, answering, compiled

PROGRAMS = Path(__file__).parent / "programs"


def built(name: str, *flags: str) -> Path:
    """The program; skipped where it cannot be compiled."""
    return compiled(PROGRAMS / f"{name}.c", "-O1", "-w", *flags)


@contextlib.contextmanager
def freed(*commands: str, flags: tuple[str, ...] = ()) -> Iterator[Answering]:
    """The program of freed.c, after these commands."""
    with answering(built("freed", *flags)) as program:
        assert program.first == "ready"
        assert [program.ask(command) for command in commands] == ["ok"] * len(commands)
        yield program
