"""Finalizers and cleanups: what they hold, what waits for them, and which of them can never run.

A finalizer's function is a root, and so is all that its object points to, but not the object; a cleanup's function and its argument
are (runtime/mgcmark.go, markrootSpans). `heap_queues` reads them.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.model.holders import Waiting
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph
from memwhy.runtimes.go.heap_queues import Special, cleanup_names, cleanups_due, finalizers_due, hanging, waiting
from memwhy.runtimes.go.heap_roots import RootSet
from memwhy.runtimes.go.heap_types import Types

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_FREE, _CIRCLE, _FUNCTION = 1, 2, 3
"""`_core/gocircles.h`."""


@dataclass(slots=True)
class Specials:
    """roots: of kinds finalizer and cleanup, and weak handles that nothing else holds. types: (object, its type's address) of what is known here."""

    roots: list[RootSet] = field(default_factory=list)
    waiting: tuple[Waiting, ...] = ()
    types: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def specials_of(runtime: "GoRuntime", heap: HeapGraph, roots: Sequence[RootSet], types: Types) -> Specials:
    """All of them. roots: globals and stacks, to tell what lives from what only waits. Raises Unsupported."""
    return _Making(runtime, heap, types).take(roots)


class _Making:
    """One look in the making. Words are resolved many at a time: there may be a million finalizers."""

    def __init__(self, runtime: "GoRuntime", heap: HeapGraph, types: Types) -> None:
        self._runtime, self._heap, self._types = runtime, heap, types
        self._places: dict[tuple[str, str], list[tuple[int, int, bool]]] = {}
        self._owners: list[tuple[str, str]] = []
        self._words: array[int] = array("Q")
        self._found = Specials()

    def take(self, roots: Sequence[RootSet]) -> Specials:
        due = [*finalizers_due(self._runtime), *cleanups_due(self._runtime)]
        for one, function in zip(due, cleanup_names(self._runtime, due), strict=True):
            finalizer = f"{self._type_name(one)}, waiting for its finalizer"
            name = finalizer if one.kind == "finalizer" else f"cleanup {function}, due"
            self._add((one.kind, name), (one.object, *one.words))
        self._know(due, self._numbers(one.object for one in due))
        self._resolve()
        self._judge(list(hanging(self._runtime)), roots)
        self._resolve()
        self._found.roots = [
            RootSet(name=name, kind=kind, address=0, places=tuple(members))
            for (kind, name), members in sorted(self._places.items())
        ]
        self._found.waiting = tuple(waiting(self._runtime, due))
        return self._found

    def _judge(self, every: list[Special], roots: Sequence[RootSet]) -> None:
        """Roots of what hangs on spans, told apart by whether the object still lives, waits, or keeps itself."""
        numbers = self._numbers(one.object for one in every)
        self._know(every, numbers)
        stuck: Counter[str] = Counter()
        answers = self._answers(every, numbers, roots)
        for one, function, answer in zip(every, cleanup_names(self._runtime, every), answers, strict=True):
            if one.kind == "weak handle":
                if answer == _FREE:
                    self._add(("global", "handles of weak pointers"), [one.object])
                continue
            name = f"finalizer of {self._type_name(one)}" if one.kind == "finalizer" else f"cleanup {function}"
            if answer == _FUNCTION or (answer == _CIRCLE and one.kind == "finalizer"):
                what = "its function" if answer == _FUNCTION else "what the object points to"
                stuck[f"{name} can never run: {what} leads back to the object"] += 1
                name = f"{name}, never run"
            waits = answer >= _FREE and one.kind == "finalizer"
            self._add((one.kind, name), (one.object, *one.words) if waits else one.words)
        self._found.notes += [f"{text} (objects: {count})" for text, count in sorted(stuck.items())]

    def _answers(self, every: list[Special], numbers: Sequence[int], roots: Sequence[RootSet]) -> list[int]:
        """The worst that `_retain.circles` says of the words of each; 0 for objects newer than our list of spans."""
        words = [(i, word) for i, one in enumerate(every) if numbers[i] != NONE for word in one.words or (0,)]
        targets = self._numbers(word for _, word in words)
        rows = sorted((numbers[i], target, i) for (i, _), target in zip(words, targets, strict=True))
        held = array("I", (number for one in roots for _, number, _ in one.places))
        held.extend(number for members in self._places.values() for _, number, _ in members)
        pairs = array("I", chain.from_iterable(row[:2] for row in rows))
        answers = [0] * len(every)
        if rows:
            said = _retain.circles(self._heap.heap, held.tobytes(), pairs.tobytes())
            for (_, _, i), answer in zip(rows, said, strict=True):
                answers[i] = max(answers[i], answer)
        return answers

    def _add(self, owner: tuple[str, str], words: Sequence[int]) -> None:
        self._owners.extend([owner] * len(words))
        self._words.extend(words)

    def _resolve(self) -> None:
        """Places of the words that were added."""
        numbers, begins = self._heap.objects_at(self._words.tobytes())
        for owner, number, begin in zip(self._owners, numbers, begins, strict=True):
            if number != NONE:
                self._places.setdefault(owner, []).append((0, number, bool(begin)))
        self._owners, self._words = [], array("Q")

    def _numbers(self, words: Iterable[int]) -> "array[int]":
        return self._heap.objects_at(array("Q", words).tobytes())[0]

    def _know(self, every: Sequence[Special], numbers: Sequence[int]) -> None:
        self._found.types += [
            (number, one.type) for one, number in zip(every, numbers, strict=True) if one.type and number != NONE
        ]

    def _type_name(self, one: Special) -> str:
        return self._types.name_of(one.type) if one.type else "?"
