"""The process's threads: one line `TID STATE NAME` each. Source: proc_pid_task(5), proc_pid_stat(5).

Past MOST threads only their number is kept.
"""

import re
from collections import Counter, defaultdict

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import decode, numeric_names, printable, process_path, read_file

NAME = "proc/threads"

MOST = 20_000
GROUPS = 30

_STAT = re.compile(rb"\d+ \((.*)\) (\S)", re.DOTALL)
_LINE = re.compile(r"(\d{1,10}) ([A-Za-z?]) (.*)")
_TOO_MANY = re.compile(rb"(\d{1,10}) threads, too many to name each")
_DIGITS = re.compile(r"\d+")


def read(root: str, pid: int) -> bytes:
    """Our own text, sorted by thread id; a thread that ends meanwhile is left out."""
    folder = process_path(root, pid, "task")
    total = sum(1 for _ in numeric_names(folder))
    if total > MOST:
        return b"%d threads, too many to name each\n" % total
    lines: list[bytes] = []
    for tid in sorted(numeric_names(folder)):
        try:
            match = _STAT.match(read_file(f"{folder}/{tid}/stat"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if match:
            lines.append(b"%d %s %s\n" % (tid, match[2], match[1].replace(b"\n", b"\\n")))
    return b"".join(lines)


def parse(raw: bytes) -> Reading:
    """The number of threads; facts process.threads (`count name`, digits folded to #, where that joins several, largest first),
    process.thread_states (`count state`)."""
    if too_many := _TOO_MANY.match(raw):
        total = int(too_many[1])
        return Reading(
            metrics={"process.threads_count": total}, notes=(f"{total} threads: counted, not looked at one by one",)
        )
    names: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for number, line in enumerate(decode(raw).split("\n"), start=1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(NAME, number, line, "not a line `TID STATE NAME`")
        states[match[2]] += 1
        names[printable(match[3])] += 1
    if not states:
        raise ParseError(NAME, None, raw[:80], "has no thread")
    groups = sorted(_folded(names).items(), key=lambda item: (-item[1], item[0]))
    rows = [f"{number} {name}" for name, number in groups[:GROUPS]]
    if len(groups) > GROUPS:
        rows.append(f"{sum(number for _, number in groups[GROUPS:])} of {len(groups) - GROUPS} other names")
    facts = {
        "process.threads": "\n".join(rows),
        "process.thread_states": "\n".join(f"{number} {state}" for state, number in sorted(states.items())),
    }
    return Reading(metrics={"process.threads_count": states.total()}, facts=facts)


def _folded(names: Counter[str]) -> Counter[str]:
    """`worker-1` and `worker-22` as `worker-#`; a name without such a neighbour keeps its digits."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_DIGITS.sub("#", name)].append(name)
    return Counter(
        {folded if len(those) > 1 else those[0]: sum(names[name] for name in those) for folded, those in alike.items()}
    )
