"""LeakSanitizer, macOS' leaks, mtrace, dmalloc."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import StackSample
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.native import sanitizer, unfreed

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"


def test_a_sanitizers_report_gives_direct_and_indirect_leaks_with_their_stacks() -> None:
    (reading,) = sanitizer.parse((EVIDENCE / "asan.txt").read_text())
    assert reading.metrics == {"tool.definitely_lost_bytes": 5120, "tool.indirectly_lost_bytes": 5120}
    assert reading.profiles[0].stacks == (
        StackSample(frames=("allocate", "lose_lists", "main", "__libc_start_call_main"), value=10240),
    )
    assert (reading.subject, reading.notes) == ("pid 21551", ())


def test_one_leak_alone_and_a_summary_alone_are_read() -> None:
    (leak,) = sanitizer.parse(
        "Direct leak of 232 byte(s) in 1 object(s) allocated from:\n    #0 0x4a1b in malloc (/usr/bin/app+0x4a1b)\n    #1 0x4c2d in open_file /src/a.c:9"
    )
    assert leak.metrics == {"tool.definitely_lost_bytes": 232}
    assert leak.profiles[0].stacks == (StackSample(frames=("open_file",), value=232),)
    assert leak.notes == (
        "there is no SUMMARY: the figures are of the leaks that are on the page, so they are the least",
    )
    (summary,) = sanitizer.parse("> SUMMARY: LeakSanitizer: 4,096 byte(s) leaked in 3 allocation(s).")
    assert summary == Reading(
        metrics={"tool.definitely_lost_bytes": 4096},
        notes=("only the summary is on the page: direct and indirect leaks together",),
        line=1,
        last_line=1,
    )


def test_macos_leaks_are_read_with_and_without_their_process() -> None:
    (reading,) = unfreed.parse((EVIDENCE / "leaks.txt").read_text())
    assert reading == Reading(
        metrics={"tool.outstanding_bytes": 412 * KIB, "tool.definitely_lost_bytes": 3072},
        quanta={"tool.outstanding_bytes": KIB},
        facts={"said.platform": "macos"},
        subject="pid 4711",
        line=3,
        last_line=4,
    )
    (words,) = unfreed.parse("`leaks` reports 0 leaks for 0 total leaked bytes")
    assert (words.metrics, words.subject) == ({"tool.definitely_lost_bytes": 0}, None)


def test_mtrace_and_dmalloc_list_blocks_by_place() -> None:
    (reading,) = unfreed.parse((EVIDENCE / "mtrace.txt").read_text())
    assert reading.metrics == {"tool.outstanding_bytes": 36 * 0x80}
    assert [(row.function, row.flat) for row in reading.profiles[0].rows] == [("/src/mt.c:11", 36 * 0x80)]
    (dmalloc,) = unfreed.parse(
        "not freed: '0x45008|s1' (12 bytes) from 'ra=0x1f8f4'\nnot freed: '0x28008|s1' (4,000 bytes) from 'cache.c:7'"
    )
    assert [(row.function, row.flat) for row in dmalloc.profiles[0].rows] == [("cache.c:7", 4000), ("ra=0x1f8f4", 12)]


@pytest.mark.parametrize("module", [sanitizer, unfreed], ids=lambda module: module.NAME)
@pytest.mark.parametrize(
    "text",
    ["", "Direct leak of oil", "leaks 5 total", "0x5 0x6 at home", "SUMMARY: AddressSanitizer: heap-use-after-free"],
)
def test_what_is_no_report_is_refused(module: object, text: str) -> None:
    assert list(module.find(text.split("\n"))) == []  # type: ignore[attr-defined]
    with pytest.raises(ParseError):
        module.parse(text)  # type: ignore[attr-defined]
