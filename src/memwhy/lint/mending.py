"""Rows to be put into a file, as a unified diff that `patch` and `git apply` take: a release before the returns that lack it."""

import re
from collections.abc import Mapping, Sequence

from memwhy.lint.source import File
from memwhy.lint.syntax import Node

_BEFORE, _AFTER = 2, 1
"""Lines of context around an insertion."""


def before_returns(file: File, returns: Sequence[Node], release: str, variable: str) -> str:
    """A unified diff against the file; "" where a return uses the variable itself, or does not stand on a line of its own."""
    lines: list[int] = []
    for one in returns:
        line, column = file.position(one.start)
        alone = not file.line_text(line)[: column - 1].strip()
        if one.kind != "return_statement" or not alone or re.search(rf"\b{re.escape(variable)}\b", one.text):
            return ""
        lines.append(line)
    return inserted(file, {line: f"{_indent(file, line)}{release}" for line in lines})


def inserted(file: File, rows: Mapping[int, str]) -> str:
    """A unified diff that puts a row before each of these lines; "" for none."""
    header = f"--- a/{file.name}\n+++ b/{file.name}\n"
    return header + "".join(_hunks(file, sorted(rows), rows)) if rows else ""


def _indent(file: File, line: int) -> str:
    text = file.line_text(line)
    return text[: len(text) - len(text.lstrip())]


def _hunks(file: File, lines: Sequence[int], rows: Mapping[int, str]) -> list[str]:
    """One for each line, those that would overlap in one."""
    last = file.position(len(file.code.rstrip(b"\n")))[0]
    groups: list[list[int]] = []
    for line in lines:
        if groups and line - _BEFORE <= groups[-1][-1] + _AFTER + 1:
            groups[-1].append(line)
        else:
            groups.append([line])
    out: list[str] = []
    added = 0
    for group in groups:
        first, end = max(1, group[0] - _BEFORE), min(last, group[-1] + _AFTER)
        shown: list[str] = []
        for number in range(first, end + 1):
            shown += [f"+{rows[number]}"] if number in rows else []
            shown.append(f" {file.line_text(number)}")
        length = end - first + 1
        out.append(f"@@ -{first},{length} +{first + added},{length + len(group)} @@\n" + "\n".join(shown) + "\n")
        added += len(group)
    return out
