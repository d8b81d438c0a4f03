import contextlib
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.memory.elf import Elf, open_elf, parse_elf
from memwhy.model.errors import ParseError

PYTHON = str(Path(sys.executable).resolve())


def ask_everything(elf: Elf) -> None:
    """Every derived field, on whatever the headers led to."""
    _ = (elf.needed, elf.soname, elf.interpreter, elf.is_static, elf.is_pie, elf.has_symbols, elf.has_dwarf)
    _ = (elf.build_id, elf.go_build_id, elf.section(".text"), elf.offset_of(elf.entry), elf.read_at(elf.entry, 16))


def compiled(tmp_path: Path, *flags: str) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    source = tmp_path / "main.c"
    source.write_text("int main(void) { return 0; }\n")
    target = tmp_path / "program"
    subprocess.run(["cc", *flags, "-o", str(target), str(source)], check=True, capture_output=True)
    return target


def test_build_id_is_the_one_that_the_linker_was_told(tmp_path: Path) -> None:
    with open_elf(str(compiled(tmp_path, "-Wl,--build-id=0x0123456789abcdef"))) as elf:
        assert elf.build_id == "0123456789abcdef"
        assert elf.go_build_id is None


@pytest.mark.parametrize(
    ("flags", "pie", "static"),
    [
        (("-pie", "-fPIE"), True, False),
        (("-no-pie",), False, False),
        (("-static",), False, True),
        (("-static-pie", "-fPIE"), True, True),
        (("-shared", "-fPIC"), False, False),
    ],
)
def test_linking_modes_are_told_apart(tmp_path: Path, flags: tuple[str, ...], pie: bool, static: bool) -> None:
    with open_elf(str(compiled(tmp_path, *flags))) as elf:
        assert (elf.is_pie, elf.is_static) == (pie, static)


def test_symbols_and_debug_information_are_seen_until_stripped(tmp_path: Path) -> None:
    path = compiled(tmp_path, "-g")
    with open_elf(str(path)) as elf:
        assert (elf.has_symbols, elf.has_dwarf) == (True, True)
    if shutil.which("strip") is None:
        pytest.skip("needs strip")
    subprocess.run(["strip", str(path)], check=True)
    with open_elf(str(path)) as elf:
        assert (elf.has_symbols, elf.has_dwarf) == (False, False)


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
def test_needed_libraries_and_sections_agree_with_readelf() -> None:
    shown = subprocess.run(["readelf", "-dW", PYTHON], capture_output=True, text=True, check=True).stdout
    needed = tuple(line.rpartition("[")[2].rstrip("]") for line in shown.splitlines() if "(NEEDED)" in line)
    headers = subprocess.run(["readelf", "-h", PYTHON], capture_output=True, text=True, check=True).stdout
    count = next(int(line.rpartition(":")[2]) for line in headers.splitlines() if "Number of section headers" in line)
    with open_elf(PYTHON) as elf:
        assert elf.needed == needed
        assert len(elf.sections) == count
        assert elf.read_at(elf.segments[0].address, 0) == b""


def test_other_classes_and_byte_orders_are_refused_by_name() -> None:
    with pytest.raises(ParseError, match="32-bit, little-endian; only 64-bit little-endian is supported"):
        parse_elf(b"\x7fELF\x01\x01" + bytes(80))
    with pytest.raises(ParseError, match="64-bit, big-endian"):
        parse_elf(b"\x7fELF\x02\x02" + bytes(80))
    with pytest.raises(ParseError, match="not an ELF file"):
        parse_elf(b"#!/bin/sh\n")
    with pytest.raises(ParseError, match="cut off after 6 bytes"):
        parse_elf(b"\x7fELF\x02\x01")


def test_a_table_past_the_end_is_refused() -> None:
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0, 0, 1 << 40, 0, 64, 56, 0, 64, 9, 1)
    with pytest.raises(ParseError, match="table of 9 section headers reaches past the end of the file"):
        parse_elf(header)


def test_a_missing_file_a_directory_and_a_pipe_give_os_or_parse_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_elf(str(tmp_path / "none")):
        pass
    with pytest.raises((OSError, ParseError)), open_elf(str(tmp_path)):
        pass
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises((OSError, ParseError)), open_elf(str(tmp_path / "pipe")):
        pass


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_give_a_model_or_a_parse_error(raw: bytes) -> None:
    for data in (raw, b"\x7fELF\x02\x01\x01" + raw):
        with contextlib.suppress(ParseError):
            ask_everything(parse_elf(data))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_real_file_with_flipped_bytes_gives_a_model_or_a_parse_error(data: st.DataObject) -> None:
    raw = bytearray(Path(PYTHON).read_bytes()[: 1 << 16])
    for _ in range(data.draw(st.integers(1, 20))):
        # most of the structure is in the headers
        at = data.draw(st.integers(0, 1500) | st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    raw[0:6] = b"\x7fELF\x02\x01"
    # the section table stands at the end of the file: bring one within reach
    raw[40:48] = struct.pack("<Q", data.draw(st.sampled_from([0, 64, 1 << 63, len(raw) - 64])))
    with contextlib.suppress(ParseError):
        ask_everything(parse_elf(bytes(raw)))
