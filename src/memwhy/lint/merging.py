"""What other linters found, put to our suspects: the same place and kind is one finding with both names, and their place counts."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from memwhy.lint.frames import declared
from memwhy.lint.linting import Reading
from memwhy.lint.others import KINDS
from memwhy.lint.source import File
from memwhy.lint.tools import Said, found_tools, run_tool
from memwhy.model.linted import Found, ToolRun
from memwhy.model.suspect import Place, Suspect

NEAR_LINES = 1
"""A call over several lines is named by its first or by its last."""
_THEIRS_ALONE = 0.9
"""Weight of what a linter with types found and our rules did not."""


def with_tools(
    reading: Reading, found: Sequence[Found], for_s: float, telling: Callable[[str], None]
) -> tuple[tuple[Found, ...], tuple[ToolRun, ...]]:
    """The findings with what the installed linters found, and how each run went."""
    until_s = time.monotonic() + for_s
    runs: list[ToolRun] = []
    merged = tuple(found)
    for tool, paths in found_tools():
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            runs.append(
                ToolRun(name=tool.name, command="", found=0, problem="was not run: the time for all of them is over")
            )
            continue
        telling(tool.name)
        said, problem = run_tool(tool, paths, reading.root, left_s)
        command = " ".join(
            os.path.basename(word) if index == 0 else word for index, word in enumerate(tool.command(paths))
        )
        runs.append(ToolRun(name=tool.name, command=command, found=len(said), problem=problem))
        merged = merge(reading, merged, said)
    if not runs:
        runs.append(
            ToolRun(
                name="none", command="", found=0, problem="no go, staticcheck, bodyclose or golangci-lint is installed"
            )
        )
    return merged, tuple(runs)


def merge(reading: Reading, found: Sequence[Found], said: Iterable[Said]) -> tuple[Found, ...]:
    """Each of theirs joined to the suspect of its kind at its place, or beside them."""
    out = list(found)
    files = {file.name: file for package in reading.tree.packages for file in package.files}
    asked = {rule.NAME: rule for rule in reading.rules}
    for one in said:
        file = _file(reading, files, one.file)
        rules = [rule for rule in KINDS[one.check] if rule in asked]
        if file is None or not rules or one.line > file.position(len(file.code))[0]:
            continue
        same = next((index for index, ours in enumerate(out) if _same(ours.suspect, file, one, rules)), None)
        if same is None:
            out.append(Found(suspect=_theirs(file, one, rules[0], asked[rules[0]].CAUSE), by=(one.tool,)))
        elif one.tool not in out[same].by:
            out[same] = replace(out[same], by=(*out[same].by, one.tool))
    return tuple(out)


def _file(reading: Reading, files: dict[str, File], name: str) -> File | None:
    """The file that was read, by a name that is absolute or relative to the directory."""
    root = os.path.realpath(reading.root)
    relative = os.path.relpath(os.path.realpath(os.path.join(root, name)), root)
    return files.get(relative.replace(os.sep, "/"))


def _same(ours: Suspect, file: File, theirs: Said, rules: Sequence[str]) -> bool:
    return ours.rule in rules and ours.file == file.name and abs(ours.line - theirs.line) <= NEAR_LINES


def _theirs(file: File, said: Said, rule: str, cause: str) -> Suspect:
    """A finding of theirs that no rule of ours has."""
    function = next(
        (one for one in file.functions if file.position(one.start)[0] <= said.line <= file.position(one.end)[0]), None
    )
    text = file.line_text(said.line)
    return Suspect(
        rule=rule,
        cause=cause,
        file=file.name,
        line=said.line,
        column=said.column,
        function=declared(function.symbol) if function is not None else "",
        message=said.message,
        acquired=Place(said.line, said.column, text.strip()),
        missing="",
        remedy="",
        weight=_THEIRS_ALONE,
    )
