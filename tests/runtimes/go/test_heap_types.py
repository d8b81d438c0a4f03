"""Descriptors that make no sense: any bytes where types should be give types or none, soon, and a heap that is read by them is read."""

import tempfile
from array import array
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memwhy.runtimes.go.debug_entries import Entries
from memwhy.runtimes.go.debug_locals import Locals
from memwhy.runtimes.go.debug_types import DebugTypes
from memwhy.runtimes.go.heap_types import DIRECTORY, EITHER, HEADER, TABLE, Types
from memwhy.runtimes.go.heap_variables import Variables
from memwhy.runtimes.go.moduledata import Constants

_retain = pytest.importorskip("memwhy._core._retain")
BASE = 0x500000
GROUP_WORDS = 13
"""Of a row that `retained` gives (`_core/retain_module.h`)."""
HEAP = 0xC000000000
PAGE_BYTES = 8192
HEADER_SPAN = 2
KINDS = st.integers(0, 31)
STRUCT, POINTER, ARRAY = 25, 22, 17


@dataclass(frozen=True, slots=True)
class Memory:
    """Read-only bytes at BASE, as `Constants` has them."""

    raw: bytes

    def read(self, address: int, size: int) -> bytes:
        at = address - BASE
        return self.raw[at : at + size] if 0 <= at < len(self.raw) else b""


def types_in(raw: bytes, *, swiss: bool = True) -> Types:
    return Types(constants=cast(Constants, Memory(raw)), ranges=((BASE, BASE + len(raw)),), swiss=swiss)


@st.composite
def descriptors(draw: st.DrawFn) -> bytes:
    """Rows of 88 bytes that look like descriptors and point to each other, or nearly."""
    count = draw(st.integers(1, 8))
    where = st.sampled_from([BASE + 88 * i for i in range(count)] + [0, BASE + 3, HEAP, (1 << 62) + 8, (1 << 64) - 8])
    words = st.one_of(where, st.integers(0, 40), st.integers(0, (1 << 64) - 1))
    raw = bytearray()
    for _ in range(count):
        row = array("Q", (draw(words) for _ in range(11)))
        one = bytearray(row.tobytes())
        one[23] = draw(KINDS)
        one[21] = one[22] = draw(st.sampled_from([0, 1, 8]))
        raw += one
    return bytes(raw)


@settings(max_examples=100, deadline=None)
@given(st.one_of(descriptors(), st.binary(max_size=600)), st.booleans())
def test_any_bytes_where_types_should_be_give_types_or_none(raw: bytes, swiss: bool) -> None:
    types = types_in(raw, swiss=swiss)
    for address in range(BASE, BASE + len(raw) + 8, 8):
        assert len(types.pointers(address)) < 1 << 15
        assert len(types.name_of(address)) < 1 << 16
        types.in_interface(address)
        for part in (HEADER, EITHER, DIRECTORY, TABLE):
            types.made(address | part)
    assert types.catalogue.named("main.Nowhere") is None


def test_a_struct_that_contains_itself_is_a_type_without_an_end_but_no_search_without_one() -> None:
    fields = 4096
    row = bytearray(array("Q", (8 * fields, 8 * fields, 0, 0, 0, 0, 0, BASE + 80, fields, fields)).tobytes())
    row[21], row[22], row[23] = 8, 8, STRUCT
    row += array("Q", (number for i in range(fields) for number in (0, BASE, 8 * i))).tobytes()
    assert types_in(bytes(row)).pointers(BASE) == {}


@settings(max_examples=60, deadline=None)
@given(st.one_of(descriptors(), st.binary(max_size=600)))
def test_a_heap_is_read_by_any_descriptors(raw: bytes) -> None:
    words = array("Q", [0]) * (PAGE_BYTES // 8)
    for i in range(PAGE_BYTES // 1024):
        words[128 * i] = BASE + 8 * i * 11
        words[128 * i + 1] = HEAP + 1024 * ((i + 1) % 8)
        words[128 * i + 2] = BASE + 88
        words[128 * i + 3] = HEAP + 1024 * (i // 2)
    spans = array("Q", (HEAP, HEAP + PAGE_BYTES, 1024, 8, HEADER_SPAN, 0, 0, 0))
    with tempfile.TemporaryFile() as file:
        file.write(words.tobytes() + raw)
        file.flush()
        segments = array("Q", (BASE, BASE + len(raw), PAGE_BYTES, HEAP, HEAP + PAGE_BYTES, 0)).tobytes()
        heap = _retain.open((file.fileno(), 0, segments), spans.tobytes(), 16, 64)
        resident = array("Q", (HEAP, HEAP + PAGE_BYTES)).tobytes()
        ranges = (BASE, BASE + len(raw), 1, 1)
        _retain.read(heap, (0, resident, b"", 0, 0, b"", ranges), None)
        wanted = _retain.spread(heap)
        for row, flag in enumerate(wanted):
            if flag:
                _retain.tell_type(heap, row, 16, array("H", [row, row, 0]).tobytes(), 0, 0, 0)
        _retain.spread(heap)
        _retain.settle(heap)
        rows = array("Q", _retain.retained(heap, array("I", (0, 0, 0)).tobytes(), 1))
    assert sum(rows[3::GROUP_WORDS]) <= 8


EXPRESSIONS = st.lists(st.sampled_from([0x06, 0x50, 0x91, 0x93, 0x9C, 0x10, 0x78, 8]), max_size=24).map(bytes)
ABBREVIATIONS = (
    b"\1\x11\1\0\0\2\x2e\1\0\0\3\x34\0\3\x08\2\x18\x49\x13\0\0\4\x34\0\3\x08\2\x17\x49\x13\0\0\5\x0f\0\3\x08\0\0\0"
)
"""A unit, a function, a local with an expression, one with a list, a pointer."""


def unit(expression: bytes, version: int) -> tuple[bytes, int]:
    """A unit with the pointer type *T and a function with two locals of it, of which a stands where the expression says; where the function is."""
    head = 12 if version == 5 else 11
    function = head + 1
    pointer = function + 1
    kind = pointer.to_bytes(4, "little")
    body = b"\1\2" + b"\5*T\0" + b"\3a\0" + bytes([len(expression)]) + expression + kind
    body += b"\4b\0" + bytes(4) + kind + b"\0\0"
    fields = bytes([1, 8, 0, 0, 0, 0]) if version == 5 else bytes([0, 0, 0, 0, 8])
    rest = version.to_bytes(2, "little") + fields + body
    return len(rest).to_bytes(4, "little") + rest, function


WHOLE = unit(b"\x9c", 4)[0]


@st.composite
def hurt(draw: st.DrawFn, whole: bytes) -> bytes:
    """Debug information of which some bytes are others, so that most of it still leads somewhere."""
    raw = bytearray(whole)
    for at, byte in draw(st.dictionaries(st.integers(0, len(whole) - 1), st.integers(0, 255), max_size=4)).items():
        raw[at] = byte
    return bytes(raw[: draw(st.integers(len(raw) - 4, len(raw)))])


@given(
    st.one_of(hurt(WHOLE), st.binary(max_size=400)),
    st.one_of(hurt(ABBREVIATIONS), st.binary(max_size=120)),
    st.binary(max_size=80),
)
@example(WHOLE, ABBREVIATIONS, b"")
def test_any_bytes_as_debug_information_give_entries_or_none(info: bytes, abbreviations: bytes, lists: bytes) -> None:
    entries = Entries(info=info, abbreviations=abbreviations, addresses=b"", lists=lists)
    entries.find_units()
    debug = DebugTypes(entries=entries, types=(BASE, BASE + 4096), bias=0)
    names = set()
    for place in range(len(info)):
        found = entries.at(place)
        if found is not None:
            names.add(found.name)
            assert found.place == place < found.behind
            places = [one.place for one in entries.children(found)]
            assert places == sorted({one for one in places if found.place < one < len(info)})
            told = debug.at(debug.key(place))
            assert told is None or len(told.name) <= len(info) + len("[]unsafe.Pointer")
            variables = Variables(functions={BASE: place}, debug=debug)
            assert all(one.type for one in variables.captured(BASE))
            assert all(one.type for one in Locals(variables, types_in(b"")).words(BASE, BASE + 1).values())
    if (info, abbreviations) == (WHOLE, ABBREVIATIONS):
        assert names == {"", "*T", "a", "b"}


@given(EXPRESSIONS, st.integers(4, 5), st.binary(max_size=60))
@example(b"\x9c", 4, b"")
@example(b"\x91\x78", 5, b"")
def test_any_place_of_a_local_gives_words_of_its_frame_or_none(expression: bytes, version: int, lists: bytes) -> None:
    info, function = unit(expression, version)
    entries = Entries(info=info, abbreviations=ABBREVIATIONS, addresses=bytes(16), lists=lists)
    entries.find_units()
    debug = DebugTypes(entries=entries, types=(BASE, BASE + 4096), bias=0)
    types = types_in(b"")
    types.debug = debug
    found = Locals(Variables(functions={BASE: function}, debug=debug), types).words(BASE, BASE + 1)
    if expression == b"\x9c":
        assert (found[0].name, found[0].offset, types.name_of(found[0].type)) == ("a", 0, "*T")
    if expression == b"\x91\x78":
        assert found[-8].name == "a"
    assert all(one.name in ("a", "b") for one in found.values())


ARENA_SPAN, NOSCAN = 4, 0
LARGE_BYTES, TARGETS_AT, TARGET_BYTES = 5 << 20, 8 << 20, 64
BITMAP_AT, BITMAP_BYTES = 0x700000000000, 1 << 20


def array_in_arena(words: list[int]) -> list[int]:
    """Rows of groups below one array of 5 MiB of Go 1.21, of which these words point to as many objects; it is of elements of three words,
    whose middle one leads to another type."""
    raw = bytearray(TARGETS_AT + PAGE_BYTES)
    bits = bytearray(BITMAP_BYTES)
    for i, word in enumerate(words):
        raw[8 * word : 8 * word + 8] = (HEAP + TARGETS_AT + TARGET_BYTES * i).to_bytes(8, "little")
        bits[word // 8] |= 1 << word % 8
    spans = array("Q", (HEAP, HEAP + LARGE_BYTES, LARGE_BYTES, 1, ARENA_SPAN, 0, 0, 0))
    spans.extend(
        (HEAP + TARGETS_AT, HEAP + TARGETS_AT + PAGE_BYTES, TARGET_BYTES, PAGE_BYTES // TARGET_BYTES, NOSCAN, 0, 0, 0)
    )
    with tempfile.TemporaryFile() as file:
        file.write(raw + bits + bytes(PAGE_BYTES * 2))
        file.flush()
        end = BITMAP_AT + BITMAP_BYTES + 2 * PAGE_BYTES
        segments = array("Q", (HEAP, HEAP + len(raw), 0, BITMAP_AT, end, len(raw))).tobytes()
        heap = _retain.open((file.fileno(), 0, segments), spans.tobytes(), 0, 64)
        resident = array("Q", (HEAP, HEAP + len(raw))).tobytes()
        arenas = array("Q", (HEAP >> 26, BITMAP_AT)).tobytes()
        _retain.read(heap, (0, resident, arenas, 0, BITMAP_BYTES, b"", (1, 1, 1, 1)), None)
        element, other = _retain.type_at(heap, 8 + 5, 24), _retain.type_at(heap, 16 + 5, 8)
        _retain.tell_type(heap, element, 24, array("H", [0, other, 0, 0]).tobytes(), 0, 0, 0)
        _retain.tell_type(heap, other, 8, array("H", [0, 0]).tobytes(), 0, 0, 0)
        _retain.seed(heap, array("I", (0, element)).tobytes())
        _retain.spread(heap)
        _retain.settle(heap)
        rows = array("Q", _retain.retained(heap, array("I", (0, 0, 0)).tobytes(), 1))
    return [n for i in range(0, len(rows), GROUP_WORDS) if rows[i + 1] == other for n in (rows[i + 2], rows[i + 3])]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, LARGE_BYTES // 8 - 1), unique=True, min_size=1, max_size=100))
def test_every_word_of_a_large_array_is_known_by_its_place_in_the_element(words: list[int]) -> None:
    middle = sum(word % 3 == 1 for word in words)
    assert list(array_in_arena(sorted(words))) == ([1, middle] if middle else [])
