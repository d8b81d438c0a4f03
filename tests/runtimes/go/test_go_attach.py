"""Attaching to real Go programs, stripped or not, and refusing what does not fit.

GO_COMMANDS=/path/to/go:/other/go runs the matrix with several toolchains; else the go on PATH is used.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from attach_programs import build, go_commands, open_live, running

from memwhy.memory.elf import open_elf
from memwhy.memory.live import Live
from memwhy.runtimes.go import adapter
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime, attach
from memwhy.runtimes.go.detection import GoModule, find_go
from memwhy.runtimes.go.layout import known_minors, minor_of, shipped_layouts
from memwhy.runtimes.go.locate import NAMES, by_symbols
from memwhy.runtimes.interface import Match, Unsupported

SHAPES = {
    "plain": ((), False),
    "stripped": (("-ldflags=-s -w",), False),
    "pie": (("-buildmode=pie",), False),
    "stripped pie": (("-buildmode=pie", "-ldflags=-s -w"), False),
    "pie linked by the C compiler, stripped": (("-buildmode=pie", "-ldflags=-s -w -linkmode=external"), True),
}
NOT_IN_CODE = {"g0", "fing"}
"""What no function of the table names, or only one that names nothing else."""


@pytest.fixture(scope="module", params=go_commands() or [""], ids=lambda go: Path(go).as_posix().replace("/", "_"))
def go(request: pytest.FixtureRequest) -> str:
    if not request.param:
        pytest.skip("needs Go")
    command: str = request.param
    return command


@pytest.fixture(scope="module")
def programs(go: str, tmp_path_factory: pytest.TempPathFactory) -> "Programs":
    return Programs(go, tmp_path_factory.mktemp("go"))


class Programs:
    """Builds each shape of the quiet program once."""

    def __init__(self, go: str, directory: Path) -> None:
        self.go, self.directory = go, directory
        self.built: dict[str, Path] = {}

    def path(self, shape: str) -> Path:
        if shape not in self.built:
            flags, cgo = SHAPES[shape]
            self.built[shape] = build(self.go, self.directory / shape.replace(" ", "-"), "quiet", *flags, cgo=cgo)
        return self.built[shape]


@contextmanager
def opened(program: Path) -> Iterator[tuple[Live, GoRuntime]]:
    with running(program) as pid, open_live(pid) as space:
        match = GoAdapter().detect(space)
        assert match is not None
        yield space, GoAdapter().open(space, match)


def found_in(space: Live) -> GoModule:
    found = find_go(space)
    assert found is not None
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_a_go_program_is_opened_and_proved(programs: Programs, shape: str) -> None:
    with opened(programs.path(shape)) as (_, runtime):
        assert [check.text for check in runtime.verify() if not check.agree] == []
        assert len(runtime.verify()) >= 10
        assert runtime.layout.version == minor_of(runtime.version)


@pytest.mark.parametrize("shape", ["plain", "pie"])
def test_the_code_tells_the_same_addresses_as_the_symbols(programs: Programs, shape: str, tmp_path: Path) -> None:
    stripped = tmp_path / "stripped"
    subprocess.run(["strip", "-o", stripped, programs.path(shape)], check=True)
    with opened(stripped) as (_, runtime), open_elf(str(programs.path(shape))) as elf:
        named = by_symbols(elf, runtime.module.bias)
        read_off = {name: at for name in NAMES if (at := getattr(runtime.globals, name)) is not None}
        assert {name: at for name, at in read_off.items() if named.get(name) != at} == {}
        missing = set(named) - set(read_off)
        assert missing <= NOT_IN_CODE


def test_main_is_among_the_goroutines_and_its_code_has_a_name(programs: Programs) -> None:
    with opened(programs.path("stripped")) as (space, runtime):
        assert runtime.globals.allgs is not None
        items, count = space.words(runtime.globals.allgs, 2)
        goroutines = space.words(items, count)
        startpc = runtime.layout.offset("g", "startpc")
        started = [runtime.functions.find(space.word(g + startpc) or 0) for g in goroutines]
        names = [function.name for function in started if function is not None]
        assert names[0] == "runtime.main"
        assert sum(name.startswith("main.") for name in names) == 5


def test_the_table_of_every_other_version_is_refused(programs: Programs) -> None:
    with running(programs.path("plain")) as pid, open_live(pid) as space:
        found = found_in(space)
        believed = set()
        for minor in known_minors():
            for layout in shipped_layouts(f"go{minor}"):
                try:
                    attach(space, found, layout)
                    believed.add(minor)
                except Unsupported:
                    pass
        assert believed == {minor_of(found.version)}


def test_an_unknown_version_is_read_by_its_own_dwarf(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "shipped_layouts", lambda version: ())
    with opened(programs.path("pie")) as (_, runtime):
        shipped = shipped_layouts(runtime.version)[0]
        assert replace(runtime.layout, references={}, made_from="") == replace(shipped, references={}, made_from="")


def test_an_unknown_stripped_version_is_refused_by_name(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "shipped_layouts", lambda version: ())
    with running(programs.path("stripped")) as pid, open_live(pid) as space:
        version = found_in(space).version
        with pytest.raises(
            Unsupported, match=f"stripped is {version}, which has no layout table .* stripped of its DWARF"
        ):
            GoAdapter().open(space, Match(runtime="go", version=version))


def test_a_program_whose_file_was_deleted_is_opened_all_the_same(programs: Programs, tmp_path: Path) -> None:
    program = tmp_path / "gone"
    program.write_bytes(programs.path("stripped").read_bytes())
    program.chmod(0o755)
    with running(program) as pid:
        program.unlink()
        with open_live(pid) as space:
            runtime = GoAdapter().open(space, Match(runtime="go", version=""))
            assert runtime.functions.by_name("main.main") is not None


def test_without_any_file_version_and_tables_are_read_from_memory(programs: Programs) -> None:
    with running(programs.path("stripped")) as pid, open_live(pid) as space:
        fileless = tuple(replace(module, elf=None) for module in space.modules())

        class Fileless(Live):
            def modules(self) -> tuple[object, ...]:  # type: ignore[override]
                return fileless

        space.__class__ = Fileless
        found = found_in(space)
        assert (minor_of(found.version) in known_minors(), found.settings) == (True, "")
        runtime = GoAdapter().open(space, Match(runtime="go", version=found.version))
        assert runtime.functions.by_name("main.main") is not None


def test_a_library_with_go_inside_is_found_in_a_program_of_another_language(go: str, tmp_path: Path) -> None:
    library = build(go, tmp_path / "libinside.so", "inside_c", "-buildmode=c-shared", "-ldflags=-s -w", cgo=True)
    host = f"import ctypes, sys\nassert ctypes.CDLL({str(library)!r}).count() == 42\nprint('READY', flush=True)\nsys.stdin.read()"
    with running(Path(sys.executable), "-c", host) as pid, open_live(pid) as space:
        match = GoAdapter().detect(space)
        assert match is not None
        runtime = GoAdapter().open(space, match)
        assert runtime.module.name == "libinside.so"
        assert runtime.functions.by_name("main.count") is not None


def test_a_program_without_go_is_no_match() -> None:
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    with open_live(os.getpid()) as space:
        assert GoAdapter().detect(space) is None
        with pytest.raises(Unsupported, match="no Go runtime was found"):
            GoAdapter().open(space, Match(runtime="go", version=""))
