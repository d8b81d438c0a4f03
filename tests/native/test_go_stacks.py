"""From a malloc in C up to the goroutine's first function, through real libraries, callbacks and threads of C's own."""

import os
import subprocess
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from stack_programs import (
    FLAVOURS,
    PROGRAMS,
    STACKS,
    NoGo,
    Watched,
    build,
    environment,
    find_go,
    go_names,
    is_outside_go,
    shares,
    watched,
)

from memwhy.memory.space import Module
from memwhy.native import gofacts
from memwhy.native.clock import PRELOAD
from memwhy.native.layout import StackFlag
from memwhy.runtimes.go.layout import shipped_layouts
from memwhy.runtimes.interface import Unsupported

pytestmark = [
    pytest.mark.specimen,
    pytest.mark.skipif(not PRELOAD.exists(), reason="the sampler is not built here"),
]
ENOUGH = 0.99
COMMANDS = os.environ.get("GO_COMMANDS", "").split(":") if os.environ.get("GO_COMMANDS") else [""]
"""`make layouts-check` names all toolchains."""


def go() -> str:
    try:
        return find_go()
    except NoGo as error:
        pytest.skip(str(error))


def program(flavour: str, command: str = "") -> AbstractContextManager[Watched]:
    try:
        return watched(build(command or go(), flavour))
    except subprocess.CalledProcessError as error:
        if "pkg-config" in error.stderr or "cannot find -l" in error.stderr or "No such file" in error.stderr:
            pytest.skip("the development files of libxml2 and SQLite are not here")
        raise AssertionError(error.stderr) from error


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_cgo_allocates_is_traced_to_the_goroutines_first_function(flavour: str, command: str) -> None:
    with program(flavour, command) as running:
        running.work(300, times=2)
        snapshot = running.snapshot()
        with running.symbols() as symbols:
            found = shares(snapshot, symbols)
            seen = {go_names(symbols.stack(stack.pcs, stack.go_pcs)) for stack in snapshot.stacks}
            callbacks = {
                go_names(symbols.stack(stack.pcs, stack.go_pcs))
                for stack in snapshot.stacks
                if stack.flags & StackFlag.GO_CALLBACK and not is_outside_go(stack, symbols)
            }
    assert found.whole_go >= ENOUGH
    assert found.right_go >= ENOUGH, found.wrong
    assert "internal" in flavour or found.whole_c >= ENOUGH
    libraries = {"main.xmlWork", "main.sqlWork", "main.cxxWork"}
    expected = {names for names in STACKS if len(names) > 2 and not (names[-1] in libraries and "internal" in flavour)}
    assert expected <= seen
    assert callbacks == {names for names in STACKS if "main.goVisit" in names}


def test_the_c_part_names_library_functions_up_to_cgos_own() -> None:
    with program("plain") as running:
        running.work(300, times=2)
        snapshot = running.snapshot()
        with running.symbols() as symbols:
            stacks = [symbols.stack(stack.pcs, stack.go_pcs) for stack in snapshot.stacks if stack.go_pcs]
    by_entry: dict[str, set[str]] = {}
    for frames in stacks:
        by_entry.setdefault(frames[-1].function, set()).update(frame.function for frame in frames if not frame.is_go)
    assert {"xmlReadMemory", "xmlNewParserCtxt"} <= by_entry["main.xmlWork"]
    assert {"sqlite3_exec", "sqlite3_step"} <= by_entry["main.sqlWork"]
    assert {"shop::Basket::add", "shop::Basket::check", "operator new"} <= by_entry["main.cxxWork"]
    lines = {(frame.function, frame.file.rpartition("/")[2], frame.line > 0) for frames in stacks for frame in frames}
    assert ("main.parse", "libraries.go", True) in lines
    modules = {(frame.function, frame.module) for frames in stacks for frame in frames}
    assert {("main.parse", "example.com/cgostacks"), ("xmlReadMemory", "libxml2.so.2")} <= modules


@pytest.mark.parametrize("command", COMMANDS)
def test_go_in_a_library_is_walked_in_its_own_goroutines_and_when_c_calls_it(command: str, tmp_path: Path) -> None:
    options = ["-buildvcs=false", "-buildmode=c-shared", "-o", str(tmp_path / "library.so")]
    env = {**environment(), "CGO_ENABLED": "1"}
    subprocess.run([command or go(), "build", *options, "."], cwd=PROGRAMS / "goshared", env=env, check=True)
    host = tmp_path / "host"
    subprocess.run(["cc", "-O2", str(PROGRAMS / "go_host.c"), "-o", str(host), "-ldl"], check=True)
    with watched(host, str(tmp_path / "library.so")) as running:
        assert running.guide.go is None
        running.work(10)  # loads the library, which starts Go's own threads
        running.work(400, times=3)
        snapshot = running.snapshot()
        with running.symbols() as symbols:
            found: dict[tuple[str, ...], int] = {}
            flags: dict[tuple[str, ...], StackFlag] = {}
            for stack in snapshot.stacks:
                if stack.kind == "malloc":
                    names = go_names(symbols.stack(stack.pcs, stack.go_pcs))
                    found[names] = found.get(names, 0) + stack.allocated_bytes
                    flags[names] = stack.flags
    keep = ("main._Cfunc_keep", "main.keep")
    assert flags[*keep, "main.ownWork"] == StackFlag.C_WHOLE | StackFlag.GO_WHOLE
    assert flags[*keep, "main.Work"] == StackFlag.C_WHOLE | StackFlag.GO_WHOLE | StackFlag.GO_CALLBACK
    assert found[*keep, "main.Work"] == pytest.approx(1_210_000, rel=0.25)
    assert found[*keep, "main.ownWork"] == pytest.approx(1_090_000, rel=0.25)


def test_a_layout_that_the_code_contradicts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with program("stripped") as running:
        code = running.guide.go
        assert code is not None
        other = "go1.19.13" if code.facts.g_sched_bp != 104 else "go1.27.3"
        foreign = shipped_layouts(other)[0]
        fields = {**code.layout.fields, "g": foreign.fields["g"], "gobuf": foreign.fields["gobuf"]}
        mixed = replace(code.layout, fields=fields)
        monkeypatch.setattr(gofacts, "layouts_for", lambda _: (mixed,))
        with pytest.raises(Unsupported, match=r"its code finds g\.sched_bp at \d+, the table says \d+"):
            gofacts.read_go(running.space)


def test_a_program_without_go_has_no_go() -> None:
    with program("plain") as running:
        modules: tuple[Module, ...] = tuple(one for one in running.space.modules() if not one.is_program)
        running.space.modules = lambda: modules  # type: ignore[method-assign]
        assert gofacts.read_go(running.space) is None
