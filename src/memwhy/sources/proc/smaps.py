"""/proc/PID/smaps: every mapping with what it costs. The kernel's kB are KiB.

Source: Documentation/filesystems/proc.rst, "smaps"; proc_pid_smaps(5); fs/proc/task_mmu.c.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.proc.fields import field_of, quanta, subject_near
from memwhy.sources.proc.files import decode, process_path, read_file
from memwhy.sources.proc.mapping_groups import deleted_files, is_whole, many_alike
from memwhy.sources.proc.mapping_rows import ABSENT, PLACES, RSS, Row, rows
from memwhy.sources.span import Span

NAME = "proc/smaps"

MAX_BYTES = 512 * MIB

HEADER = re.compile(
    r"[\s>|│]{0,40}(?:[\w./-]{0,200}maps:)?(?:\d{1,6}[:-])?\s{0,40}([0-9a-f]{4,16}-[0-9a-f]{4,16})\s+([-r][-w][-x][-sp])\s+([0-9a-f]{1,16})"
    r"\s+([0-9a-f]{1,4}:[0-9a-f]{1,4})\s+(\d{1,20})(?:\s+(.*))?",
    re.DOTALL,
)
_KEYS_TEXT = """
    Size KernelPageSize MMUPageSize Rss Pss Pss_Dirty Pss_Anon Pss_File Pss_Shmem Shared_Clean Shared_Dirty
    Private_Clean Private_Dirty Referenced Anonymous KSM LazyFree AnonHugePages ShmemPmdMapped ShmemHugePages
    FilePmdMapped Shared_Hugetlb Private_Hugetlb Swap SwapPss Locked THPeligible ProtectionKey VmFlags
"""
OMISSION = re.compile(
    rb"^[ \t>|]{0,40}(?:\.{3}|\xe2\x80\xa6|\[\.{3}|\((?:\d{1,9} )?(?:lines|rows) omitted)", re.MULTILINE
)
KEYS = frozenset(_KEYS_TEXT.split())


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(process_path(root, pid, "smaps"), MAX_BYTES)


def parse(raw: bytes) -> Reading:
    """Mappings in file order, and their sums, where the list is whole; facts mappings.many and mappings.deleted.

    Of a part, also one that breaks off, nothing is summed and no mapping given, so that nobody takes it for all: a note says so.
    """
    table, notes, text = scan(NAME, raw)
    if all(row[RSS] == ABSENT for row in table):
        problem = "holds mappings without sizes: this is /proc/PID/maps" if table else "has no mapping"
        raise ParseError(NAME, None, raw[:80], problem)
    mappings = build(table, text)
    known = [mapping for mapping in mappings if mapping.rss_bytes is not None]
    if len(known) < len(mappings):
        notes += (f"{len(mappings) - len(known)} of {len(mappings)} mappings have no Rss line",)
    told = {"mappings.many": many_alike(mappings), "mappings.deleted": deleted_files(mappings)}
    facts = {name: words for name, words in told.items() if words}
    if not is_whole(mappings) or OMISSION.search(raw):
        part = f"{len(mappings)} mappings of smaps are a part of the process: not its total"
        return Reading(facts=facts, notes=(*notes, part))
    metrics = {
        "process.rss_bytes": sum(mapping.rss_bytes or 0 for mapping in known),
        "process.pss_bytes": sum(mapping.pss_bytes for mapping in known),
        "process.private_dirty_bytes": sum(mapping.private_dirty_bytes for mapping in known),
        "process.uss_bytes": sum(mapping.private_dirty_bytes + mapping.private_clean_bytes for mapping in known),
        "process.lazy_free_bytes": sum(mapping.lazy_free_bytes for mapping in known),
        "process.anon_huge_bytes": sum(mapping.anon_huge_bytes for mapping in known),
        "process.swap_bytes": sum(mapping.swap_bytes for mapping in known),
    }
    return Reading(metrics=metrics, quanta=quanta(metrics), facts=facts, mappings=tuple(mappings), notes=notes)


def scan(source: str, raw: bytes) -> tuple[list[Row], tuple[str, ...], bytes]:
    """Rows of smaps or maps, notes, and the text that the rows' places refer to; ParseError at a line that fits neither."""
    if not raw:
        raise ParseError(source, None, raw, "is empty: the process ended, or is a kernel thread")
    table, bad = rows(raw)
    if bad < 0:
        return table, (), raw
    tidy = _tidy(raw)
    table, bad_tidy = rows(tidy)
    if bad_tidy < 0:
        return table, (), tidy
    number = tidy.count(b"\n", 0, bad_tidy) + 1
    line, _, rest = tidy[bad_tidy:].partition(b"\n")
    complete = table if line[:1] in b"0123456789abcdef" else table[:-1]
    if rest.strip() or not complete:
        raise ParseError(source, number, line[:80])
    return complete, (f"the text breaks off in line {number}: what stands there is left out",), tidy


def _tidy(raw: bytes) -> bytes:
    """A pasted text as the kernel would have printed it: one blank, no prefixes, nothing but mappings; lines keep their numbers."""
    lines: list[str] = []
    for line in decode(raw).split("\n"):
        field = field_of(line)
        if header := HEADER.fullmatch(line):
            lines.append(" ".join(part.rstrip() for part in header.groups() if part))
        elif field and field.key in KEYS:
            lines.append(f"{field.key}: {' '.join(field.value.split()).replace('KB', 'kB')}")
        elif _is_talk(line):
            lines.append("")
        else:
            lines.append(line.strip())
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def _is_talk(line: str) -> bool:
    """A fence, a prompt with its command, or dots for what was left out."""
    return bool(re.match(r"\s*(?:```|~~~|[$#%>]\s|\S{0,60}[@~]\S{0,200}[$#%]|\.{3}|…|\[\.{3})", line))


def build(table: Sequence[Row], text: bytes) -> list[Mapping]:
    """Mappings from rows. Words that come again (permissions, devices, library paths) are made once."""
    words: dict[bytes, str] = {}

    def word(start: int, end: int) -> str:
        piece = text[start:end]
        found = words.get(piece)
        if found is None:
            found = words[piece] = decode(piece).strip()
        return found

    mappings: list[Mapping] = []
    for row in table:
        perms_at, device_at, device_end, path_at, path_end, flags_at, flags_end = row[PLACES:]
        mappings.append(
            Mapping(
                start=row[0],
                end=row[1],
                perms=word(perms_at, perms_at + 4),
                offset=row[2],
                device=word(device_at, device_end),
                inode=row[3],
                path=word(path_at, path_end),
                rss_bytes=None if row[RSS] == ABSENT else row[RSS],
                pss_bytes=row[5],
                shared_clean_bytes=row[6],
                shared_dirty_bytes=row[7],
                private_clean_bytes=row[8],
                private_dirty_bytes=row[9],
                anonymous_bytes=row[10],
                lazy_free_bytes=row[11],
                anon_huge_bytes=row[12],
                swap_bytes=row[13],
                vm_flags=word(flags_at, flags_end),
            )
        )
    return mappings


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of mappings with their sizes; a grep that kept the headers and some of the sizes is enough."""
    for span, sized in find_mappings(lines):
        if sized:
            yield span


def find_mappings(lines: Sequence[str]) -> Iterable[tuple[Span, bool]]:
    """Runs of mapping rows, and whether sizes stand among them; blank lines and dots may lie between."""
    first = last = -1
    sized = False
    subject: str | None = None
    for index, line in enumerate(lines):
        if HEADER.fullmatch(line) and "[rollup]" not in line:
            if first < 0:
                first, subject = index, subject_near(lines, index)
            last = index
        elif first >= 0:
            field = field_of(line)
            if field and field.key in KEYS:
                last, sized = index, True
            elif line.strip(" .…\t\r") or index - last > 2:
                yield Span(first=first, last=last, subject=subject), sized
                first, sized = -1, False
    if first >= 0:
        yield Span(first=first, last=last, subject=subject), sized
