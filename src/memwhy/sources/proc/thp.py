"""How this kernel uses transparent huge pages. Source: Documentation/admin-guide/mm/transhuge.rst."""

import re

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import beside, decode, join, optional, read_file, split

NAME = "proc/thp"

_FOLDER = "/sys/kernel/mm/transparent_hugepage"
_CHOSEN = re.compile(r"\[([a-z+_]{1,30})\]")


def read(root: str, pid: int) -> bytes:
    """The composite; FileNotFoundError where the kernel is built without huge pages."""
    parts = [(f"{_FOLDER}/enabled", read_file(beside(root, f"{_FOLDER}/enabled")))]
    for name in ("defrag", "khugepaged/max_ptes_none"):
        content = optional(beside(root, f"{_FOLDER}/{name}"))
        if content is not None:
            parts.append((f"{_FOLDER}/{name}", content))
    return join(parts)


def parse(raw: bytes) -> Reading:
    """Facts thp.enabled, thp.defrag (the chosen word), thp.max_ptes_none (a number)."""
    facts: dict[str, str] = {}
    for name, content in split(raw):
        key = name.rpartition("/")[2]
        text = decode(content).strip()
        chosen = _CHOSEN.search(text)
        if key in ("enabled", "defrag") and chosen:
            facts[f"thp.{key}"] = chosen[1]
        elif key == "max_ptes_none" and re.fullmatch(r"\d{1,9}", text, re.ASCII):
            facts["thp.max_ptes_none"] = text
    if not facts:
        raise ParseError(NAME, None, raw[:80], "has no part of transparent_hugepage" if raw else "is empty")
    return Reading(facts=facts)
