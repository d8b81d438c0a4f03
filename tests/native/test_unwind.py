"""The sampler's unwinder walks the stacks that glibc's own backtrace() walks, in C and C++ without frame pointers."""

import mmap
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from memwhy.memory.live import Live
from memwhy.native.guide import Guide
from memwhy.native.layout import REGION_BYTES
from memwhy.sources.proc import maps

pytest.importorskip("memwhy._core._eh_rows")

HERE = Path(__file__).parent
C = HERE.parents[1] / "src" / "memwhy" / "native" / "c"
LIBRARIES = {
    "xml": ("WITH_XML", "/usr/include/libxml2/libxml/parser.h", ["-I/usr/include/libxml2"], "-lxml2"),
    "sqlite": ("WITH_SQLITE", "/usr/include/sqlite3.h", [], "-lsqlite3"),
}


class Shared:
    """The sampler's memory in a file of memory."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("tables")
        os.ftruncate(self.descriptor, REGION_BYTES)
        self._map = mmap.mmap(self.descriptor, REGION_BYTES)

    def read(self, offset: int, size: int) -> bytes:
        return self._map[offset : offset + size]

    def write(self, offset: int, raw: bytes) -> None:
        self._map[offset : offset + len(raw)] = raw

    def close(self) -> None:
        self._map.close()
        os.close(self.descriptor)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler here")
    folder = tmp_path_factory.mktemp("host")
    flags = ["-O2", "-fomit-frame-pointer", "-pthread", f"-I{C}"]
    for name in ("unwind", "gowalk"):
        subprocess.run(["cc", "-std=c11", *flags, "-c", str(C / f"{name}.c")], cwd=folder, check=True)
    links = []
    for macro, header, more, link in LIBRARIES.values():
        if Path(header).exists():
            flags += [f"-D{macro}", *more]
            links.append(link)
    source = str(HERE / "programs" / "unwind_host.cpp")
    command = ["c++", "-std=c++17", *flags, source, "unwind.o", "gowalk.o", *links, "-o", "host"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "host"


Counts = dict[str, tuple[int, int, int, int]]


@pytest.fixture(scope="module")
def counts(host: Path) -> Iterator[Counts]:
    """scenario: stacks compared, equal, whole, equal as far as ours goes"""
    tables = Shared()
    with subprocess.Popen(
        [host, str(tables.descriptor)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(tables.descriptor,)
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"READY\n"
            pid = process.pid
            with Live.open(pid, mappings=lambda: maps.parse(maps.read("/proc", pid)).mappings) as space:
                guide = Guide(space, tables)
                guide.look()
                assert (guide.go, guide.notes) == (None, ())
                said = process.communicate(b"go\n", timeout=120)[0].decode().splitlines()
        finally:
            process.kill()
            tables.close()
    yield {line.split()[0]: tuple(map(int, line.split()[1:])) for line in said}  # type: ignore[misc]


@pytest.mark.parametrize("scenario", ["frames", "cxx", "xml", "sqlite", "thread", "thread_cxx", "late"])
def test_every_stack_is_the_one_that_glibc_walks(counts: Counts, scenario: str) -> None:
    if scenario not in counts:
        pytest.skip(f"the development files of {scenario} are not here")
    compared, equal, whole, prefix = counts[scenario]
    assert compared > 20
    assert (equal, whole, prefix) == (compared, compared, compared)


def test_a_signal_handlers_stack_ends_where_the_kernel_began_it(counts: Counts) -> None:
    compared, equal, whole, prefix = counts["signals"]
    assert (compared, equal, whole, prefix) == (1, 0, 0, 1)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_stacks_of_nonsense_are_walked_within_their_bounds_and_to_an_end(tmp_path: Path) -> None:
    sources = [HERE / "fuzz_walks.c", C / "unwind.c", C / "gowalk.c"]
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = ["cc", "-std=gnu11", "-O1", *checks, f"-I{C}", *map(str, sources), "-o", "fuzz"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if built.returncode:
        assert "sanitize" in built.stderr or "asan" in built.stderr, built.stderr
        pytest.skip("the compiler has no sanitizers")
    done = subprocess.run(["./fuzz", "100000"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
