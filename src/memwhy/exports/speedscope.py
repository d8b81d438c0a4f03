"""Stacks for speedscope.app: a profile "sampled" for each figure that has a title, over the same frames.

Format: github.com/jlfwong/speedscope, src/lib/file-format-spec.ts.
"""

import json

from memwhy import __version__
from memwhy.exports.pprof import module_of
from memwhy.exports.stacks import Figure, Stacks
from memwhy.model.native import CodeName

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def write(found: Stacks) -> bytes:
    """The figure to be shown first comes first; what is zero or shrank is left out, for a box has no negative width."""
    places: dict[CodeName, int] = {}
    stacks = [[places.setdefault(frame, len(places)) for frame in reversed(stack.frames)] for stack in found.stacks]
    titled = sorted((one for one in found.figures if one.title), key=lambda one: one.name != found.shown)
    document = {
        "$schema": SCHEMA,
        "exporter": f"memwhy {__version__}",
        "name": f"{found.name}, {found.note}",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(frame) for frame in places]},
        "profiles": [_profile(one, stacks, found.column(one.name)) for one in titled],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _frame(frame: CodeName) -> dict[str, object]:
    found: dict[str, object] = {"name": frame.function}
    if file := frame.file or module_of(frame):
        found["file"] = file
    if frame.line > 0:
        found["line"] = frame.line
    return found


def _profile(figure: Figure, stacks: list[list[int]], weights: list[int]) -> dict[str, object]:
    kept = [(stack, weight) for stack, weight in zip(stacks, weights, strict=True) if weight > 0]
    return {
        "type": "sampled",
        "name": figure.title,
        "unit": "bytes" if figure.unit == "bytes" else "none",
        "startValue": 0,
        "endValue": sum(weight for _, weight in kept),
        "samples": [stack for stack, _ in kept],
        "weights": [weight for _, weight in kept],
    }
