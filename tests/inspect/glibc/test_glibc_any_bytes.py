"""Any bytes as a heap: both twins end, agree, and stay inside their bounds."""

import os
import struct
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.glibc.loops import CLASSES, Chain, Ending
from memwhy.inspect.glibc.pure import Pure
from memwhy.memory.space import Module, Source, Space, Thread

compiled = pytest.importorskip("memwhy.inspect.glibc.compiled")
BASE = 0x10_0000


class Bytes(Space):
    """A core of one segment: the bytes of a file at BASE."""

    def __init__(self, fd: int, raw: bytes) -> None:
        self.name, self.pid, self.mappings, self._raw = "bytes", None, (), raw
        self.source = Source(fd=fd, pid=0, segments=struct.pack("=3Q", BASE, BASE + len(raw), 0))

    def read(self, address: int, size: int) -> bytes:
        at = address - BASE
        return self._raw[at : at + size] if at >= 0 else b""

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        return b"".join(self.read(address, size).ljust(size, b"\0") for address in addresses)

    def resident(self, start: int, end: int) -> "array[int]":
        return array("Q", (start, end))

    def threads(self) -> tuple[Thread, ...]:
        return ()

    def modules(self) -> tuple[Module, ...]:
        return ()

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def memory(raw: bytes) -> Iterator[Bytes]:
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        yield Bytes(os.dup(file.fileno()), raw)


@st.composite
def heaps(draw: st.DrawFn) -> bytes:
    """Mostly chunks that follow each other, with flags and sizes that malloc would write or would not."""
    raw = bytearray()
    for _ in range(draw(st.integers(0, 40))):
        size = 16 * draw(st.integers(0, 40))
        flags = draw(st.sampled_from([0, 1, 1, 1, 2, 4, 5, 8]))
        before = draw(st.sampled_from([0, 16, 32, 48, len(raw)]))
        raw += struct.pack("=QQ", before, size | flags) + bytes(max(0, size - 16))
    raw += draw(st.binary(max_size=64))
    return bytes(raw[: len(raw) & -16])


RESIDENT = st.lists(st.integers(0, 4), max_size=4, unique=True).map(sorted)


@given(
    raw=heaps() | st.binary(max_size=4096).map(lambda raw: raw[: len(raw) & -16]), main=st.booleans(), data=st.data()
)
def test_both_twins_walk_and_count_the_same(raw: bytes, main: bool, data: st.DataObject) -> None:
    end = BASE + len(raw)
    top = BASE + 16 * data.draw(st.integers(0, len(raw) // 16)) if data.draw(st.booleans()) else 0
    pages = data.draw(RESIDENT)
    resident = array("Q", [bound for page in pages for bound in (BASE + 4096 * page, BASE + 4096 * (page + 1))])
    found = []
    with memory(raw) as space:
        for loops in (Pure(), compiled.Compiled()):
            room = (len(raw) // 16 + 7) // 8
            starts, used, fast, cached = (bytearray(room) for _ in range(4))
            where = (BASE, BASE, end, top, main)
            walked = loops.walk(space, resident, where, memoryview(starts), memoryview(used))
            assert isinstance(walked[2], Ending)
            assert BASE <= walked[0] <= end
            picked = loops.pick(BASE, end, (memoryview(starts), memoryview(used)), (32, 48), 1000)
            chains = (
                [
                    Chain(head=BASE + 16 * head, size=size, adjust=adjust, most=50, mangled=mangled)
                    for head, size, adjust, mangled in data.draw(
                        st.lists(
                            st.tuples(
                                st.integers(0, 300), st.sampled_from([0, 32]), st.sampled_from([0, 16]), st.booleans()
                            ),
                            max_size=5,
                        )
                    )
                ]
                if loops is not None and not found
                else found[0][0]
            )
            followed = loops.follow(space, chains, [(BASE, end, 0)], (starts, used, cached))
            histogram = bytearray(CLASSES * 32)
            maps = tuple(memoryview(one) for one in (starts, used, fast, cached))
            sums = loops.census(resident, (BASE, end, top), maps, histogram)
            found.append((chains, walked, list(picked), followed, sums, histogram, starts, used, cached))
        os.close(space.source.fd)
    assert found[0] == found[1]
    sums = found[0][4]
    assert sum(sums.bytes) <= len(raw)
    assert sum(sums.resident) <= sum(resident[1::2]) - sum(resident[::2])


@given(links=st.lists(st.integers(0, 9), min_size=10, max_size=10))
def test_a_free_list_that_bites_its_tail_ends(links: list[int]) -> None:
    raw = b"".join(struct.pack("=4Q", 0, 33, BASE + 32 * link, 0) for link in links)
    with memory(raw) as space:
        for loops in (Pure(), compiled.Compiled()):
            starts, used, marked = bytearray(b"\x55" * 3), bytearray(b"\x55" * 3), bytearray(3)
            chain = Chain(head=BASE, size=32, adjust=0, most=1 << 40, mangled=False)
            (followed,) = loops.follow(space, [chain], [(BASE, BASE + len(raw), 0)], (starts, used, marked))
            assert 1 <= followed.count <= 10
            assert not followed.whole
            assert followed.bytes == 32 * followed.count
        os.close(space.source.fd)
