"""Holders in sentences: who or what has the memory, in the words for it.

`old workers stay for days` (children), `400 chrome process running`, `8 GB of index and filter blocks` (a cache), `HeapIdle is
huge`, `580 MB obtained from the OS, in use 270 MB` (malloc), `RSS is flat while the working set climbs`, `17 MB more on every
call`. What is asked, wished or supposed is nobody's finding.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words import claim_words as words
from memwhy.sources.words import cues
from memwhy.sources.words.prose import paragraphs_of
from memwhy.sources.words.quantities import Quantity
from memwhy.sources.words.sentences import (
    N_FIRST,
    Q_FIRST,
    Clause,
    N,
    Paragraph,
    Q,
    Sentence,
    find_paragraphs,
    mark,
    split_sentences,
)
from memwhy.sources.words.trials import name_trials, suggests
from memwhy.sources.words.vocabulary import Noun
from memwhy.sources.words.wording import any_of

NAME = "words/holder"
SHARES = True
MOST_BYTES = 2 << 20  # what people write is shorter
_SHOWN = 160
_NEAR_LINES = 4
"""Items of one list lie so close."""
_CROWD = 20
"""Fewer processes of a kind are a pool."""

_THEY = r"(?:child(?:ren)?|workers?|(?:\w{1,20}[ -])?process(?:es)?|processus|instances|shims?|subprocesses|zombies|Prozesse|procesos|processos)"
_OLD = r"(?:old(?:er)?|stale|orphan(?:ed)?|left ?over|stray|previous|abandoned|dangling|exited|finished|dead|shutting[- ]down|alte|verwaiste|huérfanos?|viejos|órfãos?|orphelins?)"
_ENDED = r"(?:clear(?:ed)?|clean(?:ed)?(?: up)?|kill(?:ed)?|terminat(?:e[ds]?|ing)|reap(?:ed)?|exit(?:s|ed|ing)?|clos(?:e[ds]?|ing)|remov(?:ed)?|end(?:s|ed)?|quit(?:s|ting)?|stopp?(?:s|ed)?|die[sd]?|beendet|tués?|terminad[oa]s|eliminad[oa]s|encerrad[oa]s)"
_STAY = r"(?:stay|remain|persist|linger|hang around|pile up|piling up|accumulat(?:e|ing)|left behind|left running|(?:keep|kept) running|still (?:running|alive|there|around)|build(?:ing)? up|never go away|bleiben|restent|quedan|permanecen|ficam)"
_CHILDREN_STAY = any_of(
    rf"\b{_OLD} (?:\w{{1,20}} ){{0,2}}?{_THEY}\b[^.;]{{0,90}}?\b(?:(?:not|never|n't|nicht|no|não|pas|jamais) (?:\w{{1,12}} ){{0,3}}?{_ENDED}|{_STAY})\b"
    rf"|\b(?:child|worker|renderer|helper|chrom(?:e|ium)|browser|nginx|shim|ffmpeg|git|php-fpm|sub)[ -]?(?:process(?:es)?|workers|children|processes)\b[^.;]{{0,60}}?\b(?:(?:not|never|n't) (?:\w{{1,12}} ){{0,3}}?{_ENDED}|left behind|left running|pile up|piling up|linger|accumulat(?:e|ing))\b"
    rf"|\b(?:workers?|{_THEY}) (?:that|which|who) [^.;]{{0,60}}?\b(?:can |could |may )?(?:persist|linger|remain|stay)\b"
    rf"|\b(?:with|ha(?:ve|s|d)) (?:no|a dead|lost (?:its|their)) parent(?: process)?\b|\b(?:the|its|their) parent (?:process )?(?:is|was|has) (?:already |long )?(?:gone|dead|exited|died|ended)\b|\bre-?parented to (?:pid |process )?(?:1\b|init\b|systemd\b)|\b(?:are|is|get|gets|were|become|becomes|left) orphaned\b(?! (?:objects?|entries|rows|files?|records?))"
    rf"|\b(?:child(?:ren)?|{_THEY}|helpers?|browsers?|grandchildren)(?: process(?:es)?)? (?:still )?(?:surviv(?:e|es|ed|ing)|outliv(?:e|es|ed|ing)|live on|liv(?:e|es|ing) on|keep running|kept running|remain running|are still running)\b"
    r"|\b(?:leav(?:e|es|ing)|left|leak(?:s|ed|ing)?)(?: behind)? (?:(?:orphan(?:ed)?|stale|dangling|many|several|lots of|hundreds of|dozens of|its|the|all|child|browser|chrom(?:e|ium)|ffmpeg|helper|worker|renderer|headless)[ -]){0,4}?(?:sub|child)?processes\b(?! (?:memory|heap|address))"
    r"|(?:旧|孤儿|残留)(?:的)?(?:子)?进程.{0,12}(?:没有|未|不|残留|堆积)|子进程.{0,8}(?:没有|未|不)(?:被)?(?:退出|回收|杀死|关闭)"
)
_NOT_THEY = re.compile(r"\b(?:should|if|would|zombies?|defunct)\b|僵尸|ゾンビ", re.IGNORECASE)
"""A zombie has no memory any more."""
_CROWD_OF = re.compile(
    rf"(?P<q>{Q})\s?\+?\s(?:(?:of|such|these|the|running|active|open|separate|different|concurrent|orphaned|zombie|defunct|stale|idle)\s){{0,3}}(?P<name>[A-Za-z][\w.+-]{{1,30}})[ -](?:child |helper |renderer |worker )?(?:process(?:es)?|instances)\b",
    re.IGNORECASE,
)
_NO_PROGRAM = re.compile(
    r"(?:child|worker|other|more|new|different|parallel|concurrent|total|max(?:imum)?|os|unix|linux|user|system|background|sub|running|zombie|defunct|orphaned|old|server|batch|cpu|of|the|in|and|with|for|per)",
    re.IGNORECASE,
)

_CACHE = r"(?:(?:block|row|query|index|object|metadata|result|plan|lru|in-memory|dentry-free|shared|key|segment|tile|image|page|prepared statement|fielddata|filter)[ -]cach(?:e|es)|cache of \w{1,30}|buffer[ -]?pool|memtables?|mem tables?|index(?:es)? (?:and|\+|&|/) (?:bloom )?filters?(?: blocks?)?|filters? (?:and|\+|&|/) index(?:es)?(?: blocks?)?|bloom filters?|table readers?|(?:all )?buffers of the pool)"
_KERNEL_S = re.compile(r"(?:os|linux|kernel|disk|file(?:system)?|page)[ -](?:page )?cach", re.IGNORECASE)
_CACHE_FIGURES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:memory )?(?:usage|use|size|consumption|footprint)\)? (?:of|in|by|for) (?:the |our |its )?(?P<name>{_CACHE})[^{Q[1:-1]}.;]{{0,30}}?(?:is|was|are|were|at|to|=|:|reach\w*|about|around)\s?(?:about |around |roughly |~|≈|over )*(?P<q>{Q})",
        rf"(?P<name>{_CACHE})\)?(?: (?:memory )?(?:usage|use|consumption|footprint))?(?: (?:itself|alone|now|currently))? (?:uses?|takes?(?: up)?|took|holds?|held|contains?|occup\w+|consum\w+|grew to|grows to|usage (?:is|was)|reach(?:es|ed)|accounts? for|shows?|has) (?:already |only |about |around |roughly |over |up to |~|≈)*(?P<q>{Q})",
        rf"(?P<q>{Q}) (?:of |in |for |by |goes to |used by |held by |taken by |is |are )+(?:the |our |its )?(?P<name>{_CACHE})",
        rf"(?P<q>{Q}) (?:of |for |in )?(?:the |pinned |open )?(?P<name>index(?:es)?\s?(?:and|\+|&|/)\s?(?:bloom )?filters?|filters?\s?(?:and|\+|&|/)\s?index(?:es)?)(?: blocks?)?",
    )
)
_SET = any_of(r"\b(?:set|sets|setting|configur\w+|limit\w*|max\w*|capacity|default\w*|recommend\w*|allocated for|up to|increased? (?:it|the)|size of the (?:block )?cache to)\b")  # fmt: skip

_IDLE = r"heap[ _-]?idle|idle heap|idle spans|heap_idle_bytes"
_IDLE_HEAP = any_of(
    rf"(?:{_IDLE})\W{{0,3}}(?: (?:memory|size|value|bytes))?(?: (?:is|was|are|seems?|looks?|gets?|stays?|remains?|keeps?))?(?: (?:very|quite|really|so|extremely|too|pretty|still|always|that))?(?: (?:getting|being))? (?:large|high|huge|big|enormous|massive|growing|most of)\b"
    rf"|\b(?:large|high|huge|big|enormous|massive|lots? of|a lot of) (?:amounts? of )?(?:memory in )?(?:go )?(?:{_IDLE})|\b(?:most|nearly all|almost all|the bulk|majority) of (?:the |our |its )?(?:memory|heap|rss) (?:is|are|was|sits) (?:in )?(?:heap[ _-]?)?idle\b"
    rf"|(?:{_IDLE}).{{0,8}}(?:很大|很高|较大|非常大|大きい|高い)"
)

_ARENA = r"(?:malloc|glibc|arenas?|ptmalloc|allocator|brk heap)"
_OBTAINED = re.compile(
    rf"\b{_ARENA}\b[^{Q[1:-1]}]{{0,40}}?(?P<q>{Q})[^{Q[1:-1]}]{{0,24}}?\b(?:allocated|obtained|reserved|mapped|taken|requested|claimed|got) from (?:the )?(?:os|system|kernel)\b"
    rf"|\b(?:obtained|allocated|reserved|taken|system bytes|sbrk'?d?) ?(?:from (?:the )?(?:os|system|kernel))?\s?(?:by {_ARENA})?\s?[:=]\s?[~≈]?(?P<q2>{Q})",
    re.IGNORECASE,
)
_IN_USE = re.compile(
    rf"\b(?:(?:actually |really |only )?in[- ]use(?: bytes)?|actually used|live (?:blocks|chunks|allocations))\s?(?:is|are|[:=(~≈]|about|only|just)*\s?(?P<q>{Q})|(?P<q2>{Q}) (?:is |are |of (?:it|that|them) (?:is |are )?)?(?:actually |really )?in[- ]use\b",
    re.IGNORECASE,
)

_EACH_TIME = r"(?:each|every|per|jeden?|jedem|chaque|cada|кажд\w+)"
_PER_CALL = re.compile(
    rf"\b(?:build[- ]?up|leak(?:s|ing|ed)?|grow(?:s|ing|n|th)?|grew|increas(?:e[sd]?|ing)|rises?|rising|goes up|climbs?|adds?|added|gains?|loses?|losing|lost|accumulat\w+)\b(?: \w{{1,12}}){{0,3}}?(?: of| by)?\s?(?:about |around |roughly |some |~|≈)?(?P<q>{Q})(?:\s(?:of )?(?:memory|ram|rss|it))?\s(?:(?:on|for|with|at|after|in|upon) )?{_EACH_TIME} (?!(?:second|minute|hour|day|week|month|sec|min)\b)\w{{2,}}"
    rf"|\b{_EACH_TIME} (?!(?:second|minute|hour|day|week|month)\b)\w{{2,20}}(?: \w{{1,12}}){{0,2}}? (?:leaks?|adds?|costs?|loses?|leaves?|leaked|leaves behind|increases? (?:it|memory|rss|usage) by) (?:about |around |roughly |some |~|≈|another |an? extra )*(?P<q2>{Q})",
    re.IGNORECASE,
)
_OWN_THINGS = frozenset(("rss", "heap"))
_BOX = ("cgroup.working_set_bytes", "cgroup.current_bytes")
_LSOF = re.compile(
    rf"\blsof\b[^{Q[1:-1]}]{{0,60}}?(?P<q>{Q})\+?\s(?:rows|lines|entries|results|open files|files|records)\b|(?P<q2>{Q})\+?\s(?:rows|lines|entries|results|records) (?:in|of|from|by|with) [`\"']?lsof\b",
    re.IGNORECASE,
)
_MOST_WAIT = re.compile(r"CLOSE[_ -]?WAIT", re.IGNORECASE)
_MAY = re.compile(
    r"cache|pool|memtable|filter|reader|idle|in[- ]use|from (?:the )?(?:os|system|kernel)|obtained|sbrk|reserved|taken|working.set|container|\bpods?\b|cgroup|lsof"
    r"|orphan|parent|surviv|outliv|helper|browser|each|every|\bper\b|process|workers?|instances|shim|child|zombie|进程|プロセス|chaque|cada|jede|кажд",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Told:
    """What one sentence says. lines are of the text; bones: it with its quantities alone as marks, so that names stay words."""

    first_line: int
    last_line: int
    bones: str = ""
    metrics: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def _hear(sentence: Sentence) -> _Told | None:
    """Whatever of all this a sentence says."""
    if sentence.asks or suggests(sentence.text):
        return None
    told = _Told(sentence.first_line, sentence.last_line, _bones(sentence))
    shown = sentence.text.strip()[:_SHOWN]
    tried = bool(name_trials(sentence.text))
    real = words.UNREAL.search(sentence.text) is None
    if _CHILDREN_STAY.search(sentence.text) and not _NOT_THEY.search(sentence.text):
        told.facts["said.grows.children"] = shown
    if real and _IDLE_HEAP.search(sentence.text):
        told.facts["said.heap_idle"] = shown
    if real and not tried:
        _box_alone(sentence, told, shown)
        if any(_is_amount(sentence, mark_) for mark_ in _marks(_PER_CALL, told)):
            told.facts.setdefault("said.grows.total", shown)
    if real:
        _crowd(sentence, told)
        _cache(sentence, told)
        _lsof(sentence, told)
        _malloc(sentence, told)
    return told if told.metrics or told.facts else None


def _bones(sentence: Sentence) -> str:
    pieces, at = [], 0
    for i, one in enumerate(sentence.quantities):
        pieces += [sentence.text[at : one.start], chr(Q_FIRST + i)]
        at = one.end
    return "".join((*pieces, sentence.text[at:]))


def _marks(pattern: re.Pattern[str], told: _Told) -> list[str]:
    return [match["q"] or match["q2"] for match in pattern.finditer(told.bones)]


def _quantity(sentence: Sentence, mark_: str) -> Quantity:
    return sentence.quantities[ord(mark_) - Q_FIRST]


def _is_amount(sentence: Sentence, mark_: str) -> bool:
    """Bytes, and neither a bound nor a rate."""
    one = _quantity(sentence, mark_)
    return one.size is not None and not one.bound.startswith(("<", "≤"))


def _keep(told: _Told, metric: str, one: Quantity) -> None:
    value, quantum = (one.size, one.size_quantum) if metric.endswith("_bytes") else (one.count, one.count_quantum)
    if value is not None and metric not in told.metrics:
        told.metrics[metric], told.quanta[metric] = value, quantum


def _crowd(sentence: Sentence, told: _Told) -> None:
    """Many processes of one program."""
    for match in _CROWD_OF.finditer(told.bones):
        one = _quantity(sentence, match["q"])
        if one.count is None or one.size is not None or one.count < _CROWD or _NO_PROGRAM.fullmatch(match["name"]):
            continue
        before = told.bones[max(0, match.start() - 40) : match.start()]
        if cues.LESS.search(before) or cues.SETS.search(before):
            continue
        _keep(told, "process.children_count", one)
        told.facts.setdefault("children.program", match["name"])


def _cache(sentence: Sentence, told: _Told) -> None:
    """What a cache has, by its usage; what it is set to is its bound, which other readers know."""
    bones = told.bones
    for pattern in _CACHE_FIGURES:
        for match in pattern.finditer(bones):
            one = _quantity(sentence, match["q"])
            lead = bones[max(0, match.start() - 12) : match.end("name")]
            if one.size is None or one.delta or one.bound or one.per_ns is not None or _KERNEL_S.search(lead):
                continue
            if cues.LESS.search(bones[: match.start("q")]) or _SET.search(match[0]):
                continue
            _keep(told, "cache.held_bytes", one)


def _lsof(sentence: Sentence, told: _Told) -> None:
    """Rows of lsof that somebody counted: about the descriptors, and sockets that the other side has closed."""
    for mark_ in _marks(_LSOF, told):
        one = _quantity(sentence, mark_)
        if one.count is None or one.size is not None:
            continue
        most = _MOST_WAIT.search(sentence.text) and re.search(r"\b(?:most|all|mostly|majority)\b", sentence.text)
        _keep(told, "process.sockets_close_wait_count" if most else "process.descriptors_count", one)


def _malloc(sentence: Sentence, told: _Told) -> None:
    """What malloc obtained and what of it is in use; the second says so only beside the first."""
    for metric, pattern in (("malloc.system_bytes", _OBTAINED), ("malloc.in_use_bytes", _IN_USE)):
        for mark_ in _marks(pattern, told):
            if _is_amount(sentence, mark_):
                _keep(told, metric, _quantity(sentence, mark_))


def _box_alone(sentence: Sentence, told: _Told, shown: str) -> None:
    """The container's figure rises while the process's own does not."""
    flat = grows = False
    for clause in sentence.clauses:
        nouns = _nouns(sentence, clause)
        boxed = any(noun.size in _BOX for noun in nouns) or (
            cues.BOXED.search(clause.text) is not None and any(noun.generic for noun in nouns)
        )
        own = any(noun.thing in _OWN_THINGS for noun in nouns) and not boxed
        rises = words.GROWS.search(clause.text) is not None and words.DOES_NOT_GROW.search(clause.text) is None
        stays = words.DOES_NOT_GROW.search(clause.text) or words.FLAT.search(clause.text)
        grows = grows or (boxed and rises and not words.FLAT.search(clause.text))
        flat = flat or (own and bool(stays))
    if flat and grows:
        told.facts["said.grows.container"] = shown


def _nouns(sentence: Sentence, clause: Clause) -> list[Noun]:
    return [sentence.nouns[ord(mark_) - N_FIRST] for mark_ in re.findall(N, clause.bones)]


@lru_cache(maxsize=64)
def _of_paragraph(texts: tuple[str, ...]) -> tuple[_Told, ...]:
    """What the sentences of a paragraph say; lines count from its own. Remembered, for find and parse ask the same."""
    if not any(map(_MAY.search, texts)):
        return ()
    heard = (_hear(mark(raw)) for raw in split_sentences(Paragraph(0, list(texts))))
    return tuple(told for told in heard if told is not None)


def _paired(told: Sequence[tuple[int, _Told]]) -> Iterator[tuple[int, _Told]]:
    """What malloc has in use counts only near what it obtained: `in use` alone is said of anything."""
    anchors = [at + one.first_line for at, one in told if "malloc.system_bytes" in one.metrics]
    for at, one in told:
        line = at + one.first_line
        if "malloc.in_use_bytes" in one.metrics and not any(abs(line - other) <= _NEAR_LINES for other in anchors):
            del one.metrics["malloc.in_use_bytes"], one.quanta["malloc.in_use_bytes"]
        if one.metrics or one.facts:
            yield at, one


def _read(paragraphs: Iterable[Paragraph]) -> list[tuple[int, _Told]]:
    told = [
        (
            paragraph.first,
            _Told(one.first_line, one.last_line, "", dict(one.metrics), dict(one.quanta), dict(one.facts)),
        )
        for paragraph in paragraphs
        for one in _of_paragraph(tuple(paragraph.texts))
    ]
    return list(_paired(told))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Sentences that say who holds it; those that lie close together are one span, as they are one list."""
    first = last = -1
    for at, one in _read(paragraphs_of(lines)):
        if first >= 0 and at + one.first_line - last > _NEAR_LINES:
            yield Span(first=first, last=last)
            first = -1
        first, last = (at + one.first_line if first < 0 else first), at + one.last_line
    if first >= 0:
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a sentence, in order. ParseError when none says who holds it."""
    readings = tuple(
        Reading(metrics=one.metrics, quanta=one.quanta, facts=one.facts, line=at + one.first_line + 1, last_line=at + one.last_line + 1)
        for at, one in _read(find_paragraphs(text.split("\n")))
    )  # fmt: skip
    if not readings:
        raise ParseError(NAME, None, text[:80], "no sentence says who holds the memory")
    return readings
