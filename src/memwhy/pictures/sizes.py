"""malloc's blocks by size, at the last look inside beside the first."""

from memwhy.attribution.profiles import first_and_last
from memwhy.attribution.states import by_stack
from memwhy.model.case import Case
from memwhy.model.pictures import Size, Sizes

MOST_ROWS = 40


def sizes(case: Case) -> Sizes | None:
    """None where no look inside counted them."""
    pair = first_and_last(case.profiles, "malloc_in_use")
    if pair is None:
        return None
    first, last = pair
    now = {frames[0]: value for frames, value in by_stack(last).items() if frames}
    before = {frames[0]: value for frames, value in by_stack(first).items() if frames} if first is not None else {}
    rows = [
        Size(name=name, bytes=now.get(name, 0), before_bytes=before.get(name, 0))
        for name in dict.fromkeys((*now, *before))
    ]
    rows.sort(key=lambda one: (-(one.bytes - one.before_bytes), -one.bytes, one.name))
    return Sizes(rows=tuple(rows[:MOST_ROWS]), before=first is not None, all=len(rows)) if rows else None
