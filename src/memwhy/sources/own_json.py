"""JSON that memwhy itself wrote, read as if a stranger had: every value is checked before it is believed."""

import json
import math
from dataclasses import dataclass
from typing import Any

from memwhy.model.errors import ParseError

MOST_BYTES = 1 << 62
_SHOWN, _SHOWN_OF_NUMBERS = 80, 40


@dataclass(frozen=True, slots=True)
class OwnJson:
    """Reads values of one source. All but `wrong` raise ParseError; texts are cut after so many characters."""

    source: str
    most_characters: int

    def document(self, raw: bytes, schema: str, what: str) -> dict[str, Any]:
        """The whole, which has to say that it is of that form."""
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self.wrong(f"is no JSON ({error})", raw[:_SHOWN]) from None
        if not isinstance(document, dict) or document.get("schema") != schema:
            raise self.wrong(f"is no {what} of the form {schema}", raw[:_SHOWN])
        return document

    def items(self, value: object, name: str) -> list[object]:
        """A list of what has that name."""
        if not isinstance(value, list):
            raise self.wrong(f"has no list of {name}", str(value)[:_SHOWN])
        return value

    def text(self, value: object) -> str:
        """A name or sentence, harmless to show."""
        if not isinstance(value, str):
            raise self.wrong("has something else where a name should stand", str(value)[:_SHOWN])
        return "".join(c if c.isprintable() else "·" for c in value[: self.most_characters])

    def count(self, value: object, name: str, most: int = MOST_BYTES) -> int:
        """A whole number from 0."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise self.wrong(f"has no whole number for {name}", str(value)[:_SHOWN_OF_NUMBERS])
        return value

    def seconds(self, value: object, name: str) -> float:
        """A time from 0, finite."""
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise self.wrong(f"has no seconds for {name}", str(value)[:_SHOWN_OF_NUMBERS])
        return float(value)

    def wrong(self, problem: str, text: str | bytes = "") -> ParseError:
        """The error that says so."""
        return ParseError(self.source, None, text, problem)
