"""Prometheus alert rules out of what was seen: the part that grows, its pace, its noise, and the limit that it meets."""

import json
import math
import re

from memwhy.conclude.limits import room_of
from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Advice
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration, human_rate

STEP_S = 60.0
"""Between two readings of the rules: as seldom as a store of metrics is commonly filled."""
WINDOWS_S = (600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
FIRES_AT = 0.5
"""The rule fires at this share of the least growth that was seen: the same leak under half of the load."""
NOISE = 0.5
"""A slope's error may be this share of the threshold: a level series is then four standard errors from firing."""
AHEAD_S = 4 * 3600
_JOB = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
RSS, SYS, RELEASED = "process_resident_memory_bytes", "go_memstats_sys_bytes", "go_memstats_heap_released_bytes"


def alert_rules(case: Case) -> Advice | None:
    """Rules for a process whose growth has a pace; None for all others. Names: client_golang's process and Go collectors."""
    whole = weigh.total(case)
    course = whole.course if whole is not None else None
    if case.total != "process.rss_bytes" or not isinstance(course, Trend) or course.per != "s" or not weigh.grows(case):
        return None
    grown = _grown(case)
    part = grown[0].course
    if not isinstance(part, Trend) or part.low <= 0:
        return None
    threshold = FIRES_AT * part.low
    window_s = window_for(part, threshold)
    job = case.target.command if case.target.command and _JOB.fullmatch(case.target.command) else "JOB"
    rules = [_growth_rule(grown, job, threshold, window_s)]
    room, _ = room_of(case)
    if room is not None and room > 0:
        rules.append(_limit_rule(case.series["process.rss_bytes"].last + room, job, window_s))
    lines = [
        "groups:",
        f"  - name: {json.dumps(f'memwhy-{job}')}",
        "    rules:",
        *(one for rule in rules for one in rule),
    ]
    return Advice(kind="alert", text=_said(case, grown[1], threshold, window_s, job), rules="\n".join(lines) + "\n")


def _grown(case: Case) -> tuple[Series, str, str, list[str]]:
    """What grows: its series, its words, the alert's name, and its PromQL, line by line, with SELECT for the selector."""
    whole = case.series["process.rss_bytes"]
    held = weigh.part(case, "derived.go_held_bytes")
    if case.target.runtime != "go" or held is None:
        return whole, "RSS", "MemoryGrows", [f"{RSS}SELECT"]
    if held.mid is not None and held.mid >= weigh.MAIN:
        return held.series, "what Go holds", "MemoryHeldByGoGrows", [f"{SYS}SELECT", f"- {RELEASED}SELECT"]
    outside = case.series.get("derived.outside_go_bytes")
    series = outside if outside is not None and outside.growing else whole
    lines = [f"{RSS}SELECT", f"- ({SYS}SELECT", f"   - {RELEASED}SELECT)"]
    return series, "memory outside Go", "MemoryOutsideGoGrows", lines


def window_for(course: Trend, threshold: float) -> int:
    """Seconds of a window in which noise like this course's cannot feign the threshold; the longest where none is enough.

    A slope's error goes with the span to the power of -3/2, and with the root of the time between readings.
    """
    own_step_s = course.span / max(1, course.n - 1)
    error = (course.high - course.low) / 2 * math.sqrt(max(1.0, STEP_S / own_step_s) if own_step_s > 0 else 1.0)
    needed = course.span * (error / (NOISE * threshold)) ** (2 / 3)
    return next((window for window in WINDOWS_S if window >= needed), WINDOWS_S[-1])


def _growth_rule(grown: tuple[Series, str, str, list[str]], job: str, threshold: float, window_s: int) -> list[str]:
    _, what, name, lines = grown
    select = f'{{job="{job}"}}'
    body = [line.replace("SELECT", select) for line in lines]
    window = _promql_duration(window_s)
    if len(body) == 1:
        expression = [f"deriv({body[0]}[{window}]) > {threshold:.0f}"]
    else:
        expression = [
            "deriv((",
            *(f"  {line}" for line in body),
            f")[{window}:{_promql_duration(int(STEP_S))}]) > {threshold:.0f}",
        ]
    summary = f"{what[0].upper()}{what[1:]} grows by more than {human_rate(threshold, 's')}"
    return _rule(name, expression, window_s // 2, summary)


def _limit_rule(limit_bytes: int, job: str, window_s: int) -> list[str]:
    window = _promql_duration(window_s)
    expression = ["predict_linear(", f'  {RSS}{{job="{job}"}}[{window}], {AHEAD_S}', f") > {limit_bytes}"]
    summary = f"RSS reaches {human_bytes(limit_bytes)} within {AHEAD_S // 3600} h"
    return _rule("MemoryLimitAhead", expression, window_s // 2, summary)


def _rule(name: str, expression: list[str], for_s: int, summary: str) -> list[str]:
    return [
        f"      - alert: {name}",
        "        expr: |",
        *(f"          {line}" for line in expression),
        f"        for: {_promql_duration(for_s)}",
        "        labels:",
        "          severity: warning",
        "        annotations:",
        f"          summary: {json.dumps(summary)}",
    ]


def _said(case: Case, what: str, threshold: float, window_s: int, job: str) -> str:
    """What the rules are made of, and why the rule that goes round is none."""
    text = (
        f"Alert rules for Prometheus: they fire when {what} grows by {human_rate(threshold, 's')}, half of the least that was"
        f" seen, over {human_duration(window_s)}, the shortest window in which the noise seen here cannot feign that."
    )
    text += " Put your own label in the place of JOB." if job == "JOB" else ""
    if case.target.runtime != "go":
        return text
    churn = case.series.get("go.total_alloc_bytes")
    rate = ""
    if (
        churn is not None
        and churn.clock != "order"
        and churn.points[-1][0] > churn.points[0][0]
        and churn.last >= churn.first
    ):
        pace = (churn.last - churn.first) / (churn.points[-1][0] - churn.points[0][0])
        rate = f", here {human_bytes(pace)} a second"
    return (
        f"{text} A rule on rate(go_memstats_alloc_bytes_total) sees no leak: it tells how fast Go allocates{rate},"
        " freed or not, and nothing of what C code holds."
    )


def _promql_duration(seconds: int) -> str:
    """`10m`, `2h`, `1d`, `450s`."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
