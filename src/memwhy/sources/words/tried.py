"""Trials in sentences: what somebody changed, and what memory did then → trial.* facts of model/said.py.

A trial needs an outcome, by words or by figures, in its own sentence or in the next one.
"""

import re
from collections.abc import Sequence
from functools import partial

from memwhy.sources.words import claim_words as words
from memwhy.sources.words import cues
from memwhy.sources.words.figures import read_course
from memwhy.sources.words.outcomes import level_beside
from memwhy.sources.words.sentences import Clause, Q, Raw, Sentence, mark, nouns_of, quantity_at
from memwhy.sources.words.trials import NAMED, ONCE, Outcome, name_trials, read_outcome, suggests, text_of_trial
from memwhy.sources.words.wording import any_of, signs

_SHOWN = 160
_COURSE = 3
_CHANGED = 0.1
"""Figures that differ by less than this share are the same."""
_COUNTED = {"threads", "goroutines", "descriptors", "connections"}
_FIGURE = re.compile(Q)
_TO = re.compile(
    rf"(?:\bto|(?<!sitting )(?<!running )\bat|\bback to|\baround|\babout|\bonly|\bis|\bwas|\bmax(?:imum)?\.?|\buses|\btakes|\bneeds|\bauf|\bbei|\bà|\ba|\ben|\bem|\bдо|\bна|到|至|在|为|に|は|로)\s*(?:~|about |around |just |only |roughly |约)?(?P<q>{Q})",
    re.IGNORECASE,
)
_IT = any_of(r"^\W*(?:and |but |then |so |because )?(?:it|this|that|they|which|usage|no|still|nothing|same|the|memory|rss|not|did|didn't|doesn't|没|依然|仍|还是|效果|但|es|das|cela|ça|eso|isso|это|не)\b|^\W*[没依仍还效但内]")  # fmt: skip

_VERSUS = re.compile(
    r"\b(?:vs\.?|versus|against|compared (?:to|with)) (?:about |~ ?)?\d[\d.,]{0,9} ?(?:[KMG]i?B?|bytes) (?:at|with|under|using|when|on)\b",
    re.IGNORECASE,
)
"""`67 MB vs 49 MB with this setting`."""
_BESIDE = 24  # characters


def read_trial(sentence: Sentence, following: Raw | None, earlier: Sequence[Raw] = ()) -> dict[str, str]:
    """trial.* facts of a sentence; following may tell its outcome, and earlier ones what was before."""
    names = name_trials(sentence.text) if signs(sentence.text) & NAMED else []
    if not names or suggests(sentence.text):
        return {}
    facts: dict[str, str] = {}
    shown = sentence.text.strip()[:_SHOWN]
    figures = _figures(sentence)
    versus = _VERSUS.search(sentence.text)
    if versus and None not in figures and name_trials(sentence.text[versus.end() : versus.end() + _BESIDE]):
        figures = (figures[1], figures[0])  # the second figure is the one of what was tried
    if figures[0] is None and figures[1] is not None:
        figures = (_level_before(earlier), figures[1])
    if sum(quantity.size is not None for quantity in sentence.quantities) >= _COURSE and len(sentence.moments) > 1:
        figures = (None, None)  # what was measured again and again
    for name in names:
        own = text_of_trial(name, names, sentence.text)
        outcome = _by_figures(figures) or read_outcome(own, once=name in ONCE)
        outcome = outcome or read_outcome(sentence.text, once=name in ONCE)
        told = figures
        if outcome is None and following is not None and _IT.match(following.text) and not name_trials(following.text):
            if suggests(following.text):
                continue
            told = _figures(mark(following))
            outcome = _by_figures(told) or read_outcome(following.text, once=name in ONCE)
        bound = name in ("cache_bound", "memory_limit")  # whose own value is a size
        if outcome is None and (told[1] is None or (bound and told[1] != level_beside(sentence))):
            continue
        if outcome == "rose" and name in ONCE:
            outcome = "same"  # it did not help
        facts[f"trial.{name}"] = shown
        if outcome is not None:  # else what other figures of the page tell by what was before
            facts[f"trial.{name}.outcome"] = outcome
        for key, value in zip(("before_bytes", "after_bytes"), told, strict=True):
            if value is not None:
                facts[f"trial.{name}.{key}"] = str(value)
    return facts


def _level_before(earlier: Sequence[Raw]) -> int | None:
    """The most memory that the sentences before tell of."""
    told: list[int] = []
    for raw in earlier[-4:]:
        sentence = mark(raw)
        if not name_trials(raw.text):
            told += [
                size for clause in (() if sentence.asks else sentence.clauses) for size in _levels(sentence, clause)
            ]
    return max(told, default=None)


def _levels(sentence: Sentence, clause: Clause) -> list[int]:
    """The amounts of a clause that are memory of the process; no bounds, rates, changes, and nothing of its heap alone."""
    nouns = nouns_of(sentence, clause)
    if words.UNREAL.search(clause.text) or any((n.size or "").endswith(("limit_bytes", "total_bytes")) for n in nouns):
        return []
    if not (nouns or cues.DOES.search(clause.text) or cues.PEAK.search(clause.text)):
        return []
    if nouns and all(noun.thing in ("heap", "native", *_COUNTED) for noun in nouns):
        return []
    sizes = [
        q
        for q in map(partial(quantity_at, sentence), _FIGURE.findall(clause.bones))
        if q.per_ns is None and not q.bound and not q.delta
    ]
    return [q.size for q in sizes if q.size]


def _figures(sentence: Sentence) -> tuple[int | None, int | None]:
    """(before, after): `from A to B` and `A before, B after` give both, `to B` the second."""
    for clause in sentence.clauses:
        match = cues.PAIR.search(clause.bones)
        course = read_course(sentence, match) if match is not None else None
        if course is not None and course[0].size is not None and course[1].size is not None:
            return course[0].size, course[1].size
    bones = ", ".join(clause.bones for clause in sentence.clauses)
    for pattern in (cues.INSTEAD_OF, cues.BEFORE_AFTER, cues.AFTER_BEFORE):
        match = pattern.search(bones)
        sizes = (
            [quantity_at(sentence, match[side]).size for side in ("before", "after")] if match is not None else [None]
        )
        if None not in sizes:
            return sizes[0], sizes[1]
    for clause in reversed(sentence.clauses):
        match = _TO.search(clause.bones)
        size = quantity_at(sentence, match["q"]).size if match is not None else None
        if (
            match is None
            or size is None
            or any(noun.size in ("go.memory_limit_bytes", "cgroup.limit_bytes") for noun in nouns_of(sentence, clause))
        ):
            continue
        grew = cues.GREW.search(clause.bones[: match.end()])
        return (size, None) if grew and not name_trials(clause.text[: len(clause.text) // 2]) else (None, size)
    return None, level_beside(sentence)


def _by_figures(figures: tuple[int | None, int | None]) -> Outcome | None:
    before, after = figures
    if before is None or after is None:
        return None
    if abs(after - before) <= _CHANGED * before:
        return "same"
    return "fell" if after < before else "rose"
