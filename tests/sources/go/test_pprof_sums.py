"""The table of functions: C, its pure twin and `go tool pprof -top` say the same, of any profile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.top_table import NODE_FRACTION, TopRow, top_table
from memwhy.sources.go import pprof, profile_pb2
from memwhy.sources.go.pprof_core import Summed, core, rows_of, sum_up
from memwhy.sources.go.pprof_sums import sum_up_pure

HEAP = Path(__file__).parents[2] / "evidence" / "pasted" / "heap.pb.gz"
RUN = core()
needs_core = pytest.mark.skipif(RUN is None, reason="the extension is not built, or MEMWHY_PURE=1")
NAMES = ("main.a", "main.b", "x.(*T).m", "", "é")
VALUES = st.integers(0, 1 << 40)


@st.composite
def profiles(draw: st.DrawFn) -> bytes:
    """Profiles with recursion, inlining, frames without symbols, and names that come twice."""
    profile = profile_pb2.Profile(
        string_table=[b"", b"space", b"bytes", b"objects", b"count", b"/usr/bin/app", b"build"]
    )
    for kind, unit in ((1, 2), (3, 4)):
        profile.sample_type.add(type=kind, unit=unit)
    profile.mapping.add(id=1, filename=5, build_id=6)
    functions = draw(st.integers(1, 6))
    for number in range(functions):
        profile.string_table.append(draw(st.sampled_from(NAMES)).encode())
        profile.function.add(id=number + 1, name=len(profile.string_table) - 1)
    locations = draw(st.integers(1, 6))
    for number in range(locations):
        one = profile.location.add(id=(number + 1) * 7, mapping_id=draw(st.sampled_from([0, 1])), address=4096 + number)
        for function in draw(st.lists(st.integers(1, functions), max_size=3)):
            one.line.add(function_id=function)
    for _ in range(draw(st.integers(0, 8))):
        stack = draw(st.lists(st.integers(1, locations), max_size=5))
        profile.sample.add(location_id=[7 * one for one in stack], value=[draw(VALUES), draw(VALUES)])
    profile.time_nanos = draw(st.integers(0, 1 << 60))
    return bytes(profile.SerializeToString())


def table(summed: Summed, index: int) -> str:
    return top_table(
        rows_of(summed, index),
        total=summed.totals[index],
        kind=summed.types[index][0],
        unit=summed.types[index][1],
        binary=summed.binary,
        build_id=summed.build_id,
        time_ns=summed.time_ns,
    )


def told(summed: Summed) -> tuple[object, ...]:
    """What two readers must agree on, whatever the order in which they met the names."""
    rows = [sorted((one.function, one.flat, one.cum, one.inlined) for one in rows_of(summed, i)) for i in (0, 1)]
    return summed.types, summed.totals, summed.binary, summed.build_id, summed.time_ns, rows


@needs_core
@given(profiles())
@settings(deadline=None)
def test_c_and_its_pure_twin_agree_on_any_profile(raw: bytes) -> None:
    assert RUN is not None
    assert told(sum_up(raw, RUN, callers_above=NODE_FRACTION)) == told(sum_up_pure(raw))


def _rows(profile: Profile) -> list[tuple[str, int, int]]:
    return sorted((row.function, row.flat, row.cum) for row in profile.rows if row.flat or row.cum)


@needs_core
@given(profiles())
@settings(deadline=None)
def test_a_large_profile_s_reading_has_the_rows_and_stacks_of_a_small_one_s(raw: bytes) -> None:
    assert RUN is not None
    in_c, decoded = pprof.reading_of(sum_up(raw, RUN)), pprof.content_of(raw).reading()
    for one, other in zip(in_c.profiles, decoded.profiles, strict=True):
        assert (one.kind, one.unit, one.build_id, _rows(one)) == (other.kind, other.unit, other.build_id, _rows(other))
        assert {s.frames: s.value for s in one.stacks if s.value} == {
            s.frames: s.value for s in other.stacks if s.value
        }


@needs_core
@given(profiles(), st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_profiles_give_sums_or_a_parse_error(raw: bytes, data: st.DataObject) -> None:
    assert RUN is not None
    damaged = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for some in (bytes(damaged), raw[: data.draw(st.integers(0, len(raw)))]):
        try:
            sum_up(some, RUN, callers_above=NODE_FRACTION)
        except ParseError:
            continue


@needs_core
@given(st.binary(max_size=400))
def test_any_bytes_give_sums_or_a_parse_error(raw: bytes) -> None:
    assert RUN is not None
    try:
        sum_up(raw, RUN)
    except ParseError as error:
        assert str(error).startswith("go/pprof")


GO = shutil.which("go") or next((str(p) for p in Path(__file__).parents[3].glob(".toolchain/*/bin/go")), None)


def _by_go(path: Path, kind: str) -> str:
    done = subprocess.run(
        [str(GO), "tool", "pprof", "-top", f"-sample_index={kind}", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(GO is None, reason="no Go here")
@pytest.mark.parametrize("kind", ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"])
def test_every_line_is_that_of_go_tool_pprof_top(kind: str) -> None:
    summed = sum_up_pure(pprof.decompress(HEAP.read_bytes()))
    index = [name for name, _ in summed.types].index(kind)
    assert table(summed, index) == _by_go(HEAP, kind)
    if RUN is not None:
        in_c = sum_up(pprof.decompress(HEAP.read_bytes()), RUN, callers_above=NODE_FRACTION)
        assert table(in_c, index) == _by_go(HEAP, kind)


@pytest.mark.skipif(GO is None, reason="no Go here")
@given(raw=profiles().filter(lambda raw: pprof.content_of(raw).samples))
@settings(deadline=None, max_examples=25)
def test_made_up_profiles_are_printed_as_go_prints_them(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("profile") / "made-up.pb"
    path.write_bytes(raw)
    assert table(sum_up_pure(raw), 0) == _by_go(path, "space")


def test_figures_are_scaled_by_the_smallest_and_dropped_below_half_a_percent() -> None:
    rows = [TopRow(function="a", flat=900 << 20, cum=1 << 30), TopRow(function="b", flat=1, cum=1)]
    assert top_table(rows, total=1 << 30, kind="inuse_space", unit="bytes").splitlines() == [
        "Type: inuse_space",
        "Showing nodes accounting for 900MB, 87.89% of 1024MB total",
        "Dropped 1 node (cum <= 5.12MB)",
        "      flat  flat%   sum%        cum   cum%",
        "     900MB 87.89% 87.89%     1024MB   100%  a",
    ]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_damaged_profiles_are_read_within_their_bounds(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    core_files = root / "src" / "memwhy" / "_core"
    sources = [root / "fuzz" / "pprof.c", *(core_files / f"pprof{part}.c" for part in ("", "_tables", "_samples"))]
    watched = ["-std=c11", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{core_files}"]
    command = ["cc", *watched, *map(str, sources), "-o", "fuzz"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    if built.returncode:
        pytest.skip("the compiler has no sanitizers")
    (tmp_path / "heap.pb").write_bytes(pprof.decompress(HEAP.read_bytes()))
    done = subprocess.run(
        ["./fuzz", "0", "5000", "1", "heap.pb"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_core
def test_printing_a_table_imports_little() -> None:
    probe = (
        "import sys; from memwhy.cli import main; code = main(['dump', sys.argv[1]]);"
        "print(code, sorted({'dataclasses', 'inspect', 'shutil', 'google'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(pprof.__file__).parents[3])}
    command = [sys.executable, "-S", "-c", probe, str(HEAP)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == "0 []\n"
