"""ZFS's cache, as arcstats, sysctl and arc_summary print it."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.diagnose import explain
from memwhy.model.errors import ParseError
from memwhy.sources.system import arc

GIB = 1 << 30
ROWS = (
    "name                            type data\nhits                            4    1200\ndemand_data_hits                4    900\n"
    "mru_ghost_hits                  4    12\nmfu_ghost_hits                  4    7\nc_max                           4    8589934592\n"
    "size                            4    7516192768\n"
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (ROWS, 7 * GIB),
        ("".join(f"> {line}\n\n" for line in ROWS.splitlines()), 7 * GIB),
        (ROWS.partition("c_max")[0] + "\nsize 4 1073741824", GIB),
        ("kstat.zfs.misc.arcstats.size: 2147483648", 2 * GIB),
        ("ARC size (current):                                    98.9 %   15.5 GiB", 16642998272),
        ("ARC Size:\t\t\t\t79.59%\t6.00\tGiB", 6 * GIB),
        (ROWS.partition("size")[0], None),
    ],
)
def test_its_size_is_read_where_it_stands(text: str, size: int | None) -> None:
    (reading,) = arc.parse(text)
    assert reading.metrics == ({} if size is None else {"host.arc_bytes": size})
    assert reading.facts == {"zfs.arc": "arcstats"}


@pytest.mark.parametrize(
    "text",
    [
        "size 4 1073741824",
        "hits 4 3\nmisses 4 4\nsize 4 5",
        "ARC size is large",
        "disk 4 12\nnet 4 13\nusers 4 14",
        "arcstats",
    ],
)
def test_other_rows_are_left_alone(text: str) -> None:
    assert list(arc.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        arc.parse(text)


@given(st.lists(st.one_of(st.sampled_from(ROWS.splitlines()), st.text(max_size=30)), max_size=30))
def test_any_text_gives_a_size_that_stands_in_it_or_a_parse_error(lines: list[str]) -> None:
    text = "\n".join(lines)
    with contextlib.suppress(ParseError):
        for reading in arc.parse(text):
            assert all(str(size) in text for size in reading.metrics.values())


def test_ten_megabytes_of_rows_are_done_in_seconds() -> None:
    begun = time.process_time()
    list(arc.find(["mru_hits                        4    " + "9" * 20] * 170_000))
    assert time.process_time() - begun < 10


FREE = "              total        used        free      shared  buff/cache   available\nMem:          64000       {used}       {free}         100         800        {free}\n"


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (f"Where is our memory? The box serves a pool.\n\n{FREE.format(used=45000, free=18200)}\n{ROWS.replace('7516192768', '41875931136')}", "kernel-memory"),
        (f"Where is our memory? The box serves a pool.\n\n{FREE.format(used=45000, free=18200)}\n{ROWS.partition('c_max')[0]}", "kernel-memory"),
        (f"Where is our memory? The box serves a pool.\n\n{FREE.format(used=9000, free=54200)}\n{ROWS.partition('c_max')[0]}", None),
        (f"Where is our memory? The box serves a pool.\n\n{FREE.format(used=45000, free=18200)}\n{ROWS.replace('7516192768', '1073741824')}", None),
    ],
)  # fmt: skip
def test_a_host_full_of_its_cache_is_the_kernels(page: str, cause: str | None, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(page)
    assert (explain([str(path)]).conclusion.cause == "kernel-memory") is (cause is not None)
