"""Lines of GODEBUG=gctrace=1 from every age of Go."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.pasted import gctrace
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"
FIVE_PARTS = "gc 412 @91.250s 0%: 0.21+0+0+1.4+0.6 ms clock, 1.5+0+0+0.6/8.0/0+4.5 ms cpu, 6->7->2 MB, 8 MB goal, 16 P"
THREE_PARTS = "gc 9 @0.5s 1%: 0.05+7.9+0.01 ms clock, 0.4+1/2/3+0.1 ms cpu, 27->28->25 MB, 28 MB goal, 8 P"
STACKS = "gc 9 @0.5s 1%: 0.05+7.9+0.01 ms clock, 0.4+1/2/3+0.1 ms cpu, 27->28->25 MB, 28 MB goal, 3 MB stacks, 1 MB globals, 8 P (forced)"
GO_1_4 = "gc14(4): 2+1+1169+1 us, 7 -> 4 MB, 23109 (187654-164545) objects, 17 goroutines, 1120/0/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields"
GO_1_1 = "gc9(2): 0+0+0 ms, 3 -> 1 MB 4000 -> 1800 (9000-7200) objects, 3(12) handoff, 4(40) steal, 12/3/0 yields"


def of(text: str) -> list[dict[str, int]]:
    return [dict(reading.metrics) for reading in gctrace.parse(text)]


def cycle(number: int, start: int, live: int, goal: int) -> dict[str, int]:
    return {
        "go.heap_alloc_bytes": start * MIB,
        "runtime.heap_after_gc_bytes": live * MIB,
        "go.next_gc_bytes": goal * MIB,
        "go.gc_count": number,
    }


def test_a_line_tells_start_live_heap_goal_and_time() -> None:
    sizes = ("go.heap_alloc_bytes", "runtime.heap_after_gc_bytes", "go.next_gc_bytes")
    assert gctrace.parse(FIVE_PARTS) == (
        Reading(
            metrics=cycle(412, 6, 2, 8),
            quanta=dict.fromkeys(sizes, MIB),
            elapsed_ns=91_250_000_000,
            line=1,
            last_line=1,
        ),
    )


def test_every_age_is_read() -> None:
    assert of(THREE_PARTS) == of(STACKS) == [cycle(9, 27, 25, 28)]
    assert [dict(reading.facts) for reading in gctrace.parse(STACKS)] == [{"go.gc_forced": "yes"}]
    assert of(GO_1_4) == [
        {
            "go.heap_alloc_bytes": 7 * MIB,
            "runtime.heap_after_gc_bytes": 4 * MIB,
            "go.heap_objects_count": 23109,
            "go.gc_count": 14,
            "go.goroutines_count": 17,
        }
    ]
    assert of(GO_1_1) == [
        {
            "go.heap_alloc_bytes": 3 * MIB,
            "runtime.heap_after_gc_bytes": MIB,
            "go.heap_objects_count": 1800,
            "go.gc_count": 9,
        }
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"> {THREE_PARTS}",
        f"  - `{THREE_PARTS}`",
        f"**{THREE_PARTS}**",
        THREE_PARTS.replace("27->28->25", "27-&gt;28-&gt;25"),
        THREE_PARTS.replace("->", "→"),
        THREE_PARTS.replace("27->28->25", "27->28->**25**"),
        f"Jan 31 10:00:00 box app[12]: {THREE_PARTS}",
        f"{THREE_PARTS}   ",
    ],
)
def test_dress_does_not_matter(line: str) -> None:
    assert of(line) == [cycle(9, 27, 25, 28)]


def test_a_log_stamp_and_a_container_before_the_line_are_kept() -> None:
    (reading,) = gctrace.parse(f"web-1  | 2026-01-31T10:00:00Z {THREE_PARTS}")
    assert (reading.subject, reading.wall_ns) == ("container web-1", 1769853600 * 10**9)


@pytest.mark.parametrize("end", ["27->28->2", "27->28", "27->28->25 M"])
def test_a_line_cut_within_its_sizes_is_not_used(end: str) -> None:
    line = THREE_PARTS[: THREE_PARTS.index("27->")] + end
    assert list(gctrace.find([line])) == []
    with pytest.raises(ParseError):
        gctrace.parse(line)


def test_a_line_cut_within_its_goal_gives_the_rest() -> None:
    assert of(THREE_PARTS[: THREE_PARTS.index("28 MB goal") + 1]) == [
        {"go.heap_alloc_bytes": 27 * MIB, "runtime.heap_after_gc_bytes": 25 * MIB, "go.gc_count": 9}
    ]


@pytest.mark.parametrize(("version", "cycles", "last"), [("1.26", 18, 25), ("1.21", 10, 10)])
def test_captures_are_read_whole(version: str, cycles: int, last: int) -> None:
    text = (EVIDENCE / f"gctrace-{version}.txt").read_text()
    readings = gctrace.parse(text)
    assert [reading.metrics["go.gc_count"] for reading in readings] == list(range(1, cycles + 1))
    assert readings[-1].metrics["runtime.heap_after_gc_bytes"] == last * MIB
    times = [reading.elapsed_ns or 0 for reading in readings]
    assert times == sorted(times)


def test_lines_of_others_between_are_left_to_them() -> None:
    lines = ["I see:", THREE_PARTS, "scvg1: 0 MB released", FIVE_PARTS, FIVE_PARTS, "bye"]
    assert list(gctrace.find(lines)) == [Span(first=1, last=1), Span(first=3, last=4)]


def test_all_lines_of_a_log_belong_to_the_host_above_it() -> None:
    lines = ["me@web1:~$ GODEBUG=gctrace=1 ./app", THREE_PARTS, "hello", FIVE_PARTS]
    assert [span.subject for span in gctrace.find(lines)] == ["host web1", "host web1"]


def test_a_second_process_has_a_subject_of_its_own() -> None:
    lines = [FIVE_PARTS, FIVE_PARTS.replace("412", "413"), THREE_PARTS, THREE_PARTS.replace("gc 9", "gc 10")]
    assert list(gctrace.find(lines)) == [Span(first=0, last=1), Span(first=2, last=3, subject="process no. 2")]
