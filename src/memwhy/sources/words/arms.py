"""Arms: rows or columns of a table that were measured with and without one change, which is a trial of model.said.

A step that is done once (malloc_trim, a forced collection) is judged against the step before it; a setting against the
arm without it. `with` and `without` alone are of the change that the sentences above the table name.
"""

import re
from collections.abc import Mapping, Sequence

from memwhy.sources.words.trials import ONCE, Outcome, name_trials, suggests
from memwhy.sources.words.wording import any_of

CHANGED = 0.1
"""Figures that differ by less than this share are the same."""
_COMPARED = (
    "process.rss_bytes",
    "process.rss_anon_bytes",
    "process.private_dirty_bytes",
    "process.uss_bytes",
    "process.pss_bytes",
    "cgroup.working_set_bytes",
    "cgroup.current_bytes",
    "process.rss_peak_bytes",
    "host.used_bytes",
)
_LIVE = ("go.heap_alloc_bytes", "runtime.heap_after_gc_bytes", "runtime.heap_used_bytes")
_MENDING = r"(?:修正|修復|改修|対策|対応|改善|最適化|修复|修覆|优化|優化|修改|改进|改造|打补丁|升级|パッチ|수정|패치|개선|최적화)"
_WITH = any_of(r"^\s*(?:with|on|enabled|yes|set|mit|an|avec|con|com|с|有|あり)\s*$")
_WITHOUT = any_of(
    r"^\s*(?:without|off|disabled|no|none|not set|unset|defaults?|before|baseline|stock|plain|vanilla|original|unpatched|glibc|ptmalloc\d?|libc|malloc|ohne|aus|vorher|sans|avant|sin|antes|sem|без|до|无|なし)\b"
    rf"|{_MENDING}(?:する|の)? ?(?:[之以]?前|전)|未(?:修正|対策|修复|优化)|前$"
    r"|\b(?:default|glibc|unset|unpatched)\s*(?:\(.{0,20}\))?\s*$"
)
_FIXED = any_of(
    r"\b(?:patched|fixed|(?:with|after) (?:the |our )?(?:fix|patch|optimi[sz]\w+|change|rewrite|refactor\w*))\b",
    rf"{_MENDING}(?:した|の|적용)? ?(?:[之以]?[后後]|후|済み)|\b(?:nach|mit) (?:dem |der )?(?:Patch|Fix|Änderung)|\baprès (?:le )?(?:correctif|patch)|после (?:исправления|патча|фикса)",
)
_ON = re.compile(
    r"with (?:the )?(?P<thing>[^|]{2,40})|(?P<thing2>[^|]{2,40}?) (?:is )?(?:on|enabled|an)", re.IGNORECASE
)
_OFF = re.compile(
    r"(?:without|no) (?:the )?(?P<thing>[^|]{2,40})|(?P<thing2>[^|]{2,40}?) (?:is )?(?:off|disabled|aus)", re.IGNORECASE
)
_UNTOUCHED = any_of(r"^\s*(?:before|without|no|prior to|not?|vor|ohne|avant|sans|antes|sin|sem|до|без)\b")
_AFTERWARDS = any_of(r"^\s*(?:after(?:wards)?|nachher|danach|après|después|depois|после|之后|以后|后|後|後に|후)\s*$")
_AT_ONCE = ("malloc_trim", "forced_gc", "drop_caches")
"""Done between two looks: `before | after` beneath a sentence that names it."""
_ALLOCATOR = any_of(r"\b(?:jemalloc|tcmalloc|mimalloc)\b")


def by_figures(before: int, after: int) -> Outcome:
    """What came of a change by what was there before and after it."""
    if abs(after - before) <= CHANGED * before:
        return "same"
    return "fell" if after < before else "rose"


def names_of(label: str, caption: str = "") -> list[str]:
    """The trials that the name of an arm tells."""
    if _WITH.search(label):
        return [name for name in name_trials(caption) if name not in ONCE]
    if _FIXED.search(label):
        return ["fixed"]
    if _UNTOUCHED.search(label):
        return []
    if _AFTERWARDS.search(label):
        return [name for name in name_trials(caption) if name in _AT_ONCE and not suggests(caption)]
    if _ALLOCATOR.search(label):
        return ["other_allocator"]
    return [name for name in name_trials(label) if name not in ("load_stopped", "process_ended", "feature_off")]


def read_arms(
    labels: Sequence[str], figures: Sequence[Mapping[str, int]], caption: str
) -> tuple[dict[str, str], set[int]]:
    """(facts of the trials, places of the arms that were measured after a change)."""
    named = [names_of(label, caption) if label else [] for label in labels]
    facts, changed = _switched(labels, figures, named)
    for i, names in enumerate(named):
        for name in names:
            at = _before(i, name, labels, named)
            pair = _pair(figures[at], figures[i]) if at is not None else None
            if pair is None or f"trial.{name}" in facts:
                continue
            changed.add(i)
            facts |= _told(name, f"{labels[at or 0]} | {labels[i]}", pair)
            facts |= _heap_told(name, figures[at or 0], figures[i])
    return facts, changed


def _switched(
    labels: Sequence[str], figures: Sequence[Mapping[str, int]], named: Sequence[Sequence[str]]
) -> tuple[dict[str, str], set[int]]:
    """The trial of arms with and without one thing that is no setting of its own: `plugin on` and `plugin off`."""
    there = {_thing(match): i for i, label in enumerate(labels) if (match := _ON.fullmatch(label.strip()))}
    for i, label in enumerate(labels):
        match = _OFF.fullmatch(label.strip())
        at = there.get(_thing(match)) if match else None
        pair = _pair(figures[at], figures[i]) if at is not None and not named[at] else None
        if pair is not None:
            return _told("feature_off", f"{labels[at or 0]} | {label}", pair), {i}
    return {}, set()


def _thing(match: re.Match[str]) -> str:
    return (match["thing"] or match["thing2"]).strip().lower()


def _told(name: str, shown: str, pair: tuple[int, int]) -> dict[str, str]:
    return {
        f"trial.{name}": shown[:160],
        f"trial.{name}.outcome": by_figures(*pair),
        f"trial.{name}.before_bytes": str(pair[0]),
        f"trial.{name}.after_bytes": str(pair[1]),
    }


def _heap_told(name: str, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, str]:
    """What was allocated on the runtime's heap on both sides of a change."""
    for metric in _LIVE:
        if before.get(metric) and metric in after:
            return {
                f"trial.{name}.heap_before_bytes": str(before[metric]),
                f"trial.{name}.heap_after_bytes": str(after[metric]),
            }
    return {}


def _before(i: int, name: str, labels: Sequence[str], named: Sequence[Sequence[str]]) -> int | None:
    """The arm that one with a change is to be compared with."""
    if name in ONCE:
        return i - 1 if i > 0 else None
    plain = [j for j, label in enumerate(labels) if j != i and name not in named[j] and _WITHOUT.search(label)]
    if plain:
        return plain[0]
    return i - 1 if i > 0 and not named[i - 1] and name not in ("fixed", "other_allocator") else None


def _pair(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[int, int] | None:
    return next(((before[m], after[m]) for m in _COMPARED if before.get(m) and m in after), None)
