"""Unwind rules of whole processes: each module's once, the large ones left out by name when there is no room."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memwhy.memory.elf import Elf, open_elf, parse_elf
from memwhy.memory.space import Module
from memwhy.native.layout import Module as ModuleRow
from memwhy.native.layout import Row
from memwhy.native.rows import RuleBook, find_eh_frame, read_rows

pytest.importorskip("memwhy._core._eh_rows")

LIBC = next((path for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6") if Path(path).exists()), "")
needs_libc = pytest.mark.skipif(not LIBC, reason="no glibc where it is looked for")


def loaded(elf: Elf | None, start: int, *, path: str = "/lib/libone.so.1", is_program: bool = False) -> Module:
    return Module(path=path, start=start, end=start + (64 << 20), bias=start, elf=elf, is_program=is_program)


@needs_libc
def test_a_modules_rules_cover_its_code_wherever_it_is_loaded() -> None:
    with open_elf(LIBC) as elf:
        here, note = read_rows(loaded(elf, 0x7F0000000000))
        there, _ = read_rows(loaded(elf, 0x10000000))
    assert here is not None and there is not None and note == ""
    assert (here.rows, here.functions, here.broken) == (there.rows, there.functions, there.broken)
    assert here.functions > 1000 and here.broken == 0
    assert (here.lo, there.lo) == (0x7F0000000000, 0x10000000)


@needs_libc
def test_a_file_without_section_headers_has_the_same_rules() -> None:
    raw = bytearray(Path(LIBC).read_bytes())
    with open_elf(LIBC) as elf:
        whole = find_eh_frame(elf)
    raw[40:48], raw[60:62] = bytes(8), bytes(2)
    bare = find_eh_frame(parse_elf(bytes(raw)))
    assert whole is not None and bare is not None
    assert bare[0] == whole[0]
    assert bare[1].rstrip(b"\0") == whole[1].rstrip(b"\0")


@needs_libc
def test_what_does_not_fit_is_left_out_whole_and_named_the_program_never_before_a_library() -> None:
    with open_elf(LIBC) as elf, open_elf(sys.executable) as program:
        libc, _ = read_rows(loaded(elf, 0))
        assert libc is not None
        modules = [
            loaded(elf, 0x10000000, path="/lib/libone.so.1"),
            loaded(program, 0x400000, path="/bin/python", is_program=True),
            loaded(elf, 0x7F0000000000, path="/lib/libtwo.so.2"),
        ]
        own, _ = read_rows(modules[1])
        assert own is not None
        rules = RuleBook(most_rows=own.count + libc.count).rules(modules)
    assert [module.name for module in rules.modules] == ["python", "libone.so.1"]
    assert rules.notes == (
        f"stacks end at the first function of libtwo.so.2: its {libc.count:,} rules do not fit beside the others'",
    )
    first, second = (ModuleRow.from_buffer_copy(rules.modules_bytes(), at) for at in (0, 32))
    assert (first.lo, first.first_row, first.rows) == (0x400000, 0, own.count)
    assert (second.lo, second.first_row, second.rows) == (0x10000000, own.count, libc.count)
    row = Row.from_buffer_copy(rules.rows_bytes(), 8 * own.count)
    assert bytes(row) == libc.rows[:8]


def test_a_module_whose_file_is_gone_is_named() -> None:
    rules = RuleBook().rules([loaded(None, 0x10000000)])
    assert rules.modules == ()
    assert rules.notes == ("stacks end at the first function of libone.so.1: its file cannot be read",)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_a_library_built_without_unwind_rules_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int f(void) { return 1; }\n")
    flags = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-shared", "-nostdlib", "-fPIC"]
    subprocess.run(["cc", *flags, "a.c", "-o", "libbare.so"], cwd=tmp_path, check=True)
    with open_elf(str(tmp_path / "libbare.so")) as elf:
        rows, note = read_rows(loaded(elf, 0x10000000, path="/lib/libbare.so"))
    assert rows is None
    assert note == "stacks end at the first function of libbare.so: it has no unwind rules (.eh_frame)"
