"""Numbers after a shell pipeline that counts descriptors, sockets, threads, mappings, goroutines or processes: `ls /proc/PID/fd | wc -l`.

What a number means stands in the command only. A loop gives a series; its `sleep N` (or `watch -n N`) tells how far its
readings lie apart. `lsof` also lists libraries and mapped files, so its count of lines is above that of the descriptors. Of several states that
are counted in one dump (`grep -c 'chan send' quit.log`) the largest is kept: there are at least so many goroutines.

Fact children.program: the program whose processes were counted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "pasted/counts"
PROCESSES = "process.children_count"
TRIGGERS = (b"wc -", b"grep -", b"nlwp")

_COUNTS = re.compile(
    r"\|\s*wc\s+-[lw]|\bwc -l\s*<|\bwc -l\s+\S{0,40}/(?:maps|smaps)\b|\bp?grep\s+(?:-[a-zA-Z]+\s+){0,3}-[a-zA-Z]*c[a-zA-Z]*\b|\bnlwp\b|--count\b"
)
_TOOL = re.compile(
    r"\b(?:lsof|netstat|ss|ps|ls|find|pstree|jstack|curl|wget|cat|top|p?grep|pidof|pmap)\b|/proc/|/fd\b|/task\b"
)
_BACKTICKED = re.compile(r"`([^`\n]{8,200})`")
_AFTER = re.compile(r"^[^\d`\n]{0,40}?(?<![\w.#-])(\d{1,3}(?:,\d{3})+|\d{1,9})(?![\w%]|[.,:/-]\d)")
_NUMBER = re.compile(r"[ \t>|`*]{0,20}(\d{1,3}(?:,\d{3})+|\d{1,9})[ \t`*|]{0,20}$")
_STAMPED = re.compile(r"(?P<stamp>\S.{6,60}?\d)[\s,;:|\]-]{1,6}(?P<number>\d{1,9})\s*$")
_LABELLED = re.compile(r"[ \t>|`*]{0,20}(?P<label>[A-Za-z][\w.@/-]{0,60}?)\s?[:=]\s?(?P<number>\d{1,9})\s*$")
_SLEEP = re.compile(r"\bsleep\s+(\d{1,6}(?:\.\d{1,3})?)([smh]?)\b|\bwatch\b[^|;]{0,30}?-n\s?(\d{1,6}(?:\.\d{1,3})?)")
_SHELL = re.compile(r"^[ \t>$#]*(?:sleep\b|do\b|done\b|date\b|echo\b|then\b|fi\b|\^C|```|~~~|Every \d|NLWP\b|THCNT\b)")
_PID = re.compile(r"/proc/(\d{1,9})\b|\s-p\s?(\d{1,9})\b")
_COMMAND_START = re.compile(
    r"^[ \t>`*-]{0,12}(?:sudo |watch |while |for |until |date;|echo |lsof |ls |netstat |ss |ps |find |cat |pstree |jstack |kubectl |"
    r"docker |curl |wget |grep |wc |pmap |adb |pgrep |pidof )"
)
_STATES = (
    ("close_wait", "process.sockets_close_wait_count"), ("close-wait", "process.sockets_close_wait_count"),
    ("time_wait", "process.sockets_time_wait_count"), ("time-wait", "process.sockets_time_wait_count"),
    ("timewait", "process.sockets_time_wait_count"), ("estab", "process.sockets_established_count"),
    ("listen", "process.sockets_listen_count"),
)  # fmt: skip
_KINDS = (
    (r"sock|tcp|udp|ipv[46]|unix|http", "process.sockets_count"),
    (r"fifo|pipe", "process.pipes_count"),
    (r"a_inode|eventpoll|eventfd|anon_inode|timerfd|inotify", "process.anon_inodes_count"),
    (r"memfd", "process.memfds_count"),
    (r"\breg\b|deleted", "process.files_count"),
)
_FILED = re.compile(
    r"[ \t>|`*]{0,20}(?P<number>\d{1,9})\s{1,4}/proc/(?P<pid>\d{1,9})/(?:task/\d{1,9}/)?s?maps[ \t`*|]{0,20}$"
)
_WHOLE_MAPS = re.compile(
    r"(?:grep\s+(?:-{1,2}[a-z-]{1,12}\s+){0,4}(?:['\"]?(?:\^?|\.|-|rw-p|r--p|7f|anon|00:00)['\"]?\s+)?|wc -l\s*<?\s*|cat\s+)\S{0,40}/maps\b|"
    r"\bpmap\s|/smaps\b.{0,80}\bsize\b|\bsize\b.{0,20}\s\S{0,40}/smaps\b|\brss\b.{0,20}\s\S{0,40}/smaps\b"
)
_PROGRAM = re.compile(
    r"(?:\bps\s[^|]{0,80}\|(?:[^|]{0,60}\|)??\s{0,3}grep|(?<![`(])\bpgrep|(?<![`(])\bpidof)\s+(?:-[a-zA-Z]{1,8}\s+){0,3}['\"]?\[?(?P<first>[A-Za-z])\]?(?P<rest>[\w./-]{1,60})"
)
"""A program's name, by which rows of ps are kept; `[c]hrome` keeps the grep itself out."""
_NO_PROGRAMS = frozenset(("defunct", "zombie", "grep"))
_STATES_OF_GOROUTINES = re.compile(
    r"chan send|chan receive|\bselect\b|io wait|semacquire|sync\.|goroutine \S{0,12}\[|\[(?:sleep|runnable|syscall|running)\b"
)
_SOURCES = re.compile(r"\.(?:go|py|c|md|sql|ya?ml)\b|grep\s+-[a-z]*r[a-z]*\s|--include")
_DUMP = re.compile(
    r"(?P<pattern>\"[^\"]{1,80}\"|'[^']{1,80}'|[^\s|;&]{1,80})\s+(?P<file>[^\s|;&<>\"'-][^\s|;&<>\"']{0,200})"
)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_MOST_SENTENCES = 200
_LONGEST_LINE = 1000
_MOST_BLANK_LINES = 2


@dataclass(slots=True)
class _Command:
    """A counting command and the lines that follow; line indices are 0-based."""

    first: int
    last: int
    text: str
    metrics: tuple[str | None, ...]
    host: str | None = None
    values: list[tuple[int, int, str, int | None]] = field(default_factory=list)  # line, number, label, wall_ns


def program_in(command: str) -> str | None:
    """The program whose processes a pipeline counts."""
    match = _PROGRAM.search(command)
    name = (match["first"] + match["rest"]).rpartition("/")[2] if match else ""
    return name if name and name not in _NO_PROGRAMS else None


def metric_of(command: str) -> str | None:
    """The metric that one counting pipeline gives, or None where it counts something else."""
    lowered = command.lower()
    wanted = " ".join(
        re.findall(r"grep\s+((?:-[a-z]+\s+)*[^|;]{1,80})", re.sub(r"grep\s+-[a-z]*v[a-z]*\s+\S+", "", lowered))
    )
    if re.search(r"\bnlwp\b", lowered):
        return "process.threads_count"
    if "goroutine" in lowered and re.search(r"debug=2|\^goroutine", lowered):
        return "go.goroutines_count"
    if re.search(r"/task\b", lowered) or re.search(r"\bps\s+(?:\S+\s+){0,4}-?[a-z]*(?:L|T|m)", command):
        return "process.threads_count"
    if "jstack" in lowered or re.search(r"\bnid=|\btid=|java\.lang\.thread\.state|\bprio=", wanted):
        return "process.threads_count"
    if re.search(r"/s?maps\b|\bpmap\s", lowered):
        return "process.mappings_count" if _WHOLE_MAPS.search(lowered) else None
    in_dump = re.search(r"\bgoroutine\b|created by", wanted) or _STATES_OF_GOROUTINES.search(wanted)
    if in_dump and "/proc/" not in lowered and _SOURCES.search(lowered) is None:  # a dump, not a program's text
        return "go.goroutines_count"
    connections = re.search(r"\b(?:netstat|ss)\s|/net/tcp|\blsof\b.*\s-i", lowered)
    if connections or re.search(r"\blsof\b", lowered):
        for word, metric in _STATES:
            if word in wanted or f"state {word}" in lowered:
                return metric
    if connections:
        return "process.sockets_count"
    if re.search(r"\blsof\b|/fd(?![a-z])", lowered):
        return next((metric for pattern, metric in _KINDS if re.search(pattern, wanted)), "process.descriptors_count")
    return PROCESSES if program_in(command) is not None and "/proc/" not in lowered else None


def _command(line: str, index: int) -> _Command | None:
    """The counting command that a line shows, at a prompt or as a line of its own."""
    line = line[:_LONGEST_LINE]
    if not _COUNTS.search(line) or not _TOOL.search(line):
        return None
    prompt = read_prompt(line)
    text = prompt.command if prompt else line.strip().strip("`*> ")
    if prompt is None and not _COMMAND_START.match(line):
        return None
    metrics = _metrics_in(text)
    if not any(metrics):
        return None
    return _Command(index, index, text, metrics, prompt.host if prompt else None)


@lru_cache(maxsize=4096)
def _metrics_in(text: str) -> tuple[str | None, ...]:
    """One metric for each part of a command line that counts, None for parts that count something else."""
    parts = [part for part in re.split(r";|&&|\bdo\b", text[:_LONGEST_LINE]) if _COUNTS.search(part)]
    return tuple(metric_of(part) for part in parts)


def _value(line: str, command: _Command) -> tuple[int, str, int | None] | None:
    """(number, label, wall_ns) that a line of output holds."""
    line = line[:_LONGEST_LINE].rstrip()
    if match := _NUMBER.match(line):
        return int(match[1].replace(",", "")), "", None
    if "maps" in line and (match := _FILED.match(line)):
        return int(match["number"]), f"pid {int(match['pid'])}", None
    if (match := _STAMPED.match(line.lstrip(" >|`"))) and len(line) < 90:
        stamp = read_stamp(match["stamp"])
        if stamp is not None:
            return int(match["number"]), "", stamp.wall_ns
    if ("echo" in command.text or "printf" in command.text or "for " in command.text) and (
        match := _LABELLED.match(line)
    ):
        return int(match["number"]), match["label"], None
    return None


def _commands(lines: Sequence[str]) -> Iterator[_Command]:
    """Counting commands with at least one number after them."""
    current: _Command | None = None
    stamp_ns: int | None = None
    for index, line in enumerate(lines):
        if current is None and not ("wc" in line or "grep" in line or "nlwp" in line):
            continue
        begun = _command(line, index)
        if begun is not None:
            if current is not None and current.values:
                yield current
            current, stamp_ns = begun, None
            continue
        if current is None:
            continue
        value = _value(line, current)
        if value is not None:
            number, label, wall_ns = value
            current.values.append((index, number, label, wall_ns if wall_ns is not None else stamp_ns))
            current.last, stamp_ns = index, None
        elif len(line) < 60 and (stamp := read_stamp(line)) is not None:
            stamp_ns = stamp.wall_ns
        elif _SHELL.match(line) and not current.values:
            current.text = f"{current.text}; {line.strip()}"[:_LONGEST_LINE]
        elif (
            line.strip(" \t`~>") and not line.strip().startswith(("...", "…"))
        ) or index - current.last > _MOST_BLANK_LINES:
            if current.values:
                yield current
            current = None
    if current is not None and current.values:
        yield current


def _dump_of(command: _Command) -> tuple[str, bool] | None:
    """(the file in which goroutines are counted, whether only those of one state are); None for other counts."""
    if command.metrics != ("go.goroutines_count",) or "curl" in command.text:
        return None
    found = re.search(r"grep\s+(?:-{1,2}[A-Za-z-]{1,12}\s+){0,4}", command.text)
    match = _DUMP.match(command.text, found.end()) if found else None
    if match is None:
        return None
    return match["file"], _STATES_OF_GOROUTINES.search(match["pattern"].lower()) is not None


def _telling(commands: Sequence[_Command]) -> list[_Command]:
    """The commands without those that count a state of a dump which another command counts more of."""
    most: dict[str, tuple[bool, int]] = {}
    dumps = [_dump_of(command) for command in commands]
    for command, dump in zip(commands, dumps, strict=True):
        if dump is not None and len(command.values) == 1:
            rank = (not dump[1], command.values[0][1])
            most[dump[0]] = max(most.get(dump[0], rank), rank)
    return [
        command
        for command, dump in zip(commands, dumps, strict=True)
        if dump is None or len(command.values) != 1 or most[dump[0]] == (not dump[1], command.values[0][1])
    ]


def _said(line: str) -> Iterator[tuple[str, int, str | None]]:
    """(metric, number, subject) of commands in backticks that a sentence gives the number of."""
    for match in _BACKTICKED.finditer(line[:_LONGEST_LINE]):
        if not _COUNTS.search(match[1]) or not _TOOL.search(match[1]):
            continue
        metrics = _metrics_in(match[1])
        after = _AFTER.match(line[match.end() : match.end() + 80])
        if len(metrics) == 1 and metrics[0] is not None and after:
            yield metrics[0], int(after[1].replace(",", "")), _process_in(match[1])


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Counting commands with the numbers below them, and sentences that give such a command with its number."""
    taken, sentences = -1, 0
    spans = {command.first: command.last for command in _telling(list(_commands(lines)))}
    for index, line in enumerate(lines):
        if index in spans:
            yield Span(first=index, last=spans[index])
            taken = spans[index]
        elif index > taken and sentences < _MOST_SENTENCES and "`" in line and any(_said(line)):
            sentences += 1
            yield Span(first=index, last=index)


def _apart_ns(text: str) -> int | None:
    """How far the rounds of a loop lie apart."""
    match = _SLEEP.search(text)
    if match is None:
        return None
    seconds = float(match[1] or match[3]) * _SECONDS[match[2] or ""]
    return round(seconds * NS_PER_S) or None


def _process_in(command: str) -> str | None:
    """ "pid N" where a command names a process by its number."""
    match = _PID.search(command)
    return f"pid {int(match[1] or match[2])}" if match else None


def _of_command(command: _Command) -> Iterator[Reading]:
    subject = _process_in(command.text) or (f"host {command.host}" if command.host else None)
    apart_ns = _apart_ns(command.text)
    stamped = all(wall_ns is not None for *_, wall_ns in command.values)
    lsof = re.search(r"\blsof\b", command.text)
    width = len(command.metrics)
    for i, (line, number, label, wall_ns) in enumerate(command.values):
        metric = command.metrics[i % width]
        if metric is None:
            continue
        notes: tuple[str, ...] = ()
        if i < width and metric == "go.goroutines_count" and (dump := _dump_of(command)) is not None and dump[1]:
            notes = ("goroutines of one state only: there are at least so many",)
        if i < width and lsof and metric == "process.descriptors_count":
            notes = ("lsof counts libraries and mapped files as well: there are somewhat fewer descriptors",)
        program = program_in(command.text) if metric == PROCESSES else None
        yield Reading(
            metrics={metric: number},
            facts={"children.program": program} if program else {},
            wall_ns=wall_ns if stamped else None,
            elapsed_ns=None
            if stamped or apart_ns is None or label or len(command.values) <= width
            else i // width * apart_ns,
            subject=label or subject,
            notes=notes,
            line=line + 1,
            last_line=line + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each number, in order. ParseError when no number follows a counting command."""
    lines = text.split("\n")
    readings = [reading for command in _commands(lines) for reading in _of_command(command)]
    if not readings:
        readings = [
            Reading(metrics={metric: value}, subject=subject, line=number, last_line=number)
            for number, line in enumerate(lines, start=1)
            for metric, value, subject in _said(line)
        ]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no number after a command that counts")
    return tuple(readings)
