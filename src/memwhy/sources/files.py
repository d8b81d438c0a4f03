"""Files as they come: which there are, what each one is, and its text in blocks of whole lines, all bounded."""

import bz2
import codecs
import lzma
import os
import re
import stat
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from memwhy.model.errors import ParseError
from memwhy.sources import zstd

BLOCK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 1 << 20
PIPE_S = 10.0
_HEAD_BYTES = 1 << 16
_DEEPEST = 8
_MOST_FILES = 5000
_MOST_BYTES = 16 << 30
_BOMB_BYTES = 64 << 20
_BOMB_RATIO = 200
_XZ_MEMORY_BYTES = 256 << 20  # `xz -9` needs 65 MiB

_ENDLESS = frozenset(("pagemap", "mem", "kcore", "kmsg", "kpagecount", "kpageflags", "kpagecgroup", "trace_pipe"))
"""Files of the kernel that claim no size and are address spaces, or never end (proc(5))."""

_MAGICS = (
    (b"SQLite format 3\0", "recording"), (b"\x1f\x8b", "gzip"), (b"\x7fELF", "an ELF program or core"),
    (b"\x89PNG", "an image"), (b"\xff\xd8\xff", "an image"), (b"GIF8", "an image"), (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2"), (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!", "a rar archive"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)  # fmt: skip
_ADVICE = {
    "an image": "memwhy reads text: paste the figures instead of a picture",
    "a 7z archive": "unpack it first (7z x)",
    "a rar archive": "unpack it first (unrar x)",
    "an ELF program or core": "memwhy explain reads figures, not programs or cores",
    "a PDF": "save its text instead",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x08\x1b")) + b"\x7f"


class Readable(Protocol):
    """All that is asked of a stream."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(slots=True)
class Listing:
    """The files that the paths lead to, in a stable order; skipped: why others were left out."""

    files: list[str]
    skipped: list[tuple[str, str]]


def list_files(path: str) -> Listing:
    """The file itself, or those under a directory: natural order, links to directories not followed, bounded."""
    listing = Listing([], [])
    if not Path(path).is_dir():
        listing.files.append(path)
        return listing
    total = 0
    for folder, folders, names in os.walk(
        path, onerror=lambda e: listing.skipped.append((str(e.filename), e.strerror or "unreadable"))
    ):
        depth = len(Path(folder).relative_to(path).parts)
        if depth >= _DEEPEST and folders:
            listing.skipped.append((folder, f"folders deeper than {_DEEPEST} are not looked into"))
            folders.clear()
        folders[:] = sorted((f for f in folders if not f.startswith(".")), key=natural)
        for name in sorted(names, key=natural):
            file = str(Path(folder) / name)
            problem = _unfit(file)
            if problem is None and (len(listing.files) >= _MOST_FILES or total > _MOST_BYTES):
                listing.skipped.append(
                    (path, f"more than {_MOST_FILES} files or {_MOST_BYTES >> 30} GiB; the rest is not read")
                )
                return listing
            if problem is not None:
                listing.skipped.append((file, problem))
            elif not name.startswith("."):
                listing.files.append(file)
                total += Path(file).stat().st_size
    return listing


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """`status.2` before `status.10`."""
    return tuple(
        (1, int(part[:18]), "") if part.isascii() and part.isdigit() else (0, 0, part)
        for part in re.split(r"([0-9]+)", name)
    )


def _unfit(file: str) -> str | None:
    try:
        found = Path(file).stat()
    except OSError as error:
        return error.strerror or "unreadable"
    mode = found.st_mode
    if found.st_size == 0 and Path(file).name in _ENDLESS:
        return "the kernel's view of an address space or of a stream, without an end"
    return None if stat.S_ISREG(mode) else "neither a file nor a folder"


def open_file(path: str) -> tuple[BinaryIO, int]:
    """(stream, size in bytes, 0 if not known). Devices, and pipes without a writer, are refused with ParseError; OSError otherwise."""
    mode = Path(path).stat().st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise ParseError(path, None, "", "a device or socket, not a file")
    stream = _open_pipe(path) if stat.S_ISFIFO(mode) else open(path, "rb")  # noqa: SIM115  the caller closes it
    return stream, os.fstat(stream.fileno()).st_size if stat.S_ISREG(mode) else 0


def _open_pipe(path: str) -> BinaryIO:
    """A pipe, once somebody has opened it for writing; ParseError when nobody does within PIPE_S.

    Opening a named pipe waits in the kernel for its writer (fifo(7)), which a thread can do while we look at the clock.
    """
    opened: list[BinaryIO | OSError] = []

    def wait_in_kernel() -> None:
        try:
            opened.append(open(path, "rb"))  # noqa: SIM115  the caller of open_file closes it
        except OSError as error:
            opened.append(error)

    waiting = threading.Thread(target=wait_in_kernel, daemon=True)
    waiting.start()
    waiting.join(PIPE_S)
    late = not opened
    if late:
        # a writer for a moment: it lets the thread go
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        waiting.join()
    found = opened[0]
    if isinstance(found, OSError):
        raise found
    if late:
        found.close()
        raise ParseError(path, None, "", f"a pipe that nobody opened for writing within {PIPE_S:g} s")
    return found


def tell_format(head: bytes) -> str:
    """`empty`, `recording`, `gzip`, `xz`, `bzip2`, `zstd`, `a tar archive`, `text`, `utf-16-le`, `utf-16-be`, `binary`, or what a magic number says."""
    if not head:
        return "empty"
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    sample = head[:_HEAD_BYTES]
    half = len(sample) // 2
    if half >= 4:
        low, high = sample[0::2].count(0), sample[1::2].count(0)
        if high > 0.4 * half and low < 0.05 * half:
            return "utf-16-le"
        if low > 0.4 * half and high < 0.05 * half:
            return "utf-16-be"
    # a log that was truncated while its writer kept its place begins with NULs: these do not count
    written = sample.replace(b"\0", b"")
    controls = len(written) - len(written.translate(None, _CONTROLS))
    return "binary" if controls > 0.03 * len(written) else "text"


def advice(format: str) -> str | None:
    """What to do with a format that is known but not read; None for those that are."""
    if format == zstd.NAME and zstd.find_zstd() is None:
        return zstd.MISSING
    return _ADVICE.get(format)


def read_blocks(stream: Readable, first: bytes = b"") -> Iterator[bytes]:
    """Raw bytes, `first` ahead of the rest of the stream."""
    if first:
        yield first
    while block := stream.read(BLOCK_BYTES):
        yield block


class _Inflater(Protocol):
    """What zlib's, bz2's, lzma's and zstd's decompressors share once zlib's and zstd's are wrapped."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gunzip:
    """zlib's decompressor with the two others' manners: it keeps what it has not yet used."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


INFLATERS: dict[str, Callable[[], _Inflater]] = {
    "gzip": _Gunzip,
    "bzip2": bz2.BZ2Decompressor,
    zstd.NAME: zstd.Unzstd,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES),
}


def inflate(blocks: Iterator[bytes], format: str) -> Iterator[bytes]:
    """Decompressed bytes. ParseError (after what could be read) for a bomb, a broken or a truncated stream."""
    taken = given = 0
    inflater, fresh = INFLATERS[format](), True
    for block in blocks:
        taken += len(block)
        while block or not inflater.needs_input:
            try:
                out = inflater.decompress(block, BLOCK_BYTES)
            except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
                if fresh and given:
                    return  # padding behind the last member, as gzip(1) ignores it
                raise ParseError(format, None, "", f"broken after {given} bytes ({error})") from error
            fresh, block = False, b""
            given += len(out)
            if out:
                yield out
            if given > _BOMB_BYTES and given > _BOMB_RATIO * taken:
                raise ParseError(
                    format,
                    None,
                    "",
                    f"a {format} bomb: {taken} bytes unpack to more than {given}; the rest is not read",
                )
            if inflater.eof:
                block = inflater.unused_data
                inflater, fresh = INFLATERS[format](), True
                if not block:
                    break
    if not fresh:
        raise ParseError(format, None, "", f"truncated: it ends in the middle, after {given} bytes of text")


def to_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8; a byte order mark is dropped. Other bytes pass as they are."""
    if encoding not in ("utf-16-le", "utf-16-be"):
        for i, block in enumerate(blocks):
            yield block.removeprefix(codecs.BOM_UTF8) if i == 0 else block
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for i, block in enumerate(blocks):
        text = decoder.decode(block)
        yield (text.removeprefix("\ufeff") if i == 0 else text).encode("utf-8", "replace")


def whole_lines(blocks: Iterator[bytes], cut: list[int]) -> Iterator[bytes]:
    """The same bytes in blocks that end with a line; lines above LONGEST_LINE_BYTES are cut, their numbers put in `cut`."""
    kept, line, skipping = b"", 1, False
    for block in blocks:
        if skipping:
            end = block.find(b"\n")
            if end < 0:
                continue
            block, skipping = block[end:], False  # the newline closes the cut line
        block = kept + block
        end = block.rfind(b"\n") + 1
        out, kept = block[:end], block[end:]
        if out:
            if len(out) > LONGEST_LINE_BYTES:
                out = _cut_lines(out, line, cut)
            line += out.count(b"\n")
            yield out
        if len(kept) >= LONGEST_LINE_BYTES:
            if len(cut) < 1000:
                cut.append(line)
            # kept without its newline: the rest of the line is dropped until one comes
            yield kept[:LONGEST_LINE_BYTES]
            kept, skipping = b"", True
    if kept:
        yield kept


def _cut_lines(block: bytes, first: int, cut: list[int]) -> bytes:
    lines = block.split(b"\n")
    for i, line in enumerate(lines):
        if len(line) > LONGEST_LINE_BYTES:
            lines[i] = line[:LONGEST_LINE_BYTES]
            cut.append(first + i)
    return b"\n".join(lines)
