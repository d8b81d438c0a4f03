"""Where a word stands by itself in source: looked up as plain bytes, since a pattern that begins with a word's edge takes ten times as long."""

from collections.abc import Iterator


def occurrences(code: bytes, word: bytes, then: bytes = b"", start: int = 0, stop: int | None = None) -> Iterator[int]:
    """Where a word stands by itself, from start up to stop; then: what follows it at once."""
    wanted, length = word + then, len(word)
    at = code.find(wanted, start, stop)
    while at >= 0:
        end = at + length
        if (at == 0 or not _is_word(code[at - 1 : at])) and not _is_word(code[end : end + 1]):
            yield at
        at = code.find(wanted, end, stop)


def _is_word(char: bytes) -> bool:
    return char.isalnum() or char == b"_"
