import contextlib
import errno
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from go_programs import EVIDENCE, running
from hypothesis import given
from hypothesis import strategies as st

from memwhy.memory.elf import parse_elf
from memwhy.model.errors import ParseError
from memwhy.sources.go import buildinfo
from memwhy.sources.go.buildinfo import NotGo

START, END = b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6", b"\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2"


def go_version_m(path: Path | str) -> bytes:
    done = subprocess.run(["go", "version", "-m", str(path)], capture_output=True, check=True)
    return done.stdout


def tiny_elf(data: bytes, address: int = 0x10000) -> bytes:
    """An ELF file of one writable segment and no sections."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, address, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 6, 120, address, address, len(data), len(data), 8)
    return header + segment + data


def pointer_blob(version: bytes, modules: bytes, address: int = 0x10000) -> bytes:
    """Build info as Go before 1.18 lays it out: a header with pointers to two string headers."""
    strings = address + 32
    texts = strings + 32
    header = b"\xff Go buildinf:" + bytes([8, 0]) + struct.pack("<QQ", strings, strings + 16)
    heads = struct.pack("<QQQQ", texts, len(version), texts + len(version), len(modules))
    return header + heads + version + modules


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
def test_reads_what_go_version_prints_for_a_running_program(server: Path) -> None:
    with running(server) as process:
        assert buildinfo.read("/proc", process.pid) == go_version_m(f"/proc/{process.pid}/exe")


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
def test_reads_a_stripped_position_independent_program(stripped_incgo: Path) -> None:
    assert buildinfo.read_file(str(stripped_incgo)) == go_version_m(stripped_incgo)


def test_reads_a_program_whose_file_was_deleted(server: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(server, tmp_path / "gone"))
    with running(copy) as process:
        before = buildinfo.read("/proc", process.pid)
        copy.unlink()
        assert str(Path(f"/proc/{process.pid}/exe").readlink()).endswith("(deleted)")
        assert buildinfo.read("/proc", process.pid) == before


def test_a_program_without_section_headers_is_read_by_its_data_segment(server: Path, tmp_path: Path) -> None:
    raw = bytearray(server.read_bytes())
    raw[40:48] = bytes(8)
    raw[60:64] = bytes(4)
    bare = tmp_path / "server"
    bare.write_bytes(raw)
    assert buildinfo.read_file(str(bare)).split(b"\n")[1:] == buildinfo.read_file(str(server)).split(b"\n")[1:]


def test_reads_the_pointer_format_of_go_before_1_18() -> None:
    text = b"path\texample.org/old\nmod\texample.org/old\tv1.0.0\th1:x=\ndep\texample.org/a\tv1.2.3\n"
    elf = parse_elf(tiny_elf(b"\0" * 32 + pointer_blob(b"go1.17.13", START + text + END, 0x10020)))
    assert buildinfo.extract(elf) == ("go1.17.13", text.decode())
    assert buildinfo.render("/old", *buildinfo.extract(elf)) == (
        "/old: go1.17.13\n"
        "\tpath\texample.org/old\n"
        "\tmod\texample.org/old\tv1.0.0\th1:x=\n"
        "\tdep\texample.org/a\tv1.2.3\t\n"
    )


def test_a_program_that_is_not_go_is_refused_as_an_os_error() -> None:
    with pytest.raises(OSError, match="not a Go binary") as caught:
        buildinfo.read("/proc", os.getpid())
    assert caught.value.errno == errno.ENOEXEC


def test_a_script_is_refused_as_an_os_error(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(NotGo, match="not an ELF file"):
        buildinfo.read_file(str(script))


def test_a_vanished_process_is_an_os_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(FileNotFoundError):
        buildinfo.read("/proc", process.pid)


def test_a_captured_text_gives_its_facts() -> None:
    raw = (EVIDENCE / "incgo.version").read_bytes()
    godebug = re.search(rb"DefaultGODEBUG=(.*)", raw)
    assert godebug is not None
    facts = dict(buildinfo.parse(raw).facts)
    settings = facts.pop("go.build_settings").split("\n")
    assert facts == {
        "go.version": "go1.26.8",
        "go.main_path": "example.org/incgo",
        "go.main_module": "example.org/incgo",
        "go.modules": "example.org/incgo (devel)",
        "go.cgo": "1",
        "go.godebug": godebug[1].decode(),
    }
    assert [line.partition("=")[0] for line in settings] == [
        "-buildmode", "-compiler", "-trimpath", "DefaultGODEBUG", "CGO_ENABLED", "GOARCH", "GOOS", "GOAMD64",
    ]  # fmt: skip


def test_replaced_modules_and_quoted_settings_are_understood() -> None:
    raw = (
        b"/a b: devel go1.28-abc: x: go1.22.1\n\tpath\tm\n\tmod\tm\t(devel)\t\n\tdep\ta.org/x\tv1.0.0\n"
        b"\t=>\t../x\t(devel)\t\n\tdep\tb.org/y\tv2.0.0\th1:y=\n"
        b'\tbuild\t-ldflags="-s -X main.key=hush -X \'main.a=b c\' -X \\"main.d=e f\\" -w"\n\tbuild\tCGO_CFLAGS="-O2 -g\\t\\u00e9"\n'
    )
    facts = buildinfo.parse(raw).facts
    assert facts["go.version"] == "go1.22.1"
    assert facts["go.modules"] == "m (devel)\na.org/x v1.0.0 => ../x (devel)\nb.org/y v2.0.0"
    assert facts["go.build_settings"] == ("-ldflags=-s -X main.key=… -X main.a=… -X main.d=… -w\nCGO_CFLAGS=-O2 -g\té")


@given(st.binary(max_size=400))
def test_any_text_gives_facts_or_a_parse_error(raw: bytes) -> None:
    for text in (raw, b"/x: go1.26\n" + raw, b"/x: go1.26\n\tbuild\t" + raw):
        with contextlib.suppress(ParseError):
            buildinfo.parse(text)


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_blob_gives_build_info_or_not_go(raw: bytes, flags: int) -> None:
    blob = b"\xff Go buildinf:" + bytes([8, flags]) + raw
    try:
        version, _ = buildinfo.extract(parse_elf(tiny_elf(blob)))
    except NotGo:
        return
    assert version
