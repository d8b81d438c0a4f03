"""What is said about lost graphs: no byte is dropped, and no owner or type is named that is not sure."""

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.fingerprints import Mapped, find_struct, fingerprints
from memwhy.inspect.owners import Places, find_owner
from memwhy.inspect.samples import Chunk, Content, Shape
from memwhy.inspect.strings import sample_strings
from memwhy.inspect.telling import MOST_ROWS, tell
from memwhy.memory.space import Module, Source, Space, Thread
from memwhy.model.mapping import Mapping

XML = Module(path="/usr/lib/libxml2.so.2", start=0x7F00_0000_0000, end=0x7F00_0010_0000, bias=0x7F00_0000_0000,
             written=((0x7F00_0008_0000, 0x7F00_0010_0000),), constant=((0x7F00_0000_0000, 0x7F00_0008_0000),))  # fmt: skip
LIBC = Module(path="/usr/lib/libc.so.6", start=0x7F10_0000_0000, end=0x7F10_0010_0000, bias=0x7F10_0000_0000,
              written=((0x7F10_0000_0000, 0x7F10_0010_0000),))  # fmt: skip
PROGRAM = Module(path="/srv/shop", start=0x40_0000, end=0x50_0000, bias=0, constant=((0x40_0000, 0x50_0000),))
HEAP = 0x5555_0000_0000


class Nowhere(Space):
    """An address space with mappings and no readable memory."""

    name = "nowhere"
    pid = None
    source = Source(fd=-1, pid=0)
    mappings = (
        Mapping(start=HEAP, end=HEAP + 0x100_0000, perms="rw-p", path="[heap]"),
        Mapping(start=XML.start, end=XML.end, perms="r-xp", path=XML.path),
    )

    def read(self, address: int, size: int) -> bytes:
        return b""

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        return bytes(size * len(addresses))

    def resident(self, start: int, end: int) -> "array[int]":
        return array("Q")

    def threads(self) -> tuple[Thread, ...]:
        return ()

    def modules(self) -> tuple[Module, ...]:
        return ()

    def refresh(self) -> None: ...

    def close(self) -> None: ...


def content(user: int, words: dict[int, int], size: int, *, is_head: bool = False) -> Content:
    """A block with these words at these offsets."""
    raw = bytearray(size - 8)
    for at, word in words.items():
        raw[at : at + 8] = word.to_bytes(8, "little")
    return Content(
        chunk=Chunk(user=user, bytes=size, is_head=is_head), raw=bytes(raw), words=memoryview(bytes(raw)).cast("Q")
    )


@st.composite
def shape_rows(draw: st.DrawFn) -> list[Shape]:
    rows = []
    for chunks, head, key, count in draw(
        st.lists(
            st.tuples(
                st.integers(0, 40), st.sampled_from([32, 64, 192]), st.sampled_from([0, 5, 6]), st.integers(1, 9999)
            ),
            max_size=90,
        )
    ):
        size = (chunks or 3) * 48
        rows.append(
            Shape(
                chunks=chunks,
                bytes=size if chunks else 0,
                head_bytes=head,
                key=key,
                count=count,
                all_chunks=count * (chunks or 3),
                all_bytes=count * size,
                fewest=chunks,
                most=chunks,
            )
        )
    return rows


@given(shape_rows())
def test_rows_are_few_and_hold_every_byte_and_graph(shapes: list[Shape]) -> None:
    rows = tell(Nowhere(), lambda start, end: True, (), shapes)
    assert sum(row.bytes for row in rows) == sum(shape.all_bytes for shape in shapes)
    assert sum(row.count for row in rows) == sum(shape.count for shape in shapes)
    assert len(rows) <= MOST_ROWS + 1
    assert [row.bytes for row in rows[:MOST_ROWS]] == sorted((row.bytes for row in rows[:MOST_ROWS]), reverse=True)


@pytest.mark.parametrize(
    ("graphs", "library"),
    [
        ([{0: XML.start + 64, 8: LIBC.start + 64}] * 10, "libxml2.so.2"),
        ([{0: XML.start + 64}] * 8 + [{0: 7}] * 2, None),  # two of ten do not point there
        ([{0: LIBC.start + 64}] * 10, None),  # everybody points into libc
        ([{0: PROGRAM.start + 64}] * 10, None),  # a small integer, far more often
        ([{0: XML.start + 64, 8: LIBC.start}, {}], None),
        ([], None),
    ],
    ids=["clear", "not all", "libc", "small integers", "half", "none"],
)
def test_an_owner_is_named_only_when_it_is_clear(graphs: list[dict[int, int]], library: str | None) -> None:
    owner = find_owner(Places([XML, LIBC, PROGRAM]), [[content(HEAP, words, 64)] for words in graphs])
    assert (owner.library if owner else None) == library


def xml_document(at: int, *, node_type: int = 1) -> list[Content]:
    """An xmlDoc with one xmlNode child, as libxml2 2.x lays them out."""
    document, node = at, at + 256
    return [
        content(document, {8: 9, 24: node, 32: node, 64: document}, 192, is_head=True),
        content(node, {8: node_type, 16: XML.start + 128, 40: document, 64: document}, 128),
    ]


def test_a_document_is_recognised_by_what_its_pointers_lead_to() -> None:
    likeness = find_struct("libxml2.so.2.9.14", [xml_document(HEAP + i * 1024) for i in range(5)], Mapped(Nowhere()))
    assert likeness is not None
    assert (likeness.name, likeness.heads, likeness.of, likeness.links) == ("xmlDoc", 5, 5, 15)


def test_nothing_is_said_of_blocks_that_fit_only_in_size() -> None:
    mapped = Mapped(Nowhere())
    text = [
        [content(HEAP + i * 512, dict.fromkeys(range(0, 176, 8), 544434464 + i), 192, is_head=True)] for i in range(9)
    ]
    empty = [[content(HEAP + i * 512, {}, 192, is_head=True)] for i in range(9)]
    pointers = [[content(HEAP + i * 512, dict.fromkeys(range(0, 176, 8), HEAP), 192, is_head=True)] for i in range(9)]
    wrong_children = [xml_document(HEAP + i * 1024, node_type=4711) for i in range(9)]
    elsewhere = [xml_document(HEAP + i * 1024) for i in range(9)]
    assert [find_struct("libxml2.so.2", graphs, mapped) for graphs in (text, empty, pointers, wrong_children)] == [
        None
    ] * 4
    assert find_struct("libother.so", elsewhere, mapped) is None


def test_shipped_fingerprints_lie_within_their_structs() -> None:
    structs = [struct for one in fingerprints() for struct in one.structs.values()]
    assert {"xmlDoc", "xmlNode", "xmlAttr", "z_stream_s", "jpeg_decompress_struct"} <= {one.name for one in structs}
    assert [one.name for one in structs if any(at < 0 or at + 4 > one.bytes for at, _, _ in one.fields)] == []


def test_strings_are_words_and_not_every_run_of_printable_bytes() -> None:
    raw = [b"\0\1Customer 17 of the shop\0\0", b"aaaaaaaaaaaa\0", b"12345678\0", "Größe: vier\0".encode(), b"\xff" * 40]
    assert sample_strings(raw) == ("Customer 17 of the shop", "Größe: vier")


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_give_strings_that_can_be_printed(contents: list[bytes]) -> None:
    found = sample_strings(contents)
    assert len(found) <= 3
    assert all(text.isprintable() for text in found)
