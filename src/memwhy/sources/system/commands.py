"""Commands in a page that say what the figures below them are: the options of ps, a pipeline's last steps, a loop's period."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.system.cells import plain

_LONGEST = 600
_SLEEP = re.compile(r"\bsleep (\d{1,6}(?:\.\d{1,3})?)([smh]?)\b")
_WATCH = re.compile(r"\bwatch (?:-\w{1,3} )?-n ?(\d{1,5})\b")
_AWK_COLUMN = re.compile(r"awk +(?:-\w \S{1,5} +)?['\"]\{ ?print \$(\d{1,2}) ?;?\}['\"]")
_AWK_SUM = re.compile(r"awk +['\"]\{ ?\w{1,12} ?\+= ?\$(\d{1,2}) ?;?\} ?END ?\{ ?print[f(]{0,2} ?(.{1,80}?)\}['\"]")
_PID = re.compile(r"(?:-p ?|--pid[ =]|pid=|/proc/|pmap (?:-\w{1,6} ){0,3}|-q ?)(\d{1,10})\b")
_NAME = re.compile(r"(?:pgrep|pidof|p?grep|-C)(?: +-{1,2}[\w-]{1,16})*[ =]+['\"]?\[?([A-Za-z][\w.\]-]{1,40})['\"]?")
_SCALE = re.compile(r"/ ?(1024|1000|1048576|1e6)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line. text: without its prompt; period_s: how long its loop waits."""

    text: str
    period_s: float | None

    @property
    def column(self) -> int | None:
        """The column that a last awk prints, from 1."""
        match = _AWK_COLUMN.search(self.text)
        return int(match[1]) if match else None

    @property
    def summed(self) -> tuple[int, int] | None:
        """(column that awk sums, what it divides the sum by)."""
        match = _AWK_SUM.search(self.text)
        if match is None:
            return None
        divisor = 1
        for factor in _SCALE.findall(match[2]):
            divisor *= int(float(factor))
        return int(match[1]), divisor

    @property
    def pid(self) -> int | None:
        """The process that it asks about, by number."""
        match = _PID.search(self.text)
        return int(match[1]) if match else None

    @property
    def name(self) -> str | None:
        """What it searches for: a program's name, or a part of it that somebody typed."""
        match = _NAME.search(self.text) if self.pid is None else None
        return match[1].replace("]", "") if match else None


def command_in(line: str, words: Sequence[str]) -> Command | None:
    """The command line with one of the words as a program in a line: behind a prompt, in back-ticks, or bare."""
    line = line[:_LONGEST]
    word = next((word for word in words if word in line), None)
    if word is None:
        return None
    prompt = read_prompt(line)
    text = plain(prompt.command if prompt is not None and prompt.command else line)
    starts = re.search(rf"(?:^|[|;&(`$=/\s]){re.escape(word)}(?=\s|$)", text)
    if starts is None:
        return None
    if prompt is None and not _looks_typed(text, starts.start()):
        return None
    sleep = _SLEEP.search(text) if "while" in text or "for " in text or "until" in text else None
    if sleep is not None:
        period: float | None = float(sleep[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[sleep[2]]
    else:
        watch = _WATCH.search(text)
        period = float(watch[1]) if watch else None
    return Command(text=text, period_s=period or None)


def _looks_typed(text: str, at: int) -> bool:
    """Whether a line without a prompt is a command: it begins with it, or it is all pipeline."""
    return at <= 1 or text.startswith(("while ", "for ", "watch ", "sudo ", "docker exec", "kubectl exec", "until "))


def command_above(
    lines: Sequence[str], first: int, words: Sequence[str], look_up: int = 3
) -> tuple[int, Command] | None:
    """(index, command) of the nearest line above index `first` with one of the words; other text ends the search."""
    for i in range(first - 1, max(-1, first - 1 - look_up), -1):
        found = command_in(lines[i], words)
        if found is not None:
            return i, found
        if plain(lines[i]).strip("`~") not in ("", "bash", "sh", "console", "shell", "text", "$", "#"):
            return None
    return None


def subjects_of(commands: Sequence[Command | None]) -> list[str | None]:
    """Whose figures each command prints. `pgrep shop` and `pgrep shop_exp` on one page search for one program."""
    names = {command.name for command in commands if command is not None and command.name}
    found: list[str | None] = []
    for command in commands:
        if command is None:
            found.append(None)
        elif command.pid is not None:
            found.append(f"pid {command.pid}")
        else:
            alike = [name for name in names if command.name and name.startswith(command.name)]
            found.append(f"process {max(alike, key=len)}" if alike else None)
    return found
