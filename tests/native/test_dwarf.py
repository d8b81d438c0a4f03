"""Lines and inlined calls are those that addr2line finds, in every version of DWARF; damage costs the answer, no more."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.memory.elf import open_elf, parse_elf
from memwhy.native.dwarf import Dwarf, Place

needs_tools = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("c++", "addr2line", "objcopy", "nm")), reason="no compiler here"
)
SOURCE = Path(__file__).parent / "programs" / "cgostacks" / "shop.cpp"
SMALL = """
static inline __attribute__((always_inline)) int inner(int a) { return a * a + 3; }
static inline __attribute__((always_inline)) int middle(int a) { return inner(a) + inner(a + 1); }
volatile int sink;
int outer(int a)
{
    sink = middle(a);
    return middle(sink) + 1;
}
"""
FLAVOURS = [
    ("-gdwarf-2",),
    ("-gdwarf-3",),
    ("-gdwarf-4",),
    ("-gdwarf-5",),
    ("-gdwarf-5", "-gz"),
    ("-gdwarf-4", "-ffunction-sections"),
]


def built(folder: Path, source: Path, *flags: str) -> Path:
    compiler = "c++" if source.suffix == ".cpp" else "cc"
    to = folder / f"lib{source.stem}.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", *flags, str(source), "-o", str(to)], check=True, cwd=folder)
    return to


def code(path: Path) -> list[int]:
    """Addresses of instructions, taken from the disassembly."""
    said = subprocess.run(
        ["objdump", "-d", "-j", ".text", str(path)], capture_output=True, text=True, check=True
    ).stdout
    return [int(found, 16) for found in re.findall(r"^ +([0-9a-f]+):\t", said, re.MULTILINE)]


def said_by_addr2line(path: Path, places: list[int]) -> list[list[tuple[str, str, int]]]:
    """[(function, file's name, line), …] for each address."""
    asked = "\n".join(map(hex, places))
    done = subprocess.run(["addr2line", "-afie", str(path)], input=asked, capture_output=True, text=True, check=True)
    found: list[list[tuple[str, str, int]]] = []
    lines = done.stdout.splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("0x"):
            found.append([])
            at += 1
            continue
        file, _, line = lines[at + 1].partition(" ")[0].rpartition(":")
        found[-1].append((lines[at], file.rpartition("/")[2].replace("??", ""), int(line) if line.isdecimal() else 0))
        at += 2
    return found


def told(places: tuple[Place, ...]) -> list[tuple[str, str, int]]:
    return [(place.function, place.file.rpartition("/")[2], place.line) for place in places]


@needs_tools
@pytest.mark.parametrize("flags", FLAVOURS, ids=" ".join)
@pytest.mark.parametrize("kind", ["c", "cpp"])
def test_every_instruction_stands_where_addr2line_says(tmp_path: Path, kind: str, flags: tuple[str, ...]) -> None:
    source = SOURCE
    if kind == "c":
        source = tmp_path / "small.c"
        source.write_text(SMALL)
    path = built(tmp_path, source, *flags)
    places = code(path)
    if len(places) > 1500:
        places = sorted(random.Random(1).sample(places, 1500))
    with open_elf(str(path)) as elf:
        dwarf = Dwarf(elf)
        ours = [told(dwarf.find(place)) for place in places]
    known = [(mine, other) for mine, other in zip(ours, said_by_addr2line(path, places), strict=True) if mine]
    assert len(known) > 8
    wrong = [(mine, other) for mine, other in known if mine != other]
    assert len(wrong) <= len(known) // 100, wrong[:3]
    assert max(len(mine) for mine, _ in known) >= 3


@needs_tools
def test_a_file_without_dwarf_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "small.c").write_text(SMALL)
    path = built(tmp_path, tmp_path / "small.c")
    with open_elf(str(path)) as elf:
        assert Dwarf(elf).find(code(path)[0]) == ()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int], dict[str, tuple[int, int]]]:
    """A library with DWARF, its instructions, and where its debug sections lie in the file."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("dwarf")
    (folder / "small.c").write_text(SMALL)
    path = built(folder, folder / "small.c", "-gdwarf-5")
    with open_elf(str(path)) as elf:
        sections = {one.name: (one.offset, one.size) for one in elf.sections if one.name.startswith(".debug_")}
    return path.read_bytes(), code(path), sections


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_dwarf_costs_the_answer_and_no_more(
    small: tuple[bytes, list[int], dict[str, tuple[int, int]]], data: st.DataObject
) -> None:
    raw, places, sections = small
    damaged = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 8))):
        offset, size = sections[data.draw(st.sampled_from(sorted(sections)))]
        damaged[offset + data.draw(st.integers(0, size - 1))] = data.draw(st.integers(0, 255))
    dwarf = Dwarf(parse_elf(bytes(damaged)))
    for place in places[::7]:
        found = dwarf.find(place)
        assert all(one.line >= 0 for one in found)
        assert not found or not found[-1].inlined
