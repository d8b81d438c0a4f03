"""Numbers of seven bits a byte: read as they were written, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.go.varint import read_varint


def written(value: int) -> bytes:
    groups = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


@given(st.integers(0, (1 << 64) - 1), st.binary(max_size=5), st.binary(max_size=5))
def test_a_number_is_read_as_it_was_written(value: int, before: bytes, behind: bytes) -> None:
    raw = before + written(value) + behind
    assert read_varint(raw, len(before)) == (value, len(raw) - len(behind))


@given(st.integers(1 << 7, (1 << 64) - 1))
def test_a_number_that_is_cut_off_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="cut off"):
        read_varint(written(value)[:-1], 0)


@given(st.binary(max_size=30), st.integers(0, 30))
def test_any_bytes_give_a_number_or_are_refused(raw: bytes, at: int) -> None:
    try:
        value, after = read_varint(raw, at)
    except ValueError:
        return
    assert at < after <= at + 10
    assert 0 <= value < 1 << 70


def test_more_than_ten_bytes_are_no_number() -> None:
    with pytest.raises(ValueError, match="ten bytes"):
        read_varint(b"\xff" * 11, 0)
