"""Which package's name stands somewhere, as far as the text proves it: then nothing needs to be parsed to know that it is not meant."""

from memwhy.lint.occurring import occurrences
from memwhy.lint.source import Function

_BEFORE_BYTES = 80


def package_before(function: Function, at: int) -> str:
    """The import path of the package that a name is written behind, as in `http.Get`; "" where there is none or that is not certain.

    Certain is what no variable can hide: in the whole function the package's name stands before dots only.
    """
    code = function.file.code
    if code[at - 1 : at] != b".":
        return ""
    start = at - 1
    while code[start - 1 : start].isalnum() or code[start - 1 : start] == b"_":
        start -= 1
    before = code[max(0, start - _BEFORE_BYTES) : start]
    if start == at - 1 or not before.isascii() or before.rstrip()[-1:] in b"./":
        return ""
    name = code[start : at - 1]
    path = function.file.imports.get(name.decode(), "")
    return path if path and _is_never_variable(function, name) else ""


def _is_never_variable(function: Function, name: bytes) -> bool:
    code, length = function.file.code, len(name)
    found = occurrences(code, name, start=function.start, stop=function.end)
    return all(code[at + length : at + length + 1] == b"." for at in found)


def in_comment(code: bytes, at: int) -> bool:
    """Whether an offset certainly lies in a comment: its line begins with one."""
    row = code[code.rfind(b"\n", 0, at) + 1 : at].lstrip()
    return row.startswith(b"//") and b"*/" not in row and b"`" not in row


def is_selected(code: bytes, at: int) -> bool | None:
    """Whether a name at an offset stands behind a dot, as a field or method does; None where a line or comment may lie between."""
    last = code[max(0, at - _BEFORE_BYTES) : at].rstrip(b" \t")[-1:]
    return None if last in b"/\n" else last == b"."
