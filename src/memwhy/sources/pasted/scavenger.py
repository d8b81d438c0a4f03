"""Lines of Go's scavenger, which gives idle heap back: `scvgN: inuse: …` and `scav … KiB now, N% util`.

The first came with gctrace=1 before Go 1.14, the second comes with scavtrace=1 since. The old line has five figures in whole MiB, cut off: heap in use, idle (the released part included), sys, released,
and consumed = sys - released (runtime/mheap.go). In the new one `now`, until 1.19 `total`, is the heap that is
released at this moment, and `util` how much of the rest is in use (runtime/mgcscavenge.go, extern.go).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.pasted.runs import runs
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "pasted/scavenger"
TRIGGERS = (b"scvg", b"% util")

_OLD = re.compile(
    r"(?<![A-Za-z0-9_])scvg-?\d{0,9}: ?inuse: ?(?P<inuse>\d{1,8}),? idle: ?(?P<idle>\d{1,8}),? sys: ?(?P<sys>\d{1,8})(?=[, ])"
    r"(?:,? released: ?(?P<released>\d{1,8})(?=[, ])(?:,? consumed: ?(?P<consumed>\d{1,8})(?! ?\d))?)?"
)
_GIVEN = re.compile(r"(?<![A-Za-z0-9_])scvg-?\d{0,9}: (?:\d{1,8} [KMG]B released|GC forced)")
_NEW = re.compile(
    r"(?<![A-Za-z0-9_])scav (?:\d{1,9} )?\d{1,12} KiB work(?: \(bg\))?, (?:\d{1,12} KiB work \(eager\), )?"
    r"(?P<released>\d{1,12}) KiB (?:now|total), (?P<util>\d{1,3})% util"
)
_METRICS = {
    "inuse": "go.heap_inuse_bytes",
    "idle": "go.heap_idle_bytes",
    "sys": "go.heap_sys_bytes",
    "released": "go.heap_released_bytes",
}
_LONGEST_LINE = 2000


def _plain(line: str) -> str:
    line = line[:_LONGEST_LINE]
    return " ".join(line.replace("*", "").replace("`", "").split())


def _belongs(line: str) -> bool:
    if "scvg" not in line and "scav " not in line:
        return False
    plain = _plain(line)
    return any(pattern.search(plain) for pattern in (_OLD, _GIVEN, _NEW))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of the scavenger's lines; a line that only says what was just released is taken too, and gives no figure."""
    return runs(lines, _belongs)


def _reading(line: str, number: int) -> Reading | None:
    plain = _plain(line)
    stamp = read_stamp(line)
    old, new = _OLD.search(plain), _NEW.search(plain)
    facts: dict[str, str] = {}
    if old:
        metrics = {_METRICS[key]: int(text) * MIB for key, text in old.groupdict().items() if text and key in _METRICS}
        quantum = MIB
    elif new:
        metrics, quantum = {"go.heap_released_bytes": int(new["released"]) * KIB}, KIB
        facts["go.scavenger_util_percent"] = new["util"]
    else:
        return None
    return Reading(
        metrics=metrics,
        quanta=dict.fromkeys(metrics, quantum),
        facts=facts,
        wall_ns=stamp.wall_ns if stamp else None,
        line=number,
        last_line=number,
    )


def _readings(text: str) -> Iterator[Reading]:
    for number, line in enumerate(text.split("\n"), start=1):
        if _belongs(line) and (reading := _reading(line, number)):
            yield reading


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each line with the state of the heap. ParseError when there is no line of the scavenger's at all."""
    readings = tuple(_readings(text))
    if not readings and not any(_belongs(line) for line in text.split("\n")):
        raise ParseError(NAME, None, text[:80], "no line of Go's scavenger")
    return readings
