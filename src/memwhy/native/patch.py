"""Which bytes change: a function's first five become a jump to its hook, and what they did goes on in a trampoline.

Overwritten are whole instructions of at least five bytes; iced-x86 writes them anew for the trampoline's address. Refused is a function
whose bytes in memory are not the file's (a breakpoint, a uprobe, somebody else's patch), that is too short, or into whose
overwritten bytes some jump leads. A trampoline's address for a function of another module may need more reach than a
jump has: then a jump of 14 bytes (an island) stands in the slack of that module.
"""

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from memwhy.memory.elf import PF_X, PT_LOAD
from memwhy.memory.space import PAGE_BYTES, Module, Space
from memwhy.native.errors import CannotAttach, Occupied, Unsuited
from memwhy.native.functions import Function
from memwhy.native.stops import Range, Write

JUMP_BYTES = 5
ISLAND_BYTES = 14
TRAMPOLINE_BYTES = 64
REACH_BYTES = (1 << 31) - (1 << 16)
"""What a rel32 can span, less a margin for the instructions themselves."""
_ENDBR64 = b"\xf3\x0f\x1e\xfa"
_INT3 = 0xCC
_SYSCALL_BYTES = 2
_LOOK_BYTES = 64
_MOST_BODY_BYTES = 1 << 16
_MOST_TEXT_BYTES = 64 << 20
_LONG_BRANCH = re.compile(rb"[\xe8\xe9]|\x0f[\x80-\x8f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A function that can be patched. at: where the jump will stand, behind an endbr64. taken: the whole instructions under it."""

    function: Function
    at: int
    taken: bytes

    @property
    def original(self) -> bytes:
        """The bytes that the jump overwrites."""
        return self.taken[:JUMP_BYTES]

    @property
    def interior(self) -> Range:
        """Where no thread may stand: between the overwritten instructions, or just behind a system call that goes back there."""
        return Range(self.at + 1, self.at + JUMP_BYTES + _SYSCALL_BYTES)

    def jump_to(self, destination: int) -> Write:
        """The patch, from the original to a jump."""
        return Write(self.at, self.original, jump(self.at, destination), self.function.name)


def entry_on_disk(function: Function) -> Entry:
    """How a function begins by its file, whatever is in memory. Raises Unsuited; CannotAttach without iced-x86."""
    iced = load_iced()
    elf = function.module.elf
    name = f"{function.name} in {function.module.path}"
    code = elf.read_at(function.address - function.module.bias, _LOOK_BYTES) if elf else b""
    if len(code) < 2 * JUMP_BYTES:
        raise Unsuited(f"the code of {name} cannot be read from its file")
    skip = len(_ENDBR64) if code.startswith(_ENDBR64) else 0
    at = function.address + skip
    if at // PAGE_BYTES != (at + JUMP_BYTES - 1) // PAGE_BYTES:
        raise Unsuited(f"the first bytes of {name} lie on two pages: they cannot be changed in one step")
    return Entry(function=function, at=at, taken=_whole_instructions(iced, code[skip:], at, name))


def read_entry(space: Space, function: Function) -> Entry:
    """How a function begins, in memory as in its file. Raises Occupied, Unsuited; CannotAttach without iced-x86."""
    entry = entry_on_disk(function)
    elf = function.module.elf
    size = entry.at - function.address + len(entry.taken)
    on_disk = elf.read_at(function.address - function.module.bias, size) if elf else b""
    in_memory = space.read(function.address, size)
    if in_memory != on_disk:
        raise _touched(f"{function.name} in {function.module.path}", in_memory, on_disk)
    return entry


def check_branches(entries: Sequence[Entry]) -> dict[str, str]:
    """name: why not, for the functions into whose overwritten bytes something jumps."""
    wrong: dict[str, str] = {}
    inner = {entry.at + i: entry.function.name for entry in entries for i in range(1, JUMP_BYTES)}
    for entry in entries:
        for target in _branches_of(entry):
            if target in inner:
                wrong[inner[target]] = f"its own code jumps back into its first {JUMP_BYTES} bytes"
    for module in dict.fromkeys(entry.function.module for entry in entries):
        for target in _long_branches(module):
            if target in inner:
                wrong[inner[target]] = f"code elsewhere in {module.name} jumps into its first {JUMP_BYTES} bytes"
    return wrong


def trampoline(entry: Entry, at: int, *, most_bytes: int = TRAMPOLINE_BYTES) -> bytes:
    """What the overwritten instructions did, then a jump to those behind them; for this address. Raises Unsuited where it cannot reach."""
    iced = load_iced()
    instructions = list(iced.Decoder(64, entry.taken, ip=entry.at))
    behind = entry.at + len(entry.taken)
    encoder = iced.BlockEncoder(64)
    encoder.add_many(instructions)
    if not _goes_away(iced, instructions[-1]):
        back = iced.Instruction.create_branch(iced.Code.JMP_REL32_64, behind)
        encoder.add(back)
    try:
        code = bytes(encoder.encode(at))
    except ValueError as error:
        raise Unsuited(
            f"the first instructions of {entry.function.name} cannot be moved to {at:#x}: {error}"
        ) from error
    if len(code) > most_bytes:
        raise Unsuited(f"the first instructions of {entry.function.name}, moved, take {len(code)} bytes")
    return code


def far_jump(destination: int) -> bytes:
    """jmp *0(%rip), and the address behind it: 14 bytes that reach everywhere and change no register."""
    return b"\xff\x25" + bytes(4) + struct.pack("<Q", destination)


def jump(at: int, destination: int) -> bytes:
    """jmp rel32. Raises ValueError out of reach."""
    distance = destination - (at + JUMP_BYTES)
    if not is_near(at, destination):
        raise ValueError(f"{destination:#x} is out of a jump's reach from {at:#x}")
    return b"\xe9" + struct.pack("<i", distance)


def is_near(at: int, destination: int) -> bool:
    """Does a jump reach from the one to the other?"""
    return abs(destination - at) <= REACH_BYTES


def jump_target(at: int, code: bytes) -> int | None:
    """Where a jmp rel32 leads; None for other code."""
    if len(code) < JUMP_BYTES or code[0] != 0xE9:
        return None
    distance: int = struct.unpack_from("<i", code, 1)[0]
    return at + JUMP_BYTES + distance


def load_iced() -> ModuleType:
    """The disassembler. Raises CannotAttach where it is not installed."""
    try:
        import iced_x86
    except ImportError as error:
        raise CannotAttach(
            "attaching needs the Python package iced-x86, which is not installed", help="pip install iced-x86"
        ) from error
    return iced_x86


def _whole_instructions(iced: ModuleType, code: bytes, at: int, name: str) -> bytes:
    """The first instructions that together have five bytes or more."""
    size = 0
    for instruction in iced.Decoder(64, code, ip=at):
        if instruction.is_invalid or instruction.mnemonic in (iced.Mnemonic.INT3, iced.Mnemonic.UD2):
            break
        size += instruction.len
        if size >= JUMP_BYTES:
            return code[:size]
        if _goes_away(iced, instruction):
            break
    raise Unsuited(f"{name} is too short to be patched: {code[:8].hex(' ')}")


def _goes_away(iced: ModuleType, instruction: object) -> bool:
    """Does nothing go on behind it?"""
    flow = instruction.flow_control  # type: ignore[attr-defined]
    return flow in (iced.FlowControl.UNCONDITIONAL_BRANCH, iced.FlowControl.INDIRECT_BRANCH, iced.FlowControl.RETURN)


def _touched(name: str, in_memory: bytes, on_disk: bytes) -> CannotAttach:
    """Somebody was here before us."""
    shown = f"{in_memory.hex(' ')} in memory, {on_disk.hex(' ')} in its file"
    if in_memory[:1] == bytes([_INT3]) or _INT3 in in_memory[: len(_ENDBR64) + 1]:
        return Occupied(
            f"a breakpoint stands on {name}: a uprobe (bpftrace, bcc, perf probe) or a debugger's ({shown})",
            help="end what set it, then try again",
        )
    return Occupied(
        f"the code of {name} was changed since it was loaded ({shown}): another tool has hooked it",
        help="stop that tool, or start the program anew without it",
    )


def _branches_of(entry: Entry) -> Iterable[int]:
    """Targets of near branches in a function's own body."""
    iced = load_iced()
    function = entry.function
    if function.module.elf is None:
        return
    size = min(function.size or _LOOK_BYTES, _MOST_BODY_BYTES)
    code = function.module.elf.read_at(function.address - function.module.bias, size)
    for instruction in iced.Decoder(64, code, ip=function.address):
        target = instruction.near_branch_target
        if target:
            yield target


def _long_branches(module: Module) -> Iterable[int]:
    """Whatever could be the target of a long branch in a module's code; a few are none."""
    elf = module.elf
    for segment in elf.segments if elf else ():
        if segment.type != PT_LOAD or not segment.flags & PF_X or elf is None:
            continue
        code = elf.image.read(segment.offset, min(segment.file_size, _MOST_TEXT_BYTES))
        start = module.bias + segment.address
        last = len(code) - 4
        for match in _LONG_BRANCH.finditer(code):
            end = match.end()
            if end <= last:
                yield start + end + 4 + int.from_bytes(code[end : end + 4], "little", signed=True)
