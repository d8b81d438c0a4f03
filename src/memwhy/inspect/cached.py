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
    free = int.from_bytes(heap.starts, "little") & ~int.from_bytes(heap.used, "little")
    raw = free.to_bytes(len(heap.starts), "little")
    for place in islice(_SOME.finditer(raw), _MOST_CHUNKS):
        slot = 8 * place.start() + (raw[place.start()] & -raw[place.start()]).bit_length() - 1
        yield heap.start + slot * GRAIN_BYTES + 24
