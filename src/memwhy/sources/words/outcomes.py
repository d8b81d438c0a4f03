"""Outcomes that are told without a verb: `With MALLOC_ARENA_MAX=2: 320 MB` says what was measured with the change."""

import re

from memwhy.sources.words.sentences import Q_FIRST, Clause, M, N, Q, Sentence
from memwhy.sources.words.trials import name_trials

_BESIDE = re.compile(
    rf"\s*(?::|=>|->|→|➜|\s[—–-])\s*(?:{N}\s*(?:is|of|at|:|=|~)?\s*)?(?:~|≈|about |around |only |just |roughly )*(?P<q>{Q})(?P<after>[^{Q[1:-1]}]{{0,24}})",
    re.IGNORECASE,
)
_NO_LEVEL = re.compile(
    r"\s*(?:/|per\b|each\b|more\b|less\b|limit|of (?:data|disk|files?)|lower|saved|higher)", re.IGNORECASE
)
_MARKS = re.compile(f"{N}|{M}|{Q}")


def level_beside(sentence: Sentence) -> int | None:
    """Bytes that stand behind the name of a change and a colon or an arrow, as memory with that change."""
    for clause in sentence.clauses:
        size = _of_clause(sentence, clause)
        if size is not None:
            return size
    return None


def _of_clause(sentence: Sentence, clause: Clause) -> int | None:
    for match in _BESIDE.finditer(clause.bones):
        quantity = sentence.quantities[ord(match["q"]) - Q_FIRST]
        level = quantity.size if quantity.per_ns is None and not quantity.bound and not quantity.delta else None
        if level is not None and not _NO_LEVEL.match(match["after"]) and _is_named(clause.bones[: match.start()]):
            return level
    return None


def _is_named(before: str) -> bool:
    """The words before name a change; a bound with no size yet has its own behind it: `GOMEMLIMIT: 4GiB`."""
    names = name_trials(_MARKS.sub(" ", before))
    return bool(names) and not ("memory_limit" in names and re.search(Q, before) is None)
