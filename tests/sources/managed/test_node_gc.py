"""Lines of node --trace-gc and the end of V8's heap."""

from pathlib import Path

from memwhy.model.reading import Reading
from memwhy.sources.managed import node_gc

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def test_a_collection_has_its_time_since_the_start_and_its_process() -> None:
    readings = node_gc.parse((EVIDENCE / "node-trace-gc.txt").read_text())
    assert readings[0] == Reading(
        metrics={"runtime.heap_used_bytes": round(4.0 * 2**20), "runtime.heap_committed_bytes": round(5.2 * 2**20)},
        quanta={"runtime.heap_used_bytes": 104857, "runtime.heap_committed_bytes": 104857},
        facts={"said.runtime": "node"},
        elapsed_ns=79_000_000,
        subject="pid 24433",
        line=1,
        last_line=1,
    )


def test_only_a_mark_compact_tells_what_is_live() -> None:
    readings = node_gc.parse((EVIDENCE / "node-oom.txt").read_text())
    assert [reading.metrics.get("runtime.heap_after_gc_bytes") for reading in readings] == [17616077, 33659290, None]
    assert readings[2].facts == {
        "said.runtime": "node",
        "said.oom": "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "runtime.heap_exhausted": "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    }


def test_old_spellings_are_read() -> None:
    (reading,) = node_gc.parse(
        "[9]   1234 ms: Mark-sweep 10.5 (20.0) -> 9.5 (19.0) MB, 3.4 / 0 ms [GC in old space requested]."
    )
    assert (reading.subject, reading.elapsed_ns) == ("pid 9", 1_234_000_000)
    assert reading.metrics["runtime.heap_after_gc_bytes"] == round(9.5 * 2**20)


def test_a_committed_size_that_no_machine_has_is_not_taken() -> None:
    line = "37136896 ms: Mark-sweep 30.6 (5345832.9) -> 30.5 (5424623.9) MB, 445.4 / 0 ms [last resort gc]."
    (reading,) = node_gc.parse(line)
    mebibytes = round(30.5 * (1 << 20))
    assert reading.metrics == {"runtime.heap_used_bytes": mebibytes, "runtime.heap_after_gc_bytes": mebibytes}
