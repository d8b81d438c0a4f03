"""Remarks in sentences that need no figure beside a name: counts in words, what falls by itself, what one view does not show.

`millions of goroutines`, `goroutines that never return` (they pile up), `after five minutes it drops`, `RSS does drop, but
cache does not`, `the sst files are mapped into resident memory`, `pprof does not show it`, `a heap dump has only 1 GB`. What
is asked, wished or supposed is left out.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words import claim_words as words
from memwhy.sources.words.prose import paragraphs_of
from memwhy.sources.words.sentences import Paragraph, Sentence, find_paragraphs, mark, split_sentences
from memwhy.sources.words.trials import name_trials, suggests
from memwhy.sources.words.wording import any_of

NAME = "words/remark"
SHARES = True
MOST_BYTES = 2 << 20  # what people write is shorter
_SHOWN = 160

_COUNTED = {
    "goroutines": r"go(?:u|-)?routines?|协程|горутин\w?",
    "threads": r"(?:os |java |native |worker |daemon )?threads",
    "descriptors": r"(?:open )?(?:file[- ]?)?(?:descriptors|handles)|open files|fds",
    "connections": r"(?:tcp |open |idle |http )?(?:connections|sockets)",
}
_VERY_MANY = r"(?:millions|hundreds of thousands|tens of thousands|thousands)\)? (?:and thousands )?(?:of )?(?:(?:open|stuck|blocked|leaked|hanging|idle|waiting|such|these|the|live|running|sleeping) ){0,3}"
_ENDLESS = r"(?:never|not|n't) (?:\w{1,12} ){0,2}?(?:exit\w*|end(?:s|ed|ing)?|return\w*|finish\w*|terminat\w*|stop\w*|released|joined|cleaned)|(?:hang|hung|stuck|blocked|block|wait|waiting) (?:\w{1,12} ){0,2}?(?:forever|indefinitely)|(?:pile|piling|piled) up|accumulat\w+|leak(?:s|ed|ing)?\b"
_PILES = {
    thing: any_of(
        rf"\b{_VERY_MANY}(?:{names})\b",
        rf"\b(?:{names})\b(?: \w{{1,20}}){{0,6}}? (?:{_ENDLESS})" if thing in ("goroutines", "threads") else "(?!)",
        rf"\bhangs? of (?:the )?(?:{names})\b",
    )
    for thing, names in _COUNTED.items()
}
_NO_MORE = re.compile(r"\b(?:no|zero|without|fixed|any) (?:\w{1,12} ){0,2}?leak|\b(?:can|could) (?:handle|serve|support)|\b(?:support|handle|simulat|benchmark|test)\w* ", re.IGNORECASE)  # fmt: skip

_TIME = r"(?:\d{1,4}|a few|some|several|five|ten|a couple of|a|an|one|two|three)"
_BY_ITSELF = any_of(
    rf"\bafter (?:about |around |roughly |approximately |~ ?)?{_TIME} (?:more )?(?:seconds?|minutes?|mins?|hours?|days?)\b.{{0,40}}?\b(?:mem(?:ory)?|usage|ram|rss|it|footprint)\b(?: \w{{1,12}}){{0,3}}? (?:drops?|dropped|falls?|fell|goes (?:back )?down|went (?:back )?down|decreases|shrinks?|is (?:released|freed|returned|reclaimed|given back))\b",
    rf"\b(?:mem(?:ory)?|usage|ram|rss|it|footprint)\b(?: \w{{1,12}}){{0,3}}? (?:drops?|dropped|falls?|fell|goes (?:back )?down|went (?:back )?down|decreases|shrinks?|is (?:released|freed|returned|reclaimed|given back))\b.{{0,30}}?\b(?:by itself|on its own|after (?:about |around |roughly )?{_TIME} (?:seconds?|minutes?|mins?|hours?|days?)|eventually|a (?:few minutes|while) later)\b",
)
_NOT_ALL = re.compile(r"\b(?:never|not|n't|but (?:only )?(?:a|some|slightly)|slightly|a bit|a little|restart|kill|crash)", re.IGNORECASE)  # fmt: skip

_DOES_TOO = re.compile(
    r"\b(?:drops?|falls?|decreases?|goes down|shrinks?|is (?:released|freed|reclaimed))\b[^.;]{0,40}?\b(?:but|while|yet|however|whereas)\b (?:the )?(?P<rest>[^.;,]{2,60}?)\b(?:does|do|did|is|are) ?(?:not|n't)\W{0,3}$",
    re.IGNORECASE,
)
_THINGS = (
    ("cache", re.compile(r"\b(?:page |file )?cach(?:e|es|ed)\b", re.IGNORECASE)),
    ("kernel", re.compile(r"\b(?:slab|kernel|kmem)", re.IGNORECASE)),
    ("rss", re.compile(r"\b(?:rss|resident)", re.IGNORECASE)),
    ("total", re.compile(r"\b(?:memory|usage|ram)", re.IGNORECASE)),
)

_CHILDREN = any_of(
    r"\b(?:spawn|fork|start|launch|creat|leav)(?:s|es|ed|ing)?\b (?:\w{1,12} ){0,2}?(?:long[- ](?:lived|running)|lingering|stale|orphan(?:ed)?|more and more|new) (?:[\w-]{1,20} ){0,2}?(?:child(?:ren)?|sub)[ -]?process(?:es)?\b",
)
_FILES = r"(?:sst|data|db|database|index|segment|log|store|mapped|storage|wal|parquet|model)[ -]?(?:\w{1,10} )?files?"
_MAPPED = any_of(
    rf"\b(?:massive |many |all |most |the |its )?{_FILES}\b (?:\w{{1,12}} ){{0,3}}?mapp(?:ed|ing) (?:in)?to (?:\w{{1,12}} )?memory\b",
    rf"\bmaps? (?:\w{{1,12}} ){{0,3}}?{_FILES} (?:\w{{1,12}} ){{0,2}}?(?:in(?:to)?|to) (?:\w{{1,12}} )?memory\b",
)
_VIEW = r"(?:pmap|smaps|vmmap|/proc/\S{1,12}/s?maps|proc maps|maps file)"
_MAPS = r"(?:mappings|mapped (?:regions|buffers|segments)|memory (?:regions|maps|areas|segments)|vmas?|dma-?bufs?|anon(?:ymous)? (?:regions|blocks|segments|maps)|maps entries)"
_MORE = r"(?:grow\w*|grew|increas\w+|ris(?:es|ing)|rose|climb\w*|gets? longer|getting longer|pil\w+ up|accumulat\w+|goes up|going up|never (?:shrinks?|ends?|goes away))"
_MAPPINGS = any_of(
    rf"\b(?:number|count|list|amount) of (?:[\w\[\]/.-]{{1,20}} ){{0,4}}?{_MAPS}\b[^.;]{{0,60}}?\b{_MORE}\b",
    rf"(?<!\w){_VIEW}(?!\w)[^.;]{{0,60}}?\b(?:more and more|ever more|an? (?:ever[- ]|steadily )?growing (?:number|list) of|new)\b[^.;]{{0,40}}?\b(?:entries|lines|blocks|{_MAPS})(?!\w)",
    rf"(?<!\w){_VIEW}(?!\w)(?: (?:output|listing|of the process))?(?: (?:itself|just|only|keeps?|is|constantly|always|steadily)){{0,3}} (?:{_MORE}|longer and longer)\b(?! memory)",
    rf"\b(?:more and more|ever more) (?:[\w\[\]/.-]{{1,20}} ){{0,3}}?{_MAPS}\b",
)
_UNSEEN = any_of(
    r"\b(?:not|n't|isn't|never) (?:\w{1,12} ){0,2}?(?:tracked|seen|accounted(?: for)?|managed|visible|shown|reported|counted|show(?:n|ing)? up|appear(?:ing)?|visible) (?:\w{1,12} ){0,2}?(?:by|in|from|to) (?:the )?(?:go(?:lang)?(?:'s)? (?:runtime|heap|gc)|pprof|heap (?:profile|dump|snapshot)s?|jvm|gc|garbage collector|v8|runtime|tracemalloc)\b",
    r"\b(?:pprof|heap profiles?|heap dumps?|heap snapshots?|tracemalloc|memray|the profiler)\b (?:\w{1,12} ){0,2}?(?:does not|doesn't|do not|don't|did not|didn't|cannot|can't) (?:\w{1,12} ){0,1}?(?:show|see|track|account for|explain|reveal|find|report|include|contain) (?:it|this|that|them|any|anything|the (?:leak|growth|memory|rest|difference))\b",
    r"\b(?:it|this|that|which|leak|growth|problem|issue|culprit|cause)(?:(?:'s| is| was| does| clearly| definitely| really| so| also))*(?:n't| not) (?:(?:in|on|from|about|a|an|come from|coming from|related to|caused by|due to) ){0,2}(?:the |its |our )?(?:java |jvm |js |javascript |v8 |node |go |python |managed |gc )?heap(?: (?:leak|growth|memory|itself|usage))?(?= ?(?:[.,;:)!]|$|\b(?:but|that|and|which|because|since)\b))",
    r"\b(?:the )?(?:java |jvm |js |javascript |v8 |node |go |python |managed |gc )?heap(?: (?:memory|usage|size))? (?:is|was|does)(?:n't| not) (?:the )?(?:problem|cause|issue|culprit|reason|explain\w*|account\w*)\b",
    r"\b(?:outside|out) (?:of )?(?:the )?(?:go|jvm|java|v8|node|python|runtime)(?:'s)? heap\b",
)
_HEAP_DUMP = re.compile(
    r"\b(?:heap ?dumps?|\.?hprof|heap snapshots?)\b(?: \w{1,12}){0,4}? (?:is|was|are|has|have|had|shows?|showed|contains?|dumps|gives|of|weighs|sums? (?:up )?to|comes to|totals?) (?:only |just |about |around |roughly |merely |~ ?){0,3}$",
    re.IGNORECASE,
)
_AS_EXPECTED = re.compile(r"\bas (?:\w{1,10} )?expected\b", re.IGNORECASE)
_MAY = re.compile(
    r"routine|thread|descriptor|handle|socket|connection|fds|open files|drop|fall|fell|goes|went|decreas|shrink|released|freed|reclaim|returned|mapp|maps?\b|vmmap|vmas?\b|dma-?buf|anon|memory (?:regions|areas|segments)|process|pprof|runtime|heap|hprof|profil|协程|горутин",
    re.IGNORECASE,
)


def _hear(sentence: Sentence) -> tuple[dict[str, str], dict[str, int], dict[str, int]]:
    """(facts, metrics, quanta) of one sentence."""
    text, shown = sentence.text, sentence.text.strip()[:_SHOWN]
    facts: dict[str, str] = {}
    if sentence.asks or words.UNREAL.search(_AS_EXPECTED.sub(" ", text)) or suggests(text):
        return {}, {}, {}
    tried = bool(name_trials(text))
    if not tried and not _NO_MORE.search(text):
        facts |= {f"said.grows.{thing}": shown for thing, pattern in _PILES.items() if pattern.search(text)}
    if not tried and _BY_ITSELF.search(text) and not _NOT_ALL.search(text):
        facts["said.falls.total"] = shown
    stays = _DOES_TOO.search(text)
    if stays is not None:
        thing = next((name for name, pattern in _THINGS if pattern.search(stays["rest"])), None)
        if thing is not None:
            facts[f"said.plateau.{thing}"] = shown
    if _MAPPED.search(text) and not words.NOT_MAPPED.search(text):
        facts["said.mapped"] = shown
    if _CHILDREN.search(text):
        facts["said.grows.children"] = shown
    if not tried and _MAPPINGS.search(text) and not words.DOES_NOT_GROW.search(text):
        facts["said.grows.mappings"] = shown
    if _UNSEEN.search(text):
        facts["said.flat.heap"] = shown
    sizes = [one for one in sentence.quantities if one.size is not None and one.per_ns is None and not one.delta]
    dumped = next((one for one in sizes if _HEAP_DUMP.search(text[max(0, one.start - 120) : one.start])), None)
    if dumped is None or dumped.size is None:
        return facts, {}, {}
    metric = "runtime.heap_used_bytes"
    return facts, {metric: dumped.size}, {metric: dumped.size_quantum}


@lru_cache(maxsize=64)
def _of_paragraph(texts: tuple[str, ...]) -> tuple[Reading, ...]:
    """What its sentences say; lines count from its own, from 0. Remembered, for find and parse ask the same."""
    if not any(map(_MAY.search, texts)):
        return ()
    readings = []
    for raw in split_sentences(Paragraph(0, list(texts))):
        facts, metrics, quanta = _hear(mark(raw)) if _MAY.search(raw.text) else ({}, {}, {})
        if facts or metrics:
            readings.append(
                Reading(facts=facts, metrics=metrics, quanta=quanta, line=raw.first_line, last_line=raw.last_line)
            )
    return tuple(readings)


def _read(paragraphs: Iterable[Paragraph]) -> list[tuple[int, int, Reading]]:
    """(first line, last line, reading), 0-based."""
    return [
        (paragraph.first + (one.line or 0), paragraph.first + (one.last_line or 0), one)
        for paragraph in paragraphs
        for one in _of_paragraph(tuple(paragraph.texts))
    ]


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Sentences with such a remark."""
    last = -1
    for first, end, _ in _read(paragraphs_of(lines)):
        if first > last:
            yield Span(first=first, last=end)
            last = end


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a sentence, in order. ParseError when there is none."""
    readings = tuple(
        Reading(facts=one.facts, metrics=one.metrics, quanta=one.quanta, line=first + 1, last_line=end + 1)
        for first, end, one in _read(find_paragraphs(text.split("\n")))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no remark on what piles up, falls or is not seen")
    return readings
