"""A reading of the sampler as files of others: pprof, folded stacks, speedscope. The format goes by the file's name.

pprof: github.com/google/pprof, proto/profile.proto, with the sample types of Go's own heap profiles (runtime/pprof, protomem.go).
Folded: github.com/brendangregg/FlameGraph, stackcollapse: frames from the outermost, ";" between, bytes behind.
Speedscope: github.com/jlfwong/speedscope, src/lib/file-format-spec.ts, a profile "sampled" for each figure.
"""

import json
import zlib
from collections.abc import Callable, Iterable

from memwhy import __version__
from memwhy.model.errors import UsageError
from memwhy.model.native import CodeName, SampledStack, StackReading
from memwhy.runtimes.go.pprof_file import GZIP, message, number, packed

Writer = Callable[[StackReading], bytes]
_FIGURES = (
    ("alloc_objects", "count", "allocated_count"),
    ("alloc_space", "bytes", "allocated_bytes"),
    ("inuse_objects", "count", "outstanding_count"),
    ("inuse_space", "bytes", "outstanding_bytes"),
)
_S_TYPE, _SAMPLE, _LOCATION, _FUNCTION, _STRING, _DURATION, _PERIOD_TYPE, _PERIOD, _DEFAULT = (
    1,
    2,
    4,
    5,
    6,
    10,
    11,
    12,
    14,
)
_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def writer_of(path: str) -> Writer:
    """Who writes this format. Raises UsageError for a name that tells none."""
    for ending, writer in WRITERS.items():
        if path.endswith(ending):
            return writer
    raise UsageError(f"{path} does not say which format it is to have", help=f"end its name in {', '.join(WRITERS)}")


def write_to(path: str, reading: StackReading) -> None:
    """Write the file. Raises UsageError."""
    raw = writer_of(path)(reading)
    try:
        with open(path, "wb") as file:
            file.write(raw)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", help="give another file after --stacks") from error


def pprof(reading: StackReading) -> bytes:
    """gzip'ed, as `go tool pprof FILE` takes it; what is outstanding is shown first."""
    strings: dict[str, int] = {"": 0}
    places: dict[CodeName, int] = {}
    samples = []
    for stack in reading.stacks:
        locations = [places.setdefault(frame, len(places) + 1) for frame in stack.frames]
        label = number(1, _text(strings, "kind")) + number(2, _text(strings, stack.kind))
        body = packed(1, locations) + packed(2, [getattr(stack, field) for _, _, field in _FIGURES])
        samples.append(message(_SAMPLE, body + message(3, label)))
    functions = b"".join(_function(strings, frame, place) for frame, place in places.items())
    types = b"".join(message(_S_TYPE, _type(strings, name, unit)) for name, unit, _ in _FIGURES)
    tail = message(_PERIOD_TYPE, _type(strings, "space", "bytes")) + number(_PERIOD, reading.period_bytes)
    tail += number(_DURATION, round(reading.life_s * 1e9)) + number(_DEFAULT, _text(strings, "inuse_space"))
    texts = b"".join(message(_STRING, text.encode("utf-8", "replace")) for text in strings)
    return zlib.compress(types + b"".join(samples) + functions + texts + tail, wbits=GZIP)


def folded(reading: StackReading) -> bytes:
    """A line for each stack with something outstanding, in bytes."""
    lines = (
        f"{';'.join(map(_folded_name, reversed(stack.frames)))} {stack.outstanding_bytes}\n" for stack in _held(reading)
    )
    return "".join(lines).encode("utf-8", "replace")


def speedscope(reading: StackReading) -> bytes:
    """Two profiles over the same frames: outstanding now, and allocated since the sampler began."""
    places: dict[CodeName, int] = {}
    stacks = [[places.setdefault(frame, len(places)) for frame in reversed(stack.frames)] for stack in reading.stacks]
    document = {
        "$schema": _SCHEMA,
        "exporter": f"memwhy {__version__}",
        "name": "native memory",
        "activeProfileIndex": 0,
        "shared": {"frames": [_speedscope_frame(frame) for frame in places]},
        "profiles": [
            _speedscope_profile(name, stacks, [getattr(stack, field) for stack in reading.stacks])
            for name, field in (("outstanding", "outstanding_bytes"), ("allocated", "allocated_bytes"))
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


WRITERS: dict[str, Writer] = {".pb.gz": pprof, ".folded": folded, ".speedscope.json": speedscope}
"""Ending of the file's name → who writes it."""


def _held(reading: StackReading) -> Iterable[SampledStack]:
    return (stack for stack in reading.stacks if stack.outstanding_bytes > 0)


def _text(strings: dict[str, int], text: str) -> int:
    return strings.setdefault(text, len(strings))


def _type(strings: dict[str, int], name: str, unit: str) -> bytes:
    return number(1, _text(strings, name)) + number(2, _text(strings, unit))


def _function(strings: dict[str, int], frame: CodeName, place: int) -> bytes:
    """A function and its one location; where no file is known its module stands in the file's place."""
    name = _text(strings, frame.function)
    file = _text(strings, frame.file or _module(frame))
    function = number(1, place) + number(2, name) + number(3, name) + number(4, file)
    line = number(1, place) + number(2, max(frame.line, 0))
    return message(_FUNCTION, function) + message(_LOCATION, number(1, place) + message(4, line))


def _module(frame: CodeName) -> str:
    return f"{frame.module}@{frame.version}" if frame.version else frame.module


def _folded_name(frame: CodeName) -> str:
    return frame.function.replace(";", ":").replace("\n", " ")


def _speedscope_frame(frame: CodeName) -> dict[str, object]:
    found: dict[str, object] = {"name": frame.function}
    if file := frame.file or _module(frame):
        found["file"] = file
    if frame.line > 0:
        found["line"] = frame.line
    return found


def _speedscope_profile(name: str, stacks: list[list[int]], weights: list[int]) -> dict[str, object]:
    kept = [(stack, weight) for stack, weight in zip(stacks, weights, strict=True) if weight > 0]
    return {
        "type": "sampled",
        "name": name,
        "unit": "bytes",
        "startValue": 0,
        "endValue": sum(weight for _, weight in kept),
        "samples": [stack for stack, _ in kept],
        "weights": [weight for _, weight in kept],
    }
