"""Variables of stripped programs, by the functions that use them: held against a program whose closures plant one each."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from test_heap_holders import Seen, stripped  # noqa: F401  (a fixture)

from memwhy._core import _retain
from memwhy.runtimes.go.heap_hints import MOST_HINTS

PLANTS = (
    "cache",
    "list",
    "pages",
    "table",
    "anything",
    "shapes",
    "tree",
    "queue",
    "hooks",
    "shared",
    "inPlace",
    "small",
    "timers",
)
"""In the order of goplanted's main: the closure that plants the first is main.main.func1."""
BASE = 0x401000


def test_the_function_that_fills_a_variable_is_among_its_hints(stripped: Seen) -> None:  # noqa: F811
    held = stripped.holders
    roots = [one for one in held.holdings if one.hints]
    found = {}
    for number, name in enumerate(PLANTS, start=1):
        planter, planted = f"main.main.func{number}", stripped.truth[f"main.{name}"][0]
        lines = [one.bytes for one in roots if planter in one.hints]
        # a channel's buffer was there before it was filled, and slices that are shared hold little
        found[name] = bool(lines) and 0.4 * planted <= max(lines) <= 1.25 * planted
    small = {name for name in PLANTS if stripped.truth[f"main.{name}"][0] < 0.005 * held.bytes}
    missing = {name for name, is_found in found.items() if not is_found} - small
    if held.runtime.startswith("go1.21"):
        missing -= {"shared", "timers"}  # without types all that is shared and of one size is one line
    assert len(missing) <= 1, (missing, [(one.name, one.shared_by, one.bytes, one.hints) for one in roots])
    assert all(len(one.hints) <= MOST_HINTS for one in roots)
    assert all(one.bytes >= 0.005 * held.bytes for one in roots)


def test_operands_are_found_with_and_without_numbers_behind_them() -> None:
    target = BASE + 0x2000
    codes = {
        b"\x48\x8b\x05": b"",  # MOV RAX, [rip + d]
        b"\x48\x89\x0d": b"",  # MOV [rip + d], RCX
        b"\x48\x8d\x15": b"",  # LEA RDX, [rip + d]
        b"\x83\x3d": b"\x00",  # CMP dword [rip + d], 0
        b"\x48\xc7\x05": b"\x01\x00\x00\x00",  # MOV qword [rip + d], 1
        b"\x66\xc7\x05": b"\x01\x00",  # MOV word [rip + d], 1
        b"\xf0\x0f\xc1\x0d": b"",  # LOCK XADD [rip + d], ECX
        b"\x0f\xba\x2d": b"\x03",  # BTS dword [rip + d], 3
        b"\xf7\x1d": b"",  # NEG dword [rip + d]
    }
    text = b"\x90" * 8
    places = []
    for head, tail in codes.items():
        place = len(text) + len(head)
        end = BASE + place + 4 + len(tail)
        text += head + struct.pack("<i", target - end) + tail
        places.append(BASE + place)
    rows = struct.unpack(f"<{2 * len(places)}Q", _retain.uses(text, BASE, struct.pack("<2Q", target, target + 1)))
    assert rows == tuple(word for place in places for word in (place, target))


@given(st.binary(max_size=400), st.lists(st.integers(0, 1 << 33), max_size=6, unique=True))
def test_any_bytes_lead_only_into_the_windows(text: bytes, starts: list[int]) -> None:
    windows = [edge for start in sorted(starts) for edge in (start * 64, start * 64 + 33)]
    raw = _retain.uses(text, BASE, struct.pack(f"<{len(windows)}Q", *windows))
    rows = struct.unpack(f"<{len(raw) // 8}Q", raw)
    for place, target in zip(rows[::2], rows[1::2], strict=True):
        assert BASE + 3 <= place <= BASE + len(text) - 4
        assert any(low <= target < end for low, end in zip(windows[::2], windows[1::2], strict=True))
