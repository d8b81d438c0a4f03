"""Courses told by key: `go_memstats_heap_alloc_bytes (stable)`, `RssAnon climbs`, `stayed flat: HeapAlloc, HeapInuse`.

Who looks at a dashboard names what rises and what does not as its metrics are called, in lists more often than in sentences.
A key is a name that no prose has: an exporter's, a field of MemStats, of /proc or of a cgroup. What is asked, wished or
supposed is left out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words import claim_words as words
from memwhy.sources.words.prose import paragraphs_of
from memwhy.sources.words.sentences import Paragraph, find_paragraphs
from memwhy.sources.words.trials import suggests

NAME = "words/keyed"
SHARES = True
MOST_BYTES = 2 << 20  # what people write is shorter
_SHOWN = 160
_LONGEST = 2000
_FAR = 48
"""Characters between a key and its course."""

_KEYS = {
    "idle": r"go_memstats_heap_idle_bytes|heap_idle(?:_bytes)?|HeapIdle",
    "heap": r"go_memstats_(?:heap_)?(?:alloc|inuse)_bytes|go_memstats_heap_objects|heap_(?:alloc|inuse)(?:_bytes)?|HeapAlloc|HeapInuse|HeapObjects|heap_?[uU]sed|jvm_memory_(?:bytes_used|used_bytes)|nodejs_heap_size_used_bytes|HeapMemoryUsage|dotnet_total_memory_bytes",
    "rss": r"process_resident_memory_bytes|container_memory_rss|VmRSS|RssAnon|rss_anon|anon_rss|total_rss|process_memory_rss",
    "cache": r"container_memory_cache|container_memory_mapped_file|(?:in)?active_file|total_(?:in)?active_file|total_cache|RssFile",
    "kernel": r"SUnreclaim|SReclaimable|slab_(?:un)?reclaimable|memory\.kmem\.usage_in_bytes|container_memory_kernel_usage|kmalloc-[\w-]{1,12}",
    "shared": r"RssShmem|Shmem|total_shmem",
    "goroutines": r"go_goroutines|NumGoroutine(?:\(\))?",
    "threads": r"go_threads|process_threads|jvm_threads_(?:current|live\w{0,12})|num_threads",
    "descriptors": r"process_open_fds|open_fds|process_open_handles",
    "native": r"jemalloc\.(?:active|allocated)|stats\.(?:active|allocated)|malloc_in_use|uordblks",
}
_KEY = re.compile(
    r"(?<![\w.-])(?:"
    + "|".join(f"(?P<{thing}>{keys})" for thing, keys in _KEYS.items())
    + r")(?:\{[^{}]{0,80}\})?(?![\w.]\w)"
)
_MAY = re.compile(r"_bytes|Heap[AIUOM]|heap_?[iaoUu]|Rss[AFS]|VmRSS|_rss|rss_|_file|_cache|SUnre|SRecl|slab_|kmem|kmalloc|hmem|routine|threads|_fds|handles|stats\.|malloc")  # fmt: skip
_MARKS = re.compile(r"[`*_'\"](?=\W|$)|(?<!\w)[`*'\"]")
_RISES = re.compile(
    r"(?:steadily |slowly |constantly |continuously |always |still |just |only |also |has |have |been |is |are |was |which |that |keeps? |kept |continu(?:es|ed) to |seems? to |on ){0,4}"
    r"(?:grow(?:s|ing|n|th)?|grew|ris(?:es?|ing)|rose|climb(?:s|ed|ing)?|increas(?:e[sd]?|ing)|creep(?:s|ing)?|crept|go(?:es|ing)? up|went up|leak(?:s|ing)?|step(?:s|ping) up|(?:pil|ramp)(?:es|s|ed|ing) up|accumulat(?:es|ing)|unbounded|↑|↗)",
    re.IGNORECASE,
)
_STAYS = re.compile(
    r"(?:more or less |relatively |pretty |very |quite |roughly |mostly |completely |perfectly |rather |fairly |all |always |is |are |was |were |has |have |been |looks? |which |that ){0,4}"
    r"(?:(?:stay(?:s|ed|ing)?|remain(?:s|ed|ing)?|keeps?|kept) )?(?:all |more or less |relatively |pretty |very |quite |roughly |mostly |completely |perfectly |rather |fairly ){0,2}"
    r"(?:stable|flat(?:lined?)?|constant|steady|unchanged|level|fixed|the same|no (?:growth|change|increase|trend)|(?:does|do|did|is|are) ?(?:not|n't) (?:grow|ris|increas|chang|mov|climb)\w{0,3}|bounded|→)(?![ -](?:growth|increase|rise|climb|rate))",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:(?:stay(?:s|ed)?|remain(?:s|ed)?|are|is|have been|were) (?:all )?(?:\w{1,12} )?(?P<stays>stable|flat|constant|steady|unchanged)|(?P<grows>(?:keep(?:s)? |are |is |which )?(?:growing|increasing|rising|climbing)))(?: metrics| ones| values)?\s?[:：]",
    re.IGNORECASE,
)
_STOP = re.compile(r"[;]|\.(?:\s|$)|\b(?:but|while|whereas|yet|however)\b", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s(:=,|>—–-]{0,6}(?:metrics?|values?|counts?|gauge|too|both|all|as well)?[\s(:=,|>—–-]{0,6}")
_ENDS = re.compile(r"(?<=[.!?])\s{1,4}(?=\S)")
_NEXT = re.compile(r"\s?(?:,|and|&|/|or|,\s?and)\s?(?:the )?$", re.IGNORECASE)


def _courses(line: str) -> Iterator[tuple[str, str]]:
    """(thing, verb) of every key on a line whose course is told: behind it, or before a list of keys."""
    text = _MARKS.sub("", line[:_LONGEST])
    keys = [(match.start(), match.end(), match.lastgroup or "") for match in _KEY.finditer(text)]
    waiting: list[str] = []
    for n, (_, end, thing) in enumerate(keys):
        gap = text[end : keys[n + 1][0]] if n + 1 < len(keys) else text[end : end + _FAR]
        verb = _verb(gap)
        waiting.append(thing)
        if verb:
            yield from ((one, verb) for one in waiting)
        if verb or not _NEXT.match(gap):
            waiting = []
    for head in _LIST.finditer(text):
        stop = _STOP.search(text, head.end())
        limit = stop.start() if stop else len(text)
        verb = "flat" if head["stays"] else "grows"
        yield from ((thing, verb) for start, _, thing in keys if head.end() <= start < limit)


def _verb(gap: str) -> str:
    between = _BETWEEN.match(gap)
    rest = gap[between.end() :] if between else gap
    return "flat" if _STAYS.match(rest) else "grows" if _RISES.match(rest) else ""


def _hear(line: str) -> dict[str, str]:
    """The facts of one line."""
    facts: dict[str, str] = {}
    for sentence in _ENDS.split(line[:_LONGEST]) if _MAY.search(line[:_LONGEST]) else ():
        if "?" not in sentence and not words.UNREAL.search(sentence) and not suggests(sentence):
            _tell(sentence, facts)
    both = {name[11:] for name in facts if name.startswith("said.grows.")}
    return {name: text for name, text in facts.items() if not (name.startswith("said.flat.") and name[10:] in both)}


def _tell(sentence: str, facts: dict[str, str]) -> None:
    shown = sentence.strip()[:_SHOWN]
    for thing, verb in _courses(sentence):
        if thing != "idle":
            facts.setdefault(f"said.{verb}.{thing}", shown)
        elif verb == "grows":
            facts.setdefault("said.heap_idle", shown)


@lru_cache(maxsize=64)
def _of_paragraph(texts: tuple[str, ...]) -> tuple[tuple[int, dict[str, str]], ...]:
    """(line, facts) of each line that tells a course by key. Remembered, for find and parse ask the same."""
    heard = ((i, _hear(line)) for i, line in enumerate(texts))
    return tuple((i, facts) for i, facts in heard if facts)


def _read(paragraphs: Iterable[Paragraph]) -> Iterator[tuple[int, dict[str, str]]]:
    for paragraph in paragraphs:
        for i, facts in _of_paragraph(tuple(paragraph.texts)):
            yield paragraph.first + i, facts


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lines that tell a key's course."""
    for i, _ in _read(paragraphs_of(lines)):
        yield Span(first=i, last=i)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a line, in order. ParseError when none tells a course."""
    readings = tuple(
        Reading(facts=facts, line=i + 1, last_line=i + 1) for i, facts in _read(find_paragraphs(text.split("\n")))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no course of a metric told by its key")
    return readings
