"""Layout tables made from a program's own DWARF and data: for the shipped ones, and for a version that has none.

Form: {"go", "made_from", "structs": {name: [size, {field: offset | [offset, size, struct, count]}]}, "constants",
"wait_reasons", "size_classes"}; an offset alone means 8 bytes. Structs that hold one scalar (all of Go's atomic types)
are that scalar. Anonymous structs are named by the path to them ("mheap.curArena").
"""

import re
from collections.abc import Mapping

from memwhy.memory.elf import Elf
from memwhy.memory.symbols import find_symbols
from memwhy.model.errors import ParseError
from memwhy.runtimes.go.dwarf import Entry, Types, is_array, is_struct, read_types
from memwhy.runtimes.go.layout import minor_of
from memwhy.sources.go.buildinfo import extract

_STRUCTS = """
g gobuf m p mspan mSpanList mheap mcache mcentral spanSet mstats heapStatsDelta consistentHeapStats gcControllerState schedt
bucket memRecord memRecordCycle moduledata functab _func inlinedCall findfuncbucket textsect pcHeader stack sudog
gcWork linearAlloc fixalloc pageAlloc scavengeIndex heapArena arenaHint special specialfinalizer specialprofile
specialWeakHandle specialCleanup finblock finalizer persistentAlloc notInHeap gQueue gList timers stackpoolItem
stackfreelist gcBitsArena gcBitsHeader workbuf workbufhdr workType addrRange addrRanges atomicOffAddr _defer
lfnode ancestorInfo pallocData pallocBits pageBits spanInlineMarkBits extraMType timer timerWhen cleanupFn cleanupBlock
cleanupBlockHeader cleanupQueue
"""
_VARIABLES = ("trace",)
"""Of unnamed types, which only their size is wanted of."""
_WANTED = {f"runtime.{name}": name for name in _STRUCTS.split()} | {"runtime.finBlock": "finblock"}
"""By the full name; runtime.finBlock was runtime.finblock up to Go 1.24."""
_CONSTANTS = re.compile(
    r"""_(?:G|P)(?:idle|runnable|running|syscall|waiting|moribund_unused|dead|enqueue_unused|copystack|preempted|leaked
    |deadextra|scan|gcstop|syscall_unused|Psyscall)|mSpan\w+|[fF]uncID\w+|funcFlag_\w+|FuncFlag\w+|_?(?:PCDATA|FUNCDATA)_\w+
    |_KindSpecial\w+|_?PageS(?:ize|hift)|_?NumSizeClasses|numSpanClasses|heapArenaBytes|pagesPerArena|arenaL[12]Bits
    |arenaL1Shift|arenaBaseOffset(?:Uintptr)?|heapAddrBits|palloc\w+|summary\w+|_FixAllocChunk|_FinBlockSize|finBlockSize
    |persistentChunkSize|memProfile|blockProfile|mutexProfile|buckHashSize|mProfCycleWrap|gcBits\w+Bytes|_WorkbufSize|workbufAlloc
    |spanSet\w+|_TinySize\w*|fixedStack|stackMin|_StackMin|stackSystem|_StackSystem|_StackCacheSize|_NumStackOrders|_GC\w+
    |memoryLimit\w+|mallocHeaderSize|defaultHeapMinimum|sweepMinHeapDistance|_64bit|minLegalPointer|userArenaChunkBytes
    |traceRegionAllocBlockData|stackGuard|_StackGuard|tlsSlots|pageCachePages|fing\w+""",
    re.VERBOSE,
)
_RENAMED = {
    "funcID_normal": "FuncIDNormal",
    "funcID_wrapper": "FuncIDWrapper",
    "funcFlag_TOPFRAME": "FuncFlagTopFrame",
    "funcFlag_SPWRITE": "FuncFlagSPWrite",
    "funcFlag_ASM": "FuncFlagAsm",
    "NumSizeClasses": "_NumSizeClasses",
    "_FinBlockSize": "finBlockSize",
    "_StackGuard": "stackGuard",
    "_StackMin": "stackMin",
    "_StackSystem": "stackSystem",
}
"""Older or moved names → the name under which a constant stands in every table."""
_MOST_ITEMS = 256


def tabulate(elf: Elf) -> dict[str, object] | None:
    """The table of the Go program in an ELF file; None without DWARF. Raises ParseError, NotGo."""
    types = read_types(elf)
    if types is None:
        return None
    version, _ = extract(elf)
    structs: dict[str, list[object]] = {}
    try:
        for full, name in sorted(_WANTED.items()):
            if full in types.structs:
                _add_struct(structs, types, name, types.entries[types.structs[full]])
    except (KeyError, RecursionError) as error:
        raise ParseError(elf.name, None, "", "its DWARF is damaged") from error
    for name, (_, size) in find_symbols(elf, (f"runtime.{name}" for name in _VARIABLES)).items():
        structs[name.removeprefix("runtime.")] = [size, {}]
    return {
        "go": minor_of(version.removeprefix("devel ")) or "?",
        "made_from": version.split(" X:")[0],
        "structs": structs,
        "constants": _constants(types.constants),
        "wait_reasons": _wait_reasons(elf),
        "size_classes": _size_classes(elf),
    }


def _add_struct(structs: dict[str, list[object]], types: Types, name: str, entry: Entry) -> None:
    fields: dict[str, object] = {}
    structs[name] = [entry.size, fields]
    for member in entry.members:
        size = types.size(member.type)
        if member.name == "_" or size <= 0:
            continue
        inner, offset, count = types.bare(member.type), member.offset, -1
        if is_array(inner):
            count, inner = inner.count, types.bare(inner.type)
        kind = ""
        if is_struct(inner):
            kind = _WANTED.get(inner.name, "")
            if not kind and inner.name.startswith("struct {"):
                kind = f"{name}.{member.name}"
                _add_struct(structs, types, kind, inner)
            elif not kind and count < 0:
                offset, size = _scalar_inside(types, inner, offset, size)
        spec = [offset, size, kind, count]
        if count < 0:
            spec = spec[: 3 if kind else 2]
        fields[member.name] = offset if spec == [offset, 8] else spec


def _scalar_inside(types: Types, entry: Entry, offset: int, size: int) -> tuple[int, int]:
    """Where the only member with bytes stands, however deep; the struct itself when it has several."""
    for _ in range(8):
        members = [m for m in entry.members if types.size(m.type) > 0]
        if len(members) != 1 or not is_struct(entry):
            break
        offset, size = offset + members[0].offset, types.size(members[0].type)
        entry = types.bare(members[0].type)
    return offset, size


def _constants(every: Mapping[str, int]) -> dict[str, int]:
    """The wanted constants under their newest names, without the package."""
    named = ((name.rpartition(".")[2], value) for name, value in every.items())
    return dict(sorted((_present(name), value) for name, value in named if _CONSTANTS.fullmatch(name)))


def _present(name: str) -> str:
    if name.startswith("funcID_") and name not in _RENAMED:
        return "F" + name[1:]
    if name.startswith(("_PCDATA_", "_FUNCDATA_")):
        return name[1:]
    return _RENAMED.get(name, name)


def _wait_reasons(elf: Elf) -> list[str]:
    """The texts of runtime.waitReasonStrings, an array of string headers."""
    symbol = find_symbols(elf, ("runtime.waitReasonStrings",)).get("runtime.waitReasonStrings")
    if symbol is None:
        return []
    address, size = symbol
    raw = elf.read_at(address, min(size, 16 * _MOST_ITEMS))
    words = memoryview(raw[: len(raw) & ~15]).cast("Q")
    return [elf.read_at(words[i], min(words[i + 1], 256)).decode("utf-8", "replace") for i in range(0, len(words), 2)]


def _size_classes(elf: Elf) -> list[int]:
    """Object bytes by size class: an array of uint16, renamed and moved in Go 1.26."""
    found = find_symbols(elf, ("runtime.class_to_size", "internal/runtime/gc.SizeClassToSize"))
    for address, size in found.values():
        raw = elf.read_at(address, min(size, 2 * _MOST_ITEMS))
        return list(memoryview(raw[: len(raw) & ~1]).cast("H"))
    return []
