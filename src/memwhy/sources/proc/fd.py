"""The process's descriptors: one line `N -> TARGET` each, as readlink(1) shows them.

Source: proc_pid_fd(5). A newline in a target is spelled \\n. Past MOST descriptors only their number is
kept, in one line of words: naming each would cost the sick machine more than it tells.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import subject_near
from memwhy.sources.proc.files import decode, numeric_names, printable, process_path
from memwhy.sources.span import Span

NAME = "proc/fd"

MOST = 20_000

_MODE = re.compile(r"[-bcdlps][-rwxsStT]{9}[.+@]?")
_TOO_MANY = re.compile(rb"(\d{1,10}) descriptors, too many to name each")
PROFILE = "descriptors"
MOST_FILES = 200
"""Names of files that are told apart, digits folded; those beyond are put together by directory, then as others."""
_DIGITS = re.compile(r"\d+")
_METRICS = {
    "socket": "process.sockets_count",
    "pipe": "process.pipes_count",
    "file": "process.files_count",
    "memfd": "process.memfds_count",
    "anon_inode": "process.anon_inodes_count",
}


def descriptors(root: str, pid: int) -> Iterator[tuple[int, str]]:
    """Number and target of each descriptor; one that is closed meanwhile is passed over."""
    folder = process_path(root, pid, "fd")
    for number in numeric_names(folder):
        try:
            yield number, os.readlink(f"{folder}/{number}")
        except FileNotFoundError:
            continue


def read(root: str, pid: int) -> bytes:
    """Our own text, sorted by number; only the count where there are more than MOST."""
    total = sum(1 for _ in numeric_names(process_path(root, pid, "fd")))
    if total > MOST:
        return b"%d descriptors, too many to name each\n" % total
    named = sorted(descriptors(root, pid))
    return b"".join(b"%d -> %s\n" % (number, os.fsencode(target).replace(b"\n", b"\\n")) for number, target in named)


def kind_of(target: str) -> str:
    """socket, pipe, memfd, anon_inode, file or other."""
    if target.startswith(("socket:", "pipe:", "anon_inode:")):
        return target.partition(":")[0]
    if target.startswith("/memfd:"):
        return "memfd"
    return "file" if target.startswith("/") else "other"


def target_of(line: str) -> str:
    """The target that a line `N -> TARGET` names, bare or as `ls -l` prints it; "" for other lines.

    On a terminal ls puts such a target in quotes.
    """
    left, arrow, target = line.strip(" \t\r>|│").partition(" -> ")
    if not arrow:
        return ""
    words = left.split()
    number = words[-1].rpartition("/fd/")[2] if words else ""
    listed = len(words) == 1 or (len(words) > 1 and _MODE.fullmatch(words[0]))
    return target.strip().strip("'") if listed and number.isdecimal() and len(number) <= 10 else ""


def parse(raw: bytes) -> Reading:
    """Counts by kind; fact process.descriptors lists `count kind` (anon inodes by their kind, deleted files apart). A profile of
    kind "descriptors" counts them by what they are: frames are (`socket`), (`eventpoll`), (`file`, `/var/log/app-#.log`).

    Reads the output of `ls -l /proc/PID/fd` as well. An empty text is a process without descriptors.
    """
    if too_many := _TOO_MANY.match(raw):
        total = int(too_many[1])
        return Reading(
            metrics={"process.descriptors_count": total},
            notes=(f"{total} descriptors: counted, not looked at one by one",),
        )
    targets = [target for line in decode(raw).split("\n") if (target := target_of(line))]
    if raw.strip() and not targets:
        raise ParseError(NAME, None, raw[:80], "has no line `N -> TARGET`")
    kinds = Counter(kind_of(target) for target in targets)
    named = Counter(_name_of(target) for target in targets)
    metrics = {"process.descriptors_count": len(targets)}
    metrics |= {metric: kinds[kind] for kind, metric in _METRICS.items()}
    rows = [f"{number} {name}" for name, number in sorted(named.items(), key=lambda item: (-item[1], item[0]))]
    facts = {"process.descriptors": "\n".join(rows)} if rows else {}
    return Reading(metrics=metrics, facts=facts, profiles=(_by_name(targets),) if targets else ())


def _by_name(targets: Sequence[str]) -> Profile:
    """What is open, files by name; digits stand as #, so that files which are numbered are one."""
    groups: Counter[tuple[str, ...]] = Counter()
    for target in targets:
        name = _name_of(target)
        is_file = name in ("file", "deleted file")
        groups[(name, _DIGITS.sub("#", printable(target.removesuffix(" (deleted)")))) if is_file else (name,)] += 1
    if len(groups) > MOST_FILES:
        folders: Counter[tuple[str, ...]] = Counter()
        for group, number in groups.items():
            folders[(group[0], f"in {group[1].rpartition('/')[0] or '/'}") if len(group) > 1 else group] += number
        groups = folders
    kept = groups.most_common(MOST_FILES)
    rest = sum(groups.values()) - sum(number for _, number in kept)
    samples = sorted([*kept, *([(("others",), rest)] if rest else [])], key=lambda item: (-item[1], item[0]))
    return Profile(
        kind=PROFILE,
        unit="count",
        total=len(targets),
        stacks=tuple(StackSample(frames=frames, value=number) for frames, number in samples),
    )


def _name_of(target: str) -> str:
    """The word under which a descriptor is counted in process.descriptors."""
    kind = kind_of(target)
    if kind == "anon_inode":
        return printable(target.partition(":")[2].strip("[]"))[:40]
    if kind == "file":
        if target.endswith(" (deleted)"):
            return "deleted file"
        return "device" if target.startswith("/dev/") and not target.startswith("/dev/shm/") else "file"
    return kind


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of `N -> TARGET`, bare or within `ls -l`; one arrow alone is too little, unless it names a socket or pipe."""
    first = -1
    for index in range(len(lines) + 1):
        if index < len(lines) and target_of(lines[index]):
            first = index if first < 0 else first
            continue
        if first >= 0:
            telling = any(
                mark in line for line in lines[first:index] for mark in ("socket:[", "pipe:[", "anon_inode:", "/dev/")
            )
            if telling and not _is_cut(lines, first):
                yield Span(first=first, last=index - 1, subject=subject_near(lines, _listing_head(lines, first)))
            first = -1


_CUT = re.compile(r"\|\s*(?:tail|head|grep|sed|sort|awk|less|more)\b")


def _is_cut(lines: Sequence[str], first: int) -> bool:
    """The command above shows a part of the listing only: its rows are no count."""
    above = (lines[index] for index in range(first - 1, max(-1, first - 4), -1))
    return any(_CUT.search(line[:500]) is not None for line in above if "/fd" in line)


def _listing_head(lines: Sequence[str], first: int) -> int:
    """The line above `total 0` and its like, where ls prints one."""
    return first - 1 if first and lines[first - 1].strip().startswith("total ") else first
