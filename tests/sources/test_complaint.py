"""Pages in words alone: a complaint gives a report, other words do not."""

import time

import pytest

from memwhy.diagnose import explain
from memwhy.model.errors import NothingReadable
from memwhy.sources.complaint import FACT, find_complaint
from memwhy.sources.documents import read_evidence


@pytest.mark.parametrize(
    "line",
    [
        "The memory keeps growing until the container is killed.",
        "RSS never falls although the load has stopped, it looks like a leak",
        "Unser Dienst frisst Speicher.",
        "服务的内存一直上涨",
        "メモリが増え続ける",
        "память растёт",
        "our gateway was OOMKilled, probably a leak",
    ],
)
def test_a_complaint_is_kept_with_its_line(line: str) -> None:
    found = find_complaint(["Hello.", "", line])
    assert found is not None
    assert (found[0], dict(found[1].facts)) == (2, {FACT: line})


@pytest.mark.parametrize("line", ["hello", "in memory of those who left", "the build is slow and grows slower", ""])
def test_other_words_are_no_complaint(line: str) -> None:
    assert find_complaint([line]) is None


def test_a_page_that_only_complains_gets_a_report_that_cannot_tell() -> None:
    import io

    report = explain(["-"], stdin=io.BytesIO(b"Our gateway\n\nIts memory keeps growing. Any idea?\n"))
    assert report.conclusion.cause == "undetermined"


def test_a_page_with_figures_needs_no_complaint() -> None:
    page = b"Memory keeps growing:\n\nVmRSS:\t  485788 kB\nThreads:\t17\n"
    assert "page/complaint" not in {one.source for one in read_evidence(["-"], stdin=page).observations}


def test_words_without_a_complaint_are_nothing_readable() -> None:
    with pytest.raises(NothingReadable, match="no figures in any format"):
        read_evidence(["-"], stdin=b"The release notes are here.\n")


def test_a_megabyte_of_complaints_that_never_meet_takes_bounded_time() -> None:
    began = time.process_time()
    assert find_complaint([("RAM " * 400 + " " * 400 + "grows " * 300)[:4000].replace("RAM grows", "")] * 250) is None
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "line",
    [
        "The agent starts a lot of threads and then it dies",
        "Goroutines pile up behind the lock.",
        "if the number of threads is over 10000 the daemon crashes",
        "There is a build-up of RAM on each call",
        "too many file descriptors",
    ],
)
def test_crowds_and_crashes_are_complaints_too(line: str) -> None:
    found = find_complaint([line])
    assert found is not None and found[1].facts == {FACT: line}
