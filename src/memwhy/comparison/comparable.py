"""What can be held against what: the shared total, and everything that makes two runs unlike."""

from memwhy.comparison.conditions import program_of
from memwhy.comparison.given import Given
from memwhy.model.case import Series
from memwhy.model.comparison import Caution, Figure
from memwhy.model.metrics import label
from memwhy.model.proof import Load
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration

METERS = {
    "process.rss_bytes": ("a process", "its resident pages"),
    "process.rss_anon_bytes": ("a process", "its resident pages, without those of files"),
    "process.uss_bytes": ("a process", "its resident pages that nobody shares"),
    "process.virtual_bytes": ("a process", "its address space, of which any part may be resident"),
    "process.private_virtual_bytes": ("a process", "its own writable address space, of which any part may be resident"),
    "cgroup.working_set_bytes": ("a container", "all its processes, kernel memory, and page cache in use"),
    "cgroup.current_bytes": ("a container", "all its processes, kernel memory, and all page cache"),
    "host.used_bytes": ("a host", "all its processes and the kernel"),
}
"""Totals: whose they are, and what they count."""
VIRTUAL = ("process.virtual_bytes", "process.private_virtual_bytes")
UNLIKE = 2.0
"""Lengths, ages and loads that differ by this factor are not alike."""
SWAPPED = 0.02
"""Of RSS: so much swapped out, and RSS no longer says what a process holds."""


def shared_total(a: Given, b: Given) -> tuple[tuple[Series, Series] | None, list[Caution]]:
    """The total in one metric for both; or why there is none."""
    totals = a.total, b.total
    for letter, total in zip("AB", totals, strict=True):
        if total is None:
            return None, [_refused("totals", f"{letter} has no figures of memory as a whole")]
    assert totals[0] is not None and totals[1] is not None
    metrics = totals[0].metric, totals[1].metric
    if metrics[0] == metrics[1]:
        words = f"both tell {label(metrics[0])} alone: address space, not memory"
        return totals, [_careful("totals", words)] if metrics[0] in VIRTUAL else []  # type: ignore[return-value]
    for metric in ("process.rss_bytes", *metrics):
        if metric in a.case.series and metric in b.case.series:
            text = f"A is told by {label(metrics[0])}, B by {label(metrics[1])}: both also tell {label(metric)}, which is compared"
            return (a.case.series[metric], b.case.series[metric]), [_careful("totals", text)]
    return None, [
        _refused("totals", f"A tells {_meter(metrics[0])}; B tells {_meter(metrics[1])}. The one is not in the other")
    ]


def _meter(metric: str) -> str:
    whose, what = METERS.get(metric, ("", label(metric)))
    return f"{label(metric)} of {whose} ({what})" if whose else what


def _refused(about: str, text: str) -> Caution:
    return Caution(weight="refused", about=about, text=text)


def _careful(about: str, text: str) -> Caution:
    return Caution(weight="careful", about=about, text=text)


def one_process(a: Given, b: Given) -> bool:
    """Both are of the same process, at two times perhaps."""
    names = ("host.boot_id", "process.start_ticks", "process.pid")
    known = [tuple(side.case.facts.get(name) for name in names) for side in (a, b)]
    return None not in known[0] and known[0] == known[1]


def ages(a: Given, b: Given, total: Figure | None) -> tuple[bool, list[Caution]]:
    """Whether the sizes of what grows may be compared: it is larger when it is older."""
    if total is not None and total.metric.startswith("host."):
        text = "what else runs on two hosts is not known: the growth of their used memory is compared, not its size"
        return False, [_refused("sizes", text)]
    a_s, b_s = a.age_s, b.age_s
    growing = total is not None and any(pace.shape == "growing" for pace in (total.a_pace, total.b_pace))
    if one_process(a, b):
        return True, [_careful("sizes", "A and B are one and the same process: what differs is the time")]
    if a_s is None or b_s is None:
        if total is None:
            return True, []
        whose = "either process" if a_s == b_s else f"the process of {'A' if a_s is None else 'B'}"
        return True, [
            _careful(
                "sizes", f"how long {whose} had run is not told: the older one may be the larger one for that alone"
            )
        ]
    cautions = _start_up(a, b)
    if growing and _unlike(a_s, b_s):
        text = f"they grow, and the process of A was {human_duration(a_s)} old at the last reading, that of B {human_duration(b_s)}: of what grows the pace is compared, not the size"
        return False, [_refused("sizes", text), *cautions]
    return True, cautions


def _start_up(a: Given, b: Given) -> list[Caution]:
    """One was watched from its start and the other was not: a start-up grows, and ends."""
    young = [
        side.age_s is not None and side.span_s is not None and side.age_s < UNLIKE * side.span_s for side in (a, b)
    ]
    if young[0] == young[1]:
        return []
    which = "A" if young[0] else "B"
    return [
        _careful(
            "growth", f"more than half of {which}'s life lies in its watch, its start-up with it; the other was older"
        )
    ]


def _unlike(one: float, other: float) -> bool:
    return max(one, other) > UNLIKE * max(min(one, other), 1e-9)


def conditions_of_watching(a: Given, b: Given, pair: tuple[Series, Series] | None) -> list[Caution]:
    """How both were watched: clocks, lengths, layers, swap, ends."""
    found: list[Caution] = []
    if pair is not None and pair[0].course.per != pair[1].course.per:
        found.append(_refused("growth", "only one of them has times: growth per time cannot be compared"))
    elif pair is not None:
        found += _trends(pair)
    spans = a.span_s, b.span_s
    if spans[0] and spans[1] and _unlike(spans[0], spans[1]):
        text = f"A was watched for {human_duration(spans[0])}, B for {human_duration(spans[1])}: the shorter one tells less"
        found.append(_careful("growth", text))
    fine = [side.case.account is not None and side.case.account.fine for side in (a, b)]
    if fine[0] != fine[1]:
        text = f"{'B' if fine[0] else 'A'} has no smaps: its layers are not told, and only what status says of both is compared"
        found.append(_refused("layers", text))
    for letter, side in zip("AB", (a, b), strict=True):
        swapped, size = side.last("process.swap_bytes"), side.last("process.rss_bytes")
        if swapped and size and swapped > SWAPPED * size:
            found.append(_careful("sizes", f"{human_bytes(swapped)} of {letter} are swapped out, and in no layer"))
        if side.case.ended is not None:
            found.append(_careful("sizes", f"the process of {letter} {side.case.ended}"))
    return found


def _trends(pair: tuple[Series, Series]) -> list[Caution]:
    missing = [letter for letter, series in zip("AB", pair, strict=True) if not isinstance(series.course, Trend)]
    if not missing:
        return []
    return [
        _refused(
            "growth",
            f"{' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no trend: growth is not compared",
        )
    ]


def loads(load: Load | None, a: Given, b: Given) -> list[Caution]:
    """Whether both did like work in the same time."""
    if load is None:
        both_watched = a.span_s is not None and b.span_s is not None
        return [_careful("growth", "how much work each did is not known")] if both_watched else []
    ratio = load.ratio
    if 1 / UNLIKE <= ratio <= UNLIKE:
        return []
    told = "" if load.given else ", which another build changes as well"
    text = f"in the same time B did {round(100 * ratio)} % of A's work ({load.what}{told}): what grows with the work differs for that alone"
    return [_careful("growth", text)]


def subjects(a: Given, b: Given) -> list[Caution]:
    """Different programs or runtimes; more than one process in the evidence."""
    found = []
    programs = program_of(a), program_of(b)
    if None not in programs and programs[0] != programs[1]:
        found.append(_careful("all", f"they are different programs: {programs[0]} and {programs[1]}"))
    for letter, side in zip("AB", (a, b), strict=True):
        if side.case.controls and side.total is not None:
            whose = side.total.subject or "the one that grows most"
            text = f"{letter} holds figures of {len(side.case.controls) + 1} processes or hosts; compared is {whose}"
            found.append(_careful("all", text))
    return found
