"""pmap in every layout, whole, in part, and as one total."""

from dataclasses import replace
from pathlib import Path

import pytest

from memwhy.account import account
from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S
from memwhy.sources.system import pmap

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"


def read(text: str) -> list[Reading]:
    """As the page does it: what a reading does not tell of its subject, the span does."""
    lines = text.split("\n")
    return [
        replace(reading, subject=reading.subject or span.subject)
        for span in pmap.find(lines)
        for reading in pmap.parse("\n".join(lines[span.first : span.last + 1]))
    ]


def only(text: str) -> Reading:
    readings = read(text)
    assert len(readings) == 1
    return readings[0]


@pytest.mark.parametrize(
    ("name", "expected", "mapped"),
    [
        ("pmap-x", {"virtual": 20668, "rss": 17692}, True),
        ("pmap-X", {"virtual": 20668, "rss": 17692, "pss": 11688, "lazy_free": 0, "swap": 0, "locked": 0}, True),
        ("pmap-d", {"virtual": 20668, "private_virtual": 12176}, False),
        ("pmap", {"virtual": 20668}, False),
    ],
)
def test_a_capture_of_every_layout_gives_its_totals(name: str, expected: dict[str, int], mapped: bool) -> None:
    reading = only((EVIDENCE / f"{name}.txt").read_text())
    assert reading.metrics == {f"process.{key}_bytes": kib * KIB for key, kib in expected.items()}
    assert (reading.subject, reading.facts, reading.notes) == ("pid 14573", {"process.comm": "python3"}, ())
    assert bool(reading.mappings) == mapped
    if mapped:
        assert sum(m.rss_bytes or 0 for m in reading.mappings) == 17692 * KIB
        assert sum(m.size_bytes for m in reading.mappings) == 20668 * KIB


def test_the_layers_of_the_short_layout_are_those_of_the_long_one() -> None:
    short, long = (only((EVIDENCE / f"{name}.txt").read_text()) for name in ("pmap-x", "pmap-X"))
    layers = [
        {layer.metric: layer.bytes for layer in account(r.mappings, total_bytes=None, go=None, facts={}).layers}
        for r in (short, long)
    ]
    moved = {metric for metric in layers[0].keys() | layers[1].keys() if layers[0].get(metric) != layers[1].get(metric)}
    assert moved <= {"layer.special_bytes", "layer.anonymous_bytes"}  # -x calls the vdso anonymous


def test_a_few_rows_are_a_part_and_no_total() -> None:
    reading = only(
        "Address           Kbytes     RSS   Dirty Mode  Mapping\n"
        "000000c000000000 12779520 9599484 9599484 rw---   [ anon ]\n"
        "0000555500000000     400     300       8 r-x-- shop\n"
    )
    assert reading.metrics == {}
    assert reading.notes == ("2 rows of pmap, not all of the process: what they sum to is a part of it",)
    assert reading.mappings == ()


@pytest.mark.parametrize("gap", ["-----", None])
def test_many_mappings_alike_are_said_to_be_many_but_stacks_are_not(gap: str | None) -> None:
    rows = []
    for i in range(12):
        start = 0x7F0000003000 + i * 0x1000000
        if gap:
            rows.append(f"{start - 4096:016x}       4       0       0 {gap}   [ anon ]")
        rows.append(f"{start:016x}    2048    2048    2048 rw---   [ anon ]")
    reading = only("Address           Kbytes     RSS   Dirty Mode  Mapping\n" + "\n".join(rows))
    assert reading.facts == ({} if gap else {"mappings.many": "12 anonymous mappings of 2.0 MiB each"})
    assert reading.mappings == ()


def test_heaps_of_malloc_are_counted_whole_in_parts_and_by_their_reserved_rest() -> None:
    reading = only(
        "00007f1000000000   65536   60000   60000 rw---   [ anon ]\n"
        "00007f1004000000     132     132     132 rw---   [ anon ]\n"
        "00007f1004021000   65404       0       0 -----   [ anon ]\n"
        "00007f1010021000   65404       0       0 -----   [ anon ]\n"
        "00007f1020001000   65536   65536   65536 rw---   [ anon ]\n"
    )
    assert reading.metrics == {"process.arena_like_count": 3, "process.arena_like_bytes": 60132 * KIB}


@pytest.mark.parametrize(
    ("command", "output", "metric"),
    [
        ("pmap -d $(pgrep shop) | tail -n1 | awk '{print $4}'", "238356K", "process.private_virtual_bytes"),
        ("$ pmap -d 4711 | tail -1 | awk '{ print $2 }'", "238356K", "process.virtual_bytes"),
        ("# pmap -x 4711 | tail -n 1 | awk '{print $4}'", "238356", "process.rss_bytes"),
        ("# pmap -x 4711 | grep total | awk '{print $3}'", "238356", "process.virtual_bytes"),
        ("$ pmap 4711 | tail -n 1 | awk '{print $2}'", "238356K", "process.virtual_bytes"),
    ],
)
def test_one_total_cut_out_by_awk_is_what_its_column_is(command: str, output: str, metric: str) -> None:
    reading = only(f"{command}\n{output}")
    assert (reading.metrics, reading.quanta) == ({metric: 238356 * KIB}, {metric: KIB})
    assert reading.subject == ("process shop" if "pgrep" in command else "pid 4711")


def test_a_total_alone_says_what_it_is() -> None:
    line = "mapped: 700000K    writeable/private: 238356K    shared: 28K"
    assert only(f"> {line}").metrics == {
        "process.virtual_bytes": 700000 * KIB,
        "process.private_virtual_bytes": 238356 * KIB,
    }
    assert only("writeable/private: 238356K").metrics == {"process.private_virtual_bytes": 238356 * KIB}
    assert only("total kB          118484    9712    6340").metrics == {
        "process.virtual_bytes": 118484 * KIB,
        "process.rss_bytes": 9712 * KIB,
    }


def test_totals_of_a_loop_are_a_series() -> None:
    page = "$ while true; do pmap -d 4711 | tail -n1 | awk '{print $4}'; sleep 60; done\n200000K\n200100K\n200300K"
    assert [(r.metrics["process.private_virtual_bytes"] // KIB, r.elapsed_ns) for r in read(page)] == [
        (200000, 0),
        (200100, 60 * NS_PER_S),
        (200300, 120 * NS_PER_S),
    ]


def test_the_old_layout_with_dashes_for_sizes_is_read() -> None:
    readings = read(
        "4711:   shop\nAddress   Kbytes     RSS    Anon  Locked Mode   Mapping\n"
        "00400000      12       -       -       - r-x--  shop\n01f3a000  102400       -       -       - rw---    [ anon ]\n"
        "--------  ------  ------  ------  ------\ntotal kB  102412       -       -       -"
    )
    assert [r.metrics for r in readings] == [{"process.virtual_bytes": 100 * MIB + 12 * KIB}]
    assert readings[0].mappings == ()


@pytest.mark.parametrize("text", ["", "total 123K", "Address Kbytes", "00400000 12 prog", "7f00-8000 rw-p", "238356K"])
def test_what_is_no_row_of_pmap_is_refused(text: str) -> None:
    assert list(pmap.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        pmap.parse(text)


def test_a_name_typed_in_part_is_the_same_program_as_the_longer_one() -> None:
    page = "pmap -d $(pgrep shop_exp) | tail -n1 | awk '{print $4}'\n100000K\nlater:\n" + (
        "pmap -d $(pgrep shop) | tail -n1 | awk '{print $4}'\n200000K"
    )
    assert [(r.subject, r.metrics["process.private_virtual_bytes"] // KIB) for r in read(page)] == [
        ("process shop_exp", 100000),
        ("process shop_exp", 200000),
    ]


CUT = """\
000000c000000000  720896  583120  583120 rw---   [ anon ]
00007f01c2a51000   65536   65536       0 r--s- 0001.seg
00007f01c6c51000   65536   65532       0 r--s- 0002.seg
00007f01cac50000   65536   65536       0 r--s- 0003.seg"""


def test_a_part_of_a_list_says_what_of_it_is_files() -> None:
    (reading,) = pmap.parse(CUT)
    assert dict(reading.facts) == {
        "mappings.listed_bytes": str((583120 + 3 * 65536 - 4) * KIB),
        "mappings.listed_file_bytes": str((3 * 65536 - 4) * KIB),
    }
    assert reading.mappings == ()


@pytest.mark.parametrize("remark", ["(40 more like these)", "... 40 more of the same kind", "and 40 others like that"])
def test_rows_that_somebody_left_out_count_as_those_above_them(remark: str) -> None:
    (reading,) = pmap.parse(f"{CUT}\n{remark}")
    assert reading.facts["mappings.listed_file_bytes"] == str((43 * 65536 - 4) * KIB)
    assert reading.facts["mappings.listed_bytes"] == str((583120 + 43 * 65536 - 4) * KIB)


def test_segments_and_written_pages_of_files_are_no_files() -> None:
    rows = "00007f01c2a51000   65536   65536   65536 rw-s- /dev/shm/a\n00007f01c6c51000   65536   65536   65536 rw--- lib.so\n00007f01cac50000   65536   65536       0 r---- x"
    (reading,) = pmap.parse(rows)
    assert reading.facts["mappings.listed_file_bytes"] == str(65536 * KIB)


def test_a_whole_list_needs_no_such_facts() -> None:
    found = pmap.parse((EVIDENCE / "pmap-x.txt").read_text())
    assert [name for reading in found for name in reading.facts if name.startswith("mappings.listed")] == []
