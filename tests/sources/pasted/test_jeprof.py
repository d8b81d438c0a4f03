"""Tables of jeprof and of the old perl pprof."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import ProfileRow
from memwhy.model.units import MIB
from memwhy.sources.pasted import jeprof, pprof_top
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "jeprof"


def text(name: str) -> str:
    return (EVIDENCE / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "total", "quantum", "flat"),
    [
        ("jeprof-text", round(132.9 * MIB), 104857, 125 * MIB),
        ("jeprof-bytes", 139347987, 1, 131071999),
        ("google-pprof-text", round(132.8 * MIB), 104857, 125 * MIB),
    ],
)
def test_captures_give_native_allocations(name: str, total: int, quantum: int, flat: int) -> None:
    (reading,) = jeprof.parse(text(name))
    assert (reading.metrics, reading.quanta) == (
        {"tool.outstanding_bytes": total},
        {"tool.outstanding_bytes": quantum},
    )
    (profile,) = reading.profiles
    assert (profile.kind, profile.unit, profile.total) == ("native_inuse", "bytes", total)
    assert (profile.rows[0].function, profile.rows[0].flat) == ("store::Cache::put", flat)


def test_objects_are_not_bytes() -> None:
    (reading,) = jeprof.parse(text("jeprof-objects"))
    assert (reading.metrics, reading.profiles) == ({}, ())
    assert reading.notes == ("the rows count objects or samples, not bytes; they are not used",)


def test_rows_without_their_total_are_read_if_they_are_of_c_plus_plus() -> None:
    (reading,) = jeprof.parse("712112043  39.5%  39.5% 712112043  39.5% store::Unpack\n> 8 0.0%  39.5% 8  0.0% main")
    assert reading.profiles[0].rows == (
        ProfileRow(function="store::Unpack", flat=712112043, cum=712112043),
        ProfileRow(function="main", flat=8, cum=8),
    )
    assert reading.notes == ("the line with the total is missing; the largest row stands for it",)


def test_tables_of_go_are_left_to_their_reader() -> None:
    rows = "       869 48.85% 48.85%        869 48.85%  runtime.gopark\n       9 1.8% 48.8%        9 1.8%  main.f"
    assert list(jeprof.find(rows.split("\n"))) == []
    with pytest.raises(ParseError):
        jeprof.parse(rows)
    native = text("jeprof-text").split("\n")
    assert list(jeprof.find(["", *native])) == [Span(first=1, last=len(native) - 1)]


def test_gos_own_tool_names_native_allocations_too() -> None:
    (reading,) = pprof_top.parse(text("go-pprof-of-tcmalloc"))
    assert (reading.profiles[0].kind, reading.profiles[0].rows[1].function) == ("native_inuse", "keep_plain")
