"""What is put on the shelf is of this world: figures that a machine can have, times that a clock can show."""

import pytest

from memwhy.diagnose import book_of, diagnose
from memwhy.model.reading import Reading
from memwhy.sources.documents import read_evidence
from memwhy.sources.page import Found
from memwhy.sources.shelf import Shelf


@pytest.mark.parametrize("value", [1 << 60, 1 << 63, -(1 << 64), 10**400])
def test_a_figure_that_no_machine_has_is_left_out_and_said(value: int) -> None:
    shelf = Shelf()
    reading = Reading(metrics={"process.rss_bytes": value, "process.threads_count": 7})
    shelf.add("page", Found(source="system/ps", subject="", first_line=1, last_line=1, reading=reading), lines=True)
    (kept,) = shelf.in_place()
    assert kept.reading.metrics == {"process.threads_count": 7}
    assert kept.reading.notes == ("a figure of process.rss_bytes is left out: no machine has so much",)


@pytest.mark.parametrize("wall_ns", [1 << 63, -(1 << 63) - 1, 10**30])
def test_a_time_that_no_clock_shows_is_none(wall_ns: int) -> None:
    shelf = Shelf()
    reading = Reading(metrics={"process.rss_bytes": 1}, wall_ns=wall_ns, elapsed_ns=wall_ns)
    shelf.add("page", Found(source="system/ps", subject="", first_line=1, last_line=1, reading=reading), lines=True)
    (kept,) = shelf.in_place()
    assert (kept.moment.clock, kept.reading.wall_ns, kept.reading.elapsed_ns) == ("order", None, None)


def test_lines_stamped_with_go_s_zero_time_are_read_in_their_order() -> None:
    page = "".join(
        f"0001-01-01T00:00:0{n}Z mem HeapAlloc={5_000_000 + n} HeapIdle=9000000 HeapInuse=6000000 HeapReleased=1000 Sys=71387144\n"
        for n in range(4)
    )
    evidenced = read_evidence(["-"], stdin=page.encode())
    assert {o.moment.clock for o in evidenced.observations if o.source == "pasted/memstats_log"} == {"order"}
    assert diagnose(book_of(evidenced)).evidence


def test_bytes_taken_for_gigabytes_are_no_figures() -> None:
    page = "               total        used        free\nMem:          31.2G  21276514304  12252797952\nMem:          31.2G  22276514304  12252797952\n"
    evidenced = read_evidence(["-"], stdin=page.encode())
    assert diagnose(book_of(evidenced)).evidence
