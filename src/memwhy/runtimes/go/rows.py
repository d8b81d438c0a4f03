"""The same fields of many structs of one kind, read at once: thousands of runtime.g in one gather."""

import struct
from collections.abc import Iterator, Sequence
from operator import itemgetter

from memwhy.memory.space import Space
from memwhy.runtimes.go.layout import Layout

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Rows:
    """Reads fields of a struct as unsigned integers, in the order they are named."""

    def __init__(self, space: Space, layout: Layout, name: str, paths: Sequence[str]) -> None:
        """Raises Unsupported for fields that the layout does not have."""
        fields = sorted((*layout.field(name, path)[:2], i) for i, path in enumerate(paths))
        self._space = space
        self._start = fields[0][0]
        form, at = "<", self._start
        for offset, size, _ in fields:
            form += f"{offset - at}x{_CODES[size]}"
            at = offset + size
        self._form = struct.Struct(form)
        order = [i for _, _, i in fields]
        self._order = itemgetter(*(order.index(i) for i in range(len(order))))

    def read(self, addresses: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """A tuple for each address; zeros where it cannot be read."""
        places = [address + self._start for address in addresses]
        raw = self._space.gather(places, self._form.size)
        return map(self._order, self._form.iter_unpack(raw))
