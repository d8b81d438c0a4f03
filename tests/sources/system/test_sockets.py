"""Memory that sockets hold."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.system import sockets

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"


def test_sockstat_counts_pages() -> None:
    assert sockets.parse((EVIDENCE / "sockstat.txt").read_text()) == (
        Reading(
            metrics={"host.sockets_bytes": 938 * 4096},
            quanta={"host.sockets_bytes": 4096},
            line=1,
            last_line=6,
        ),
    )


def test_of_each_socket_what_is_held_is_summed_and_no_limit() -> None:
    text = (EVIDENCE / "ss-tm.txt").read_text()
    assert list(sockets.find(text.split("\n"))) == [Span(first=2, last=4)]
    (reading,) = sockets.parse(text)
    assert reading.metrics == {"host.sockets_bytes": 116_480 + 2304 + 2405 + 3_946_139}


def test_outputs_that_come_again_are_a_series() -> None:
    text = "sockets: used 9\nTCP: inuse 4 orphan 0 tw 0 alloc 4 mem 10\nUDP: inuse 1 mem 2\n\n> TCP: inuse 5 orphan 0 tw 0 alloc 5 mem 99"
    assert [dict(reading.metrics) for reading in sockets.parse(text)] == [
        {"host.sockets_bytes": 12 * 4096},
        {"host.sockets_bytes": 99 * 4096},
    ]


@pytest.mark.parametrize("text", ["sockets: used 9", "TCP: inuse 4", "the sockets inuse are many", "skmem:(r0,rb1)"])
def test_counts_of_sockets_are_no_bytes(text: str) -> None:
    assert list(sockets.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        sockets.parse(text)
