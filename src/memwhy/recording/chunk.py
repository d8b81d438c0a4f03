"""A chunk: some hundred consecutive reads of one source, sealed and compressed together.

Two blobs. The head (zlib) says of every read where it stands, its clocks, cost, length and error; it is enough
to list a recording. The body holds the reads themselves as differences (memwhy.recording.delta), compressed
together: one code byte, then LZMA2 or, where this Python was built without lzma, zlib.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence
from memwhy.recording.columns import pack_columns, signed, unpack_columns
from memwhy.recording.delta import MAX_RAW_BYTES, apply_delta

try:
    import lzma
except ImportError:  # a Python built without liblzma still records, a little less tightly
    lzma = None  # type: ignore[assignment]

MAX_READS = 100_000
_MAX_HEAD_BYTES = 16 << 20
_MAX_BODY_BYTES = 3 * MAX_RAW_BYTES
_COLUMNS = 8
_TICK_COLUMNS = 6
_PREFIX = struct.Struct("<III")  # reads, distinct errors, crc32 of the body before compression
_ZLIB, _LZMA = 1, 2
_LEVEL = 6
_DICTIONARY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one read stands. seq: the snapshot's number in the order of appending; place: its position therein."""

    seq: int
    place: int
    monotonic_ns: int
    wall_ns: int
    cost_ns: int
    raw_bytes: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A read in its place, told as a difference to the one before it in the same chunk or tail."""

    place: Place
    delta: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The decoded head of a chunk. delta_lengths: of each read's share of the body, in order."""

    places: tuple[Place, ...]
    delta_lengths: tuple[int, ...]
    crc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRow:
    """A snapshot without its evidence."""

    seq: int
    tick: int
    monotonic_ns: int
    wall_ns: int
    late_ns: int
    cpu_ns: int


def encode_text(text: str) -> bytes:
    """UTF-8, and lone surrogates (undecodable file names) too: every str comes back as it was."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: object) -> str:
    """Text as SQLite gives it back, str or the bytes of encode_text; RecordingError when it is neither."""
    if isinstance(data, str):
        return data
    if not isinstance(data, bytes):
        raise RecordingError("a kept text is not text")
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as wrong:
        raise RecordingError(f"a kept text is not UTF-8: {wrong.reason}") from None


def encode_chunk(packed: Sequence[Packed]) -> tuple[bytes, bytes]:
    """(head, body) of consecutive reads, the first told whole."""
    places = [one.place for one in packed]
    errors = list(dict.fromkeys(place.error for place in places if place.error is not None))
    number = {error: index for index, error in enumerate(errors, 1)}
    columns = [
        [place.seq for place in places],
        [place.place for place in places],
        [place.monotonic_ns for place in places],
        [signed(place.wall_ns - place.monotonic_ns) for place in places],
        [place.cost_ns for place in places],
        [place.raw_bytes for place in places],
        [len(one.delta) for one in packed],
        [0 if place.error is None else number[place.error] for place in places],
    ]
    plain = b"".join(one.delta for one in packed)
    texts = [encode_text(error) for error in errors]
    head = b"".join(
        [
            _PREFIX.pack(len(places), len(errors), zlib.crc32(plain)),
            struct.pack(f"<{len(texts)}I", *map(len, texts)),
            *texts,
            pack_columns(columns),
        ]
    )
    return zlib.compress(head, _LEVEL), _compress(plain)


def decode_head(blob: bytes) -> Head:
    """What the head says. Any bytes give a Head or a RecordingError; memory is bounded."""
    data = _inflate(blob, _MAX_HEAD_BYTES, "a chunk's head")
    if len(data) < _PREFIX.size:
        raise RecordingError("a chunk's head is cut short")
    reads, distinct, crc = _PREFIX.unpack_from(data)
    if reads > MAX_READS or distinct > reads:
        raise RecordingError(f"a chunk's head claims {reads} reads and {distinct} kinds of error")
    errors, at = _decode_errors(data, distinct)
    seqs, places, clocks, walls, costs, sizes, lengths, kinds = unpack_columns(data[at:], columns=_COLUMNS, rows=reads)
    if any(not 0 <= kind <= distinct for kind in kinds) or any(length < 0 for length in lengths):
        raise RecordingError("a chunk's head contradicts itself")
    if any(not 0 <= size <= MAX_RAW_BYTES for size in sizes) or sum(lengths) > _MAX_BODY_BYTES:
        raise RecordingError("a chunk's head claims more bytes than a chunk may hold")
    rows = zip(seqs, places, clocks, walls, costs, sizes, kinds, strict=True)
    return Head(
        places=tuple(
            Place(
                seq=seq,
                place=place,
                monotonic_ns=clock,
                wall_ns=signed(wall + clock),
                cost_ns=cost,
                raw_bytes=size,
                error=None if kind == 0 else errors[kind - 1],
            )
            for seq, place, clock, wall, cost, size, kind in rows
        ),
        delta_lengths=tuple(lengths),
        crc=crc,
    )


def decode_reads(head: Head, body: bytes) -> Iterator[tuple[Place, bytes]]:
    """Each read's place and raw bytes, one at a time. Raises RecordingError before the first wrong byte."""
    plain = _decompress(body, sum(head.delta_lengths))
    if zlib.crc32(plain) != head.crc:
        raise RecordingError("a chunk's body does not match its checksum")
    raw: bytes | None = None
    at = 0
    for place, length in zip(head.places, head.delta_lengths, strict=True):
        raw = apply_delta(raw, plain[at : at + length], place.raw_bytes)
        at += length
        yield place, raw


def encode_ticks(ticks: Sequence[TickRow]) -> bytes:
    """The head of a chunk of ticks, which has no body."""
    columns = [
        [tick.seq for tick in ticks],
        [tick.tick for tick in ticks],
        [tick.monotonic_ns for tick in ticks],
        [signed(tick.wall_ns - tick.monotonic_ns) for tick in ticks],
        [tick.late_ns for tick in ticks],
        [tick.cpu_ns for tick in ticks],
    ]
    return zlib.compress(struct.pack("<I", len(ticks)) + pack_columns(columns), _LEVEL)


def decode_ticks(blob: bytes) -> tuple[TickRow, ...]:
    """Any bytes give ticks or a RecordingError."""
    data = _inflate(blob, _MAX_HEAD_BYTES, "a chunk of ticks")
    if len(data) < 4:
        raise RecordingError("a chunk of ticks is cut short")
    (count,) = struct.unpack_from("<I", data)
    columns = unpack_columns(data[4:], columns=_TICK_COLUMNS, rows=count)
    return tuple(
        TickRow(seq=seq, tick=tick, monotonic_ns=clock, wall_ns=signed(wall + clock), late_ns=late, cpu_ns=cpu)
        for seq, tick, clock, wall, late, cpu in zip(*columns, strict=True)
    )


def pack_tail(delta: bytes) -> bytes:
    """One read's difference as a tail row keeps it, until it is sealed."""
    return zlib.compress(delta, 1)


def unpack_tail(blob: bytes) -> bytes:
    """The difference again; RecordingError when the row is damaged."""
    return _inflate(blob, MAX_RAW_BYTES + 16, "a kept read")


def evidence_of(source: str, place: Place, raw: bytes) -> Evidence:
    """The evidence as it was appended."""
    return Evidence(
        source=source,
        monotonic_ns=place.monotonic_ns,
        wall_ns=place.wall_ns,
        cost_ns=place.cost_ns,
        raw=raw,
        error=place.error,
    )


def _decode_errors(data: bytes, distinct: int) -> tuple[list[str], int]:
    at = _PREFIX.size + 4 * distinct
    if at > len(data):
        raise RecordingError("a chunk's head is cut short")
    errors: list[str] = []
    for length in struct.unpack_from(f"<{distinct}I", data, _PREFIX.size):
        errors.append(decode_text(data[at : at + length]))
        at += length
    return errors, at


def _filters() -> list[dict[str, int]]:
    return [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": _DICTIONARY_BYTES}]


def _compress(plain: bytes) -> bytes:
    if lzma is None:
        return bytes([_ZLIB]) + zlib.compress(plain, _LEVEL)
    return bytes([_LZMA]) + lzma.compress(plain, lzma.FORMAT_RAW, filters=_filters())


def _decompress(body: bytes, expected: int) -> bytes:
    code = body[0] if body else 0
    if code == _ZLIB:
        return _inflate(body[1:], expected, "a chunk's body")
    if code != _LZMA:
        raise RecordingError(f"a chunk's body is compressed in an unknown way ({code})")
    if lzma is None:
        raise RecordingError(
            "a chunk is compressed with LZMA, which this Python was built without",
            help="read the recording with a Python that has the lzma module",
        )
    try:
        plain = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_filters()).decompress(body[1:], expected + 1)
    except (lzma.LZMAError, EOFError) as wrong:
        raise RecordingError(f"a chunk's body is damaged: {wrong}") from None
    if len(plain) != expected:
        raise RecordingError(f"a chunk's body holds {len(plain)} B or more where {expected} B were written")
    return plain


def _inflate(blob: bytes, limit: int, what: str) -> bytes:
    """At most `limit` bytes, complete and with a right checksum, or RecordingError."""
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(blob, limit + 1)
    except zlib.error as wrong:
        raise RecordingError(f"{what} is damaged: {wrong}") from None
    if len(data) > limit:
        raise RecordingError(f"{what} is larger than {limit} B")
    if not stream.eof or stream.unused_data:
        raise RecordingError(f"{what} is cut short or has bytes too many")
    return data
