"""/debug/pprof/threadcreate?debug=1: OS threads that the Go runtime has made. Their stacks are empty since Go 1.4
or so (golang.org/issue/6104): only the total means anything."""

from collections.abc import Iterable, Sequence

from memwhy.model.reading import Reading
from memwhy.sources.go.count_text import HINT, header, profile, read_counts
from memwhy.sources.go.records import blocks
from memwhy.sources.span import Span

NAME = "go/threadcreate"

_HEADER = header("threadcreate")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Threadcreate profiles; a header line without stacks counts too."""
    return blocks(lines, _HEADER, hint=HINT)


def parse(raw: bytes) -> Reading:
    """Metric go.os_threads_count and a profile of kind threadcreate. Raises ParseError without the header line."""
    _, total, found, notes = read_counts(NAME, raw, _HEADER)
    return Reading(
        metrics={"go.os_threads_count": total}, profiles=(profile("threadcreate", total, found),), notes=notes
    )
