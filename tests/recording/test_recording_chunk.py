"""A chunk comes back as it was sealed; any other bytes are a RecordingError."""

import lzma
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import RecordingError
from memwhy.recording import chunk
from memwhy.recording.chunk import (
    Head,
    Packed,
    Place,
    TickRow,
    decode_head,
    decode_reads,
    decode_ticks,
    encode_chunk,
    encode_ticks,
    pack_tail,
    unpack_tail,
)
from memwhy.recording.columns import pack_columns, unpack_columns
from memwhy.recording.delta import make_delta

INTEGERS = st.integers(-(2**63), 2**63 - 1)


def make_packed(raws: list[bytes], errors: list[str | None]) -> list[Packed]:
    before: bytes | None = None
    packed = []
    for number, (raw, error) in enumerate(zip(raws, errors, strict=True)):
        place = Place(
            seq=number * 3,
            place=number % 2,
            monotonic_ns=number * 10**9,
            wall_ns=5 * 10**18 + number,
            cost_ns=number,
            raw_bytes=len(raw),
            error=error,
        )
        packed.append(Packed(place=place, delta=make_delta(before, raw)))
        before = raw
    return packed


READS = st.lists(st.tuples(st.binary(max_size=40), st.none() | st.text(max_size=4)), min_size=1, max_size=10)


@given(READS)
def test_reads_come_back_from_a_chunk(reads: list[tuple[bytes, str | None]]) -> None:
    packed = make_packed([raw for raw, _ in reads], [error for _, error in reads])
    head_blob, body = encode_chunk(packed)
    head = decode_head(head_blob)
    assert list(head.places) == [one.place for one in packed]
    assert [raw for _, raw in decode_reads(head, body)] == [raw for raw, _ in reads]


@given(READS)
def test_a_chunk_written_without_lzma_reads_the_same(reads: list[tuple[bytes, str | None]]) -> None:
    packed = make_packed([raw for raw, _ in reads], [error for _, error in reads])
    plain = b"".join(one.delta for one in packed)
    head_blob, _ = encode_chunk(packed)
    body = bytes([1]) + zlib.compress(plain)
    assert [raw for _, raw in decode_reads(decode_head(head_blob), body)] == [raw for raw, _ in reads]


def test_a_python_without_lzma_writes_zlib_and_says_what_it_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = make_packed([b"one", b"two"], [None, None])
    head, body = encode_chunk(packed)
    monkeypatch.setattr(chunk, "lzma", None)
    with pytest.raises(RecordingError, match="built without"):
        list(decode_reads(decode_head(head), body))
    head, body = encode_chunk(packed)
    assert [raw for _, raw in decode_reads(decode_head(head), body)] == [b"one", b"two"]


@given(st.lists(st.tuples(*[INTEGERS] * 6), max_size=20))
def test_ticks_come_back_from_a_chunk(rows: list[tuple[int, ...]]) -> None:
    ticks = tuple(TickRow(seq=a, tick=b, monotonic_ns=c, wall_ns=d, late_ns=e, cpu_ns=f) for a, b, c, d, e, f in rows)
    assert decode_ticks(encode_ticks(ticks)) == ticks


@given(st.lists(st.lists(INTEGERS, min_size=4, max_size=4), max_size=5))
def test_columns_come_back(columns: list[list[int]]) -> None:
    assert unpack_columns(pack_columns(columns), columns=len(columns), rows=4) == columns


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_for_a_head_give_a_head_or_an_error(data: bytes, compressed: bool) -> None:
    try:
        head = decode_head(zlib.compress(data) if compressed else data)
    except RecordingError:
        return
    assert isinstance(head, Head)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_for_ticks_give_ticks_or_an_error(data: bytes, compressed: bool) -> None:
    try:
        ticks = decode_ticks(zlib.compress(data) if compressed else data)
    except RecordingError:
        return
    assert isinstance(ticks, tuple)


@st.composite
def plausible_heads(draw: st.DrawFn) -> bytes:
    """Heads of the right length whose numbers are anything, mostly small."""
    reads = draw(st.integers(0, 5))
    number = st.one_of(st.integers(0, 9), INTEGERS)
    columns = [draw(st.lists(number, min_size=reads, max_size=reads)) for _ in range(8)]
    return zlib.compress(struct.pack("<III", reads, 0, draw(st.integers(0, 2**32 - 1))) + pack_columns(columns))


@given(plausible_heads(), st.binary(max_size=90).map(lambda body: b"\x01" + zlib.compress(body)))
def test_any_plausible_head_and_any_body_give_reads_or_an_error(blob: bytes, body: bytes) -> None:
    try:
        for place, raw in decode_reads(decode_head(blob), body):
            assert len(raw) == place.raw_bytes
    except RecordingError:
        return


@given(READS, st.data())
def test_a_flipped_bit_in_a_chunk_is_an_error_or_harmless(
    reads: list[tuple[bytes, str | None]], data: st.DataObject
) -> None:
    packed = make_packed([raw for raw, _ in reads], [error for _, error in reads])
    head, body = encode_chunk(packed)
    bit = data.draw(st.integers(0, 8 * (len(head) + len(body)) - 1))
    damaged = bytearray(head + body)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = list(decode_reads(decode_head(bytes(damaged[: len(head)])), bytes(damaged[len(head) :])))
    except RecordingError:
        return
    assert [raw for _, raw in found] == [raw for raw, _ in reads]


@given(st.binary(max_size=100))
def test_any_bytes_for_a_tail_row_give_a_difference_or_an_error(blob: bytes) -> None:
    try:
        delta = unpack_tail(blob)
    except RecordingError:
        return
    assert unpack_tail(pack_tail(delta)) == delta


def test_a_bomb_in_a_body_is_refused_without_being_unpacked() -> None:
    head_blob, _ = encode_chunk(make_packed([b"one"], [None]))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 20}]
    bomb = bytes([2]) + lzma.compress(bytes(50 << 20), lzma.FORMAT_RAW, filters=filters)
    with pytest.raises(RecordingError, match="or more where 7 B were written"):
        list(decode_reads(decode_head(head_blob), bomb))


def test_a_bomb_in_a_head_is_refused() -> None:
    with pytest.raises(RecordingError, match="larger than"):
        decode_head(zlib.compress(bytes(64 << 20)))
