"""massif, heaptrack and bcc's memleak: who holds native memory."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.native import heaptrack_print, massif, memleak

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"


@pytest.mark.parametrize("name", ["massif.out.txt", "ms_print.txt"])
def test_massifs_raw_file_and_its_print_say_the_same(name: str) -> None:
    readings = massif.parse((EVIDENCE / name).read_text())
    assert len(readings) == 59
    assert [reading.metrics for reading in readings[:3]] == [
        {"tool.outstanding_bytes": 0},
        {"tool.outstanding_bytes": 128},
        {"tool.outstanding_bytes": 50240},
    ]
    assert readings[-1].metrics == {"tool.outstanding_bytes": 4440968, "tool.peak_bytes": 4441521}
    assert readings[-1].profiles == (
        Profile(
            kind="native_inuse",
            unit="bytes",
            total=4440968,
            rows=(
                ProfileRow(function="allocate", flat=4440968, cum=4440968),
                ProfileRow(function="main", flat=0, cum=4425728),
                ProfileRow(function="keep_buffers", flat=0, cum=1280000),
            ),
            stacks=(
                StackSample(frames=("allocate", "main"), value=3145728),
                StackSample(frames=("allocate", "keep_buffers", "main"), value=1280000),
                StackSample(frames=("allocate",), value=15240),
            ),
        ),
    )
    assert {reading.elapsed_ns for reading in readings} == {None}


def test_a_row_of_massifs_table_is_known_by_its_sum_and_milliseconds_are_times() -> None:
    header = "  n       time(ms)         total(B)   useful-heap(B) extra-heap(B)    stacks(B)\n"
    rows = " 1   250   1,000   900   100   0\n 2   500   2,000   1,500   300   200\n 3   750  9,999  1  2  3\n"
    assert [(r.metrics["tool.outstanding_bytes"], r.elapsed_ns) for r in massif.parse(header + rows)] == [
        (900, 250_000_000),
        (1500, 500_000_000),
    ]


def test_heaptracks_units_are_decimal_and_its_leaks_are_a_profile() -> None:
    (reading,) = heaptrack_print.parse((EVIDENCE / "heaptrack_print.txt").read_text())
    assert reading.metrics == {
        "tool.peak_bytes": 4_510_000,
        "process.rss_peak_bytes": 5_210_000,
        "tool.outstanding_bytes": 1_300_000,
    }
    assert reading.quanta == dict.fromkeys(reading.metrics, 10_000)
    assert reading.profiles[0].stacks == (
        StackSample(frames=("allocate", "keep_buffers", "main"), value=1_280_000),
        StackSample(frames=("allocate", "lose_lists", "main"), value=10_240),
        StackSample(frames=("allocate", "main"), value=5_000),
    )


def test_heaptracks_summary_is_read_without_its_sections() -> None:
    (reading,) = heaptrack_print.parse(
        "total runtime: 9.01s.\npeak heap memory consumption: 10.55MB\ntotal memory leaked: **1.28KB**"
    )
    assert reading == Reading(
        metrics={"tool.peak_bytes": 10_550_000, "tool.outstanding_bytes": 1280},
        quanta={"tool.peak_bytes": 10_000, "tool.outstanding_bytes": 10},
        line=2,
        last_line=3,
    )


def test_memleaks_arenas_and_thread_stacks_are_address_space_and_its_outputs_a_series() -> None:
    first, second = memleak.parse((EVIDENCE / "memleak.txt").read_text())
    stack = StackSample(frames=("read_frame", "main", "__libc_start_call_main"), value=98304)
    assert first.metrics == {"tool.outstanding_bytes": 98304}
    assert first.profiles[0].stacks == (stack,)
    assert first.notes == (
        "1 of the blocks (64.0 MiB) are malloc arenas of glibc by their size: address space, not counted as in use",
        "2 of the blocks (16.0 MiB) are stacks of threads by their size: address space, not counted as in use",
        "only the 3 largest stacks are printed, so the sum is the least",
    )
    assert (second.metrics, first.elapsed_ns, second.elapsed_ns) == ({"tool.outstanding_bytes": 196608}, 0, 10 * 10**9)


def test_memleaks_addresses_without_stacks_are_summed() -> None:
    (reading,) = memleak.parse("addr = 7f32 size = 4096\naddr = 7f3224000000 size = 67108864\naddr = 7f42 size = 100")
    assert reading.metrics == {"tool.outstanding_bytes": 4196}


@pytest.mark.parametrize("module", [massif, heaptrack_print, memleak], ids=lambda module: module.NAME)
@pytest.mark.parametrize(
    "text", ["", "time=5", "1 2 3 4 5 6", "5 MB leaked over the weekend", "size = 9 addr = 5", "->12.5% of it"]
)
def test_what_is_no_output_of_theirs_is_refused(module: object, text: str) -> None:
    assert list(module.find(text.split("\n"))) == []  # type: ignore[attr-defined]
    with pytest.raises(ParseError):
        module.parse(text)  # type: ignore[attr-defined]
