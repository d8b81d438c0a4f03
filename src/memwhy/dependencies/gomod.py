"""go.mod, go.work and vendor/modules.txt: which modules are asked for, and what stands in their place.

Grammar: the Go Modules Reference (go.dev/ref/mod, "go.mod files", "go.work files", "Vendoring"). Read leniently, as the go command reads
the files of dependencies: a directive that is not known is passed over and named.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from memwhy.dependencies.goversion import compare
from memwhy.model.dependencies import Component
from memwhy.model.errors import ParseError

MOST_MODULES = 20_000
MOST_LINES = 100_000
LONGEST_LINE = 4096
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|//.*|=>|[()\[\],]|[^\s()\[\],"`]+')
_PASSED_OVER = frozenset(("godebug", "retract", "tool", "ignore"))
_DIRECTIVES = _PASSED_OVER | {"module", "go", "toolchain", "require", "exclude", "replace", "use"}
_INDIRECT = re.compile(r"//\s*indirect(?:;|\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """old => new. version: of the old one that it is about, "" for every; its_version: "" for a path on disk."""

    old: str
    version: str
    new: str
    its_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One go.mod or go.work. requires: as the file has them, replacements not yet applied; uses: directories of a go.work."""

    module: str = ""
    go: str = ""
    toolchain: str = ""
    requires: tuple[Component, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    excluded: frozenset[tuple[str, str]] = frozenset()
    uses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_manifest(text: str, name: str = "go.mod") -> Manifest:
    """A go.mod or go.work. Raises ParseError where no directive of either stands in it."""
    told = {"module": "", "go": "", "toolchain": ""}
    requires: list[Component] = []
    replacements: list[Replacement] = []
    excluded: set[tuple[str, str]] = set()
    uses: list[str] = []
    unknown: list[int] = []
    known = 0
    for number, verb, words, comment in _statements(text):
        known += verb in _DIRECTIVES
        if verb in told and words:
            told[verb] = words[0]
        elif verb == "require" and len(words) == 2:
            indirect = _INDIRECT.match(comment) is not None
            requires.append(Component(kind="module", name=words[0], version=words[1], indirect=indirect, found=name))
        elif verb == "replace" and "=>" in words:
            replacements += _replacement(words)
        elif verb == "exclude" and len(words) == 2:
            excluded.add((words[0], words[1]))
        elif verb == "use" and words:
            uses.append(words[0])
        elif verb not in _PASSED_OVER:
            unknown.append(number)
    if not known:
        raise ParseError(name, 1, text[:80], "no directive of a go.mod or go.work stands in it")
    notes = [_left_out(name, "lines that are no directives", unknown)] if unknown else []
    if text.count("\n") > MOST_LINES:
        notes.append(f"{name}: what stands behind line {MOST_LINES:,} was left out")
    if len(requires) > MOST_MODULES:
        notes.append(f"{name}: {len(requires) - MOST_MODULES:,} further modules were left out")
    return Manifest(
        **told,
        requires=tuple(requires[:MOST_MODULES]),
        replacements=tuple(replacements),
        excluded=frozenset(excluded),
        uses=tuple(uses),
        notes=tuple(notes),
    )


def _left_out(name: str, what: str, lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:5])) + (", …" if len(lines) > 5 else "")
    return f"{name}: {len(lines):,} {what} were passed over (line {shown})"


def _replacement(words: list[str]) -> Iterator[Replacement]:
    at = words.index("=>")
    old, new = words[:at], words[at + 1 :]
    if len(old) in (1, 2) and len(new) in (1, 2):
        yield Replacement(old=old[0], version="".join(old[1:]), new=new[0], its_version="".join(new[1:]))


def _statements(text: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(line, directive, its words, the comment behind them), those of a block one by one."""
    block = ""
    for number, line in enumerate(text.splitlines()[:MOST_LINES], start=1):
        tokens = _TOKEN.findall(line[:LONGEST_LINE])
        comment = tokens.pop() if tokens and tokens[-1].startswith("//") else ""
        words = [_unquoted(token) for token in tokens]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                yield number, block, words, comment
        elif words[-1] == "(" and len(words) == 2:
            block = words[0]
        else:
            yield number, words[0], words[1:], comment


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in ('"', "`") and len(token) > 1 else token


def placed(requires: Iterable[Component], replacements: Sequence[Replacement]) -> Iterator[Component]:
    """The modules with what stands in their place; a replacement of one version goes before one of every version, the first before others."""
    of_version = {(one.old, one.version): one for one in reversed(replacements) if one.version}
    of_all = {one.old: one for one in reversed(replacements) if not one.version}
    for one in requires:
        instead = of_version.get((one.name, one.version)) or of_all.get(one.name)
        yield one if instead is None else replace(one, replaced_by=instead.new, its_version=instead.its_version)


def highest(components: Iterable[Component]) -> tuple[Component, ...]:
    """One of each module, of the highest version that anybody asks for: minimal version selection over what is known."""
    best: dict[str, Component] = {}
    for one in components:
        before = best.get(one.name)
        if before is None or _is_higher(one.version, before.version):
            indirect = one.indirect and (before is None or before.indirect)
            best[one.name] = replace(one, indirect=indirect)
    return tuple(best.values())


def _is_higher(version: str, other: str) -> bool:
    try:
        return compare(version, other) > 0
    except ValueError:
        return False


_VENDORED = re.compile(r"# (\S+)(?: (v\S+))?(?: => (\S+)(?: (v\S+))?)?")


def parse_vendored(text: str, name: str = "vendor/modules.txt") -> tuple[tuple[Component, ...], frozenset[str]]:
    """vendor/modules.txt: the modules of which packages lie in the vendor folder, and these packages. Raises ParseError where no
    module stands in it.

    A replacement that no package comes from is listed without a version, and is left out.
    """
    found: list[Component] = []
    explicit: set[int] = set()
    with_packages: set[int] = set()
    packages: set[str] = set()
    for line in text.splitlines():
        if (match := _VENDORED.fullmatch(line[:LONGEST_LINE].rstrip())) is not None:
            path, version, new, its_version = match.groups("")
            one = Component(kind="module", name=path, version=version, vendored=True, found=name)
            found.append(replace(one, replaced_by=new, its_version=its_version))
        elif line.startswith("## ") and found and "explicit" in line:
            explicit.add(len(found))
        elif line and not line.startswith("#") and found:
            with_packages.add(len(found))
            packages.add(line[:LONGEST_LINE].strip())
        if len(found) > MOST_MODULES:
            break
    if not found and "##" not in text and text.strip():
        raise ParseError(name, 1, text[:80], "no line of a vendored module (`# PATH VERSION`) stands in it")
    modules = tuple(
        replace(one, indirect=number not in explicit)
        for number, one in enumerate(found, start=1)
        if number in with_packages
    )
    return modules, frozenset(packages)
