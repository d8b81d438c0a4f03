"""A read told by its differences is the read again, and hostile differences are refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import RecordingError
from memwhy.recording.delta import MAX_RAW_BYTES, apply_delta, make_delta

PAGES = st.lists(
    st.sampled_from([b"7f00-7f10 rw-p", b"Rss: 4 kB", b"Rss: 8 kB", b"", b"Pss: 0 kB", b"\xff\0"]), max_size=40
).map(b"\n".join)
RAWS = st.one_of(st.binary(max_size=200), PAGES)


@given(st.none() | RAWS, RAWS)
def test_a_read_comes_back_from_its_difference(before: bytes | None, raw: bytes) -> None:
    delta = make_delta(before, raw)
    assert apply_delta(before, delta, len(raw)) == raw
    assert len(delta) <= max(len(raw) + 4, 16)


@given(st.none() | RAWS, st.one_of(st.binary(max_size=80), RAWS), st.integers(-1, 400))
def test_any_difference_gives_bytes_of_the_promised_length_or_an_error(
    before: bytes | None, delta: bytes, length: int
) -> None:
    try:
        raw = apply_delta(before, delta, length)
    except RecordingError:
        return
    assert len(raw) == length


@given(RAWS, st.lists(st.integers(0, 12), min_size=3, max_size=30), st.binary(max_size=20), st.integers(0, 400))
def test_any_runs_give_bytes_of_the_promised_length_or_an_error(
    before: bytes, numbers: list[int], literals: bytes, length: int
) -> None:
    runs = numbers[: len(numbers) // 3 * 3]
    delta = struct.pack(f"<I{len(runs)}I", len(runs) // 3, *runs) + literals
    try:
        raw = apply_delta(before, delta, length)
    except RecordingError:
        return
    assert len(raw) == length


def test_an_unchanged_read_takes_sixteen_bytes_whatever_its_size() -> None:
    page = b"Rss: 4 kB\n" * 10_000
    assert len(make_delta(page, page)) == 16


def test_a_mapping_put_in_between_costs_its_own_lines_only() -> None:
    page = [f"{n:x}-{n + 1:x} rw-p\nSize: 4 kB\nRss: 4 kB\n" for n in range(1000)]
    grown = [*page[:500], "fff-1000 rw-p\nSize: 8 kB\nRss: 8 kB\n", *page[500:]]
    delta = make_delta("".join(page).encode(), "".join(grown).encode())
    assert len(delta) < 120


def test_a_difference_that_repeats_lines_beyond_the_promised_length_is_refused_early() -> None:
    before = b"x" * 1_000_000
    runs = [0, 0, 1] * 10_000
    delta = struct.pack(f"<I{len(runs)}I", 10_000, *runs)
    with pytest.raises(RecordingError, match="longer than the 5000 B"):
        apply_delta(before, delta, 5000)


def test_a_read_that_claims_too_much_is_refused() -> None:
    with pytest.raises(RecordingError, match="claims"):
        apply_delta(None, struct.pack("<I", 0), MAX_RAW_BYTES + 1)
