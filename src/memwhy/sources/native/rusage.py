"""getrusage(2)'s ru_maxrss as any language prints it, and `/usr/bin/time -v`: the most that was ever resident, never what is now.

In KiB on Linux and the BSDs, in bytes on macOS (getrusage(2) of each); a figure that would be 64 GiB and more in KiB is
taken for bytes, which is said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.native.lines import DECIMAL, measure, with_words
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "native/rusage"
TRIGGERS = (b"maxrss", b"maximum resident set size")

_WORDS = ("axrss", "axRSS", "MAXRSS", "aximum resident set size")
_MOST_KIB = 64 << 20
_SHOWN = 160
_VALUE = re.compile(
    rf"(?:ru_?)?max_?rss[\"')\]]{{0,3}} ?(?:\((?P<said>KB|KiB|kB|bytes|MB|MiB)\))?[\"']{{0,2}} ?[:=|] ?[\"']?(?P<number>{DECIMAL}) ?(?P<unit>[kKMG]i?B?|bytes|B)?(?![A-Za-z0-9_.])"
    rf"|Maximum resident set size \((?P<said2>kbytes|bytes)\): ?(?P<number2>{DECIMAL})(?![\d.])"
    rf"|^(?P<number3>\d{{4,15}}) {{1,8}}maximum resident set size$",
    re.IGNORECASE,
)


def _reading(match: re.Match[str], line: str, at: int) -> Reading | None:
    number = match["number"] or match["number2"] or match["number3"]
    unit = match["unit"] or match["said"] or ""
    unit = {"kbytes": "KB", "bytes": "bytes"}.get((match["said2"] or "").lower(), unit)
    facts = {"said.peak": line[:_SHOWN]}
    note = "a high-water mark: it never falls, and says nothing of what is resident now"
    if match["number3"]:
        unit, facts["said.platform"] = "bytes", "macos"  # only macOS' time -l prints the words after the figure
    if not unit:
        measured = measure(number, "KB")
        if measured is not None and measured[0] >= _MOST_KIB * KIB:
            measured = measure(number, "bytes")
            note += "; it is taken for bytes, as macOS gives it, for in KiB it would be 64 GiB or more"
        else:
            note += "; it is taken for KiB, as Linux gives it"
    else:
        measured = measure(number, unit)
    if measured is None:
        return None
    stamp = read_stamp(line)
    return Reading(
        metrics={"process.rss_peak_bytes": measured[0]},
        quanta={"process.rss_peak_bytes": measured[1]} if measured[1] > 1 else {},
        facts=facts,
        wall_ns=stamp.wall_ns if stamp else None,
        notes=(note,),
        line=at + 1,
        last_line=at + 1,
    )


def _readings(lines: Sequence[str]) -> Iterator[tuple[int, Reading]]:
    for i, line in with_words(lines, _WORDS):
        if line.startswith("# MaxRSS"):
            continue  # the end of a Go heap profile, which has a reader of its own
        for match in _VALUE.finditer(line):
            reading = _reading(match, line, i)
            if reading is not None:
                yield i, reading


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lines with the figure; those that follow one another together."""
    first = last = -1
    for i, _ in _readings(lines):
        if first >= 0 and (i - last > 1 or i - first > 4000):
            yield Span(first=first, last=last)
            first = -1
        first, last = (i if first < 0 else first), i
    if first >= 0:
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """Every figure in the text, in order. ParseError when there is none."""
    readings = tuple(reading for _, reading in _readings(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no ru_maxrss")
    return readings
