"""What of a report is said where: the same choices for text and Markdown. Chooses and groups; computes nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memwhy.model.account import Check
from memwhy.model.metrics import REGISTRY
from memwhy.model.report import Advice, EvidenceRow, Finding, Holder, Overhead, Report, Row, Verdict
from memwhy.model.trend import NotEnough, Trend
from memwhy.render.figures import amount, duration

_LINES = re.compile(r"(.+):(\d+(?:-\d+)?)")
_RUNTIMES = {
    "go": "Go",
    "cpython": "Python",
    "jvm": "the JVM",
    "node": "Node.js",
    "native": "native",
    "unknown": "unknown runtime",
}
FEW = 0.01
FEW_STILL = 0.1
"""A flat row whose interval lies within this share of the total's growth needs no line; more when it never moved at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said of a guess, or of several: why, and the most it could explain where that is known."""

    name: str
    because: str
    at_most: str


def verdict_of(report: Report) -> str:
    """`native-leak · high (0.97)`."""
    conclusion = report.conclusion
    return f"{conclusion.cause} · {conclusion.confidence} ({conclusion.probability:.2f})"


def headline_of(report: Report) -> str:
    """The answer in one sentence, always there."""
    return report.conclusion.headline or (
        "The evidence cannot decide what holds the memory."
        if report.conclusion.cause == "undetermined"
        else f"The most likely cause is {report.conclusion.cause}."
    )


def target_of(report: Report) -> tuple[str, ...]:
    """Whom it is about: command, pid, runtime, and for how long it was seen."""
    target = report.target
    runtime = target.runtime_version or ""
    if not runtime.startswith(target.runtime):
        runtime = f"{_RUNTIMES.get(target.runtime, target.runtime)} {runtime}".strip()
    known = target.command is not None or target.pid is not None
    return tuple(
        part
        for part in (
            target.command or ("" if known else "no process named in the evidence"),
            f"pid {target.pid}" if target.pid is not None else "",
            runtime,
            _seen(report.span_s),
        )
        if part
    )


def _seen(span_s: float | None) -> str:
    if span_s is None:
        return "no times in the evidence"
    return f"seen for {duration(span_s)}" if span_s > 0 else "seen once"


def winner_of(report: Report) -> Finding | None:
    """The finding that the verdict rests on."""
    return next((finding for finding in report.findings if finding.cause == report.conclusion.cause), None)


def rivals_of(report: Report) -> tuple[Finding, ...]:
    """Supported causes that did not win."""
    winner = winner_of(report)
    return tuple(found for found in report.findings if found is not winner and found.verdict is Verdict.SUPPORTED)


def acquitted(report: Report) -> tuple[Answer, ...]:
    """What the evidence refutes."""
    return _answers(report, Verdict.REFUTED)


def unsaid(report: Report) -> tuple[Answer, ...]:
    """What the evidence cannot judge."""
    return _answers(report, Verdict.CANNOT_SAY)


def _answers(report: Report, verdict: Verdict) -> tuple[Answer, ...]:
    """Common suggestions first, then causes but the winner; those answered by the same words together, at the end."""
    winner = winner_of(report)
    answers = [
        (guess.name, guess.because, guess.could_explain_bytes)
        for guess in report.suggestions
        if guess.verdict is verdict
    ]
    answers += [
        (found.cause, next(iter((*found.because, *found.against)), ""), found.bytes)
        for found in report.findings
        if found.verdict is verdict and found is not winner
    ]
    groups: dict[tuple[str, str], list[str]] = {}
    for name, because, at_most_bytes in answers:
        at_most = "" if at_most_bytes is None else amount(at_most_bytes)
        groups.setdefault((because, at_most), []).append(name)
    alone_first = sorted(groups.items(), key=lambda group: len(group[1]) > 1)
    return tuple(Answer(name=", ".join(names), because=because, at_most=most) for (because, most), names in alone_first)


def advice(report: Report) -> tuple[Advice, ...]:
    """What was computed beyond what the page says anyway: the time until the limit stands below the table."""
    return tuple(one for one in report.advice if one.kind != "time-to-limit" or report.limit is None)


def cares(report: Report) -> tuple[str, ...]:
    """Warnings, then checks in which two witnesses contradict each other."""
    return (*report.warnings, *(check_text(check) for check in report.checks if check.agree is False))


def check_text(check: Check) -> str:
    """What the check says, with both figures where its own words are missing."""
    return (
        check.text
        or f"{check.name}: {check.left} {amount(check.left_bytes)}, {check.right} {amount(check.right_bytes)}"
    )


def layer_name(layer: str) -> str:
    """The words for a layer's metric; a name that is no metric stays as it is."""
    known = REGISTRY.get(layer)
    return known.label if known else layer


def held(report: Report) -> tuple[tuple[str, str, tuple[Holder, ...]], ...]:
    """(layer, method, holders), in the report's order."""
    groups: dict[tuple[str, str], list[Holder]] = {}
    for holder in report.attribution:
        groups.setdefault((layer_name(holder.layer), holder.method), []).append(holder)
    return tuple((layer, method, tuple(holders)) for (layer, method), holders in groups.items())


def callers(holder: Holder) -> tuple[str, ...]:
    """The stack without the leaf that the row already names."""
    return holder.stack[1:] if holder.stack[:1] == (holder.function,) else holder.stack


def quiet(row: Row, report: Report) -> bool:
    """Whether the row is flat and so still beside the total's growth that its name and size say all."""
    course = row.course
    if row.weak or not isinstance(course, Trend) or course.shape != "flat":
        return False
    still = row.bytes == 0 or (course.slope == 0 and course.first == course.last)
    total = report.total.course if report.total is not None else None
    if not isinstance(total, Trend) or not total.growing or total.per != course.per:
        return still
    return max(abs(course.low), abs(course.high)) <= abs(total.slope) * (FEW_STILL if still else FEW)


def shape_of(row: Row) -> str:
    """The word for a course that is no growth."""
    course = row.course
    return course.shape if isinstance(course, Trend) and course.shape != "growing" else ""


def reasons(rows: Iterable[Row]) -> tuple[str, ...]:
    """Why rows have no rate, each reason once, with the rows it is about unless it is about all."""
    rows = tuple(rows)
    groups: dict[str, list[str]] = {}
    for row in rows:
        if isinstance(row.course, NotEnough):
            groups.setdefault(_lacking(row.course), []).append(row.label)
    return tuple(
        reason if len(labels) == len(rows) else f"{reason} ({', '.join(labels)})" for reason, labels in groups.items()
    )


def _lacking(course: NotEnough) -> str:
    if course.needed is None:
        return course.reason
    more = f"{course.needed:.0f} more readings" if course.per == "sample" else f"another {duration(course.needed)}"
    return f"{course.reason}; {more} may do"


def places(report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(file, pieces read): `lines 9-40 free ×10`, for evidence that could be read."""
    files: dict[str, list[str]] = {}
    for row in report.evidence:
        if row.samples > 0:
            match = None if "://" in row.where else _LINES.fullmatch(row.where)  # a URL ends in its port
            file, lines = (
                (match[1], f"{'lines' if '-' in match[2] else 'line'} {match[2]} ") if match else (row.where, "")
            )
            files.setdefault(file, []).append(f"{lines}{row.format or row.source} ×{row.samples}")
    return tuple((file, tuple(pieces)) for file, pieces in files.items())


def unread(report: Report) -> tuple[tuple[EvidenceRow, str], ...]:
    """Evidence with something wrong with it."""
    return tuple((row, row.problem) for row in report.evidence if row.problem)


def cost_of(overhead: Overhead) -> str:
    """What watching cost the machine and the target."""
    share = f" ({100 * overhead.cpu_s / overhead.wall_s:.1f} % of a core)" if overhead.wall_s > 0 else ""
    paused = duration(overhead.target_paused_s)
    stopped = "never stopped" if overhead.target_paused_s == 0 else f"stopped for {paused}"
    sampler = "" if overhead.sampler_s is None else f"; the sampler in it took {overhead.sampler_s:.2f} s of its CPU"
    holders = "" if overhead.holders_s is None else f", {overhead.holders_s:.2f} s of it for who holds the heap"
    return (
        f"{duration(overhead.cpu_s)} of CPU in {duration(overhead.wall_s)}{share}{holders}; target {stopped}{sampler}"
    )


def sections(report: Report) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """What the table shows below the total and its layers, each under its heading."""
    name = _RUNTIMES.get(report.target.runtime, "")
    whose = f"{name}'s" if report.target.runtime in ("go", "cpython", "jvm", "node") else "the runtime's"
    return (
        ("malloc's blocks, as counted in the process (resident)", report.malloc_rows),
        (f"{whose} own numbers (virtual: obtained, not resident)", report.runtime_rows),
        ("beside it", report.beside),
        ("for comparison", report.controls),
    )
