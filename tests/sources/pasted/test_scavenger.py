"""What the scavenger says: scvg lines before Go 1.14, scavtrace since."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.pasted import scavenger
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"
OLD = "scvg7: inuse: 12, idle: 500, sys: 512, released: 480, consumed: 32 (MB)"
NAMES = ("go.heap_inuse_bytes", "go.heap_idle_bytes", "go.heap_sys_bytes", "go.heap_released_bytes")


def test_the_old_line_gives_the_heap_in_megabytes() -> None:
    assert scavenger.parse(OLD) == (
        Reading(
            metrics=dict(zip(NAMES, (12 * MIB, 500 * MIB, 512 * MIB, 480 * MIB), strict=True)),
            quanta=dict.fromkeys(NAMES, MIB),
            line=1,
            last_line=1,
        ),
    )


@pytest.mark.parametrize(
    ("line", "kib"),
    [
        ("scav 3 640 KiB work, 5248 KiB total, 91% util", 5248),
        ("scav 640 KiB work, 5248 KiB total, 91% util (forced)", 5248),
        ("scav 4 KiB work (bg), 0 KiB work (eager), 5248 KiB now, 91% util", 5248),
        ("> app: scav 4 KiB work (bg), 0 KiB work (eager), **5248** KiB total, 91% util", 5248),
    ],
)
def test_every_age_of_scavtrace_tells_what_is_released(line: str, kib: int) -> None:
    (reading,) = scavenger.parse(line)
    assert (reading.metrics, reading.quanta) == ({"go.heap_released_bytes": kib * KIB}, {"go.heap_released_bytes": KIB})
    assert reading.facts == {"go.scavenger_util_percent": "91"}


def test_a_line_that_tells_only_what_was_given_back_is_known_and_holds_no_figure() -> None:
    assert list(scavenger.find(["scvg1: 0 MB released", OLD])) == [Span(first=0, last=1)]
    assert scavenger.parse("scvg1: 0 MB released") == ()


def test_a_cut_line_gives_no_half_number() -> None:
    assert [dict(r.metrics) for r in scavenger.parse(OLD[: OLD.index("480") + 2])] == [
        dict(zip(NAMES[:3], (12 * MIB, 500 * MIB, 512 * MIB), strict=True))
    ]
    with pytest.raises(ParseError):
        scavenger.parse(OLD[: OLD.index("512") + 2])


def test_a_capture_is_read_whole() -> None:
    text = (EVIDENCE / "gctrace-1.26.txt").read_text()
    lines = [line for line in text.split("\n") if line.startswith("scav ")]
    assert [reading.metrics["go.heap_released_bytes"] // KIB for reading in scavenger.parse(text)] == [
        int(line.split("(eager), ")[1].split()[0]) for line in lines
    ]
