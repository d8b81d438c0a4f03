"""Changelogs: lists of changes under the versions that have them. Leaks in them are mended ones, and no complaint."""

import re
from collections.abc import Iterator, Sequence

_VERSION = re.compile(
    r"^#{1,4} {0,4}(?:\[?v?\d{1,5}\.\d{1,5}(?:\.\d{1,5})?[\w.+-]{0,24}\]?(?:\s.{0,60})?|\[?unreleased\]?|change ?log|release notes)$",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"^#{3,6} {0,4}(?:\w+ )?(?:add|fix|chang|remov|deprecat|secur|improv|perform|bug|feature)", re.IGNORECASE
)
_ITEM = re.compile(r"^ {0,4}[-*+•] {1,4}(?=\S)")
_CHANGE = re.compile(
    r"(?:\*\*|\[)?(?:fix(?:e[sd])?|feat|perf|chore|docs?|refactor|build|ci|test|add(?:s|ed)?|remove[sd]?|change[sd]?|upgrade[sd]?|update[sd]?"
    r"|improve[sd]?|bump(?:s|ed)?|deprecate[sd]?|drop(?:s|ped)?)\b",
    re.IGNORECASE,
)
LEAST_ITEMS = 2


def listed_changes(lines: Sequence[str]) -> Iterator[int]:
    """Indices of the items under a version's heading, where most of them begin with what was done (`fix:`, `Added`)."""
    items: list[int] = []
    changes = others = 0
    under = False
    for i, line in enumerate([*lines, "# "]):
        item = _ITEM.match(line) if under else None
        if item is not None:
            items.append(i)
            changed = _CHANGE.match(line, item.end()) is not None
            changes, others = changes + changed, others + (not changed)
        elif under and items and line.startswith("  "):
            items.append(i)
        elif line.startswith("#") and not _KIND.match(line[:40]):
            if changes >= LEAST_ITEMS and changes > others:
                yield from items
            items, changes, others = [], 0, 0
            under = _VERSION.match(line[:200].rstrip()) is not None
        elif line.strip() and not line.startswith("#"):
            under = False
