"""/proc/PID/maps: the mappings without what they cost: address space, not memory.

Source: proc_pid_maps(5).
"""

from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import process_path, read_file
from memwhy.sources.proc.mapping_groups import deleted_files, is_whole, many_alike
from memwhy.sources.proc.mapping_rows import ABSENT, RSS
from memwhy.sources.proc.smaps import MAX_BYTES, OMISSION, build, find_mappings, scan
from memwhy.sources.span import Span

NAME = "proc/maps"


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(process_path(root, pid, "maps"), MAX_BYTES)


def parse(raw: bytes) -> Reading:
    """Mappings in file order; their rss_bytes is None. The count of a whole list; facts mappings.many and
    mappings.deleted."""
    table, notes, text = scan(NAME, raw)
    if not table:
        raise ParseError(NAME, None, raw[:80], "has no mapping")
    if any(row[RSS] != ABSENT for row in table):
        raise ParseError(NAME, None, raw[:80], "holds sizes too: this is /proc/PID/smaps")
    mappings = build(table, text)
    told = {"mappings.many": many_alike(mappings), "mappings.deleted": deleted_files(mappings)}
    metrics = {"process.mappings_count": len(mappings)} if is_whole(mappings) and not OMISSION.search(raw) else {}
    return Reading(
        metrics=metrics,
        facts={name: text for name, text in told.items() if text},
        mappings=tuple(mappings),
        notes=notes,
    )


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of mapping rows without sizes; a single row is no evidence of anything."""
    for span, sized in find_mappings(lines):
        if not sized and span.last > span.first:
            yield span
