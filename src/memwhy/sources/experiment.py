"""Experiments as evidence: what was foretold, written before anything was done, and the same again with what came of it."""

import json
import math
from collections.abc import Mapping as Map
from dataclasses import asdict
from typing import Any, NoReturn

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.probe import Experiment, Measured, Prediction, Result
from memwhy.model.reading import Reading
from memwhy.model.report import CAUSES

NAME = "probe/experiment"
SCHEMA = "memwhy/experiment/1"
MOST_CHARACTERS = 2048
MOST_ROWS = 64
MOST_VALUE = float(1 << 62)
LEAST_WIDTH = 1e-6
"""Of an error and of all results that are possible: what is narrower has no density that a float holds."""
_UNITS = ("bytes", "count", "bytes/s")


def write(experiment: Experiment) -> bytes:
    """The experiment as JSON, field by field."""
    return json.dumps({"schema": SCHEMA, **asdict(experiment)}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def parse(raw: bytes) -> Reading:
    """One experiment. Raises ParseError."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise ParseError(NAME, None, raw[:80], "not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ParseError(NAME, None, raw[:80], f"not of schema {SCHEMA}")
    unit = _text(document, "unit")
    if unit not in _UNITS:
        _wrong("unit", unit)
    problem = document.get("problem")
    experiment = Experiment(
        name=_text(document, "name"),
        does=_texts(document, "does"),
        measure=_text(document, "measure"),
        unit=unit,  # type: ignore[arg-type]
        error=_number(document, "error", above=LEAST_WIDTH),
        widest=_number(document, "widest", above=LEAST_WIDTH),
        predictions=tuple(_prediction(row) for row in _rows(document, "predictions")),
        result=None if document.get("result") is None else _result(document["result"]),
        problem=None if problem is None else _text(document, "problem"),
    )
    foretold = [one.cause for one in experiment.predictions]
    if len(set(foretold)) != len(foretold):
        _wrong("predictions", foretold)
    return Reading(experiments=(experiment,))


def _prediction(row: Map[str, Any]) -> Prediction:
    low, high = _number(row, "low"), _number(row, "high")
    cause, unseen = _text(row, "cause"), _number(row, "unseen")
    if cause not in CAUSES or high < low or not 0.0 <= unseen < 1.0:
        _wrong("prediction", row)
    return Prediction(cause=cause, low=low, high=high, because=_text(row, "because"), unseen=unseen)


def _result(row: object) -> Result:
    if not isinstance(row, dict):
        _wrong("result", row)
    return Result(
        value=_number(row, "value"),
        said=_texts(row, "said"),
        paused_s=_number(row, "paused_s", above=-1e-9),
        held_s=_number(row, "held_s", above=-1e-9),
        measured=tuple(_measured(one) for one in _rows(row, "measured")),
    )


def _measured(row: Map[str, Any]) -> Measured:
    pairs = row.get("layers")
    if not isinstance(pairs, list) or len(pairs) > MOST_ROWS:
        _wrong("layers", pairs)
    layers = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or pair[0] not in REGISTRY:
            _wrong("layers", pair)
        layers.append((str(pair[0]), round(_number({"bytes": pair[1]}, "bytes"))))
    return Measured(when=_text(row, "when"), rss_bytes=round(_number(row, "rss_bytes")), layers=tuple(layers))


def _rows(document: Map[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key)
    if not isinstance(found, list) or len(found) > MOST_ROWS or not all(isinstance(one, dict) for one in found):
        _wrong(key, found)
    return found


def _texts(document: Map[str, Any], key: str) -> tuple[str, ...]:
    found = document.get(key)
    if not isinstance(found, list) or len(found) > MOST_ROWS or not all(isinstance(one, str) for one in found):
        _wrong(key, found)
    return tuple(one[:MOST_CHARACTERS] for one in found)


def _text(document: Map[str, Any], key: str) -> str:
    found = document.get(key)
    if not isinstance(found, str):
        _wrong(key, found)
    return found[:MOST_CHARACTERS]


def _number(document: Map[str, Any], key: str, *, above: float = -math.inf) -> float:
    found = document.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float):
        _wrong(key, found)
    if not above < found or not abs(found) <= MOST_VALUE:  # false for what is no number
        _wrong(key, found)
    return float(found)


def _wrong(key: str, value: object) -> NoReturn:
    raise ParseError(NAME, None, f"{key}: {value!r}"[:80], "an experiment lacks a field, or holds another value there")
