"""Maps and slices that live as long as the program, found by text: those that something is added to and nothing taken out of.

Long-lived is a package's variable, a field of one that is an unnamed struct, and a field of a type that guards itself with a mutex,
has a channel, is given requests, has a value in a package's variable, or whose field is a sync.Map. Left out: keys of a type that has few values,
values that are functions, names of registries. Names are looked up as plain bytes first, since every package has maps and slices and
few of them matter; where several fields share a name, `growing` tells them apart by their types.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from memwhy.lint.occurring import occurrences
from memwhy.lint.source import File, Package

Kind = Literal["map", "sync.Map", "slice"]

_DECLARED = re.compile(
    rb"\n(?:var[ \t]+|\t+|type[ \t]+\w+[^\n{]*[ \t]struct[ \t]*\{[ \t]*)(?P<name>[A-Za-z_]\w*)(?:[ \t]+|[ \t]*=[ \t]*(?:make\()?)"
    rb"(?P<kind>map\[(?P<key>[^\]\n]*)\](?P<value>[^\n{(=,]*)|sync\.Map\b|\[\](?P<element>[^\n{(=,]*))"
)
_ADDED: dict[Kind, re.Pattern[bytes]] = {
    "map": re.compile(rb"\[[^\n=]{1,80}\]\s*(?:=[^=]|\+\+|--|[-+|&^*]=)"),
    "sync.Map": re.compile(rb"\.(?:Store|LoadOrStore|Swap)\("),
    "slice": re.compile(rb"\s*=\s*append\("),
}
"""What stands behind the name where something is added."""
_SUFFIX: dict[Kind, bytes] = {"map": b"[", "sync.Map": b".", "slice": b" = append("}
"""What it begins with, as gofmt writes it."""
_EMPTIED = re.compile(rb"\b(?:delete|clear|(?:maps|slices)\.(?:Delete|Compact)\w*)\(\s*[\w.()*\[\]]*$")
_MEASURED = re.compile(rb"\blen\(\s*[\w.()*\[\]]*$")
_OVER = re.compile(rb"(?:>=?|<=?)\s*len\(\s*[\w.()*\[\]]*$")
_ADDRESS = re.compile(rb"&(?:\w+\.)*$")
"""What stands before the name where it is taken out of, emptied, compared in length, or given away by its address."""
_BOUNDED = re.compile(rb"\s*\)\s*(?:>=?|<=?|==)\s*(?!0\b)")
_LOOPS = re.compile(rb"\s*for\b")
_TAKEN = re.compile(rb"\.(?:Delete|LoadAndDelete|Clear|CompareAndDelete)\(")
_CUT = re.compile(rb"\s*=\s*(?:\w+\.)*(\w+)\[")
_GOES_ON = re.compile(rb"[\[.{(\w]")
_BEFORE_BYTES = 80
_COUNTED = re.compile(rb"\s*=\s*(?:iota|\d|\")")
_HELD = re.compile(rb"^(?:var[ \t]+|\t)\w+[ \t]*=?[ \t]*[&*]?(?:[Nn]ew)?$")
_STRUCT = re.compile(rb"^(?:type[ \t]+|\t)(\w+)(?:\[[^\]\n]*\])?[ \t]+struct[ \t]*\{", re.MULTILINE)
_UNNAMED = re.compile(rb"^(?:var[ \t]+|\t)(\w+)[ \t]*(?:=[ \t]*)?&?struct[ \t]*\{", re.MULTILINE)
_CHANNEL = re.compile(rb"^[ \t]+\w+(?:,[ \t]*\w+)*[ \t]+(?:<-)?chan\b", re.MULTILINE)
_MUTEX = re.compile(rb"^[ \t]*(?:\w+(?:,[ \t]*\w+)*[ \t]+)?\*?sync\.(?:RW)?Mutex\b", re.MULTILINE)
_REGISTRY = re.compile(
    r"registry|registrar|register|factor|handler|driver|codec|plugin|provider|route|mux|option|command|flag|schema|migration|template|collector|hook|config|extension|converter|backend|listener|middleware|validator",
    re.IGNORECASE,
)
_FEW_KEYS = {
    "bool",
    "byte",
    "uint8",
    "int8",
    "reflect.Type",
    "reflect.Kind",
    "time.Month",
    "time.Weekday",
    "os.Signal",
    "unicode.RangeTable",
    "language.Tag",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A long-lived map or slice. owner: the struct type it is a field of, "" for a package's variable; within: the package's variable
    whose unnamed struct it is a field of. key, value: types, as written. shared_name: other fields of the package are called so.
    local: a function's variable that a literal has."""

    name: str
    kind: Kind
    owner: str
    key: str
    value: str
    file: File
    at: int
    within: str = ""
    shared_name: bool = False
    local: bool = False

    @property
    def whose(self) -> str:
        """What a reader may call it."""
        if self.local:
            return f"variable {self.name}"
        if self.owner:
            return f"field {self.owner}.{self.name}"
        return f"package variable {self.within}.{self.name}" if self.within else f"package variable {self.name}"


@lru_cache(maxsize=2)
def containers(package: Package) -> tuple[Container, ...]:
    """Long-lived ones that something is added to and, as far as the text tells, nothing ever taken out of."""
    return tuple(_containers(package))


def _containers(package: Package) -> Iterator[Container]:
    declared = [(file, match) for file in package.files for match in _DECLARED.finditer(file.code)]
    named = Counter(match["name"] for _, match in declared)
    growing: dict[tuple[bytes, Kind], bool] = {}
    for file, match in declared:
        kind: Kind = (
            "map" if match["kind"].startswith(b"map") else "slice" if match["kind"].startswith(b"[") else "sync.Map"
        )
        name, value = match["name"], (match["value"] or match["element"] or b"").strip()
        if (name, kind) not in growing:
            growing[name, kind] = _grows(package, name, kind, only=named[name] == 1)
        if not growing[name, kind] or value.startswith(b"func") or _few_keys(package, match["key"]):
            continue
        owner, within = _owner(file, match.start("name")) or (None, "")
        if owner is None or _REGISTRY.search(owner or within) or _REGISTRY.search(name.decode("utf-8", "replace")):
            continue
        if not owner or kind == "sync.Map" or _lasting(package, file, match.start("name"), owner):
            yield Container(
                name=name.decode("utf-8", "replace"),
                kind=kind,
                owner=owner,
                key=(match["key"] or b"").decode("utf-8", "replace"),
                value=value.decode("utf-8", "replace"),
                file=file,
                at=match.start("name"),
                within=within,
                shared_name=named[name] > 1,
            )


def _grows(package: Package, name: bytes, kind: Kind, *, only: bool) -> bool:
    """Whether the package adds to something of that name; only: and never takes out of it, empties, cuts, bounds or hands it on."""
    suffix = _SUFFIX[kind]
    added = any(
        _ADDED[kind].match(file.code, at + len(name))
        for file in package.files
        if _may_add(file, name, kind)
        for at in occurrences(file.code, name, suffix)
    )
    if not added or not only:
        return added
    return not any(taken(file.code, name, at) for file in package.files for at in occurrences(file.code, name))


def _may_add(file: File, name: bytes, kind: Kind) -> bool:
    """Whether the words of a file, found once, leave it open that the name is added to."""
    return kind == "sync.Map" or name in (file.called if kind == "map" else file.appended)


def taken(code: bytes, name: bytes, at: int) -> bool:
    """Whether an occurrence of the name is where it is taken out of, emptied, cut, bounded or handed on."""
    end = at + len(name)
    if _TAKEN.match(code, end) or ((cut := _CUT.match(code, end)) is not None and cut[1] == name):
        return True
    before = code[max(0, code.rfind(b"\n", 0, at) + 1, at - _BEFORE_BYTES) : at]
    if b"(" not in before and b"&" not in before:
        return False
    if _EMPTIED.search(before) or (_OVER.search(before) and not _LOOPS.match(before)):
        return True
    if _MEASURED.search(before) and _BOUNDED.match(code, end):
        return True
    return _ADDRESS.search(before) is not None and not _GOES_ON.match(code, end)


def _few_keys(package: Package, key: bytes | None) -> bool:
    """Whether the key's type has few values: of those that are known, and types of the package with an enumeration."""
    name = (key or b"").strip()
    if name.decode("utf-8", "replace") in _FEW_KEYS:
        return True
    if not name.isalnum() or name in (b"string", b"int", b"int64", b"uint64", b"any"):
        return False
    return any(
        _COUNTED.match(file.code, at + len(name)) is not None
        for file in package.files
        for at in occurrences(file.code, name)
    )


def _top(file: File, at: int) -> tuple[str, int, int]:
    """The declaration of the file that an offset lies in; ("", 0, 0) between two."""
    index = bisect_right(file.top, at, key=lambda top: top[1]) - 1
    return file.top[index] if index >= 0 and at < file.top[index][2] else ("", 0, 0)


def _owner(file: File, at: int) -> tuple[str, str] | None:
    """(the struct type whose field is declared at an offset, "" for a package's variable; the variable whose unnamed struct has
    the field); None for anything else."""
    kind, start, end = _top(file, at)
    if kind == "var_declaration":
        unnamed = [one for one in _UNNAMED.finditer(file.code, start, end) if one.end() <= at]
        inside = unnamed and file.code.count(b"{", unnamed[-1].end(), at) == file.code.count(
            b"}", unnamed[-1].end(), at
        )
        return "", unnamed[-1][1].decode("utf-8", "replace") if inside else ""
    before = [one for one in _STRUCT.finditer(file.code, start, end) if one.start() < at]
    return (before[-1][1].decode("utf-8", "replace"), "") if before and kind == "type_declaration" else None


def _lasting(package: Package, file: File, at: int, owner: str) -> bool:
    """Whether values of the type live long: they guard themselves, serve HTTP, or one is a package's variable."""
    _, start, end = _top(file, at)
    if _MUTEX.search(file.code, start, end) or _CHANNEL.search(file.code, start, end) or _serves(package, owner):
        return True
    return any(
        _HELD.search(other.code[other.code.rfind(b"\n", 0, found) + 1 : found])
        and _top(other, found)[0] == "var_declaration"
        for other in package.files
        for found in occurrences(other.code, owner.encode())
    )


def _serves(package: Package, owner: str) -> bool:
    """Whether a method of the type is given a request or a connection."""
    mine = re.compile(
        rb"\nfunc \(\w*[ \t]*\*?" + re.escape(owner.encode()) + rb"\b[^\n]*\b(?:http\.ResponseWriter|net\.Conn)\b"
    )
    return any(b"http.ResponseWriter" in file.code or b"net.Conn" in file.code for file in package.files) and any(
        mine.search(file.code) for file in package.files
    )
