"""valgrind's memcheck: summaries, loss records, and what is left of them on a page."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.native import valgrind

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"
SUMMARY = {
    "tool.definitely_lost_bytes": 5120,
    "tool.indirectly_lost_bytes": 5120,
    "tool.possibly_lost_bytes": 5000,
    "tool.still_reachable_bytes": 1280000,
    "tool.outstanding_bytes": 1295240,
}
REACHABLE = "most of it is still reachable: something points to it, which does not say that it is still needed"


def test_a_full_leak_check_gives_its_summary_and_a_profile_by_callers_of_malloc() -> None:
    assert valgrind.parse((EVIDENCE / "valgrind-full.txt").read_text()) == (
        Reading(
            metrics=SUMMARY,
            facts={"process.comm": "leaky"},
            profiles=(
                Profile(
                    kind="native_inuse",
                    unit="bytes",
                    total=1295240,
                    rows=(
                        ProfileRow(function="allocate", flat=1295240, cum=1295240),
                        ProfileRow(function="main", flat=0, cum=1295240),
                        ProfileRow(function="keep_buffers", flat=0, cum=1280000),
                        ProfileRow(function="lose_lists", flat=0, cum=10240),
                    ),
                    stacks=(
                        StackSample(frames=("allocate", "keep_buffers", "main"), value=1280000),
                        StackSample(frames=("allocate", "lose_lists", "main"), value=10240),
                        StackSample(frames=("allocate", "main"), value=5000),
                    ),
                ),
            ),
            subject="pid 21117",
            notes=(REACHABLE,),
            line=4,
            last_line=38,
        ),
    )


def test_a_summary_alone_is_read_without_its_prefix_and_in_any_locale() -> None:
    (reading,) = valgrind.parse(
        "LEAK SUMMARY:\n   definitely lost: 7.528 bytes in 69 blocks\n   still reachable: 5 084 768 bytes in 42 774 blocks"
    )
    assert reading.metrics == {"tool.definitely_lost_bytes": 7528, "tool.still_reachable_bytes": 5084768}
    assert reading.subject is None


def test_one_record_without_a_summary_is_the_least() -> None:
    text = (
        "> ==88== 2,613,472 bytes in 96 blocks are still reachable in loss record 1,235 of 1,236\n"
        "> ==88==    at 0x4C2B1C7: operator new(unsigned long) (in /usr/lib/valgrind/vgpreload_memcheck-amd64-linux.so)\n"
        "> ==88==    by 0x8A1B2C: node::Buffer::New(v8::Isolate*, unsigned long) (in /usr/bin/node)\n"
        "> ==88==    by 0x8A1B3D: main (node_main.cc:7)\n"
    )
    (reading,) = valgrind.parse(text)
    assert reading.metrics == {"tool.still_reachable_bytes": 2613472}
    assert reading.facts == {"said.runtime": "node"}
    assert reading.notes == (
        "there is no LEAK SUMMARY: the figures are of 1 loss record(s) of 1236, so they are the least",
        REACHABLE,
    )
    assert reading.profiles[0].stacks == (
        StackSample(frames=("node::Buffer::New(v8::Isolate*, unsigned long)", "main"), value=2613472),
    )


def test_every_leak_check_of_a_page_is_a_reading_of_its_own() -> None:
    one = "==7== LEAK SUMMARY:\n==7==    definitely lost: {0} bytes in 1 blocks\n==7==    indirectly lost: 0 bytes in 0 blocks\n"
    readings = valgrind.parse(one.format(100) + one.format(200) + one.replace("==7==", "==8==").format(300))
    assert [(r.subject, r.metrics["tool.definitely_lost_bytes"]) for r in readings] == [
        ("pid 7", 100),
        ("pid 7", 200),
        ("pid 8", 300),
    ]


def test_nothing_in_use_at_exit_is_nothing_lost() -> None:
    text = "==9== HEAP SUMMARY:\n==9==     in use at exit: 0 bytes in 0 blocks\n==9== \n==9== All heap blocks were freed -- no leaks are possible"
    (reading,) = valgrind.parse(text)
    assert set(reading.metrics.values()) == {0}
    assert len(reading.metrics) == 5


@pytest.mark.parametrize(
    "text", ["", "no data was definitely lost", "the link is still reachable", "at 0x1: f (a.c:1)"]
)
def test_words_that_are_no_leak_check_are_refused(text: str) -> None:
    assert list(valgrind.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        valgrind.parse(text)
