"""Who holds Go's heap in programs that are built otherwise than most: libraries, plugins, experiments, many goroutines; and versions that are not known.

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used. STRANGE_BUILDS=1 adds those that take minutes.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from attach_programs import PROGRAMS, build, go_commands, running
from inside_go import inside, minor_of, version_of

from memwhy.inspect.inspector import Inspector
from memwhy.memory.elf import open_elf
from memwhy.memory.space import Module
from memwhy.model.errors import MemwhyError, ParseError, TargetGone
from memwhy.model.holders import Holders, Holding
from memwhy.model.inspection import Inspection
from memwhy.runtimes.go.adapter import layouts_for
from memwhy.runtimes.go.detection import GoModule
from memwhy.runtimes.interface import Unsupported

pytest.importorskip("memwhy._core._retain")
BODY_BYTES = 1024
ROOTS_THAT_HOLD = ("main.cache", "main.list", "main.pages", "main.anything", "main.tree", "main.inPlace", "main.small")
SHAPES = {
    "pie": ((1, 21), (9, 9)),
    "static-pie": ((1, 21), (9, 9)),
    "race": ((1, 21), (9, 9)),
    "X:noswissmap": ((1, 24), (1, 25)),
    "X:greenteagc": ((1, 25), (1, 25)),
    "X:nogreenteagc": ((1, 26), (9, 9)),
}
"""The first and the last Go for which a way of building makes a difference."""
rare = pytest.mark.skipif(
    "STRANGE_BUILDS" not in os.environ,
    reason="builds Go's library anew, a minute each: make holders-check",
)


def looked(pid: int) -> Inspection:
    with Inspector.open(pid) as inspector:
        return inspector.look(malloc=False, holders=True)


def holders_in(program: Path, *arguments: str) -> Holders:
    with running(program, *arguments) as pid:
        found = looked(pid).holders
    assert found is not None
    return found


def line(holders: Holders, name: str) -> Holding:
    [found] = [one for one in holders.holdings if one.name == name]
    return found


@pytest.mark.parametrize("shape", [shape if shape == "pie" else pytest.param(shape, marks=rare) for shape in SHAPES])
def test_another_way_of_building_holds_the_same(go: str, shape: str) -> None:
    first, last = SHAPES[shape]
    if not first <= minor_of(go) <= last:
        pytest.skip(f"{version_of(go)} is built so anyway, or cannot be")
    with inside("goplanted", flavour=shape, go=go) as program:
        truth, heap_alloc = program.ask("truth"), program.ask("memstats")["HeapAlloc"]
        found = looked(program.pid).holders
    assert found is not None
    assert found.bytes == pytest.approx(heap_alloc, rel=0.001)
    held = {name: sum(one.bytes for one in found.holdings if one.name == name) for name in ROOTS_THAT_HOLD}
    assert held == {name: pytest.approx(truth[name][0], rel=0.02) for name in ROOTS_THAT_HOLD}
    assert found.untyped_bytes <= 0.15 * found.bytes


@rare
def test_what_the_race_detector_keeps_for_itself_is_not_touched(go: str) -> None:
    """Its shadow is terabytes of addresses; nothing of the target may become resident by our reading."""
    with inside("goplanted", flavour="race", go=go) as program:
        before = table_kib(program.pid)
        found = looked(program.pid).holders
        after = table_kib(program.pid)
    assert found is not None and found.read_bytes < 4 * found.bytes
    assert after <= before


def table_kib(pid: int) -> int:
    """VmPTE: page tables, which grow with every page that is touched for the first time."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmPTE:")[2].split()[0])


def test_a_library_inside_a_program_of_c_tells_who_holds_its_heap(go: str, tmp_path: Path) -> None:
    library = build(go, tmp_path / "libkept.so", "kept_in_c", "-buildmode=c-shared", cgo=True)
    host = tmp_path / "host"
    subprocess.run(["cc", "-o", host, PROGRAMS / "kept_in_c.host.c", "-ldl"], check=True)
    kept = line(holders_in(host, str(library), "4000"), "main.kept")
    assert kept.type.startswith("map[int]*main.Thing")
    [values] = [one for one in kept.children if one.name == "[value]"]
    assert (values.type, values.count, values.bytes) == ("main.Thing", 4000, 4000 * (BODY_BYTES + 32))


@rare
def test_plugins_keep_their_names_and_types(go: str, tmp_path: Path) -> None:
    host = build(go, tmp_path / "host", "plugins", cgo=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1", "GOAMD64": "v1"}
    for name in ("one", "two"):
        command = [go, "build", "-trimpath", "-buildmode=plugin", "-o", tmp_path / f"{name}.so", f"./{name}"]
        subprocess.run(command, cwd=PROGRAMS / "plugins", check=True, env=environment)
    found = holders_in(host, "3000", str(tmp_path / "one.so"), str(tmp_path / "two.so"))
    for name, kind in (("one", "One"), ("two", "Two")):
        kept = line(found, f"plugins/{name}.{name}")
        [things] = kept.children
        assert (kept.type, things.type, things.count) == (f"[]*main.{kind}", f"main.{kind}", 3000)
        assert things.bytes == 3000 * (BODY_BYTES + 32)


@rare
def test_what_only_an_arena_points_to_is_held(go: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOEXPERIMENT", "arenas")
    found = holders_in(build(go, tmp_path / "arenas", "arenas"), "3000")
    bodies = [one for one in found.types if one.type == "[1024]uint8" or "Thing" in one.type]
    assert sum(one.bytes for one in bodies) >= 3000 * BODY_BYTES
    assert found.heap_alloc_bytes is not None
    assert found.bytes == pytest.approx(found.heap_alloc_bytes, rel=0.002)


def test_what_goroutines_hold_on_both_sides_of_c_is_told_by_function_and_variable(go: str, tmp_path: Path) -> None:
    found = holders_in(build(go, tmp_path / "called", "called_back", cgo=True), "200")
    stacks = [one for one in found.holdings if one.kind == "goroutine" and one.count == 200]
    assert sorted(one.bytes for one in stacks)[-2:] == [200 * BODY_BYTES] * 2
    inner, outer = sorted(
        (one.name for one in stacks if one.bytes == 200 * BODY_BYTES), key=lambda name: "call" in name
    )
    assert "wait" in inner and outer.startswith("main.call")
    assert {one.goroutines for one in stacks if one.bytes == 200 * BODY_BYTES} == {200}


def test_a_hundred_thousand_goroutines_are_one_line(go: str, tmp_path: Path) -> None:
    found = holders_in(build(go, tmp_path / "many", "many"), "100000")
    [held] = [one for one in found.holdings if one.name.startswith("main.wait")]
    assert (held.goroutines, held.count, held.bytes) == (100_000, 100_000, 100_000 * BODY_BYTES)
    assert line(found, "goroutines").children == () or line(found, "goroutines").bytes > 40_000_000
    assert found.cpu_s < 30


def called_otherwise(program: Path, version: str, name: str, into: Path) -> Path:
    """The program, which says that another Go of as many letters has built it."""
    raw = program.read_bytes()
    assert len(version) == len(name) and raw.count(version.encode())
    into.write_bytes(raw.replace(version.encode(), name.encode()))
    into.chmod(0o755)
    return into


@pytest.mark.parametrize(("name", "flags"), [("go9.99", ()), ("go9.99", ("-ldflags=-s -w",)), ("devel ", ())])
def test_a_version_that_is_not_known_is_refused_by_name(
    go: str, tmp_path: Path, name: str, flags: tuple[str, ...]
) -> None:
    version = version_of(go)
    other = (name + version[len(name) :])[: len(version)]
    program = called_otherwise(build(go, tmp_path / "many", "many", *flags), version, other, tmp_path / "other")
    with running(program, "10") as pid:
        found = looked(pid)
    assert found.holders is None
    said = " ".join(found.notes)
    assert (other in said and "not known" in said) or "no layout table" in said


@pytest.mark.parametrize(("machine", "why"), [("386", "32-bit.*only 64-bit"), ("arm64", "for arm64; only amd64")])
def test_another_machine_is_refused_by_name(go: str, tmp_path: Path, machine: str, why: str) -> None:
    environment = {**os.environ, "GOARCH": machine, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    program = tmp_path / "other"
    subprocess.run([go, "build", "-o", program, "."], cwd=PROGRAMS / "many", env=environment, check=True)
    with pytest.raises((Unsupported, ParseError), match=why), open_elf(str(program)) as elf:
        module = Module(path=str(program), start=0, end=1, bias=0, elf=elf, is_program=True)
        layouts_for(GoModule(module=module, version=version_of(go), settings=""))


def test_a_program_that_has_just_begun_has_a_small_heap(go: str, tmp_path: Path) -> None:
    found = holders_in(build(go, tmp_path / "many", "many"), "0")
    assert found.heap_alloc_bytes is not None
    assert 0 < found.bytes <= found.heap_alloc_bytes < 4_000_000


def test_a_go_that_is_too_old_is_refused_by_name(tmp_path: Path) -> None:
    old = [command for command in go_commands() if minor_of(command) < (1, 20)]
    if not old:
        pytest.skip("needs Go 1.19 in GO_COMMANDS")
    with running(build(old[0], tmp_path / "many", "many"), "10") as pid:
        found = looked(pid)
    assert found.holders is None
    assert any(f"{version_of(old[0])} keeps its pointers is not known; Go 1.20 to" in note for note in found.notes)


def test_a_core_cut_off_in_the_heap_gives_a_part_or_a_refusal(go: str, tmp_path: Path) -> None:
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    with running(build(go, tmp_path / "many", "many"), "2000") as pid:
        whole = looked(pid).holders
        subprocess.run(["gcore", "-o", str(tmp_path / "core"), str(pid)], check=True, capture_output=True)
    core = tmp_path / f"core.{pid}"
    assert whole is not None
    size = core.stat().st_size
    for tenths in (9, 7, 5, 3, 1):
        os.truncate(core, size * tenths // 10)
        try:
            with Inspector.open_core(str(core)) as inspector:
                found = inspector.look(malloc=False, holders=True)
        except MemwhyError as error:
            assert error.message
            continue
        if found.holders is None:
            assert any("is not known" in note for note in found.notes)
        else:
            assert found.holders.bytes <= 1.01 * whole.bytes


@pytest.mark.parametrize("step", ["Go's heap", "who holds Go's heap"])
def test_a_process_that_is_killed_while_it_is_read_is_said_to_be_gone_or_told_to_its_end(
    go: str, tmp_path: Path, step: str
) -> None:
    program = build(go, tmp_path / "many", "many")
    with subprocess.Popen([program, "2000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"READY\n"
        reached = []

        def kill(text: str) -> None:
            if text == step and not reached:
                reached.append(text)
                process.kill()
                process.wait()

        with Inspector.open(process.pid) as inspector:
            try:
                found = inspector.look(malloc=False, holders=True, progress=kill)
            except TargetGone:
                found = None
        assert reached == [step]
        if found is not None and found.holders is None:
            assert any("is not known" in note for note in found.notes)
