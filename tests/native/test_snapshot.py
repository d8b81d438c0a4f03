"""Tables that make no sense, because the target overwrote them or ended in the middle, give a snapshot or a ParseError."""

import ctypes
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_programs import built, sampled

from memwhy.model.errors import ParseError
from memwhy.native.layout import (
    AT_LIVE_ADDRESSES,
    AT_LIVE_BLOCKS,
    AT_PCS,
    AT_REGIONS,
    AT_STACKS,
    REGION_BYTES,
    Header,
    Stack,
)
from memwhy.native.snapshot import Snapshot, read_snapshot
from memwhy.native.tables import Tables


@lru_cache(maxsize=1)
def captured() -> bytes:
    """The tables of a real process."""
    with sampled([built("crowd"), "fork", "2"]) as running:
        assert running.line() == b"ready\n"
        return running.tables.read(0, REGION_BYTES)


def read(raw: bytes) -> Snapshot:
    return read_snapshot(lambda offset, size: raw[offset : offset + size], 1 << 60)


def test_a_capture_says_what_was_held() -> None:
    assert sorted(stack.outstanding_bytes for stack in read(captured()).stacks if stack.samples) == [12345, 300_000]


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=4096))
def test_any_bytes_are_no_sampler(raw: bytes) -> None:
    with pytest.raises(ParseError):
        read(raw)


@pytest.mark.parametrize("size", [0, 8, ctypes.sizeof(Header), AT_LIVE_BLOCKS - 1, REGION_BYTES // 2])
def test_tables_that_end_early_are_refused(size: int) -> None:
    with pytest.raises(ParseError, match="memory ends"):
        read(captured()[:size])


PLACES = st.sampled_from([0, AT_LIVE_ADDRESSES, AT_LIVE_BLOCKS, AT_REGIONS, AT_STACKS, AT_PCS])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(PLACES, st.integers(0, 4000), st.binary(min_size=1, max_size=64)), max_size=20))
def test_tables_that_were_overwritten_give_a_snapshot_or_are_refused(
    writes: list[tuple[int, int, bytes]],
) -> None:
    raw = bytearray(captured())
    for place, offset, piece in writes:
        raw[place + offset : place + offset + len(piece)] = piece
    try:
        found = read(bytes(raw))
    except ParseError:
        return
    for stack in found.stacks:
        low, high = stack.interval()
        assert 0 <= low <= high
        assert stack.oldest_s is None or 0 <= (stack.youngest_s or 0) <= stack.oldest_s


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
def test_a_stack_whose_frames_lie_elsewhere_is_skipped(first: int, c_frames: int, go_frames: int) -> None:
    raw = bytearray(captured())
    row = Stack(hash=77, first_pc=first, c_frames=c_frames, go_frames=go_frames)
    raw[AT_STACKS + 56 * 4000 : AT_STACKS + 56 * 4001] = bytes(row)
    tables = Tables(lambda offset, size: bytes(raw[offset : offset + size]), "test")
    tables.stacks()
    fits = c_frames > 0 and c_frames + go_frames <= 96 and first + c_frames + go_frames <= 196608
    assert tables.skipped == (0 if fits else 1)
