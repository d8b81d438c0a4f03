"""Additions to what lives as long as the program, judged by their trees: which may come again and again, and what speaks for it.

What makes a container innocent here: it is replaced or given away, its keys are constants, or what adds to it comes once, in main,
init, constructors, registrations, and functions that only those call.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.lint.source import Function, Package
from memwhy.lint.standing import Container, occurrences
from memwhy.lint.syntax import Node, arguments, callee, dotted

_ONCE = re.compile(
    r"(?:Must|must|New|new|Make|make|Register|register|Unregister|Init|init|Setup|setup|Set[uU]p|Build|build|Define|define|Configure"
    r"|Install|Mount|Handle|Use|Open|open|Read|read|Load|load|Parse|parse|Decode|Unmarshal|Test|Benchmark|Example|Fuzz|Declare|Import|Compile|With)"
    r"(?![a-z])"
)
"""Functions that add once for each thing that is configured, by how Go's programmers name them."""
_CACHE = re.compile(
    r"cache|seen|visit|session|client|user|hit|count|limiter|pending|memo|histor|recent|request|lookup|by(?:ip|id|key|user|addr)|per[A-Z]|log|event|stat",
    re.IGNORECASE,
)
_TYPES = re.compile(r"(?:^|[.*])(?:\w*Type|rtype|Func|PC|uintptr)$")
_OF_TYPE = re.compile(
    r"\breflect\.(?:TypeOf|TypeFor|Indirect)\b|\.Type\(\)|\.Elem\(\)$|\bruntime\.(?:Caller|FuncForPC|Callers)\b"
)
_SERVES = re.compile(rb"^func[^{]*\b(?:http\.ResponseWriter|\*http\.Request|net\.Conn)\b")
_SIGNATURE_BYTES = 400
_REQUEST = re.compile(
    r"\b(?:\*?http\.(?:Request|ResponseWriter)|net\.Conn|context\.Context|\*?gin\.Context|echo\.Context|grpc\.ServerStream)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One addition. key: what it is put under, as written, "" for a slice; asked: the same function looks the key up before."""

    function: Function
    node: Node
    key: str
    asked: bool
    counted: bool


def growths(package: Package, container: Container) -> list[Growth]:
    """Every addition that may come again and again; none where some function replaces or gives the container away."""
    found: list[Growth] = []
    named = re.compile(rb"\b" + re.escape(container.name.encode()) + rb"\b")
    for function in package.functions_with(named):
        node = function.node
        if node is None or (not container.owner and _declares(node, container.name)):
            continue
        added: list[Growth] = []
        for use in _uses(node, container):
            if _gives_away(use):
                return []
            if _replaces(use, container) and not _when_nil(use, container) and not _comes_once(function):
                return []
            growth = _growth(use, container, function)
            if growth is not None and not _of_types(growth) and (not container.owner or _of_receiver(use, function)):
                added.append(growth)
        if added and not _comes_once(function):
            found += added
    return found


def _of_types(growth: Growth) -> bool:
    """Whether the key is a type or what a type alone tells: as many as the program has. By the parameter that it is."""
    node = growth.function.node
    listed = node.child("parameters") if node is not None else None
    for one in listed.children if listed is not None else ():
        of = one.child("type")
        if of is not None and any(name.text == growth.key for name in one.fields("name")):
            return _TYPES.search(of.text) is not None
    return _OF_TYPE.search(growth.key) is not None or _is_type(growth)


def _is_type(growth: Growth) -> bool:
    """Whether the key is a local variable that a type was put into."""
    made = re.search(rf"\b{re.escape(growth.key)}\s*:?=\s*([^\n]*)", growth.function.text.decode("utf-8", "replace"))
    return growth.key.isidentifier() and made is not None and _OF_TYPE.search(made[1]) is not None


def _comes_once(function: Function) -> bool:
    """Whether a function configures rather than serves: by its name, by a sync.Once, or since only such functions call it."""
    if _SERVES.search(function.text, 0, _SIGNATURE_BYTES):
        return False
    if _configures(function) or _under_once(function):
        return True
    if function.name[:1].isupper():
        return False
    name = function.name.encode()
    called = [
        (file, at)
        for file in function.file.package.files
        for at in occurrences(file.code, name)
        if file.code[at + len(name) : at + len(name) + 1] == b"("
        and not file.code[file.code.rfind(b"\n", 0, at) + 1 : at].startswith(b"func ")
    ]
    callers = {one for file, at in called for one in file.functions if one.start <= at < one.end}
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
