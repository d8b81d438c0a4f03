"""What lies on .NET's heap, by type, by its own account and by generation."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.managed import counters, dotnet

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def profile(total: int, *rows: tuple[str, int]) -> Profile:
    shown = tuple(ProfileRow(function=name, flat=size, cum=size) for name, size in rows)
    return Profile(kind="dotnet_inuse", unit="bytes", total=total, rows=shown)


def test_a_gcdump_has_a_total_and_its_types() -> None:
    assert dotnet.parse((EVIDENCE / "dotnet-gcdump.txt").read_text()) == (
        Reading(
            metrics={"runtime.heap_used_bytes": 12_400_512, "runtime.objects_count": 61_203},
            facts={"said.runtime": "dotnet"},
            profiles=(
                profile(
                    12_400_512,
                    ("System.Byte[] (Bytes > 100K)  [System.Private.CoreLib.dll]", 4_100_024),
                    ("Shop.Orders.Line  [shop.dll]", 3_204_880),
                    ("System.String  [System.Private.CoreLib.dll]", 1_200_412),
                ),
            ),
            line=1,
            last_line=7,
        ),
    )


def test_holes_between_objects_are_not_in_use() -> None:
    of_heap, of_types = dotnet.parse((EVIDENCE / "dotnet-sos.txt").read_text())
    assert of_heap.metrics == {"runtime.heap_used_bytes": 12_400_448, "runtime.heap_committed_bytes": 20_971_520}
    assert of_types.metrics == {"runtime.heap_used_bytes": 11_500_448, "runtime.objects_count": 61_203}
    assert of_types.profiles == (profile(11_500_448, ("Shop.Orders.Line", 3_204_880), ("Shop.Orders.Queue", 288)),)


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("GC Heap Size:    Size: 0x400 (1024) bytes.", {"runtime.heap_used_bytes": 1024}),
        ("GC Heap Size:            0x400 (1024) bytes.", {"runtime.heap_used_bytes": 1024}),
        (
            "MT    Count    TotalSize Class Name\n00007f6c1dc00f90   2   500 A.B\n00007f6c1dc00f98   3   24 A.C\nTotal 5 objects",
            {"runtime.objects_count": 5, "runtime.heap_used_bytes": 524},
        ),
        (
            "dotnet.gc.last_collection.heap.size (By)\n    gc.heap.generation\n    ------------------\n    gen0   1,000\n    gen1   200\n    loh   30",
            {"runtime.heap_used_bytes": 1230},
        ),
    ],
)
def test_other_ages_are_read(text: str, metrics: dict[str, int]) -> None:
    (reading,) = dotnet.parse(text)
    assert reading.metrics == metrics


def test_what_a_program_asks_of_itself_is_read() -> None:
    (reading,) = counters.parse("GC.GetTotalMemory(false) = 300\nWorkingSet64: 2000\nTotalCommittedBytes=1400 bytes")
    assert reading.metrics == {
        "runtime.heap_used_bytes": 300,
        "process.rss_bytes": 2000,
        "runtime.heap_committed_bytes": 1400,
    }
    assert list(counters.find(["WorkingSet64: 2 %", "HeapSizeBytes: 1.5", "PrivateWorkingSet: 4 GB"])) == []


def test_what_a_program_prints_in_units_of_its_own_is_one_moment() -> None:
    text = "GC.GetTotalMemory: 40 MiB\nHeapSizeBytes = 41 MiB\nTotalCommittedBytes: 1,500 MiB\nProcess WorkingSet: 1,7 GB\nPeakWorkingSet64: 2048 MB"
    (reading,) = counters.parse(text)
    assert reading.metrics == {
        "runtime.heap_used_bytes": 40 << 20,
        "runtime.heap_committed_bytes": 1500 << 20,
        "process.rss_bytes": 1825361101,
        "process.rss_peak_bytes": 2 << 30,
    }
    assert reading.quanta["process.rss_bytes"] == (1 << 30) // 10


def test_modes_of_the_collector_side_by_side_are_two_subjects() -> None:
    page = "### Server GC\n\nTotalCommittedBytes: 900 MiB\nHeapSizeBytes: 9 MiB\n\n**Workstation GC**:\n\nTotalCommittedBytes: 20 MiB"
    spans = list(counters.find(page.split("\n")))
    assert [span.subject for span in spans] == ["section Server GC", "section Workstation GC"]
    plain = "the server\nTotalCommittedBytes: 900 MiB"
    assert [span.subject for span in counters.find(plain.split("\n"))] == [None]


def test_outputs_that_come_again_are_the_next_moment() -> None:
    text = "GC Heap Size: Size: 0x1 (1000) bytes.\n\nGC Heap Size: Size: 0x2 (2000) bytes."
    assert [reading.metrics["runtime.heap_used_bytes"] for reading in dotnet.parse(text)] == [1000, 2000]


@pytest.mark.parametrize(
    "text", ["", "GC Heap bytes", "12 apples", "gen0 12", "Total 5 objects", "GC Heap Size is large"]
)
def test_what_is_no_heap_of_dotnet_is_refused(text: str) -> None:
    assert list(dotnet.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        dotnet.parse(text)
