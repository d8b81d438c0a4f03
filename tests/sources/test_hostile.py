"""Every reader's search over hostile text takes time in proportion to its length: measured against itself on an eighth."""

import random
import time
from types import ModuleType

import pytest

from memwhy.model.errors import MemwhyError, NothingReadable
from memwhy.sources.documents import read_evidence
from memwhy.sources.page import READERS, read_page, read_with, to_lines

SMALL = 1 << 16
TIMES = 8
TEXTS = {
    "any bytes": random.Random(3).randbytes(SMALL * TIMES).decode("latin-1"),
    "one line of words": "rss 12 MB heap " * (SMALL * TIMES // 15),
    "one line of digits": "1" * (SMALL * TIMES),
    "lines of digits": ("1234567890 " * 9 + "\n") * (SMALL * TIMES // 100),
    "pipes": ("|" * 200 + "\n") * (SMALL * TIMES // 201),
    "brackets": ("[(" * 100 + "\n") * (SMALL * TIMES // 201),
    "blanks": (" " * 199 + "x\n") * (SMALL * TIMES // 201),
    "amounts": ("1.5 MB " * 20 + "\n") * (SMALL * TIMES // 141),
    "pairs": ("rss: 1 kB " * 20 + "\n") * (SMALL * TIMES // 201),
    "marks": ("**`> - " * 20 + "\n") * (SMALL * TIMES // 141),
}


def seconds(reader: ModuleType, lines: list[str]) -> float:
    """CPU seconds of a search and of reading the first blocks found."""
    began = time.process_time()
    for span in list(reader.find(lines))[:20]:
        try:
            read_with(reader, "\n".join(lines[span.first : span.last + 1]))
        except MemwhyError:
            continue
    return time.process_time() - began


@pytest.mark.parametrize("kind", TEXTS)
def test_no_reader_takes_more_than_its_share_of_a_longer_text(kind: str) -> None:
    long, short = to_lines(TEXTS[kind].encode()), to_lines(TEXTS[kind][:SMALL].encode())
    slow = {}
    for reader in READERS:
        taken = seconds(reader, long)
        if taken < 0.2:
            continue
        bound = 3 * TIMES * max(seconds(reader, short), 0.005)
        if taken > bound and seconds(reader, long) > bound:
            slow[reader.NAME] = (round(taken, 2), round(bound, 2))
    assert slow == {}


@pytest.mark.parametrize("kind", TEXTS)
def test_ten_megabytes_of_malice_are_read_in_a_few_seconds(kind: str) -> None:
    raw = (TEXTS[kind] * 20).encode()[: 10 << 20]
    began = time.process_time()
    try:
        read_evidence(["-"], stdin=raw)
    except NothingReadable as error:
        assert error.message
    assert time.process_time() - began < 15


@pytest.mark.parametrize("kind", TEXTS)
def test_a_whole_page_of_malice_is_read_in_a_few_seconds(kind: str) -> None:
    began = time.process_time()
    read_page(to_lines(TEXTS[kind].encode()))
    assert time.process_time() - began < 10
