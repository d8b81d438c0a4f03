"""The malloc that a process really uses, and where its functions lie.

Symbols are looked up in the order of the loader's own list (struct link_map, linked from DT_DEBUG of the program: glibc's elf/link.h;
ld.so(8)), so the first module that defines malloc has it: a preloaded jemalloc, tcmalloc or mimalloc, the program, else libc.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memwhy.memory.elf import PF_X, PT_DYNAMIC, PT_LOAD, Elf
from memwhy.memory.space import PAGE_BYTES, Module, Space
from memwhy.native.errors import WITHOUT_ATTACHING, Occupied, Unsuited

MALLOC_FAMILY = (
    "malloc",
    "free",
    "calloc",
    "realloc",
    "memalign",
    "aligned_alloc",
    "posix_memalign",
    "valloc",
    "pvalloc",
    "reallocarray",
)
MMAP_FAMILY = ("mmap", "munmap", "mremap")
NAMES = (*MALLOC_FAMILY, *MMAP_FAMILY)
"""In the order of enum mw_function."""
NEEDED = ("malloc", "free", "calloc", "realloc", "memalign")
"""Without these nothing can be sampled: a sampled block is made by memalign, and every way out of it has to be seen."""

_STATIC_ALLOCATORS = {
    "je_malloc": "jemalloc",
    "je_mallocx": "jemalloc",
    "mallocx": "jemalloc",
    "tc_malloc": "tcmalloc",
    "mi_malloc": "mimalloc",
}
_BENEATH = (
    "libc.so.6",
    "libc-2.",
    "ld-",
    "ld.so",
    "libpthread",
    "libgcc_s",
    "libstdc++",
    "libunwind",
    "libm.",
    "libm-",
    "libdl",
)
_CPLUSPLUS_NEW = "_Znwm"
_DT_DEBUG = 21
_SYMBOL = struct.Struct("<IBBHQQ")
_FUNCTION = 2
_MOST_TABLE_BYTES = 256 << 20
_MOST_MODULES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function in memory. index: enum mw_function; size in bytes, 0 where the file does not say."""

    name: str
    index: int
    address: int
    size: int
    module: Module


def find_functions(space: Space) -> tuple[dict[str, Function], tuple[str, ...]]:
    """The malloc and mmap families by name, and what of the process's memory they do not cover, in words. Raises Unsuited, Occupied."""
    modules = _in_order(space)
    program = next((module for module in modules if module.is_program), None)
    _check_program(space, program)
    owner, malloc = _first_with(modules, "malloc")
    if owner is None:
        raise Unsuited(f"{space.name} has no module that exports malloc", help=WITHOUT_ATTACHING)
    if owner.name.startswith("sampler-preload"):
        raise Occupied(
            f"{space.name} was started under memwhy run --native and is watched from inside", help="stop that"
        )
    found = {name: malloc[name] for name in MALLOC_FAMILY if name in malloc}
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise Unsuited(f"{owner.path} exports malloc, but not {', '.join(missing)}: its blocks cannot be followed")
    _, mmap = _first_with(modules, "mmap")
    found |= {name: mmap[name] for name in MMAP_FAMILY if name in mmap}
    return found, tuple(_gaps(owner, program, modules))


def text_of(module: Module) -> tuple[int, int] | None:
    """Where a module's code lies."""
    loads = [s for s in module.elf.segments if s.type == PT_LOAD and s.flags & PF_X] if module.elf else []
    if not loads:
        return None
    return module.bias + loads[0].address, module.bias + loads[-1].address + loads[-1].memory_size


def texts_under(space: Space, malloc: Function) -> tuple[tuple[int, int], ...]:
    """The code that a thread can be in while it is in malloc: its module's, and the libraries' that allocators are built on."""
    found = (text_of(m) for m in space.modules() if m == malloc.module or m.name.startswith(_BENEATH))
    return tuple(text for text in found if text is not None)


def is_libc(module: Module) -> bool:
    """glibc, by its file's name."""
    return module.name.startswith(("libc.so.6", "libc-2."))


def _check_program(space: Space, program: Module | None) -> None:
    elf = program.elf if program is not None else None
    if elf is not None and elf.is_static:
        problem = (
            f"the program of {space.name} is linked statically: its malloc, if it has one, cannot be found from outside"
        )
        raise Unsuited(problem, help="link it dynamically (a Go program without cgo has no native blocks at all)")
    musl = next((module for module in space.modules() if _is_musl(module)), None)
    if musl is not None:
        problem = f"{space.name} runs with musl ({musl.path}); memwhy can attach to programs of glibc only"
        raise Unsuited(
            problem,
            help="memwhy watch and memwhy inspect work without attaching; an image with glibc can be attached to",
        )
    libc = next((module for module in space.modules() if is_libc(module)), None)
    if libc is not None and libc.elf is None:
        problem = f"{libc.path} of {space.name} cannot be read: it was replaced or removed since the program started"
        raise Unsuited(problem, help="run memwhy as root, who can read it through the process; or restart the program")
    if libc is None:
        raise Unsuited(
            f"{space.name} has no glibc among its modules; the sampler works in programs of glibc only",
            help="memwhy watch without --native tells which regions grow; or build the program for glibc to see who allocates",
        )


def _is_musl(module: Module) -> bool:
    """By its name, or by the loader that the program asks for: Debian's musl is mapped as libc.so."""
    asked = (module.elf.interpreter or "") if module.elf is not None and module.is_program else ""
    return module.name.startswith(("ld-musl-", "libc.musl-")) or "/ld-musl-" in asked


def _in_order(space: Space) -> Sequence[Module]:
    """The modules as the loader searches them; in address order, the program first, where its list cannot be read."""
    modules = space.modules()
    program = next((module for module in modules if module.is_program), None)
    by_start = sorted(modules, key=lambda module: (not module.is_program, module.start))
    at = _debug_address(space, program) if program is not None else None
    if not at:
        return by_start
    ordered: list[Module] = []
    link = space.word(at + 8)
    for _ in range(_MOST_MODULES):
        row = space.words(link, 5) if link else memoryview(b"").cast("Q")
        if len(row) < 5:
            break
        module = next((module for module in modules if module.start <= row[2] < module.end), None)
        if module is not None and module not in ordered:
            ordered.append(module)
        link = row[3]
    return ordered if any("malloc" in exported(module, ("malloc",)) for module in ordered) else by_start


def _debug_address(space: Space, program: Module) -> int | None:
    """Where the loader keeps its struct r_debug, from DT_DEBUG, which it filled in."""
    dynamic = next((s for s in program.elf.segments if s.type == PT_DYNAMIC), None) if program.elf else None
    if dynamic is None:
        return None
    words = space.words(program.bias + dynamic.address, min(dynamic.memory_size, 16 * PAGE_BYTES) // 8)
    return next((words[at + 1] for at in range(0, len(words) - 1, 2) if words[at] == _DT_DEBUG), None)


def _first_with(modules: Iterable[Module], name: str) -> tuple[Module | None, dict[str, Function]]:
    """The first module that exports `name`, and all that it exports of the families."""
    for module in modules:
        if name in (names := exported(module, NAMES)):
            functions = {
                each: Function(
                    name=each, index=NAMES.index(each), address=module.bias + address, size=size, module=module
                )
                for each, (address, size) in names.items()
            }
            return module, functions
    return None, {}


def exported(module: Module, names: Iterable[str], table: str = ".dynsym") -> dict[str, tuple[int, int]]:
    """name: (address in the file's terms, size) of the functions that a module defines. Of more versions the first."""
    elf = module.elf
    section = elf.section(table) if elf else None
    if elf is None or section is None or section.link >= len(elf.sections) or section.size > _MOST_TABLE_BYTES:
        return {}
    strings = elf.sections[section.link]
    texts = elf.image.read(strings.offset, min(strings.size, _MOST_TABLE_BYTES))
    raw = elf.image.read(section.offset, section.size)
    places = _places(texts, names)
    found: dict[str, tuple[int, int]] = {}
    for name_at, info, _, index, address, size in _SYMBOL.iter_unpack(raw[: len(raw) // _SYMBOL.size * _SYMBOL.size]):
        name = places.get(name_at)
        if name is not None and index and info & 15 == _FUNCTION and _is_code(elf, address):
            found.setdefault(name, (address, size))
    return found


def _places(texts: bytes, names: Iterable[str]) -> dict[int, str]:
    """Every offset of the string table at which a name stands, as the end of a longer one, too: linkers merge tails."""
    places: dict[int, str] = {}
    for name in names:
        wanted = name.encode() + b"\0"
        at = texts.find(wanted)
        while at >= 0:
            places[at] = name
            at = texts.find(wanted, at + 1)
    return places


def _is_code(elf: Elf, address: int) -> bool:
    return any(
        s.type == PT_LOAD and s.flags & PF_X and s.address <= address < s.address + s.file_size for s in elf.segments
    )


def _gaps(owner: Module, program: Module | None, modules: Sequence[Module]) -> Iterable[str]:
    """What this malloc does not see, in words."""
    if program is not None and program is not owner:
        for table in (".dynsym", ".symtab"):
            names = exported(program, _STATIC_ALLOCATORS, table)
            if names:
                kind = _STATIC_ALLOCATORS[next(iter(names))]
                yield f"the program has a {kind} of its own ({', '.join(sorted(names))}), whose blocks are not seen"
                break
    if not is_libc(owner) and _CPLUSPLUS_NEW in exported(owner, (_CPLUSPLUS_NEW,)):
        yield f"{owner.name} has its own operator new, whose blocks are not seen"
