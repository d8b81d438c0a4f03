"""Which library a lost graph belongs to: the module that its words lead into, where one clearly stands out."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.inspect.samples import Content
from memwhy.memory.space import Module

_LOWEST = 1 << 32
"""Words below are small integers far more often than addresses of a program that is not position-independent."""
_MOST_GRAPHS_AT_LEAST = 0.9
_TIMES_THE_NEXT = 2
_OF_EVERYBODY = (
    "libc.so",
    "libc-",
    "ld-linux",
    "ld-2",
    "libpthread",
    "libm.so",
    "libstdc++",
    "libgcc_s",
    "libdl",
    "librt",
)
"""What everybody's objects point to: locks' owners, empty strings, locale tables, std:: classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A module's file name, and of how many sampled graphs how many point into it."""

    library: str
    graphs: int
    of: int

    @property
    def evidence(self) -> str:
        """In words."""
        return f"{self.graphs} of {self.of} sampled graphs point into {self.library}"


class Places:
    """Which module an address belongs to."""

    def __init__(self, modules: Iterable[Module]) -> None:
        ranges = sorted(
            ((start, end, module) for module in modules for start, end in (*module.written, *module.constant)),
            key=lambda one: one[:2],
        )
        self._starts = [start for start, _, _ in ranges]
        self._ends = [end for _, end, _ in ranges]
        self._modules = [module for _, _, module in ranges]
        self._low = self._starts[0] if ranges else 0
        self._high = max(self._ends, default=0)

    def module_at(self, address: int) -> Module | None:
        """The module whose data, constants or code an address lies in."""
        if not self._low <= address < self._high:
            return None
        index = bisect_right(self._starts, address) - 1
        return self._modules[index] if address < self._ends[index] else None


def is_of_everybody(module: Module) -> bool:
    """Is it one of the libraries that every object may point into?"""
    return module.name.startswith(_OF_EVERYBODY)


def find_owner(places: Places, graphs: Sequence[Sequence[Content]]) -> Owner | None:
    """The module that nearly all graphs point into, more often than into any other; None where none is clear."""
    holding: Counter[str] = Counter()
    votes: Counter[str] = Counter()
    for graph in graphs:
        here = Counter(_votes(places, graph))
        votes.update(here)
        holding.update(here.keys())
    ranked = votes.most_common(2)
    if not ranked:
        return None
    library, count = ranked[0]
    runner_up = ranked[1][1] if len(ranked) > 1 else 0
    if holding[library] < _MOST_GRAPHS_AT_LEAST * len(graphs) or count < _TIMES_THE_NEXT * runner_up:
        return None
    return Owner(library=library, graphs=holding[library], of=len(graphs))


def _votes(places: Places, graph: Iterable[Content]) -> Iterator[str]:
    for content in graph:
        for word in content.words:
            if word >= _LOWEST:
                module = places.module_at(word)
                if module is not None and not is_of_everybody(module):
                    yield module.name
