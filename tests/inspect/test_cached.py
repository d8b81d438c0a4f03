"""The number that glibc writes into the chunks of its tcaches, told from chunks that are free."""

import ctypes
import os
import subprocess
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.blocks import Blocks, HeapBlocks
from memwhy.inspect.cached import find_cache_key
from memwhy.inspect.glibc import MallocHeap, read_malloc
from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.sources.proc import smaps

KEY = 0xB1E5_7C0F_FEE0_D00D
CHUNK_BYTES = 128
"""Eight bits of a bitmap: of free chunks nearer to each other one is looked at."""


def own_space() -> Space:
    return Live.open(os.getpid(), mappings=lambda: smaps.parse(smaps.read("/proc", os.getpid())).mappings)


def told(second_words: list[tuple[int, bool]], *, is_resident: bool = True) -> int:
    """The key of a heap made of chunks with these second words, which are in use or not."""
    words = array("Q", (word for second, _ in second_words for word in (0, CHUNK_BYTES | 1, 0, second, *[0] * 12)))
    starts = used = 0
    for number, (_, in_use) in enumerate(second_words):
        starts |= 1 << 8 * number
        used |= in_use << 8 * number
    room = len(second_words)
    start = words.buffer_info()[0]
    heap = HeapBlocks(
        start=start,
        end=start + 8 * len(words),
        starts=starts.to_bytes(room, "little"),
        used=used.to_bytes(room, "little"),
        arena=0,
    )
    space = own_space()
    try:
        return find_cache_key(space, Blocks(heaps=(heap,)), lambda start, end: is_resident)
    finally:
        space.close()


def test_a_number_in_eight_free_chunks_is_the_key() -> None:
    assert told([(KEY, False)] * 8 + [(KEY + 1, False)] * 3 + [(0, False)] * 20) == KEY


def test_a_number_in_seven_is_not_enough() -> None:
    assert told([(KEY, False)] * 7 + [(0, False)] * 20) == 0


def test_addresses_are_no_key_and_neither_is_what_stands_in_chunks_in_use() -> None:
    assert told([(0x7F00_1234_5678, False)] * 20) == 0
    assert told([(KEY, True)] * 20) == 0


def test_what_is_not_resident_is_not_read() -> None:
    assert told([(KEY, False)] * 20, is_resident=False) == 0


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.booleans()), max_size=40))
def test_any_words_give_a_number_that_is_no_address_or_none(second_words: list[tuple[int, bool]]) -> None:
    found = told(second_words) if second_words else 0
    free = [word for word, in_use in second_words if not in_use]
    assert found == 0 or (found >> 48 and free.count(found) >= 8)


def test_a_real_process_s_key_stands_in_the_chunks_that_it_freed(tmp_path: Path) -> None:
    """The program frees twelve blocks into the tcache and says what glibc wrote into one of them."""
    library = ctypes.CDLL(None)
    library.gnu_get_libc_version.restype = ctypes.c_char_p
    if tuple(map(int, library.gnu_get_libc_version().split(b".")[:2])) < (2, 34):
        pytest.skip("before 2.34 the word is an address")
    source = tmp_path / "freed.c"
    source.write_text(
        "#include <stdio.h>\n#include <stdlib.h>\n"
        "int main(void) { char *volatile made[12]; unsigned long *volatile freed;\n"
        "for (int i = 0; i < 12; i++) made[i] = malloc(i < 6 ? 40 : 200);\n"
        "freed = (void *)made[0];\n"
        "for (int i = 0; i < 12; i++) free(made[i]);\n"
        'printf("%lu\\n", freed[1]); fflush(stdout); return getchar(); }\n'
    )
    done = subprocess.run(["cc", "-O0", "-w", "-o", tmp_path / "freed", source], check=False)
    if done.returncode:
        pytest.skip("needs a C compiler")
    with subprocess.Popen([tmp_path / "freed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        said = int(child.stdout.readline())
        space = Live.open(child.pid, mappings=lambda: smaps.parse(smaps.read("/proc", child.pid)).mappings)
        try:
            heap = read_malloc(space)
            assert isinstance(heap, MallocHeap)
            seen = find_cache_key(space, heap.blocks, lambda start, end: bool(space.resident(start, end)))
        finally:
            space.close()
        child.stdin.close()
    assert seen == said
