"""Comments that ask not to be told: ours, with a reason, and those that are written for other linters of the same kinds.

`//memwhy:ignore RULE[,RULE] reason` silences its own line; where it stands alone, the statement or declaration below it, whole.
`//nolint:bodyclose` means what golangci-lint's documentation says, `//lint:ignore SA1015 reason` what staticcheck's does, with
the names that `others` knows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from memwhy.lint.others import KINDS
from memwhy.model.linted import Silenced, Unused
from memwhy.model.suspect import Suspect

_MARKS = (b"memwhy:ignore", b"nolint", b"lint:ignore")
_TOKEN = re.compile(
    rb"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"?|`[^`]*(?:`|\Z)|'(?:\\.|[^'\\\n])*'?|[()\[\]{}]|\n|[^\s()\[\]{}"'`/]+|/""",
    re.DOTALL,
)
"""Go's tokens as far as they matter here (go.dev/ref/spec, Lexical elements): comments, strings, brackets, ends of lines, the rest."""
_OURS = re.compile(r"//\s?memwhy:ignore(?![\w-])\s*(?P<names>[\w,-]*)\s*(?P<reason>.*)")
_NOLINT = re.compile(r"//\s?nolint(?![\w-])(?P<names>:[\w, -]*)?\s*(?://\s*)?(?P<reason>.*)")
_STATICCHECK = re.compile(r"//lint:ignore\s+(?P<names>[\w,*-]+)\s*(?P<reason>.*)")
_ALL = ("*", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment that silences the named rules ("*": every one) from its first line to its last. line: its own; ours: of ours."""

    line: int
    first: int
    last: int
    marker: str
    names: tuple[str, ...]
    reason: str
    text: str
    ours: bool

    def means(self, suspect: Suspect) -> bool:
        """Whether it is about this suspect."""
        return self.first <= suspect.line <= self.last and ("*" in self.names or suspect.rule in self.names)


def comments(code: bytes) -> tuple[Comment, ...]:
    """What a file asks not to be told. Any bytes will do: what is no Go silences nothing in particular."""
    if not any(mark in code for mark in _MARKS):
        return ()
    return tuple(_read(list(_lines(code))))


@dataclass(slots=True)
class _Line:
    """One line of code: whether anything but a comment stands on it, how deep in brackets it ends, its `//` comment."""

    number: int
    code: bool
    depth: int
    comment: str


def _lines(code: bytes) -> Iterator[_Line]:
    depth = 0
    line = _Line(1, code=False, depth=0, comment="")
    for match in _TOKEN.finditer(code):
        token = match[0]
        if token == b"\n":
            yield line
            line = _Line(line.number + 1, code=False, depth=depth, comment="")
        elif token.startswith(b"//"):
            line.comment = token.decode("utf-8", "replace").rstrip()
        elif token.startswith((b"/*", b"`")):
            for _ in range(token.count(b"\n")):
                yield line
                line = _Line(line.number + 1, code=False, depth=depth, comment="")
            line.code = line.code or token.startswith(b"`")
        else:
            line.code = True
            depth += 1 if token in b"([{" else -1 if token in b")]}" else 0
            line.depth = depth
    yield line


def _read(lines: Sequence[_Line]) -> Iterator[Comment]:
    for index, line in enumerate(lines):
        if not line.comment:
            continue
        understood = _understood(line.comment)
        if understood is None:
            continue
        marker, names, reason = understood
        first, last = (line.number, line.number) if line.code else _below(lines, index)
        yield Comment(
            line=line.number,
            first=first,
            last=last,
            marker=marker,
            names=names,
            reason=reason,
            text=line.comment,
            ours=marker == "memwhy:ignore",
        )


def _understood(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """(marker, our names of what is meant, reason); no names where nothing of ours is meant."""
    if (match := _OURS.match(text)) is not None:
        names = [name for name in match["names"].split(",") if name]
        return "memwhy:ignore", tuple("*" if name in _ALL else name for name in names), match["reason"].strip()
    if (match := _NOLINT.match(text)) is not None:
        marker, listed = "nolint", match["names"]
    elif (match := _STATICCHECK.match(text)) is not None:
        marker, listed = "lint:ignore", match["names"]
    else:
        return None
    if not listed or listed in (":all", "*"):
        return marker, ("*",), match["reason"].strip()
    theirs = [name.strip() for name in listed.lstrip(":").split(",")]
    meant = tuple(rule for name in theirs for rule in KINDS.get(name, ()))
    return (f"{marker}:{','.join(theirs)}", meant, match["reason"].strip()) if meant else None


def _below(lines: Sequence[_Line], index: int) -> tuple[int, int]:
    """The lines of the statement below a comment: to where its brackets are closed. Nothing below: the comment's own line."""
    start = next((at for at in range(index + 1, len(lines)) if lines[at].code or not lines[at].comment), None)
    if start is None or not lines[start].code:
        return lines[index].number, lines[index].number
    outside = lines[index].depth
    end = next((at for at in range(start, len(lines)) if lines[at].depth <= outside), len(lines) - 1)
    return lines[start].number, lines[end].number


def silence(
    suspects: Iterable[Suspect], asked: Mapping[str, Sequence[Comment]], rules: Iterable[str]
) -> tuple[list[Suspect], tuple[Silenced, ...], tuple[Unused, ...]]:
    """(those that are left, those that are silenced, comments of ours that silence nothing). asked: comments by file."""
    left: list[Suspect] = []
    silenced: list[Silenced] = []
    used: set[tuple[str, int]] = set()
    for suspect in suspects:
        comment = next((one for one in asked.get(suspect.file, ()) if one.means(suspect) and _valid(one)), None)
        if comment is None:
            left.append(suspect)
            continue
        used.add((suspect.file, comment.line))
        silenced.append(
            Silenced(
                rule=suspect.rule,
                file=suspect.file,
                suspect_line=suspect.line,
                line=comment.line,
                marker=comment.marker,
                reason=comment.reason,
            )
        )
    known = {"*", *rules}
    unused = tuple(
        Unused(file=file, line=one.line, text=one.text, why=_why(one, known))
        for file, several in sorted(asked.items())
        for one in several
        if one.ours and (file, one.line) not in used
    )
    return left, tuple(silenced), unused


def _valid(comment: Comment) -> bool:
    return not comment.ours or bool(comment.names and comment.reason)


def _why(comment: Comment, known: Iterable[str]) -> str:
    if not comment.names:
        return "it names no rule: //memwhy:ignore RULE reason"
    strange = [name for name in comment.names if name not in known]
    if strange:
        return f"there is no rule {', '.join(strange)}, or it was not asked"
    if not comment.reason:
        return "it gives no reason, and counts with one only"
    return "nothing is suspected there"
