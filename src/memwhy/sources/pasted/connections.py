"""`netstat` and `ss`: connections by state, from tables and from counts by state.

Where the table names processes, each of the largest gets its own count; TIME_WAIT belongs to the kernel and to none.
Without names the counts are of the whole host (or container). `ss -s` is left alone: its `estab` counts CLOSE_WAIT in
and its `timewait` FIN_WAIT2 (measured; net/ipv4/proc.c). Sources: netstat(8), ss(8), include/net/tcp_states.h.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.descriptors import PIPED, STATE_METRICS, begin_of, state_name
from memwhy.sources.span import Span

NAME = "pasted/connections"
TRIGGERS = (b"_wait", b"-wait", b"estab", b"recv-q")

_LEAD = r"^[ \t>|`*]{0,40}"
_STATE = (
    r"ESTABLISHED|ESTAB|CLOSE[_-]WAIT|TIME[_-]WAIT|FIN[_-]WAIT[_-]?[12]|SYN[_-]SENT|SYN[_-]RECV|LAST[_-]ACK|CLOSING|"
    r"LISTEN(?:ING)?|CLOSED?|UNCONN"
)
_ADDRESS = r"[^\s]{1,120}[:.](?:\d{1,5}|\*|[a-z][\w-]{0,30})"
_NETSTAT = re.compile(
    rf"{_LEAD}(?P<protocol>tcp|tcp6|tcp4|tcp46)\s+\d{{1,9}}\s+\d{{1,9}}\s+{_ADDRESS}\s+{_ADDRESS}\s+(?P<state>{_STATE})"
    r"(?:\s+(?:\S{1,40}\s+\d{1,12}\s+)?(?P<owner>\d{1,9}/\S{1,60}|-))?"
)
_SS = re.compile(
    rf"{_LEAD}(?:(?P<protocol>tcp|u_str|udp)\s+)?(?P<state>{_STATE})\s+\d{{1,9}}\s+\d{{1,9}}\s+{_ADDRESS}\s+{_ADDRESS}(?=\s|$)"
    r'(?:\s+users:\(\("(?P<comm>[^"]{1,60})",(?:pid=)?(?P<pid>\d{1,9}))?'
)
_HEADER = re.compile(
    r"\bProto\s+Recv-Q\s+Send-Q\s+Local Address|\bState\s+Recv-Q\s+Send-Q\s+Local Address|Active Internet connections"
)
_COUNTED = re.compile(
    rf"{_LEAD}(?:(?P<before>\d{{1,9}})\s+(?P<state>{_STATE})|(?P<state2>{_STATE})[ \t:=]+(?P<after>\d{{1,9}}))[ \t`*|]*$"
)
_OMISSION = re.compile(r"^\s*(?:\.{2,}|…|\[\.\.\.\]|⋮)")
_ENOUGH_ROWS = 10  # so many rows without a header are no mere example
_MOST_PROCESSES = 10
_LONGEST_LINE = 600


@dataclass(slots=True)
class _Table:
    """Rows of one table by owner: (pid, comm), or ("", "") for rows that name none."""

    headed: bool = False
    cut: bool = False
    rows: int = 0
    first: int = 0
    last: int = 0
    states: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)


def _kind(line: str) -> str:
    """row, header, counted, omission or "" of a line."""
    line = line[:_LONGEST_LINE]
    if _NETSTAT.match(line) or _SS.match(line):
        return "row"
    if _COUNTED.match(line):
        return "counted"
    if _HEADER.search(line):
        return "header"
    return "omission" if _OMISSION.match(line) else ""


def _quick(line: str) -> bool:
    return "tcp" in line or "Recv-Q" in line or "Active Int" in line or any(w in line for w in _WORDS)


_WORDS = ("WAIT", "ESTAB", "LISTEN", "CLOSE", "LAST", "SYN", "UNCONN", "...", "…")


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables (a header and a row, or two rows), and two counts by state.

    Rows of other protocols may stand between the rows of a table.
    """
    first, last, weight, mode = -1, -1, 0, ""
    for index, line in enumerate([*lines, ""]):
        kind = _kind(line) if _quick(line) else ""
        group = "counted" if kind == "counted" else "table"
        if kind in ("row", "counted", "header") and (first < 0 or group == mode):
            first, mode = (_begin(lines, index, group), group) if first < 0 else (first, mode)
            last, weight = index, weight + 1
            continue
        within = first >= 0 and index < len(lines) and index - last <= 3
        if within and mode == "table" and (kind == "omission" or re.match(r"[ \t>]*(?:udp|raw|unix|u_)", line[:60])):
            last = index
            continue
        if first >= 0 and weight >= 2:
            yield Span(first=first, last=last)
        first, weight = -1, 0
        if kind in ("row", "counted", "header"):
            first, last, weight, mode = _begin(lines, index, group), index, 1, group


def _begin(lines: Sequence[str], index: int, group: str) -> int:
    return begin_of(lines, index) if group == "table" else index


def _add(table: _Table, line: str) -> None:
    """Take in one row."""
    match = _NETSTAT.match(line) or _SS.match(line)
    if match is None:
        return
    named = match.groupdict()
    pid, comm = named.get("pid") or "", named.get("comm") or ""
    if named.get("owner") and named["owner"] != "-":
        pid, _, comm = named["owner"].partition("/")
    table.rows += 1
    table.states.setdefault((pid, comm), Counter())[state_name(match["state"])] += 1


def _metrics(states: Counter[str]) -> dict[str, int]:
    return {metric: states[state] for state, metric in STATE_METRICS.items() if states[state]}


def _facts(states: Counter[str]) -> dict[str, str]:
    return {"process.socket_states": "\n".join(f"{count} tcp {state}" for state, count in states.most_common())}


def _of_table(table: _Table) -> Iterator[Reading]:
    enough = not table.cut and (table.headed or table.rows >= _ENOUGH_ROWS)
    notes = () if enough else ("only some rows of the table of connections stand here: they are not counted",)
    named = {owner: states for owner, states in table.states.items() if owner[0]}
    owners = sorted(named.items(), key=lambda item: -item[1].total())[:_MOST_PROCESSES]
    for (pid, comm), states in owners:
        facts = _facts(states) | ({"process.comm": re.sub(r"^\./", "", comm).rstrip(":")} if comm else {})
        metrics = _metrics(states) if enough else {}
        yield Reading(
            metrics=metrics, facts=facts, subject=f"pid {pid}", notes=notes, line=table.first, last_line=table.last
        )
    rest = table.states.get(("", ""))
    if rest:
        if named:  # what no process owns: only the kernel's TIME_WAIT says something
            metrics = {k: v for k, v in _metrics(rest).items() if k == "process.sockets_time_wait_count"}
        else:
            metrics = _metrics(rest)
            notes = (*notes, "the table is of the whole host or container, not of one process")
        yield Reading(
            metrics=metrics if enough else {}, facts=_facts(rest), notes=notes, line=table.first, last_line=table.last
        )


def _of_counts(counted: Counter[str], lines: Sequence[int]) -> Reading:
    note = "the counts by state are of what the command listed, perhaps the whole host"
    return Reading(metrics=_metrics(counted), facts=_facts(counted), notes=(note,), line=lines[0], last_line=lines[-1])


def _readings(text: str) -> Iterator[Reading]:
    """A table ends where the next header stands, a list of counts where a state comes again."""
    table, counted = _Table(), Counter[str]()
    counted_lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line[:_LONGEST_LINE]
        kind = _kind(line) if _quick(line) else ""
        if kind == "counted" and (match := _COUNTED.match(line)):
            state = state_name(match["state"] or match["state2"])
            if state in counted:
                yield _of_counts(counted, counted_lines)
                counted, counted_lines = Counter[str](), []
            counted[state] += int(match["before"] or match["after"])
            counted_lines.append(number)
        elif kind in ("row", "header"):
            if kind == "header" and table.rows:
                yield from _of_table(table)
                table = _Table()
            table.headed = table.headed or kind == "header"
            table.first, table.last = table.first or number, number
            _add(table, line)
        elif kind == "omission" and table.first:
            table.cut = True
        elif (piped := PIPED.search(line)) and piped["tool"] not in ("grep", "egrep", "awk"):
            table.cut = True  # one that picks a state or a process leaves the counts by state right
    if table.rows:
        yield from _of_table(table)
    if counted:
        yield _of_counts(counted, counted_lines)


def parse(text: str) -> tuple[Reading, ...]:
    """Counts by state: one reading for each of the largest processes where the table names them, else one in all.

    ParseError when no line tells of a connection.
    """
    readings = tuple(_readings(text))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no connections of netstat or ss")
    return readings
