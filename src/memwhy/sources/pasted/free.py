"""`free`, in every unit and layout of procps, once or many times, with or without the command line that made it.

Three layouts: `shared buffers cached` with a row `-/+ buffers/cache` (procps before 3.3.10, where
`used` includes the cache), `shared buff/cache available` (since), and seven columns with -w. Source: free(1),
procps' src/free.c. The figures become host.* metrics; in the old layout host.used_bytes is the `-/+` row's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "pasted/free"
_MEM_LABELS = (
    "Mem",
    "Mem.",
    "Speicher",
    "Memoria",
    "Memória",
    "Mémoire",
    "Память",
    "Pamięć",
    "内存",
    "記憶體",
    "メモリ",
)
_SWAP_LABELS = ("Swap", "Auslagern", "Intercambio", "Échange", "Подкачка", "Wymiana", "交换", "置換", "スワップ")
TRIGGERS = tuple(word.encode() for word in ("mem:", "mem.:", "speicher:", "амять:", "内存"))

_ROW = re.compile(
    rf"^[\s>`*|]*(?:[-+•] )?[*`]{{0,4}}(?P<label>{'|'.join(map(re.escape, sorted(_MEM_LABELS + _SWAP_LABELS, key=len, reverse=True)))}"
    r"|-/\+ \S{1,20}(?: \S{1,20})?|Low|High|Total|Comm)\s?[:：](?P<rest>[*`]{0,4}\s+[*`]{0,4}[\d-].*)$"
)
_HEADER = re.compile(r"(?<![A-Za-z])total\s+used\s+free(?P<more>(?:\s+\S+){0,6})\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,18}(?:[.,]\d{1,9})?)([KMGTPE]i?B?|B)?", re.IGNORECASE)
_GLUED = re.compile(r"(\d{1,18}(?:[.,]\d{1,9})?(?:[KMGTPE]i|[KMGTPEB](?=[a-z_]))?)[A-Za-z_][\w.-]*@\S+")
_COMMAND = re.compile(r"(?:^|[;|&\s])free((?:\s+-{1,2}[a-z][\w=-]*(?:\s+\d+(?:\.\d+)?)?)*)\s*(?:[;|&].*)?$")
_COLUMNS = {
    "total": "total", "used": "used", "free": "free", "shared": "shared", "buffers": "buffers", "cached": "cache",
    "cache": "cache", "buff/cache": "buff_cache", "available": "available",
}  # fmt: skip
_NEW = ("total", "used", "free", "shared", "buff_cache", "available")
_OLD = ("total", "used", "free", "shared", "buffers", "cache")
_WIDE = ("total", "used", "free", "shared", "buffers", "cache", "available")
_LONGEST_RUN = 500  # blocks in one span: a day of `free -s 1` is handed on in pieces
_Amount = tuple[str, str]  # digits, suffix


@dataclass(slots=True)
class _Block:
    """One output of `free`; line indices are 0-based."""

    first: int
    last: int
    mem: tuple[_Amount, ...]
    header: tuple[str, ...] = ()
    swap: tuple[_Amount, ...] = ()
    adjusted: tuple[_Amount, ...] = ()
    host: str | None = None
    args: str | None = None
    stamp: Stamp | None = None
    cut: bool = False
    notes: list[str] = field(default_factory=list)


def _amounts(rest: str) -> tuple[tuple[_Amount, ...], bool]:
    """The numbers of a row, and whether something that is no number (or no more than half of one) ended it."""
    found: list[_Amount] = []
    for token in rest.replace("*", " ").replace("`", " ").split()[:10]:
        glued = _GLUED.fullmatch(token)
        match = _NUMBER.fullmatch(glued[1] if glued else token)
        if match is None:
            return tuple(found), True
        found.append((match[1].replace(",", "."), match[2] or ""))
        if glued:
            break
    return tuple(found), False


def _args(line: str) -> str | None:
    """The options of a `free` command in a line, None when there is no such command."""
    prompt = read_prompt(line)
    match = _COMMAND.search(prompt.command if prompt else line.strip().strip("`'\""))
    if match is None or (prompt is None and len(line) > 80):
        return None
    return match[1]


def _before(lines: Sequence[str], block: _Block, floor: int) -> None:
    """Look upward from a block's first row for its header, its command, its host and a time stamp."""
    at = block.first - 1
    header = _HEADER.search(lines[at][:600]) if at >= floor else None
    if header is not None:
        block.header = ("total", "used", "free", *header["more"].lower().split())
        block.first = at
        at -= 1
    elif (
        at >= floor
        and len(lines[at]) < 600
        and len(lines[at].split()) in (6, 7)
        and not lines[at].strip()[:1].isdigit()
    ):
        block.first = at  # a header in another language or a mangled one
        at -= 1
    for i in range(at, max(floor, at - 4) - 1, -1):
        line = lines[i][:600]
        prompt = read_prompt(line)
        stamp = read_stamp(line)
        args = _args(line)
        if args is not None and block.args is None:
            block.args, block.first = args, i
            block.host = prompt.host if prompt else None
        elif stamp is not None and block.stamp is None and len(line) < 120:
            block.stamp, block.first = stamp, i
        elif line.strip():
            break


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    floor, block = 0, None
    for i, line in enumerate(lines):
        match = _ROW.match(line[:600]) if ":" in line or "：" in line else None
        if match is None:
            if block is not None and i - block.last > 2:
                yield block
                block = None
            continue
        numbers, broken = _amounts(match["rest"])
        label = match["label"]
        if label in _MEM_LABELS:
            if block is not None:
                yield block
            block = None
            if len(numbers) >= 2 and not (broken and len(numbers) < 3):
                block = _Block(i, i, numbers, cut=broken)
                _before(lines, block, floor)
                floor = i + 1
        elif block is not None:
            block.last, floor = i, i + 1
            if label in _SWAP_LABELS:
                block.swap = numbers
            elif label.startswith("-/+"):
                block.adjusted = numbers
    if block is not None:
        yield block


def _runs(lines: Sequence[str]) -> list[list[_Block]]:
    """Blocks that follow one another in one terminal: nothing but prompts, times and blanks between, one host."""
    runs: list[list[_Block]] = []
    for block in _blocks(lines):
        previous = runs[-1][-1] if runs else None
        joined = (
            previous is not None
            and block.first - previous.last <= 4
            and not any(
                line.strip() and read_prompt(line) is None and read_stamp(line) is None
                for line in lines[previous.last + 1 : block.first]
            )
            and len(runs[-1]) < _LONGEST_RUN
            and previous.mem[0] == block.mem[0]
            and len({b.host for b in (*runs[-1], block)} - {None}) <= 1
        )
        if joined:
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def _host(run: Sequence[_Block]) -> str | None:
    return next((block.host for block in run if block.host), None)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of `free` outputs. A run without a prompt is of the one host that shows the same total elsewhere."""
    runs = _runs(lines)
    hosts: dict[_Amount, set[str]] = {}
    for run in runs:
        host = _host(run)
        if host is not None:
            hosts.setdefault(run[0].mem[0], set()).add(host)
    for run in runs:
        same = hosts.get(run[0].mem[0], set())
        host = _host(run) or (next(iter(same)) if len(same) == 1 else None)
        yield Span(first=run[0].first, last=run[-1].last, subject=f"host {host}" if host else None)


def _unit_of_args(args: str) -> tuple[int | None, bool]:
    """(unit in bytes or None for human, decimal) that the options ask for; the last one wins, as in getopt."""
    unit: int | None = KIB
    decimal = "--si" in args.split()
    long = {"bytes": 1, "kibi": KIB, "mebi": MIB, "gibi": GIB, "kilo": 1000, "mega": 1000**2, "giga": 1000**3}
    for word in args.split():
        if word.startswith("--"):
            unit = long.get(word[2:], None if word == "--human" else unit)
        elif word.startswith("-"):
            for letter in word[1:]:
                base = 1000 if decimal else 1024
                unit = {"b": 1, "k": base, "m": base**2, "g": base**3, "h": None}.get(letter, unit)
    return unit, decimal


def _guess_unit(block: _Block) -> tuple[int, str]:
    """The unit that makes a host of the figures: KiB by default, else what the size of `total` allows."""
    total = int(float(block.mem[0][0]))
    if total >= 1 << 27 and all(digits.isdigit() and int(digits) % 1024 == 0 for digits, _ in block.mem):
        return 1, "bytes"
    if total >= 1 << 16:
        return KIB, "KiB"
    return (MIB, "MiB") if total >= 128 else (GIB, "GiB")


def _names(block: _Block, numbers: int) -> tuple[str, ...]:
    known = tuple(_COLUMNS.get(word, "") for word in block.header)
    if known and all(known) and len(set(known)) == len(known):
        return known
    if numbers >= 7:
        return _WIDE
    if block.adjusted:
        return _OLD
    values = [float(digits) for digits, _ in block.mem]
    if (
        not block.header
        and numbers == 6
        and values[0] == values[1] + values[2]
        and values[4] + values[5] > values[5] > 0
    ):
        return _OLD
    return _NEW


def _reading(block: _Block, host: str | None, fallback: str | None) -> Reading:
    notes = list(block.notes)
    args = block.args if block.args is not None else fallback
    unit, decimal = _unit_of_args(args) if args is not None else (None, False)
    if unit is None and not any(suffix for _, suffix in block.mem):
        unit, name = _guess_unit(block)
        if args is None:
            notes.append(
                f"the command line of free is not in the page; its unit is taken as {name} from the size of total"
            )
    shown = block.mem
    names = _names(block, len(shown))
    if len(shown) < len(names):
        notes.append("the row Mem: is cut off; its last number is not used")
        shown = shown[:-1]

    def measure(amount: _Amount) -> tuple[int, int]:
        width = unit_bytes(amount[1], decimal=decimal) if amount[1] else unit or 1
        return exact_bytes(amount[0], width or 1)

    figures = {name: measure(amount) for name, amount in zip(names, shown, strict=False)}
    if "cache" in figures:
        parts = [figures.pop("cache"), *([figures.pop("buffers")] if "buffers" in figures else [])]
        figures["buff_cache"] = (sum(value for value, _ in parts), sum(quantum for _, quantum in parts))
        if "available" not in names:
            notes.append("old layout of free: used memory is taken without buffers and cache")
            used, cache = figures["used"], figures["buff_cache"]
            figures["used"] = measure(block.adjusted[0]) if block.adjusted else (used[0] - cache[0], used[1] + cache[1])
    if len(block.swap) >= 3:
        figures["swap_total"], figures["swap_used"] = measure(block.swap[0]), measure(block.swap[1])
    if block.stamp is not None and block.stamp.note:
        notes.append(block.stamp.note)
    return Reading(
        metrics={f"host.{name}_bytes": value for name, (value, _) in figures.items()},
        quanta={f"host.{name}_bytes": quantum for name, (_, quantum) in figures.items()},
        wall_ns=block.stamp.wall_ns if block.stamp else None,
        subject=f"host {host}" if host else None,
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output of `free` in the text, in order. ParseError when there is none."""
    readings: list[Reading] = []
    for run in _runs(text.split("\n")):
        fallback = next((block.args for block in run if block.args is not None), None)
        readings += [_reading(block, _host(run), fallback) for block in run if len(block.mem) >= 2]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of free")
    return tuple(readings)
