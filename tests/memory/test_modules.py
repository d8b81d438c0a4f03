"""The program and its libraries as they lie in memory, against the addresses that the program itself tells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from target_programs import Target, built, looking_at, process_of, running

from memwhy.memory.live import Live
from memwhy.memory.modules import Files
from memwhy.memory.space import Module
from memwhy.model.mapping import Mapping

LINKING = {
    "pie": ("-pie", "-fPIE"),
    "non-pie": ("-no-pie",),
    "static": ("-static",),
    "static-pie": ("-static-pie", "-fPIE"),
    "coarse": ("-pie", "-fPIE", "-Wl,-z,max-page-size=0x200000"),
    "one-segment": ("-no-pie", "-Wl,-z,noseparate-code"),
    "no-relro": ("-pie", "-fPIE", "-Wl,-z,norelro"),
}


def program_of(space: Live) -> Module:
    (program,) = [module for module in space.modules() if module.is_program]
    return program


def is_within(address: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(start <= address < end for start, end in ranges)


@pytest.mark.parametrize("mode", LINKING)
def test_data_and_bss_are_written_and_code_is_constant_however_it_was_linked(mode: str) -> None:
    with running(built("places", *LINKING[mode]), "neighbour") as target, looking_at(target.pid) as space:
        program = program_of(space)
        told = target.told
        assert program.path == str(built("places", *LINKING[mode]))
        assert program.name == "places"
        assert program.elf is not None
        assert program.elf.entry + program.bias == told["entry"]
        assert is_within(told["data"], program.written)
        assert is_within(told["bss"] + 3 * 4096 + 99, program.written)
        assert program.written[-1][1] == told["end"], "the neighbour behind the bss is not the program's"
        assert all(is_within(told[what], program.constant) for what in ("constants", "code"))
        assert not is_within(told["heap"], program.written)
        assert program.start <= program.constant[0][0] < told["end"] <= program.end
        assert program.end - told["end"] < 4096


def test_libraries_stand_beside_the_program_and_each_lies_where_its_mappings_are() -> None:
    with running(built("places")) as target, looking_at(target.pid) as space:
        modules = space.modules()
        assert [module.start for module in modules] == sorted(module.start for module in modules)
        assert {module.name.partition(".")[0] for module in modules} >= {"places", "libc"}
        by_path = {module.path: module for module in modules}
        for mapping in space.mappings:
            if mapping.path in by_path:
                module = by_path[mapping.path]
                assert module.start <= mapping.start < mapping.end <= module.end
        libc = next(module for module in modules if module.name.startswith("libc."))
        assert libc.elf is not None and libc.elf.soname == "libc.so.6"
        assert libc.elf.read_at(libc.elf.entry, 16) == space.read(libc.bias + libc.elf.entry, 16)


def test_a_program_that_the_loader_was_asked_to_run_is_the_program() -> None:
    with running(built("places")) as target, looking_at(target.pid) as space:
        elf = program_of(space).elf
        assert elf is not None
        loader = elf.interpreter
    if loader is None or not os.access(loader, os.X_OK):
        pytest.skip("no loader to start by hand")
    with running(Path(loader), str(built("places"))) as target, looking_at(target.pid) as space:
        assert program_of(space).path == str(built("places"))


def test_a_library_loaded_twice_is_two_modules_and_a_file_that_is_only_read_is_none(tmp_path: Path) -> None:
    for name in ("first.c", "loader.c"):
        (tmp_path / name).write_text(LOADED if name == "first.c" else LOADER)
    library, loader = tmp_path / "first.so", tmp_path / "loader"
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "first.c"], check=True)
    subprocess.run(["cc", "-o", loader, tmp_path / "loader.c", "-ldl"], check=True)
    with process_of(loader, str(library), sys.executable) as process:
        target = Target(process)
        with looking_at(target.pid) as space:
            places = [module for module in space.modules() if module.path == str(library)]
            assert len(places) == 2
            assert {is_within(target.told["once"], module.written) for module in places} == {True, False}
            assert {is_within(target.told["twice"], module.written) for module in places} == {True, False}
            assert os.path.realpath(sys.executable) not in {module.path for module in space.modules()}


LOADED = "int counter = 5; int filler[5000];\n"
LOADER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
    char line[8];
    void *one = dlopen(argv[1], RTLD_NOW), *two = dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);
    if (one == NULL || two == NULL || argc < 3)
        return 1;
    mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE, open(argv[2], O_RDONLY), 0);
    printf("once %p\\ntwice %p\\nready 0\\n", dlsym(one, "counter"), dlsym(two, "counter"));
    fflush(stdout);
    return fgets(line, sizeof line, stdin) == NULL;
}
"""


def test_a_program_that_was_deleted_or_replaced_on_disk_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "places"
    shutil.copy(built("places"), path)
    with running(path) as target:
        for replacement in (b"", Path(sys.executable).read_bytes()):
            path.unlink(missing_ok=True)
            if replacement:
                path.write_bytes(replacement)
            with looking_at(target.pid) as space:
                program = program_of(space)
                assert program.path == f"{path} (deleted)"
                assert program.name == "places"
                assert program.elf is not None
                assert program.elf.image.read(0, 1 << 20) == built("places").read_bytes()
                assert is_within(target.told["data"], program.written)


def opened_by_name_only(directory: Path, pid: int, space: Live) -> Files:
    """Files as a user sees them who may use neither map_files nor exe."""
    directory.mkdir()
    (directory / "root").symlink_to("/")
    return Files(str(directory), space._read_resident)


def test_by_name_alone_a_file_is_taken_only_when_it_is_the_one_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "places"
    shutil.copy(built("places"), path)
    with running(path) as target, looking_at(target.pid) as space:
        for step, content in enumerate((None, built("places").read_bytes(), built("pages").read_bytes(), b"text")):
            if content is not None:
                path.unlink(missing_ok=True)
                path.write_bytes(content)
                space.refresh()
            files = opened_by_name_only(tmp_path / str(step), target.pid, space)
            (module,) = [module for module in files.modules(space.mappings) if module.name == "places"]
            assert (module.elf is not None) == (step < 2), "the same content under the same name is the same program"
            assert is_within(target.told["bss"] + 3 * 4096, module.written), "the headers in memory tell the bss"
            assert module.written[-1][1] == target.told["end"]
            assert module.is_program is False, "nothing says so without exe"
            files.close()


def test_without_headers_anywhere_the_mappings_tell_what_they_can(tmp_path: Path) -> None:
    path = str(tmp_path / "nothing" / "lib.so")
    mappings = [
        Mapping(start=0x10000, end=0x11000, perms="r--p", inode=5, path=path, rss_bytes=0),
        Mapping(start=0x11000, end=0x12000, perms="r-xp", offset=0x1000, inode=5, path=path, rss_bytes=0),
        Mapping(start=0x12000, end=0x13000, perms="rw-p", offset=0x2000, inode=5, path=path, rss_bytes=0),
        Mapping(start=0x20000, end=0x21000, perms="r--p", inode=6, path="/nothing/data", rss_bytes=0),
        Mapping(start=0x30000, end=0x31000, perms="rw-s", inode=7, path="/dev/dri/card0", rss_bytes=0),
        Mapping(start=0x40000, end=0x41000, perms="r-xp", path="[vdso]", rss_bytes=0),
    ]
    files = Files(str(tmp_path), lambda _address, _size: b"")
    assert files.modules(mappings) == (
        Module(
            path=path,
            start=0x10000,
            end=0x13000,
            bias=0x10000,
            written=((0x12000, 0x13000),),
            constant=((0x10000, 0x11000), (0x11000, 0x12000)),
        ),
    )
