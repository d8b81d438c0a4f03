import contextlib
import json
import os
from pathlib import Path

from go_programs import running
from hypothesis import given
from hypothesis import strategies as st

from memwhy.memory.elf import Image, open_elf
from memwhy.model.errors import ParseError
from memwhy.sources.go import binary
from memwhy.sources.go.binary import CgoCall

CALLS = (
    CgoCall(package="main", function="CString"),
    CgoCall(package="main", function="free"),
    CgoCall(package="main", function="stay"),
)


def test_cgo_calls_are_found_in_a_stripped_program(incgo: Path, stripped_incgo: Path) -> None:
    for path in (incgo, stripped_incgo):
        with open_elf(str(path)) as elf:
            calls = [call for call in binary.cgo_calls(elf) if call.package == "main"]
            assert tuple(calls) == CALLS


def test_a_program_without_section_headers_still_shows_its_cgo_calls(incgo: Path, tmp_path: Path) -> None:
    raw = bytearray(incgo.read_bytes())
    raw[40:48] = bytes(8)
    raw[60:64] = bytes(4)
    bare = tmp_path / "bare"
    bare.write_bytes(raw)
    with open_elf(str(bare)) as elf:
        assert tuple(call for call in binary.cgo_calls(elf) if call.package == "main") == CALLS


def test_a_running_cgo_program_gives_its_facts(stripped_incgo: Path) -> None:
    with running(stripped_incgo) as process:
        reading = binary.parse(binary.read("/proc", process.pid))
    facts = dict(reading.facts)
    assert facts.pop("binary.build_id").isalnum()
    assert facts.pop("binary.go_build_id").count("/") == 3
    assert any(name.startswith("libc.so") for name in facts.pop("binary.libraries").split("\n"))
    assert facts == {
        "binary.stripped": "1",
        "binary.static": "0",
        "binary.pie": "1",
        "binary.needed": "libc.so.6",
        "go.cgo_functions": "main C.CString\nmain C.free\nmain C.stay",
        "go.cgo_modules": "example.org/incgo",
    }
    assert reading.notes == ()


def test_a_static_pure_go_program_calls_no_c(server: Path) -> None:
    with running(server) as process:
        facts = dict(binary.parse(binary.read("/proc", process.pid)).facts)
    assert facts.pop("binary.go_build_id")
    facts.pop("binary.build_id", None)  # Go writes a GNU build id of its own since 1.24
    assert facts == {"binary.stripped": "0", "binary.static": "1", "binary.pie": "0"}


def test_a_program_in_another_language_gives_its_libraries() -> None:
    data = json.loads(binary.read("/proc", os.getpid()))
    assert data["go"] is None
    assert "cgo" not in data
    assert data["mapped"] == binary.mapped_libraries("/proc", os.getpid())
    assert all(".so" in path.rpartition("/")[2] for path in data["mapped"])


def test_mapped_libraries_are_listed_once_with_their_versions(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text(
        "55d0-55d1 r-xp 00000000 08:01 1 /usr/bin/app\n"
        "7f00-7f01 r-xp 00000000 08:01 2 /usr/lib/libxml2.so.2.9.14\n"
        "7f01-7f02 rw-p 00001000 08:01 2 /usr/lib/libxml2.so.2.9.14\n"
        "7f03-7f04 r-xp 00000000 08:01 3 /opt/my libs/libvips-cpp.so.42.17.1 (deleted)\n"
        "7f05-7f06 rw-p 00000000 00:00 0 \n"
        "7f07-7f08 rw-p 00000000 00:00 0 [heap]\n"
        "7f09-7f0a r--p 00000000 08:01 4 /usr/lib/locale/x.so.cache\n"
    )
    assert binary.mapped_libraries(str(tmp_path), 7) == [
        "/usr/lib/libxml2.so.2.9.14",
        "/opt/my libs/libvips-cpp.so.42.17.1",
    ]


@given(st.integers(0, 1500), st.integers(1, 390))
def test_names_across_the_edge_of_a_piece_are_whole_and_found_once(before: int, length: int) -> None:
    package = "p" * length
    names = b"\0" * before + f"{package}._Cfunc_{'f' * 150}\0{package}._Cfunc__CMalloc\0".encode() + b"\0" * 1500
    calls: list[CgoCall] = []
    for at, piece in Image(names).chunks(0, len(names), overlap=binary._OVERLAP_BYTES, chunk_bytes=700):
        calls += binary._calls(piece, 0 if at == 0 else binary._LONGEST_PACKAGE_BYTES)
    assert set(calls) == {CgoCall(package=package, function="f" * 150), CgoCall(package=package, function="malloc")}


def test_a_package_belongs_to_the_longest_module_path_before_it() -> None:
    modules = ("example.org/main", "github.com/a/b", "github.com/a/b/v2", "github.com/a")
    assert [
        binary.module_of(package, modules)
        for package in ("main", "github.com/a/b/v2/c", "github.com/a/bc", "net", "runtime/cgo", "golang.org/x/y")
    ] == ["example.org/main", "github.com/a/b/v2", "github.com/a", "std", "std", "unknown"]


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda c: (
            st.lists(c)
            | st.dictionaries(st.sampled_from(["needed", "mapped", "cgo", "build_id", "stripped", "package"]), c)
        ),
    ).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_give_facts_or_a_parse_error(raw: bytes) -> None:
    with contextlib.suppress(ParseError):
        binary.parse(raw)
