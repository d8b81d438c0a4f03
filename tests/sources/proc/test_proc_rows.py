"""The C loop and its pure twin: same rows, same bad line, on everything."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.sources.proc.mapping_rows import ABSENT, COLUMNS, rows_pure

EVIDENCE = Path(__file__).parents[2] / "evidence" / "linux-6.18"
Rows = Callable[[bytes], tuple[list[tuple[int, ...]], int]]

HEADER = b"7f00-7f10 rw-p 00001000 fe:01 42      /lib/x y"
LINES = st.sampled_from(
    [
        HEADER,
        b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
        b"10-20 rw-p 0 0:0 18446744073709551615",
        b"10-20 rw-p 0 0:0 18446744073709551616",
        b"10-20 rw-p 0 0:0 099999999999999999999 x",
        b"00000000000000000-20 rw-p 0 0:0 0",
        b"10-20 rwxq 0 0:0 0",
        b"10-20 rw-p 0 0:0 0\r",
        b"Rss:                   8 kB",
        b"Rss: 8 kB ",
        b"Rss: kB",
        b"Rss:8 kB",
        b"Pss: 9999999999999999 kB",
        b"Pss: 99999999999999999 kB",
        b"Swap:\t8 kB",
        b"Swap: 12 kB",
        b"AnonHugePages:      2048 kB",
        b"LazyFree: 4 kB",
        b"VmFlags: rd wr mr",
        b"VmFlags:",
        b"Vm_Flags9: anything \xff",
        b"Rs",
        b"nonsense",
        b"",
        b"abc:",
        b":",
        b"Rss",
    ]
)
TEXTS = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(LINES, st.binary(max_size=12)), max_size=12).map(b"\n".join),
    st.lists(LINES, max_size=12).map(lambda lines: HEADER + b"\n" + b"\n".join(lines)),
)


@given(TEXTS)
@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_twins_give_the_same_rows_and_the_same_bad_line_for_any_bytes(core_rows: Rows, raw: bytes) -> None:
    assert core_rows(raw) == rows_pure(raw)


@given(data=st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_both_twins_agree_on_a_real_smaps_with_damaged_bytes(core_rows: Rows, data: st.DataObject) -> None:
    raw = bytearray((EVIDENCE / "go-idle" / "smaps").read_bytes()[:4000])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b"\n :-0af9kBR\xff\0"))
    cut = data.draw(st.integers(0, len(raw)))
    assert core_rows(bytes(raw[:cut])) == rows_pure(bytes(raw[:cut]))


@pytest.mark.parametrize("path", sorted(EVIDENCE.glob("*/*maps")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_both_twins_agree_on_every_capture_and_find_no_bad_line(core_rows: Rows, path: Path) -> None:
    raw = path.read_bytes()
    table, bad = core_rows(raw)
    assert (table, bad) == rows_pure(raw)
    assert bad == -1
    assert len(table) == len(re.findall(rb"^[0-9a-f]+-", raw, re.MULTILINE))


@pytest.mark.parametrize("twin", ["pure", "core"])
def test_a_row_holds_figures_and_places_in_the_text(twin: str, request: pytest.FixtureRequest) -> None:
    rows: Rows = rows_pure if twin == "pure" else request.getfixturevalue("core_rows")
    raw = HEADER + b"\nRss: 8 kB\nSwap: 4 kB\nVmFlags: rd\n"
    (row,), bad = rows(raw)
    assert bad == -1
    assert len(row) == COLUMNS
    assert row[:14] == (0x7F00, 0x7F10, 0x1000, 42, 8192, 0, 0, 0, 0, 0, 0, 0, 0, 4096)
    perms, device, device_end, path, path_end, flags, flags_end = row[14:]
    assert raw[perms : perms + 4] == b"rw-p"
    assert raw[device:device_end] == b"fe:01"
    assert raw[path:path_end] == b"/lib/x y"
    assert raw[flags:flags_end] == b" rd"


def test_a_mapping_without_rss_says_so_in_both(core_rows: Rows) -> None:
    assert core_rows(HEADER)[0][0][4] == rows_pure(HEADER)[0][0][4] == ABSENT


def test_the_c_loop_refuses_what_is_no_bytes(core_rows: Rows) -> None:
    with pytest.raises(TypeError):
        core_rows("text")  # type: ignore[arg-type]


def test_memwhy_pure_selects_the_pure_twin() -> None:
    program = "from memwhy.sources.proc import mapping_rows; print(mapping_rows.rows.__name__)"
    environment = {"MEMWHY_PURE": "1", "PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "rows_pure\n"


def test_the_c_loop_survives_a_sanitised_run_over_damaged_captures(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    core = Path(__file__).resolve().parents[3] / "src" / "memwhy" / "_core"
    if compiler is None or not (core / "smaps.c").exists():
        pytest.skip("needs a C compiler and a source checkout")
    flags = [
        "-std=c11",
        "-g",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover",
    ]
    binary = tmp_path / "fuzz"
    sources = [Path(__file__).with_name("fuzz_smaps.c"), core / "smaps.c"]
    built = subprocess.run(
        [compiler, *flags, f"-I{core}", "-o", binary, *sources], check=False, capture_output=True, text=True
    )
    if built.returncode and "cannot find" in built.stderr:
        pytest.skip("this compiler has no sanitizer runtime")
    assert built.returncode == 0, built.stderr
    done = subprocess.run(
        [binary, "3000", *map(str, EVIDENCE.glob("*/smaps"))],
        check=False,
        capture_output=True,
        text=True,
        env={"ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("9000 texts, ")
