"""Documents: files, directories, archives, mail, captures, free-form pages and standard input → observations in their places.

Nothing here knows a format: the readers do. `desk` opens, recognises and unpacks, `texts` reads, `shelf` puts in order.
"""

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from memwhy.model.errors import NothingReadable
from memwhy.model.reading import Observation, Unread
from memwhy.sources import files
from memwhy.sources.desk import Desk, Input, Progress
from memwhy.sources.owners import unify
from memwhy.sources.shelf import Shelf
from memwhy.sources.texts import says


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidenced:
    """All that documents say. recordings: paths of memwhy's own files, recognised and not opened."""

    observations: tuple[Observation, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...]
    inputs: tuple[Input, ...]
    recordings: tuple[str, ...]


def read_evidence(
    paths: Sequence[str], *, stdin: bytes | BinaryIO | None = None, progress: Progress | None = None
) -> Evidenced:
    """Read everything that the paths lead to; "-" is stdin. NothingReadable when none of it says anything."""
    shelf = Shelf()
    desk = Desk(shelf, progress)
    for path in paths:
        if path == "-":
            stream = io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin or sys.stdin.buffer
            desk.read_stream("-", stream, 0)
            continue
        listing = files.list_files(path)
        for skipped, problem in listing.skipped:
            desk.fail(skipped, "file", problem)
        before = len(desk.inputs)
        for file in listing.files:
            desk.read_file(file)
        if not listing.files and not listing.skipped:
            desk.fail(path, "directory", "an empty directory")
        elif len(desk.inputs) - before > 1:
            desk.note_owner(path)
    if not desk.recordings and not any(says(o.reading) for o in shelf.in_place()):
        raise NothingReadable(_nothing(paths, desk.unread))
    return Evidenced(
        observations=unify(shelf.in_place()),
        unread=tuple(desk.unread),
        notes=(*desk.texts.notes, *shelf.notes()),
        inputs=tuple(desk.inputs),
        recordings=tuple(desk.recordings),
    )


def _nothing(paths: Sequence[str], unread: Sequence[Unread]) -> str:
    if not paths:
        return "no evidence was given"
    if not unread:
        named = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
        return f"nothing readable: {named}: no figures in any format that memwhy knows"
    said = "; ".join(f"{row.where}: {row.problem}" for row in unread[:5])
    more = f"; and {len(unread) - 5} more" if len(unread) > 5 else ""
    return f"nothing readable: {said}{more}"
