"""Posts: the comments and mails of a thread, told by the lines that begin them, with their authors and dates.

`alice commented on Mar 3, 2021`, `bob · comment · 2022-05-03`, `@carol, 2022-05-03 10:00:`, `Date: Tue, 3 May 2022 …`. What a
person shows in several posts was seen on their dates; what two persons show is of two programs, as a rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.sources.captions import read_clue

_LONGEST_LINE = 200
_NAME = r"(?:\*\*|\[)?@?(?P<author>[\w.+-]{1,40}(?: [A-Z][\w.'-]{1,30}){0,3}(?:\[bot\])?)(?:\*\*|\]\([^)]{1,200}\))?"
_HEAD = re.compile(
    rf"^[\s#>*-]{{0,8}}(?:{_NAME}\s{{1,4}}(?:\([^()]{{1,30}}\)\s{{0,2}})?(?:commented|wrote|replied|posted|opened this(?: issue)?|added a comment|reported|schrieb|kommentierte|a écrit|escribió|escreveu|написал\w?|написав|评论|回复)\b"
    r"|(?:posted|written|comment|reported|opened) (?:#?\d{1,4} )?by @?(?P<by>[\w.+-]{1,40}(?: [A-Z][\w.'-]{1,30}){0,3}),?\s|(?P<mail>Date): )",
    re.IGNORECASE,
)
_DOTS = re.compile(
    rf"^[\s#>*-]{{0,8}}{_NAME}\s?(?:·|•|\||—|–|,)\s?(?:(?:comment|description|reply|answer|mail|post|author|member|owner|contributor|issue)\w{{0,3}}\s?(?:·|•|\||—|–|,)\s?)?(?=(?:on )?[\dA-Z])"
)
_DATE_ENDS = re.compile(r"\d{4}|\d{1,2}:\d\d|\b[A-Z][a-z]{2,8}\.? \d{1,2}\b")
_FROM = re.compile(r"^From: (?P<author>.{1,100})$")
_MOST_WORDS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post's first line (0-based), who wrote it ("" when that is not told) and when."""

    line: int
    author: str
    wall_ns: int


def find_posts(lines: Sequence[str]) -> tuple[Post, ...]:
    """The posts of a page whose first lines tell a date."""
    found: list[Post] = []
    sender = ""
    for i, line in enumerate(lines):
        if len(line) > _LONGEST_LINE or not line.strip():
            continue
        named = _FROM.match(line)
        if named is not None:
            sender = named["author"].strip().lower()
        match = _HEAD.match(line) or (_DOTS.match(line) if _DATE_ENDS.search(line) else None)
        if match is None or len(line.split()) > _MOST_WORDS:
            continue
        clue = read_clue(line[match.end("author") if match["author"] else 0 :])
        if clue is None or clue.kind != "wall":
            continue
        groups = match.groupdict()
        author = sender if groups.get("mail") else (groups["author"] or groups.get("by") or "").lower()
        found.append(Post(line=i, author="" if author == "somebody" else author, wall_ns=clue.ns))
    return tuple(found)
