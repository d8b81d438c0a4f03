"""A profile's file: what it begins with, and its plain bytes. Imports little: `memwhy dump` starts with it."""

import zlib

from memwhy.model.errors import ParseError

NAME = "go/pprof"

MOST_BYTES = 128 << 20
"""Larger profiles, after decompression, are refused (1.5 million samples are about 95 MB)."""


def looks_like(raw: bytes) -> bool:
    """Whether bytes begin like a profile: gzip, or a first field number and type that the format has."""
    if raw[:2] == b"\x1f\x8b":
        return True
    return len(raw) > 2 and raw[0] in (0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x32, 0x38, 0x40, 0x48, 0x50, 0x5A, 0x60, 0x70)


def decompress(raw: bytes) -> bytes:
    """The profile's plain bytes; gzip members are inflated up to MOST_BYTES. Raises ParseError."""
    if raw[:2] != b"\x1f\x8b":
        if len(raw) > MOST_BYTES:
            raise ParseError(NAME, None, "", f"{len(raw)} bytes; profiles of more than {MOST_BYTES} are not read")
        return raw
    pieces: list[bytes] = []
    size = 0
    while raw[:2] == b"\x1f\x8b":
        inflater = zlib.decompressobj(wbits=31)
        try:
            piece = inflater.decompress(raw, MOST_BYTES + 1 - size)
        except zlib.error as error:
            raise ParseError(NAME, None, "", f"damaged gzip data ({error})") from error
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise ParseError(NAME, None, "", f"inflates to more than {MOST_BYTES} bytes; not read further")
        if not inflater.eof:
            raise ParseError(NAME, None, "", f"truncated: the gzip data ends early, after {size} bytes of profile")
        raw = inflater.unused_data
    return b"".join(pieces)
