"""Rows of process tables: from named columns to readings, the ones that matter, and the sum of the whole table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memwhy.model.reading import Reading
from memwhy.sources.system.cells import is_share, is_time, program_of, size_of

LARGEST = 10
"""Rows of a table of many processes that are handed on."""
WHOLE_ROWS = 8
"""A table of fewer rows is no table of a host."""
_WHOLE_PROGRAMS = 3  # what is left of a grep is of one program

SIZES = {
    "virtual": "process.virtual_bytes",
    "rss": "process.rss_bytes",
    "shared": "process.shared_bytes",
    "swap": "process.swap_bytes",
    "pss": "process.pss_bytes",
    "uss": "process.uss_bytes",
}
"""Canonical names of columns that are sizes, and what they say."""

_INITS = frozenset(
    ("init", "systemd", "launchd", "tini", "dumb-init", "docker-init", "s6-svscan", "supervisord", "runit", "runsvdir",
     "sh", "bash", "procd", "openrc-init", "busybox", "linuxrc", "catatonit", "pause", "su", "sudo", "gosu", "")
)  # fmt: skip
_PID = re.compile(r"\d{1,10}[*+-]?")
_STATE = re.compile(r"[A-Za-z?][A-Za-z0-9+<\[\]_]{0,9}")
_THREADS = re.compile(r"(\d{1,7})(?:/\d{1,7})?")
_DAYS = frozenset(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
_MONTHS = frozenset(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One process in a table. line: 0-based; pid: None where the row does not tell it."""

    line: int
    pid: int | None
    comm: str
    metrics: Mapping[str, int]
    quanta: Mapping[str, int]
    wall_ns: int | None = None
    elapsed_ns: int | None = None

    @property
    def rss_bytes(self) -> int:
        return self.metrics.get("process.rss_bytes", 0)

    @property
    def key(self) -> str:
        """Whose row it is, as a subject."""
        return f"pid {self.pid}" if self.pid is not None else f"process {self.comm}" if self.comm else ""


@dataclass(slots=True)
class Table:
    """Rows of one moment, and what stood above them."""

    rows: list[Row] = field(default_factory=list)
    sums: bool = True  # the rows are processes and all of their kind, so their sum means something


def split_cells(names: Sequence[str], text: str) -> dict[str, str] | None:
    """A plain row's cells by column name; "" columns are passed over, one "command" column may hold blanks."""
    tokens = text.split(" ")
    if "command" not in names:
        tokens = _join_dates(names, tokens)
        return dict(zip(names, tokens, strict=True)) if len(tokens) == len(names) else None
    at = names.index("command")
    tokens = _join_dates(names[:at], tokens)
    after = len(names) - at - 1
    if len(tokens) < at + after or len(tokens) < at:
        return None
    stop = len(tokens) - after
    cells = dict(zip(names[:at], tokens[:at], strict=True))
    cells |= dict(zip(names[at + 1 :], tokens[stop:], strict=True))
    cells["command"] = " ".join(tokens[at:stop])
    return cells


def _join_dates(names: Sequence[str], tokens: list[str]) -> list[str]:
    """`Mon Jan 1 00:00:00 2024` (lstart) and `Jan 01` (start) become one token where a column of starts stands."""
    if "start" not in names:
        return tokens
    at = names.index("start")
    if len(tokens) <= at + 1:
        return tokens
    if tokens[at] in _DAYS and len(tokens) >= at + 5 and tokens[at + 1] in _MONTHS:
        return [*tokens[:at], " ".join(tokens[at : at + 5]), *tokens[at + 5 :]]
    if tokens[at] in _MONTHS and tokens[at + 1].isdigit() and len(tokens[at + 1]) <= 2:
        return [*tokens[:at], " ".join(tokens[at : at + 2]), *tokens[at + 2 :]]
    return tokens


def row_of(cells: Mapping[str, str], line: int, **when: int | None) -> Row | None:
    """A row whose every known cell is what its column holds, else None."""
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    for name, cell in cells.items():
        if name in SIZES:
            measured = size_of(cell)
            if measured is None:
                if name in ("rss", "virtual") or cell != "-":
                    return None
                continue
            metrics[SIZES[name]], quanta[SIZES[name]] = measured
        elif name == "threads":
            count = _THREADS.fullmatch(cell)
            if count is None:
                return None
            metrics["process.threads_count"] = int(count[1])
        elif not _fits(name, cell):
            return None
    if not metrics or not _plausible(metrics, quanta):
        return None
    pid = cells.get("pid", "")
    return Row(
        line=line,
        pid=int(pid.rstrip("*+-")) if _PID.fullmatch(pid) else None,
        comm=program_of(cells.get("command", "")),
        metrics=metrics,
        quanta=quanta,
        wall_ns=when.get("wall_ns"),
        elapsed_ns=when.get("elapsed_ns"),
    )


def _fits(name: str, cell: str) -> bool:
    """Whether a cell can stand in a column of that name."""
    if name == "pid":
        return _PID.fullmatch(cell) is not None or _redacted(cell)
    if name in ("cpu", "mem"):
        return is_share(cell) or cell == "-"
    if name == "state":
        return _STATE.fullmatch(cell) is not None
    if name == "time":
        return is_time(cell) or cell == "-"
    if name == "number":
        return cell.lstrip("-").isdigit() or cell in ("-", "rt", "RT")
    return True


def _redacted(cell: str) -> bool:
    """`****`, `<pid>`, `xxxx`."""
    return len(cell) >= 2 and (set(cell) <= set("*xX.…") or (cell[0] in "<[" and cell[-1] in ">]"))


def _plausible(metrics: Mapping[str, int], quanta: Mapping[str, int]) -> bool:
    """What is resident lies within the address space, and what is shared within what is resident."""
    for small, large in (("rss", "virtual"), ("shared", "rss")):
        inner, outer = SIZES[small], SIZES[large]
        if inner in metrics and outer in metrics:
            slack = quanta.get(inner, 1) + quanta.get(outer, 1)
            if metrics[inner] > metrics[outer] + slack + metrics[outer] // 50:
                return False
    return True


def readings_of(table: Table, notes: tuple[str, ...] = ()) -> Iterator[Reading]:
    """One reading a row for the largest rows, largest first, then the sum over a table that looks whole."""
    rows = table.rows
    kept = one_each(rows)[:LARGEST]
    first = _first_of_container(rows)
    if first is not None and first not in kept:
        kept.append(first)
    for row in kept:
        yield Reading(
            metrics=row.metrics,
            quanta=row.quanta,
            facts=({"process.comm": row.comm} if row.comm else {}) | ({"process.first": "1"} if row is first else {}),
            subject=row.key or None,
            wall_ns=row.wall_ns,
            elapsed_ns=row.elapsed_ns,
            notes=notes if row is kept[0] else (),
            line=row.line + 1,
            last_line=row.line + 1,
        )
    resident = [row for row in rows if "process.rss_bytes" in row.metrics]
    if table.sums and len(resident) >= WHOLE_ROWS and len({row.comm for row in resident}) >= _WHOLE_PROGRAMS:
        yield Reading(
            metrics={"host.processes_rss_bytes": sum(row.rss_bytes for row in resident)},
            quanta={"host.processes_rss_bytes": sum(row.quanta.get("process.rss_bytes", 1) for row in resident)},
            wall_ns=rows[0].wall_ns,
            elapsed_ns=rows[0].elapsed_ns,
            line=rows[0].line + 1,
            last_line=rows[-1].line + 1,
        )


def _first_of_container(rows: Sequence[Row]) -> Row | None:
    """The program that a container was made for: number 1, beside others, and none of those that only start and reap."""
    first = next((row for row in rows if row.pid == 1 and any(row.metrics.values())), None)
    return first if first is not None and len(rows) > 1 and first.comm not in _INITS else None


def split_tables(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows cut where a process comes again: the same command printed twice is a series.

    Where rows tell no pid, different programs are a table and one program alone is a series.
    """
    if all(row.pid is None for row in rows) and len({row.comm for row in rows}) > 1:
        yield list(rows)
        return
    table: list[Row] = []
    seen: set[str] = set()
    for row in rows:
        if row.key in seen:
            yield table
            table, seen = [], set()
        table.append(row)
        seen.add(row.key)
    if table:
        yield table


def one_each(rows: Sequence[Row]) -> list[Row]:
    """Largest first; of rows that cannot be told apart the largest: several processes of one name are no series."""
    largest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (-row.rss_bytes, -row.metrics.get("process.virtual_bytes", 0))):
        largest.setdefault(row.key or str(row.line), row)
    # kernel threads have no memory of their own
    return [row for row in largest.values() if any(row.metrics.values())] or list(largest.values())[:1]
