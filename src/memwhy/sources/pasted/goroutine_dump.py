"""Goroutines one by one: goroutine?debug=2, SIGQUIT, panics; bare or behind a log's prefixes.

`goroutine 18 [chan receive, 92 minutes]:`, then function and file lines, then `created by`. Since 1.23 SIGQUIT adds
gp=, m= and mp=. runtime.NumGoroutine leaves out goroutine 0 and those that the runtime starts for itself
(isSystemGoroutine), and so does the count here. Writers: runtime/traceback.go (goroutineheader), runtime/mprof.go.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, Waiting
from memwhy.model.reading import Reading
from memwhy.sources.go.goroutine_text import c_call
from memwhy.sources.go.stacks import Frames, profile_of, with_waiting
from memwhy.sources.span import Span

NAME = "pasted/goroutine_dump"
TRIGGERS = (b"goroutine ",)

_HEADER = re.compile(
    r"(?<![A-Za-z0-9_])goroutine (?P<id>\d{1,12})(?: gp=0x[0-9a-f]{1,16} m=\S{1,12}(?: mp=0x[0-9a-f]{1,16})?)? \[(?P<state>[^\]\n]{1,160})\]:?"
)
_CALL = re.compile(r"^(?P<name>[^\s,()][^\s,]{0,1000}?)\((?P<args>[^()]{0,4000})\)$")
_FILE = re.compile(r"^\S{1,1000}:\d{1,7}(?: \+0x[0-9a-f]{1,8})?(?: (?:fp|sp|pc)=0x[0-9a-f]{1,16}){0,3}$")
_CREATED = re.compile(r"^created by (?P<name>\S{1,1000})(?: in goroutine \d{1,12})?$")
_NEAR = re.compile(
    r"^(?:\.\.\.\s?(?:additional|\d{1,9}) .{0,40}frames? elided.{0,20}|SIG[A-Z]{3,6}: .{0,40}|PC=0x\S{1,20} .{0,80}|-----|\[originating from .{0,80})$"
)
_MINUTES = re.compile(r"(\d{1,9}) minutes?")
_ENOUGH = 10  # fewer are somebody's choice, not all that there are
_MOST_STATES = 12
_LONGEST_LINE = 4000
_MOST_BLANKS = 3


@dataclass(slots=True)
class _Goroutine:
    """One goroutine as the text shows it, frames leaf first."""

    number: int
    state: str
    minutes: int
    leaked: bool
    frames: list[str] = field(default_factory=list)
    creator: str = ""

    @property
    def of_the_runtime(self) -> bool:
        """The runtime's own: goroutine 0 (a thread's scheduler stack), or started by package runtime."""
        if self.number == 0:
            return True
        return self.creator.startswith("runtime.") and not self.creator.startswith("runtime.main")


def _header(line: str) -> re.Match[str] | None:
    return _HEADER.search(line[:_LONGEST_LINE]) if "goroutine " in line else None


def _belongs(text: str) -> bool:
    """A line of a goroutine that is no header, without its prefix and blanks."""
    return bool(_CALL.match(text) or _FILE.match(text) or _CREATED.match(text) or _NEAR.match(text))


def _inside(line: str, at: int) -> str:
    """What a line of a dump says, behind a prefix as long as the header's."""
    line = line[: at + _LONGEST_LINE]
    return (line[at:] if len(line) > at else "").strip("\t >`|│*")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Dumps: from a header to the last line of a stack. An id that comes again begins the next dump."""
    first, last, at, blanks = -1, -1, 0, 0
    seen: set[str] = set()
    for index, line in enumerate(lines):
        header = _header(line)
        if header is not None:
            if first >= 0 and header["id"] in seen:
                yield Span(first=first, last=last)
                first, seen = -1, set()
            first = index if first < 0 else first
            last, at, blanks = index, header.start(), 0
            seen.add(header["id"])
            continue
        if first < 0:
            continue
        text = _inside(line, at)
        blanks = 0 if text else blanks + 1
        if text and _belongs(text):
            last = index
        elif text or blanks > _MOST_BLANKS:
            yield Span(first=first, last=last)
            first, seen = -1, set()
    if first >= 0:
        yield Span(first=first, last=last)


def _begun(match: re.Match[str]) -> _Goroutine:
    words = [word.strip() for word in match["state"].split(",")]
    minutes = next((int(m[1]) for word in words[1:] if (m := _MINUTES.fullmatch(word))), 0)
    leaked = "leaked" in match["state"]
    state = re.sub(r"\s*\((?:leaked|scan|durable)\)", "", words[0]).removesuffix(" (scan)").strip()
    return _Goroutine(int(match["id"]), state[:60], minutes, leaked)


def _goroutines(lines: Sequence[str]) -> Iterator[_Goroutine]:
    current: _Goroutine | None = None
    at = 0
    for line in lines:
        header = _header(line)
        if header is not None:
            if current is not None:
                yield current
            current, at = _begun(header), header.start()
            continue
        if current is None:
            continue
        text = _inside(line, at)
        if created := _CREATED.match(text):
            current.creator = created["name"]
        elif (call := _CALL.match(text)) and not current.creator:
            current.frames.append(call["name"])
    if current is not None:
        yield current


def _seen_from_outside(frames: Sequence[str]) -> Frames:
    """The stack as the debug=1 profile shows it: without the runtime's frames at the leaf end."""
    kept = list(frames)
    while len(kept) > 1 and kept[0].startswith(("runtime.", "internal/runtime/")):
        kept.pop(0)
    return tuple(frame for frame in kept if frame != "runtime.goexit")


def _listed(counter: Counter[str]) -> str:
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{count} {name}" for name, count in ranked[:_MOST_STATES])


def _facts(own: Sequence[_Goroutine]) -> dict[str, str]:
    facts = {"go.seen": "1", "go.goroutine_states": _listed(Counter(one.state for one in own))}
    creators = Counter(one.creator for one in own if one.creator)
    if creators:
        facts["go.goroutine_creators"] = _listed(creators)
    waiting = [one.minutes for one in own if one.minutes]
    if waiting:
        facts["go.goroutines_waiting"] = f"{len(waiting)} for a minute or more, the longest for {max(waiting)} minutes"
    inside = Counter(name for one in own if (name := c_call(tuple(one.frames))))
    if inside:
        facts["go.in_cgo"] = _listed(inside)
    leaked = sum(one.leaked for one in own)
    if leaked:
        facts["go.leaked_goroutines"] = str(leaked)
    return facts


def _waiting(one: _Goroutine, before: Waiting | None) -> Waiting:
    """Of the goroutines of one stack: the first one's state and creator, the longest's time."""
    longest_s = max(60.0 * one.minutes, before.waiting_s or 0.0 if before else 0.0) or None
    if before is not None:
        return replace(before, waiting_s=longest_s)
    return Waiting(state=one.state, created_by=one.creator, waiting_s=longest_s)


def _leaked(own: Sequence[_Goroutine]) -> Iterator[Profile]:
    """Those that the collector marked "(leaked)", as the profile of that name has them."""
    leaked = Counter(_seen_from_outside(one.frames) for one in own if one.leaked)
    if leaked:
        yield profile_of("goroutineleak", "count", leaked)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading: a profile, facts by state and creator, and the count where ten or more are shown.

    The profile's kind is goroutine, or "goroutine (some)" where the count is not told.
    Facts go.goroutine_states and go.goroutine_creators hold `count WORDS` lines, go.goroutines_waiting a sentence.
    ParseError when no goroutine is shown.
    """
    shown = list(_goroutines(text.split("\n")))
    own = [one for one in shown if not one.of_the_runtime]
    if not shown:
        raise ParseError(NAME, None, text[:80], "no goroutine")
    if not own:
        return (Reading(notes=("only goroutines of the runtime's own are shown",)),)
    stacks: dict[Frames, int] = {}
    waiting: dict[Frames, Waiting] = {}
    for one in own:
        frames = _seen_from_outside(one.frames)
        stacks[frames] = stacks.get(frames, 0) + 1
        waiting[frames] = _waiting(one, waiting.get(frames))
    metrics = {"go.goroutines_count": len(own)} if len(own) >= _ENOUGH else {}
    notes: list[str] = []
    if not metrics:
        notes.append(f"{len(own)} goroutine(s) are shown; how many there are is not told")
    elif all(one.number != 1 for one in shown):
        notes.append("the dump is cut, it has no goroutine 1: there are more goroutines than it shows")
    profile = with_waiting(profile_of("goroutine" if metrics else "goroutine (some)", "count", stacks), waiting)
    profiles = (profile, *_leaked(own))
    return (Reading(metrics=metrics, facts=_facts(own), profiles=profiles, notes=tuple(notes)),)
