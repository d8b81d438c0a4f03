"""GODEBUG=gctrace=1: a line for every collection of Go's, in every shape since Go 1.0.

`4->5->3 MB` is the heap when the collection began, when marking ended, and what was found alive; whole MiB, cut
off and not rounded. Times count from the start of the process. Shapes: runtime/mgc.go (gcMarkTermination), before
1.5 runtime/mgc0.c and mgc0.go (`7 -> 4 MB`, with objects and goroutines). `N MB stacks` is what the collector
scans, not what is in use (runtime/extern.go), and is left alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB, NS_PER_S
from memwhy.sources.pasted.amounts import exact_bytes
from memwhy.sources.pasted.runs import runs
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "pasted/gctrace"
TRIGGERS = (b"mb goal", b" ms cpu,", b" handoff, ", b") objects, ")

_ARROW = r" ?(?:->|→|-&gt;) ?"
_HEAD = re.compile(r"(?<![A-Za-z0-9_.])gc ?#?(?P<number>\d{1,9}) @(?P<at>\d{1,9}(?:\.\d{1,9})?)s ?(?P<share>\d{1,3})%:")
_SIZES = re.compile(
    rf"(?<![\d.])(?P<start>\d{{1,7}}){_ARROW}(?P<end>\d{{1,7}}){_ARROW}(?P<live>\d{{1,7}}) ?MB(?![a-z])"
)
_GOAL = re.compile(r"(?<![\d.])(\d{1,7}) ?MB goal")
_OLD = re.compile(
    rf"(?<![A-Za-z0-9_.])gc ?(?P<number>\d{{1,9}})\(\d{{1,5}}\): [\d+]{{1,80}} [mu]s, "
    rf"(?P<start>\d{{1,7}}){_ARROW}(?P<live>\d{{1,7}}) MB,? "
    r"(?:\d{1,12} -> )?(?P<objects>\d{1,12}) \(\d{1,15}-\d{1,15}\) objects"
)
_GOROUTINES = re.compile(r" objects, (\d{1,9}) goroutines")
_COMPOSE = re.compile(r"^\s{0,8}([A-Za-z0-9][\w.-]{0,60}?)\s{1,12}\| ")
_LONGEST_LINE = 2000


def _plain(line: str) -> str:
    """The line without markdown's marks and with single blanks."""
    line = line[:_LONGEST_LINE]
    return " ".join(line.replace("*", "").replace("`", "").split())


def _sizes(line: str) -> tuple[re.Match[str], re.Match[str]] | None:
    head = _HEAD.search(line)
    sizes = _SIZES.search(line, head.end()) if head else None
    return (head, sizes) if head and sizes else None


def _belongs(line: str) -> bool:
    if "gc" not in line or not ("->" in line or "→" in line or "&gt;" in line):
        return False
    plain = _plain(line)
    return _sizes(plain) is not None or _OLD.search(plain) is not None


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of trace lines and nothing else, so that scavenger lines between them are left to their reader.

    A new process begins where the numbers fall far back: its lines are spans of their own, with a subject of its own.
    """
    latest, process = -1, 1
    for span in runs(lines, _belongs):
        first = span.first
        for index in range(span.first, span.last + 1):
            number = _number(lines[index])
            if 0 < number <= latest // 2:
                if index > first:
                    yield _of_process(Span(first=first, last=index - 1, subject=span.subject), process)
                first, process = index, process + 1
            latest = number
        yield _of_process(Span(first=first, last=span.last, subject=span.subject), process)


def _number(line: str) -> int:
    plain = _plain(line)
    match = _HEAD.search(plain) or _OLD.search(plain)
    return int(match["number"]) if match else -1


def _of_process(span: Span, process: int) -> Span:
    """The span of the n-th process of a page."""
    if process == 1:
        return span
    return replace(span, subject=f"{span.subject}, process {process}" if span.subject else f"process no. {process}")


def _reading(line: str, number: int) -> Reading | None:
    plain = _plain(line)
    stamp = read_stamp(line)
    container = _COMPOSE.match(line)
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    elapsed_ns: int | None = None
    if pair := _sizes(plain):
        head, sizes = pair
        goal = _GOAL.search(plain, sizes.end())
        elapsed_ns = exact_bytes(head["at"], NS_PER_S)[0]
        metrics = {
            "go.heap_alloc_bytes": int(sizes["start"]) * MIB,
            "runtime.heap_after_gc_bytes": int(sizes["live"]) * MIB,
        }
        if goal:
            metrics["go.next_gc_bytes"] = int(goal[1]) * MIB
        metrics["go.gc_count"] = int(head["number"])
        if "(forced)" in plain[sizes.end() :]:
            facts["go.gc_forced"] = "yes"
    elif old := _OLD.search(plain):
        goroutines = _GOROUTINES.search(plain, old.end() - len(" objects"))
        metrics = {
            "go.heap_alloc_bytes": int(old["start"]) * MIB,
            "runtime.heap_after_gc_bytes": int(old["live"]) * MIB,
        }
        metrics |= {"go.heap_objects_count": int(old["objects"]), "go.gc_count": int(old["number"])}
        if goroutines:
            metrics["go.goroutines_count"] = int(goroutines[1])
    else:
        return None
    return Reading(
        metrics=metrics,
        quanta={name: MIB for name in metrics if name.endswith("_bytes")},
        facts=facts,
        wall_ns=stamp.wall_ns if stamp else None,
        elapsed_ns=elapsed_ns,
        subject=f"container {container[1]}" if container else None,
        line=number,
        last_line=number,
    )


def _readings(text: str) -> Iterator[Reading]:
    for number, line in enumerate(text.split("\n"), start=1):
        if _belongs(line) and (reading := _reading(line, number)):
            yield reading


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each collection, in order. ParseError when there is none."""
    readings = tuple(_readings(text))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no line of gctrace")
    return readings
