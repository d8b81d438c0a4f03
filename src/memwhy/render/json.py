"""The report as JSON, schema memwhy/diagnosis/1: the contract's keys in its order, then what is added to them.

The formal schema is `diagnosis-1.schema.json` beside this file. Rates are per second of the target's monotonic
time; where the evidence has only an order of readings they are per reading, `per` says "sample", and a warning says so.
"""

import json
import math
import re
from typing import Any

from memwhy.model.account import Check
from memwhy.model.inspection import as_plain
from memwhy.model.report import SCHEMA, Advice, Finding, Holder, Report, Row
from memwhy.model.trend import Course, Trend
from memwhy.render import experiments, known
from memwhy.render.chain import measured
from memwhy.render.figures import unit_of
from memwhy.render.found import row


def render(report: Report) -> str:
    """One JSON object and a newline. Never NaN or infinity; no character that could act on a terminal."""
    text = json.dumps(_report(report), ensure_ascii=False, allow_nan=False, indent=2)
    return _UNPRINTABLE.sub(_escape, text) + "\n"


_UNPRINTABLE = re.compile(r"[^ -~\n]")


def _escape(match: re.Match[str]) -> str:
    """The JSON escape of what is not printable. A lone surrogate is no character of any text: U+FFFD stands for it."""
    char = match[0]
    if char.isprintable():
        return char
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _report(report: Report) -> dict[str, Any]:
    target, conclusion, overhead = report.target, report.conclusion, report.overhead
    return {
        "schema": SCHEMA,
        "target": {
            "pid": target.pid,
            "command": target.command,
            "runtime": target.runtime,
            "runtime_version": target.runtime_version,
        },
        "verdict": {
            "cause": conclusion.cause,
            "confidence": conclusion.confidence,
            "probability": _number(conclusion.probability),
            "headline": conclusion.headline,
        },
        "findings": [_finding(finding) for finding in report.findings],
        "total": None if report.total is None else _total(report.total),
        "layers": [_layer(row) for row in report.layers],
        "unaccounted_bytes": report.unaccounted_bytes,
        "attribution": [_holder(holder) for holder in report.attribution],
        "evidence": [
            {
                "source": row.source,
                "format": row.format,
                "where": row.where,
                "samples": row.samples,
                "problem": row.problem,
            }
            for row in report.evidence
        ],
        "next_steps": [{"do": step.do, "decides": step.decides} for step in report.next_steps],
        "overhead": None
        if overhead is None
        else {
            "cpu_s": _number(overhead.cpu_s),
            "wall_s": _number(overhead.wall_s),
            "target_paused_s": _number(overhead.target_paused_s),
            **({} if overhead.sampler_s is None else {"sampler_s": _number(overhead.sampler_s)}),
            **({} if overhead.holders_s is None else {"holders_s": _number(overhead.holders_s)}),
        },
        "warnings": list(report.warnings),
        **_added(report),
    }


def _added(report: Report) -> dict[str, Any]:
    """What the contract does not ask for."""
    return {
        "suggestions": [
            {
                "name": guess.name,
                "verdict": guess.verdict.value,
                "could_explain_bytes": guess.could_explain_bytes,
                "because": guess.because,
            }
            for guess in report.suggestions
        ],
        "runtime": [_runtime(row) for row in (*report.runtime_rows, *report.beside)],
        "controls": [_total(row) for row in report.controls],
        "missing": list(report.missing),
        "checks": [_check(check) for check in report.checks],
        "facts": dict(report.facts),
        "limit": report.limit,
        "proof": report.proof,
        "span_s": _number(report.span_s),
        **({} if report.inspection is None else {"inspect": _finite(as_plain(report.inspection))}),
        "sampling": list(report.sampling),
        "advice": [_advice(one) for one in report.advice],
        **({"source": _source(report)} if report.source or report.source_notes else {}),
        **({"experiments": _finite(experiments.rows(report))} if report.experiments else {}),
        **({"known_leaks": _finite(known.plain(report.known_leaks))} if report.known_leaks else {}),
    }


def _source(report: Report) -> dict[str, Any]:
    return {"found": _finite([row(one) for one in report.source]), "notes": list(report.source_notes)}


def _finite(value: Any) -> Any:
    """The same with null for what is no number of JSON."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return _number(value) if isinstance(value, float) else value


def _holder(holder: Holder) -> dict[str, Any]:
    counted = {
        "modules": list(holder.modules),
        "low_bytes": holder.low_bytes,
        "high_bytes": holder.high_bytes,
        "bytes_per_s": _number(holder.bytes_per_s),
        "note": holder.note,
        "low_per_s": _number(holder.low_per_s),
        "high_per_s": _number(holder.high_per_s),
        "count": holder.count,
        "low_count": holder.low_count,
        "high_count": holder.high_count,
        "count_per_s": _number(holder.count_per_s),
    }
    return {
        "layer": holder.layer,
        "function": holder.function,
        "module": holder.module,
        "bytes": holder.bytes,
        "share": _number(holder.share),
        "stack": list(holder.stack),
        "method": holder.method,
        **(counted if measured(holder) else {}),
        **({"places": list(holder.places)} if any(holder.places) else {}),
        **({"askers": list(holder.askers)} if holder.askers else {}),
    }


def _advice(one: Advice) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "text": one.text,
        "arithmetic": list(one.arithmetic),
        "bytes": one.bytes,
        "soonest_s": _number(one.soonest_s),
        "likely_s": _number(one.likely_s),
        "latest_s": _number(one.latest_s),
        "rules": one.rules,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "verdict": finding.verdict.value,
        "probability": _number(finding.probability),
        "bytes": finding.bytes,
        "bytes_per_s": _number(finding.bytes_per_s),
        "because": list(finding.because),
        "against": list(finding.against),
        "remedy": list(finding.remedy),
        "confirm_with": finding.confirm_with,
        "headline": finding.headline,
    }


def _total(row: Row) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "bytes": row.bytes,
        **_rates(row.course, "bytes_per_s"),
        "source": row.source,
        **_course(row),
    }


def _layer(row: Row) -> dict[str, Any]:
    return {
        "layer": row.metric,
        "bytes": row.bytes,
        **_rates(row.course, "bytes_per_s"),
        "share_of_growth": _number(row.share_of_growth),
        "source": row.source,
        **_course(row),
        "weak": row.weak,
    }


def _runtime(row: Row) -> dict[str, Any]:
    """Also counts, such as goroutines: so `value` and its unit, not bytes."""
    return {
        "metric": row.metric,
        "unit": unit_of(row.metric),
        "value": row.bytes,
        **_rates(row.course, "value_per_s"),
        "source": row.source,
        **_course(row),
    }


def _rates(course: Course, name: str) -> dict[str, Any]:
    """`bytes_per_s`, `low_per_s`, `high_per_s` for that name: per `per` of the course; null when there is no rate."""
    slope, low, high = (course.slope, course.low, course.high) if isinstance(course, Trend) else (None,) * 3
    return {name: _number(slope), "low_per_s": _number(low), "high_per_s": _number(high)}


def _course(row: Row) -> dict[str, Any]:
    """The course beyond its rate: what it is per, what it rests on, or why there is none."""
    course = row.course
    known = course if isinstance(course, Trend) else None
    return {
        "label": row.label,
        "per": course.per,
        "shape": None if known is None else known.shape,
        "n": course.n,
        "span": None if known is None else _number(known.span),
        "first": None if known is None else _number(known.first),
        "last": None if known is None else _number(known.last),
        "detectable": None if known is None else _number(known.detectable),
        "guards": [] if known is None else list(known.checks),
        "no_rate": None if isinstance(course, Trend) else course.reason,
        "needed": None if isinstance(course, Trend) else _number(course.needed),
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "left": check.left,
        "left_bytes": check.left_bytes,
        "right": check.right,
        "right_bytes": check.right_bytes,
        "agree": check.agree,
        "text": check.text,
    }


def _number(value: float | None) -> float | None:
    """Nine significant digits, which no measurement of ours has; null for what is not finite."""
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.9g}") if math.isfinite(value) else None
