"""A buffer that took in something of any size goes back into a sync.Pool without a look at how large it has grown.

One large answer makes the buffer large for all that follow, and each of the pool's buffers gets there in time; the pool lets go of what
lies unused for two collections only (sync/pool.go, poolCleanup). fmt and encoding/json's own pools drop what is over 64 KiB for
that reason (go.dev/issue/23199). Not told unasked: many programs live well with it.
"""

import re
from collections.abc import Iterable

from memwhy.lint.source import Package
from memwhy.lint.syntax import arguments, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "pooled-buffer"
CAUSE = "heap-leak"
TOKENS = (b"sync.Pool",)

_POOL = re.compile(rb"\b(\w+)[ \t]*(?:=|:=|[ \t])[ \t]*&?sync\.Pool\b")
_PUT = re.compile(rb"\.Put\(")


def check(package: Package) -> Iterable[Suspect]:
    """Each Put of a buffer that was filled from a reader in the same function."""
    pools = {match[1].decode("utf-8", "replace") for file in package.files for match in _POOL.finditer(file.code)}
    for function in package.functions_with(_PUT) if pools else ():
        text = function.text.decode("utf-8", "replace")
        if ".Cap()" in text or "cap(" in text or function.node is None:
            continue
        for call in function.node.walk("call_expression"):
            owner, _, method = callee(call).rpartition(".")
            given = arguments(call)
            if method != "Put" or owner.rpartition(".")[2] not in pools or not given:
                continue
            name = re.escape(given[0].text.lstrip("&"))
            if re.search(rf"\bio\.Copy\(\s*{name}\s*,|\b{name}\.ReadFrom\(", text) is None:
                continue
            yield suspect_at(
                function,
                call,
                rule=NAME,
                cause=CAUSE,
                message=f"{given[0].text} was filled from a reader and goes back into the pool however large it has grown",
                missing=f"a look at {given[0].text}.Cap() before the Put",
                remedy=f"drop what is large: if {given[0].text}.Cap() <= 64<<10 {{ … Put … }}",
                weight=0.4,
                costs="as many buffers of the largest size as are in use at once",
            )
