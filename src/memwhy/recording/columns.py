"""Columns of 64-bit integers pack small: neighbours differ little, so differences are kept, byte plane by byte plane.

Clocks, costs and lengths of consecutive reads make smooth columns. Each is stored as differences, zigzag-coded
so that small ones of either sign have small bytes, and transposed so that the many zero bytes lie together.
"""

import struct
from collections.abc import Sequence

from memwhy.model.errors import RecordingError

_WIDTH = 8
_MODULUS = 1 << 64
_HALF = 1 << 63


def pack_columns(columns: Sequence[Sequence[int]]) -> bytes:
    """All columns, equally long, of signed 64-bit integers. Not yet compressed."""
    return b"".join(_pack(column) for column in columns)


def unpack_columns(data: bytes, *, columns: int, rows: int) -> list[list[int]]:
    """The columns again. Raises RecordingError when `data` is not columns * rows * 8 bytes long."""
    if len(data) != columns * rows * _WIDTH:
        raise RecordingError(f"a chunk's head holds {len(data)} B of columns, not {columns} of {rows} rows")
    step = rows * _WIDTH
    return [_unpack(data[number * step : (number + 1) * step], rows) for number in range(columns)]


def signed(value: int) -> int:
    """The signed 64-bit integer that `value` is modulo 2**64: differences wrap round and back."""
    return (value + _HALF) % _MODULUS - _HALF


def _pack(column: Sequence[int]) -> bytes:
    codes: list[int] = []
    before = 0
    for value in column:
        step = signed(value - before)
        codes.append(2 * step if step >= 0 else -2 * step - 1)
        before = value
    flat = struct.pack(f"<{len(codes)}Q", *codes)
    return b"".join(flat[plane::_WIDTH] for plane in range(_WIDTH))


def _unpack(planes: bytes, rows: int) -> list[int]:
    flat = bytearray(len(planes))
    for plane in range(_WIDTH):
        flat[plane::_WIDTH] = planes[plane * rows : (plane + 1) * rows]
    values: list[int] = []
    before = 0
    for code in struct.unpack(f"<{rows}Q", flat):
        before = signed(before + (code >> 1 if code % 2 == 0 else -(code >> 1) - 1))
        values.append(before)
    return values
