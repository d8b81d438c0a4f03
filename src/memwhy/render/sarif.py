"""Suspects as SARIF 2.1.0, for code scanning: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

Clause 3.27.10 knows the levels error, warning and note: what a diagnosis blames is an error, what another linter finds too or is more
likely than not a warning, the rest a note. What a comment silences is a result with a suppression of kind inSource (3.35).
"""

import json
from typing import Any
from urllib.parse import quote

from memwhy import __version__
from memwhy.model.linted import Found, Linted, Silenced
from memwhy.model.suspect import REPORTED, Place
from memwhy.render.found import measured

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://pypi.org/project/memwhy/"


def render(found: Linted) -> str:
    """One SARIF log with one run and a newline."""
    rules: list[dict[str, Any]] = [
        {
            "id": rule.name,
            "shortDescription": {"text": rule.text},
            "properties": {"tags": ["memory", rule.cause]},
        }
        for rule in found.rules
    ]
    known = {rule.name for rule in found.rules}
    rules += [{"id": name} for name in sorted({one.suspect.rule for one in found.found} - known)]
    order = {rule["id"]: index for index, rule in enumerate(rules)}
    driver = {
        "name": "memwhy",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": _HOME,
        "rules": rules,
    }
    log = {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": {"ROOT": {"description": {"text": "the directory that was read"}}},
                "results": [
                    *(_result(one, order) for one in found.found),
                    *(_suppressed(one, order) for one in found.silenced),
                ],
            }
        ],
    }
    return json.dumps(log, indent=2, allow_nan=False) + "\n"


def _result(one: Found, order: dict[str, int]) -> dict[str, Any]:
    suspect = one.suspect
    text = f"suspect: {suspect.message}" if one.blame is None else f"{measured(one)}. {suspect.message}"
    result: dict[str, Any] = {
        "ruleId": suspect.rule,
        "ruleIndex": order[suspect.rule],
        "level": "error"
        if one.blame is not None
        else "warning"
        if one.certain or suspect.weight >= REPORTED
        else "note",
        "message": {
            "text": ". ".join(
                part for part in (text, suspect.missing and f"Missing: {suspect.missing}", suspect.remedy) if part
            )
        },
        "locations": [_location(suspect.file, suspect.acquired, suspect.line, suspect.function)],
        "properties": {"weight": suspect.weight, "cause": suspect.cause, "by": list(one.by)},
    }
    if suspect.path:
        steps = (suspect.acquired, *suspect.path)
        result["codeFlows"] = [
            {
                "threadFlows": [
                    {"locations": [{"location": _location(suspect.file, step, step.line, "")} for step in steps]}
                ]
            }
        ]
    if one.blame is not None:
        result["properties"] |= {"bytes": one.blame.bytes, "bytesPerSecond": one.blame.bytes_per_s}
    return result


def _location(file: str, place: Place, line: int, function: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file), "uriBaseId": "ROOT"},
            "region": {"startLine": line, **({"snippet": {"text": place.text}} if place.text else {})},
        }
    }
    if function:
        found["logicalLocations"] = [{"fullyQualifiedName": function, "kind": "function"}]
    return found


def _suppressed(one: Silenced, order: dict[str, int]) -> dict[str, Any]:
    place = Place(one.suspect_line, 1, "")
    return {
        "ruleId": one.rule,
        "ruleIndex": order[one.rule],
        "level": "note",
        "message": {"text": f"silenced by {one.marker} in line {one.line}"},
        "locations": [_location(one.file, place, one.suspect_line, "")],
        "suppressions": [{"kind": "inSource", "status": "accepted", "justification": one.reason}],
    }
