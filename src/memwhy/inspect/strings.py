"""Sample strings from lost blocks. Memory contents are private: only for those who ask for them."""

import re
from collections.abc import Iterable

_TEXT = re.compile(rb"(?:[\x20-\x7e]|[\xc3-\xf4][\x80-\xbf]{1,3}){6,}")
_MOST_STRINGS = 3
_MOST_CHARACTERS = 60


def sample_strings(contents: Iterable[bytes]) -> tuple[str, ...]:
    """A few different strings that look like text of people or of programs, the longest first seen of each beginning."""
    found: dict[str, str] = {}
    for raw in contents:
        for match in _TEXT.finditer(raw):
            text = match[0].decode("utf-8", "replace").strip()
            if len(text) >= 6 and len(set(text)) >= 4 and any(c.isalpha() for c in text):
                found.setdefault(text[:6], text[:_MOST_CHARACTERS])
        if len(found) > 50:
            break
    return tuple(sorted(found.values(), key=lambda text: (-_worth(text), text))[:_MOST_STRINGS])


def _worth(text: str) -> float:
    """Letters, digits and spaces speak; a long run of punctuation does not."""
    plain = sum(c.isalnum() or c == " " for c in text)
    return plain / len(text) * min(len(text), 40)
