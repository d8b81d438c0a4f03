"""The function table: equal to what Go's own tools say, and unharmed by damage."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from attach_programs import build, go_commands, open_live, running
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.memory.elf import open_elf
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime
from memwhy.runtimes.go.layout import Layout, known_minors, shipped_layout
from memwhy.runtimes.go.moduledata import Constants, ModuleData, Table
from memwhy.runtimes.go.pclntab import Function, FunctionTable, InlinedCall
from memwhy.runtimes.interface import Match

BASE = 0x10000
SIZE = 1 << 12


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    commands = go_commands()
    if not commands:
        pytest.skip("needs Go")
    return build(commands[0], tmp_path_factory.mktemp("quiet") / "quiet", "quiet")


@pytest.fixture(scope="module")
def runtime(program: Path) -> Iterator[GoRuntime]:
    with running(program) as pid, open_live(pid) as space:
        yield GoAdapter().open(space, Match(runtime="go", version=""))


def named(runtime: GoRuntime, name: str) -> Function:
    function = runtime.functions.by_name(name)
    assert function is not None
    return function


def test_every_function_of_nm_is_found_by_address_and_name(program: Path, runtime: GoRuntime) -> None:
    told = subprocess.run([go_commands()[0], "tool", "nm", program], check=True, capture_output=True, text=True).stdout
    rows = re.findall(r"^ *([0-9a-f]+) [Tt] ((?:main|os|strings|runtime)\.[^\[\n]+)$", told, re.MULTILINE)
    assert len(rows) > 500
    wrong = []
    for address, name in rows:
        name = name.removesuffix(".abi0")
        found = runtime.functions.find(int(address, 16))
        if found is None or found.entry != int(address, 16) or found.name != name:
            wrong.append((name, found))
    assert [row for row in wrong if not row[0].endswith(("text", "etext"))] == []
    for name in ("main.main", "main.(*shop).add", "runtime.(*mheap).grow"):
        assert named(runtime, name).name == name


def test_file_and_line_of_every_instruction_are_those_of_addr2line(program: Path, runtime: GoRuntime) -> None:
    asked, ours = [], []
    for name in ("main.main", "main.(*shop).add", "strings.ToUpper", "runtime.mallocgc", "runtime.schedule"):
        function = named(runtime, name)
        for pc in range(function.entry, function.end, 7):
            asked.append(f"{pc:#x}")
            file, line = runtime.functions.file_line(function, pc)
            ours.append(f"{file}:{line}")
    told = subprocess.run(
        [go_commands()[0], "tool", "addr2line", program],
        input="\n".join(asked) + "\n",
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    places = told[1::2]
    assert len(places) == len(ours) > 100
    assert [
        (pc, a, b) for pc, a, b in zip(asked, places, ours, strict=True) if a != b and a not in ("?:0", ":-1")
    ] == []


def test_a_function_that_was_inlined_is_named_where_it_was_put(runtime: GoRuntime) -> None:
    function = named(runtime, "runtime.(*mheap).grow")
    rows = {runtime.functions.pcdata(function, "PCDATA_InlTreeIndex", pc) for pc in range(function.entry, function.end)}
    calls = [runtime.functions.inlined_call(function, row) for row in sorted(rows) if row >= 0]
    assert "runtime.alignUp" in {call.name for call in calls if isinstance(call, InlinedCall)}
    assert None not in calls
    assert all(function.entry <= call.parent_pc < function.end for call in calls if call)
    assert runtime.functions.inlined_call(function, -1) is None


def test_what_is_no_code_has_no_function(runtime: GoRuntime) -> None:
    last = max(module.last_pc for module in runtime.functions.modules)
    assert [runtime.functions.find(pc) for pc in (0, last, 1 << 47, (1 << 64) - 1)] == [None] * 4
    assert runtime.functions.by_name("main.nowhere") is None
    assert runtime.functions.by_name("") is None


def test_attaching_reads_nothing_that_was_not_asked_for(runtime: GoRuntime) -> None:
    fresh = FunctionTable(Unreadable(), runtime.functions.modules, runtime.layout)
    assert len(fresh) == len(runtime.functions) > 1000


class Unreadable(Constants):
    """A target of which nothing can be read."""

    def __init__(self) -> None:
        pass

    def read(self, address: int, size: int) -> bytes:
        raise AssertionError("read")


class Held(Constants):
    """Bytes as a target's memory."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def read(self, address: int, size: int) -> bytes:
        assert size < 1 << 31
        return self.raw[address - BASE :][: max(size, 0)] if address >= BASE else b""


@cache
def layouts() -> tuple[Layout, ...]:
    return tuple(layout for minor in known_minors() if (layout := shipped_layout(minor)) is not None)


def tables() -> st.SearchStrategy[Table]:
    return st.builds(
        lambda at, count: Table(address=BASE + at, count=count), st.integers(0, SIZE), st.integers(0, SIZE)
    )


@given(
    raw=st.binary(max_size=SIZE),
    parts=st.lists(tables(), min_size=6, max_size=6),
    layout=st.sampled_from(layouts()),
    pcs=st.lists(st.integers(0, SIZE), max_size=8),
    sections=st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE), st.integers(0, SIZE)), max_size=3),
)
@settings(deadline=None)
def test_any_bytes_give_functions_or_none(
    raw: bytes, parts: list[Table], layout: Layout, pcs: list[int], sections: list[tuple[int, int, int]]
) -> None:
    names, units, files, values, functions, index = parts
    module = ModuleData(
        address=BASE,
        header=BASE,
        names=names,
        units=units,
        files=files,
        values=values,
        functions=functions,
        index=index,
        first_pc=0,
        last_pc=SIZE,
        text=(0, SIZE),
        data=(),
        types=(0, 0),
        gofunc=BASE,
        sections=tuple(sections),
        next=0,
    )
    table = FunctionTable(Held(raw), [module], layout)
    assert table.by_name("runtime.main") is None or b"runtime.main" in raw
    for pc in pcs:
        function = table.find(pc)
        if function is not None:
            file, line = table.file_line(function, pc)
            assert isinstance(file, str) and isinstance(line, int)
            table.stack_delta(function, pc)
            table.inlined_call(function, table.pcdata(function, "PCDATA_InlTreeIndex", pc))


@given(cut=st.integers(0, 4000), flip=st.integers(0, 4000), value=st.integers(0, 255))
@settings(deadline=None, max_examples=50)
def test_a_damaged_table_of_a_real_program_gives_functions_or_none(
    program: Path, runtime: GoRuntime, cut: int, flip: int, value: int
) -> None:
    module = runtime.functions.modules[0]

    class Damaged(Constants):
        def __init__(self) -> None:
            pass

        def read(self, address: int, size: int) -> bytes:
            with open_elf(str(program)) as elf:
                raw = bytearray(elf.read_at(address, min(size, 1 << 20)))
            if len(raw) > flip:
                raw[flip] = value
            return bytes(raw[: len(raw) - cut] if cut < len(raw) else raw)

    table = FunctionTable(Damaged(), [module], runtime.layout)
    for pc in range(module.first_pc, module.last_pc, (module.last_pc - module.first_pc) // 20):
        function = table.find(pc)
        if function is not None:
            table.file_line(function, pc)
            table.inlined_call(function, table.pcdata(function, "PCDATA_InlTreeIndex", pc))
