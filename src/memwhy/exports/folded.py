"""Stacks folded: a line each, frames from the outermost with ";" between, the figure behind.

Format: github.com/brendangregg/FlameGraph, stackcollapse; flamegraph.pl, inferno and speedscope read it.
"""

from memwhy.exports.stacks import Stacks
from memwhy.model.native import CodeName


def write(found: Stacks) -> bytes:
    """The figure to be shown first; what is zero or shrank has no line, for the format has no negative figures."""
    lines = (
        f"{';'.join(map(_name, reversed(stack.frames)))} {value}\n"
        for stack, value in zip(found.stacks, found.column(found.shown), strict=True)
        if value > 0
    )
    return "".join(lines).encode("utf-8", "replace")


def _name(frame: CodeName) -> str:
    return frame.function.replace(";", ":").replace("\n", " ")
