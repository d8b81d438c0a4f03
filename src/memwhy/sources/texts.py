"""Texts: one document's text → observations on the shelf: a page at once, a long log by the surroundings of its figures.

Memory is bounded: a document above PAGE_BYTES is streamed, only the surroundings of the readers' TRIGGERS are looked at,
and where it is full of figures ever fewer of them.
"""

import io
from collections.abc import Callable, Iterator
from itertools import chain
from types import ModuleType

from memwhy.model.errors import MemwhyError
from memwhy.model.reading import Reading
from memwhy.sources import files
from memwhy.sources.complaint import FACT as COMPLAINS
from memwhy.sources.complaint import NAME as COMPLAINT
from memwhy.sources.complaint import find_complaint
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
_FREE_FORM_BYTES = 3 << 19  # above it nobody wrote by hand, and every reader would go over all of it
_PIECE_BYTES = 512 << 10
_DENSE_BYTES = 8 << 20  # round figures, read before they are read ever more thinly: some five seconds
_DENSE_READINGS = 16_000  # in them, likewise: a series keeps no more
_WORDS_BYTES = 1 << 20  # what people write is shorter

Fail = Callable[[str, str, str, tuple[int, int] | None], None]
"""Called with (input, format, problem, lines or None)."""


def says(reading: Reading) -> bool:
    """It has figures, or facts beyond the hints that words give; a complaint is such a fact."""
    return bool(reading.metrics or reading.mappings or reading.profiles) or any(
        name == COMPLAINS or not name.startswith(("prose.", "page.")) for name in reading.facts
    )


class Texts:
    """Where texts are read. notes: what a reader of the answer has to know, for the desk to hand on."""

    def __init__(self, shelf: Shelf, fail: Fail) -> None:
        self.shelf = shelf
        self.fail = fail
        self.missed = 0
        self.notes: list[str] = []

    def keep(self, path: str, reader: ModuleType, reading: Reading) -> None:
        subject = tidy_subject(reading.subject or _owner(path))
        found = Found(source=reader.NAME, subject=subject, first_line=1, last_line=1, reading=reading)
        self.shelf.add(path, found, lines=False)

    def read(self, path: str, blocks: Iterator[bytes], kept: list[bytes] | None = None) -> None:
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
        seen, missed = self.shelf.observations, self.missed
        if size <= PAGE_BYTES:
            raw = b"".join(page)
            del page
            self._read_page(path, raw)
        else:
            self._read_pieces(path, chain(_drain(page), lines))
        if cut:
            self.notes.append(
                f"{path}: {len(cut)} line(s) longer than {files.LONGEST_LINE_BYTES >> 20} MiB are cut, the first is line {cut[0]}"
            )
        if self.shelf.observations == seen and self.missed == missed:
            self.fail(path, "text", "no figures in any format that memwhy knows", None)

    def _read_page(self, path: str, raw: bytes) -> None:
        if self._read_named(path, raw):
            return
        seen = self.shelf.observations
        if len(raw) > _FREE_FORM_BYTES:
            self._read_pieces(path, files.whole_lines(files.read_blocks(io.BytesIO(raw)), []))
            if self.shelf.observations == seen:
                self._read_whole(path, raw)
            return
        lines = to_lines(raw)
        pageful = read_page(lines)
        self._shelve(path, pageful)
        if self.shelf.observations == seen:
            self._read_whole(path, raw)
        if not any(says(found.reading) for found in pageful.found) and len(raw) <= _WORDS_BYTES:
            self._hear(path, lines)

    def _hear(self, path: str, lines: list[str]) -> None:
        """Keep the complaint of a page without figures."""
        heard = find_complaint(lines)
        if heard is not None:
            at, reading = heard
            found = Found(source=COMPLAINT, subject="", first_line=at + 1, last_line=at + 1, reading=reading)
            self.shelf.add(path, found, lines=True)

    def _read_pieces(self, path: str, blocks: Iterator[bytes]) -> None:
        """Read the hot stretches; where a log is full of figures, ever fewer of them, and the last one always."""
        self.notes.append(f"{path}: long; only the surroundings of known formats were looked at")
        pending: list[str] = []
        first, every, readings, read_bytes, left_out_bytes = 1, 1, 0, 0, 0
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
            readings += len(pageful.found)
            level = every.bit_length()
            every *= 2 if read_bytes > _DENSE_BYTES * level or readings > _DENSE_READINGS * level else 1
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
        self.missed += len(pageful.missed)
        for missed in pageful.missed:
            self.fail(path, missed.source, missed.problem, (missed.first_line, missed.last_line))

    def _read_named(self, path: str, raw: bytes) -> bool:
        """A file called as the kernel or an endpoint calls it is tried with that reader first."""
        reader = reader_of_name(_within(path).rpartition("/")[2])
        if reader is None:
            return False
        try:
            reading = reader.parse(raw)
        except MemwhyError:
            return False  # the name says nothing, then: it is read as a page
        if not (reading.metrics or reading.mappings or reading.profiles or reading.facts):
            return False
        self.keep(path, reader, reading)
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
                self.keep(path, reader, readings[0])
                return


def _within(path: str) -> str:
    """The path without the archive that the file is a member of."""
    return path.rpartition("!")[2]


def _owner(path: str) -> str:
    """`pid 4711` for a capture `…/4711/status`."""
    folders = _within(path).split("/")[:-1]
    return next((f"pid {name}" for name in reversed(folders) if name.isascii() and name.isdigit()), "")


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
