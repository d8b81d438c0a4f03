"""How cgo names the two functions that stand between Go and C, for each `C.NAME(…)` in the source (cmd/cgo/out.go).

On Go's side `PACKAGE._Cfunc_NAME`, or `_C2func_NAME` where errno is asked for; on C's side `_cgo_HASH_Cfunc_NAME`. `C.CString`,
`C.CBytes` and `C.malloc` call malloc through `PACKAGE._cgo_cmalloc`.
"""

import re

_OF_GO = re.compile(r"(?:^|\.)_C2?func_(\w+)$")
_MALLOC = "._cgo_cmalloc"
_OF_C = re.compile(r"_cgo_[0-9a-f]{6,}_C2?func_\w+$")


def c_function(function: str) -> str:
    """ "keep_bytes" of "main._Cfunc_keep_bytes"; "" of a function that is no call of C."""
    called = _OF_GO.search(function)
    return called[1] if called else ""


def is_glue(function: str) -> bool:
    """It is what cgo put on C's side of a call."""
    return _OF_C.match(function) is not None


def is_of_cgo(function: str) -> bool:
    """It is what cgo put on Go's side of a call."""
    return c_function(function) != "" or function.endswith(_MALLOC)
