"""Which libraries, C library and allocator a process has, and how many CPUs it may use."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memwhy.memory.elf import open_elf
from memwhy.model.errors import ParseError
from memwhy.sources.proc import cpus, libraries

Capture = Callable[[str], bytes]


def test_the_libraries_tell_the_c_library_its_package_and_the_allocator(capture: Capture) -> None:
    facts = dict(libraries.parse(capture("python-jemalloc/libraries")).facts)
    assert facts.pop("libraries").split("\n")[2:5] == [
        "libc.so.6 93ac61ec5a8eb1396f9fbd350e3169a558528a40",
        "libm.so.6 d6e6f9e3af1243eed9bf5efd366dd015a9f22c13",
        "libjemalloc.so.2 1d5163c246dc9cd2b4d339f2ac42efd95c6e0ae1",
    ]
    assert facts == {"libc": "glibc 2.36", "libc.package": "Debian GLIBC 2.36-9+deb12u14", "allocator": "jemalloc"}


def test_musl_tells_its_version(capture: Capture) -> None:
    assert libraries.parse(capture("musl/libraries")).facts == {
        "libraries": "libc.so 54d00df44fce62f541ca62b56bdef5bf31ff077c",
        "libc": "musl 1.2.3",
    }


@pytest.mark.parametrize(
    ("name", "libc"),
    [
        ("libc-2.31.so", "glibc 2.31"),
        ("libc.so.6", "glibc"),
        ("ld-musl-aarch64.so.1", "musl"),
        ("libc.so", "musl"),
        ("libcurl.so.4", None),
    ],
)
def test_a_c_library_that_cannot_be_opened_is_told_by_its_name(name: str, libc: str | None) -> None:
    assert libraries.parse(f"-\t-\t/lib/{name}\n".encode()).facts.get("libc") == libc


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            b"GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\n",
            ("2.36", "Debian GLIBC 2.36-9+deb12u14"),
        ),
        (b"\0GNU C Library (GNU libc) development release version 2.43.9000.\n", ("2.43", "GNU libc")),
        (b"GNU C Library (Buildroot (2024.02)) stable release version 2.38.\n", ("2.38", "Buildroot (2024.02)")),
        (b"GNU C Library stable release version 2.12, by Roland McGrath et al.\n", ("2.12", "")),
        (b"GNU C Library (GNU libc) stable release version 2.3", None),
        (b"musl libc (x86_64)\0Version 1.2.3\0", None),
    ],
)
def test_a_banner_of_glibc_is_read_once_its_version_is_whole(text: bytes, said: tuple[str, str] | None) -> None:
    assert libraries.glibc_banner(text) == said


def test_a_static_program_has_no_libraries_and_text_of_others_is_refused() -> None:
    assert libraries.parse(b"").facts == {"libraries": ""}
    with pytest.raises(ParseError, match="has no line of a library"):
        libraries.parse(b"GNU C Library\n")


def test_what_this_process_has_mapped_is_read_with_its_build_id() -> None:
    with Path("/proc/self/maps").open() as maps:
        paths = {
            line.split(None, 5)[5].strip() for line in maps if re.search(r"/libc(-2\.\d+)?\.so(\.6)?$", line.strip())
        }
    if not paths:
        pytest.skip("this Python is static")
    with open_elf(paths.pop()) as elf:
        build_id = elf.build_id
    rows = libraries.parse(libraries.read("/proc", os.getpid())).facts["libraries"].split("\n")
    assert [row.split(" ")[1] for row in rows if row.startswith(("libc.so", "libc-2"))] == [build_id]


def test_a_library_that_was_replaced_on_disk_is_not_taken_for_the_one_that_is_mapped(tmp_path: Path) -> None:
    source = next((path for path in _mapped() if "/libm" in path or "/libc" in path), None)
    if source is None:
        pytest.skip("this Python is static")
    copy = tmp_path / "libcopy.so.1"
    copy.write_bytes(Path(source).read_bytes())
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-I", "-c", code, copy], stdin=-1, stdout=-1) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            with open_elf(str(copy)) as elf:
                before = elf.build_id
            copy.unlink()
            copy.write_bytes(b"\x7fELF something else")
            rows = libraries.parse(libraries.read("/proc", process.pid)).facts["libraries"].split("\n")
        finally:
            process.kill()
    assert [row for row in rows if row.startswith("libcopy")] in ([f"libcopy.so.1 {before}"], ["libcopy.so.1 -"])


def _mapped() -> list[str]:
    raw = libraries.read("/proc", os.getpid()).decode()
    return [line.split("\t")[2] for line in raw.splitlines()]


def test_cpus_are_those_of_the_affinity(capture: Capture) -> None:
    assert cpus.parse(capture("python-jemalloc/cpus")).facts == {"process.cpus": "1"}
    assert cpus.parse(cpus.read("/proc", os.getpid())).facts["process.cpus"] == str(len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"app/cpu.max": "max 100000\n", "cpu.max": "150000 100000\n"}, "1.5"),
        ({"app/cpu.max": "400000 100000\n", "cpu.max": "250000 100000\n"}, "2.5"),
        ({"app/cpu.max": "4000 1000000\n"}, "0.004"),
        ({"app/cpu.max": "100000 300000\n"}, "0.333"),
        ({"app/cpu.max": "max 100000\n"}, None),
    ],
)
def test_the_tightest_quota_on_the_way_up_counts(tmp_path: Path, files: dict[str, str], quota: str | None) -> None:
    root = tmp_path / "proc"
    (root / "7").mkdir(parents=True)
    (root / "7" / "status").write_text("Name:\tx\nCpus_allowed_list:\t0-3,8\n")
    (root / "7" / "cgroup").write_text("0::/app\n")
    top = tmp_path / "sys/fs/cgroup"
    (top / "app").mkdir(parents=True)
    (top / "app" / "memory.current").write_text("1\n")
    for name, text in files.items():
        (top / name).write_text(text)
    facts = cpus.parse(cpus.read(str(root), 7)).facts
    assert (facts["process.cpus"], facts.get("cgroup.cpu_quota")) == ("5", quota)


def test_the_quota_of_the_first_version_of_cgroups_is_read_too(tmp_path: Path) -> None:
    root, group = tmp_path / "proc", tmp_path / "sys/fs/cgroup/cpu/app"
    (root / "7").mkdir(parents=True)
    group.mkdir(parents=True)
    (root / "7" / "status").write_text("Cpus_allowed_list:\t0\n")
    (root / "7" / "cgroup").write_text("3:cpu,cpuacct:/app\n2:memory:/app\n")
    (group / "cpu.cfs_quota_us").write_text("50000\n")
    (group / "cpu.cfs_period_us").write_text("100000\n")
    assert cpus.parse(cpus.read(str(root), 7)).facts == {"process.cpus": "1", "cgroup.cpu_quota": "0.5"}
