"""Where Go's runtime keeps its globals: from the symbol table where there is one.

Addresses are of memory: the file's plus the module's bias.
"""

from dataclasses import dataclass, fields

from memwhy.memory.elf import Elf
from memwhy.memory.space import Module
from memwhy.runtimes.go.symbols import find_symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class Globals:
    """Addresses of the runtime's global variables, named as there; None where one was not found or does not exist."""

    mheap_: int | None = None
    memstats: int | None = None
    gcController: int | None = None  # noqa: N815
    allgs: int | None = None
    allglen: int | None = None
    allp: int | None = None
    allm: int | None = None
    sched: int | None = None
    work: int | None = None
    mbuckets: int | None = None
    bbuckets: int | None = None
    xbuckets: int | None = None
    buckhash: int | None = None
    mProfCycle: int | None = None  # noqa: N815
    MemProfileRate: int | None = None
    disableMemoryProfiling: int | None = None  # noqa: N815
    firstmoduledata: int | None = None
    g0: int | None = None
    m0: int | None = None
    mcache0: int | None = None
    emptymspan: int | None = None
    gcphase: int | None = None
    gcBlackenEnabled: int | None = None  # noqa: N815
    gcBitsArenas: int | None = None  # noqa: N815
    gcCPULimiter: int | None = None  # noqa: N815
    persistentChunks: int | None = None  # noqa: N815
    globalAlloc: int | None = None  # noqa: N815
    stackpool: int | None = None
    stackLarge: int | None = None  # noqa: N815
    finq: int | None = None
    finc: int | None = None
    allfin: int | None = None
    iscgo: int | None = None
    ncgocall: int | None = None
    extraM: int | None = None  # noqa: N815
    extraMLength: int | None = None  # noqa: N815
    extraMInUse: int | None = None  # noqa: N815
    gomaxprocs: int | None = None
    ncpu: int | None = None
    physPageSize: int | None = None  # noqa: N815
    physHugePageSize: int | None = None  # noqa: N815
    panicking: int | None = None
    pollcache: int | None = None
    itabTable: int | None = None  # noqa: N815
    trace: int | None = None
    scavenge: int | None = None
    scavenger: int | None = None
    debug: int | None = None
    waitReasonStrings: int | None = None  # noqa: N815
    starttime: int | None = None
    startNano: int | None = None  # noqa: N815
    runtimeInitTime: int | None = None  # noqa: N815


NAMES = tuple(field.name for field in fields(Globals))


def by_symbols(elf: Elf, module: Module) -> Globals:
    """The globals that .symtab names."""
    found = find_symbols(elf, (f"runtime.{name}" for name in NAMES))
    return Globals(**{name.removeprefix("runtime."): address + module.bias for name, (address, _) in found.items()})
