"""Names and types of a stripped Go program from the debug file beside it, by build id or by link; never from another program's."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from find_go import find_go
from inside_go import build_or_skip, looked
from inspect_programs import ROOT
from programs import go_command
from run import end, first_line

from memwhy.memory.elf import open_elf
from memwhy.model.holders import Holders

pytest.importorskip("memwhy._core._retain")
pytestmark = pytest.mark.skipif(shutil.which("objcopy") is None, reason="needs objcopy")
STRIPPED = "it was stripped of its DWARF: variables have no types"


def copied(folder: Path, name: str, *, build_id: str = "0123456789abcdef") -> Path:
    """A program of our own with a build id of GNU's kind, whichever Go made it."""
    build_or_skip("goplanted")
    command, env = go_command("goplanted", "", find_go(), folder / name)
    command.insert(2, f"-ldflags=-B 0x{build_id}")
    subprocess.run(command, cwd=ROOT / "specimens" / "inside", env=env, check=True)
    return folder / name


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("whole"), "planted")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("other"), "planted", build_id="fedcba9876543210")


def objcopy(*words: str | Path) -> None:
    subprocess.run(["objcopy", *words], check=True)


def split(program: Path, to: Path, debug: Path, how: str, *, of: Path | None = None, link: bool = False) -> None:
    """Program and debug file apart. of: the program whose debug file it is, where that is another one."""
    debug.parent.mkdir(parents=True, exist_ok=True)
    to.parent.mkdir(parents=True, exist_ok=True)
    objcopy("--only-keep-debug", of or program, debug)
    objcopy(how, program, to)
    if link:
        objcopy(f"--add-gnu-debuglink={debug}", to)


@contextmanager
def running(*command: str | Path) -> Iterator[int]:
    process = subprocess.Popen(
        [*command, "-scale", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert first_line(process, 60.0).startswith("READY ")
        yield process.pid
    finally:
        end(process)


def lines(found: Holders) -> set[tuple[str, str]]:
    """Not with bytes: maps of each run have another seed."""
    return {(one.name, one.type) for one in found.holdings if one.name.startswith("main.")}


def types(found: Holders) -> dict[str, int]:
    return {one.type: one.count for one in found.types if one.type.startswith("main.")}


@pytest.fixture(scope="module")
def whole(program: Path) -> Holders:
    with running(program) as pid:
        return looked(pid)


@pytest.mark.parametrize("place", ["{}.debug", ".debug/{}.debug"])
@pytest.mark.parametrize("how", ["--strip-debug", "--strip-all"])
def test_a_debug_file_beside_the_program_tells_all_that_the_whole_program_tells(
    program: Path, whole: Holders, tmp_path: Path, place: str, how: str
) -> None:
    to, debug = tmp_path / "planted", tmp_path / place.format("planted")
    split(program, to, debug, how, link=True)
    with running(to) as pid:
        found = looked(pid)
    assert (lines(found), types(found)) == (lines(whole), types(whole))
    assert f"types of variables are from {debug}" in found.notes


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot(2) needs root")
def test_a_debug_file_is_found_by_build_id_below_the_target_s_own_root(
    program: Path, whole: Holders, tmp_path: Path
) -> None:
    debug = tmp_path / "usr/lib/debug/.build-id/01/23456789abcdef.debug"
    split(program, tmp_path / "planted", debug, "--strip-all")
    with running("chroot", tmp_path, "/planted") as pid:
        found = looked(pid)
    assert (lines(found), types(found)) == (lines(whole), types(whole))
    assert "types of variables are from /usr/lib/debug/.build-id/01/23456789abcdef.debug" in found.notes


def test_another_program_s_debug_file_is_refused_and_named(
    program: Path, other: Path, whole: Holders, tmp_path: Path
) -> None:
    to, debug = tmp_path / "planted", tmp_path / "planted.debug"
    split(program, to, debug, "--strip-debug", of=other, link=True)
    with running(to) as pid:
        found = looked(pid)
    problem = f"{debug} was not taken: its build id is fedcba987654…, the program's 0123456789ab…"
    assert [note.partition(": ")[2] for note in found.notes if STRIPPED in note] == [f"{STRIPPED}; {problem}"]
    assert not any(note.startswith("types of variables are from") for note in found.notes)
    assert {name for name, _ in lines(found)} == {name.removesuffix(".local") for name, _ in lines(whole)}


def test_what_is_there_under_the_name_and_is_no_program_is_refused_and_named(program: Path, tmp_path: Path) -> None:
    to, debug = tmp_path / "planted", tmp_path / "planted.debug"
    split(program, to, debug, "--strip-all", link=True)
    debug.write_text("no program")
    with running(to) as pid:
        found = looked(pid)
    assert any(f"{debug} was not taken: it cannot be read" in note for note in found.notes)


def test_without_a_build_id_the_checksum_of_the_link_decides(program: Path, tmp_path: Path) -> None:
    from memwhy.memory.debugfiles import DebugFiles

    bare, to, debug = tmp_path / "bare", tmp_path / "planted", tmp_path / "planted.debug"
    objcopy("--remove-section=.note.gnu.build-id", "--remove-section=.note.go.buildid", program, bare)
    split(bare, to, debug, "--strip-all", link=True)
    with open_elf(str(to)) as elf:
        assert (elf.build_id, elf.go_build_id) == (None, None)
        found = DebugFiles("/").look(elf)
        assert (found.elf is not None and found.elf.name, found.refused) == (str(debug), "")
        with open(debug, "ab") as file:
            file.write(b"\0")
        found = DebugFiles("/").look(elf)
    assert found.elf is None
    assert "was not taken: its checksum is " in found.refused
