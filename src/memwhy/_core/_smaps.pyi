def smaps(raw: bytes, /) -> tuple[bytes, int]:
    """Rows of 21 native-endian uint64 each, and the offset of the first bad line or -1.

    Columns and grammar: `memwhy.sources.proc.mapping_rows`.
    """
