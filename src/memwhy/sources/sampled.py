"""Readings of the native sampler, as memwhy itself writes them: stacks by name, with what is outstanding and of which age."""

import json

from memwhy.model.native import AGES, CodeName, SampledStack, StackReading
from memwhy.model.reading import Reading
from memwhy.sources.own_json import OwnJson

NAME = "native/stacks"
SCHEMA = "memwhy/stacks/1"
MOST_STACKS = 4096
MOST_FRAMES = 256
_OWN = OwnJson(NAME, most_characters=4096)
_KINDS = ("malloc", "mmap", "runtime")
_WAYS = ("attached", "preloaded")
_FIGURES = (
    "outstanding_bytes", "outstanding_count", "samples", "seen_bytes", "allocated_bytes", "allocated_count",
    "freed_bytes", "freed_count",
)  # fmt: skip
"""Of a stack's row, behind its frames, its kind, its variance and its ages."""
_COUNTS = ("period_bytes", "samples", "lost_samples", "cut_stacks", "missed_regions", "own_bytes")


def write(reading: StackReading) -> bytes:
    """The reading as JSON; each function's name stands there once."""
    places: dict[CodeName, int] = {}
    rows = []
    for stack in reading.stacks:
        frames = [places.setdefault(frame, len(places)) for frame in stack.frames]
        figures = [getattr(stack, name) for name in _FIGURES]
        rows.append([frames, stack.kind, round(stack.variance), list(stack.ages_bytes), *figures])
    document = {
        "schema": SCHEMA,
        "life_s": reading.life_s,
        "way": reading.way,
        "problem": reading.problem,
        "spent_s": reading.spent_s,
        "notes": list(reading.notes),
        **{name: getattr(reading, name) for name in _COUNTS},
        "functions": [
            [one.function, one.module, one.version, one.file, one.line, int(one.is_go), int(one.own)] for one in places
        ],
        "stacks": rows,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse(raw: bytes) -> Reading:
    """`stacks` of a Reading. Raises ParseError."""
    document = _OWN.document(raw, SCHEMA, "reading of the sampler")
    functions = tuple(_function(row) for row in _OWN.items(document.get("functions"), "functions"))
    rows = _OWN.items(document.get("stacks"), "stacks")
    if len(rows) > MOST_STACKS:
        raise _OWN.wrong(f"has {len(rows)} stacks; {MOST_STACKS} are the most")
    way = document.get("way")
    if way not in _WAYS:
        raise _OWN.wrong("does not say how the sampler got in", str(way))
    reading = StackReading(
        life_s=_OWN.seconds(document.get("life_s"), "life_s"),
        way=way,
        problem=_OWN.text(document.get("problem")),
        spent_s=_OWN.seconds(document.get("spent_s"), "spent_s"),
        notes=tuple(_OWN.text(note) for note in _OWN.items(document.get("notes"), "notes")[:32]),
        stacks=tuple(_stack(row, functions) for row in rows),
        **{name: _OWN.count(document.get(name), name) for name in _COUNTS},
    )
    return Reading(stacks=reading)


def _stack(row: object, functions: tuple[CodeName, ...]) -> SampledStack:
    if not isinstance(row, list) or len(row) != 4 + len(_FIGURES):
        raise _OWN.wrong("has a stack that is none", str(row)[:80])
    frames, kind, variance, ages, *figures = row
    if kind not in _KINDS:
        raise _OWN.wrong("has a stack of an unknown kind", str(kind))
    if not isinstance(frames, list) or not 0 < len(frames) <= MOST_FRAMES:
        raise _OWN.wrong("has a stack without frames", str(frames)[:80])
    if not isinstance(ages, list) or len(ages) > AGES:
        raise _OWN.wrong("has a stack without ages", str(ages)[:80])
    places = [_OWN.count(place, "frame") for place in frames]
    if max(places) >= len(functions):
        raise _OWN.wrong("has a stack of functions that it does not name", str(frames)[:80])
    return SampledStack(
        frames=tuple(functions[place] for place in places),
        kind=kind,
        variance=float(_OWN.count(variance, "variance", 1 << 124)),
        ages_bytes=tuple(_OWN.count(size, "age") for size in ages),
        **{name: _OWN.count(value, name) for name, value in zip(_FIGURES, figures, strict=True)},
    )


def _function(row: object) -> CodeName:
    if not isinstance(row, list) or len(row) != 7:
        raise _OWN.wrong("has a function that is none", str(row)[:80])
    function, module, version, file = (_OWN.text(one) for one in row[:4])
    line, is_go, own = (_OWN.count(one, "line") for one in row[4:])
    return CodeName(
        function=function or "?",
        module=module,
        version=version,
        file=file,
        line=line,
        is_go=bool(is_go),
        own=bool(own),
    )
