"""Documents: files, directories, gzip, captures, free-form pages and standard input → observations in their places.

Nothing here knows a format: the readers of `proc`, `go` and `pasted` do. Memory is bounded: a document above
PAGE_BYTES is streamed, only the surroundings of the readers' TRIGGERS are looked at, and long series are thinned.
"""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import ModuleType
from typing import BinaryIO

from memwhy.model.errors import MemwhyError, NothingReadable, ParseError
from memwhy.model.reading import Observation, Reading, Unread, Where
from memwhy.sources import files
from memwhy.sources.complaint import FACT as COMPLAINS
from memwhy.sources.complaint import NAME as COMPLAINT
from memwhy.sources.complaint import find_complaint
from memwhy.sources.owners import unify
from memwhy.sources.page import (
    READERS,
    RUNTIME,
    Found,
    Pageful,
    read_page,
    read_with,
    reader_of_name,
    tidy_subject,
    to_lines,
)
from memwhy.sources.scan import Piece, scan_hot
from memwhy.sources.shelf import Shelf

PAGE_BYTES = 16 << 20
_WHOLE_BYTES = 64 << 20  # a binary profile or a capture of one kernel file, read at once
_PIECE_BYTES = 2 << 20
_DENSE_BYTES = 16 << 20  # of lines full of figures, read before they are read ever more thinly: some ten seconds
_WORDS_BYTES = 1 << 20  # what people write is shorter
_MOST_UNREAD = 100

Progress = Callable[[str, int, int | None], None]
"""Called with (input, bytes done, bytes in all or None)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file that was given or found. format: text, gzip text, pprof, recording, binary, empty, …; size as stored."""

    path: str
    format: str
    size_bytes: int


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
    desk = _Desk(shelf, progress)
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
    if not desk.recordings and not any(_says(o.reading) for o in shelf.in_place()):
        raise NothingReadable(_nothing(paths, desk.unread))
    return Evidenced(
        observations=unify(shelf.in_place()),
        unread=tuple(desk.unread),
        notes=(*desk.notes, *shelf.notes()),
        inputs=tuple(desk.inputs),
        recordings=tuple(desk.recordings),
    )


def _says(reading: Reading) -> bool:
    """It has figures, or facts beyond the hints that words give; a complaint is such a fact."""
    return bool(reading.metrics or reading.mappings or reading.profiles) or any(
        name == COMPLAINS or not name.startswith(("prose.", "page.")) for name in reading.facts
    )


def _nothing(paths: Sequence[str], unread: Sequence[Unread]) -> str:
    if not paths:
        return "no evidence was given"
    said = "; ".join(f"{row.where}: {row.problem}" for row in unread[:5])
    more = f"; and {len(unread) - 5} more" if len(unread) > 5 else ""
    return f"nothing readable: {said}{more}"


class _Desk:
    """Where inputs are opened, recognised and handed to the readers."""

    def __init__(self, shelf: Shelf, progress: Progress | None) -> None:
        self.shelf = shelf
        self.progress = progress
        self.unread: list[Unread] = []
        self.notes: list[str] = []
        self.inputs: list[Input] = []
        self.recordings: list[str] = []

    def fail(self, file: str, format: str, problem: str, lines: tuple[int, int] | None = None) -> None:
        if len(self.unread) < _MOST_UNREAD:
            where = Where(file=file, first_line=lines[0], last_line=lines[1]) if lines else Where(file=file)
            self.unread.append(Unread(where=where, format=format, problem=problem))
        elif len(self.unread) == _MOST_UNREAD:
            self.unread.append(Unread(where=Where(file=file), format=format, problem="and more that could not be read"))

    def note_owner(self, path: str) -> None:
        """A directory that held several files, none of which said anything, is one problem of its own."""
        if not self.shelf.observations and not self.recordings:
            self.fail(path, "directory", "no evidence in any of its files")

    def read_file(self, path: str) -> None:
        try:
            stream, size = files.open_file(path)
        except OSError as error:
            self.fail(path, "file", error.strerror or "cannot be opened")
            return
        except ParseError as error:
            self.fail(path, "file", error.problem)
            return
        with stream:
            self.read_stream(path, stream, size)

    def read_stream(self, path: str, stream: BinaryIO, size: int) -> None:
        """Recognise one input by its first bytes and read it."""
        try:
            self._read_stream(path, stream, size)
        except OSError as error:
            self.fail(path, "file", error.strerror or "cannot be read")

    def _read_stream(self, path: str, stream: BinaryIO, size: int) -> None:
        head = stream.read(files.BLOCK_BYTES)
        format = files.tell_format(head)
        self.inputs.append(Input(path=path, format=format, size_bytes=size or len(head)))
        advice = files.advice(format)
        if format == "recording":
            self.recordings.append(path)
        elif format == "empty":
            self.fail(path, "empty", "an empty file")
        elif advice is not None:
            self.fail(path, format, f"this is {format}: {advice}" if format.startswith("a") else f"{format}: {advice}")
        elif format == "gzip":
            self._read_gzip(path, files.read_blocks(stream, head), size)
        elif format == "binary":
            self._read_binary(path, _gather(files.read_blocks(stream, head)))
        else:
            blocks = self._counted(path, files.read_blocks(stream, head), size)
            self._read_text(path, files.to_utf8(blocks, format))

    def _counted(self, path: str, blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
        done = 0
        for block in blocks:
            yield block
            done += len(block)
            if self.progress is not None:
                self.progress(path, done, size or None)

    def _reformat(self, format: str) -> None:
        self.inputs[-1] = replace(self.inputs[-1], format=format)

    def _read_gzip(self, path: str, packed: Iterator[bytes], size: int) -> None:
        """Text is streamed; anything else is handed, still packed, to the binary readers."""
        kept: list[bytes] = []
        head = b""
        inflated = files.gunzip(_remember(self._counted(path, packed, size), kept))
        try:
            for block in inflated:
                head += block
                if len(head) >= 1 << 16:
                    break
        except ParseError as error:
            self.fail(path, "gzip", error.problem)
        format = files.tell_format(head)
        if format == "binary":
            raw = _gather(chain(list(kept), packed))
            self._read_binary(path, raw)
            return
        kept.clear()
        if format not in ("text", "utf-16-le", "utf-16-be"):
            self._reformat(f"gzip {format}")
            if not any(row.where.file == path for row in self.unread):
                problem = "nothing in it" if format == "empty" else f"{format} within gzip: unpack it first"
                self.fail(path, "gzip", problem)
            return
        self._reformat("gzip text")
        self._read_text(path, files.to_utf8(self._until_broken(path, chain([head], inflated)), format), kept)

    def _until_broken(self, path: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from blocks
        except ParseError as error:
            self.fail(path, "gzip", error.problem)

    def _read_binary(self, path: str, raw: bytes | None) -> None:
        if raw is None:
            self.fail(path, "binary", f"more than {_WHOLE_BYTES >> 20} MiB of binary data")
            return
        for reader in RUNTIME:
            if reader.NAME == "go/pprof":
                try:
                    reading = reader.parse(raw)
                except MemwhyError as error:
                    problem = error.problem if isinstance(error, ParseError) else error.message
                    self.fail(path, "binary", f"binary data, and no pprof profile: {problem}")
                else:
                    self._reformat("pprof")
                    self._keep(path, reader, reading)
                return
        self.fail(path, "binary", "binary data of no known format")

    def _keep(self, path: str, reader: ModuleType, reading: Reading) -> None:
        subject = tidy_subject(reading.subject or _owner(path))
        found = Found(source=reader.NAME, subject=subject, first_line=1, last_line=1, reading=reading)
        self.shelf.add(path, found, lines=False)

    def _read_text(self, path: str, blocks: Iterator[bytes], kept: list[bytes] | None = None) -> None:
        """A page at once; above PAGE_BYTES only the surroundings of the readers' triggers, piece by piece."""
        cut: list[int] = []
        lines = _discard(files.whole_lines(blocks, cut), kept)
        page: list[bytes] = []
        size = 0
        for block in lines:
            page.append(block)
            size += len(block)
            if size > PAGE_BYTES:
                break
        seen = self.shelf.observations
        missed = len(self.unread)
        if size <= PAGE_BYTES:
            raw = b"".join(page)
            del page
            if not self._read_named(path, raw):
                rows = to_lines(raw)
                pageful = read_page(rows)
                self._shelve(path, pageful)
                if self.shelf.observations == seen:
                    self._read_whole(path, raw)
                if not any(_says(found.reading) for found in pageful.found) and len(raw) <= _WORDS_BYTES:
                    self._hear(path, rows)
        else:
            self.notes.append(f"{path}: long; only the surroundings of known formats were looked at")
            self._read_pieces(path, chain(_drain(page), lines))
        if cut:
            self.notes.append(
                f"{path}: {len(cut)} line(s) longer than {files.LONGEST_LINE_BYTES >> 20} MiB are cut, the first is line {cut[0]}"
            )
        if self.shelf.observations == seen and len(self.unread) == missed:
            self.fail(path, "text", "no figures in any format that memwhy knows")

    def _hear(self, path: str, lines: list[str]) -> None:
        """Keep the complaint of a page without figures."""
        heard = find_complaint(lines)
        if heard is not None:
            at, reading = heard
            found = Found(source=COMPLAINT, subject="", first_line=at + 1, last_line=at + 1, reading=reading)
            self.shelf.add(path, found, lines=True)

    def _read_pieces(self, path: str, blocks: Iterator[bytes]) -> None:
        """Read the hot stretches; where a log is full of figures, ever fewer of them, and the last one always."""
        pending: list[str] = []
        first, every, read_bytes, left_out_bytes = 1, 1, 0, 0
        left_out: Piece | None = None
        for number, piece in enumerate(scan_hot(blocks, _PIECE_BYTES, READERS)):
            if number % every:
                pending = self._finish(path, pending, first)
                left_out, left_out_bytes = piece, left_out_bytes + len(piece.raw)
                continue
            left_out = None
            if not pending:
                first = piece.first_line
            pending += to_lines(piece.raw.removesuffix(b"\n"))
            size = sum(map(len, pending))
            pageful = read_page(
                pending, first_line=first, whole=False, final=not piece.goes_on, patient=size < PAGE_BYTES
            )
            self._shelve(path, pageful)
            first += pageful.rest
            pending = pending[pageful.rest :] if piece.goes_on else []
            read_bytes += len(piece.raw)
            every *= 2 if read_bytes > _DENSE_BYTES * every.bit_length() else 1
        self._finish(path, pending, first)
        if left_out is not None:
            self._finish(path, to_lines(left_out.raw.removesuffix(b"\n")), left_out.first_line)
        if left_out_bytes:
            self.notes.append(
                f"{path} is full of figures: {read_bytes >> 20} MiB of it were read, from the first to the last line,"
                f" and {left_out_bytes >> 20} MiB between them were left out"
            )

    def _finish(self, path: str, pending: list[str], first: int) -> list[str]:
        """Read what is pending as it stands; nothing is pending then."""
        if pending:
            self._shelve(path, read_page(pending, first_line=first, whole=False))
        return []

    def _shelve(self, path: str, pageful: Pageful) -> None:
        for found in pageful.found:
            self.shelf.add(path, found, lines=True)
        for missed in pageful.missed:
            self.fail(path, missed.source, missed.problem, (missed.first_line, missed.last_line))

    def _read_named(self, path: str, raw: bytes) -> bool:
        """A file called as the kernel or an endpoint calls it is tried with that reader first."""
        reader = reader_of_name(path.rpartition("/")[2])
        if reader is None:
            return False
        try:
            reading = reader.parse(raw)
        except MemwhyError:
            return False  # the name says nothing, then: it is read as a page
        if not (reading.metrics or reading.mappings or reading.profiles or reading.facts):
            return False
        self._keep(path, reader, reading)
        return True

    def _read_whole(self, path: str, raw: bytes) -> None:
        """Formats that fill their file and are seldom pasted: an expvar page, the text of `go version -m`."""
        text = raw.decode("utf-8", "replace")
        for reader in RUNTIME:
            if hasattr(reader, "find"):
                continue
            try:
                readings = read_with(reader, text)
            except MemwhyError:
                continue
            if any(r.metrics or r.profiles or r.facts for r in readings):
                self._keep(path, reader, readings[0])
                return


def _owner(path: str) -> str:
    """`pid 4711` for a capture `…/4711/status`."""
    folders = path.split("/")[:-1]
    return next((f"pid {name}" for name in reversed(folders) if name.isascii() and name.isdigit()), "")


def _gather(blocks: Iterator[bytes]) -> bytes | None:
    """All bytes, or None when there are more than _WHOLE_BYTES."""
    gathered = bytearray()
    for block in blocks:
        gathered += block
        if len(gathered) > _WHOLE_BYTES:
            return None
    return bytes(gathered)


def _remember(blocks: Iterator[bytes], kept: list[bytes]) -> Iterator[bytes]:
    for block in blocks:
        kept.append(block)
        yield block


def _discard(blocks: Iterator[bytes], kept: list[bytes] | None) -> Iterator[bytes]:
    """Forget, while going, what was remembered of the packed bytes."""
    for block in blocks:
        if kept:
            kept.clear()
        yield block


def _drain(blocks: list[bytes]) -> Iterator[bytes]:
    """The blocks in order, each forgotten once given."""
    blocks.reverse()
    while blocks:
        yield blocks.pop()
