"""Which bytes of a function change, and what they become: on functions made for it."""

import struct
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.memory.space import Module
from memwhy.model.mapping import Mapping
from memwhy.native import patch, places, stub
from memwhy.native.errors import NoRoom, Occupied, Unsuited
from memwhy.native.functions import Function
from memwhy.native.owner import Owner
from memwhy.native.stub import Guard, Trace

iced_x86 = pytest.importorskip("iced_x86")

AT = 0x7F0000001000


class Code:
    """A file whose only segment is this code, at address 0x1000 of the file's terms."""

    def __init__(self, code: bytes) -> None:
        self.code = code.ljust(256, b"\x90")
        self.segments = (SimpleNamespace(type=1, flags=5, address=0x1000, offset=0, file_size=256, memory_size=256),)
        self.image = self

    def read_at(self, address: int, size: int) -> bytes:
        return self.code[address - 0x1000 : address - 0x1000 + size]

    def read(self, offset: int, size: int) -> bytes:
        return self.code[offset : offset + size]


def function(code: str, *, size: int = 64) -> Function:
    module = Module(path="/lib/a.so", start=AT, end=AT + 4096, bias=AT - 0x1000, elf=Code(bytes.fromhex(code)))  # type: ignore[arg-type]
    return Function(name="malloc", index=0, address=AT, size=size, module=module)


def memory(code: str) -> SimpleNamespace:
    raw = bytes.fromhex(code).ljust(256, b"\x90")
    return SimpleNamespace(read=lambda at, size: raw[at - AT : at - AT + size], name="pid 1")


def shown(code: bytes, at: int) -> list[str]:
    return [str(each) for each in iced_x86.Decoder(64, code, ip=at)]


def test_whole_instructions_move_and_the_rest_follows() -> None:
    entry = patch.read_entry(memory("4154 55 53 4889fb c3"), function("4154 55 53 4889fb c3"))  # type: ignore[arg-type]
    assert entry.taken.hex() == "415455534889fb"
    assert shown(patch.trampoline(entry, AT + 0x100000), AT + 0x100000) == [
        "push r12", "push rbp", "push rbx", "mov rbx,rdi", "jmp near ptr 00007F0000001007h",
    ]  # fmt: skip


def test_what_is_relative_to_its_place_keeps_its_target() -> None:
    entry = patch.entry_on_disk(function("4885ff 7410 c3"))
    moved = shown(patch.trampoline(entry, AT - (1 << 30)), AT - (1 << 30))
    assert moved == ["test rdi,rdi", "je near ptr 00007F0000001015h", "jmp near ptr 00007F0000001005h"]
    data = patch.entry_on_disk(function("803d71 0e1400 00 c3"))
    assert shown(patch.trampoline(data, AT + 4096), AT + 4096)[0] == "cmp byte ptr [7F0000141E78h],0"
    with pytest.raises(Unsuited, match="cannot be moved"):
        patch.trampoline(data, AT + (1 << 40))


def test_an_endbr64_stays_where_it_is() -> None:
    entry = patch.entry_on_disk(function("f30f1efa 4154 55 53 4889fb c3"))
    assert (entry.at, entry.original.hex()) == (AT + 4, "4154555348")


@pytest.mark.parametrize("code", ["c3", "31c0 c3", "eb10", "cc", "0f0b", "ff25 00000000"])
def test_what_is_too_short_is_refused(code: str) -> None:
    if code.startswith("ff25"):
        assert patch.entry_on_disk(function(code)).taken.hex() == "ff2500000000"
        return
    with pytest.raises(Unsuited, match="too short"):
        patch.entry_on_disk(function(code))


def test_a_breakpoint_and_another_hook_are_told_apart() -> None:
    whole = "4154 55 53 4889fb c3"
    with pytest.raises(Occupied, match="a breakpoint stands on malloc"):
        patch.read_entry(memory("cc54 55 53 4889fb c3"), function(whole))  # type: ignore[arg-type]
    with pytest.raises(Occupied, match="another tool has hooked it"):
        patch.read_entry(memory("e900000010 89fb c3"), function(whole))  # type: ignore[arg-type]


def test_jumps_into_the_overwritten_bytes_are_found() -> None:
    back = patch.entry_on_disk(function("4154 55 53 4889fb ebf9"))
    assert patch.check_branches([back]) == {"malloc": "its own code jumps back into its first 5 bytes"}
    distance = struct.pack("<i", 2 - 25).hex()
    elsewhere = patch.entry_on_disk(function("4154 55 53 4889fb c3" + "90" * 12 + "e9" + distance, size=8))
    assert patch.check_branches([elsewhere]) == {"malloc": "code elsewhere in a.so jumps into its first 5 bytes"}
    assert patch.check_branches([patch.entry_on_disk(function("4154 55 53 4889fb ebf7"))]) == {}


@given(st.integers(0x10000, 0x7FFFFFFFF000), st.integers(-patch.REACH_BYTES, patch.REACH_BYTES))
def test_a_jump_leads_where_it_says(at: int, distance: int) -> None:
    assert patch.jump_target(at, patch.jump(at, at + distance)) == at + distance


def test_a_jump_that_does_not_reach_is_none() -> None:
    with pytest.raises(ValueError, match="out of a jump's reach"):
        patch.jump(AT, AT + (1 << 31))
    assert shown(patch.far_jump(0x1234), AT)[0] == "jmp qword ptr [7F0000001006h]"


@given(st.binary(min_size=1, max_size=64))
def test_any_bytes_make_an_entry_or_are_refused(raw: bytes) -> None:
    try:
        entry = patch.entry_on_disk(function(raw.hex()))
        patch.check_branches([entry])
        patch.trampoline(entry, AT + 0x10000)
    except Unsuited:
        return


def test_a_stub_says_what_it_is_and_decodes_to_what_it_does() -> None:
    trace = Trace(
        kind=stub.MAP, code=0x7000_0000, data_bytes=0x900000, guard=0x7100_0000, owner=Owner(1, 2, 3), target=7
    )
    code = stub.assemble(trace, stub.mapping_steps(0x7000_0000, 0x10000, 0x7001_0000, 0x900000))
    assert stub.read_trace(code) == trace
    instructions = shown(code[stub.HEADER_BYTES :], 0x1000)
    assert "(bad)" not in instructions
    assert [i for i in instructions if i in ("syscall", "lock cmpxchg [rbx],ecx")] == [
        "lock cmpxchg [rbx],ecx",
        *["syscall"] * 4,
    ]
    assert [i.split()[1] for i in instructions if i.startswith("push")] == [
        i.split()[1] for i in reversed(instructions) if i.startswith("pop")
    ]
    finish = next(i for i in iced_x86.Decoder(64, code[stub.HEADER_BYTES :], ip=0x1000) if "[rbx+4]" in str(i))
    targets = {
        i.near_branch_target for i in iced_x86.Decoder(64, code[stub.HEADER_BYTES :], ip=0x1000) if i.near_branch_target
    }
    assert targets == {finish.ip, finish.next_ip}


@given(st.binary(max_size=80))
def test_any_bytes_are_a_stub_or_none(raw: bytes) -> None:
    found = stub.read_trace(raw)
    assert found is None or raw.startswith(stub.MAGIC)


def test_a_blank_guard_is_free() -> None:
    assert stub.read_guard(stub.blank_guard()) == Guard(taken=False, finished=False, results=(stub.NOT_MADE,) * 4)


def mappings(*ranges: tuple[int, int, str]) -> SimpleNamespace:
    rows = tuple(Mapping(start=start, end=end, perms="rw-p", path=path) for start, end, path in ranges)
    return SimpleNamespace(mappings=rows, name="pid 1")


@given(st.lists(st.integers(1, 0x7FFFFFFF), min_size=2, max_size=40, unique=True), st.integers(0, 5))
def test_a_region_lies_where_nothing_is_mapped_and_jumps_reach(pages: list[int], skip: int) -> None:
    pages.sort()
    rows = [(start * 4096, end * 4096, "") for start, end in zip(pages[::2], pages[1::2], strict=False)]
    near = [rows[len(rows) // 2][0]]
    try:
        at = places.region(mappings(*rows), 0x900000, near, skip=skip)  # type: ignore[arg-type]
    except NoRoom:
        return
    assert at % 4096 == 0
    assert all(end <= at - 4096 or at + 0x900000 + 4096 <= start + 4096 for start, end, _ in rows)
    assert all(patch.is_near(each, at) and patch.is_near(each, at + 0x900000) for each in near)


def test_the_heap_and_the_stack_keep_room_to_grow() -> None:
    heap, stack = 0x5555_0000_0000, 0x5555_4000_0000
    at = places.region(mappings((heap - 4096, heap, "[heap]"), (stack, stack + 4096, "[stack]")), 0x900000, [heap])  # type: ignore[arg-type]
    assert heap + (1 << 24) <= at < at + 0x900000 <= stack - (1 << 27) or at + 0x900000 <= heap - 4096
    with pytest.raises(NoRoom, match="no 9 MiB of free addresses"):
        places.region(mappings((0, 1 << 47, "")), 0x900000, [1 << 40])  # type: ignore[arg-type]
