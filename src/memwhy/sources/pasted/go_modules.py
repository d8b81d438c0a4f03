"""Go modules as people paste them: `go version -m PROGRAM`, a go.mod, `go list -m all`.

What a page shows of these is often cut, and its tabs are blanks. A line of build info is `dep PATH VERSION [h1:HASH]`, with `=> PATH VERSION`
below it where it was replaced (runtime/debug/mod.go); a go.mod's `PATH VERSION` counts between `require (` and `)`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go import buildinfo
from memwhy.sources.span import Span

NAME = "pasted/go-modules"
TRIGGERS = (b"dep\t", b"dep ", b"require (", b"require\t(", b"go list -m")
SHARES = True
"""Prose reads names of modules out of the same lines."""

_LONGEST_LINE = 1000
_PATH = r"[\w.~-]{1,100}\.[\w~-]{1,20}(?:/[\w.~+-]{1,100}){1,12}"
_VERSION = r"v\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][\w.+-]{1,100})?"
_HEADER = re.compile(r"\S.{0,300}: (?:go1\.|devel )\S{1,60}(?: \S{1,40}){0,4}")
_BUILT = re.compile(
    rf"(?:path\s+\S{{1,300}}|(?:mod|dep)\s+{_PATH}(?:\s+(?:{_VERSION}|\(devel\)))?(?:\s+h1:\S{{1,60}})?|=>\s+\S{{1,300}}(?:\s+{_VERSION})?(?:\s+h1:\S{{1,60}})?|build\s+\S.{{0,900}})"
)
_DEP = re.compile(rf"dep\s+{_PATH}\s+(?:{_VERSION}|\(devel\))")
_REQUIRED = re.compile(rf"(?:require\s+)?({_PATH})\s+({_VERSION})(?:\s*//.{{0,200}})?")
_OPENED = re.compile(r"require\s*\(")
_LISTED = re.compile(rf"({_PATH}) ({_VERSION})(?: => (\S{{1,300}})(?: ({_VERSION}))?)?")
_ASKED = re.compile(r"(?:[$#>%] ?)?go list -m(?: -\S+)* all")
_MOST_LINES = 20_000


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Blocks of build info with a module in them; the inside of `require (`; what stands below `go list -m all`."""
    index = 0
    while index < len(lines):
        end, modules = _end_of_built(lines, index)
        if not modules:
            end = max(
                end, _end_of_rows(lines, index, _OPENED, _REQUIRED) or _end_of_rows(lines, index, _ASKED, _LISTED)
            )
            modules = end > index and not _belongs(lines[index])
        if modules:
            yield Span(first=index, last=end - 1)
        index = max(end, index + 1)


def _belongs(line: str) -> bool:
    plain = _plain(line)
    return bool(_HEADER.fullmatch(plain) or _BUILT.fullmatch(plain))


def _plain(line: str) -> str:
    return line[:_LONGEST_LINE].strip().strip("`").strip()


def _end_of_built(lines: Sequence[str], first: int) -> tuple[int, bool]:
    """(behind the last line of a block of build info that begins here, is a module in it); (first, False) where none begins."""
    if not _belongs(lines[first]):
        return first, False
    last, has_module = first, False
    for index in range(first, min(len(lines), first + _MOST_LINES)):
        plain = _plain(lines[index])
        if _BUILT.fullmatch(plain):
            last = index
            has_module = has_module or _DEP.match(plain) is not None
        elif plain and index != first:
            break
    return last + 1, has_module


def _end_of_rows(lines: Sequence[str], first: int, opens: re.Pattern[str], row: re.Pattern[str]) -> int:
    """Behind the rows below a line that opens a list, remarks among them; 0 where there are none. The main module has no version."""
    if not opens.fullmatch(_plain(lines[first])):
        return 0
    last = first
    for index in range(first + 1, min(len(lines), first + _MOST_LINES)):
        plain = _plain(lines[index])
        if row.fullmatch(plain):
            last = index
        elif plain and not plain.startswith("//") and index != first + 1:
            break
    return last + 1 if last > first else 0


def parse(text: str) -> tuple[Reading, ...]:
    """Facts as `memwhy.sources.go.buildinfo` names them; of a go.mod or a list, go.modules alone. Raises ParseError."""
    lines = text.splitlines()
    if any(_DEP.match(_plain(line)) for line in lines):
        return (_built(lines),)
    modules = list(dict.fromkeys(_rows(lines)))
    if not modules:
        raise ParseError(NAME, 1, text[:80], "no module stands in it")
    return (Reading(facts={"go.modules": "\n".join(modules)}),)


def _built(lines: Sequence[str]) -> Reading:
    """With a header of its own where the page left it out: then the Go version is not known."""
    header = next((plain for line in lines if _HEADER.fullmatch(plain := _plain(line))), "")
    rows = [_canonical(plain) for line in lines if _BUILT.fullmatch(plain := _plain(line))]
    facts = dict(buildinfo.parse("\n".join([header or "x: go1", *rows]).encode()).facts)
    if not header:
        facts.pop("go.version", None)
    return Reading(facts=facts)


def _canonical(plain: str) -> str:
    word, _, rest = plain.replace("\t", " ").partition(" ")
    rest = rest.strip()
    if word == "build":
        return f"\tbuild\t{rest if '=' in rest else rest + '='}"
    return "\t" + "\t".join([word, *rest.split()])


def _rows(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        plain = _plain(line)
        if match := _LISTED.fullmatch(plain) or _REQUIRED.fullmatch(plain):
            path, version, *other = match.groups()
            instead = " ".join(text for text in other if text)
            yield f"{path} {version}" + (f" => {instead}" if instead else "")
