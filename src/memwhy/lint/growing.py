"""Maps and slices that live as long as the program and are only ever added to: found by text first, judged by their trees.

Long-lived is a package's variable, and a field of a type that guards itself with a mutex, serves HTTP, or has a value in a package's
variable. What makes such a container innocent: anything in the package that takes out, empties, replaces or bounds it, keys of a
type that has few values, and additions that come once: in main, init, constructors, registrations.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from memwhy.lint.source import File, Function, Package
from memwhy.lint.syntax import Node, arguments, callee, dotted

Kind = Literal["map", "sync.Map", "slice"]

_DECLARED = re.compile(
    rb"^(?:var[ \t]+|\t+)(?P<name>[A-Za-z_]\w*)(?:[ \t]+|[ \t]*=[ \t]*(?:make\()?)"
    rb"(?P<kind>map\[(?P<key>[^\]\n]*)\](?P<value>[^\n{(=,]*)|sync\.Map\b|\[\](?P<element>[^\n{(=,]*))",
    re.MULTILINE,
)
_OF = rb"[\w.()*\[\]]*?\b(\w+)\s*"
"""The last name of `s.shards[i].entries`."""
_ADDED: dict[Kind, re.Pattern[bytes]] = {
    "map": re.compile(rb"\b(\w+)\[[^\n=]{1,80}\]\s*(?:=[^=]|\+\+|--|[-+|&^*]=)"),
    "sync.Map": re.compile(rb"\b(\w+)\.(?:Store|LoadOrStore|Swap)\("),
    "slice": re.compile(rb"\b(\w+)\s*=\s*append\("),
}
_TAKEN = (
    re.compile(rb"\b(?:delete|clear|(?:maps|slices)\.(?:Delete\w*|Compact\w*))\(\s*" + _OF + rb"[,)\[]"),
    re.compile(rb"\b(\w+)\.(?:Delete|LoadAndDelete|Clear|CompareAndDelete)\("),
    re.compile(rb"\b(\w+)\s*=\s*[\w.]*\b\1\["),
    re.compile(rb"\blen\(\s*" + _OF + rb"\)\s*(?:>=?|<=?|==|-)\s*(?!0\b)"),
    re.compile(rb"(?:>=?|<=?)\s*len\(\s*" + _OF + rb"\)"),
    re.compile(rb"&(?:\w+\.)*(\w+)\b(?![\[.{(\w])"),
)
_STRUCT = re.compile(rb"^(?:type[ \t]+|\t)(\w+)(?:\[[^\]\n]*\])?[ \t]+struct[ \t]*\{", re.MULTILINE)
_MUTEX = re.compile(rb"^[ \t]*(?:\w+(?:,[ \t]*\w+)*[ \t]+)?\*?sync\.(?:RW)?Mutex\b", re.MULTILINE)
_ONCE = re.compile(
    r"(?:Must|must|New|new|Make|make|Register|register|Unregister|Init|init|Setup|setup|Set[uU]p|Build|build|Define|define|Configure"
    r"|Install|Mount|Handle|Use|Open|open|Read|read|Load|load|Parse|parse|Decode|Unmarshal|Test|Benchmark|Example|Fuzz|Declare|Import|Compile|With)"
    r"(?![a-z])"
)
"""Functions that add once for each thing that is configured, by how Go's programmers name them."""
_REGISTRY = re.compile(
    r"regist|factor|handler|driver|codec|plugin|provider|route|mux|option|command|flag|schema|migration|templat|collector|hook|config|extension|converter|backend|listener|middleware|validator",
    re.IGNORECASE,
)
_CACHE = re.compile(
    r"cache|seen|visit|session|client|user|hit|count|limiter|pending|memo|histor|recent|request|lookup|by(?:ip|id|key|user|addr)|per[A-Z]|log|event|stat",
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
_REQUEST = re.compile(
    r"\b(?:\*?http\.(?:Request|ResponseWriter)|net\.Conn|context\.Context|\*?gin\.Context|echo\.Context|grpc\.ServerStream)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A long-lived map or slice. owner: the struct type it is a field of, "" for a package's variable. key, value: types, as written."""

    name: str
    kind: Kind
    owner: str
    key: str
    value: str
    file: File
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One addition. key: what it is put under, as written, "" for a slice; asked: the same function looks the key up before."""

    function: Function
    node: Node
    key: str
    asked: bool
    counted: bool


def containers(package: Package, kinds: tuple[Kind, ...]) -> Iterator[Container]:
    """Long-lived ones that something is added to and, as far as the text tells, nothing ever taken out of."""
    added, taken = _touched(package)
    if not any(added[kind] - taken for kind in kinds):
        return
    for file in package.files:
        for match in _DECLARED.finditer(file.code):
            kind: Kind = (
                "map" if match["kind"].startswith(b"map") else "slice" if match["kind"].startswith(b"[") else "sync.Map"
            )
            if kind not in kinds or _few_keys(package, match["key"]) or _calls(match["value"] or match["element"]):
                continue
            name = match["name"]
            if name not in added[kind] or name in taken:
                continue
            owner = _owner(file, match.start())
            if owner is None:
                continue
            found = Container(
                name=name.decode("utf-8", "replace"),
                kind=kind,
                owner=owner,
                key=(match["key"] or b"").decode("utf-8", "replace"),
                value=(match["value"] or match["element"] or b"").decode("utf-8", "replace").strip(),
                file=file,
                at=match.start("name"),
            )
            if (
                not _REGISTRY.search(found.name)
                and not _REGISTRY.search(owner)
                and (not owner or _lasting(package, file, match.start(), owner))
            ):
                yield found


def _calls(value: bytes | None) -> bool:
    """Whether the values are functions: what registers itself, not what is kept."""
    return (value or b"").lstrip().startswith(b"func")


def _few_keys(package: Package, key: bytes | None) -> bool:
    """Whether the key's type has few values: of those that are known, and types of the package with an enumeration."""
    name = (key or b"").decode("utf-8", "replace").strip()
    if name in _FEW_KEYS:
        return True
    if not name.isidentifier() or name in ("string", "int", "int64", "uint64", "any"):
        return False
    counted = re.compile(rb"\b\w+\s+" + re.escape(name.encode()) + rb"\s*=\s*(?:iota|\d|\")")
    return any(counted.search(file.code) for file in package.files)


@lru_cache(maxsize=2)
def _touched(package: Package) -> tuple[dict[Kind, set[bytes]], set[bytes]]:
    """(names that something is added to, by kind; names that are taken out of, cleared, cut, compared in length or given away)."""
    added: dict[Kind, set[bytes]] = {kind: set() for kind in _ADDED}
    taken: set[bytes] = set()
    for file in package.files:
        for kind, pattern in _ADDED.items():
            added[kind].update(pattern.findall(file.code))
        for pattern in _TAKEN:
            taken.update(pattern.findall(file.code))
    return added, taken


def _owner(file: File, at: int) -> str | None:
    """The struct type whose field is declared at an offset, "" for a package's variable; None for anything else."""
    for kind, start, end in file.top:
        if start <= at < end:
            if kind == "var_declaration":
                return ""
            if kind != "type_declaration":
                return None
            before = [match for match in _STRUCT.finditer(file.code, start, end) if match.start() < at]
            return before[-1][1].decode("utf-8", "replace") if before else None
    return None


def _lasting(package: Package, file: File, at: int, owner: str) -> bool:
    """Whether values of the type live long: they guard themselves, serve HTTP, or one is a package's variable."""
    span = next(((start, end) for _, start, end in file.top if start <= at < end), (at, at))
    if _MUTEX.search(file.code, *span) or package.function("ServeHTTP", owner) is not None:
        return True
    held = re.compile(
        rb"^(?:var[ \t]+|\t)\w+[ \t]*=?[ \t]*[&*]?(?:[Nn]ew)?" + re.escape(owner.encode()) + rb"\b[({ \n]", re.MULTILINE
    )
    return any(
        any(kind == "var_declaration" and start <= match.start() < end for kind, start, end in other.top)
        for other in package.files
        for match in held.finditer(other.code)
    )


def growths(package: Package, container: Container) -> list[Growth]:
    """Every addition that may come again and again; none where some function replaces or gives the container away."""
    found: list[Growth] = []
    named = re.compile(rb"\b" + re.escape(container.name.encode()) + rb"\b")
    for function in package.functions_with(named):
        node = function.node
        if node is None or (not container.owner and _declares(node, container.name)):
            continue
        once = _comes_once(function)
        for use in _uses(node, container):
            if _gives_away(use) or (_replaces(use, container) and not once and not _when_nil(use, container)):
                return []
            if not once and (not container.owner or _of_receiver(use, function)):
                growth = _growth(use, container, function)
                if growth is not None:
                    found.append(growth)
    return found


def _comes_once(function: Function) -> bool:
    """Whether a function configures rather than serves: by its name, by a sync.Once, or since only such functions call it."""
    if _configures(function):
        return True
    if _under_once(function):
        return True
    called = re.compile(rb"(?<!func )(?<!\) )\b" + re.escape(function.name.encode()) + rb"\(")
    callers = [] if function.name[:1].isupper() else list(function.file.package.functions_with(called))
    return bool(callers) and all(_configures(one) for one in callers)


def _configures(function: Function) -> bool:
    return _ONCE.match(function.name) is not None or (function.name in ("main", "init") and not function.receiver)


def _under_once(function: Function) -> bool:
    once = re.compile(rb"(?:\.Do|Once(?:Func|Values?))\(\s*(?:\w+\.)?" + re.escape(function.name.encode()) + rb"\b")
    return any(once.search(file.code) for file in function.file.package.files)


def _declares(function: Node, name: str) -> bool:
    """Whether the function has a variable or parameter of that name."""
    for one in function.walk("short_var_declaration", "var_spec", "parameter_declaration", "range_clause"):
        for side in (*one.fields("name"), *one.fields("left")):
            if any(found.text == name for found in side.walk("identifier")):
                return one.kind != "range_clause" or ":=" in one.text
    return False


def _uses(function: Node, container: Container) -> Iterator[Node]:
    if container.owner:
        for one in function.walk("selector_expression"):
            field = one.child("field")
            if field is not None and field.text == container.name:
                yield one
        return
    for one in function.walk("identifier"):
        if (
            one.text == container.name
            and one.field != "field"
            and (one.parent is None or one.parent.kind != "keyed_element")
        ):
            yield one


def _of_receiver(use: Node, function: Function) -> bool:
    """Whether it is a field of the method's own receiver, or of a package's variable: `s.seen` in a method of `s`."""
    node = function.node
    receiver = node.child("receiver") if node is not None else None
    own = [one.text for one in receiver.walk("identifier")] if receiver is not None else []
    operand = dotted(use.child("operand"))
    return operand in own


def _gives_away(use: Node) -> bool:
    """Whether the container itself leaves our sight: returned, put somewhere, given to a function that may take out of it."""
    parent = use.parent
    while parent is not None and parent.kind in (
        "expression_list",
        "parenthesized_expression",
        "literal_element",
        "keyed_element",
    ):
        use, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.kind in ("return_statement", "send_statement", "literal_value"):
        return True
    if parent.kind in ("short_var_declaration", "assignment_statement", "var_spec"):
        return use.field in ("right", "value")
    if parent.kind == "argument_list" and parent.parent is not None:
        return not _looks_only(callee(parent.parent))
    return False


def _looks_only(name: str) -> bool:
    return name in ("len", "cap", "append", "copy", "make") or name.startswith(
        (
            "fmt.",
            "json.",
            "maps.Keys",
            "maps.Values",
            "maps.Clone",
            "maps.Copy",
            "slices.",
            "sort.",
            "strings.Join",
            "log.",
            "errors.Join",
        )
    )


def _replaces(use: Node, container: Container) -> bool:
    """Whether it is assigned anew, other than by append."""
    side = use.parent
    if side is None or side.kind != "expression_list" or side.field != "left" or side.parent is None:
        return False
    if side.parent.kind != "assignment_statement":
        return False
    right = side.parent.child("right")
    call = right.children[0] if right is not None and right.children else None
    return not (
        container.kind == "slice" and call is not None and call.kind == "call_expression" and callee(call) == "append"
    )


def _when_nil(use: Node, container: Container) -> bool:
    """Whether it is made where there was none: inside `if x == nil`, or by sync.Once."""
    above = use.parent
    while above is not None:
        if above.kind == "if_statement":
            condition = above.child("condition")
            if condition is not None and "nil" in condition.text and container.name in condition.text:
                return True
        if above.kind == "func_literal" and above.parent is not None and above.parent.parent is not None:
            call = above.parent.parent
            if call.kind == "call_expression" and callee(call).endswith(".Do"):
                return True
        above = above.parent
    return False


def _growth(use: Node, container: Container, function: Function) -> Growth | None:
    """The addition that a use is, if it is one under a key that is no constant."""
    parent = use.parent
    if parent is None:
        return None
    if container.kind == "slice":
        if not _appended(use):
            return None
        return Growth(function=function, node=use, key="", asked=False, counted=False)
    if container.kind == "sync.Map":
        call = parent.parent
        method = parent.child("field")
        if (
            call is None
            or call.kind != "call_expression"
            or method is None
            or method.text not in ("Store", "LoadOrStore", "Swap")
        ):
            return None
        key = arguments(call)[0] if arguments(call) else None
        return None if key is None or _constant(key) else Growth(
            function=function, node=call, key=key.text, asked=method.text == "LoadOrStore" or _loads(function, container, key.text), counted=False
        )  # fmt: skip
    index = parent.child("index") if parent.kind == "index_expression" and use.field == "operand" else None
    if index is None or _constant(index):
        return None
    counted = parent.parent is not None and parent.parent.kind in ("inc_statement", "dec_statement")
    if not counted and not _assigned(parent):
        return None
    return Growth(function=function, node=parent, key=index.text, asked=_reads(function, parent), counted=counted)


def _appended(use: Node) -> bool:
    """Whether it stands at the left of `x = append(x, …)`."""
    side = use.parent
    return side is not None and side.field == "left" and side.parent is not None and "append(" in side.parent.text


def _constant(key: Node) -> bool:
    return key.kind.endswith("_literal") and key.kind != "composite_literal"


def _assigned(index: Node) -> bool:
    side = index.parent
    return (
        side is not None
        and side.kind == "expression_list"
        and side.field == "left"
        and side.parent is not None
        and side.parent.kind == "assignment_statement"
    )


def _reads(function: Function, written: Node) -> bool:
    """Whether the same entry is looked up elsewhere in the function."""
    node = function.node
    same = node.walk("index_expression") if node is not None else ()
    return any(one is not written and one.text == written.text and not _assigned(one) for one in same)


def _loads(function: Function, container: Container, key: str) -> bool:
    return f"{container.name}.Load({key})" in function.text.decode("utf-8", "replace")


def at_request(growth: Growth) -> bool:
    """Whether the function is given a request, a connection or a context: what comes again and again."""
    node = growth.function.node
    parameters = node.child("parameters") if node is not None else None
    return parameters is not None and _REQUEST.search(parameters.text) is not None


def locks(growth: Growth) -> bool:
    """Whether the function takes a lock: several goroutines come through it."""
    return b".Lock()" in growth.function.text


def named_as_cache(container: Container) -> bool:
    """Whether its name says that it collects what passes by."""
    return _CACHE.search(container.name) is not None
