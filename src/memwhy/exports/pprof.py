"""Stacks as a gzip'ed pprof profile, as `go tool pprof FILE` takes it.

Format: github.com/google/pprof, proto/profile.proto; sample types as Go's own heap profiles have them (runtime/pprof, protomem.go).
"""

import zlib

from memwhy.exports.stacks import Stacks
from memwhy.model.native import CodeName
from memwhy.runtimes.go.pprof_file import GZIP, message, number, packed

_S_TYPE, _SAMPLE, _LOCATION, _FUNCTION, _STRING, _TIME, _DURATION = 1, 2, 4, 5, 6, 9, 10
_PERIOD_TYPE, _PERIOD, _COMMENT, _DEFAULT = 11, 12, 13, 14


def write(found: Stacks) -> bytes:
    """The figure to be shown first is the profile's default; its note is a comment (`go tool pprof -comments`)."""
    strings: dict[str, int] = {"": 0}
    places: dict[CodeName, int] = {}
    samples = []
    for stack in found.stacks:
        locations = [places.setdefault(frame, len(places) + 1) for frame in stack.frames]
        body = packed(1, locations) + packed(2, stack.values)
        if stack.kind:
            body += message(3, number(1, _text(strings, "kind")) + number(2, _text(strings, stack.kind)))
        samples.append(message(_SAMPLE, body))
    functions = b"".join(_function(strings, frame, place) for frame, place in places.items())
    types = b"".join(message(_S_TYPE, _type(strings, one.name, one.unit)) for one in found.figures)
    tail = number(_TIME, found.wall_ns) + number(_DURATION, round(found.span_s * 1e9))
    if found.period_bytes:
        tail += message(_PERIOD_TYPE, _type(strings, "space", "bytes")) + number(_PERIOD, found.period_bytes)
    tail += packed(_COMMENT, [_text(strings, f"memwhy: {found.name}, {found.note}")])
    tail += number(_DEFAULT, _text(strings, found.shown))
    texts = b"".join(message(_STRING, text.encode("utf-8", "replace")) for text in strings)
    return zlib.compress(types + b"".join(samples) + functions + texts + tail, wbits=GZIP)


def _text(strings: dict[str, int], text: str) -> int:
    return strings.setdefault(text, len(strings))


def _type(strings: dict[str, int], name: str, unit: str) -> bytes:
    return number(1, _text(strings, name)) + number(2, _text(strings, unit))


def _function(strings: dict[str, int], frame: CodeName, place: int) -> bytes:
    """A function and its one location; where no file is known its module stands in the file's place.

    Go's functions have no name of the system's: pprof takes two names that are alike for C++ and cuts out what stands in parentheses
    (internal/symbolizer, Demangle).
    """
    name = _text(strings, frame.function)
    file = _text(strings, frame.file or module_of(frame))
    function = number(1, place) + number(2, name) + (b"" if frame.is_go else number(3, name)) + number(4, file)
    line = number(1, place) + number(2, max(frame.line, 0))
    return message(_FUNCTION, function) + message(_LOCATION, number(1, place) + message(4, line))


def module_of(frame: CodeName) -> str:
    """ "name@version" of a frame's module, "" where nobody knows it."""
    return f"{frame.module}@{frame.version}" if frame.version else frame.module
