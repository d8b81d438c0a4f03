"""vmstat's columns in their units and times."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S
from memwhy.sources.system import vmstat

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"
HEADER = " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st"
ROW = " 7  0     12  14624    114   7975    0    0   769  3116  819 1631 36  6 54  0  4"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in vmstat.find(lines) for r in vmstat.parse("\n".join(lines[s.first : s.last + 1]))]


def test_a_capture_gives_a_reading_a_row() -> None:
    readings = read((EVIDENCE / "vmstat-1-3.txt").read_text())
    assert [r.metrics for r in readings] == [
        {
            "host.free_bytes": 14916940 * KIB,
            "host.swap_used_bytes": 0,
            "host.buff_cache_bytes": (116884 + 8155964) * KIB,
        }
    ] * 3
    assert {r.elapsed_ns for r in readings} == {None}


def test_the_command_tells_unit_and_interval() -> None:
    readings = read(f"$ vmstat -S M 5\n{HEADER}\n{ROW}\n{ROW}")
    assert [(r.metrics["host.swap_used_bytes"], r.elapsed_ns) for r in readings] == [
        (12 * MIB, 0),
        (12 * MIB, 5 * NS_PER_S),
    ]
    assert readings[0].quanta["host.free_bytes"] == MIB


def test_inactive_and_active_pages_are_no_cache_and_stamps_are_read() -> None:
    header = HEADER.replace("  buff  cache", " inact active") + "                 UTC"
    (reading,) = read(f"{header}\n{ROW} 1970-01-01 00:01:00")
    assert reading.metrics == {"host.free_bytes": 14624 * KIB, "host.swap_used_bytes": 12 * KIB}
    assert reading.wall_ns == 60 * NS_PER_S


@pytest.mark.parametrize("text", ["", HEADER, ROW, "vmstat 1 2", "nr_free_pages 12"])
def test_what_has_no_header_or_no_row_is_refused(text: str) -> None:
    assert list(vmstat.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        vmstat.parse(text)
