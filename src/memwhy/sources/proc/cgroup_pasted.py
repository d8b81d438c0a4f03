"""Memory files of a cgroup as people paste them: behind a `cat …/memory.current`, as `grep .` output, bare, or
named in a sentence or a table beside its value.

One command may name several files (`cat memory.usage_in_bytes memory.limit_in_bytes`, also in braces) whose single values
then stand below each other. All become the parts of a composite, so that one parser reads them.
"""

import re
from collections.abc import Iterator, Sequence

from memwhy.sources.proc.fields import subject_near
from memwhy.sources.proc.files import Parts, decode
from memwhy.sources.span import Span

_HEAD = re.compile(r"\s*==> (?:\S*/)?((?:memory\.[a-z_.]{2,40})|cgroup) <==\s*")
_COMMAND = re.compile(
    r"(?:^|[\s/=])(memory\.[a-z_.]{2,40}[a-z])['\"]?\s*(?:\|\s{0,9}(?:[ef]?grep|head|tail|sort|cat)\b[^\n]{0,200})?`?$"
)
_GREP = re.compile(r"(?:[\w./:-]*/)?(memory\.[a-z_.]{2,40}[a-z]):(.+)")
_TYPED = re.compile(
    r"(?<![\w./-])(?:/[\w./-]{0,200}/)?(memory\.(?:kmem\.(?:tcp\.)?)?(?:usage_in_bytes|limit_in_bytes|max_usage_in_bytes)|memory\.(?:current|max))"
    r"[*`'\"]{0,4}\s{0,3}(?:[:=|→]|is|was|are|says|shows|reads|gives|of|at|ist|est|es|为|是)?[*`'\"\s|~:]{0,8}(\d{4,15})(?![\w.,]\d|\w)"
)
"""A file's name and its value in a sentence or a table: "`memory.usage_in_bytes`: `17113088`"."""
_NAMES = re.compile(r"(?:^|[\s/=])(memory\.[a-z_.]{1,40}[a-z])(?=[\s'\"`;|)]|$)")
_BRACES = re.compile(r"(memory\.[a-z_.]{0,40})\{([a-z_.,]{3,200})\}([a-z_.]{0,40})")
_CAT = re.compile(r"(?<![\w-])(?:cat|head|more|tail)(?![\w.-])")
_FILLER = re.compile(r"[\s>`~]{0,20}(?:text|sh|bash|console)?\s*")
_VALUE = re.compile(r"[\s>|│*`]{0,40}(\d{1,20}|max)[\s*`]*")
_ROW = re.compile(r"[\s>|│]{0,40}([a-z_0-9]{2,40})[ \t]{1,40}\d{1,20}\s*")
_LONGEST_LINE = 2000
_OMITTED = re.compile(r"[\s>|│]{0,40}(?:\.{2,}|…|\[(?:\.{3}|…|snip)\])\s*")
_STAT_KEYS_TEXT = """
    anon file kernel kernel_stack pagetables sec_pagetables percpu sock shmem file_mapped file_dirty
    inactive_anon active_anon inactive_file active_file slab_reclaimable slab_unreclaimable
    workingset_refault_anon hierarchical_memory_limit hierarchical_memsw_limit total_cache total_rss
    total_rss_huge total_inactive_file total_shmem cache rss rss_huge mapped_file inactive_anon
"""
_STAT_KEYS = frozenset(_STAT_KEYS_TEXT.split())
_STRONG_KEYS = frozenset(["hierarchical_memory_limit", "total_rss", "total_cache"])
_STRONG_PAIRS = (frozenset(("anon", "file")), frozenset(("anon", "kernel_stack")), frozenset(("cache", "rss")), frozenset(("anon", "shmem")))  # fmt: skip


def tidy(raw: bytes) -> Parts:
    """The parts of a pasted text; [] where there are none."""
    parts: dict[str, list[str]] = {}
    name, waiting = "", list[str]()
    for line in decode(raw).replace("\r", "").split("\n"):
        if several := _named_in(line):
            name, waiting = "", several
        elif waiting and (value := _VALUE.fullmatch(line)):
            parts.setdefault(waiting.pop(0), []).append(value[1])
        elif head := (_HEAD.fullmatch(line) or _COMMAND.search(line)):
            name = head[1]
        elif grep := _GREP.fullmatch(line.strip()):
            parts.setdefault(grep[1], []).append(grep[2])
            name = ""
        elif "memory." in line and (typed := _TYPED.findall(line[:_LONGEST_LINE])):
            for key, number in typed:
                parts.setdefault(key, []).append(number)
            name = ""
        elif _ROW.fullmatch(line):
            parts.setdefault(name if name and "_in_bytes" not in name else "memory.stat", []).append(line)
        elif name and (value := _VALUE.fullmatch(line)):
            parts.setdefault(name, []).append(value[1])
            name = ""
    return [(name, "\n".join(content).encode()) for name, content in parts.items()]


def find_files(lines: Sequence[str]) -> Iterator[Span]:
    """Spans of memory files; those that follow each other closely are one span, unless a file comes again."""
    run: list[tuple[int, int, str]] = []
    for first, last, name in _files(lines):
        if run and (first - run[-1][1] > 3 or name in {done for _, _, done in run}):
            yield _span(lines, run)
            run = []
        run.append((first, last, name))
    if run:
        yield _span(lines, run)


def _span(lines: Sequence[str], run: Sequence[tuple[int, int, str]]) -> Span:
    return Span(first=run[0][0], last=run[-1][1], subject=subject_near(lines, run[0][0]))


def _files(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(first line, last line, file name) of each file in a page, its heading or command included."""
    index = 0
    while index < len(lines):
        line = lines[index]
        several = _named_in(line)
        if several and (end := _end_of_values(lines, index + 1, len(several))):
            for at, name in enumerate(several):
                yield index if at == 0 else end - len(several) + at, end - len(several) + at, name
            index = end
            continue
        head = _HEAD.fullmatch(line) or (_COMMAND.search(line) if "memory." in line and not several else None)
        if head:
            end = _end_of_content(lines, index + 1)
            if end > index + 1:
                yield index, end - 1, head[1]
            index = max(end, index + 1)
        elif "memory." in line and (grep := _GREP.fullmatch(line.strip())) and _looks_right(grep[2]):
            yield index, index, grep[1]
            index += 1
        elif "memory." in line and (typed := _TYPED.findall(line[:_LONGEST_LINE])):
            for key, _ in typed:
                yield index, index, key
            index += 1
        elif _ROW.fullmatch(line):
            end = _end_of_rows(lines, index)
            if _is_stat(lines[index:end]):
                yield index, end - 1, "memory.stat"
            index = end
        else:
            index += 1


def _named_in(line: str) -> list[str]:
    """The files that one command prints, in order, where it names at least two."""
    if "memory." not in line or _CAT.search(line[:1000]) is None:
        return []
    text = _BRACES.sub(lambda m: " ".join(f"{m[1]}{middle}{m[3]}" for middle in m[2].split(",")), line[:1000])
    names = _NAMES.findall(text)
    return names if 2 <= len(names) <= 12 and "memory.stat" not in names else []


def _end_of_values(lines: Sequence[str], index: int, count: int) -> int:
    """Behind so many lines of one value each, blanks and a fence before them; 0 where there are more or fewer."""
    start = index
    while index < len(lines) and index - start < 3 and _FILLER.fullmatch(lines[index]):
        index += 1
    end = index
    while end < len(lines) and end - index <= count and _VALUE.fullmatch(lines[end]):
        end += 1
    return end if end - index == count else 0


def _looks_right(value: str) -> bool:
    """A number, max, or a row of memory.stat."""
    return bool(_VALUE.fullmatch(value) or _ROW.fullmatch(value))


def _end_of_content(lines: Sequence[str], index: int) -> int:
    """Behind a file's content: a single value, or rows."""
    if index < len(lines) and _VALUE.fullmatch(lines[index]):
        return index + 1
    return _end_of_rows(lines, index)


def _end_of_rows(lines: Sequence[str], index: int) -> int:
    """Dots for rows that were left out are passed over, where rows follow."""
    while index < len(lines):
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if not (_ROW.fullmatch(lines[index]) or (_OMITTED.fullmatch(lines[index]) and _ROW.fullmatch(below))):
            break
        index += 1
    return index


def _is_stat(rows: Sequence[str]) -> bool:
    """Whether rows of `key N` are a memory.stat: by keys that nothing else has, or that go together."""
    keys = {match[1] for row in rows if (match := _ROW.fullmatch(row))}
    return bool(keys & _STRONG_KEYS) or (len(keys & _STAT_KEYS) >= 2 and any(pair <= keys for pair in _STRONG_PAIRS))
