"""C memory that Go asked for and nobody frees: C.CString, C.CBytes, C.malloc, C.calloc, C.strdup.

Go's collector does not see it: every call that is not freed stays until the process ends, and no Go profile shows it
(cmd/cgo, "Passing pointers").
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.telling import suspects
from memwhy.model.suspect import Suspect

NAME = "cgo-free"
CAUSE = "native-leak"
TOKENS = (b'import "C"', b'"C"')

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="C memory",
    acquires={f"C.{name}": 0 for name in ("CString", "CBytes", "malloc", "calloc", "realloc", "strdup", "strndup")},
    by=frozenset(("C.free", "C.realloc", "C.g_free")),
    weight=0.85,
    release="C.free(unsafe.Pointer({name}))",
    remedy="`defer C.free(unsafe.Pointer(p))` behind the call that allocates: a defer before it frees nil, because its"
    " argument is evaluated at once",
    costs="the block itself, outside of the Go heap, for good",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (KIND,)


def check(package: Package) -> Iterable[Suspect]:
    """Blocks that are lost on some way."""
    return suspects(package, NAME)
