"""A small, strict check of rule files: only the YAML and the PromQL that memwhy may write passes, anything else fails."""

import json
import re

DURATION = r"(?:\d+[smhd])"
METRIC = r'[a-z][a-z_]*\{job="(?:[^"\\]|\\.)*"\}'
_TOKEN = re.compile(rf"\s*({METRIC}|deriv|predict_linear|\d+(?:\.\d+)?|\[{DURATION}(?::{DURATION})?\]|[-(),>])")


def check_rules(text: str) -> None:
    """Asserts that each rule has a name, a well-formed expression that compares, a duration, a severity and a summary."""
    lines = text.splitlines()
    assert text.endswith("\n") and lines[0] == "groups:" and lines[2] == "    rules:"
    assert json.loads(lines[1].removeprefix("  - name: ")).startswith("memwhy-")
    starts = [number for number, row in enumerate(lines) if row.startswith("      - alert: ")]
    assert starts and starts[0] == 3
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        _check_rule(lines[start:end])


def _check_rule(rows: list[str]) -> None:
    assert re.fullmatch(r"      - alert: [A-Z][A-Za-z]+", rows[0])
    assert rows[1] == "        expr: |"
    body = [row for row in rows[2:] if row.startswith("          ")][:-2]
    rest = rows[2 + len(body) :]
    assert re.fullmatch(rf"        for: {DURATION}", rest[0])
    assert rest[1:4] == ["        labels:", "          severity: warning", "        annotations:"]
    assert len(rest) == 5 and json.loads(rest[4].removeprefix("          summary: "))
    check_promql("\n".join(body))


def check_promql(text: str) -> None:
    """Asserts that an expression is one comparison of a known function with a number."""
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        assert match is not None, f"no PromQL at {text[at : at + 40]!r}"
        tokens.append(match[1])
        at = match.end()
    left, greater, number = tokens[:-2], tokens[-2], tokens[-1]
    assert greater == ">" and re.fullmatch(r"\d+(?:\.\d+)?", number)
    assert _call(left) == [], "something follows the call"


def _call(tokens: list[str]) -> list[str]:
    """One call of a function over a range; what follows it."""
    name, opening, *rest = tokens
    assert name in ("deriv", "predict_linear") and opening == "("
    is_instant = rest[0] == "("
    rest = _difference(rest[1:]) if is_instant else _metric(rest)
    if is_instant:
        assert rest.pop(0) == ")"
    window = rest.pop(0)
    assert window.startswith("[") and (":" in window) == is_instant, (
        "a subquery is over an expression, a range over a metric"
    )
    if name == "predict_linear":
        assert rest.pop(0) == "," and rest.pop(0).isdigit()
    assert rest.pop(0) == ")"
    return rest


def _difference(tokens: list[str]) -> list[str]:
    """metric, metric - metric, metric - (metric - metric)."""
    rest = _metric(tokens)
    if rest and rest[0] == "-":
        if rest[1] == "(":
            rest = _difference(rest[2:])
            assert rest.pop(0) == ")"
        else:
            rest = _metric(rest[1:])
    return rest


def _metric(tokens: list[str]) -> list[str]:
    assert "{" in tokens[0], f"{tokens[0]} is no metric"
    return tokens[1:]
