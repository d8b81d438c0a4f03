def eh_rows(raw: bytes, section_address: int, base: int, most_rows: int, /) -> tuple[bytes, int, int, int, int]:
    """Rows of (uint32 pc - base, int16 cfa words, int8 rbp words, uint8 kind), functions, broken ones, where reading stopped (-1: end), too many?

    The rules: `eh_rows.h`. No rows are given where there are more than `most_rows`.
    """
