"""Ruby's GC.stat, ObjectSpace.memsize_of_all and count_objects, and .NET's counters as dotnet-counters and programs print them.

dotnet-counters' MB are powers of 1000 (System.Runtime's event counters divide by 1,000,000); what a program prints after the
names of GC's, GCMemoryInfo's, Process' and Environment's properties is in its own units, powers of 1024 where they are not said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, LONGEST, measure, plain_decimal, with_words
from memwhy.sources.span import Span

NAME = "managed/counters"
TRIGGERS = (
    b"heap_live_slots",
    b"memsize_of_all",
    b"t_string",
    b"gettotalmemory",
    b"totalcommittedbytes",
    b"heapsizebytes",
    b"workingset",
    b"gc heap size",
    b"dotnet.gc.",
    b"working set (mb)",
    b"dotnet.process.memory",
)

_WORDS = (
    "heap_live_slots",
    "memsize_of_all",
    "TOTAL",
    "GetTotalMemory",
    "HeapSizeBytes",
    "TotalCommittedBytes",
    "WorkingSet",
    "GC Heap Size",
    "GC Committed",
    "Working Set",
    "dotnet.",
    "ThreadPool Thread",
)
_ROWS = (
    (
        "runtime.objects_count",
        "ruby",
        re.compile(r"heap_live_slots[\"']?\s?(?:=>|[:=])\s{0,4}(?P<number>\d{1,15})(?![\d.])"),
    ),
    (
        "runtime.heap_used_bytes",
        "ruby",
        re.compile(r"memsize_of_all(?:\(\))?[\"'`]?\s?(?:=>|[:=])\s{0,4}(?P<number>\d{1,18})(?![\d.])"),
    ),
    (
        "runtime.heap_used_bytes",
        "dotnet",
        re.compile(rf"^GC Heap Size \((?P<unit>MB|B)\)\s{{1,200}}(?P<number>{DECIMAL})$"),
    ),
    (
        "runtime.heap_committed_bytes",
        "dotnet",
        re.compile(rf"^GC Committed Bytes \((?P<unit>MB|B)\)\s{{1,200}}(?P<number>{DECIMAL})$"),
    ),
    ("process.rss_bytes", "dotnet", re.compile(rf"^Working Set \((?P<unit>MB|B)\)\s{{1,200}}(?P<number>{DECIMAL})$")),
    (
        "process.rss_bytes",
        "dotnet",
        re.compile(rf"^dotnet\.process\.memory\.working_set \(By\)\s{{1,200}}(?P<number>{DECIMAL})$"),
    ),
    *(
        (
            metric,
            "dotnet",
            re.compile(
                rf"(?<![A-Za-z]){name}[\"'`]?\s?[:=]\s{{0,4}}[\"']?(?P<number>{DECIMAL})\s?(?P<unit>[KMGT]i?B|bytes|B)?(?![A-Za-z0-9.]|\s?%)"
            ),
        )
        for metric, name in (
            ("runtime.heap_used_bytes", r"GetTotalMemory(?:\((?:true|false|forceFullCollection: ?\w{4,5})?\))?"),
            ("runtime.heap_used_bytes", "HeapSizeBytes"),
            ("runtime.heap_committed_bytes", "TotalCommittedBytes"),
            ("process.rss_bytes", "WorkingSet(?:64)?"),
            ("process.rss_peak_bytes", "PeakWorkingSet(?:64)?"),
        )
    ),
    (
        "runtime.heap_committed_bytes",
        "dotnet",
        re.compile(rf"^dotnet\.gc\.last_collection\.memory\.committed_size \(By\)\s{{1,200}}(?P<number>{DECIMAL})$"),
    ),
)
_GAP_LINES = 30
_MODE = re.compile(r"(?:(?:with|using|non-?concurrent|concurrent|background) )?(?:Server|Workstation)(?: (?:non-?concurrent|concurrent))?[ -]GC(?: \w{1,12})?", re.IGNORECASE)  # fmt: skip
_COUNTED = re.compile(
    r"TOTAL(?:=>|[\"']?: ?)\s?(?P<total>\d{1,15})(?!\d)(?:, {1,4}[:\"']?FREE(?:=>|[\"']?: ?)\s?(?P<free>\d{1,15})(?!\d))?"
)


@dataclass(slots=True)
class _Moment:
    """One call or one screen; line indices are 0-based."""

    first: int
    last: int
    runtime: str
    metrics: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    mode: str | None = None


def _ruby_objects(line: str) -> tuple[str, int] | None:
    """(metric, value) of ObjectSpace.count_objects (slots in use) or count_objects_size (bytes, the total last), on one line."""
    match = _COUNTED.search(line) if "TOTAL" in line and "T_" in line else None
    if match is None:
        return None
    if match["free"]:
        return "runtime.objects_count", max(0, int(match["total"]) - int(match["free"]))
    return ("runtime.heap_used_bytes", int(match["total"])) if line[match.end() :].startswith("}") else None


def _figures(lines: Sequence[str]) -> Iterator[tuple[int, str, str, str, tuple[int, int]]]:
    """(line, metric, runtime, the words before the figure, (value, quantum))."""
    for i, line in with_words(lines, _WORDS):
        for metric, runtime, pattern in _ROWS:
            match = pattern.search(line)
            if match is None:
                continue
            unit = match.groupdict().get("unit") or ""
            measured = measure(match["number"], unit, decimal=f"({unit})" in line)
            if measured is not None and (unit or plain_decimal(match["number"]).isdecimal()):
                name = line[match.start() : match.start("number")] if runtime == "dotnet" else metric
                yield i, metric, runtime, name, measured
        if (counted := _ruby_objects(line)) is not None:
            yield i, counted[0], "ruby", counted[0], (counted[1], 1)


def _mode_above(lines: Sequence[str], first: int) -> str | None:
    """The section of a heading that names a collector's mode: two modes side by side are two programs, and no course."""
    for i in range(first - 1, max(-1, first - 1 - _GAP_LINES), -1):
        text = lines[i][:LONGEST].strip("#*_=-—:` \t")
        if _MODE.fullmatch(text):
            return f"section {text}"
    return None


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    moment: _Moment | None = None
    for i, metric, runtime, name, measured in _figures(lines):
        if moment is not None and (name in moment.named or runtime != moment.runtime or i - moment.last > _GAP_LINES):
            if measured[0] == moment.metrics.get(metric) and i - moment.last <= 2:
                moment.last = i  # the same figure once more, on its own line
                continue
            yield moment
            moment = None
        moment = moment or _Moment(i, i, runtime, mode=_mode_above(lines, i))
        moment.last = i
        moment.named.add(name)
        if metric not in moment.metrics:  # GetTotalMemory and HeapSizeBytes are two names of one thing
            moment.metrics[metric], moment.quanta[metric] = measured
    if moment is not None:
        yield moment


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Calls and screens."""
    for moment in _moments(lines):
        yield Span(first=moment.first, last=moment.last, subject=moment.mode)


def parse(text: str) -> tuple[Reading, ...]:
    """Every call and screen in the text, in order. ParseError when there is none."""
    readings = tuple(
        Reading(
            metrics=moment.metrics,
            quanta={metric: quantum for metric, quantum in moment.quanta.items() if quantum > 1},
            facts={"said.runtime": moment.runtime},
            line=moment.first + 1,
            last_line=moment.last + 1,
        )
        for moment in _moments(text.split("\n"))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no counters of Ruby or .NET")
    return readings
