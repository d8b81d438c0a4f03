"""Additions to what lives as long as the program, judged by their trees: which may come again and again, and what speaks for it.

What makes a container innocent here: it is replaced or given away, its keys are constants, or what adds to it comes once (`coming`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memwhy.lint.coming import Often, callers, comes_once, often, rounds_on
from memwhy.lint.functions import Bodies, Body
from memwhy.lint.laying import declaring
from memwhy.lint.names import last_name
from memwhy.lint.occurring import occurrences
from memwhy.lint.qualifying import in_comment, is_selected
from memwhy.lint.source import Function, Package
from memwhy.lint.standing import Container, taken
from memwhy.lint.syntax import Node, arguments, callee

_CACHE = re.compile(
    r"cache|seen|visit|session|client|user|hit|count|limiter|pending|memo|histor|recent|request|lookup|by(?:ip|id|key|user|addr)|per[A-Z]|log|event|stat",
    re.IGNORECASE,
)
_FEW = re.compile(
    r"(?:^|[a-z_])(?i:tier|api|method|status|code|kind|category|level|type|region|zone|shard|partition|driver|drive|size|flags|version|lang|language|locale|state|role|stage|phase|severity|format|scheme|encoding|action|op)s?$"
)
_TYPES = re.compile(r"(?:^|[.*])(?:\w*Type|rtype|Func|PC|uintptr)$")
_OF_TYPE = re.compile(
    r"\breflect\.(?:TypeOf|TypeFor|Indirect)\b|\.Type\(\)|\.Elem\(\)$|\bruntime\.(?:Caller|FuncForPC|Callers)\b"
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
    """Every addition that may come again and again; none where some function takes out of the container, replaces or gives it away."""
    found: list[Growth] = []
    for function in package.functions_naming(container.name.encode()):
        if not _may_use(function, container):
            continue
        body = Bodies.of_tree(package.tree).of(function)
        if body is None or (not container.owner and _declares(body.node, container.within or container.name)):
            continue
        added = additions(function, container, _uses(body, container))
        if added is None:
            return []
        if added and not (comes_once(function) and not (added[0].asked and function.receiver)):
            found += added
    return found


def _may_use(function: Function, container: Container) -> bool:
    """Whether the text leaves it open that the container is meant: a field stands behind a dot, a variable does not."""
    code, field = function.file.code, bool(container.owner or container.within)
    found = occurrences(code, container.name.encode(), start=function.start, stop=function.end)
    return any(is_selected(code, at) in (field, None) and not in_comment(code, at) for at in found)


def additions(function: Function, container: Container, uses: Iterable[tuple[Node, bool]]) -> list[Growth] | None:
    """The additions among uses of a container (with whether they are it for certain); None where it does not only grow."""
    added: list[Growth] = []
    name = container.name.encode()
    for use, mine in uses:
        if _gives_away(use) or (container.shared_name and taken(use.code, name, use.end - len(name))):
            return None
        if _replaces(use, container) and not _when_nil(use, container) and not comes_once(function):
            return None
        growth = _growth(use, container, function) if mine else None
        if growth is not None and not _of_types(growth):
            added.append(growth)
    return added


def _of_types(growth: Growth) -> bool:
    """Whether the key is a type or what types alone tell: as many as the program has. By the parameters that it comes from."""
    node = growth.function.node
    receiver = node.child("receiver") if node is not None else None
    if receiver is not None and any(
        name.text == growth.key for one in receiver.children for name in one.fields("name")
    ):
        return True
    listed = node.child("parameters") if node is not None else None
    types = [of for one in (listed.children if listed is not None else ()) if (of := one.child("type")) is not None]
    for of in types:
        if of.parent is not None and any(name.text == growth.key for name in of.parent.fields("name")):
            return _TYPES.search(of.text) is not None
    if any(_TYPES.search(of.text) for of in types) and all(_TYPES.search(of.text) or of.text == "bool" for of in types):
        return True
    return _OF_TYPE.search(growth.key) is not None or _is_type(growth)


def _is_type(growth: Growth) -> bool:
    """Whether the key is a local variable that a type, or the place of a call, was put into."""
    base = re.match(r"\w+", growth.key)
    if base is not None and re.search(rf"\bruntime\.Callers?\([^)\n]*\b{base[0]}\b".encode(), growth.function.text):
        return True
    made = re.search(rf"\b{re.escape(growth.key)}\s*:?=\s*([^\n]*)", growth.function.text.decode("utf-8", "replace"))
    return growth.key.isidentifier() and made is not None and _OF_TYPE.search(made[1]) is not None


def _declares(function: Node, name: str) -> bool:
    """Whether the function has a variable or parameter of that name."""
    for one in function.walk("short_var_declaration", "var_spec", "parameter_declaration", "range_clause"):
        for side in (*one.fields("name"), *one.fields("left")):
            if any(found.text == name for found in side.walk("identifier")):
                return one.kind != "range_clause" or ":=" in one.text
    return False


def _uses(body: Body, container: Container) -> Iterator[tuple[Node, bool]]:
    """(where the container may be meant, whether it is for certain): a field's by the type of what stands before it."""
    if container.owner or container.within:
        whole = f"{body.function.file.package.path}.{container.owner}"
        for one in body.node.walk("selector_expression"):
            field, operand = one.child("field"), one.child("operand")
            if field is None or operand is None or field.text != container.name:
                continue
            if container.within:
                if operand.text == container.within:
                    yield one, True
                continue
            type = body.type_of(operand).lstrip("*")
            owner = declaring(body.types, body.function.file, type, container.name)
            if not owner or owner == whole:
                yield one, owner == whole and _lasts(body, operand)
        return
    for one in body.node.walk("identifier"):
        if (
            one.text == container.name
            and one.field != "field"
            and (one.parent is None or one.parent.kind != "keyed_element")
        ):
            yield one, True


def _lasts(body: Body, operand: Node) -> bool:
    """Whether a value outlives the function: the receiver's or a package variable's, or one that a function literal has from outside."""
    root: Node | None = operand
    while root is not None and root.kind in ("selector_expression", "parenthesized_expression", "unary_expression"):
        root = root.child("operand") or (root.children[0] if root.children else None)
    variable = body.scopes.variable(root)
    if variable is None:
        return root is not None and root.kind == "identifier"
    above = variable.declared.above("parameter_list")
    return (above is not None and above.field == "receiver") or variable.owner is not body.scopes.owner(operand)


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
        return not _looks_only(callee(parent.parent), last_name(parent.parent))
    return False


def _looks_only(name: str, last: str) -> bool:
    writes = last in (
        "Encode",
        "Execute",
        "ExecuteTemplate",
        "Marshal",
        "MarshalIndent",
        "JSON",
        "Print",
        "Println",
        "Printf",
    )
    return (
        name in ("len", "cap", "append", "copy", "make")
        or writes
        or name.startswith(
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


def locks(growth: Growth) -> bool:
    """Whether the function takes a lock: several goroutines come through it."""
    return b".Lock()" in growth.function.text


def named_as_cache(container: Container) -> bool:
    """Whether its name says that it collects what passes by."""
    return _CACHE.search(container.name) is not None


def few_by_name(growth: Growth) -> bool:
    """Whether the key is called like something of which there are few: a method, a status, a tier."""
    return _FEW.search(growth.key.rpartition(".")[2]) is not None


def constants_only(growth: Growth) -> bool:
    """Whether the key is a parameter and every call in the tree gives it a constant: as many entries as the source has of them."""
    node = growth.function.node
    listed = node.child("parameters") if node is not None else None
    names = [name.text for one in (listed.children if listed is not None else ()) for name in one.fields("name")]
    if growth.key not in names:
        return False
    given = [arguments(call) for _, call in callers(growth.function)]
    at = names.index(growth.key)
    return bool(given) and all(len(one) > at and _constant(one[at]) for one in given)


def comes_with(growth: Growth) -> Often:
    """How an addition comes again and again: by its function and those that call it, or the loop that it stands in."""
    return often(growth.function) or ("round" if rounds_on(growth.node) else "")
