"""Unwind rules are what readelf says of real libraries, and nothing that a damaged section holds can do harm."""

import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.memory.elf import open_elf
from memwhy.native.rows import find_eh_frame

eh_rows = pytest.importorskip("memwhy._core._eh_rows").eh_rows

CORE = Path(__file__).parents[2] / "src" / "memwhy" / "_core"
NO_RULE, BY_RSP, BY_RBP, OUTERMOST, ALIGNED = range(5)
MOST = 1 << 20
REGISTERS = {"rsp": BY_RSP, "rbp": BY_RBP}

Rule = tuple[int, int, int]
"""kind, cfa words, rbp words"""


def rows_of(raw: bytes, address: int = 0, base: int = 0, most: int = MOST) -> list[tuple[int, int, int, int]]:
    """(pc, kind, cfa words, rbp words) of each row."""
    rows, _, _, _, _ = eh_rows(raw, address, base, most)
    return [(pc, kind, cfa, rbp) for pc, cfa, rbp, kind in struct.iter_unpack("<IhbB", rows)]


def libraries() -> list[str]:
    """The interpreter, and libraries of C, C++ and assembly where the distribution has them."""
    folder = Path("/usr/lib/x86_64-linux-gnu")
    names = ("libc.so.6", "ld-linux-x86-64.so.2", "libgcc_s.so.1", "libstdc++.so.6", "libxml2.so.2", "libsqlite3.so.0")
    return [sys.executable, *(str(folder / name) for name in names if (folder / name).is_file())]


# --- beside readelf -----------------------------------------------------------------------------------------------------------


def said_by_readelf(path: str) -> Iterator[tuple[int, Rule | None]]:
    """(pc, rule) of every row that readelf prints; None for those that it cannot put into numbers."""
    command = ["readelf", "--debug-dump=frames-interp", "-wN", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    columns: list[str] = []
    commons: dict[str, Rule | None] = {}
    common, function, is_drawn = "", -1, True
    for line in done.stdout.split("Contents of the .debug_frame")[0].splitlines():
        words = line.replace(" (", "(").split()  # "r2 (rcx)": in a register
        header = re.match(
            r"([0-9a-f]{8}) [0-9a-f]+ [0-9a-f]{8} (?:CIE|FDE cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+))", line
        )
        if header:
            common = header[2] or header[1]
            function = int(header[3], 16) if header[2] and header[3] != header[4] else -1
            columns, is_drawn = [], header[3] == header[4]
        elif not words:
            if not is_drawn and function >= 0:
                yield function, commons[common]  # no row of its own
            is_drawn, columns = True, []
        elif words[0] == "LOC":
            columns = words
        elif columns:
            row = dict(zip(columns, words, strict=True))
            rule = rule_of(row["CFA"], row.get("rbp", "u"), row["ra"])
            is_drawn = True
            if function >= 0:
                yield int(row["LOC"], 16), rule
            else:
                commons[common] = rule


def rule_of(cfa: str, rbp: str, ra: str) -> Rule | None:
    if ra == "u":
        return OUTERMOST, 0, 0
    at = re.fullmatch(r"(\w+)([+-]\d+)", cfa)
    saved = re.fullmatch(r"c([+-]\d+)", rbp)
    if at is None or at[1] not in REGISTERS or ra != "c-8" or (saved is None and rbp not in "us") or int(at[2]) % 8:
        return None
    return REGISTERS[at[1]], int(at[2]) // 8, int(saved[1]) // 8 if saved else 0


def covering(rows: list[tuple[int, int, int, int]], pcs: list[int]) -> list[Rule]:
    found, at = [], 0
    for pc in pcs:
        while at + 1 < len(rows) and rows[at + 1][0] <= pc:
            at += 1
        found.append(rows[at][1:])
    return found


@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf here")
@pytest.mark.parametrize("path", libraries())
def test_every_rule_is_the_one_that_readelf_draws(path: str) -> None:
    with open_elf(path) as elf:
        section = find_eh_frame(elf)
        assert section is not None
        rows = rows_of(section[1], section[0])
    said = dict(said_by_readelf(path))
    pcs = sorted(said)
    ours = dict(zip(pcs, covering(rows, pcs), strict=True))
    wrong = {
        hex(pc): (rule, ours[pc])
        for pc, rule in said.items()
        if (rule is not None and ours[pc] != rule) or (rule is None and ours[pc][0] not in (NO_RULE, ALIGNED))
    }
    assert wrong == {}
    assert said
    without_numbers = sum(rule is None for rule in said.values())
    assert without_numbers <= 3 + len(said) // 50


# --- made by hand -------------------------------------------------------------------------------------------------------------

CIE = bytes([0x0C, 7, 8, 0x90, 1])  # def_cfa rsp+8; return address at cfa-8


def section(program: bytes, size: int = 0x100, *, initial: bytes = CIE, letters: bytes = b"zR") -> bytes:
    """A section of one CIE and one function at 0x1000, absolute 4-byte pointers."""
    body = b"\x01" + letters + b"\0" + b"\x01\x78\x10" + b"\x01\x03" + initial
    cie = record(struct.pack("<I", 0) + body)
    fde = struct.pack("<I", len(cie) + 4) + struct.pack("<II", 0x1000, size) + b"\0" + program
    return cie + record(fde) + bytes(4)


def record(body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<I", len(body)) + body


END = (0x1100, NO_RULE, 0, 0)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (b"", [(0x1000, BY_RSP, 1, 0)]),
        (b"\x41\x0e\x10\x86\x02", [(0x1000, BY_RSP, 1, 0), (0x1001, BY_RSP, 2, -2)]),  # push %rbp
        (
            b"\x41\x0e\x10\x86\x02\x43\x0d\x06",
            [(0x1000, BY_RSP, 1, 0), (0x1001, BY_RSP, 2, -2), (0x1004, BY_RBP, 2, -2)],
        ),
        (
            b"\x02\x20\x0e\x10\x0a\x02\x20\x0e\x18\x0b",
            [(0x1000, BY_RSP, 1, 0), (0x1020, BY_RSP, 2, 0)],
        ),  # remember, restore
        (b"\x03\x40\x00\x0e\x10", [(0x1000, BY_RSP, 1, 0), (0x1040, BY_RSP, 2, 0)]),
        (b"\x04\x80\x00\x00\x00\x12\x07\x7c", [(0x1000, BY_RSP, 1, 0), (0x1080, BY_RSP, 4, 0)]),  # def_cfa_sf, -4 × -8
        (b"\x41\x86\x02\x42\xc6", [(0x1000, BY_RSP, 1, 0), (0x1001, BY_RSP, 1, -2), (0x1003, BY_RSP, 1, 0)]),  # restore
        (b"\x41\x0c\x03\x10", [(0x1000, BY_RSP, 1, 0), (0x1001, NO_RULE, 0, 0)]),  # cfa by rbx
        (b"\x41\x0f\x03\x76\x78\x06\x10\x06\x02\x76\x00", [(0x1000, BY_RSP, 1, 0), (0x1001, ALIGNED, -1, 0)]),
        (b"\x41\x0f\x03\x77\x08\x06", [(0x1000, BY_RSP, 1, 0), (0x1001, NO_RULE, 0, 0)]),  # an expression of rsp: a PLT
        (b"\x07\x10", [(0x1000, OUTERMOST, 0, 0)]),
        (b"\x09\x10\x03", [(0x1000, NO_RULE, 0, 0)]),  # the return address in a register
        (b"\x41\x0e\x11", [(0x1000, BY_RSP, 1, 0), (0x1001, NO_RULE, 0, 0)]),  # a cfa between two words
        (b"\x41\x0e\xff\xff\xff\xff\x0f", [(0x1000, BY_RSP, 1, 0), (0x1001, NO_RULE, 0, 0)]),  # a giant frame
        (b"\x0b", [(0x1000, NO_RULE, 0, 0)]),  # restores what nobody remembered: the whole function has no rules
        (b"\x41\x3f", [(0x1000, NO_RULE, 0, 0)]),  # no such instruction
        (b"\x41\x0e", [(0x1000, BY_RSP, 1, 0), (0x1001, BY_RSP, 0, 0)]),  # its operand is the padding
    ],
)
def test_each_instruction_draws_its_rows(program: bytes, expected: list[tuple[int, int, int, int]]) -> None:
    rows = rows_of(section(program))
    assert rows == ([*expected, END] if expected[-1][1] != NO_RULE else expected)


def test_an_unknown_augmentation_has_no_rules() -> None:
    assert eh_rows(section(b"\x0e\x10", letters=b"zQ"), 0, 0, MOST) == (b"", 1, 1, -1, 0)


def test_a_signal_frame_has_no_rules() -> None:
    assert {kind for _, kind, _, _ in rows_of(section(b"\x41\x86\x02", letters=b"zRS"))} == {NO_RULE}


def test_a_section_that_is_cut_says_where() -> None:
    whole = section(b"\x41\x0e\x10")
    cut = whole[: len(whole) - 8]
    _, functions, _, fault, _ = eh_rows(cut, 0, 0, MOST)
    assert (functions, fault) == (0, struct.unpack_from("<I", whole)[0] + 4)


def test_a_section_with_too_many_rows_gives_none_and_says_so() -> None:
    assert eh_rows(section(b"\x41\x0e\x10\x41\x0e\x18"), 0, 0, 2) == (b"", 1, 0, -1, 1)


# --- hostile --------------------------------------------------------------------------------------------------------------------


def check(raw: bytes, address: int, base: int, most: int) -> None:
    rows, functions, broken, fault, too_many = eh_rows(raw, address, base, most)
    pcs = [row[0] for row in struct.iter_unpack("<IhbB", rows)]
    assert pcs == sorted(set(pcs))
    assert {row[3] for row in struct.iter_unpack("<IhbB", rows)} <= {NO_RULE, BY_RSP, BY_RBP, OUTERMOST, ALIGNED}
    assert len(pcs) <= max(most, 0)
    assert 0 <= broken <= functions <= len(raw) // 8
    assert -1 <= fault < max(len(raw), 1)
    assert not (too_many and rows)


addresses = st.integers(0, (1 << 64) - 1)


@given(st.binary(max_size=400), addresses, addresses, st.integers(-1, 1000))
def test_any_bytes_give_rows_in_order_or_none(raw: bytes, address: int, base: int, most: int) -> None:
    check(raw, address, base, most)


@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=16)), max_size=6))
def test_any_programs_between_sound_records_give_rows_in_order(programs: list[tuple[bytes, bytes]]) -> None:
    check(b"".join(section(program, initial=CIE + more)[:-4] for program, more in programs), 0, 0, 1000)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_real_section_with_bytes_changed_gives_rows_in_order(data: st.DataObject) -> None:
    with open_elf(sys.executable) as elf:
        found = find_eh_frame(elf)
    assert found is not None
    raw = bytearray(found[1][:20_000])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=12)):
        raw[place] = value
    check(bytes(raw), found[0], 0, MOST)


def test_a_claim_of_endless_code_costs_nothing() -> None:
    rows = rows_of(section(b"\x04\xff\xff\xff\xff\x0e\x10" * 3, size=0xFFFFFFFF - 0x1000))
    assert len(rows) < 8


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_damaged_sections_are_read_within_their_bounds(tmp_path: Path) -> None:
    sources = [Path(__file__).with_name("fuzz_eh_rows.c"), CORE / "eh_rows.c", CORE / "eh_program.c"]
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = ["cc", "-std=c11", "-O1", *checks, f"-I{CORE}", *map(str, sources), "-o", "fuzz"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    if built.returncode:
        pytest.skip("the compiler has no sanitizers")
    (tmp_path / "made").write_bytes(section(b"\x41\x0e\x10\x86\x02\x0a\x42\x0b\x0f\x03\x76\x78\x06\x16\x06\x01\x30"))
    with open_elf(sys.executable) as elf:
        found = find_eh_frame(elf)
    assert found is not None
    (tmp_path / "real").write_bytes(found[1][:3000])
    done = subprocess.run(
        ["./fuzz", "20000", "made", "real"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
