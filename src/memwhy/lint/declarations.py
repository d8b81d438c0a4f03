"""The trees of top declarations, each parsed by itself when it is asked for; those used last are kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from memwhy.lint.cutting import FUNCTIONS, Top, cut
from memwhy.lint.syntax import Declaration, TooDeep

if TYPE_CHECKING:
    from memwhy.lint.parsing import Parsed, Tree
    from memwhy.lint.source import File, Skipped

KEPT_NODES = 300_000
"""Nodes that are kept at once, some 250 bytes each."""

_Key = tuple["File", int, bool]


class Declarations:
    """Of one directory's files. What cannot be had is counted in skipped, once."""

    def __init__(self, skipped: Skipped) -> None:
        self._skipped = skipped
        self._kept: OrderedDict[_Key, Declaration] = OrderedDict()
        self._kept_nodes = 0
        self._missing: set[_Key] = set()
        self._whole: tuple[File, dict[int, Parsed]] | None = None

    def of(self, file: File) -> tuple[Top, ...]:
        """Kind, start and end of a file's declarations, in order; parses only what gofmt has not written."""
        found = cut(file.code)
        if found is None:
            tops = self._by_parser(file).values()
            found = tuple((top.type, top.start_byte, top.end_byte) for top in tops)
        return found

    def grown(self, file: File, index: int) -> Declaration | None:
        """The tree of one declaration, None where its syntax is broken or it is nested too deeply."""
        return self._had((file, index, True))

    def signature(self, file: File, index: int) -> Declaration | None:
        """The same, perhaps without what blocks and composite literals hold."""
        whole = (file, index, True)
        return self._had(whole if whole in self._kept or whole in self._missing else (file, index, False))

    def _had(self, key: _Key) -> Declaration | None:
        node = self._kept.get(key)
        if node is not None:
            self._kept.move_to_end(key)
            return node
        if key in self._missing:
            return None
        node = self._grow(*key)
        if node is None:
            self._missing.add(key)
            return None
        self._kept[key] = node
        self._kept_nodes += len(node.nodes)
        while self._kept_nodes > KEPT_NODES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_nodes -= len(dropped.nodes)
        return node

    def _grow(self, file: File, index: int, body: bool) -> Declaration | None:
        from memwhy.lint.parsing import grow, parse

        kind, start, end = file.top[index]
        top = None if body or kind not in FUNCTIONS else _alone(parse(_head(file.code, start, end)))
        if top is None:
            top = _alone(parse(file.code[start:end]))
        base = start
        if top is None:
            base, top = 0, self._by_parser(file).get(start)
        if top is None or top.has_error:
            self._skipped.add("declarations with broken syntax", file.name)
            return None
        try:
            return grow(top, file.code, base=base, body=body)
        except TooDeep:
            self._skipped.add("declarations nested too deeply", file.name)
            return None

    def _by_parser(self, file: File) -> dict[int, Parsed]:
        """Start → declaration, as the whole file's tree has them; the last file's is kept."""
        from memwhy.lint.parsing import parse

        if self._whole is None or self._whole[0] is not file:
            tree = parse(file.code)
            if tree is None:
                self._skipped.add("not understood as Go in time", file.name)
            tops = tree.root_node.children if tree is not None else []
            self._whole = file, {top.start_byte: top for top in tops}
        return self._whole[1]


def _head(code: bytes, start: int, end: int) -> bytes:
    """A function's first line with an empty body; "" where its body does not begin there."""
    row = code[start : code.find(b"\n", start, end) + 1].rstrip()
    return row + b"}" if row.endswith(b"{") else b""


def _alone(tree: Tree | None) -> Parsed | None:
    """The one declaration that a sound tree consists of."""
    found = [one for one in tree.root_node.children if one.type != "comment"] if tree is not None else []
    return found[0] if len(found) == 1 and not found[0].has_error else None
