"""The shipped layout tables: whole, readable, and what the installed Go makes today."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from attach_programs import build, go_commands
from hypothesis import given, settings
from hypothesis import strategies as st

import memwhy.runtimes.go
from memwhy.memory.elf import open_elf, parse_elf
from memwhy.memory.symbols import find_symbols
from memwhy.model.errors import ParseError
from memwhy.runtimes.go.dwarf import read_types
from memwhy.runtimes.go.layout import (
    known_minors,
    layout_of,
    minor_of,
    overlaid,
    parse_layout,
    shipped_layout,
    shipped_layouts,
)
from memwhy.runtimes.go.tabulation import tabulate
from memwhy.runtimes.interface import Unsupported
from memwhy.sources.go.buildinfo import NotGo

ROOT = Path(__file__).resolve().parents[3]
LAYOUTS = resources.files(memwhy.runtimes.go).joinpath("layouts")


def test_go_1_19_to_1_27_have_tables() -> None:
    assert known_minors() == ("1.19", "1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27")


@pytest.mark.parametrize("minor", known_minors())
def test_a_table_says_what_it_was_made_from_and_is_small(minor: str) -> None:
    layout = shipped_layout(minor)
    assert layout is not None
    assert minor_of(layout.made_from) == layout.version == minor
    assert len(LAYOUTS.joinpath(f"go{minor}.json").read_bytes()) < 32_000
    assert layout.wait_reasons[:2] == ("", "GC assist marking")
    assert (len(layout.size_classes), layout.size_classes[:2], layout.size_classes[-1]) == (68, (0, 8), 32768)
    assert layout.constant("_Gscan") == 0x1000
    assert len(layout.references) > 30


def test_offsets_go_through_structs_and_arrays() -> None:
    layout = shipped_layout("1.26")
    assert layout is not None
    stats = layout.field("mstats", "heapStats.stats")
    assert stats[2:] == ("heapStatsDelta", 3)
    assert layout.offset("mstats", "heapStats.stats[2].inHeap") == (
        stats[0] + 2 * layout.size("heapStatsDelta") + layout.offset("heapStatsDelta", "inHeap")
    )
    assert layout.offset("g", "sched.pc") == layout.offset("g", "sched") + layout.offset("gobuf", "pc")
    assert layout.offsets("mspan", "startAddr", "npages") == (24, 32)
    assert layout.has("mheap", "allspans") and not layout.has("mheap", "nowhere") and not layout.has("nowhere")


@pytest.mark.parametrize("path", ["nowhere", "stats", "heapStats.stats[3]", "heapStats.stats.inHeap", "heapStats[0]"])
def test_what_a_table_lacks_is_said(path: str) -> None:
    layout = shipped_layout("1.26")
    assert layout is not None
    with pytest.raises(Unsupported, match=r"the layout of Go 1\.26 has no field"):
        layout.offset("mstats", path)
    with pytest.raises(Unsupported, match="no struct nowhere"):
        layout.size("nowhere")
    with pytest.raises(Unsupported, match="no constant nowhere"):
        layout.constant("nowhere")


def test_an_older_patch_is_tried_with_what_it_had_first() -> None:
    assert [layout.made_from for layout in shipped_layouts("go1.24.2")] == ["go1.24.3", "go1.24.11"]
    assert [layout.made_from for layout in shipped_layouts("go1.24.9")] == ["go1.24.11", "go1.24.3"]
    older, newer = shipped_layouts("go1.24.2")
    assert newer.offset("m", "alllink") - older.offset("m", "alllink") == 24
    assert older.fields["g"] == newer.fields["g"]
    assert shipped_layouts("go1.28.1") == shipped_layouts("devel +abcdef") == ()


def test_versions_are_read_as_go_prints_them() -> None:
    versions = ("go1.26.8", "go1.27rc1", "go1.25.5 X:boringcrypto", "devel go1.28-1234", "nonsense")
    assert [minor_of(version) for version in versions] == ["1.26", "1.27", "1.25", None, None]


@given(
    raw=st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_a_table_or_a_parse_error(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse_layout(raw, "table")


def test_the_shipped_table_is_what_the_installed_go_gives(tmp_path: Path) -> None:
    commands = go_commands()
    if not commands:
        pytest.skip("needs Go")
    with open_elf(str(build(commands[0], tmp_path / "quiet", "quiet"))) as elf:
        table = tabulate(elf)
    assert table is not None
    candidates = shipped_layouts(str(table["made_from"]))
    if not candidates:
        pytest.skip(f"no table for {table['made_from']}")
    made = layout_of(overlaid({}, table))
    assert any(
        all(layout.fields[struct] == fields for struct, fields in made.fields.items())
        and layout.sizes.items() >= made.sizes.items()
        for layout in candidates
    )
    assert candidates[0].constants.items() >= made.constants.items()
    assert candidates[0].wait_reasons[: len(made.wait_reasons)] == made.wait_reasons


def test_the_tool_finds_the_shipped_table_as_it_is() -> None:
    commands = go_commands()
    told = (
        subprocess.run([commands[0], "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
        if commands
        else ""
    )
    layouts = shipped_layouts(told)
    if told.strip() not in {layout.made_from for layout in layouts}:
        pytest.skip("the shipped table was made by another patch version of Go")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "make_layouts.py", "--check", "--go", commands[0]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "as shipped" in done.stderr) == (0, True), done.stderr


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    commands = go_commands()
    if not commands:
        pytest.skip("needs Go")
    return build(
        commands[0], tmp_path_factory.mktemp("plain") / "quiet", "quiet", "-ldflags=-compressdwarf=false"
    ).read_bytes()


@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_damaged_dwarf_gives_types_or_a_parse_error(plain: bytes, data: st.DataObject) -> None:
    elf = parse_elf(plain)
    section = data.draw(
        st.sampled_from([s for s in elf.sections if s.name in (".debug_abbrev", ".debug_info", ".symtab", ".strtab")])
    )
    damaged = bytearray(plain)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[section.offset + data.draw(st.integers(0, section.size - 1))] = data.draw(st.integers(0, 255))
    try:
        hurt = parse_elf(bytes(damaged))
        read_types(hurt)
        tabulate(hurt)
    except (ParseError, NotGo):
        pass
    assert all(len(found) == 2 for found in find_symbols(hurt, ("runtime.mheap_", "main.main", "")).values())
