"""Cores of real processes, by the kernel and by gcore, whole and damaged: what the program told is found in them."""

import os
import re
import shutil
import struct
import subprocess
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_programs import Target, built, looking_at, process_of

from memwhy.memory.core import Core
from memwhy.memory.corefile import Headers, Load, parse_core
from memwhy.memory.coremap import map_core
from memwhy.memory.corepages import BY_HOLES, BY_ZEROS, Pages
from memwhy.memory.elf import Image
from memwhy.memory.residency import bytes_of
from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping

PAGE = 4096
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Dumped:
    """A core, and what its process told before. mappings: as the live process had them, where it lived on."""

    path: Path
    target: Target
    mappings: tuple[Mapping, ...] = ()


@pytest.fixture(scope="module")
def by_kernel(tmp_path_factory: pytest.TempPathFactory) -> Dumped:
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip("this kernel hands cores to another program")
    directory = tmp_path_factory.mktemp("kernel")
    process = subprocess.Popen(
        ["sh", "-c", 'ulimit -c unlimited; exec "$0" abort', str(built("places"))],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        target = Target(process)
    cores = list(directory.glob("core*"))
    if not cores:
        pytest.skip("no core was written here")
    return Dumped(cores[0], target)


@pytest.fixture(scope="module")
def by_gcore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dumped]:
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    directory = tmp_path_factory.mktemp("gcore")
    with process_of(built("places")) as process:
        target = Target(process)
        with looking_at(target.pid) as space:
            mappings = space.mappings
        done = subprocess.run(
            ["gcore", "-o", str(directory / "core"), str(target.pid)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip("gcore may not attach here")
        yield Dumped(directory / f"core.{target.pid}", target, mappings)


@pytest.fixture(scope="module", params=["by_kernel", "by_gcore"])
def dumped(request: pytest.FixtureRequest) -> Dumped:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_what_the_program_wrote_is_read_from_its_core(dumped: Dumped) -> None:
    told = dumped.target.told
    with Core.open(str(dumped.path)) as core:
        assert core.read(told["heap"], 11) == b"on the heap"
        assert core.read(told["data"], 16) == b"initialised data"
        assert core.read(told["bss"] + 2 * PAGE, 10) == b"in the bss"
        assert core.read(told["constants"], 23) == b"constants are read-only"
        assert (core.program, core.pid, core.name) == ("places", None, str(dumped.path))
        assert core.notes in {(BY_HOLES,), (BY_ZEROS,)}
        assert core.facts == {
            "process.comm": "places",
            "process.pid": str(dumped.target.pid),
            "process.exe": str(built("places")),
            "process.threads_count": "3",
        }
        gathered = core.gather([told["heap"], 8, told["constants"], told["data"]], 10)
        assert gathered == b"on the hea" + bytes(10) + b"constants " + b"initialise"
        assert [core.read(at, 8) for at in (0, -1, 1 << 47, 1 << 63, (1 << 64) - 1)] == [b""] * 5


def test_code_that_the_core_leaves_out_comes_from_the_file_that_ran(dumped: Dumped) -> None:
    with Core.open(str(dumped.path)) as core:
        modules = {module.name: module for module in core.modules()}
        program = modules["places"]
        assert program.is_program and program.elf is not None
        assert [name for name, module in modules.items() if module.is_program] == ["places"]
        assert program.elf.entry + program.bias == dumped.target.told["entry"]
        assert program.written[-1][1] == dumped.target.told["end"]
        code = dumped.target.told["code"]
        assert core.read(code, 64) == program.elf.read_at(code - program.bias, 64)
        libc = next(module for name, module in modules.items() if name.startswith("libc."))
        for start, end in libc.constant:
            assert len(core.read(start, end - start)) == end - start
        assert core.gather([code] * 3, 16) == core.read(code, 16) * 3


def test_threads_stand_on_their_stacks(dumped: Dumped) -> None:
    with Core.open(str(dumped.path)) as core:
        threads = {thread.tid: thread for thread in core.threads()}
        assert set(threads) == {dumped.target.pid, *(tid for tid, _, _ in dumped.target.threads)}
        for tid, on_stack, _ in dumped.target.threads:
            assert 0 <= on_stack - (threads[tid].stack_pointer or 0) < 16384
            assert len(threads[tid].registers) == 27
            assert threads[tid].registers[19] == threads[tid].stack_pointer


def test_heap_stack_and_vdso_are_named_although_a_core_does_not_name_them(dumped: Dumped) -> None:
    with Core.open(str(dumped.path)) as core:
        named = {mapping.path: mapping for mapping in core.mappings if mapping.path.startswith("[")}
        assert set(named) == {"[heap]", "[stack]", "[vdso]"}
        assert named["[heap]"].start <= dumped.target.told["heap"] < named["[heap]"].end
        assert len(core.mappings) == len({mapping.start for mapping in core.mappings})


def test_the_mappings_of_a_core_are_those_that_the_process_had(by_gcore: Dumped) -> None:
    unseen = {"[vvar]", "[vvar_vclock]", "[vsyscall]"}
    with Core.open(str(by_gcore.path)) as core:
        of_core = [(m.start, m.end, m.path, m.offset if m.inode else 0) for m in core.mappings if m.start < 1 << 63]
    of_process = [
        (m.start, m.end, m.path, m.offset if m.inode else 0) for m in by_gcore.mappings if m.path not in unseen
    ]
    assert of_core == of_process


def test_only_what_was_touched_is_resident_in_a_sparse_core(by_kernel: Dumped) -> None:
    if os.stat(by_kernel.path).st_blocks * 512 >= os.stat(by_kernel.path).st_size:
        pytest.skip("this file system keeps no holes")
    at = by_kernel.target.told["untouched"]
    with Core.open(str(by_kernel.path)) as core:
        assert list(core.resident(at, at + MIB)) == [at + 5 * PAGE, at + 6 * PAGE]
        assert list(core.resident(at + 5 * PAGE + 8, at + 5 * PAGE + 16)) == [at + 5 * PAGE + 8, at + 5 * PAGE + 16]
        everything = core.resident(0, 1 << 64)
        assert list(everything) == sorted(everything)
        assert 0 < bytes_of(everything) < 2 * MIB
        heap = by_kernel.target.told["heap"] & -PAGE
        assert heap in everything[::2] or bytes_of(core.resident(heap, heap + PAGE)) == PAGE


def test_what_gcore_wrote_of_untouched_pages_is_not_resident(by_gcore: Dumped) -> None:
    with Core.open(str(by_gcore.path)) as core:
        at = by_gcore.target.told["untouched"]
        assert list(core.resident(at, at + MIB)) == [at + 5 * PAGE, at + 6 * PAGE]
        assert list(core.resident(at + 5 * PAGE + 8, at + 5 * PAGE + 16)) == [at + 5 * PAGE + 8, at + 5 * PAGE + 16]


def test_a_core_with_holes_and_its_copy_without_hold_the_same_pages(by_kernel: Dumped, tmp_path: Path) -> None:
    filled = tmp_path / "filled"
    filled.write_bytes(by_kernel.path.read_bytes())
    with Core.open(str(by_kernel.path)) as core, Core.open(str(filled)) as copy:
        if core.notes != (BY_HOLES,):
            pytest.skip("this file system keeps no holes")
        assert copy.notes == (BY_ZEROS,)
        ours, theirs = pages_of(copy.resident(0, 1 << 64)), pages_of(core.resident(0, 1 << 64))
        assert ours <= theirs
        assert all(not core.read(page, PAGE).strip(b"\0") for page in theirs - ours)
        assert len(theirs - ours) < len(theirs) / 10


def pages_of(pairs: "array[int]") -> set[int]:
    return {page for low, high in zip(pairs[::2], pairs[1::2], strict=True) for page in range(low & -PAGE, high, PAGE)}


@settings(deadline=None)
@given(
    pages=st.lists(st.booleans(), max_size=700),
    tail=st.integers(0, PAGE - 1),
    cut=st.tuples(st.integers(0, 720 * PAGE), st.integers(0, 720 * PAGE)),
)
def test_without_holes_exactly_the_pages_with_anything_in_them_are_resident(
    pages: list[bool], tail: int, cut: tuple[int, int]
) -> None:
    raw = b"".join(bytes(PAGE - 1) + bytes([written]) for written in pages) + bytes(tail) + b"!"
    load = Load(start=16 * PAGE, end=16 * PAGE + len(raw), offset=3, file_size=len(raw), perms="rw-p")
    start, end = (load.start + min(at, len(raw)) for at in sorted(cut))
    with tempfile.TemporaryFile() as file:
        file.write(b"ELF" + raw)
        file.flush()
        found = Pages(file.fileno(), [load])
        pairs = found.of(load, start, end) if start < end else array("Q")
    assert found.note == BY_ZEROS
    assert list(pairs) == sorted(set(pairs))
    covered = {at for low, high in zip(pairs[::2], pairs[1::2], strict=True) for at in range(low, high, 512)}
    assert all(start <= low < high <= end for low, high in zip(pairs[::2], pairs[1::2], strict=True))
    expected = bytes_of(pairs)
    wanted = [
        (max(start, load.start + at * PAGE), min(end, load.start + min(len(raw), (at + 1) * PAGE)))
        for at, written in enumerate([*pages, True])
        if written
    ]
    assert expected == sum(high - low for low, high in wanted if low < high)
    assert all(any(low <= at < high for low, high in wanted) for at in covered)


def test_a_core_that_was_cut_off_gives_what_is_there_and_says_how_much_is_not(
    by_kernel: Dumped, tmp_path: Path
) -> None:
    size = os.stat(by_kernel.path).st_size
    cut = tmp_path / "cut"
    shutil.copy(by_kernel.path, cut)
    told = by_kernel.target.told
    with Core.open(str(by_kernel.path)) as core:
        ends = [load.offset + load.file_size for load in core._headers.loads]
    os.truncate(cut, size - 100_000)
    with Core.open(str(cut)) as core:
        assert core.notes == (
            f"the core is cut off: {max(ends) - size + 100_000} B that it claims to hold are missing",
            core.notes[-1],
        )
        assert core.read(told["heap"], 11) == b"on the heap"
        assert len(core.threads()) == 3
        stack = next(mapping for mapping in core.mappings if mapping.path == "[stack]")
        assert len(core.read(stack.start, stack.size_bytes)) < stack.size_bytes
        assert bytes_of(core.resident(stack.start, stack.end)) <= stack.size_bytes


def test_a_core_that_lost_its_notes_still_gives_its_memory(by_gcore: Dumped, tmp_path: Path) -> None:
    with Core.open(str(by_gcore.path)) as core:
        end = max(load.offset + load.file_size for load in core._headers.loads)
    if end + 5000 > os.stat(by_gcore.path).st_size:
        pytest.skip("this gcore writes its notes first")
    cut = tmp_path / "cut"
    shutil.copy(by_gcore.path, cut)
    os.truncate(cut, end)
    with Core.open(str(cut)) as core:
        assert core.notes[:-1] == ("the core is cut off within its notes: threads and file names may be missing",)
        assert core.read(by_gcore.target.told["heap"], 11) == b"on the heap"
        assert (core.threads(), core.modules(), core.program, core.facts) == ((), (), "", {})


def test_another_file_under_the_programs_name_is_not_believed(by_gcore: Dumped, tmp_path: Path) -> None:
    other = tmp_path / str(built("places")).lstrip("/")
    other.parent.mkdir(parents=True)
    shutil.copy(built("pages"), other)
    with Core.open(str(by_gcore.path), root=str(tmp_path)) as core:
        program = next(module for module in core.modules() if module.is_program)
        assert program.elf is None
        assert program.written[-1][1] == by_gcore.target.told["end"], "the headers in the core tell the bss"
        assert core.read(by_gcore.target.told["code"], 8) == b""
        notes = [note for note in core.notes if note.startswith(str(built("places")))]
        assert len(notes) == 1
        assert "is not the file that ran" in notes[0]
        assert any("libc.so.6 is not on this machine, or may not be read" in note for note in core.notes)


PACKERS = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18", "xz": b"\xfd7zXZ\0"}


@pytest.mark.parametrize("packer", PACKERS)
def test_a_packed_core_is_refused_with_the_command_that_unpacks_it(packer: str, tmp_path: Path) -> None:
    path = tmp_path / "core.packed"
    path.write_bytes(PACKERS[packer] + bytes(100))
    with pytest.raises(ParseError, match=f"packed with {packer}; unpack it first: {packer} -d"):
        Core.open(str(path))


def header(*, width: int = 2, order: int = 1, kind: int = 4, machine: int = 62, count: int = 1, at: int = 64) -> bytes:
    mark = "<" if order == 1 else ">"
    start = b"\x7fELF" + bytes([width, order, 1]) + bytes(9)
    return start + struct.pack(f"{mark}HHIQQQIHHHHHH", kind, machine, 1, 0, at, 0, 0, 64, 56, count, 0, 0, 0)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "the file is empty"),
        (b"hello", "not a core file: 'hell'"),
        (b"\x7fELF\x02\x01", "cut off after 6 bytes"),
        (header(machine=183), "this is 64-bit little-endian arm64; only cores of 64-bit x86-64"),
        (header(machine=22, order=2), "this is 64-bit big-endian S/390;"),
        (header(machine=3, width=1), "this is 32-bit little-endian i386;"),
        (header(machine=62, width=1), "this is 32-bit little-endian x86-64;"),
        (header(machine=9999), "ELF machine 9999"),
        (header(kind=3), "this is a program or a library, not a core file"),
        (header(), "cut off within the table of its 1 segments"),
        (header(count=0), "0 segment headers"),
        (header(at=1 << 63), "cut off within the table"),
        (header() + struct.pack("<IIQQQQQQ", 1, 6, 0, 1 << 20, 0, 0, 0, 0), "holds no memory"),
    ],
)
def test_what_is_no_core_of_ours_is_refused_by_name(raw: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(raw)
    with pytest.raises(ParseError, match=re.escape(problem)):
        Core.open(str(path))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, problem in (
        (tmp_path / "none", "cannot be opened"),
        (tmp_path, "not a regular"),
        (tmp_path / "pipe", "not a regular"),
    ):
        with pytest.raises(ParseError, match=problem):
            Core.open(str(path))


def segments(*rows: tuple[int, int, int, int]) -> bytes:
    """A core with these segments of memory: address, size in memory, offset, size in the file."""
    table = b"".join(struct.pack("<IIQQQQQQ", 1, 6, at, start, 0, held, size, PAGE) for start, size, at, held in rows)
    return header(count=len(rows)) + table


def test_hostile_segments_are_left_out_and_told() -> None:
    top = (1 << 64) - PAGE
    raw = segments(
        (0x1000, 0x1000, 0, 64),
        (0x1800, 0x1000, 0, 64),
        (top, 2 * PAGE, 0, 8),
        (top, PAGE, 0, 8),
        (0x9000, 16, 1 << 62, 16),
    )
    headers = parse_core(Image(raw), "core")
    assert [(load.start, load.end, load.file_size) for load in headers.loads] == [
        (0x1000, 0x2000, 64), (0x9000, 0x9010, 0), (top, 1 << 64, 8),
    ]  # fmt: skip
    assert headers.missing_bytes == 16
    assert headers.notes == (
        "the core is cut off: 16 B that it claims to hold are missing",
        "2 of the core's segments overlap others or leave the address space: left out",
    )


def test_more_segments_than_the_header_can_count_are_found_where_elf_says() -> None:
    count = 70_000
    rows = b"".join(struct.pack("<IIQQQQQQ", 1, 6, 0, PAGE * (1 + i), 0, 1, PAGE, PAGE) for i in range(count))
    section_at = 64 + len(rows)
    raw = bytearray(header(count=0xFFFF) + rows + bytes(44) + count.to_bytes(4, "little") + bytes(16))
    raw[40:48] = section_at.to_bytes(8, "little")
    assert len(parse_core(Image(bytes(raw)), "core").loads) == count


def examine(raw: bytes) -> None:
    """All that is derived from a core's headers, or a ParseError."""
    try:
        headers: Headers = parse_core(Image(raw), "core")
    except ParseError:
        return
    flat = array("Q")
    for load in headers.loads:
        flat.extend((load.start, min(load.end, (1 << 64) - 1)))
    assert list(flat) == sorted(flat)
    mappings = map_core(headers, lambda address, size: b"")
    for before, after in pairwise(mappings):
        assert before.start < before.end <= after.start < after.end


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_headers_or_a_parse_error(raw: bytes) -> None:
    examine(raw)
    examine(header(count=2) + raw)


@settings(deadline=None)
@given(data=st.data())
def test_a_real_core_with_damaged_headers_and_notes_gives_headers_or_a_parse_error(
    by_kernel: Dumped, data: st.DataObject
) -> None:
    with by_kernel.path.open("rb") as file:
        raw = bytearray(file.read(48 << 10))
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(raw) - 8))
        word = data.draw(st.sampled_from([0, 1, 0xFF, PAGE, (1 << 32) - 1, 1 << 47, 1 << 63, (1 << 64) - 1]))
        size = data.draw(st.sampled_from([1, 2, 4, 8]))
        raw[at : at + size] = word.to_bytes(8, "little")[:size]
    examine(bytes(raw[: data.draw(st.integers(64, len(raw)))]))


ranges = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), max_size=6)


@settings(deadline=None)
@given(loads=ranges, files=ranges)
def test_every_page_of_segments_and_files_is_in_exactly_one_mapping(
    loads: list[tuple[int, int]], files: list[tuple[int, int]]
) -> None:
    def placed(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
        at, out = 16, []
        for gap, size in rows:
            out.append((at + gap, at + gap + size))
            at += gap + size
        return out

    memory, parts = placed(loads), placed(files)
    notes = struct.pack("<QQ", len(parts), PAGE)
    notes += b"".join(struct.pack("<QQQ", start * PAGE, end * PAGE, 100 * start) for start, end in parts)
    notes += b"".join(b"/file%d\0" % index for index, _ in enumerate(parts))
    note = struct.pack("<III", 5, len(notes), 0x46494C45) + b"CORE\0\0\0\0" + notes
    count = len(memory) + 2
    at = 64 + 56 * count
    table = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), 0, 4)
    for start, end in [*memory, (1000, 1001)]:
        table += struct.pack("<IIQQQQQQ", 1, 6, 0, start * PAGE, 0, 0, (end - start) * PAGE, PAGE)
    found = parse_core(Image(header(count=count) + table + note), "core")
    pages: dict[int, str] = {}
    for mapping in map_core(found, lambda address, size: b""):
        for page in range(mapping.start // PAGE, mapping.end // PAGE):
            assert page not in pages
            pages[page] = mapping.path
            if mapping.path:
                start = parts[int(mapping.path.removeprefix("/file"))][0]
                assert mapping.offset - (mapping.start - start * PAGE) == 100 * start * PAGE
    expected = {page: "" for start, end in [*memory, (1000, 1001)] for page in range(start, end)}
    expected |= {page: f"/file{index}" for index, (start, end) in enumerate(parts) for page in range(start, end)}
    assert pages == expected
