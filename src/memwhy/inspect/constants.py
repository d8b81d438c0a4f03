"""Numbers in modules' data that look like pointers to a block and are as the file has them: nobody wrote them in this run.

A linker knows addresses of the program, never of malloc's heap. Only below 4 GiB, where the heap of a program lies that is
not position-independent, are numbers in files likely to hit it.
"""

from collections.abc import Iterator

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.chunks import LOW
from memwhy.memory.elf import PF_W, PT_LOAD
from memwhy.memory.space import Module, Space

_PIECE_BYTES = 1 << 20
_MOST_BYTES = 16 << 20
"""Of one segment that is looked through; 1 MiB takes some 5 ms."""

Range = tuple[int, int]


def constants(space: Space, blocks: Blocks) -> list[Range]:
    """The ranges of such words in address order, as far as they are resident.

    Whether a word is as in the file is asked now: what the program writes there later is missed, like whatever moves
    while we look.
    """
    low = [(heap.start, heap.end) for heap in blocks.heaps if heap.start < LOW]
    if not low:
        return []
    first, last = min(start for start, _ in low), max(end for _, end in low)
    said = dict(word for module in space.modules() for word in _of_file(module, first, last))
    places = [place for place in sorted(said) if space.resident(place, place + 8)]
    seen = memoryview(space.gather(places, 8)).cast("Q") if places else ()
    return [(place, place + 8) for place, word in zip(places, seen, strict=True) if word == said[place]]


def _of_file(module: Module, first: int, last: int) -> Iterator[Range]:
    """(address, word) of the words in a file's writable data that lie in a range."""
    if module.elf is None:
        return
    for segment in module.elf.segments:
        if segment.type != PT_LOAD or not segment.flags & PF_W:
            continue
        begin = -(module.bias + segment.address) % 8
        for at in range(begin, min(segment.file_size, _MOST_BYTES), _PIECE_BYTES):
            raw = module.elf.image.read(segment.offset + at, min(_PIECE_BYTES, segment.file_size - at))
            for place, word in enumerate(memoryview(raw[: len(raw) & ~7]).cast("Q")):
                if first <= word < last:
                    yield module.bias + segment.address + at + 8 * place, word
