"""What the bench of native attribution makes of its measurements: reports of others, growth, pages; its program tells the truth."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "specimens" / "inside"), str(ROOT / "specimens")]

from native import leads, median_interval, put  # noqa: E402
from native_peers import folded_bytes  # noqa: E402
from native_soak import Moment, degraded  # noqa: E402
from programs import BuildFailed, NoGo, asked  # noqa: E402

FOLDED = """runtime.asmcgocall (asm_amd64.s);receive_upload (churn.c); 8192
main;parse_document<00000000004ee400>;parse_node<00000000004ee2a0> 640
main;parse_node (churn.c); 64
no stack at all
"""


def moment(at: int, sample_ns: float, own_bytes: int) -> Moment:
    return Moment(
        at_s=float(at),
        allocations=at,
        samples=at,
        sample_ns=sample_ns,
        alloc_ns=60.0,
        live=1,
        stacks=1,
        lost=0,
        own_bytes=own_bytes,
        period_bytes=65536,
    )


def test_folded_stacks_are_summed_by_the_functions_that_leak() -> None:
    assert folded_bytes(FOLDED) == {"receive_upload": 8192, "parse_node": 704}


def test_a_leak_leads_when_its_growth_is_sure_and_twice_the_next_one() -> None:
    first = {"main.handleDrip": (100, 0.0), "main.processBatch": (5000, 0.0)}
    assert leads("handleDrip", first, {"main.handleDrip": (1100, 100.0**2), "main.processBatch": (5400, 0.0)})
    assert not leads("handleDrip", first, {"main.handleDrip": (1100, 1000.0**2), "main.processBatch": (5400, 0.0)})
    assert not leads("handleDrip", first, {"main.handleDrip": (1100, 100.0**2), "main.processBatch": (5600, 0.0)})
    assert not leads("handleDrip", first, {})


def test_the_interval_of_a_median_is_that_of_its_ranks() -> None:
    assert median_interval(list(range(100))) == (40, 59)
    assert median_interval([1.0, 2.0]) == (1.0, 2.0)


def test_a_page_gets_its_tables_between_the_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("head\n<!-- error -->\nold\n<!-- end of error -->\ntail\n")
    put(page, "error", "| new |")
    assert page.read_text() == "head\n<!-- error -->\n| new |\n<!-- end of error -->\ntail\n"
    with pytest.raises(SystemExit):
        put(page, "stacks", "| new |")


def test_a_soak_that_gets_worse_fails_and_a_flat_one_does_not() -> None:
    flat = [moment(at, 600.0, 3 << 20) for at in range(8)]
    assert degraded(flat) == []
    dearer = [*flat[:6], moment(6, 2000.0, 3 << 20), moment(7, 2000.0, 3 << 20)]
    assert degraded(dearer) == ["600 ns a sample before, 2000 at the end"]
    larger = [*flat[:7], moment(7, 600.0, 4 << 20)]
    assert degraded(larger) == ["the sampler's own memory grew from 3145728 B to 4194304 B"]
    assert degraded(flat[:3]) == ["too short to tell: fewer than four moments"]


def test_the_program_leaks_as_many_bytes_as_it_is_told_and_forgets_them() -> None:
    try:
        with asked("cgochurn") as program:
            worked = program.ask("work 4096 0")
            leaked = program.ask("leak 1048576")
            program.ask("forget")
            forgotten = program.ask("truth")
    except (BuildFailed, NoGo) as error:
        pytest.skip(str(error))
    assert worked["allocations"] == 4096
    assert worked["cpu_ns"] > 0
    assert leaked == {
        "handleRace": 1048576,
        "handleUpload": 1048576,
        "handleImage": 1048576,
        "handleBuffer": 1048576,
        "handleDrip": 0,
    }
    assert set(forgotten.values()) == {0}
