"""Tables of go tool pprof -top, old and new."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.pasted import pprof_top
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "pasted"
BUILD = "8a87b8cb3f22f97af7d3a755c0821d615db29137"
ROWS = """      flat  flat%   sum%        cum   cum%
   99.50MB 31.71% 31.71%   143.25MB 45.67%  runtime.mapassign
         0     0% 31.71%   143.25MB 45.67%  main.(*T).put
"""


def only(text: str) -> Profile:
    readings = pprof_top.parse(text)
    assert len(readings) == 1
    return readings[0].profiles[0]


def test_a_capture_is_read_whole() -> None:
    assert pprof_top.parse((EVIDENCE / "pprof-inuse_space.txt").read_text()) == (
        Reading(
            facts={"profile.time": "2026-11-22 21:31:03 UTC", "go.seen": "1"},
            profiles=(
                Profile(
                    kind="inuse_space",
                    unit="bytes",
                    total=round(12.22 * MIB),
                    rows=(
                        ProfileRow(function="main.fill", flat=round(9.04 * MIB), cum=round(12.22 * MIB)),
                        ProfileRow(
                            function="internal/bytealg.MakeNoZero", flat=round(3.18 * MIB), cum=round(3.18 * MIB)
                        ),
                        ProfileRow(function="main.main", flat=0, cum=round(12.22 * MIB)),
                        ProfileRow(function="runtime.main", flat=0, cum=round(12.22 * MIB)),
                        ProfileRow(function="strings.(*Builder).Grow", flat=0, cum=round(3.18 * MIB)),
                        ProfileRow(function="strings.(*Builder).grow", flat=0, cum=round(3.18 * MIB)),
                        ProfileRow(function="strings.Repeat", flat=0, cum=round(3.18 * MIB)),
                    ),
                    build_id=BUILD,
                    binary="grower",
                    wall_ns=1795383063000000000,
                ),
            ),
            wall_ns=1795383063000000000,
            line=1,
            last_line=13,
        ),
    )


def test_objects_are_counts() -> None:
    profile = only((EVIDENCE / "pprof-inuse_objects.txt").read_text())
    assert (profile.kind, profile.unit, profile.total, profile.rows[0].flat) == ("inuse_objects", "count", 156, 144)


def test_lines_and_files_are_not_part_of_a_function_name() -> None:
    profile = only((EVIDENCE / "pprof-lines.txt").read_text())
    assert [row.function for row in profile.rows] == ["internal/bytealg.MakeNoZero", "main.fill", "main.fill"]
    assert profile.dropped_rows == 5


def test_the_old_header_gives_total_and_dropped_rows() -> None:
    text = (
        "(pprof) top\n311.25MB of 313.75MB total (99.20%)\nDropped 84 nodes (cum <= 1.57MB)\n"
        f"Showing top 10 nodes out of 37 (cum >= 22.02MB)\n{ROWS}"
    )
    (reading,) = pprof_top.parse(text)
    assert reading.profiles == (
        Profile(
            kind="inuse_space",
            unit="bytes",
            total=313 * MIB + 768 * KIB,
            rows=(
                ProfileRow(function="runtime.mapassign", flat=99 * MIB + 512 * KIB, cum=143 * MIB + 256 * KIB),
                ProfileRow(function="main.(*T).put", flat=0, cum=143 * MIB + 256 * KIB),
            ),
            dropped_rows=84 + 27,
        ),
    )
    assert len(reading.notes) == 1


def test_kilobytes_stay_exact_for_gigabytes() -> None:
    profile = only(
        "Type: inuse_space\nShowing nodes accounting for 1413379.50kB, 93.54% of 1510931.75kB total\n" + ROWS
    )
    assert profile.total == 1510931 * KIB + 768


def test_the_type_follows_the_prompt_of_a_session() -> None:
    text = (
        'File: odds\nBuild ID: abc\nType: inuse_space\nEntering interactive mode (type "help" for commands)\n'
        f"(pprof) top\nShowing nodes accounting for 1MB, 100% of 1MB total\n{ROWS}"
        f"(pprof) sample_index=alloc_space\n(pprof) top\nShowing nodes accounting for 9MB, 100% of 9MB total\n{ROWS}"
    )
    profiles = [reading.profiles[0] for reading in pprof_top.parse(text)]
    assert [(p.kind, p.total, p.build_id) for p in profiles] == [
        ("inuse_space", MIB, "abc"),
        ("alloc_space", 9 * MIB, "abc"),
    ]
    assert list(pprof_top.find(text.split("\n"))) == [Span(first=0, last=14)]


def test_a_flag_on_the_command_line_names_the_type_when_the_header_is_lost() -> None:
    assert only(
        f"$ go tool pprof -top -alloc_space http://h/debug/pprof/heap\n1MB of 1MB total ( 100%)\n{ROWS}"
    ).kind == ("alloc_space")


def test_a_difference_of_two_profiles_is_said_to_be_one() -> None:
    text = "Type: inuse_space\nShowing nodes accounting for -2MB, 10% of 20MB total\n"
    text += "      flat  flat%   sum%        cum   cum%\n      -2MB   10%   10%       -2MB   10%  main.put\n"
    assert (only(text).kind, only(text).rows[0].flat) == ("inuse_space (difference)", -2 * MIB)


def test_cut_rows_are_left_out_and_counted() -> None:
    (reading,) = pprof_top.parse(
        f"Type: inuse_space\n1MB of 1MB total (100%)\n{ROWS}     1MB  3%  9%  2MB 4%  main.(*T\n    0   0%\n  0"
    )
    assert len(reading.profiles[0].rows) == 2
    assert reading.notes == ("3 row(s) of the table are cut off in the middle and not used",)


def test_a_cpu_profile_is_no_evidence_of_memory() -> None:
    text = (
        "Type: cpu\nShowing nodes accounting for 90ms, 90% of 100ms total\n      flat  flat%   sum%        cum   cum%\n"
    )
    (reading,) = pprof_top.parse(text + "      90ms 90.00% 90.00%       90ms 90.00%  main.spin\n")
    assert reading.profiles == ()
    assert reading.notes == ("a profile of type 'cpu' measures no memory; it is not used",)


@given(st.text(alphabet="flat% sum%cum 0123456789.MBk()\n:TypeBuildID-/total of", max_size=400))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for span in pprof_top.find(text.split("\n")):
        assert 0 <= span.first <= span.last < len(text.split("\n"))
    with contextlib.suppress(ParseError):
        pprof_top.parse(text)


def test_no_table_is_refused() -> None:
    with pytest.raises(ParseError):
        pprof_top.parse("Type: inuse_space")
