"""Versions: figures under the names of two or more builds are theirs, and what differs between them is no growth in time.

`v1:` and `v2 (rewritten):`, `## 1.4.0` and `## 1.5.0`, `old build:` and `new build:`.
"""

import re
from collections.abc import Sequence

from memwhy.sources.words.quantities import flatten

LEAST = 2
_LONGEST_LINE = 600
_NUMBER = r"\d{1,5}(?:\.\d{1,5}){0,3}(?:[-+.][A-Za-z][\w.+-]{0,20})?"
_LABEL = re.compile(
    rf"[\s>*+#-]{{0,12}}(?P<name>v{_NUMBER}|\d{{1,5}}\.\d{{1,5}}\.\d{{1,5}}(?:[-+.][\w.+-]{{1,20}})?|go ?1\.\d{{1,2}}(?:\.\d{{1,2}})?"
    rf"|(?:version|release|build|rev(?:ision)?|tag|版本|Version|versión|versão|версия) ?{_NUMBER}|(?:the )?(?:old|new|previous|current|rewritten|original|latest) (?:version|build|release|binary|implementation))"
    r"(?: ?[(（][^()（）]{1,40}[)）])?[*_`]{0,3}\s?(?P<end>[:：]|$)",
    re.IGNORECASE,
)
_RULE = re.compile(r"^[\s>]{0,8}(?:#{1,6} |[-=*_]{3,}\s*$|\* \* \*)")


def find_versions(lines: Sequence[str]) -> dict[int, str]:
    """The version that a line speaks of, by its index; nothing where a page names fewer than LEAST of them so."""
    found: dict[int, str] = {}
    names: set[str] = set()
    name, blank = "", False
    heading = False
    for i, line in enumerate(lines):
        match = _LABEL.match(flatten(line[:_LONGEST_LINE])) if line.strip() else None
        headed = line.lstrip(" >").startswith("#")
        if match is not None and (match["end"] or headed):
            name, heading = " ".join(match["name"].lower().split()), headed
            names.add(name)
        elif _RULE.match(line) or (blank and line.strip() and not heading and i - 1 in found and not line.startswith((" ", "\t", "-", "*", "|", ">", "`"))):  # fmt: skip
            name = ""
        if name:
            found[i] = name
        blank = not line.strip()
    return found if len(names) >= LEAST else {}
