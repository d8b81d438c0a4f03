"""What is left of smaps: a key, the same key of every mapping, a sum."""

from dataclasses import replace

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.page import read_page
from memwhy.sources.system import smaps_keys


def read(text: str) -> list[Reading]:
    """As the page does it: what a reading does not tell of its subject, the span does."""
    lines = text.split("\n")
    return [
        replace(reading, subject=reading.subject or span.subject)
        for span in smaps_keys.find(lines)
        for reading in smaps_keys.parse("\n".join(lines[span.first : span.last + 1]))
    ]


@pytest.mark.parametrize(
    ("text", "metric", "kib", "subject"),
    [
        ("LazyFree:          65200 kB", "lazy_free", 65200, None),
        ("> - `LazyFree: 65,200 kB`", "lazy_free", 65200, None),
        ("$ grep Rss /proc/4711/smaps\nRss: 4 kB\nRss: 8 kB\nRss: 100 kB", "rss", 112, "pid 4711"),
        ("$ grep -i pss /proc/4711/smaps | awk '{s+=$2} END {print s}'\n123456", "pss", 123456, "pid 4711"),
        ("awk '/^Rss/ {sum += $2} END {print sum}' /proc/4711/smaps\n123456 kB", "rss", 123456, "pid 4711"),
        ("# cat /proc/4711/smaps | grep Private_Dirty | awk '{t+=$2} END {print t/1024 \" MB\"}'\n120 MB", "private_dirty", 120 * 1024, "pid 4711"),
    ],
)  # fmt: skip
def test_keys_and_sums_are_read(text: str, metric: str, kib: int, subject: str | None) -> None:
    (reading,) = read(text)
    assert (reading.metrics, reading.subject) == ({f"process.{metric}_bytes": kib * KIB}, subject)


@pytest.mark.parametrize(
    "text",
    ["", "Rss: 4 kB", "Swap: 12 kB", "LazyFree: 1 kB\nLazyFree: 2 kB", "awk '{print $1}' /proc/1/smaps\n12", "LazyFree: many"],
)  # fmt: skip
def test_what_cannot_be_told_from_a_part_is_refused(text: str) -> None:
    assert list(smaps_keys.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        smaps_keys.parse(text)


def test_one_region_of_smaps_is_no_total_of_the_process() -> None:
    region = (
        "7f19b8000000-7f1a38000000 rw-p 00000000 00:00 0\nSize: 2097152 kB\nRss: 2000000 kB\nPrivate_Dirty: 2000000 kB"
    )
    (found,) = read_page(region.split("\n")).found
    assert (found.source, found.reading.metrics) == ("proc/smaps", {})
    assert found.reading.mappings == ()
