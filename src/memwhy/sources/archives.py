"""Archives: the members of a support bundle, one after another; nothing is written anywhere and all is bounded.

A member is named `bundle.zip!proc/4711/status`, for people and for the readers that go by names. zip is PKWARE's
APPNOTE.TXT, tar is POSIX pax and GNU's; the standard library reads both.
"""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO

from memwhy.model.errors import ParseError
from memwhy.sources.files import Readable, natural

MOST_MEMBERS = 5000
_MOST_HELD_BYTES = 64 << 20  # of a tar's small files, so that they can be read in the order of their names
_HELD_BYTES = 1 << 20
_FREE_BYTES = 16 << 20  # any archive may unpack to this much, beyond it to RATIO times its own size
RATIO = 200
_MOST_DIRECTORY_BYTES = 32 << 20  # of a zip: some 300 000 members
_MOST_READ_BYTES = 64 << 20  # at once, of a tar: a header that claims more lies
_END = struct.Struct("<4s4H2LH")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # zipfile: a compression method that it has not
    RuntimeError,
    OSError,
    struct.error,
)

Read = Callable[[str, Readable, int], None]
"""Called with a member's path, its bytes and their count."""
Fail = Callable[[str, str, str], None]
"""Called with a path, a format and a problem."""


def _shown(name: str) -> str:
    """A member's name as it may be printed."""
    return "".join(c if c.isprintable() and c != "!" else "?" for c in name[:300])


def _is_clutter(name: str) -> bool:
    """Hidden files and macOS's shadows of files, which nobody meant to send."""
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/"))


class _Member(io.RawIOBase):
    """A member's bytes as they unpack; they end where it is broken or the archive's budget is used up, and problem says so."""

    def __init__(self, inner: IO[bytes], budget: "Budget | None" = None) -> None:
        self._inner = inner
        self._budget = budget
        self.problem: str | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.problem is not None:
            return b""
        try:
            out = self._inner.read(_MOST_READ_BYTES if size < 0 else size)
            if self._budget is not None:
                self._budget.take(len(out))
        except ParseError as error:
            self.problem = error.problem
            return b""
        except (*_BROKEN, tarfile.TarError) as error:
            self.problem = f"broken, or packed in a way that is not known here: {error}"
            return b""
        return out


class Budget:
    """How many bytes an archive of packed_bytes may still unpack to."""

    def __init__(self, packed_bytes: int) -> None:
        self.packed_bytes = packed_bytes
        self.left_bytes = _FREE_BYTES + RATIO * packed_bytes

    def take(self, count: int) -> None:
        self.left_bytes -= count
        if self.left_bytes < 0:
            problem = f"an archive bomb: {self.packed_bytes} bytes unpack to more than {RATIO} times as much; the rest is not read"
            raise ParseError("archive", None, "", problem)


def _directory_bytes(stream: BinaryIO) -> int:
    """The size that a zip's end record claims for its directory, which is read into memory at once."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("its directory, which is at the end, is missing")
    claimed: int = _END.unpack_from(tail, at)[5]
    locator = tail[max(0, at - 20) : at]
    if locator[:4] == b"PK\6\7":
        stream.seek(struct.unpack_from("<Q", locator, 8)[0])
        record = stream.read(56)
        if record[:4] == b"PK\6\6" and len(record) == 56:
            claimed = max(claimed if claimed != 0xFFFFFFFF else 0, struct.unpack_from("<Q", record, 40)[0])
    stream.seek(0)
    return claimed


def read_zip(path: str, stream: BinaryIO, size: int, read: Read, fail: Fail) -> None:
    """Hand every member of a zip to read, in natural order of their names; what cannot be read goes to fail."""
    try:
        if _directory_bytes(stream) > _MOST_DIRECTORY_BYTES:
            fail(path, "zip", "its directory of members is larger than any support bundle's: unpack it first")
            return
        archive = zipfile.ZipFile(stream)
    except (*_BROKEN, OverflowError) as error:
        fail(path, "zip", f"broken zip archive: {error}")
        return
    budget = Budget(size)
    with archive:
        infos = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda i: natural(i.filename))
        wanted = [info for info in infos if not _is_clutter(info.filename)]
        if len(wanted) > MOST_MEMBERS:
            fail(path, "zip", f"more than {MOST_MEMBERS} members; the rest is not read")
        for info in wanted[:MOST_MEMBERS]:
            member = f"{path}!{_shown(info.filename)}"
            if info.flag_bits & 1:
                fail(member, "zip", "encrypted: unpack it with its password first")
                continue
            try:
                with archive.open(info) as inner:
                    opened = _Member(inner, budget)
                    read(member, opened, info.file_size)
            except _BROKEN as error:
                fail(member, "zip", f"broken, or packed in a way that is not known here: {error}")
                continue
            if opened.problem is not None:
                fail(member, "zip", opened.problem)
            if budget.left_bytes < 0:
                return


class _Forward(io.RawIOBase):
    """Blocks as a file that is read forwards only; ParseError for a step back or an enormous read, which only lies ask for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = bytearray()
        self._at = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._at:
            raise ParseError("tar", None, "", "a member's size is a lie; the rest is not read")
        while self._at < offset:
            if not self.read(min(offset - self._at, 1 << 20)):
                break
        return self._at

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _MOST_READ_BYTES:
            raise ParseError("tar", None, "", "a header claims more than a header can hold; the rest is not read")
        while len(self._held) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held += block
        out = bytes(self._held[:size])
        del self._held[:size]
        self._at += len(out)
        return out


def read_tar(path: str, blocks: Iterator[bytes], read: Read, fail: Fail) -> None:
    """Hand every plain file of a tar to read: small ones by name, what comes after 64 MiB of them as it stands."""
    shelf = _Held(path, read, fail)
    left_out = count = 0
    try:
        with tarfile.open(fileobj=_Forward(blocks), mode="r:") as archive:
            for info in archive:
                archive.members = []  # type: ignore[attr-defined]  # each is kept for ever otherwise
                if info.isdir() or _is_clutter(info.name):
                    continue
                if not info.isreg() or info.issparse():
                    left_out += 1
                    continue
                count += 1
                if count > MOST_MEMBERS:
                    fail(path, "tar", f"more than {MOST_MEMBERS} members; the rest is not read")
                    break
                inner = archive.extractfile(info)
                if inner is not None:
                    shelf.take(info.name, inner, info.size)
    except ParseError as error:
        fail(path, "tar", error.problem)
    except (tarfile.TarError, *_BROKEN, OverflowError, RecursionError) as error:
        fail(path, "tar", f"broken tar archive: {error}")
    shelf.give()
    if left_out:
        fail(path, "tar", f"{left_out} link(s), device(s) or other members that are no plain files")
    elif not count:
        fail(path, "tar", "an archive without files")


class _Held:
    """Small members of a tar wait here, until there are 64 MiB of them, to be read in natural order of their names."""

    def __init__(self, path: str, read: Read, fail: Fail) -> None:
        self.path = path
        self._read = read
        self._fail = fail
        self._held: list[tuple[str, bytes, str | None]] = []
        self._room = _MOST_HELD_BYTES

    def take(self, name: str, inner: IO[bytes], size: int) -> None:
        member = _Member(inner)
        if size > _HELD_BYTES:
            self._hand(name, member, size)
            return
        if size > self._room:
            self.give()
        raw = member.read(size)
        self._held.append((name, raw, member.problem))
        self._room -= size

    def give(self) -> None:
        """Read what is held; nothing is held then."""
        for name, raw, problem in sorted(self._held, key=lambda one: natural(one[0])):
            member = _Member(io.BytesIO(raw))
            self._hand(name, member, len(raw), problem)
        self._held.clear()
        self._room = _MOST_HELD_BYTES

    def _hand(self, name: str, member: _Member, size: int, problem: str | None = None) -> None:
        shown = f"{self.path}!{_shown(name)}"
        self._read(shown, member, size)
        if (problem := problem or member.problem) is not None:
            self._fail(shown, "tar", problem)
