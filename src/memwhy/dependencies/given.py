"""What was given, whatever it is: a live process, a program file, a manifest, checksums, a bill of materials, a directory of these."""

import os
import stat
from collections.abc import Callable
from collections.abc import Mapping as Map
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from memwhy.dependencies import built, folder, libraries, sbom
from memwhy.dependencies.built import Listed, Program
from memwhy.dependencies.facts import build_of, components_of
from memwhy.dependencies.matching import Linked, nobody_can_tell
from memwhy.memory.access import why_denied
from memwhy.memory.elf import Elf, Image
from memwhy.model.dependencies import Build
from memwhy.model.errors import MemwhyError, NotPermitted, ParseError, TargetGone
from memwhy.sources.go.buildinfo import NotGo

_HEAD_BYTES = 1 << 16
_FORMS = {"modules.txt": "vendor/modules.txt", "go version -m": "saved `go version -m`"}
_KINDS = "a Go program, go.mod, go.sum, go.work, vendor/modules.txt, a saved `go version -m`, CycloneDX or SPDX JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """form: what it turned out to be, in words. linked: tells of a Go package whether it is in the program."""

    form: str
    listed: Listed
    linked: Linked = nobody_can_tell


def read_process(root: str, pid: int) -> Given:
    """By the program file of a process, also a deleted one, and the libraries that it has mapped. Raises TargetGone, NotPermitted."""
    try:
        descriptor = os.open(f"{root}/{pid}/exe", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        reason, help = why_denied(root, pid)
        raise NotPermitted(f"the program of process {pid} may not be read: {reason}", help=help) from None
    except OSError as error:
        raise _gone(root, pid, error) from None
    try:
        elf = Elf(Image(descriptor), f"process {pid}")
        found, linked = _of_elf(elf)
        asked = elf.needed
    except ParseError as error:
        raise MemwhyError(
            f"process {pid}: {error.message}", help="memwhy deps reads 64-bit little-endian ELF programs"
        ) from None
    finally:
        os.close(descriptor)
    try:
        mapped = libraries.mapped(root, pid, asked)
        notes = found.notes
    except OSError as error:
        mapped, notes = (), (*found.notes, f"the mapped libraries could not be read: {error.strerror or error}")
    listed = replace(found, components=(*found.components, *mapped), notes=notes)
    return Given(form="program of a live process", listed=listed, linked=linked)


def _gone(root: str, pid: int, error: OSError) -> MemwhyError:
    if os.path.exists(f"{root}/{pid}"):
        return TargetGone(
            f"process {pid} has no program file: {error.strerror}", help="kernel threads and zombies have none"
        )
    return TargetGone(f"no process {pid}", help="ps -e lists them")


def read_path(path: str) -> Given:
    """By a file or a directory. Raises MemwhyError, ParseError."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            form, listed = folder.of_folder(path)
            return Given(form=form, listed=listed)
        if not stat.S_ISREG(mode):
            raise MemwhyError(f"{path} is neither a regular file nor a directory", help=f"give {_KINDS}")
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise MemwhyError(f"{path}: {error.strerror}", help=f"give {_KINDS}") from None
    try:
        return _read(path, Image(descriptor))
    except OSError as error:
        raise MemwhyError(f"{path}: {error.strerror}") from None
    finally:
        os.close(descriptor)


def read_stream(stream: BinaryIO) -> Given:
    """By what stands on standard input. Raises MemwhyError, ParseError."""
    return _read("standard input", Image(stream.read(sbom.MOST_BYTES + 1)))


def of_facts(facts: Map[str, str]) -> Given:
    """By the facts of a recording or a page. Raises MemwhyError where they name no module and no library."""
    components = components_of(facts)
    if not components:
        raise MemwhyError("no build info and no library is named there", help=f"give {_KINDS}")
    return Given(form="recording", listed=Listed(components=components, build=build_of(facts)))


def _read(path: str, image: Image) -> Given:
    if image.read(0, 4) == b"\x7fELF":
        return _program(Elf(image, path))
    return _document(path, image)


def _program(elf: Elf) -> Given:
    found, linked = _of_elf(elf)
    listed = replace(found, components=(*found.components, *libraries.needed(elf)))
    return Given(form="Go program" if found.build.go_version else "program", listed=listed, linked=linked)


def _of_elf(elf: Elf) -> tuple[Listed, Linked]:
    """What is no Go program still has libraries."""
    program = Program(elf)
    try:
        return program.listed(), program.links
    except (NotGo, ParseError) as error:
        why = error.message if isinstance(error, ParseError) else error.strerror
        build = Build(static=elf.is_static, allocators=built.asked_allocators(elf))
        return Listed(components=(), build=build, notes=(f"no Go modules can be told: {why}",)), nobody_can_tell


def _document(path: str, image: Image) -> Given:
    if image.size > sbom.MOST_BYTES:
        raise MemwhyError(f"{path} is larger than {sbom.MOST_BYTES >> 20} MiB and no program", help=f"give {_KINDS}")
    raw = image.read(0, sbom.MOST_BYTES)
    head, name = raw[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n"), os.path.basename(path)
    if head[:1] in (b"{", b"["):
        form, listed = sbom.parse_bill(raw, name)
        return Given(form=form, listed=listed)
    if len(raw) > folder.MOST_TEXT_BYTES or b"\0" in head:
        raise MemwhyError(f"{path} is nothing that memwhy deps reads", help=f"give {_KINDS}")
    return _text(path, name, raw)


def _text(path: str, name: str, raw: bytes) -> Given:
    """By its name where that is one of Go's, else by what its beginning is."""
    readers: dict[str, Callable[[str], Listed]] = {
        "go.mod": lambda text: folder.of_manifest(text, name),
        "go.work": lambda text: folder.of_workspace(os.path.dirname(path), text),
        "go.sum": lambda text: folder.of_sums(text, name),
        "modules.txt": lambda text: folder.of_vendored(text, name),
        "go version -m": lambda text: built.listed(text.encode()),
    }
    text = raw.decode("utf-8", "replace")
    if name in readers:
        return Given(form=_FORMS.get(name, name), listed=readers[name](text))
    head = text[:_HEAD_BYTES].rpartition("\n")[0] if len(text) > _HEAD_BYTES else text
    for form in ("go version -m", "go.sum", "modules.txt", "go.mod"):
        with suppress(ParseError):
            if readers[form](head).components:
                return Given(form=_FORMS.get(form, form), listed=readers[form](text))
    raise MemwhyError(f"{path} is nothing that memwhy deps reads", help=f"give {_KINDS}")
