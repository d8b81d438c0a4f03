"""What valgrind's memcheck says at the end: HEAP SUMMARY, loss records with their stacks, LEAK SUMMARY; each alone too.

`definitely lost` is what nothing points to, `still reachable` what something still points to when the program ends,
which may be the leak all the same (valgrind manual, 4.2.9 Memory leak detection).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import GROUPED, whole, with_words
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "native/valgrind"
TRIGGERS = (
    b"are definitely lost",
    b"are possibly lost",
    b"still reachable",
    b"definitely lost:",
    b"in use at exit:",
    b"leak summary",
)

_WORDS = (
    " lost",
    "still reachable",
    "in use at exit",
    "LEAK SUMMARY",
    "HEAP SUMMARY",
    "0x",
    "heap blocks were freed",
    "Command:",
    "heap usage",
)
_KINDS = {
    "definitely lost": "tool.definitely_lost_bytes",
    "indirectly lost": "tool.indirectly_lost_bytes",
    "possibly lost": "tool.possibly_lost_bytes",
    "still reachable": "tool.still_reachable_bytes",
}
_KIND = "definitely lost|indirectly lost|possibly lost|still reachable"
_PID = re.compile(r"(?:^|[\s|*-])(?:==|--)(\d{1,10})(?:==|--)")
_ROW = re.compile(rf"(?P<kind>{_KIND})\s?:\s{{0,20}}(?P<bytes>{GROUPED}) bytes in (?P<blocks>{GROUPED}) blocks?")
_RECORD = re.compile(
    rf"(?<![\d.,])(?P<bytes>{GROUPED}) (?:\((?P<direct>{GROUPED}) direct, (?:{GROUPED}) indirect\) )?bytes in (?:{GROUPED}) blocks? "
    rf"(?:are|is) (?P<kind>{_KIND})(?: in loss record (?P<number>{GROUPED}) of (?P<of>{GROUPED}))?"
)
_IN_USE = re.compile(rf"in use at exit\s?:\s{{0,20}}(?P<bytes>{GROUPED}) bytes in (?:{GROUPED}) blocks?")
_FRAME = re.compile(
    r"(?:^|[=\s])(?:at|by) 0x[0-9A-Fa-f]{1,16}:? (?P<function>.{1,400}?)(?: \((?:in )?[^()]{1,300}\))?$"
)
_COMMAND = re.compile(r"^==\d{1,10}== Command: (\S{1,200})")
_GAP_LINES = 40


@dataclass(slots=True)
class _Record:
    bytes: int
    direct: int | None
    kind: str
    of: int | None
    frames: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Run:
    """One leak check; line indices are 0-based."""

    first: int
    last: int
    pid: str | None
    command: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    records: list[_Record] = field(default_factory=list)
    in_use: int | None = None
    frames_open: bool = False

    @property
    def says(self) -> bool:
        return bool(self.rows or self.records or self.in_use is not None)


def _runs(lines: Sequence[str]) -> Iterator[_Run]:
    """Leak checks in the order of the page; a new one begins where a summary's row comes again or the pid changes."""
    run: _Run | None = None
    for i, line in with_words(lines, _WORDS):
        found = _PID.search(line[:200])
        pid = found[1] if found else None
        if run is not None and (i - run.last > _GAP_LINES or (pid and run.pid and pid != run.pid) or _over(run, line)):
            yield run
            run = None
        if run is None:
            run = _Run(i, i, pid)
        if not _take(run, line):
            if not run.says and not run.command:
                run = None
            continue
        run.pid = run.pid or pid
        run.last = i
    if run is not None:
        yield run


def _over(run: _Run, line: str) -> bool:
    """This line belongs to the next leak check."""
    if "HEAP SUMMARY" in line or "in use at exit" in line or " Command:" in line:
        return run.says and not ("in use at exit" in line and run.in_use is None and not run.rows)
    row = _ROW.search(line)
    return bool(run.rows) and (_RECORD.search(line) is not None or (row is not None and row["kind"] in run.rows))


def _take(run: _Run, line: str) -> bool:
    """Put a line into the run; whether it was one of valgrind's."""
    if row := _ROW.search(line):
        run.rows.setdefault(row["kind"], whole(row["bytes"]))
    elif record := _RECORD.search(line):
        direct = whole(record["direct"]) if record["direct"] else None
        of = whole(record["of"]) if record["of"] else None
        run.records.append(_Record(whole(record["bytes"]), direct, record["kind"], of))
    elif frame := (_FRAME.search(line) if run.records and not run.rows else None):
        run.records[-1].frames.append(frame["function"].strip())
    elif in_use := _IN_USE.search(line):
        run.in_use = whole(in_use["bytes"])
    elif "All heap blocks were freed" in line:
        run.rows.update(dict.fromkeys(_KINDS, 0))
    elif command := _COMMAND.match(line):
        run.command = command[1].rpartition("/")[2]
    else:
        return "LEAK SUMMARY" in line and bool(run.pid)
    return True


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Leak checks, each from its first record or summary to its last line."""
    for run in _runs(lines):
        if run.says:
            yield Span(first=run.first, last=run.last)


def _metrics(run: _Run) -> tuple[dict[str, int], list[str]]:
    notes: list[str] = []
    metrics = {_KINDS[kind]: size for kind, size in run.rows.items()}
    if not run.rows:
        for record in run.records:
            metric = _KINDS[record.kind]
            metrics[metric] = metrics.get(metric, 0) + (record.bytes if record.direct is None else record.direct)
        if run.records:
            of = next((record.of for record in run.records if record.of), None)
            notes.append(
                f"there is no LEAK SUMMARY: the figures are of {len(run.records)} loss record(s)"
                + (f" of {of}" if of else "")
                + ", so they are the least"
            )
    if run.in_use is not None:
        metrics["tool.outstanding_bytes"] = run.in_use
    reachable = metrics.get("tool.still_reachable_bytes", 0)
    if reachable > sum(metrics.get(f"tool.{kind}_lost_bytes", 0) for kind in ("definitely", "indirectly", "possibly")):
        notes.append(
            "most of it is still reachable: something points to it, which does not say that it is still needed"
        )
    return metrics, notes


def _reading(run: _Run) -> Reading:
    metrics, notes = _metrics(run)
    split = any(record.kind == "indirectly lost" for record in run.records)
    samples = [(r.frames, r.direct if split and r.direct is not None else r.bytes) for r in run.records]
    profile = profile_of(samples, run.in_use)
    facts = {"process.comm": run.command} if run.command else {}
    runtime = runtime_of(profile.stacks) if profile else None
    if runtime:
        facts["said.runtime"] = runtime
    return Reading(
        metrics=metrics,
        facts=facts,
        profiles=(profile,) if profile else (),
        subject=f"pid {run.pid}" if run.pid else None,
        notes=tuple(notes),
        line=run.first + 1,
        last_line=run.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every leak check in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(run) for run in _runs(text.split("\n")) if run.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no leak check of valgrind")
    return readings
