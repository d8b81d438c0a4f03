"""What a program file and its mappings tell: build ids, linked libraries, C functions called through cgo.

cgo turns `C.NAME(…)` into a Go function `PACKAGE._Cfunc_NAME` (`_C2func_NAME` when errno is asked for); such names
stay in .gopclntab, which `-ldflags "-s -w"` and strip(1) leave in place. Layout: runtime/symtab.go pcHeader,
debug/gosym/pclntab.go.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.memory.elf import PF_W, PT_LOAD, Elf, open_elf
from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go import buildinfo
from memwhy.sources.go.buildinfo import NotGo

NAME = "go/binary"

_PCLNTAB_MAGICS = {
    0xFFFFFFF1: 32,  # Go 1.20 and later; the value is where funcnameOffset stands in the header
    0xFFFFFFF0: 32,  # Go 1.18, 1.19
    0xFFFFFFFA: 24,  # Go 1.16, 1.17
    0xFFFFFFFB: 0,  # Go 1.2 to 1.15: names lie between the functions
}
_MAGIC = re.compile(rb"[\xf0\xf1\xfa\xfb]\xff\xff\xff\0\0[\x01\x02\x04]\x08")
_CALL = re.compile(rb"\._C2?func_([A-Za-z0-9_]{1,200})\0")
_PACKAGE_END = re.compile(rb"[\x21-\x7e\x80-\xff]+\Z")
_LONGEST_PACKAGE_BYTES = 400
_OVERLAP_BYTES = 640  # more than the longest package, the mark and the longest function
_MOST_NAMES_BYTES = 256 << 20
_MOST_FUNCTIONS = 20_000
_MOST_LIBRARIES = 4096
_MOST_MAP_ROWS = 200_000

_LIBRARY = re.compile(r"\.so(\.[0-9][\w.]*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CgoCall:
    """One C function that Go code can call: package "main", function "htmlReadMemory"."""

    package: str
    function: str


def read(root: str, pid: int) -> bytes:
    """JSON of what the program file and the mapped libraries tell; works for programs in other languages too.

    Raises OSError; NotGo when the program is no ELF file that can be read.
    """
    path = f"{root}/{pid}/exe"
    try:
        with open_elf(path) as elf:
            facts = describe(elf)
    except ParseError as error:
        raise NotGo(str(error)) from error
    try:
        facts["mapped"] = mapped_libraries(root, pid)
    except OSError as error:
        facts["mapped_error"] = str(error)
    return json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def describe(elf: Elf) -> dict[str, object]:
    """The facts of one program file, ready for JSON."""
    facts: dict[str, object] = {
        "build_id": elf.build_id,
        "go_build_id": elf.go_build_id,
        "stripped": not elf.has_symbols,
        "dwarf": elf.has_dwarf,
        "static": elf.is_static,
        "pie": elf.is_pie,
        "interpreter": elf.interpreter,
        "needed": list(elf.needed),
    }
    try:
        version, text = buildinfo.extract(elf)
    except NotGo:
        return facts | {"go": None}
    modules = _module_paths(text)
    calls = cgo_calls(elf)
    facts["go"] = version
    facts["cgo"] = [
        {"package": call.package, "function": call.function, "module": module_of(call.package, modules)}
        for call in calls
    ]
    return facts


def cgo_calls(elf: Elf) -> tuple[CgoCall, ...]:
    """The C functions that Go code of this program calls, sorted; streamed in pieces of 1 MiB."""
    found: set[CgoCall] = set()
    for offset, size in name_tables(elf):
        for at, piece in elf.image.chunks(offset, min(size, _MOST_NAMES_BYTES), overlap=_OVERLAP_BYTES):
            found |= set(_calls(piece, 0 if at == offset else _LONGEST_PACKAGE_BYTES))
            if len(found) >= _MOST_FUNCTIONS:
                break
        if found:
            break
    return tuple(sorted(found, key=_order)[:_MOST_FUNCTIONS])


def _calls(names: bytes, first: int) -> Iterator[CgoCall]:
    """The calls in a piece of the name table; those that begin before `first` were whole in the piece before."""
    for match in _CALL.finditer(names):
        if match.start() < first:
            continue
        package = _PACKAGE_END.search(names[max(0, match.start() - _LONGEST_PACKAGE_BYTES) : match.start()])
        if package is not None:
            function = match[1].decode()
            # C.malloc is special-cased by cgo (cmd/cgo/out.go, _CMalloc)
            function = "malloc" if function == "_CMalloc" else function
            yield CgoCall(package=_unescape(package[0].decode("utf-8", "replace")), function=function)


def _order(call: CgoCall) -> tuple[str, str]:
    return call.package, call.function


def name_tables(elf: Elf) -> Iterator[tuple[int, int]]:
    """(file offset, size) where function names may lie: by section, else by the table's magic number."""
    for name in (".gopclntab", ".data.rel.ro.gopclntab"):
        section = elf.section(name)
        if section is not None:
            yield _names_of(elf, section.offset, section.size)
            return
    for segment in elf.segments:
        if segment.type != PT_LOAD:
            continue
        end = segment.offset + segment.file_size
        for at, piece in elf.image.chunks(segment.offset, min(segment.file_size, 1 << 30), overlap=8):
            for match in _MAGIC.finditer(piece):
                if (at + match.start()) % 16 == 0 or segment.flags & PF_W:
                    yield _names_of(elf, at + match.start(), end - at - match.start())


def _names_of(elf: Elf, offset: int, size: int) -> tuple[int, int]:
    header = elf.image.read(offset, 64)
    names_at = _PCLNTAB_MAGICS.get(int.from_bytes(header[:4], "little"), 0)
    if names_at and len(header) == 64:
        start = int.from_bytes(header[names_at : names_at + 8], "little")
        end = int.from_bytes(header[names_at + 8 : names_at + 16], "little")
        if 64 <= start < end <= size:
            return offset + start, end - start
    return offset, size


def _unescape(package: str) -> str:
    """An import path from a symbol's: dots of its last element are written %2e (cmd/internal/objabi/path.go)."""
    return re.sub(r"%([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), package)


def _module_paths(text: str) -> tuple[str, ...]:
    lines = (line.split("\t") for line in text.split("\n"))
    rows = [(columns[0], columns[1]) for columns in lines if len(columns) > 1]
    main = [path for word, path in rows if word == "mod"]
    return (*main, *(path for word, path in rows if word == "dep"))


def module_of(package: str, modules: tuple[str, ...]) -> str:
    """The module that a package lives in: the longest path prefix, "std" for Go's own, "main" when unknown.

    modules: the main module first, as build info lists them.
    """
    if package == "main":
        return modules[0] if modules else "main"
    inside = [m for m in modules if package == m or package.startswith(m + "/")]
    if inside:
        return max(inside, key=len)
    # Only standard packages have no dot in their path's first element.
    return "unknown" if "." in package.partition("/")[0] else "std"


def mapped_libraries(root: str, pid: int) -> list[str]:
    """Paths of the shared libraries that the process has mapped, in the order of their addresses.

    The kernel shows the file behind a soname's link, so the version is in the name: libxml2.so.2.9.14.
    """
    paths: dict[str, None] = {}
    with open(f"{root}/{pid}/maps", "rb") as maps:
        for row, line in enumerate(maps):
            columns = line.decode("utf-8", "replace").rstrip("\n").split(None, 5)
            if len(columns) == 6 and columns[5].startswith("/"):
                path = columns[5].removesuffix(" (deleted)")
                if _LIBRARY.search(path):
                    paths[path] = None
            if row >= _MOST_MAP_ROWS or len(paths) >= _MOST_LIBRARIES:
                break
    return list(paths)


def parse(raw: bytes) -> Reading:
    """Facts binary.build_id, binary.go_build_id, binary.stripped, binary.static, binary.pie, binary.needed,
    binary.libraries, go.cgo_functions, go.cgo_modules. Lists are one per line, yes and no are "1" and "0".

    binary.libraries: file names of the libraries really mapped. go.cgo_functions: `PACKAGE C.FUNCTION`.
    go.cgo_modules: modules whose code calls C, "std" for Go's own. Raises ParseError.
    """
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ParseError(NAME, None, raw[:80], "not the JSON of a program's facts") from error
    if not isinstance(data, dict) or "needed" not in data:
        raise ParseError(NAME, None, raw[:80], "not the JSON of a program's facts")
    facts: dict[str, str] = {}
    for key in ("build_id", "go_build_id"):
        if isinstance(data.get(key), str):
            facts[f"binary.{key}"] = data[key]
    for key in ("stripped", "static", "pie"):
        if isinstance(data.get(key), bool):
            facts[f"binary.{key}"] = "1" if data[key] else "0"
    needed, mapped = _texts(data.get("needed")), _texts(data.get("mapped"))
    if needed:
        facts["binary.needed"] = "\n".join(needed)
    if mapped:
        facts["binary.libraries"] = "\n".join(dict.fromkeys(path.rpartition("/")[2] for path in mapped))
    calls = [row for row in data.get("cgo") or () if isinstance(row, dict)] if isinstance(data.get("cgo"), list) else []
    functions = [f"{row.get('package')} C.{row.get('function')}" for row in calls]
    modules = sorted({str(row.get("module")) for row in calls})
    if functions:
        facts["go.cgo_functions"] = "\n".join(functions)
        facts["go.cgo_modules"] = "\n".join(modules)
    denied = data.get("mapped_error")
    return Reading(facts=facts, notes=(f"mapped libraries could not be read: {denied}",) if denied else ())


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
