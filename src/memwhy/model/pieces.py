"""What people call the pieces of work that they count: one word for one of them, one for many."""

_SHORT = {"req": "request", "msg": "message", "op": "operation", "txn": "transaction"}
_ALIKE = ("series", "species")
"""One and many are the same word."""
_ODD = {"caches": "cache", "movies": "movie", "cookies": "cookie", "statuses": "status"}
"""The endings alone would make another word of these."""
_ENDS = {"ies": "y", "ches": "ch", "shes": "sh", "sses": "ss", "xes": "x"}
_NO_PLURAL = ("ss", "us", "is")


def singular(unit: str) -> str:
    """`request` of `requests`, `Reqs` and `req`; a word that is none already stays."""
    unit = " ".join(unit.lower().replace("_", " ").split())
    first, of, rest = unit.partition(" of ")
    before, gap, last = first.rpartition(" ")
    one = _one(last)
    return before + gap + _SHORT.get(one, one) + of + rest


def _one(word: str) -> str:
    if word in _ALIKE or word in _ODD:
        return _ODD.get(word, word)
    for many, one in _ENDS.items():
        if word.endswith(many) and len(word) > len(many):
            return word.removesuffix(many) + one
    return word[:-1] if word.endswith("s") and not word.endswith(_NO_PLURAL) and len(word) > 2 else word


def plural(unit: str) -> str:
    """`requests`, `queries`, `batches`, `units of work`."""
    first, of, rest = unit.partition(" of ")
    return _many(first) + of + rest


def _many(word: str) -> str:
    if word.endswith(_ALIKE):
        return word
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
