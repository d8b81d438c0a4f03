"""The segmenter: lines of a free-form page → the blocks of known formats in them, each read and with its place."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from memwhy.model.errors import MemwhyError, ParseError
from memwhy.model.reading import Reading
from memwhy.sources import go, look, managed, native, pasted, proc, system, words
from memwhy.sources.asides import find_asides
from memwhy.sources.captions import Clue, clue_above, date_by_posts, date_readings, is_between
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.sections import has_both_poles, subject_above
from memwhy.sources.posts import Post, find_posts
from memwhy.sources.span import Span
from memwhy.sources.unread import find_leftovers
from memwhy.sources.versions import find_versions


def _listed(package: ModuleType) -> tuple[ModuleType, ...]:
    readers = getattr(package, "READERS", ())
    return tuple(readers.values()) if isinstance(readers, Mapping) else tuple(readers)


KERNEL: tuple[ModuleType, ...] = _listed(proc)
RUNTIME: tuple[ModuleType, ...] = (look, *_listed(go))
PASTED: tuple[ModuleType, ...] = tuple(m for room in (native, managed, system, pasted, words) for m in _listed(room))
READERS: tuple[ModuleType, ...] = tuple(m for m in (*RUNTIME, *KERNEL, *PASTED) if hasattr(m, "find"))
"""Every reader that can find its blocks in a page, in order of priority: the surest shapes first, words last."""

FAULTS = (ValueError, ArithmeticError, LookupError, RecursionError)
"""What a mistake in one of many readers may raise: it must not cost the reader of a page all the others' answers."""
OWN_FAULT = "memwhy's own mistake, please report it"

SENTENCE_WORDS = 14
_WORD = re.compile(r"(?<![\w=.:/-])[A-Za-z]{2,}(?![\w=:/(])")
_OURS = frozenset(module.NAME for module in PASTED)
_GRIDS = ("/table", "/series", "/grid")
_KEPT_BACK_LINES = 64
_MOST_LINES = 10_000
"""Pages of more are no pages that somebody wrote: readers with TRIGGERS are asked only where one of these stands."""
_COMPOSITE = re.compile(r"^==> (\S.{0,300}?) <==$")
_MANY_BLANKS = " " * 500
_BLANKS = re.compile(r"[ \t]{200,}")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A reading and where it stands: 1-based lines of the document. subject: "" when nothing tells."""

    source: str
    subject: str
    first_line: int
    last_line: int
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Lines that looked like a format and could not be read as it."""

    source: str
    first_line: int
    last_line: int
    problem: str


@dataclass(slots=True)
class Pageful:
    """What one stretch of lines holds. rest: index of the first line that has to be seen again with what follows."""

    found: list[Found]
    missed: list[Missed]
    rest: int


def to_lines(raw: bytes) -> list[str]:
    """Lines of text as a person sees them: UTF-8, else Latin-1; terminal colours, NULs and carriage returns gone."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\0" in text:
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    if _MANY_BLANKS in text or "\t" * 500 in text:
        text = _BLANKS.sub(
            " " * 8, text
        )  # a very wide terminal, or malice: patterns would go over them again and again
    return text.split("\n")


def read_with(reader: ModuleType, text: str) -> tuple[Reading, ...]:
    """The readings of a block, whichever kind of reader it is. Raises what the reader raises."""
    if reader.NAME in _OURS:
        readings: tuple[Reading, ...] = reader.parse(text)
        return readings
    return (reader.parse(text.encode("utf-8", "replace")),)


def _brief(lowered: bytes) -> bytes:
    """The different lines without their digits: of a log next to nothing, in which each of its words stands."""
    return b"\n".join(set(lowered.translate(None, b"0123456789").split(b"\n")))


def _wanted(reader: ModuleType, lowered: bytes, brief: bytes | None, whole: bool) -> bool:
    """Of a long document a reader is asked about pieces with its TRIGGERS only, and never without any of a pasted one."""
    triggers: tuple[bytes, ...] | None = getattr(reader, "TRIGGERS", None)
    if whole and len(lowered) > getattr(reader, "MOST_BYTES", len(lowered)):
        return False
    if brief is None or triggers is None:
        return whole or reader.NAME not in _OURS
    return any(trigger.translate(None, b"0123456789") in brief and trigger in lowered for trigger in triggers)


def read_page(
    lines: list[str], *, first_line: int = 1, whole: bool = True, final: bool = True, patient: bool = False
) -> Pageful:
    """Ask every reader for its blocks; lines that one has read are blank to the next.

    whole: these are all lines of the document (else readers without TRIGGERS of pasted formats are not asked).
    final: nothing follows; otherwise blocks that come near the end are left for the next call, from `rest` on, but not
    one that fills all lines, unless patient.
    """
    lowered = "\n".join(lines).lower().encode("utf-8", "replace")
    brief = None if whole and len(lines) <= _MOST_LINES else _brief(lowered)
    masked = list(lines)
    for i in find_asides(lines):
        masked[i] = ""
    out = Pageful([], [], len(lines))
    claims: list[tuple[ModuleType, Span, tuple[Reading, ...]]] = []
    for span, reader, reading in _composite(lines):
        claims.append((reader, span, (reading,)))
        masked[span.first : span.last + 1] = [""] * (span.last + 1 - span.first)
    for reader in READERS:
        if not _wanted(reader, lowered, brief, whole):
            continue
        for span in _spans(reader, masked, out, first_line):
            if not final and span.last >= len(lines) - _KEPT_BACK_LINES and (patient or span.first > 0):
                out.rest = min(out.rest, span.first)
                continue
            try:
                readings = read_with(reader, "\n".join(masked[span.first : span.last + 1]))
            except (MemwhyError, *FAULTS) as error:
                problem = _problem(error)
                out.missed.append(
                    Missed(
                        source=reader.NAME,
                        first_line=first_line + span.first,
                        last_line=first_line + span.last,
                        problem=problem,
                    )
                )
                continue
            claims.append((reader, span, readings))
            if not getattr(reader, "SHARES", False) and not _is_sentence(masked, span):
                masked[span.first : span.last + 1] = [""] * (span.last + 1 - span.first)
    claims = [claim for claim in claims if claim[1].first < out.rest]
    out.missed = [
        m
        for m in out.missed
        if OWN_FAULT in m.problem or not any(masked[i] == "" and lines[i] for i in _indices(m, first_line, len(lines)))
    ]
    out.found = _place(lines, claims, first_line)
    if whole:
        out.missed += _left_over(lines, masked, claims, first_line, out.missed)
    return out


def _is_sentence(lines: list[str], span: Span) -> bool:
    """One line of prose in which a reader found a figure or two: it may say more than that."""
    if span.first != span.last or lines[span.first].lstrip().startswith(("{", "[")):
        return False
    return len(_WORD.findall(lines[span.first][:4000])) >= SENTENCE_WORDS


def _spans(reader: ModuleType, lines: list[str], out: Pageful, first_line: int) -> Iterator[Span]:
    """A reader's blocks; where it fails, those found so far, and a word about it."""
    try:
        yield from reader.find(lines)
    except FAULTS as error:
        out.missed.append(
            Missed(
                source=reader.NAME,
                first_line=first_line,
                last_line=first_line + len(lines) - 1,
                problem=_problem(error),
            )
        )


def _problem(error: Exception) -> str:
    """What was wrong with a block, or with the reader."""
    if isinstance(error, MemwhyError):
        return error.problem if isinstance(error, ParseError) else error.message
    return f"{OWN_FAULT} ({type(error).__name__}: {error}); the rest of the page is read"


def _left_over(
    lines: list[str],
    masked: list[str],
    claims: list[tuple[ModuleType, Span, tuple[Reading, ...]]],
    first_line: int,
    missed: list[Missed],
) -> list[Missed]:
    """What holds figures and was neither read nor refused."""
    for reader, span, _ in claims:
        if getattr(reader, "SHARES", False):
            masked[span.first : span.last + 1] = [""] * (span.last + 1 - span.first)
    for one in missed:
        masked[one.first_line - first_line : one.last_line - first_line + 1] = [""] * (
            one.last_line - one.first_line + 1
        )
    return [
        Missed(
            source=left.format,
            first_line=first_line + left.first,
            last_line=first_line + left.last,
            problem=left.problem,
        )
        for left in find_leftovers(lines, masked)
    ]


def _indices(missed: Missed, first_line: int, count: int) -> range:
    return range(missed.first_line - first_line, min(count, missed.last_line - first_line + 1))


def _place(
    lines: Sequence[str], claims: list[tuple[ModuleType, Span, tuple[Reading, ...]]], first_line: int
) -> list[Found]:
    """Readings in the order of the page, each with its lines, its subject, and the moment that the words above it tell."""
    claims.sort(key=lambda claim: (claim[1].first, claim[1].last))
    found: list[Found] = []
    clues: list[Clue | None] = []
    previous: dict[str, tuple[int, str]] = {}
    floor, poles, versions = 0, has_both_poles(lines), find_versions(lines)
    clue: Clue | None = None
    under_clue: set[str] = set()
    for reader, span, readings in claims:
        subject = span.subject or _subject_around(lines, span, floor, previous.get(reader.NAME), poles)
        if _speaks(reader):
            subject = ""
        else:
            above = clue_above(lines, span.first, floor)
            if above is not None or not all(map(is_between, lines[floor : span.first])):
                clue, under_clue = above, set()
            floor = span.last + 1
            previous[reader.NAME] = (span.last, subject)
        for reading in readings:
            first = span.first + (reading.line - 1 if reading.line else 0)
            last = span.first + (reading.last_line - 1) if reading.last_line else span.last
            version = versions.get(first, "") if reading.metrics else ""
            found.append(
                Found(
                    source=reader.NAME,
                    subject=tidy_subject(reading.subject or subject or (f"version {version}" if version else "")),
                    first_line=first_line + first,
                    last_line=first_line + min(max(first, last), span.last),
                    reading=reading,
                )
            )
            clues.append(None if _speaks(reader) or reader.NAME in under_clue else clue)
        under_clue.add(reader.NAME)
    posts = find_posts(lines)
    dated = date_readings(found, clues)
    return date_by_posts(dated, [_post_of(posts, one.first_line - first_line) for one in dated]) if posts else dated


def _post_of(posts: Sequence[Post], line: int) -> tuple[str, int] | None:
    """(author, date) of the last post that begins above a line."""
    at = bisect_right(posts, line, key=lambda post: post.line) - 1
    return (posts[at].author, posts[at].wall_ns) if at >= 0 else None


def _speaks(reader: ModuleType) -> bool:
    """It reads sentences: these are captions of the blocks below them, and no block that would end a caption."""
    return getattr(reader, "SHARES", False) and not reader.NAME.endswith(_GRIDS)


def tidy_subject(subject: str) -> str:
    """One spelling: single blanks, no controls, bounded."""
    return " ".join("".join(c if c.isprintable() else " " for c in subject[:200]).split())[:80]


def _subject_around(lines: Sequence[str], span: Span, floor: int, previous: tuple[int, str] | None, poles: bool) -> str:
    """Whose a block is, from the prompt it was made at, the heading above it, or the block that it follows directly."""
    for i in range(max(floor, span.first - 2), min(span.first + 3, span.last + 1)):
        prompt = read_prompt(lines[i])
        if prompt is not None and prompt.host:
            return f"host {prompt.host}"
    named = subject_above(lines, span.first, floor, poles=poles)
    if named is not None:
        return named
    if previous is not None:
        between = lines[previous[0] + 1 : span.first]
        if len(between) < 40 and all(not line.strip() or read_prompt(line) is not None for line in between):
            return previous[1]
    return ""


def reader_of_name(name: str) -> ModuleType | None:
    """The reader whose kernel or endpoint file a name is: `smaps_rollup`, `status.3`, `meminfo.txt`."""
    for reader in sorted((*KERNEL, *RUNTIME), key=lambda m: -len(m.NAME)):
        short = re.escape(reader.NAME.rpartition("/")[2])
        if re.fullmatch(rf"{short}(?:[.\-_]?\d+|[.\-_][\w.\-]*)?", name):
            return reader
    return None


def _composite(lines: Sequence[str]) -> list[tuple[Span, ModuleType, Reading]]:
    """Files printed one after another by `tail -n +1 FILE…`, each read by the reader of its name."""
    heads = [
        (i, match[1]) for i, line in enumerate(lines) if line.startswith("==> ") and (match := _COMPOSITE.match(line))
    ]
    out: list[tuple[Span, ModuleType, Reading]] = []
    for (at, path), (end, _) in zip(heads, [*heads[1:], (len(lines), "")], strict=False):
        reader = reader_of_name(path.rpartition("/")[2])
        if reader is None or end - at < 2:
            continue
        try:
            reading = read_with(reader, "\n".join(lines[at + 1 : end]).rstrip("\n") + "\n")[0]
        except MemwhyError:
            continue  # the readers that look for themselves get their turn
        owner = re.search(r"/(\d{1,10})(?:/|$)", path)
        if owner and not reading.subject:
            reading = replace(reading, subject=f"pid {owner[1]}")
        out.append((Span(first=at + 1, last=end - 1), reader, replace(reading, line=None, last_line=None)))
    return out
