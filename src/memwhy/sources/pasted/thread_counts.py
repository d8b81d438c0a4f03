"""Dumps of every thread, counted by name: jstack, gdb and pstack, py-spy, Python's faulthandler.

`"pool-7-thread-12" #45 daemon prio=5 … tid=0x…` (jstack), `Thread 5 (Thread 0x7f… (LWP 4711) "worker"):` (gdb, pstack),
`Thread 4711 (idle): "MainThread"` (py-spy), `Thread 0x00007f… [name] (most recent call first):` (faulthandler). The digits
in a name are folded, so that a pool is one name. gdb and py-spy name threads only where the kernel or Python does.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/thread_counts"
TRIGGERS = (b" tid=0x", b"(lwp ", b'): "', b"most recent call first", b"full thread dump", b"thread ")

_LEAD = r"^[ \t>|`*]{0,20}"
_JSTACK = re.compile(
    rf'{_LEAD}"(?P<name>[^"\n]{{1,200}})"(?: \[\d{{1,9}}\])?(?: #\d{{1,9}})?(?: \[\d{{1,9}}\])?(?: daemon)?(?: (?:prio|os_prio|cpu|elapsed|allocated|defined_classes)=\S{{1,20}}){{0,6}}'
    r" tid=0x[0-9a-f]{1,16}(?: nid=\S{1,20})?(?: (?P<state>[a-zA-Z][a-zA-Z ._()]{2,60}))?"
)
_GDB = re.compile(
    rf"{_LEAD}(?:\* ?)?(?:Thread )?\d{{1,7}}[ \t]{{1,6}}(?:\()?(?:Thread 0x[0-9a-f]{{1,16}} \()?LWP (?P<lwp>\d{{1,9}})\)?"
    r'(?: "(?P<name>[^"\n]{1,64})")?'
)
_SPY = re.compile(
    rf'{_LEAD}Thread (?:\d{{1,9}}|0x[0-9a-fA-F]{{1,16}}) \((?P<state>idle|active|active\+gil|idle\+gil)\)(?:: "(?P<name>[^"\n]{{1,200}})")?'
)
_FAULT = re.compile(
    rf"{_LEAD}(?:Current thread|Thread) 0x[0-9a-f]{{1,16}}(?: \[(?P<name>[^\]\n]{{1,64}})\])? \(most recent call (?:first|last)\):"
)
_PATTERNS = (("jstack", _JSTACK), ("gdb", _GDB), ("py-spy", _SPY), ("faulthandler", _FAULT))
_JAVA_STATE = re.compile(r"java\.lang\.Thread\.State: ([A-Z_]{3,20})")
_DIGITS = re.compile(r"\d+")
_ENOUGH = 3
_GAP_LINES = 200  # a deep stack between two heads
_MOST_NAMES = 30
_LONGEST_LINE = 1000


@dataclass(slots=True)
class _Dump:
    """One dump; line indices are 0-based."""

    kind: str
    first: int
    last: int
    names: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    lwps: set[str] = field(default_factory=set)
    whole: bool = False


def _head(line: str) -> tuple[str, re.Match[str]] | None:
    if "hread" not in line and " tid=0x" not in line and "LWP" not in line:
        return None
    line = line[:_LONGEST_LINE]
    return next(((kind, match) for kind, pattern in _PATTERNS if (match := pattern.match(line))), None)


def _dumps(lines: Sequence[str]) -> Iterator[_Dump]:
    """Dumps of one tool with at least three threads."""
    dump: _Dump | None = None
    begun = -1
    for index, line in enumerate(lines):
        if "Full thread dump" in line or "JNI global ref" in line:
            if "Full" in line:
                begun = index
            elif dump is not None and dump.kind == "jstack":
                dump.last, dump.whole = index, True
            continue
        head = _head(line)
        if head is None:
            if dump is not None and dump.kind == "jstack" and (state := _JAVA_STATE.search(line[:_LONGEST_LINE])):
                dump.states[state[1].lower().replace("_", " ")] += 1
                dump.last = index
            continue
        kind, match = head
        lwp = match.groupdict().get("lwp")
        if dump is not None and (
            kind != dump.kind or index - dump.last > _GAP_LINES or (lwp and lwp in dump.lwps) or begun > dump.last
        ):
            if len(dump.names) >= _ENOUGH:
                yield dump
            dump = None
        if dump is None:
            headed = 0 <= index - begun < _GAP_LINES and kind == "jstack" and begun >= 0
            dump = _Dump(kind, begun if headed else index, index, whole=headed or kind != "jstack")
        dump.last = index
        dump.names.append(match.groupdict().get("name") or "")
        if lwp:
            dump.lwps.add(lwp)
        if kind == "py-spy":
            dump.states[match["state"]] += 1
    if dump is not None and len(dump.names) >= _ENOUGH:
        yield dump


def find(lines: Sequence[str]) -> Iterable[Span]:
    """From the head of the first thread to the head, or the state, of the last; stacks between included."""
    return (Span(first=dump.first, last=dump.last) for dump in _dumps(lines))


def listed(names: Sequence[str]) -> str:
    """Lines `count name`, as fact process.threads has them: digits folded where that joins several, largest first."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_DIGITS.sub("#", name)].append(name)
    counted = Counter({(pool if len(those) > 1 else those[0]): len(those) for pool, those in alike.items()})
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    rows = [f"{count} {name[:60]}" for name, count in ranked[:_MOST_NAMES]]
    if len(ranked) > _MOST_NAMES:
        rest = ranked[_MOST_NAMES:]
        rows.append(f"{sum(count for _, count in rest)} of {len(rest)} other names")
    return "\n".join(rows)


def _reading(dump: _Dump) -> Reading:
    facts: dict[str, str] = {}
    if any(dump.names):
        facts["process.threads"] = listed([" ".join(name.split()) for name in dump.names if name])
    if dump.states:
        facts["process.thread_states"] = "\n".join(f"{count} {state}" for state, count in dump.states.most_common())
    metrics: dict[str, int] = {}
    notes: list[str] = []
    if dump.whole:
        metrics["process.threads_count"] = len(dump.names)
        if dump.kind in ("py-spy", "faulthandler"):
            notes.append("only Python's own threads are shown; native ones are not counted")
    else:
        notes.append(f"{len(dump.names)} threads are shown; whether these are all is not told")
    return Reading(metrics=metrics, facts=facts, notes=tuple(notes), line=dump.first + 1, last_line=dump.last + 1)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each dump: the number of threads, facts process.threads (`count name`) and process.thread_states.

    ParseError when there is no dump of three threads or more.
    """
    readings = tuple(_reading(dump) for dump in _dumps(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no dump of threads")
    return readings
