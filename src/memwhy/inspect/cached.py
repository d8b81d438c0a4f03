"""How chunks in tcaches look: glibc 2.34 and later write one random number, the process's own, into the second word of each.

Source: malloc.c, tcache_key_initialize, tcache_put (sets it) and tcache_get (clears it).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from memwhy.inspect.blocks import GRAIN_BYTES, Blocks, HeapBlocks
from memwhy.memory.space import Space

_SOME = re.compile(rb"[^\0]")
_MOST_CHUNKS = 512
"""Of each heap that are looked at."""
_MOST_HEAPS = 256
_LEAST = 8
"""So many chunks with one number make it the key."""
_ADDRESS_BITS = 48
_PIECE_BYTES = 1 << 12
"""Of a bitmap that are looked through together."""


def find_cache_key(space: Space, blocks: Blocks, is_resident: Callable[[int, int], bool]) -> int:
    """That number, told from the chunks that the walk found free; 0 where they do not tell it. Reads resident ones only."""
    places = [
        place for heap in blocks.heaps[:_MOST_HEAPS] for place in _second_words(heap) if is_resident(place, place + 8)
    ]
    words = memoryview(space.gather(places, 8)).cast("Q") if places else ()
    found = Counter(word for word in words if word >> _ADDRESS_BITS).most_common(1)
    return found[0][0] if found and found[0][1] >= _LEAST else 0


def _second_words(heap: HeapBlocks) -> Iterator[int]:
    """Addresses of the second words of some free chunks."""
    return islice(_free(heap), _MOST_CHUNKS)


def _free(heap: HeapBlocks) -> Iterator[int]:
    for at in range(0, len(heap.starts), _PIECE_BYTES):
        starts, used = heap.starts[at : at + _PIECE_BYTES], heap.used[at : at + _PIECE_BYTES]
        free = int.from_bytes(starts, "little") & ~int.from_bytes(used, "little")
        raw = free.to_bytes(len(starts), "little") if free else b""
        for place in _SOME.finditer(raw):
            byte = raw[place.start()]
            slot = 8 * (at + place.start()) + (byte & -byte).bit_length() - 1
            yield heap.start + slot * GRAIN_BYTES + 24
