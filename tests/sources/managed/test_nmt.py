"""Native Memory Tracking: summaries in any scale, differences, cut pastes."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.managed import nmt

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def test_a_summary_is_read_whole() -> None:
    assert nmt.parse((EVIDENCE / "jvm-nmt.txt").read_text()) == (
        Reading(
            metrics={
                "runtime.native_committed_bytes": 127104 * KIB,
                "runtime.native_malloc_bytes": 10852 * KIB,
                "runtime.native_reserved_bytes": 1544296 * KIB,
                "runtime.heap_committed_bytes": 60416 * KIB,
                "runtime.heap_limit_bytes": 96 * MIB,
                "runtime.metaspace_bytes": (205 + 202) * KIB,
                "runtime.classes_count": 509,
                "runtime.thread_stacks_bytes": 885 * KIB,
                "process.threads_count": 20,
                "runtime.code_bytes": 7586 * KIB,
                "runtime.gc_bytes": 39392 * KIB,
                "runtime.other_bytes": (4363 + 4 + 196) * KIB,
            },
            quanta={
                "runtime.native_committed_bytes": KIB,
                "runtime.native_malloc_bytes": KIB,
                "runtime.native_reserved_bytes": KIB,
                "runtime.heap_committed_bytes": KIB,
                "runtime.heap_limit_bytes": KIB,
                "runtime.metaspace_bytes": 2 * KIB,
                "runtime.thread_stacks_bytes": KIB,
                "runtime.code_bytes": KIB,
                "runtime.gc_bytes": KIB,
                "runtime.other_bytes": 3 * KIB,
            },
            facts={"said.runtime": "jvm"},
            subject="pid 23892",
            line=1,
            last_line=86,
        ),
    )


def test_megabytes_are_binary_and_coarse() -> None:
    (reading,) = nmt.parse((EVIDENCE / "jvm-nmt-mb.txt").read_text())
    assert reading.metrics["runtime.native_committed_bytes"] == 124 * MIB
    assert reading.quanta["runtime.native_committed_bytes"] == MIB


def test_a_difference_gives_the_baseline_and_now() -> None:
    before, after = nmt.parse((EVIDENCE / "jvm-nmt-diff.txt").read_text())
    assert after.metrics["runtime.native_committed_bytes"] == 127109 * KIB
    assert before.metrics["runtime.native_committed_bytes"] == (127109 - 185) * KIB
    assert before.metrics["runtime.heap_committed_bytes"] == after.metrics["runtime.heap_committed_bytes"]
    assert before.notes == ("a difference to a baseline: the first reading is the figures less their changes",)


def test_a_cut_paste_says_that_the_total_is_missing() -> None:
    (reading,) = nmt.parse(
        "-    Thread (reserved=17550KB, committed=1542KB)\n         (thread #34)\n         (waste=0KB =0,00%)"
    )
    assert reading.metrics == {"runtime.thread_stacks_bytes": 1542 * KIB, "process.threads_count": 34}
    assert reading.notes == ("the total of Native Memory Tracking is not on the page",)


def test_outputs_that_follow_one_another_are_a_series() -> None:
    one = "Total: reserved={0}KB, committed={0}KB\n-    Thread (reserved=9KB, committed=8KB)\n"
    readings = nmt.parse(one.format(100) + one.format(200) + one.format(300))
    assert [r.metrics["runtime.native_committed_bytes"] for r in readings] == [100 * KIB, 200 * KIB, 300 * KIB]


@pytest.mark.parametrize(
    "text", ["", "Total: reserved=, committed=", "Foo (reserved=1KB, committed=1KB)", "Total: 5 GB reserved"]
)
def test_what_is_no_tracking_is_refused(text: str) -> None:
    assert list(nmt.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        nmt.parse(text)


def test_what_malloc_gave_is_read_beneath_the_total_and_not_in_a_category() -> None:
    text = (
        "Native Memory Tracking:\n\nTotal: reserved=8444154KB, committed=6461730KB\n       malloc: 5747358KB #120\n"
        "-      Compiler (reserved=5000KB, committed=5000KB)\n       malloc: 4000KB\n"
    )
    (reading,) = nmt.parse(text)
    assert reading.metrics["runtime.native_malloc_bytes"] == 5747358 * KIB
