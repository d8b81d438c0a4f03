"""How evidence enters: a file per source, reading (I/O) and parsing (pure) side by side.

READERS holds every reader whose evidence a recording may keep, by source name. They are resolved when first
asked for: `record` needs their read functions only, and must start fast.
"""

from collections.abc import Iterator, Mapping
from types import ModuleType


class _Readers(Mapping[str, ModuleType]):
    """The readers of every room, in one mapping."""

    def __init__(self) -> None:
        self._found: dict[str, ModuleType] | None = None

    def _all(self) -> dict[str, ModuleType]:
        if self._found is None:
            from memwhy.sources import experiment, go, held, inside, look, proc, sampled

            others = (look, inside, sampled, experiment, held)
            self._found = {**proc.READERS, **go.READERS, **{one.NAME: one for one in others}}
        return self._found

    def __getitem__(self, name: str) -> ModuleType:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


READERS: Mapping[str, ModuleType] = _Readers()
