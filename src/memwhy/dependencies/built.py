"""What a Go program was built from: the modules, the toolchain and the settings that its build info names.

`listed` reads the text that `go version -m` prints (and memwhy keeps); `program` a program file. A module without a checksum
came from a vendor folder, for all others the go command writes one (runtime/debug/mod.go, cmd/go/internal/load).
"""

import re
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from memwhy.memory.elf import Elf
from memwhy.model.dependencies import Build, Component
from memwhy.sources.go import binary, buildinfo

MOST_MODULES = 20_000
"""Kubernetes has some 250."""
ALLOCATORS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "mmap", "mmap64", "mremap")
_MAPPERS = (
    b"\0golang.org/x/sys/unix.Mmap\0",
    b"\0syscall.Mmap\0",
    b"\0syscall.(*mmapper).Mmap\0",
    b"\0golang.org/x/sys/unix.(*mmapper).Mmap\0",
)
_MOST_NAMES_BYTES = 64 << 20
_MOST_DYNAMIC_BYTES = 8 << 20
_SYMBOL = struct.Struct("<IBBHQQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Components as one input names them, and how the program was built. packages: those of the modules that are built in,
    where the input lists them. notes: what was left out.
    """

    components: tuple[Component, ...]
    build: Build
    packages: frozenset[str] | None = None
    notes: tuple[str, ...] = ()


def listed(raw: bytes) -> Listed:
    """By the text of `go version -m PROGRAM`. Raises ParseError."""
    facts = buildinfo.parse(raw).facts
    settings = dict(line.partition("=")[::2] for line in facts.get("go.build_settings", "").split("\n"))
    version = facts["go.version"]
    modules: list[Component] = []
    left_out = 0
    for line in raw.decode("utf-8", "replace").splitlines()[1:]:
        word, _, rest = line.strip().partition("\t")
        columns = [*rest.split("\t"), "", "", ""]
        if word in ("mod", "dep"):
            if len(modules) >= MOST_MODULES:
                left_out += 1
                continue
            modules.append(_module(word, columns))
        elif word == "=>" and modules and not left_out:
            modules[-1] = replace(
                modules[-1],
                vendored=bool(columns[1]) and not columns[2],
                replaced_by=columns[0],
                its_version=columns[1],
            )
    build = Build(
        go_version=version,
        goos=settings.get("GOOS", ""),
        cgo={"1": True, "0": False}.get(settings.get("CGO_ENABLED", "")),
        tags=tuple(tag for tag in re.split(r"[ ,]+", settings.get("-tags", "")) if tag) if len(settings) > 1 else None,
    )
    std = Component(kind="toolchain", name="std", version=version.split(" ")[0])
    notes = [f"{left_out:,} further modules of the build info were left out"] if left_out else []
    if not modules:
        notes.append("the build info names no modules: the program was built without them, or they were taken out")
    return Listed(components=(std, *modules), build=build, notes=tuple(notes))


def _module(word: str, columns: list[str]) -> Component:
    path, version, checksum = columns[:3]
    is_vendored = word == "dep" and bool(version) and version != "(devel)" and not checksum
    return Component(kind="module", name=path, version=version, main=word == "mod", vendored=is_vendored)


class Program:
    """A Go program file, looked at further than its build info goes: its function names say what is linked and what calls C."""

    def __init__(self, elf: Elf) -> None:
        self._elf = elf

    def listed(self) -> Listed:
        """Raises NotGo, and ParseError for build info that makes no sense."""
        version, modules = buildinfo.extract(self._elf)
        found = listed(buildinfo.render(self._elf.name, version, modules).encode())
        paths = [one.name for one in found.components if one.kind == "module"]
        main = next((one.name for one in found.components if one.main), "")
        calls = calls_by_module((call.package for call in binary.cgo_calls(self._elf)), paths, main)
        return replace(
            found,
            build=replace(
                found.build,
                static=self._elf.is_static,
                calls=calls,
                allocators=asked_allocators(self._elf),
                maps_itself=any(name in self._names for name in _MAPPERS) if self._names else None,
                runtime_cgo=b"\0runtime/cgo." in self._names if self._names else None,
            ),
        )

    def links(self, package: str) -> bool | None:
        """Does a function's name begin so ("net/http", "net.", "runtime.malg")? None where the names are not found.

        Dots of a path's last element stand as %2e in names (cmd/internal/objabi, PathToPrefix).
        """
        if not self._names:
            return None
        head, slash, last = package.rstrip("./").rpartition("/")
        ends = (package[-1],) if package.endswith((".", "/")) else (".", "/", "\0")
        starts = {f"\0{head}{slash}{last}", f"\0{head}{slash}{last.replace('.', '%2e')}"}
        return any((start + end).encode() in self._names for start in starts for end in ends)

    @cached_property
    def _names(self) -> bytes:
        """The names of its Go functions, NUL before and behind each; b"" where they are not found."""
        for offset, size in binary.name_tables(self._elf):
            return b"\0" + self._elf.image.read(offset, min(size, _MOST_NAMES_BYTES))
        return b""


def calls_by_module(packages: Iterable[str], modules: Iterable[str], main: str) -> tuple[tuple[str, int], ...]:
    """How often each module's packages stand there; "std" for Go's own, "unknown" where no module has such a package."""
    known = frozenset(modules)
    found: Counter[str] = Counter()
    for package in packages:
        path = main if package == "main" else package
        while path and path not in known:
            path = path.rpartition("/")[0]
        found[path or binary.module_of(package, ())] += 1
    return tuple(sorted(found.items()))


def asked_allocators(elf: Elf) -> tuple[str, ...]:
    """Those of ALLOCATORS that the file asks other libraries for: undefined symbols of .dynsym (elf(5), st_shndx 0)."""
    table = elf.section(".dynsym")
    if table is None or table.link >= len(elf.sections):
        return ()
    strings = elf.sections[table.link]
    texts = elf.image.read(strings.offset, min(strings.size, _MOST_DYNAMIC_BYTES))
    raw = elf.image.read(table.offset, min(table.size, _MOST_DYNAMIC_BYTES))
    undefined = [
        row[0] for row in _SYMBOL.iter_unpack(raw[: len(raw) - len(raw) % _SYMBOL.size]) if row[0] and row[3] == 0
    ]
    names = {texts[at : at + 64].partition(b"\0")[0] for at in undefined}
    return tuple(name for name in ALLOCATORS if name.encode() in names)
