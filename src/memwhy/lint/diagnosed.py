"""What of a diagnosis source is held against: a report as it is made, or as `--format json` wrote it."""

import json
from dataclasses import dataclass
from typing import Any, cast, get_args

from memwhy.model.errors import ParseError
from memwhy.model.report import SCHEMA, Holder, Report

MOST_BYTES = 64 << 20
_NO_CODE = "holders"
"""A method whose rows are variables and fields, which no line of source allocates at."""
_METHODS = get_args(Holder.__annotations__["method"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """headline and cause: of the verdict. main_path: the import path of the program's main package, "" for unknown."""

    headline: str
    cause: str
    main_path: str
    holders: tuple[Holder, ...]


def diagnosed(report: Report) -> Diagnosed:
    """The same of a report."""
    return Diagnosed(
        headline=report.conclusion.headline,
        cause=report.conclusion.cause,
        main_path=dict(report.facts).get("go.main_path", ""),
        holders=tuple(one for one in report.attribution if one.method != _NO_CODE),
    )


def is_report(head: bytes) -> bool:
    """Whether a file that begins so is a report in JSON, and nothing else that memwhy reads."""
    return head.lstrip()[:1] == b"{" and SCHEMA.encode() in head


def parse(raw: bytes, name: str) -> Diagnosed:
    """A report in JSON. Raises ParseError where it is none, or not whole."""
    if len(raw) > MOST_BYTES:
        raise ParseError(name, None, "", f"larger than {MOST_BYTES >> 20} MiB, which no report is")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ParseError(name, None, "", f"is no JSON: {error}") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ParseError(name, None, "", f"is not what memwhy explain --format json writes ({SCHEMA})")
    try:
        facts = found.get("facts") or {}
        return Diagnosed(
            headline=str(found["verdict"]["headline"]),
            cause=str(found["verdict"]["cause"]),
            main_path=str(facts.get("go.main_path", "")),
            holders=tuple(_holder(row) for row in found["attribution"] if row["method"] != _NO_CODE),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ParseError(name, None, "", f"its verdict or attribution is not as {SCHEMA} has it: {error}") from error


def _holder(row: dict[str, Any]) -> Holder:
    method = row["method"]
    if method not in _METHODS:
        raise ValueError(f"method {str(method)[:40]!r}")
    return Holder(
        layer=str(row["layer"]),
        function=str(row["function"]),
        module=None if row.get("module") is None else str(row["module"]),
        bytes=int(row["bytes"]),
        share=float(row["share"]),
        stack=_texts(row["stack"]),
        method=cast(Any, method),
        bytes_per_s=None if row.get("bytes_per_s") is None else float(row["bytes_per_s"]),
        note=str(row.get("note", "")),
        count=None if row.get("count") is None else int(row["count"]),
        places=_texts(row.get("places", [])),
        askers=_texts(row.get("askers", [])),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return tuple(str(one) for one in value)
