"""Finding malloc in files, whose memwhy a target is, and why it has no room: on real files and on broken ones."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from native_targets import built

from memwhy.memory.elf import parse_elf
from memwhy.memory.space import Module
from memwhy.model.errors import ParseError
from memwhy.native import permission
from memwhy.native.functions import MMAP_FAMILY, NAMES, exported, text_of
from memwhy.native.owner import NOBODY, OWNER_BYTES, Owner


@cache
def program() -> bytes:
    return built("odd", "-rdynamic").read_bytes()


def module_of(raw: bytes) -> Module:
    return Module(path="/bin/odd", start=0, end=1 << 20, bias=0x5000_0000, elf=parse_elf(raw, "odd"))


def test_a_programs_own_functions_are_found_and_those_it_only_calls_are_not() -> None:
    module = module_of(program())
    found = exported(module, ("main", "malloc", "nothing"))
    assert set(found) == {"main"}
    address, size = found["main"]
    low, high = text_of(module) or (0, 0)
    assert low <= module.bias + address < module.bias + address + size <= high


def test_names_that_end_others_are_found() -> None:
    """Linkers keep `free` as the tail of a longer name."""
    libc = next(
        Path(line.split()[5]) for line in Path("/proc/self/maps").read_text().splitlines() if "/libc.so.6" in line
    )
    module = Module(path=str(libc), start=0, end=1 << 22, bias=0, elf=parse_elf(libc.read_bytes(), str(libc)))
    found = exported(module, NAMES)
    assert set(found) == set(NAMES)
    assert found["mmap"] != found["munmap"]
    assert set(MMAP_FAMILY) < set(found)
    assert exported(Module(path="x", start=0, end=1, bias=0), NAMES) == {}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=20), st.integers(0, 1 << 16))
def test_any_change_of_a_file_gives_functions_or_a_parse_error(changes: list[tuple[int, int]], cut: int) -> None:
    raw = bytearray(program())
    for at, byte in changes:
        raw[at % len(raw)] = byte
    try:
        module = module_of(bytes(raw[: len(raw) - cut % len(raw)]))
    except ParseError:
        return
    assert set(exported(module, ("main", "malloc"))) <= {"main", "malloc"}
    text_of(module)


def test_an_owner_is_known_while_it_lives() -> None:
    ours = Owner.of_us()
    assert Owner.unpack(ours.pack()) == ours
    assert len(ours.pack()) == OWNER_BYTES
    assert ours.is_alive() is True
    assert NOBODY.is_alive() is False
    assert Owner(ours.pid, ours.start_ticks + 1, ours.namespace).is_alive() is False  # its number is another's now
    assert Owner(ours.pid, ours.start_ticks, ours.namespace + 1).is_alive() is None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        other = Owner(process.pid, int(fields[19]), ours.namespace)
        assert other.is_alive() is True
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert other.is_alive() is False  # a zombie holds nothing
    assert other.is_alive() is False


def test_why_there_is_no_room_is_told_by_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "sys" / "vm").mkdir(parents=True)
    (tmp_path / "sys" / "vm" / "overcommit_memory").write_text("2\n")
    (tmp_path / "sys" / "vm" / "max_map_count").write_text("10\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text("x\n" * 9)
    text = permission.why_no_room(str(tmp_path), 7, 12, 1 << 20)
    assert text.startswith("Cannot allocate memory: ")
    assert "vm.overcommit_memory is 2" in text
    assert "it has 9 mappings, and vm.max_map_count is 10" in text
    assert permission.why_no_room(str(tmp_path / "7"), 8, 12, 1) == "Cannot allocate memory"
