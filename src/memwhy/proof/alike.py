"""What differs between two runs and may itself change how memory grows."""

from memwhy.model.case import Case
from memwhy.model.units import human_duration
from memwhy.proof.side import Side

CONDITIONS = (
    ("host.kernel", "the kernel"),
    ("thp.enabled", "transparent huge pages"),
    ("env.GOGC", "GOGC"),
    ("env.GOMEMLIMIT", "GOMEMLIMIT"),
    ("env.GODEBUG", "GODEBUG"),
    ("env.MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX"),
)
"""Facts that change how memory grows by themselves, and what to call them."""
SHORTER = 0.9
"""A run counts as shorter than another below this share of its length."""


def differences(before: Case, after: Case) -> list[str]:
    """Each in a sentence."""
    warnings = []
    old, new = before.target, after.target
    if old.command and new.command and old.command != new.command:
        warnings.append(f"the runs are of different programs: {old.command} and {new.command}")
    if (old.runtime, old.runtime_version) != (new.runtime, new.runtime_version) and "unknown" not in (
        old.runtime,
        new.runtime,
    ):
        names = [" ".join(part for part in (one.runtime, one.runtime_version) if part) for one in (old, new)]
        warnings.append(f"the runtime changed as well: {names[0]}, then {names[1]}")
    for name, what in CONDITIONS:
        pair = before.facts.get(name), after.facts.get(name)
        if pair[0] != pair[1] and (None not in pair or name.startswith("env.")):
            warnings.append(f"{what} differs: {pair[0] or 'unset'}, then {pair[1] or 'unset'}")
    if after.ended is not None and "OOM" in after.ended:
        warnings.append(f"the run after the fix {after.ended}")
    return warnings


def too_short(before: Side, after: Side) -> str | None:
    """Why a shorter run after the fix cannot have shown the leak: the old build does not show it in so short a time either."""
    old, new = _span(before), _span(after)
    if before.series.course.per != "s" or new >= SHORTER * old:
        return None
    early = before.first(new)
    if early.low is not None and early.low > 0:
        return None
    return (
        f"The old build shows no growth in its first {human_duration(new)} either: the run after the fix is too short"
        f" ({human_duration(new)} against {human_duration(old)})."
    )


def _span(side: Side) -> float:
    return side.series.points[-1][0] - side.series.points[0][0]
