"""The desk: where inputs are opened, recognised by their first bytes, unpacked and handed to the readers."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from memwhy.model.errors import MemwhyError, ParseError
from memwhy.model.reading import Unread, Where
from memwhy.sources import archives, files
from memwhy.sources.files import Readable
from memwhy.sources.page import RUNTIME
from memwhy.sources.shelf import Shelf
from memwhy.sources.texts import Texts
from memwhy.sources.wrapping import unwrap

Progress = Callable[[str, int, int | None], None]
"""Called with (input, bytes done, bytes in all or None)."""

_WHOLE_BYTES = 160 << 20  # a binary profile, an archive within an archive: read at once
_MOST_UNREAD = 100
_DEEPEST = 2  # an archive within an archive is opened, one within that is not
_TEXTS = ("text", "utf-16-le", "utf-16-be")
_ARCHIVES = ("a zip archive", "a tar archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file that was given or found. format: text, gzip text, pprof, recording, binary, empty, …; size as stored."""

    path: str
    format: str
    size_bytes: int


class Desk:
    """Where inputs are opened, recognised and handed to the readers."""

    def __init__(self, shelf: Shelf, progress: Progress | None) -> None:
        self.shelf = shelf
        self.progress = progress
        self.texts = Texts(shelf, self.fail)
        self.unread: list[Unread] = []
        self.inputs: list[Input] = []
        self.recordings: list[str] = []
        self._depth = 0

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

    def read_stream(self, path: str, stream: Readable, size: int) -> None:
        """Recognise one input by its first bytes and read it."""
        try:
            self._read_stream(path, stream, size)
        except OSError as error:
            self.fail(path, "file", error.strerror or "cannot be read")

    def _read_stream(self, path: str, stream: Readable, size: int) -> None:
        head = stream.read(files.BLOCK_BYTES)
        format = files.tell_format(head)
        self.inputs.append(Input(path=path, format=format, size_bytes=size or len(head)))
        advice = files.advice(format)
        blocks = self._counted(path, files.read_blocks(stream, head), size)
        if format == "recording" and not self._depth:
            self.recordings.append(path)
        elif format == "recording":
            self.fail(path, format, "a recording within an archive: unpack it first")
        elif format == "empty":
            self.fail(path, "empty", "an empty file")
        elif advice is not None:
            self.fail(path, format, f"this is {format}: {advice}" if format.startswith("a") else f"{format}: {advice}")
        elif format in files.INFLATERS:
            self._read_packed(path, format, blocks)
        elif format in _ARCHIVES:
            self._read_archive(path, format, stream, head, blocks, size)
        elif format == "binary":
            self._read_binary(path, _gather(blocks))
        else:
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

    def _read_archive(
        self, path: str, format: str, stream: Readable, head: bytes, blocks: Iterator[bytes], size: int
    ) -> None:
        """Members are inputs of their own; an archive that cannot be gone through backwards is first taken whole."""
        if self._depth == _DEEPEST:
            self.fail(path, format, "an archive within an archive within an archive: unpack it first")
            return
        self._depth += 1
        try:
            if format == "a tar archive":
                archives.read_tar(path, blocks, self.read_stream, self.fail)
            elif isinstance(stream, io.BufferedReader | io.BytesIO) and stream.seekable():
                archives.read_zip(path, stream, size or stream.seek(0, io.SEEK_END), self.read_stream, self.fail)
            else:
                whole = _gather(blocks)
                if whole is None:
                    self.fail(path, format, f"more than {_WHOLE_BYTES >> 20} MiB of zip in a stream: give it as a file")
                else:
                    archives.read_zip(path, io.BytesIO(whole), len(whole), self.read_stream, self.fail)
        finally:
            self._depth -= 1

    def _read_packed(self, path: str, packing: str, packed: Iterator[bytes]) -> None:
        """Text is streamed, a tar gone through; binary profiles are handed on, those of gzip as they are packed."""
        kept: list[bytes] = []
        inflated = self._until_broken(path, packing, files.inflate(_remember(packed, kept), packing))
        head = b""
        for block in inflated:
            head += block
            if len(head) >= 1 << 16:
                break
        format = files.tell_format(head)
        if format == "binary":
            whole = chain(list(kept), packed) if packing == "gzip" else chain([head], inflated)
            kept.clear()
            self._read_binary(path, _gather(whole))
            return
        kept.clear()
        self._reformat(f"{packing} {format}")
        if format in _TEXTS:
            self._reformat(f"{packing} text")
            self._read_text(path, files.to_utf8(chain([head], inflated), format), kept)
        elif format == "a tar archive":
            self._read_archive(path, format, io.BytesIO(), head, _discarding(chain([head], inflated), kept), 0)
        elif not any(row.where.file == path for row in self.unread):
            problem = "nothing in it" if format == "empty" else f"{format} within {packing}: unpack it first"
            self.fail(path, packing, problem)

    def _until_broken(self, path: str, packing: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from blocks
        except ParseError as error:
            self.fail(path, packing, error.problem)

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
                    self.texts.keep(path, reader, reading)
                return
        self.fail(path, "binary", "binary data of no known format")

    def _read_text(self, path: str, blocks: Iterator[bytes], kept: list[bytes] | None = None) -> None:
        """A text, taken out of the mail, web page or saved thread that it may stand in."""
        unwrapped, rest = unwrap(blocks)
        if unwrapped is None:
            self.texts.read(path, rest, kept)
            return
        self._reformat(unwrapped.format)
        if unwrapped.problem is not None:
            self.fail(path, unwrapped.format, unwrapped.problem)
            return
        self.texts.notes.append(f"{path}: {unwrapped.format}; line numbers are those of the text in it")
        self.texts.notes.extend(f"{path}: {note}" for note in unwrapped.notes)
        self.texts.read(path, iter([unwrapped.text]))
        if unwrapped.attached and self._depth < _DEEPEST:
            self._depth += 1
            for name, raw in unwrapped.attached:
                self.read_stream(f"{path}!{name}", io.BytesIO(raw), len(raw))
            self._depth -= 1


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


def _discarding(blocks: Iterator[bytes], kept: list[bytes]) -> Iterator[bytes]:
    """Forget, while going, what was remembered of the packed bytes."""
    for block in blocks:
        kept.clear()
        yield block
