"""/debug/pprof/goroutine?debug=1: how many goroutines, by stack; and which of them are inside C calls now."""

from collections.abc import Iterable, Sequence

from memwhy.model.cgonames import c_function
from memwhy.model.reading import Reading
from memwhy.sources.go.count_text import HINT, header, profile, read_counts
from memwhy.sources.go.records import COUNT_RECORD, Record, blocks, headless, records, skipped_note
from memwhy.sources.go.stacks import Frames
from memwhy.sources.span import Span

NAME = "go/goroutine"

_HEADER = header("goroutine")
_ANY_HEADER = header(r"[\w./()*-]{1,200}")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Goroutine profiles; a header line without stacks counts too, and so do stacks whose header is cut off."""
    spans = list(blocks(lines, _HEADER, hint=HINT))
    others = list(blocks(lines, _ANY_HEADER, hint=HINT))  # records below those are no goroutines
    return sorted([*spans, *headless(lines, COUNT_RECORD, [*spans, *others])], key=lambda span: span.first)


def parse(raw: bytes) -> Reading:
    """Metric go.goroutines_count, a profile of kind goroutine, fact go.in_cgo.

    go.in_cgo: one `count FUNCTION` per line, most first, FUNCTION being the Go side of the C call that goroutines
    are inside of (main._Cfunc_NAME); absent when there is none. Where the header line is cut off, the count is of the
    stacks shown, and a note says so. Raises ParseError without a header and stacks.
    """
    total, found, notes = _counts(raw)
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


def _counts(raw: bytes) -> tuple[int, list[Record], tuple[str, ...]]:
    """(total, records, notes), with or without the header line."""
    lines = raw.decode("utf-8", "replace").splitlines()
    if not any(_HEADER.search(line) for line in lines):
        unread: list[int] = []
        found = list(records(lines, COUNT_RECORD, unread))
        if found and any(record.frames for record in found):
            note = "the line with the total is missing: there may be more goroutines than these stacks count"
            return sum(record.values[0] for record in found), found, (note, *skipped_note(unread, lines))
    _, total, found, notes = read_counts(NAME, raw, _HEADER)
    return total, found, notes


def c_call(frames: Frames) -> str | None:
    """The Go function whose C call a stack stands in: the leaf, below runtime's own frames.

    Go's writer leaves out runtime.cgocall at the leaf end, so the cgo wrapper is what can be seen.
    """
    for i, frame in enumerate(frames):
        if frame in ("runtime.cgocall", "runtime.asmcgocall"):
            callers = (f for f in frames[i + 1 :] if not f.startswith("runtime."))
            return next(callers, frame)
        if c_function(frame):
            return frame
        if not frame.startswith(("runtime.", "internal/runtime/")):
            return None
    return None
