"""A buffer that took in something of any size goes back into a sync.Pool without a look at how large it has grown.

One large answer makes the buffer large for all that follow, and each of the pool's buffers gets there in time; the pool lets go of what
lies unused for two collections only (sync/pool.go, poolCleanup). fmt and encoding/json's own pools drop what is over 64 KiB for
that reason (go.dev/issue/23199). Innocent: a look at the capacity before the Put, arrays of one size that are only copied through,
and what takes in no more than a line of the program's own.
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.occurring import occurrences
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, arguments, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "pooled-buffer"
CAUSE = "heap-leak"
TOKENS = (b"sync.Pool",)

_POOL = re.compile(rb"\b(\w+)[ \t]*(?:=|:=|[ \t])[ \t]*&?sync\.Pool\b")
_GOT = re.compile(rb"\.Get\(\)\.\(\*?(?:bytes\.Buffer|\[\]byte)\)")
_PUT = re.compile(rb"\.Put\(")
_LOOKS = (b".Cap()", b"cap(")
_TAKES_ALL = r"\bio\.Copy(?:Buffer)?\(\s*{0}\s*,|\b{0}\.ReadFrom\("
"""Filled from a reader, which has any length."""
_ENCODES = (
    r"\.NewEncoder\(\s*{0}\s*\)|\.(?:Execute|Render|Encode|Marshal)\w*\(\s*{0}\b|\.ExecuteTemplate\(\s*{0}\b|\.NewWriter\w*\(\s*{0}\b"
    r"|\b{0}\.Write\(\s*\w+\s*\)|\*{0}\s*=\s*append\(|\b{0}\s*=\s*append\(\s*{0}\b"
)
"""Filled with a value that somebody gave, by an encoder, a template or append."""


def check(package: Package) -> Iterable[Suspect]:
    """Each Put of a buffer that something of any size was put into, here or in the functions that call for it."""
    pools = {
        name
        for file in package.files
        if b"sync.Pool" in file.code
        for match in _POOL.finditer(file.code)
        if _of_bytes(package, name := match[1])
    }
    for function in package.functions_with(_PUT) if pools else ():
        if function.node is None or any(looks in function.text for looks in _LOOKS):
            continue
        for call, given in _puts(function.node, pools):
            weight = _filled(package, function, given)
            if weight:
                yield _suspect(function, call, given, weight)


def _of_bytes(package: Package, pool: bytes) -> bool:
    """Whether what the pool gives is taken for a buffer or a slice of bytes, and not for what writes into one."""
    return any(
        _GOT.match(file.code, at + len(pool)) for file in package.files for at in occurrences(file.code, pool, b".Get(")
    )


def _puts(node: Node, pools: set[bytes]) -> Iterator[tuple[Node, str]]:
    """(a Put into one of the pools, what it is given)."""
    for call in node.walk("call_expression"):
        owner, _, method = callee(call).rpartition(".")
        given = arguments(call)
        if method == "Put" and owner.rpartition(".")[2].encode() in pools and given:
            yield call, given[0].text.lstrip("&")


def _filled(package: Package, function: Function, name: str) -> float:
    """How sure it is that it took in something of any size: by the function itself, or by those that give it to this one."""
    found = _filled_in(function, name)
    if found or name not in _parameters(function):
        return found
    given = re.compile(rb"\b" + re.escape(function.name.encode()) + rb"\((?:\w+,[ \t]*)*&?(\w+)\)")
    weights = [0.0]
    for caller in package.functions_with(given):
        names = {match[1].decode("utf-8", "replace") for match in given.finditer(caller.text)}
        weights += [_filled_in(caller, one) for one in names if caller is not function]
    return max(weights)


def _filled_in(function: Function, name: str) -> float:
    text, word = function.text.decode("utf-8", "replace"), rf"&?{re.escape(name)}"
    if re.search(_TAKES_ALL.format(word), text):
        return 0.7
    grown = "append(" in text and re.search(rf"\*{re.escape(name)}\s*=\s*\w+$", text, re.MULTILINE) is not None
    return 0.6 if grown or re.search(_ENCODES.format(word), text) else 0.0


def _parameters(function: Function) -> set[str]:
    node = function.node
    listed = [node.child("parameters"), node.child("receiver")] if node is not None else []
    return {name.text for one in listed if one is not None for each in one.children for name in each.fields("name")}


def _suspect(function: Function, call: Node, name: str, weight: float) -> Suspect:
    return suspect_at(
        function,
        call,
        rule=NAME,
        cause=CAUSE,
        message=f"{name} was filled with something of any size and goes back into the pool however large it has grown",
        missing=f"a look at the capacity of {name} before the Put",
        remedy=f"drop what is large: if {name}.Cap() <= 64<<10 {{ … Put … }}, cap({name}) for a slice",
        weight=weight,
        costs="as many buffers of the largest size as are in use at once",
    )
