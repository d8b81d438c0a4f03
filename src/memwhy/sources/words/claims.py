"""Claims in sentences: what somebody saw memory do, tried, or knows of the program → facts of model/said.py.

A sentence that asks, wishes or advises claims nothing. Where one clause says that something does not grow, that goes
before the verb that it negates. Trials: tried.py.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words import claim_words as words
from memwhy.sources.words.prose import paragraphs_of
from memwhy.sources.words.sentences import (
    N_FIRST,
    Clause,
    N,
    Paragraph,
    Q,
    Raw,
    Sentence,
    find_paragraphs,
    mark,
    nouns_of,
    quantity_at,
    split_sentences,
)
from memwhy.sources.words.trials import NAMED, name_trials, read_outcome, suggests
from memwhy.sources.words.tried import read_trial
from memwhy.sources.words.unseen import OTHERWISE, UNSEEN
from memwhy.sources.words.vocabulary import REMARKED, Noun
from memwhy.sources.words.wording import any_of, bits, signs

NAME = "words/claim"
SHARES = True
MOST_BYTES = 2 << 20  # what people write is shorter
_SHOWN = 160
_MINUTE_NS = 60 * 10**9
_WORD = re.compile(r"(?<![\w.-])[A-Za-z]{2,}(?![\w=(])")
_NAME, _FIGURE = re.compile(N), re.compile(Q)
_TELLING = ("process.rss_peak_bytes", "process.virtual_bytes")
_ALLOWED = re.compile(
    r"\b(?:reach\w*|hit(?:s|ting)?|exceed\w*|up to|within|over|set(?:s|ting)?) (?:its |the |their |this )?max(?:imum)? (?:memory|ram)\b(?! (?:usage|use|footprint))"
    r"|\b\w{1,20}-max-(?:memory|mem|ram)\b|\bmax[-_ ](?:memory|mem|ram) (?:is )?set\b|\bmax(?:imum)? (?:memory|ram) (?:allowed|allotted|allocated|configured|limit)",
    re.IGNORECASE,
)
"""A maximum that is set, not one that was reached."""
_COUNTED = {"threads", "goroutines", "descriptors", "connections"}
_PILES = ("goroutines", "threads", "descriptors")
"""Connections come and go with the load."""
_MEMORY = ("total", "rss", "native")
_BOUNDS = ("cgroup.limit_bytes", "go.memory_limit_bytes", "runtime.heap_limit_bytes")
_EARLY = 16  # letters before the verb of a clause that has no subject
_LATIN = re.compile(r"^[\x00-\u024f\u2000-\u206f]*$")
_PRONOUN = re.compile(
    r"^\W*(?:\w+\W+){0,4}?(?:it|its|they|this|these|which|both|usage|growth|es|er|sie|das|il|elle|cela|ça|eso|ello|isso|ele|ela)\b",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b(?:process\w*|app\w*|service|program|daemon|server|worker\w*|pods?|container\w*|broker|agent|job|instance|proceso|processo|processus|Prozess|Dienst)\b",
    re.IGNORECASE,
)
_FREE = ("host.free_bytes", "host.available_bytes")
_EXTRA = (
    ("heap", any_of(r"\b(?:length|size|len|number of (?:entries|items|elements|keys)) of (?:the |our |this |that )?(?:(?:[\w.()\[\]'`]+ ){0,3}?(?:map|list|queue|dict\w*|slice|array|set|registry|collection|vector)s?\b|[A-Za-z_]\w*\.\w[\w.]*)|\bnumber of (?:live |retained |allocated |leaked )?(?:objects|instances)\b")),
    ("connections", any_of(r"\b(?:connections|sockets)\b|连接数?|接続|соединени\w+|Verbindungen|connexions|conexiones|conexões")),
    ("native", any_of(r"\b(?:native|off-heap|non-heap|c|malloc|unmanaged) (?:memory|heap|allocations?)\b|堆外|原生内存")),
    ("shared", any_of(r"\b(?:shared memory|shmem|tmpfs|/dev/shm)\b|共享内存")),
    ("kernel", any_of(r"\b(?:kernel memory|slab|dentr(?:y|ies)|kmalloc)\b|内核内存")),
    ("children", any_of(r"\b(?:(?:child(?:ren)?|worker|renderer|helper)[- ]process(?:es)|zombie\w*|subprocesses)\b|子进程")),
    ("host", any_of(r"\b(?:host|system|machine|node|server)(?:'s)? (?:memory|ram)\b(?! (?:limit|leak))|系统内存|主机内存")),
)  # fmt: skip


def read_facts(sentence: Sentence, thing: str) -> tuple[dict[str, str], str]:
    """(facts of one sentence, the thing it spoke of last). thing: what the sentence before spoke of."""
    facts: dict[str, str] = {}
    shown = sentence.text.strip()[:_SHOWN]
    told = signs(sentence.text)
    if sentence.asks:
        return facts, thing
    tried = bool(told & NAMED and name_trials(sentence.text) and read_outcome(sentence.text, once=False))
    for clause in sentence.clauses:
        things: list[str] = []
        if told & _COURSES:
            things = _things(sentence, clause)
            thing = things[0] if things else _meant(sentence, clause, thing)
        unreal = words.UNREAL.search(clause.text) is not None
        certain = words.ASIDE.sub("", clause.text) if unreal else clause.text
        if not words.UNREAL.search(certain) and not tried and told & _COURSES:
            _course(certain, things or ([thing] if thing else []), facts, shown)
            _together(nouns_of(sentence, clause), certain, facts, shown)
        if not unreal and told & _REMARKS:
            _remark(sentence, clause, facts, shown)
    if told & _KINDS and not words.UNREAL.search(sentence.text) and not suggests(sentence.text):
        _kinds(sentence, facts, shown)
    rests = words.PLATEAU.search(sentence.text) and not words.NO_PLATEAU.search(sentence.text)
    for key in [key for key in facts if key.startswith("said.plateau.") and rests]:
        facts.pop(key.replace("plateau", "grows"), None)  # it rose, and stays
        if key.removeprefix("said.plateau.") in _MEMORY and words.THEN.search(sentence.text):
            for thing in _MEMORY:
                facts.pop(f"said.grows.{thing}", None)
    _rate(sentence, facts)
    return facts, thing


def _kinds(sentence: Sentence, facts: dict[str, str], shown: str) -> None:
    """What a figure or a program is as a whole."""
    text = sentence.text
    if words.SAWTOOTH.search(text):
        for key in [key for key in facts if key.startswith(("said.grows.", "said.falls."))]:
            del facts[key]
        facts["said.sawtooth"] = shown
    if UNSEEN.search(text) and not OTHERWISE.search(text):
        facts.setdefault("said.flat.heap", shown)
    if words.NO_CGO.search(text) and not words.INSTEAD.search(text):
        facts["said.no_cgo"] = shown
    levels = [noun for noun in sentence.nouns if noun.size and noun.size != "go.total_alloc_bytes" and not noun.generic]
    if words.CUMULATIVE.search(text) and not levels:
        facts["said.cumulative"] = shown


def _meant(sentence: Sentence, clause: Clause, thing: str) -> str:
    """What a clause without a name of its own is about: `it`, or nothing but a verb, speaks of what was named last."""
    if any(noun.size in _BOUNDS for noun in nouns_of(sentence, clause)):
        return ""  # `after increasing the limit`
    text, levels = clause.text, any(quantity_at(sentence, mark).size for mark in _FIGURE.findall(clause.bones))
    if not _LATIN.search(text[:80]):
        return thing
    if _PRONOUN.search(text):
        falls = not thing and words.FALLS.search(text) is not None  # `this drops to 78 MB`
        return "total" if levels and (falls or thing in _COUNTED) else thing
    if levels or _OWNER.search(text[:60]):
        return thing if thing == "rss" else "total"
    verbs = (words.GROWS, words.FLAT, words.FALLS, words.PLATEAU, words.NEVER_FALLS, words.DOES_NOT_GROW)
    if words.IT_GROWS.search(text):
        return thing
    return thing if any((verb := pattern.search(text)) and verb.start() < _EARLY for pattern in verbs) else ""


_IS_THERE = re.compile(
    r"\b(?:there (?:are|were)|(?:we|it|i|you|they) (?:have|has|had|run|runs|ran))\b[^,;]{0,40}$", re.IGNORECASE
)
_ANOTHER = re.compile(
    r"[\w ]{0,20}?\b(?:and|but|while|whereas)\s+(?!(?:it|they|this|that|these|those|the (?:number|count|amount)|(?:keep|grow|increas|ris|climb|continu)\w*)\b)",
    re.IGNORECASE,
)
"""`there are 4 nginx processes and the log grew`: what follows has a subject of its own."""


def _things(sentence: Sentence, clause: Clause) -> list[str]:
    """What of said.THINGS a clause is about; memory alone is the total."""
    nouns = nouns_of(sentence, clause)
    found = [name for name, pattern in _EXTRA if pattern.search(clause.text)]
    for match, noun in zip(_NAME.finditer(clause.bones), nouns, strict=True):
        if (
            noun.generic and (found or any(one.thing == "rss" and not one.generic for one in nouns))
        ) or noun.size in _BOUNDS:
            continue
        if words.NO_SUBJECT.search(clause.bones[max(0, match.start() - 40) : match.start()]) and len(nouns) > 1:
            continue
        thing = "host" if noun.size in _FREE else noun.thing
        if (
            thing in (*_COUNTED, "children")
            and _IS_THERE.search(clause.bones[: match.start()])
            and _ANOTHER.match(clause.bones[match.end() :])
        ):
            continue
        if thing and thing not in found:
            found.append(thing)
    if (
        found
        and set(found) <= _COUNTED
        and any(quantity_at(sentence, mark).size for mark in _FIGURE.findall(clause.bones))
    ):
        return ["total"]  # `with 900 connections it stays at 2 GB`
    return found


def _course(text: str, things: Sequence[str], facts: dict[str, str], shown: str) -> None:
    """grows, flat, falls or plateau, of every thing that the clause is about."""
    verb = ""
    if words.NO_PLATEAU.search(text):
        verb = "grows"
    elif words.PLATEAU.search(text):
        verb = "plateau"
    elif words.DOES_NOT_GROW.search(text):
        verb = "flat"
    elif words.NEVER_FALLS.search(text):
        verb = "grows" if words.GROWS.search(text) else "plateau"
    elif words.GROWS.search(text) and not words.FLAT.search(text):
        verb = "grows"
    elif words.FLAT.search(text):
        verb = "flat"
    elif words.FALLS.search(text):
        verb = "falls"
    if verb == "plateau" and words.UNRELEASED.search(text) and not things:
        return
    if verb:
        for thing in things:
            facts.setdefault(f"said.{verb}.{thing}", shown)


def _together(nouns: Sequence[Noun], text: str, facts: dict[str, str], shown: str) -> None:
    """What is counted goes with memory: where that grows, so does this."""
    things = {noun.thing for noun in nouns}
    if words.MORE_AND_MORE.search(text) and not words.NOT_TOGETHER.search(text) and {"total", "rss", "heap"} & things:
        for thing in _PILES:
            if thing in things:
                facts.setdefault(f"said.grows.{thing}", shown)


def _describe(text: str, facts: dict[str, str]) -> None:
    """Runtime, C library and platform; a question names them as well as a statement does."""
    first = [
        (m.start(), name)
        for name, pattern in words.RUNTIMES
        if (m := pattern.search(text)) and not words.NOT_BEFORE.search(text[: m.start()])
    ]
    if first:
        facts["said.runtime"] = min(first)[1]
    trial = name_trials(text)
    if "other_allocator" not in trial:
        for name, pattern in (("musl", words.MUSL), ("glibc", words.GLIBC)):
            match = pattern.search(text)
            if match and not words.NOT_BEFORE.search(text[: match.start()]):
                facts.setdefault("said.libc", name)
    platforms = {name for name, pattern in words.PLATFORMS if pattern.search(text)}
    if len(platforms) == 1:
        facts["said.platform"] = platforms.pop()


def _remark(sentence: Sentence, clause: Clause, facts: dict[str, str], shown: str) -> None:
    """What kind of figure it is, what the program does meanwhile, how it ended, what it keeps."""
    text, bones = clause.text, clause.bones
    has_figure = _FIGURE.search(bones) is not None
    for match in _NAME.finditer(bones):
        noun = sentence.nouns[ord(match[0]) - N_FIRST]
        if noun.size not in _TELLING and noun.thing != "cache":
            continue
        if words.NOT_BEFORE.search(bones[max(0, match.start() - 40) : match.start()]):
            continue
        if noun.size == "process.rss_peak_bytes" and (_tells_now(sentence) or _ALLOWED.search(text)):
            continue
        if noun.size == "process.rss_peak_bytes":
            facts.setdefault("said.peak", shown)
        elif noun.size == "process.virtual_bytes" and (
            has_figure or words.HIGH.search(text) or words.GROWS.search(text)
        ):
            facts.setdefault("said.virtual", shown)
        elif noun.thing == "cache" and noun.size != "cgroup.inactive_file_bytes":
            facts.setdefault("said.cache", shown)
    if words.IDLE.search(text) and not re.search(r"\b(?:not|isn't|never|n't) (?:\w+ )?idle", text, re.IGNORECASE):
        facts.setdefault("said.idle", shown)
    if words.OOM.search(text) and not words.NO_OOM.search(text):
        facts.setdefault("said.oom", shown)
    if words.MAPPED.search(text) and not words.NOT_MAPPED.search(text):
        facts.setdefault("said.mapped", shown)
    if words.MISACCOUNTED.search(text):
        facts.setdefault("said.misaccounted", shown)
    if words.HELD.search(text) and not words.NOT_HELD.search(text) and _is_said(text):
        facts.setdefault("said.held", shown)
    things = {noun.thing for noun in nouns_of(sentence, clause)}
    if (
        words.UNRELEASED.search(text)
        and not words.KEEPERS.search(text)
        and not things
        & {
            "total",
            "rss",
            "heap",
            "host",
            "virtual",
            "cache",
            "threads",
            "goroutines",
        }
    ):
        facts.setdefault("said.unreleased", shown)


def _tells_now(sentence: Sentence) -> bool:
    """It gives what is resident now beside a peak, so that the peak is not what is complained about."""
    named = [[noun.size for noun in nouns_of(sentence, clause) if not noun.generic] for clause in sentence.clauses]
    return any("process.rss_bytes" in sizes and "process.rss_peak_bytes" not in sizes for sizes in named)


def _is_said(text: str) -> bool:
    """More than the name of a counter or a setting."""
    return len(_WORD.findall(text)) >= 4 or not _LATIN.match(text)


def _rate(sentence: Sentence, facts: dict[str, str]) -> None:
    """Bytes a second, where an amount per time is no throughput; per second only beside a verb of growth."""
    for quantity in sentence.quantities:
        if quantity.per_ns is None or not quantity.size or quantity.bound or words.THROUGHPUT.search(sentence.text):
            continue
        if quantity.per_ns < _MINUTE_NS and not words.GROWS.search(sentence.text):
            continue
        if words.UNREAL.search(sentence.text):
            continue
        facts.setdefault("said.rate", f"{quantity.size * 1e9 / quantity.per_ns:.2f}")


_Claims = tuple[tuple[int, int, tuple[tuple[str, str], ...]], ...]


_COURSES = bits(
    (
        words.GROWS,
        words.DOES_NOT_GROW,
        words.FLAT,
        words.PLATEAU,
        words.NEVER_FALLS,
        words.FALLS,
        words.NO_PLATEAU,
        words.MORE_AND_MORE,
    )
)
_KINDS = bits((words.SAWTOOTH, words.CUMULATIVE, words.NO_CGO, UNSEEN))
_REMARKS = bits((words.IDLE, words.OOM, words.MAPPED, words.MISACCOUNTED, words.HELD, words.UNRELEASED, REMARKED))
_DESCRIBES = bits((words.MUSL, words.GLIBC, *(w for _, w in words.RUNTIMES), *(w for _, w in words.PLATFORMS)))
_SPEAKS = _COURSES | _KINDS | _REMARKS | NAMED
_PER = re.compile(
    r"\d ?(?:[KMGTkmgtКМГкмг]|bytes|oct).{0,14}(?:/|\b(?:per|each|every|an?|pro|par|por|al?|в|за|daily|hourly|diarios?)\b|lich)|[每毎매]|하루|1日|一天|一日"
)


@lru_cache(maxsize=64)
def _of_paragraph(texts: tuple[str, ...]) -> _Claims:
    """(first line, last line, facts) of each sentence that claims something. Remembered, for find and parse ask the same."""
    raws = list(split_sentences(Paragraph(0, list(texts))))
    found, known = [], (0, "")
    for i, raw in enumerate(raws):
        told = signs(raw.text)
        facts: dict[str, str] = {}
        if told & _DESCRIBES:
            _describe(raw.text, facts)
        if told & _SPEAKS or _PER.search(raw.text):
            before = _thing_before(raws[known[0] : i], known[1]) if told & _COURSES else ""
            said, thing = read_facts(mark(raw), before)
            known = (i + 1, thing) if told & _COURSES else known
            facts |= said | read_trial(mark(raw), raws[i + 1] if i + 1 < len(raws) else None, raws[:i])
        if facts:
            found.append((raw.first_line, raw.last_line, tuple(facts.items())))
    return tuple(found)


def _thing_before(raws: Sequence[Raw], thing: str) -> str:
    """What the last of the sentences that claim nothing spoke of."""
    for raw in reversed(raws):
        sentence = mark(raw)
        for clause in reversed(() if sentence.asks else sentence.clauses):
            things = _things(sentence, clause)
            if things:
                return things[0]
    return thing


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Paragraphs with a claim."""
    for paragraph in paragraphs_of(lines):
        if _of_paragraph(tuple(paragraph.texts)):
            yield Span(first=paragraph.first, last=paragraph.last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each sentence that claims something. ParseError when none does."""
    readings = [
        Reading(facts=dict(facts), line=paragraph.first + first + 1, last_line=paragraph.first + last + 1)
        for paragraph in find_paragraphs(text.split("\n"))
        for first, last, facts in _of_paragraph(tuple(paragraph.texts))
    ]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no claims about memory")
    return tuple(readings)
