"""Figures in sentences: "RSS 4.2 GB after two days, heap 300 MB" → readings, each figure with the name that it refers to.

A figure belongs to a name in its own clause, or to the name before it where its clause has nothing but figures and moments.
Wishes, bounds, questions, changes, configuration and what a program works on are no figures of its memory; what somebody
measured after an intervention is a trial (claims.py), and only the figure before it is a level.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words import cues
from memwhy.sources.words.again import later, then
from memwhy.sources.words.claim_words import SAWTOOTH
from memwhy.sources.words.gathered import Figure, gather
from memwhy.sources.words.named import Owned, read_owned
from memwhy.sources.words.prose import paragraphs_of
from memwhy.sources.words.quantities import Quantity, in_unit_of
from memwhy.sources.words.sentences import (
    M_FIRST,
    N_FIRST,
    Q_FIRST,
    Clause,
    M,
    N,
    Paragraph,
    Q,
    Sentence,
    find_paragraphs,
    sentences_of,
)
from memwhy.sources.words.sides import Side, read_sides
from memwhy.sources.words.trials import tells_trial
from memwhy.sources.words.vocabulary import NAMES, Noun
from memwhy.sources.words.wording import Wording, signs

NAME = "words/figure"
_OWN_KEY = re.compile(r"(?<![\w.-])[A-Za-z_][\w.-]{0,30}=[\"']?$")
_DIGIT = re.compile(r"\d")
_AMOUNT = re.compile(r"[\d\uff10-\uff19] ?(?:[KMGTkmgtКМГкмг兆千]|bytes|oct)")
_Q, _N, _M = re.compile(Q), re.compile(N), re.compile(M)
_M_AND_BLANK = re.compile(f"{M} ?")
_SAYS = re.compile(
    rf":\s|{N} (?:says?|shows?|showed|reports?|reported|gives?|displays?)\b"
)  # a `not` before is of another verb
SHARES = True
MOST_BYTES = 2 << 20  # what people write is shorter


@dataclass(slots=True)
class _Thread:
    """What a paragraph has said so far: the last name, and the moment that a clause without figures told. earlier: of a
    trial, the words before said that what follows was before it."""

    noun: Noun | None = None
    elapsed_ns: int | None = None
    timed: bool = False
    figures: list[Figure] = field(default_factory=list)
    go: bool = False
    earlier: bool = False


@lru_cache(maxsize=512)
def _says(pattern: Wording, text: str) -> bool:
    return pattern.search(text) is not None


def read_figures(sentence: Sentence, thread: _Thread) -> list[Figure]:
    """The figures of one sentence."""
    before = len(thread.figures)
    trial = bool(sentence.quantities) and tells_trial(sentence.text)
    thread.earlier = False
    owned = read_owned(sentence)
    if owned:
        thread.figures += [_of_owner(one, sentence) for one in owned]
        thread.noun = None
    elif sides := read_sides(sentence):
        thread.figures += [_of_side(one, sentence) for one in sides]
        thread.noun = None
    elif not sentence.asks:
        for clause in sentence.clauses:
            _read_clause(sentence, clause, thread, trial)
            thread.earlier = trial and _is_earlier(clause.bones, thread.earlier)
    return thread.figures[before:]


def _of_owner(owned: Owned, sentence: Sentence) -> Figure:
    size, quantum = owned.quantity.size or 0, owned.quantity.size_quantum
    return Figure(owned.metric, size, quantum, None, False, sentence.first_line, sentence.last_line, owned)


def _of_side(side: Side, sentence: Sentence) -> Figure:
    size, quantum = side.quantity.size or 0, side.quantity.size_quantum
    return Figure(side.metric, size, quantum, None, False, sentence.first_line, sentence.last_line)


def _read_clause(sentence: Sentence, clause: Clause, thread: _Thread, trial: bool) -> None:
    bones = clause.bones
    quantities = [match.start() for match in _Q.finditer(bones)]
    nouns = [match.start() for match in _N.finditer(bones)]
    moment = _moment(sentence, bones)
    if not quantities:
        if nouns:
            thread.noun = _noun(sentence, bones[nouns[-1]])
        if moment is not None and not _told_late(sentence, thread, moment, bool(nouns)):
            thread.elapsed_ns, thread.timed = moment, True
        return
    if _says(cues.WISH, clause.text) or (thread.figures and _says(cues.ELSEWHERE, clause.text)):
        thread.noun = None
        return
    pairs = {m.start("a"): m for m in cues.PAIR.finditer(bones) if _is_pair(m, bones)} if len(quantities) > 1 else {}
    seconds = {m.start("b") for m in pairs.values()}
    swings = bool(pairs) and SAWTOOTH.search(sentence.text) is not None  # the low and the high of it
    used: set[int] = set()
    for at in quantities:
        if at in seconds:
            continue
        pair = pairs.get(at)
        if pair is not None and swings:
            continue
        course = read_course(sentence, pair) if pair else None
        if pair is not None and course is None:
            seconds.discard(pair.start("b"))
            pair = None
        quantity, other = course or (_quantity(sentence, bones[at]), None)
        noun_at, noun = _link(sentence, clause, at, pair.end("b") if pair else at + 1, nouns, used, quantity, thread)
        if (
            noun is None
            and cues.HOST_WITH.search(bones[max(0, at - 60) : at])
            and not _says(cues.WORK, bones[at + 1 : at + 20])
        ):
            noun = cues.HOST_MEMORY if quantity.size is not None else None
        elif noun is None and quantity.size is not None and cues.HOST_AFTER.match(bones[at + 1 : at + 40]):
            noun = cues.HOST_MEMORY
        if noun is None or (pair is None and not _is_level(bones, at, quantity, noun, beside=bool(used))):
            continue
        used.add(noun_at)
        thread.noun = noun
        _keep(sentence, clause, thread, noun, quantity, other, at, moment, trial)


def _told_late(sentence: Sentence, thread: _Thread, elapsed_ns: int, named: bool) -> bool:
    """The moment of the figure before, in a clause of its own: `memory is at 3 GB, after two days`."""
    last = thread.figures[-1] if thread.figures else None
    if last is None or last.timed or named or last.first_line != sentence.first_line:
        return False
    thread.figures[-1] = replace(last, elapsed_ns=elapsed_ns, timed=True)
    return True


def _keep(sentence: Sentence, clause: Clause, thread: _Thread, noun: Noun, quantity: Quantity, other: Quantity | None, at: int, moment: int | None, trial: bool) -> None:  # fmt: skip
    """Take a figure, or the two of `from A to B`; of a trial only what was before it."""
    elapsed_ns, timed = _moment_of(sentence, clause.bones, at)
    if not timed:
        elapsed_ns, timed = (
            (moment, True) if moment is not None and other is not None else (thread.elapsed_ns, thread.timed)
        )
    taken = [(quantity, 0 if other is not None and elapsed_ns else elapsed_ns if other is None else None)]
    if other is not None:
        taken.append((other, elapsed_ns))
    for one, when in taken[:1] if trial else taken:
        if trial and other is None and not _is_earlier(clause.bones[:at], thread.earlier):
            return
        metric = _metric(noun, one, sentence, clause, thread)
        if not metric:
            continue
        value, quantum = (one.size, one.size_quantum) if metric.endswith("_bytes") else (one.count, one.count_quantum)
        if value is not None:
            thread.figures.append(Figure(metric, value, quantum, when, timed, sentence.first_line, sentence.last_line))


def _is_earlier(bones: str, earlier: bool) -> bool:
    """The last word of before or after says before; without one it stays as it was."""
    told = list(cues.SIDE.finditer(bones))
    return told[-1]["before"] is not None if told else earlier


def _metric(noun: Noun, quantity: Quantity, sentence: Sentence, clause: Clause, thread: _Thread) -> str:
    metric = (noun.size if quantity.size is not None and noun.size else noun.count) or ""
    if noun.generic:
        if cues.PROFILER.search(sentence.text[max(0, quantity.start - 80) : quantity.start]):
            metric = "runtime.heap_used_bytes"
        elif cues.MINE.search(sentence.text[max(0, quantity.start - 40) : quantity.start]):
            metric = "host.total_bytes"
        elif _says(cues.BOXED, clause.text):
            metric = "cgroup.current_bytes"
        elif _says(cues.HOST, clause.text) and not _says(cues.DOES, clause.text):
            metric = "host.total_bytes"
        elif _says(cues.WHOLE_HOST, clause.text) and not _says(cues.OWN, clause.text):
            metric = "host.used_bytes"
        elif _says(cues.HARDWARE, sentence.text) and not _says(cues.DOES, clause.text):
            metric = "host.total_bytes"
    if metric == "host.tmpfs_used_bytes" and not _says(cues.IN_USE, clause.text):
        return ""  # how large it may be
    if metric in cues.PEAKED and _says(cues.PEAK, clause.text):
        metric = "process.rss_peak_bytes"
    if metric == "runtime.heap_used_bytes" and thread.go:
        metric = "go.heap_alloc_bytes"
    return metric


def _link(sentence: Sentence, clause: Clause, at: int, end: int, nouns: Sequence[int], used: set[int], quantity: Quantity, thread: _Thread) -> tuple[int, Noun | None]:  # fmt: skip
    """The name that a quantity at `at` refers to. (-1, noun) for one of an earlier clause."""
    bones = clause.bones
    if not nouns:
        carried = thread.noun
        goes_on = (
            cues.GOES_ON.match(bones) or cues.LATER_IT.match(bones) or (bones[:at].strip() and later(bones, 0, at, end))
        )
        if carried is not None and _fits(carried, quantity) and goes_on:
            return -1, carried
        thread.noun = None  # it speaks of something else
        return -1, _unnamed(clause, at, end, carried) if quantity.size is not None else None
    if _OWN_KEY.search(bones[max(0, at - 40) : at]):
        return -1, None  # `backup size=1200MB heap=ok`: it has a name, which says nothing here
    left = max((i for i in nouns if i < at), default=None)
    right = min((i for i in nouns if i >= end), default=None)
    near = None
    if (
        left is not None
        and left not in used
        and not _has_level(sentence, _noun(sentence, bones[left]), bones[left + 1 : at])
    ):
        gap = re.sub(f"{M}|{Q}", "", bones[left + 1 : at])
        noun = _noun(sentence, bones[left])
        tight = bool(cues.IS.match(gap)) or (noun.generic and bool(cues.STANDS.match(gap)))
        if quantity.bare and not gap.strip() and _is_single(sentence.text[noun.start : noun.end]):
            tight = False  # `goroutine 18` is the eighteenth
        plain = (
            quantity.bare
            and quantity.size is None
            and not tight
            and (not cues.DOES.search(gap) or cues.REFERS.search(gap) is not None)
        )
        if _fits(noun, quantity) and len(gap) <= 60 and not plain and not (cues.WORK.search(gap) and noun.generic):
            near = (left, noun, tight)
    after = None
    if right is not None and right not in used and not _Q.search(bones[end:right]):
        noun = _noun(sentence, bones[right])
        gap = bones[end:right]
        if _fits(noun, quantity) and cues.OF.match(gap) and not (near and _taken(bones, right)):
            after = (right, noun)
    chosen: tuple[int, Noun] | None = None
    if (
        near is not None
        and (near[2] or after is None)
        and not (near[1].generic and after is not None and not after[1].generic)
    ):
        chosen = near[:2]
    elif after is not None:
        chosen = after
    if chosen is None:
        again = left is not None and left in used and right is None and then(bones, left, at, end)
        same = _noun(sentence, bones[left]) if again and left is not None else None
        return (left, same) if left is not None and same is not None and _fits(same, quantity) else (-1, None)
    if chosen[1].generic and not _may(
        sentence, clause, chosen[0], at, near is not None and near[2] and chosen[0] == near[0]
    ):
        return -1, None
    return chosen


def _unnamed(clause: Clause, at: int, end: int, carried: Noun | None) -> Noun | None:
    """Memory, where a clause says how much without a name: `it grows from A to B`, `the pod is at A`; no sum of allocations."""
    bones = clause.bones
    if end > at + 1:
        rises = cues.ITSELF.match(bones[:at]) or (cues.RISES.search(bones[:at]) and not _says(cues.WORK, clause.text))
        other = cues.ALLOCATED.search(bones[end:]) or cues.OF_THINGS.search(bones[at:])
        return cues.MEMORY if rises and not other else None
    before = _M_AND_BLANK.sub("", bones[max(0, at - 120) : at])
    owner = cues.OWNS.search(before) or cues.CONSUMES.search(before)
    if owner is None or not cues.OWNS_AFTER.match(bones[end:]) or cues.ALLOTTED.search(owner[0]):
        return None
    if carried is not None and carried.size and not carried.size.endswith("limit_bytes") and cues.IT.match(owner[0]):
        return carried
    return cues.BOX_MEMORY if _says(cues.BOXED, owner[0]) else cues.MEMORY


def _is_single(name: str) -> bool:
    """An English name of one thing."""
    return (
        name.isascii() and not name.endswith("s") and not re.search(r"count|num|total|nlwp|wait", name, re.IGNORECASE)
    )


def _taken(bones: str, noun_at: int) -> bool:
    """A name that is followed by a figure of its own: `2 GB (heap: 300 MB)`."""
    return re.match(rf"\s*(?:[:=(]|is|at|of|stays at)?\s*[~≈]?\s*{Q}", bones[noun_at + 1 :]) is not None


def _may(sentence: Sentence, clause: Clause, noun_at: int, at: int, tight: bool) -> bool:
    """`memory` refers to what a process or a host uses only with a verb of use, right before its figure, or among hardware."""
    if _says(cues.WORK, clause.text) and not tight:
        return False
    if _says(cues.DOES, clause.text) or (tight and noun_at < at):
        return True
    host = _says(cues.HOST, clause.text) or _says(cues.HARDWARE, sentence.text)
    return bool(host) and noun_at > at


def _fits(noun: Noun, quantity: Quantity) -> bool:
    if quantity.size is not None and noun.size is not None:
        return True
    return quantity.count is not None and noun.count is not None and (noun.size is None or quantity.bare) and noun.count != "runtime.objects_count"  # fmt: skip


def _is_level(bones: str, at: int, quantity: Quantity, noun: Noun, *, beside: bool = False) -> bool:
    """It says how much there is: no bound, change, rate or setting. beside: of a figure before it in the clause, so that
    `with` adds a second one (`RSS 5 GB with 80,000 goroutines`)."""
    before, after = bones[max(0, at - 80) : at], bones[at + 1 : at + 80]
    if quantity.delta or quantity.bound in ("<", "≤", "<=") or quantity.per_ns is not None:
        return False
    if cues.LESS.search(before) or cues.LESS_AFTER.match(after) or cues.BY.search(before) or cues.EACH.match(after):
        return False
    if cues.NOT.search(_SAYS.split(before)[-1]) or (quantity.letter and noun.size is None and quantity.count is None):
        return False
    if noun.size is None or quantity.size is None:
        follows = cues.BARE_AFTER.match(after) or re.match(cues.OF.pattern[:-1] + rf"{N}", after, re.IGNORECASE)
        sets = cues.SETS.search(before) is not None and not (beside and cues.WITH.search(before))
        if follows is None or sets or cues.ALLOWED.match(after) or _says(cues.LOAD, re.sub(f"{Q}|{N}|{M}", " ", bones)):
            return False
    if quantity.letter and quantity.size is not None and cues.UNIT_OF_THINGS.match(after):
        return False
    return after[:1] != "%"


def read_course(sentence: Sentence, match: re.Match[str]) -> tuple[Quantity, Quantity] | None:
    """(A, B) of `from A to B`. A bare number before an amount is one only with a `from` or an arrow."""
    first, second = _quantity(sentence, match["a"]), _quantity(sentence, match["b"])
    if first.per_ns is not None or second.per_ns is not None:
        return None  # how fast it goes, and how far
    sure = match["from"] or match["to"] in _ARROWS
    if first.bare and second.size is not None and not sure:
        return None
    return in_unit_of(first, second, sentence.language), second


_ARROWS = ("→", "->", "=>", "➜", "⟶", "⇒", "から", "からは", "에서")


def _is_pair(match: re.Match[str], bones: str) -> bool:
    """`A to B` is a course with a `from`, an arrow or a verb of change; else it may be a range."""
    if match["from"] or match["to"] in _ARROWS:
        return True
    return bool(_says(cues.DOES, bones[: match.end("b")])) or match["ma"] is not None


def _moment(sentence: Sentence, bones: str) -> int | None:
    """The one moment with a length that a clause tells."""
    told = [sentence.moments[ord(c) - M_FIRST].elapsed_ns for c in _M.findall(bones)]
    known = [ns for ns in told if ns is not None]
    return known[0] if len(known) == 1 and len(told) == 1 else None


def _moment_of(sentence: Sentence, bones: str, at: int) -> tuple[int | None, bool]:
    """(elapsed, told at all) of the moment beside a quantity: after it up to the next one, else before it."""
    right = re.match(rf"[^{Q[1:-1]}{M[1:-1]}]{{0,40}}({M})", bones[at + 1 :])
    left = re.search(rf"({M})[^{Q[1:-1]}{M[1:-1]}]{{0,60}}$", bones[:at])
    match = right or left
    if match is None:
        return None, False
    return sentence.moments[ord(match[1]) - M_FIRST].elapsed_ns, True


def _has_level(sentence: Sentence, noun: Noun, bones: str) -> bool:
    """There is a quantity that can be the name's own, other than one that says how fast something goes."""
    told = [_quantity(sentence, mark) for mark in _Q.findall(bones)]
    return any(one.per_ns is None and not (noun.generic and one.size is None) for one in told)


def _quantity(sentence: Sentence, mark: str) -> Quantity:
    return sentence.quantities[ord(mark) - Q_FIRST]


def _noun(sentence: Sentence, mark: str) -> Noun:
    return sentence.nouns[ord(mark) - N_FIRST]


@lru_cache(maxsize=64)
def _of_paragraph(texts: tuple[str, ...]) -> tuple[Figure, ...]:
    """The figures of a paragraph; lines count from its own. Remembered, for find and parse ask the same."""
    thread = _Thread(go=any(cues.GO.search(text) for text in texts))
    for sentence in sentences_of(Paragraph(0, list(texts))):
        if sentence.quantities or sentence.nouns or sentence.moments:
            read_figures(sentence, thread)
    return tuple(thread.figures)


def _may_tell(texts: Sequence[str]) -> bool:
    """There are digits, and a name or an amount with a unit."""
    if not any(map(_DIGIT.search, texts)):
        return False
    return any(signs(text) & NAMES.bit for text in texts) or any(map(_AMOUNT.search, texts))


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Paragraphs with a figure that has a name."""
    for paragraph in paragraphs_of(lines):
        if _may_tell(paragraph.texts) and _of_paragraph(tuple(paragraph.texts)):
            yield Span(first=paragraph.first, last=paragraph.last)


def parse(text: str) -> tuple[Reading, ...]:
    """The figures of every paragraph, in order. ParseError when no figure has a name."""
    readings = [
        reading
        for paragraph in find_paragraphs(text.split("\n"))
        for reading in gather(_of_paragraph(tuple(paragraph.texts)), paragraph.first)
    ]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of memory in sentences")
    return tuple(readings)
