"""Numbers in groups of seven bits, the least significant first: as Go's tables, DWARF (unsigned LEB128) and protobuf have them."""

_BITS = 64


def read_varint(raw: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends. Raises ValueError where it is cut off, or longer than 64 bits are."""
    value = 0
    try:
        for shift in range(0, _BITS + 6, 7):
            byte = raw[at]
            at += 1
            if byte < 0x80:
                return value | byte << shift, at
            value |= (byte & 0x7F) << shift
    except IndexError:
        raise ValueError("a number is cut off") from None
    raise ValueError("a number has more than ten bytes")
