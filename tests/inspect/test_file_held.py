"""Pages of mapped files that are not in memory: what of their contents is taken, how much is read, and which file."""

import mmap
import os
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.inspect.blocks import Blocks, HeapBlocks, MappedBlock
from memwhy.inspect.file_held import MOST_BYTES, read_file_held
from memwhy.inspect.roots import HeldElsewhere
from memwhy.memory.live import Live
from memwhy.memory.modules import Files
from memwhy.model.mapping import Mapping
from memwhy.sources.proc import smaps

PID = os.getpid()
HEAP, MAPPED = 0x3A55_0000_0000, 0x7B10_0000_0000
BLOCKS = Blocks(
    heaps=(HeapBlocks(start=HEAP, end=HEAP + 4096, starts=b"\1" * 32, used=b"\1" * 32, arena=0),),
    mapped=(MappedBlock(start=MAPPED, end=MAPPED + 4096, user=MAPPED + 16),),
)
"""Blocks that nobody has: looked for is what may point to them."""


def held_in_our_files() -> HeldElsewhere:
    """Of this very process, which maps what the tests below have it map."""
    with Live.open(PID, mappings=lambda: smaps.parse(smaps.read("/proc", PID)).mappings) as space:
        return read_file_held(space, BLOCKS)


@contextmanager
def mapped(path: Path, size: int, access: int = mmap.ACCESS_WRITE) -> Iterator[None]:
    """A file mapped into this process, of which no page is touched."""
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), size, access=access)
    try:
        yield
    finally:
        memory.close()


def mapping_of(path: Path) -> Mapping:
    return next(one for one in smaps.parse(smaps.read("/proc", PID)).mappings if one.path == str(path))


words = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 4096).map(lambda offset: HEAP + offset),
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 4096)).map(lambda one: one[0] << 48 | MAPPED + one[1]),
)


@settings(deadline=None, max_examples=30)
@given(st.lists(words, max_size=50), st.binary(max_size=7), st.integers(0, 3))
def test_of_any_file_exactly_the_words_are_taken_that_may_point_to_a_block(
    tmp_path_factory: pytest.TempPathFactory, content: list[int], rest: bytes, first_page: int
) -> None:
    path = tmp_path_factory.mktemp("files") / "table"
    path.write_bytes(b"")
    os.truncate(path, 16384)
    with mapped(path, 16384):
        before = held_in_our_files()
        os.truncate(path, 0)
        path.write_bytes(bytes(4096 * first_page) + array("Q", content).tobytes() + rest)
        after = held_in_our_files()
    worthy = [word for word in content if word >> 40 & 0xFF in (0x3A, 0x7B)]
    assert Counter(after.words) - Counter(before.words) == Counter(worthy)
    assert (after.missing, before.missing) == ((), ())


def test_a_private_mapping_is_read_like_a_shared_one(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(array("Q", [HEAP + 16] * 512).tobytes())
    with mapped(path, 4096, mmap.ACCESS_COPY):
        assert Counter(held_in_our_files().words)[HEAP + 16] == 512


def test_what_cannot_be_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(array("Q", [HEAP + 16] * 512).tobytes())
    with mapped(path, 4096, mmap.ACCESS_READ):
        assert Counter(held_in_our_files().words)[HEAP + 16] == 0


def test_a_file_too_large_for_one_look_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"\x3a" * (MOST_BYTES + 4096))
    with mapped(path, MOST_BYTES + 4096):
        held = held_in_our_files()
    assert held.missing == (
        "roots are missing: 64.0 MiB of files are not resident, and are too much to be read from there",
    )
    assert len(held.words) < 4096


def test_holes_of_a_huge_file_cost_nothing_and_hide_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with path.open("wb") as file:
        file.truncate(1 << 40)
        os.pwrite(file.fileno(), array("Q", [HEAP + 32]).tobytes(), 1 << 39)
    with mapped(path, 1 << 40):
        held = held_in_our_files()
    assert held.missing == ()
    assert Counter(held.words)[HEAP + 32] == 1


def test_the_file_behind_a_mapping_is_found_by_name_where_the_kernel_shows_no_other_way(tmp_path: Path) -> None:
    directory, path = tmp_path / "4711", tmp_path / "table"
    directory.mkdir()
    (directory / "root").symlink_to("/")
    path.write_bytes(bytes(4096))
    with mapped(path, 4096):
        mapping = mapping_of(path)
    files = Files(str(directory), lambda address, size: b"")
    descriptor = files.open_mapped(mapping)
    assert descriptor is not None
    assert os.fstat(descriptor).st_ino == path.stat().st_ino
    os.close(descriptor)
    assert files.open_mapped(replace(mapping, inode=mapping.inode + 1)) is None
    assert files.open_mapped(replace(mapping, device="ff:ff")) is None
    path.unlink()
    assert files.open_mapped(replace(mapping, path=f"{path} (deleted)")) is None
    os.mkfifo(path)
    assert files.open_mapped(mapping) is None
