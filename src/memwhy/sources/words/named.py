"""Several processes in one sentence: `the ingester uses 4 GB RSS, the querier 300 MB and the frontend 80 MB`.

Two or more amounts in a row, each right behind a name of its own. What parts one process from another parts no moments,
allocators or builds: a list of those is none of ours.
"""

import re
from dataclasses import dataclass

from memwhy.sources.words import cues
from memwhy.sources.words.moments import is_stage, read_moments
from memwhy.sources.words.quantities import Quantity
from memwhy.sources.words.sentences import Q_FIRST, M, N, Q, Sentence
from memwhy.sources.words.trials import name_trials
from memwhy.sources.words.vocabulary import name_of

LEAST = 2
_ITEM = re.compile(
    rf"(?<![\w.-])(?:(?i:our|my|unser\w*|notre|nuestr[oa]|nosso|наш) )?(?P<name>[A-Za-z][\w.+-]{{1,30}})(?:'s)?(?: (?:process|service|server|pod|container|daemon|workers?|sidecar|binary|itself))?(?:\s?\((?i:pid)[ :=]{{0,2}}(?P<pid>{Q})\)|\s?\([^(){Q[1:-1]}]{{0,20}}\))?"
    rf"\s?(?:{N}\s?)?(?:(?:is|was|are|sits|hovers|stays|now) ){{0,2}}(?:at|uses?|used|using|takes?|taking|has|had|holds?|needs?|eats?|consum(?:es|ed|ing)|shows?|reports?|grew to|[:=(~≈–-])?\s?"
    rf"(?:only |just |about |around |almost |over |roughly |some |nearly |up to )?(?:{N}\s?(?:of |is |at |: ?)?)?[~≈]?(?P<q>{Q})\)?"
)
_BETWEEN = re.compile(
    rf"^\s?(?:\(?(?:{N}|{M}|of|each|used|resident|alone)\)?\s?){{0,4}}(?:[,;/]\s?|(?:and|plus|while|whereas|but|und|et|y|e|и)\s|[–-]\s)+(?:(?:and|plus|while|whereas|but|und|et|y|e|и|the|its|a|an|another|der|die|das|le|la|el|o)\s){{0,3}}$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"about|above|after|alloc|allocated|an|and|another|are|around|as|at|average|avg|baseline|been|before"
    r"|below|box|buffers|build|by|cache|cached|cap|client-side|consumed|consumes|consuming|current|debug"
    r"|default|disk|eats|else|end|extra|file|files|free|from|garbage|glibc|go|grew|growing|grows|growth"
    r"|had|has|have|heap|hit|hits|holds|host|idle|in|increase|is|it|its|jemalloc|just|kernel|last|leaked"
    r"|leaking|less|libc|like|limit|linux|live|local|locally|mac|machine|macos|malloc|max|maximum|memory"
    r"|mimalloc|min|minimum|more|most|musl|needs|new|next|node|now|of|old|on|once|only|or|original|other"
    r"|out|over|own|patched|peak|peaked|per|plus|previous|process|prod|production|program|ptmalloc|ram"
    r"|reached|reaches|release|reserved|resident|rss|same|server|service|shared|shows|size|some|stable"
    r"|stack|staging|stays|still|stock|swap|take|takes|tcmalloc|than|that|the|then|there|these|they|this"
    r"|to|total|under|up|usage|use|used|uses|using|via|virtual|vm|vs|was|were|when|where|which|while"
    r"|windows|with|within|without|worker|workers",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}|morning|noon|afternoon|evening|night|midnight|today|yesterday|tomorrow",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v\d[\w.+-]*", re.IGNORECASE)
_RESIDENT = ("process.rss_bytes", "process.pss_bytes", "process.uss_bytes", "process.virtual_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """An amount and whose it is, as `Reading.subject` says it. metric: of the name that the sentence gives to all. facts: of
    its reading."""

    subject: str
    metric: str
    quantity: Quantity
    facts: dict[str, str]


def read_owned(sentence: Sentence) -> tuple[Owned, ...]:
    """The amounts of a sentence that lists at least LEAST processes with their memory; else none."""
    sizes = [quantity for quantity in sentence.quantities if quantity.size is not None]
    if len(sizes) < LEAST or sentence.asks or cues.WISH.search(sentence.text) or name_trials(sentence.text):
        return ()
    metric = _metric(sentence)
    if not metric:
        return ()
    bones = ", ".join(clause.bones.strip() for clause in sentence.clauses)
    found: list[Owned] = []
    end = -1
    for match in _ITEM.finditer(bones):
        quantity = sentence.quantities[ord(match["q"]) - Q_FIRST]
        if quantity.size is None or quantity.delta or quantity.bound or quantity.per_ns is not None:
            continue
        if not _is_name(match["name"]):
            return ()
        if found and not _BETWEEN.match(bones[end : match.start()]):
            return ()
        subject = f"{'version' if _VERSION.fullmatch(match['name']) else 'process'} {match['name']}"
        pid = sentence.quantities[ord(match["pid"]) - Q_FIRST].count if match["pid"] else None
        facts = {"process.comm": match["name"]} if pid else {}
        found.append(Owned(subject=f"pid {pid}" if pid else subject, metric=metric, quantity=quantity, facts=facts))
        end = match.end()
    distinct = len({owned.subject for owned in found}) == len(found)
    return tuple(found) if len(found) >= LEAST and distinct else ()


def _metric(sentence: Sentence) -> str:
    """The one metric that the sentence is about; RSS where it says `memory`, or only that it is used."""
    named = {noun.size for noun in sentence.nouns if noun.size and not noun.generic}
    if len(named) == 1:
        return metric if (metric := named.pop()) in _RESIDENT else ""
    if named:
        return ""
    return "process.rss_bytes" if sentence.nouns or cues.DOES.search(sentence.text) else ""


def _is_name(word: str) -> bool:
    """It may be a program's name: no moment, verb, figure or allocator."""
    return (
        _NO_NAME.fullmatch(word) is None
        and not is_stage(word)
        and not _TIMES.fullmatch(word)
        and not read_moments(word)
        and name_of(word) is None
        and not cues.WORK.search(word)
    )
