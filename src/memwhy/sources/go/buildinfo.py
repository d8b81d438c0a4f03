"""Go build info: version, modules and settings that the linker left in the program file.

`read` gives the text that `go version -m /proc/PID/exe` prints. The blob's layout (inline strings since Go 1.18,
pointers before) is documented in debug/buildinfo/buildinfo.go of the Go source; the module text in runtime/debug/mod.go.
"""

import errno
import re

from memwhy.memory.elf import PF_W, PF_X, PT_LOAD, Elf, open_elf
from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go.varint import read_varint

NAME = "go/buildinfo"

_MAGIC = b"\xff Go buildinf:"
_HEADER_BYTES = 32
_ALIGN = 16
_MOST_STRING_BYTES = 16 << 20
_MOST_SEARCHED_BYTES = 1 << 30

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# -ldflags "-X main.key=VALUE" may carry a secret: the name is kept, the value is not.
_LINKED_VALUE = re.compile(r"""(-X[=\s]+)(?:(["'])([^="']+)=.*?\2|([^=\s"']+)=\S*)""", re.DOTALL)


class NotGo(OSError):
    """The program is not a Go binary, or not one that can be read (the text says which)."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.ENOEXEC, why)


def read(root: str, pid: int) -> bytes:
    """What `go version -m` prints for the program of a process; also when its file was deleted.

    Raises NotGo for other programs, and OSError.
    """
    return read_file(f"{root}/{pid}/exe")


def read_file(path: str) -> bytes:
    """What `go version -m PATH` prints. Raises NotGo, OSError."""
    try:
        with open_elf(path) as elf:
            version, modules = extract(elf)
    except ParseError as error:
        raise NotGo(str(error)) from error
    return render(path, version, modules).encode()


def extract(elf: Elf) -> tuple[str, str]:
    """(Go version, module text) of a Go program. Raises NotGo."""
    address = _find(elf)
    header = elf.read_at(address, _HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        raise NotGo(f"{elf.name}: the Go build info is cut off")
    if header[15] & 2:
        version, after = _inline_string(elf, address + _HEADER_BYTES)
        framed, _ = _inline_string(elf, after)
    else:
        version, framed = _pointed_strings(elf, header)
    if not version:
        raise NotGo(f"{elf.name}: the Go build info is empty or damaged")
    # 16 sentinel bytes on both sides, with a newline before the last ones: cmd/go/internal/modload/build.go
    modules = framed[16:-16] if len(framed) >= 33 and framed[-17:-16] == b"\n" else b""
    return version.decode("utf-8", "replace"), modules.decode("utf-8", "replace")


def _find(elf: Elf) -> int:
    section = elf.section(".go.buildinfo")
    if section is not None:
        start, size = section.address, section.size
    else:
        data = (s for s in elf.segments if s.type == PT_LOAD and s.flags & (PF_X | PF_W) == PF_W)
        segment = next(data, None)
        start, size = (segment.address, segment.file_size) if segment else (0, 0)
    offset = elf.offset_of(start)
    if size == 0 or offset is None:
        raise NotGo(f"{elf.name}: not a Go binary (no data section that could hold Go build info)")
    for at, piece in elf.image.chunks(offset, min(size, _MOST_SEARCHED_BYTES), overlap=len(_MAGIC)):
        found = piece.find(_MAGIC)
        while found >= 0:
            address = start + at + found - offset
            if address % _ALIGN == 0:
                return address
            found = piece.find(_MAGIC, found + 1)
    raise NotGo(f"{elf.name}: not a Go binary (no Go build info)")


def _inline_string(elf: Elf, address: int) -> tuple[bytes, int]:
    try:
        length, used = read_varint(elf.read_at(address, 10), 0)
    except ValueError as error:
        raise NotGo(f"{elf.name}: the Go build info is damaged (string length: {error})") from error
    text = elf.read_at(address + used, length) if length <= _MOST_STRING_BYTES else b""
    if len(text) < length:
        raise NotGo(f"{elf.name}: the Go build info is damaged (a string of {length} bytes does not fit)")
    return text, address + used + length


def _pointed_strings(elf: Elf, header: bytes) -> tuple[bytes, bytes]:
    if header[14] != 8 or header[15] & 1:
        raise NotGo(f"{elf.name}: Go build info of a 32-bit or big-endian program is not supported")
    return _pointed_string(elf, header[16:24]), _pointed_string(elf, header[24:32])


def _pointed_string(elf: Elf, pointer: bytes) -> bytes:
    words = elf.read_at(int.from_bytes(pointer, "little"), 16)
    if len(words) < 16:
        return b""
    address, length = int.from_bytes(words[:8], "little"), int.from_bytes(words[8:], "little")
    text = elf.read_at(address, min(length, _MOST_STRING_BYTES))
    return text if len(text) == length else b""


def render(path: str, version: str, modules: str) -> str:
    """The text that `go version -m PATH` prints for that version and module text."""
    lines = [line for line in modules.split("\n")[:-1] if line.split("\t")[0] in ("path", "mod", "dep", "=>", "build")]
    out = [f"{path}: {version}"]
    for i, line in enumerate(lines):
        columns = line.split("\t")
        if columns[0] in ("mod", "dep"):
            replaced = i + 1 < len(lines) and lines[i + 1].startswith("=>\t")
            columns = columns[:3] if replaced else [*columns, ""][:4]
        out.append("\t" + "\t".join(columns))
    return "\n".join(out) + "\n"


def parse(raw: bytes) -> Reading:
    """Facts go.version, go.main_path, go.main_module, go.cgo ("1" or "0"), go.godebug, go.modules, go.build_settings.

    go.modules: one per line, `path version`, with ` => path version` where replaced; the main module first.
    go.build_settings: one `key=value` per line, unquoted, without the values that -ldflags -X sets. Raises ParseError.
    """
    lines = raw.decode("utf-8", "replace").splitlines()
    version = lines[0].rpartition(": ")[2] if lines else ""
    if not version.startswith(("go", "devel ")):
        raise ParseError(
            NAME, 1, lines[0] if lines else "", "expected `PROGRAM: goVERSION`, as `go version -m` prints it"
        )
    facts = {"go.version": version}
    modules: list[str] = []
    settings: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        word, _, rest = line.strip().partition("\t")
        columns = rest.split("\t")
        if word == "path":
            facts["go.main_path"] = rest
        elif word in ("mod", "dep"):
            modules.append(" ".join(columns[:2]))
            if word == "mod":
                facts["go.main_module"] = columns[0]
        elif word == "=>" and modules:
            modules[-1] += " => " + " ".join(columns[:2])
        elif word == "build":
            key, value = _setting(rest, number)
            settings[key] = _LINKED_VALUE.sub(r"\1\3\4=…", value) if key == "-ldflags" else value
        elif word:
            raise ParseError(NAME, number, line, "not a line of Go build info")
    if modules:
        facts["go.modules"] = "\n".join(modules)
    if settings:
        facts["go.build_settings"] = "\n".join(f"{key}={value}" for key, value in settings.items())
    if "CGO_ENABLED" in settings:
        facts["go.cgo"] = settings["CGO_ENABLED"]
    if "DefaultGODEBUG" in settings:
        facts["go.godebug"] = settings["DefaultGODEBUG"]
    return Reading(facts=facts)


def _setting(text: str, number: int) -> tuple[str, str]:
    """`key=value`; either may be a quoted Go string (runtime/debug/mod.go quotes those with blanks)."""
    if text.startswith('"'):
        end = text.find('"=', 1)
        key, value = (text[: end + 1], text[end + 2 :]) if end > 0 else (text, "")
    else:
        key, equals, value = text.partition("=")
        if not equals:
            raise ParseError(NAME, number, text, "a build setting without '='")
    return _unquote(key), _unquote(value)


def _unquote(text: str) -> str:
    """The contents of a Go string as strconv.Quote writes it; other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    return _PLAIN_ESCAPES.get(match[4], match[4])
