import contextlib
import gzip
import os
import re
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import pytest
from go_programs import EVIDENCE
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.go import pprof, pprof_file, profile_pb2

BUILD_ID = "a7379b401dbcf52b8be5c63a943d81bc57a20af4"
TOP_ROW = re.compile(
    r"\s*(-?\d+)[a-zA-Z]*\s+\S+%\s+\S+%\s+(-?\d+)[a-zA-Z]*\s+\S+%\s+(.*?)(?: \((?:partial-)?inline\))?$"
)


def message(**fields: object) -> profile_pb2.Profile:
    built: profile_pb2.Profile = profile_pb2.Profile(**fields)  # type: ignore[call-arg]
    return built


def small(samples: list[tuple[list[int], list[int]]], **more: object) -> bytes:
    """A profile of functions a, b, c at locations 1, 2 and (c inlined into b) 3."""
    fields: dict[str, object] = {
        "sample_type": [{"type": 1, "unit": 2}],
        "sample": [{"location_id": ids, "value": values} for ids, values in samples],
        "location": [
            {"id": 1, "line": [{"function_id": 1}]},
            {"id": 2, "line": [{"function_id": 2}]},
            {"id": 3, "line": [{"function_id": 3}, {"function_id": 2}]},
            {"id": 4, "mapping_id": 1, "address": 0x10},
            {"id": 5, "address": 0x20},
        ],
        "function": [{"id": 1, "name": 3}, {"id": 2, "name": 4}, {"id": 3, "name": 5}],
        "mapping": [{"id": 1, "filename": 6, "build_id": 7}],
        "string_table": [b"", b"inuse_space", b"bytes", b"a", b"b", b"c", b"/lib/libx.so.1", b"beef"],
    }
    raw: bytes = message(**(fields | more)).SerializeToString()  # type: ignore[attr-defined]
    return raw


def profile(kind: str, reading: Reading) -> Profile:
    return next(p for p in reading.profiles if p.kind == kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("heap", "inuse_space"),
        ("heap", "inuse_objects"),
        ("heap", "alloc_space"),
        ("heap", "alloc_objects"),
        ("goroutine", "goroutine"),
        ("cpu", "cpu"),
    ],
)
def test_flat_and_cum_of_every_function_are_those_of_go_tool_pprof(name: str, kind: str) -> None:
    text = (EVIDENCE / f"{name}.{kind}.top").read_text()
    theirs = {m[3]: (int(m[1]), int(m[2])) for m in map(TOP_ROW.match, text.splitlines()) if m}
    total = re.search(r"of (\d+)[a-zA-Z]* total", text)
    assert total is not None
    ours = profile(kind, pprof.parse((EVIDENCE / f"{name}.pb.gz").read_bytes()))
    assert {row.function: (row.flat, row.cum) for row in ours.rows} == theirs
    assert (ours.total, ours.build_id, ours.binary) == (int(total[1]), BUILD_ID, "/tmp/server")


def test_recursion_counts_once_in_cum() -> None:
    (only,) = pprof.parse(small([([1, 2, 1, 2], [5]), ([1], [2])])).profiles
    assert only.rows == (ProfileRow(function="a", flat=7, cum=7), ProfileRow(function="b", flat=0, cum=5))


def test_inlined_functions_are_frames_of_their_own() -> None:
    (only,) = pprof.parse(small([([3, 1], [5])])).profiles
    assert only.stacks == (StackSample(frames=("c", "b", "a"), value=5),)


def test_addresses_without_symbols_are_named_by_their_library() -> None:
    (only,) = pprof.parse(small([([4, 5, 1], [5])])).profiles
    assert only.stacks == (StackSample(frames=("[libx.so.1]", "<unknown>", "a"), value=5),)


def test_all_of_a_small_profile_is_read() -> None:
    raw = small([([1], [5])], time_nanos=1_700_000_000_000_000_000, period=1024, period_type={"type": 1, "unit": 2})
    assert pprof.parse(gzip.compress(raw)) == Reading(
        facts={"profile.binary": "/lib/libx.so.1", "profile.build_id": "beef"},
        profiles=(
            Profile(
                kind="inuse_space",
                unit="bytes",
                total=5,
                rows=(ProfileRow(function="a", flat=5, cum=5),),
                stacks=(StackSample(frames=("a",), value=5),),
                build_id="beef",
                binary="/lib/libx.so.1",
                wall_ns=1_700_000_000_000_000_000,
                sampling_period_bytes=1024,
            ),
        ),
        wall_ns=1_700_000_000_000_000_000,
    )


def test_a_large_profile_read_in_pieces_is_the_same_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = (EVIDENCE / "heap.pb.gz").read_bytes()
    whole = pprof.parse(raw)
    monkeypatch.setattr(pprof, "_BATCH_BYTES", 1)
    assert pprof.parse(raw) == whole


@pytest.mark.parametrize("name", ["heap", "goroutine", "cpu"])
def test_a_file_cut_anywhere_says_truncated_or_no_profile(name: str) -> None:
    packed = (EVIDENCE / f"{name}.pb.gz").read_bytes()
    for size in range(0, len(packed), 37):
        with pytest.raises(ParseError):
            pprof.parse(packed[:size])
    plain = gzip.decompress(packed)
    for size in range(0, len(plain), 101):
        with pytest.raises(ParseError):
            pprof.parse(plain[:size])
    with pytest.raises(ParseError, match="truncated: the gzip data ends early"):
        pprof.parse(packed[:-4])


def test_a_gzip_bomb_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pprof_file, "MOST_BYTES", 4 << 20)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(ParseError, match="inflates to more than 4194304 bytes"):
            pprof.parse(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (small([([9], [1])]), "location 9, which is not there"),
        (small([([1], [1, 2])]), "2 values for 1 sample types"),
        (small([([1], [1])], function=[]), "function 1, which is not there"),
        (small([([1], [1])], string_table=[b"", b"x"]), "string 3 of 2"),
        (small([([1], [1])], sample_type=[]), "no sample types"),
        (b"", "no sample types"),
        (b"\x1f\x8b\x08\x00garbage!", "gzip"),
        (b"\x0b\x0b", "wire type 3"),
        (b"\x12\xff\xff\xff\xff\x0f", "a field of 4294967295 bytes"),
    ],
)
def test_broken_references_are_named(raw: bytes, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        pprof.parse(raw)


@given(st.binary(max_size=300))
def test_any_bytes_give_profiles_or_a_parse_error(raw: bytes) -> None:
    for data in (raw, gzip.compress(raw), b"\x1f\x8b" + raw):
        with contextlib.suppress(ParseError):
            pprof.parse(data)


@settings(max_examples=200)
@given(st.data())
def test_a_real_profile_with_changed_bytes_gives_profiles_or_a_parse_error(data: st.DataObject) -> None:
    raw = bytearray(gzip.decompress((EVIDENCE / "goroutine.pb.gz").read_bytes()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ParseError):
        pprof.parse(bytes(raw))


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 3), min_size=1, max_size=5), st.lists(st.integers(-9, 9), min_size=1, max_size=1)
        )
    )
)
def test_flats_sum_to_the_total_and_cum_is_at_most_all(samples: list[tuple[list[int], list[int]]]) -> None:
    (only,) = pprof.parse(small(samples)).profiles
    assert sum(row.flat for row in only.rows) == only.total == sum(values[0] for _, values in samples)


def test_reading_does_not_need_the_generated_code_until_it_is_asked() -> None:
    code = "import sys, memwhy.sources.go; sys.exit('google.protobuf' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(pprof.__file__).parents[3])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
