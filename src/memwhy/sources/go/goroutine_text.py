"""/debug/pprof/goroutine?debug=1: how many goroutines, by stack; and which of them are inside C calls now."""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.reading import Reading
from memwhy.sources.go.count_text import header, profile, read_counts
from memwhy.sources.go.records import blocks
from memwhy.sources.go.stacks import Frames
from memwhy.sources.span import Span

NAME = "go/goroutine"

_HEADER = header("goroutine")
_C_FUNCTION = re.compile(r"\._C2?func_")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Goroutine profiles; a header line without stacks counts too."""
    return blocks(lines, _HEADER)


def parse(raw: bytes) -> Reading:
    """Metric go.goroutines_count, a profile of kind goroutine, fact go.in_cgo.

    go.in_cgo: one `count FUNCTION` per line, most first, FUNCTION being the Go side of the C call that goroutines
    are inside of (main._Cfunc_NAME); absent when there is none. Raises ParseError without the header line.
    """
    _, total, found, notes = read_counts(NAME, raw, _HEADER)
    inside: dict[str, int] = {}
    for record in found:
        function = c_call(record.frames)
        if function is not None:
            inside[function] = inside.get(function, 0) + record.values[0]
    facts: dict[str, str] = {}
    if inside:
        ranked = sorted(inside.items(), key=lambda item: (-item[1], item[0]))
        facts["go.in_cgo"] = "\n".join(f"{count} {function}" for function, count in ranked)
    return Reading(
        metrics={"go.goroutines_count": total}, facts=facts, profiles=(profile("goroutine", total, found),), notes=notes
    )


def c_call(frames: Frames) -> str | None:
    """The Go function whose C call a stack stands in: the leaf, below runtime's own frames.

    Go's writer leaves out runtime.cgocall at the leaf end, so the cgo wrapper is what can be seen.
    """
    for i, frame in enumerate(frames):
        if frame in ("runtime.cgocall", "runtime.asmcgocall"):
            callers = (f for f in frames[i + 1 :] if not f.startswith("runtime."))
            return next(callers, frame)
        if _C_FUNCTION.search(frame):
            return frame
        if not frame.startswith(("runtime.", "internal/runtime/")):
            return None
    return None
