"""`memwhy deps` from the command line: real programs, a live process, and everything that is none."""

import json
import os
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memwhy_command import NOBODY, Done, python_for_anybody, run_memwhy
from shop_program import started

from memwhy.dependencies.built import calls_by_module
from memwhy.dependencies.given import read_path
from memwhy.model.errors import MemwhyError
from memwhy.render import dependencies as view

HERE = Path(__file__).parent
BILLS = HERE.parent / "evidence" / "dependencies" / "bills"
SCHEMA = Path(view.__file__).with_name("dependencies-1.schema.json")
SQLITE = "github.com/mattn/go-sqlite3"


def answer(done: Done, code: int) -> dict[str, Any]:
    assert done.code == code, done.err
    found: dict[str, Any] = json.loads(done.out)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    return found


def components(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in found["components"] if one["kind"] == kind]


def test_a_program_says_what_it_is_made_of_and_what_leaks(shop: Path) -> None:
    found = answer(run_memwhy("deps", shop, "--json"), 1)
    assert [
        (one["name"], one["version"], one["main"], one["vendored"], one["replaced_by"], one["its_version"])
        for one in components(found, "module")
    ] == [
        ("example.org/shop", "(devel)", True, False, "", ""),
        ("github.com/example/pure", "v1.0.0", False, True, "github.com/example/fork", "v1.0.1"),
        (SQLITE, "v1.14.24", False, True, "", ""),
    ]
    assert {(one["component"]["name"], one["standing"]) for one in found["known"] if one["standing"] == "leaks"} == {
        (SQLITE, "leaks")
    }
    assert [(one["component"]["name"], one["how"], one["calls"]) for one in found["off_heap"]] == [
        (SQLITE, "malloc", 3)
    ]
    build = found["build"]
    assert (build["cgo"], build["static"], build["calls"], "malloc" in build["allocators"]) == (
        True,
        False,
        {SQLITE: 3},
        True,
    )
    assert build["runtime_cgo"] is True
    libc = next(one for one in components(found, "library") if one["soname"] == "libc.so.6")
    assert (libc["asked"], bool(libc["version"]), libc["build_id"] != "") == (True, True, True)


def test_a_live_process_says_the_same_also_when_its_file_is_gone(shop: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(shop, tmp_path / "shop"))
    with started(copy, "pings") as pid:
        copy.unlink()
        live, file = answer(run_memwhy("deps", str(pid), "--json"), 1), answer(run_memwhy("deps", shop, "--json"), 1)
    assert live["target"]["form"] == "program of a live process"
    assert live["known"] == file["known"] or {one["what"] for one in live["known"]} >= {
        one["what"] for one in file["known"]
    }
    assert components(live, "module") == components(file, "module")
    loaded = {one["soname"]: one["build_id"] for one in components(live, "library")}
    asked = {one["soname"]: one["build_id"] for one in components(file, "library")}
    assert asked.items() <= loaded.items()
    assert any(name.startswith("ld-linux") for name in loaded)


@pytest.mark.parametrize("name", ["program.cdx.json", "module.cdx.json", "program.version-m.txt"])
def test_bills_and_saved_build_info_lead_to_the_same_leaks(name: str) -> None:
    found = answer(run_memwhy("deps", BILLS / name, "--json"), 1)
    assert {one["component"]["name"] for one in found["known"] if one["standing"] == "leaks"} == {SQLITE}


def test_standard_input_and_a_recording_lead_to_the_same_leaks(shop: Path, tmp_path: Path) -> None:
    piped = answer(run_memwhy("deps", "-", "--json", stdin=(BILLS / "program.cdx.json").read_bytes()), 1)
    assert piped["mended"] == answer(run_memwhy("deps", BILLS / "program.cdx.json", "--json"), 1)["mended"]
    with started(shop, "pings") as pid:
        recorded = run_memwhy("record", str(pid), "--for", "2s", "-o", tmp_path / "shop.memwhy", "--quiet")
    assert recorded.code == 0, recorded.err
    kept, file = (answer(run_memwhy("deps", one, "--json"), 1) for one in (tmp_path / "shop.memwhy", shop))
    assert kept["mended"] == file["mended"]
    assert kept["build"]["calls"] == file["build"]["calls"]
    assert [one["name"] for one in components(kept, "module")] == [one["name"] for one in components(file, "module")]


def test_a_folder_and_its_go_mod_lead_to_the_same_leaks() -> None:
    for what in (HERE / "shop", HERE / "shop" / "go.mod", HERE / "shop" / "vendor" / "modules.txt"):
        found = answer(run_memwhy("deps", what, "--json"), 1)
        assert SQLITE in {one["component"]["name"] for one in found["known"] if one["standing"] == "leaks"}


def test_text_and_markdown_say_first_what_leaks_and_keep_their_width(shop: Path) -> None:
    text = run_memwhy("deps", shop)
    assert text.code == 1
    assert text.out.startswith(f"{SQLITE} v1.14.24 is known to leak in this version.\n")
    assert max(map(len, text.out.splitlines())) <= 80
    assert text.out.index("Known to leak") < text.out.index("Outside the Go heap")
    page = run_memwhy("deps", shop, "--markdown")
    assert page.out.startswith("### github.com/mattn/go-sqlite3 v1.14.24 is known to leak in this version.\n")
    assert run_memwhy("deps", shop, "-v").out.count("\n") > text.out.count("\n")


def test_nothing_known_is_exit_code_0(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.org/a\n\ngo 1.22\n\nrequire example.org/b v1.0.0\n")
    done = run_memwhy("deps", tmp_path)
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "Nothing here is known to leak in its version; what the catalogue does not know",
    )


def test_the_examples_of_its_help_run(shop: Path, tmp_path: Path) -> None:
    help_text = run_memwhy("deps", "--help").out
    examples = [line.split("  ")[1].split()[1:] for line in help_text.splitlines() if line.startswith("  memwhy deps ")]
    assert len(examples) == 4
    folder = Path(shutil.copytree(HERE / "shop", tmp_path / "module"))
    shutil.copy(shop, folder / "crawler")
    shutil.copy(BILLS / "program.cdx.json", folder / "bom.json")
    with started(shop, "pings") as pid:
        for example in examples:
            done = run_memwhy(*(str(pid) if word == "4711" else word for word in example), cwd=folder)
            assert (done.code, done.err) == (1, ""), example


def tiny_program(version: bytes, modules: bytes, claimed: int | None = None) -> bytes:
    """An ELF file of one writable segment with Go's build info as Go 1.18 and later write it, and without sections."""

    def varint(number: int) -> bytes:
        out = bytearray()
        while number >= 0x80:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*out, number])

    framed = b"0" * 16 + modules + b"1" * 16
    blob = b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16)
    data = blob + varint(len(version)) + version + varint(len(framed) if claimed is None else claimed) + framed
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0x10000, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 6, 120, 0x10000, 0x10000, len(data), len(data), 8) + data


def written(folder: Path, raw: bytes) -> Path:
    path = folder / "program"
    path.write_bytes(raw)
    return path


def test_build_info_that_claims_gigabytes_gives_what_else_is_there(tmp_path: Path) -> None:
    found = answer(
        run_memwhy("deps", written(tmp_path, tiny_program(b"go1.22.1", b"", 8 << 30)), "--json", most_bytes=2 << 30), 0
    )
    assert (found["components"], "does not fit" in found["notes"][0]) == ([], True)


def test_build_info_with_hundreds_of_thousands_of_modules_is_bounded(tmp_path: Path) -> None:
    rows = b"".join(b"dep\texample.org/m%d\tv1.0.0\th1:x\n" % i for i in range(300_000))
    done = run_memwhy(
        "deps", written(tmp_path, tiny_program(b"go1.22.1", rows)), "--json", most_bytes=2 << 30, within_s=60
    )
    found = answer(done, 0)
    assert len(components(found, "module")) == 20_000
    assert found["notes"] == ["280,000 further modules of the build info were left out"]


def test_no_name_from_a_file_acts_on_the_terminal(tmp_path: Path) -> None:
    evil = b"dep\tgithub.com/mattn/go-sqlite3\tv1.14.24\x1b[2J\x07\th1:x\ndep\tevil\x1b]0;owned\x07\xe2\x80\xae\tv1.0.0\th1:x\n"
    path = written(tmp_path, tiny_program(b"go1.22.1\x1b[31m", evil))
    for arguments in ((), ("-v",), ("--markdown",), ("--json",)):
        out = run_memwhy("deps", path, *arguments).out
        assert all(char.isprintable() or char == "\n" for char in out), arguments


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is nothing that memwhy deps reads"),
        (b"\x00\x01\x02" * 100, "is nothing that memwhy deps reads"),
        (b"hello\nworld\n", "is nothing that memwhy deps reads"),
        (b"\x7fELF", "the ELF header is cut off"),
        (b"\x7fELF\x01\x01\x01" + bytes(60), "32-bit"),
        (b'{"bomFormat": "Cyclone', "not JSON"),
    ],
)
def test_what_is_nothing_of_the_kind_is_refused_with_what_to_give(raw: bytes, says: str, tmp_path: Path) -> None:
    done = run_memwhy("deps", written(tmp_path, raw))
    assert (done.code, done.out, says in done.err) == (2, "", True), done.err


def test_pipes_devices_loops_and_folders_are_refused_and_nothing_hangs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for target in (tmp_path / "pipe", Path("/dev/zero"), tmp_path / "loop", tmp_path / "gone", tmp_path):
        done = run_memwhy("deps", target, within_s=20)
        assert (done.code, done.out) == (2, ""), target
        assert str(target) in done.err


def test_a_truncated_program_still_has_its_go_version_or_says_why_not(shop: Path, tmp_path: Path) -> None:
    raw = shop.read_bytes()
    for size in (100, 4096, len(raw) // 2, len(raw) - 1):
        done = run_memwhy("deps", written(tmp_path, raw[:size]), "--json")
        assert done.code in (0, 1, 2)
        assert done.out or done.err


def test_a_program_in_c_has_libraries_and_no_modules() -> None:
    found = answer(run_memwhy("deps", "/bin/sh", "--json"), 0)
    assert components(found, "module") == []
    assert "libc.so.6" in {one["soname"] for one in components(found, "library")}
    assert found["notes"][0].startswith("no Go modules can be told")


def test_a_process_that_is_gone_or_anothers_is_exit_code_3() -> None:
    gone = run_memwhy("deps", "4194999")
    assert (gone.code, "no process 4194999" in gone.err) == (3, True)
    if os.geteuid() == 0:
        denied = run_memwhy("deps", "1", python=str(python_for_anybody()), user=NOBODY)
        assert (denied.code, "may not be read" in denied.err) == (3, True)


@settings(max_examples=60)
@given(
    st.binary(max_size=300), st.binary(max_size=300), st.sampled_from([b"", b"{", b"module ", b"\x7fELF\x02\x01\x01"])
)
def test_any_file_is_read_or_refused(version: bytes, modules: bytes, head: bytes) -> None:
    for raw in (tiny_program(b"go1." + version, modules), head + version):
        with tempfile.NamedTemporaryFile() as file:
            file.write(raw)
            file.flush()
            try:
                read_path(file.name)
            except MemwhyError as error:
                assert error.exit_code == 2


def test_calls_are_counted_by_the_module_whose_package_makes_them() -> None:
    packages = ["main", "example.org/b/c", "example.org/b", "net", "example.org/other"]
    assert calls_by_module(packages, ["example.org/b", "example.org/m"], "example.org/m") == (
        ("example.org/b", 2), ("example.org/m", 1), ("std", 1), ("unknown", 1),
    )  # fmt: skip
