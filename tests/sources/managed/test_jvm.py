"""A JVM's heap: at one moment, by class, and collection by collection."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import ProfileRow
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.managed import gc_log, jvm_heap
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
JVM = {"said.runtime": "jvm"}


def test_a_heap_is_summed_over_its_generations() -> None:
    (reading,) = jvm_heap.parse((EVIDENCE / "jvm-heap_info.txt").read_text())
    assert reading.metrics == {
        "runtime.heap_committed_bytes": 60416 * KIB,
        "runtime.heap_used_bytes": 25672 * KIB,
        "runtime.metaspace_bytes": 320 * KIB,
    }
    assert reading.subject == "pid 23892"
    parallel = " PSYoungGen      total 76288K, used 2621K [0x1, 0x2, 0x3)\n  eden space 65536K, 4% used [0x1)\n ParOldGen       total 175104K, used 100K [0x4)"
    assert jvm_heap.parse(parallel)[0].metrics == {
        "runtime.heap_committed_bytes": (76288 + 175104) * KIB,
        "runtime.heap_used_bytes": 2721 * KIB,
    }
    (zgc,) = jvm_heap.parse(" ZHeap           used 100M, capacity 200M, max capacity 4096M")
    assert zgc.metrics["runtime.heap_limit_bytes"] == 4096 * MIB


def test_jmap_gives_the_limit_and_the_spaces() -> None:
    (reading,) = jvm_heap.parse((EVIDENCE / "jvm-jmap-heap.txt").read_text())
    assert reading.metrics == {
        "runtime.heap_limit_bytes": 96 * MIB,
        "runtime.heap_committed_bytes": 96 * MIB,
        "runtime.heap_used_bytes": 21905096,
    }


def test_jstats_rows_are_a_series() -> None:
    readings = jvm_heap.parse((EVIDENCE / "jvm-jstat-gc.txt").read_text())
    assert [reading.metrics["runtime.heap_used_bytes"] for reading in readings] == [round(21391.7 * KIB)] * 3
    timed = "Timestamp S0C S1C S0U S1U EC EU OC OU MC MU YGC YGCT FGC FGCT GCT\n 12,5 0,0 0,0 0,0 0,0 100,0 50,0 200,0 150,0 9,0 8,0 1 0,1 0 0,0 0,1"
    assert jvm_heap.parse(timed) == (
        Reading(
            metrics={
                "runtime.heap_used_bytes": 200 * KIB,
                "runtime.heap_committed_bytes": 300 * KIB,
                "runtime.metaspace_bytes": 9 * KIB,
            },
            quanta={
                "runtime.heap_used_bytes": 4 * 102,
                "runtime.heap_committed_bytes": 4 * 102,
                "runtime.metaspace_bytes": 102,
            },
            facts=JVM,
            elapsed_ns=12_500_000_000,
            line=2,
            last_line=2,
        ),
    )


def test_a_histogram_is_a_profile_and_its_total_the_heap() -> None:
    text = (EVIDENCE / "jvm-histogram.txt").read_text() + "Total         24000       21200000\n"
    (reading,) = jvm_heap.parse(text)
    assert reading.metrics == {"runtime.objects_count": 24000, "runtime.heap_used_bytes": 21200000}
    assert reading.profiles[0].rows[:2] == (
        ProfileRow(function="[B", flat=20334208, cum=20334208),
        ProfileRow(function="java.lang.Class", flat=175672, cum=175672),
    )


def test_a_histogram_that_comes_again_without_its_header_is_the_next_moment() -> None:
    first = "num     #instances         #bytes  class name\n   1:  10  3000  [B\n   2:  5  1000  java.lang.String\n   3:  5  900  org.shop.Cart"
    again = "   1:  90  9000  org.shop.Cart\n   2:  12  3100  [B\n   3:  5  1000  java.lang.String"
    page = f"{first}\n\nthe same on Friday:\n\n{again}\nTotal  107  13100".split("\n")
    spans = list(jvm_heap.find(page))
    assert spans == [Span(first=0, last=3), Span(first=7, last=10)]
    (before,), (after,) = (jvm_heap.parse("\n".join(page[span.first : span.last + 1])) for span in spans)
    assert before.metrics == {"runtime.heap_used_bytes": 4900}
    assert before.notes == ("the histogram has no total: what its rows here sum to is the least",)
    assert after.metrics == {"runtime.objects_count": 107, "runtime.heap_used_bytes": 13_100}
    assert after.notes == ()


@pytest.mark.parametrize(
    "text", ["1: 10 3000 [B\n2: 5 1000 java.lang.String", "1: 10 20 apples\n2: 5 9 pears\n3: 4 8 plums"]
)
def test_two_rows_or_rows_of_other_things_are_no_histogram(text: str) -> None:
    assert list(jvm_heap.find(text.split("\n"))) == []


def test_where_a_log_has_full_collections_only_they_tell_what_is_live() -> None:
    readings = gc_log.parse((EVIDENCE / "gc-unified.txt").read_text())
    assert [reading.metrics.get("runtime.heap_after_gc_bytes") for reading in readings] == [None] * 7 + [20 * MIB]
    assert readings[7] == Reading(
        metrics={
            "runtime.heap_used_bytes": 20 * MIB,
            "runtime.heap_committed_bytes": 59 * MIB,
            "runtime.heap_after_gc_bytes": 20 * MIB,
        },
        quanta={
            "runtime.heap_used_bytes": MIB,
            "runtime.heap_committed_bytes": MIB,
            "runtime.heap_after_gc_bytes": MIB,
        },
        facts=JVM,
        elapsed_ns=2_631_000_000,
        line=9,
        last_line=9,
    )


def test_a_log_of_young_collections_alone_is_taken_as_it_is() -> None:
    readings = gc_log.parse((EVIDENCE / "gc-unified-details.txt").read_text())
    assert [reading.metrics["runtime.heap_after_gc_bytes"] // MIB for reading in readings] == [6, 13, 19]
    assert [bool(reading.notes) for reading in readings] == [True, False, False]
    assert readings[0].wall_ns == 1795402613_087_000_000


@pytest.mark.parametrize(
    ("text", "after", "elapsed_s"),
    [
        ("2.345: [GC (Allocation Failure) [PSYoungGen: 65536K->10744K(76288K)] 65536K->10240K(251392K), 0.01 secs]", 10, 2.345),
        ("[Full GC (Ergonomics) [PSYoungGen: 1K->0K(7K)] [ParOldGen: 5K->3K(7K)] 11244K->10240K(20480K), [Metaspace: 1K->1K(2K)], 0.1 secs]", 10, None),
        ("[GC pause (G1 Evacuation Pause) (young) 24M->10M(256M), 0.01 secs]", 10, None),
        ("1.500: [GC pause (G1 Evacuation Pause) (young), 0.0099 secs]\n   [Parallel Time: 8.9 ms]\n   [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3M Heap: 24.0M(256.0M)->10.0M(256.0M)]", 10, 1.5),
        ("[1.2s][info][gc] GC(3) Garbage Collection (Proactive) 512M(25%)->10M(5%)", 10, 1.2),
        ("> [1200ms][info ][gc ] GC(3) Pause Young (Normal) (G1 Evacuation Pause) 512M->10M(1024M) 3,1ms", 10, 1.2),
    ],
)  # fmt: skip
def test_collections_are_read_in_every_age(text: str, after: int, elapsed_s: float | None) -> None:
    (reading,) = gc_log.parse(text)
    assert reading.metrics["runtime.heap_after_gc_bytes"] == after * MIB
    assert reading.elapsed_ns == (None if elapsed_s is None else round(elapsed_s * 1e9))


@pytest.mark.parametrize("module", [gc_log, jvm_heap], ids=lambda module: module.NAME)
@pytest.mark.parametrize(
    "text", ["", "GC(5) started", "[GC 5 MB]", "10M->5M(20M)", "heap total 5K, used 3K", "1: 2 3 name"]
)
def test_what_is_no_figure_of_a_jvm_is_refused(module: object, text: str) -> None:
    assert list(module.find(text.split("\n"))) == []  # type: ignore[attr-defined]
    with pytest.raises(ParseError):
        module.parse(text)  # type: ignore[attr-defined]


def test_pauses_without_their_decorations_are_read() -> None:
    first, second = gc_log.parse(
        "Pause Full (G1 Compaction Pause) 3000M->2900M(4096M) 2103.2ms\nPause Young (Normal) (G1 Evacuation Pause) 3500M->3100M(4096M)"
    )
    assert first.metrics["runtime.heap_after_gc_bytes"] == 2900 << 20
    assert "runtime.heap_after_gc_bytes" not in second.metrics


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("3.1G->2.9G(4G)\n3.2G->3.0G(4G)", 2),
        ("10:00 full gc 3100M->2900M(4096M)", 1),
        ("3.1G->2.9G(4G)", 0),
        ("jvm:\nMetaspace: 85000K->85000K(90112K)", 0),
        ("java\nfoo 10M->12M (not a heap)", 0),
    ],
)
def test_bare_arrows_count_in_company_or_with_a_word_on_collections(text: str, live: int) -> None:
    lines = text.split("\n")
    readings = [
        reading for span in gc_log.find(lines) for reading in gc_log.parse("\n".join(lines[span.first : span.last + 1]))
    ]
    assert sum("runtime.heap_after_gc_bytes" in reading.metrics for reading in readings) == live
