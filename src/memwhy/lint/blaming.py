"""Suspects held against what a diagnosis measured: which of them stand on a blamed stack, and what stands there unsuspected.

Three ties, the closest first: the suspect's own line is the call on the stack; its function is the innermost of the program's own on
it; or the stack is a library's and known to be there because of a certain kind of code (a connection's goroutine in net/http).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.lint.diagnosed import Diagnosed
from memwhy.lint.frames import Spot, declared, spots
from memwhy.lint.linting import Reading
from memwhy.lint.pointing import pointed
from memwhy.lint.source import Tree
from memwhy.model.linted import Blame, Found
from memwhy.model.metrics import REGISTRY
from memwhy.model.report import Holder
from memwhy.model.suspect import Suspect

NATIVE = ("native-leak", "native-retained", "native-cache", "mmap-leak")
_OF_CODE = (*NATIVE, "heap-leak", "heap-retained", "gc-headroom", "goroutine-leak", "thread-leak", "descriptor-leak")
"""Causes whose growth may be put down to lines."""
_NATIVE_METHODS = ("native-stacks", "lost", "census")
MOST_POINTED = 4
"""Holders whose line is told though no rule suspects it."""

TRACES: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = (
    (
        re.compile(r"net/http\.\(\*persistConn\)\."),
        ("response-body", "transport-per-call"),
        "an HTTP client connection that nobody is done with",
    ),
    (
        re.compile(r"database/sql\.\(\*(?:Rows|Tx)\)\.awaitDone"),
        ("sql-close",),
        "database rows or a transaction that nobody ended",
    ),
    (
        re.compile(r"context\.(?:\(\*cancelCtx\)\.propagateCancel|WithDeadlineCause|WithCancel|withCancel)"),
        ("context-cancel",),
        "a context that nobody cancelled",
    ),
    (
        re.compile(r"time\.(?:After|NewTimer|NewTicker|newTimer|Tick)$"),
        ("after-in-loop", "ticker-stop"),
        "a timer that has not fired",
    ),
)
"""Library frames that stand on a stack because of what the program did elsewhere, by Go's own sources (net/http/transport.go,
database/sql/sql.go, context/context.go), the rules that look for that, and what it is."""


@dataclass(frozen=True, slots=True)
class _Led:
    """A holder with its stack in the source, leaf first: [spots of a frame] where it is the program's own."""

    holder: Holder
    own: tuple[tuple[Spot, ...], ...]
    below: tuple[str, ...]
    """Of each own frame, the function that it called there; "" for the leaf."""


def blame(reading: Reading, found: Sequence[Found], diagnosis: Diagnosed) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """(the suspects, those that the diagnosis leads to with what was measured, and what it leads to beside them; notes)."""
    led = [_lead(reading.tree, holder, diagnosis.main_path) for holder in diagnosis.holders]
    out: list[Found] = []
    explained: set[int] = set()
    for one in found:
        ties = [(tie, index) for index, each in enumerate(led) if (tie := _tie(one.suspect, each)) is not None]
        if not ties:
            out.append(one)
            continue
        blamed, _ = min(ties, key=lambda tie: (not tie[0].exact, bool(tie[0].how), tie[1]))
        explained.update(index for tie, index in ties if tie.exact or not tie.how)
        out.append(Found(suspect=one.suspect, by=one.by, blame=blamed))
    unexplained = [each for index, each in enumerate(led) if index not in explained]
    out += _pointed(reading, unexplained[:MOST_POINTED], diagnosis)
    return tuple(out), tuple(_notes(reading, led, diagnosis))


def _lead(tree: Tree, holder: Holder, main_path: str) -> _Led:
    own: list[tuple[Spot, ...]] = []
    below: list[str] = []
    last = ""
    for index, frame in enumerate(holder.stack):
        place = holder.places[index] if index < len(holder.places) else ""
        here = tuple(spots(tree, frame, place, main_path))
        if here:
            own.append(here)
            below.append(last)
        last = frame.partition(" (")[0]
    return _Led(holder=holder, own=tuple(own), below=tuple(below))


def _tie(suspect: Suspect, led: _Led) -> Blame | None:
    """What ties a suspect to a holder; None where nothing does."""
    holder = led.holder
    if (suspect.cause in NATIVE) != (holder.method in _NATIVE_METHODS):
        return None
    for depth, (here, called) in enumerate(zip(led.own, led.below, strict=True)):
        for spot in here:
            if spot.function.file.name != suspect.file or declared(spot.function.symbol) != declared(suspect.function):
                continue
            if spot.line is not None and spot.line in (
                suspect.line,
                suspect.acquired.line,
                *(one.line for one in suspect.path),
            ):
                return _blame(holder, spot.frame, exact=True)
            outermost = holder.method == "goroutines" and depth == len(led.own) - 1
            if depth == 0 or outermost or _calls(suspect, called):
                return _blame(holder, spot.frame, exact=False)
    if holder.method == "goroutines" and led.own and _starts(suspect, led.own[-1][0]):
        return _blame(holder, led.own[-1][0].frame, exact=False)
    for asker in holder.askers:
        if declared(asker) == declared(suspect.function) and any(
            suspect.rule in rules for _, rules, _ in _traces(holder)
        ):
            return _blame(holder, asker, exact=False, how="it makes the requests")
    for frame, rules, what in _traces(holder):
        if suspect.rule in rules:
            return _blame(holder, frame, exact=False, how=what)
    return None


def _starts(suspect: Suspect, outermost: Spot) -> bool:
    """Whether the suspect is the go statement that the goroutine began with."""
    function = outermost.function
    named = re.search(rf"\bgo\b.*\b{re.escape(function.name)}\(", suspect.acquired.text) is not None
    return named and suspect.function.startswith(f"{function.file.package.symbol_prefix}.")


def _calls(suspect: Suspect, below: str) -> bool:
    """Whether the suspect's acquiring call is the one that leads on down the stack."""
    name = re.sub(r"_C2?func_", "", declared(below).rpartition(".")[2])
    return bool(name) and re.search(rf"\b{re.escape(name)}\(", suspect.acquired.text) is not None


def _traces(holder: Holder) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for pattern, rules, what in TRACES:
        frame = next((frame for frame in holder.stack if pattern.match(frame)), None)
        if frame is not None:
            yield frame, rules, what


def _blame(holder: Holder, frame: str, *, exact: bool, how: str = "") -> Blame:
    known = REGISTRY.get(holder.layer)
    return Blame(
        function=frame,
        layer=known.label if known is not None else holder.layer,
        bytes=holder.bytes,
        share=holder.share,
        exact=exact,
        bytes_per_s=holder.bytes_per_s,
        count=holder.count,
        how=how,
    )


def _pointed(reading: Reading, led: Iterable[_Led], diagnosis: Diagnosed) -> Iterator[Found]:
    """What the attribution leads to where no rule suspects anything."""
    seen: set[tuple[str, int]] = set()
    for one in led:
        if not one.own or (one.holder.bytes <= 0 and not one.holder.count):
            continue
        spot = one.own[0][0]
        suspect = pointed(reading.tree, spot, one.below[0], one.holder, diagnosis.cause)
        if suspect is None or (suspect.file, suspect.line) in seen:
            continue
        seen.add((suspect.file, suspect.line))
        yield Found(
            suspect=suspect, by=("measurement",), blame=_blame(one.holder, spot.frame, exact=spot.line is not None)
        )


def _notes(reading: Reading, led: Sequence[_Led], diagnosis: Diagnosed) -> Iterator[str]:
    if not led and diagnosis.cause not in _OF_CODE:
        if diagnosis.cause != "steady":
            yield f"the diagnosis ({diagnosis.cause}) blames no code"
    elif not led:
        yield (
            f"the diagnosis ({diagnosis.cause}) puts nothing down to code: watch with --native for native memory, or with"
            " the program's pprof endpoint, and the lines can be told"
        )
    elif not any(one.own or one.holder.askers for one in led):
        first = next((frame for one in led for frame in one.holder.stack), led[0].holder.function)
        yield f"no frame of the blamed stacks is in {reading.root}: the first is {first.partition(' (')[0]}"
    elif any(
        spot.line is None and place
        for one in led
        for here in one.own
        for spot in here
        for place in one.holder.places[:1]
    ):
        yield "some lines of the stacks lie outside of their functions in this source: it is not what the program was built from"
