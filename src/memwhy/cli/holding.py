"""Who holds Go's heap, looked at by a watch itself where the heap is what grows: between its ticks, and once more at its end."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from memwhy.diagnose import Casebook, heap_grows
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.record import Watcher
from memwhy.record.holding import HolderLooks

ASK_EVERY_S = 5.0
"""Between two questions whether the heap is what grows: each judges all that was seen."""
ENOUGH = 2
"""Looks that show growth: what was left out beyond them needs no saying."""
LAST_S = 20.0
"""How long the end of a watch waits for a closing look, which a machine without time does not make."""
HURRIED_S = 3.0
"""The same where somebody pressed Ctrl-C and waits."""


class Aside:
    """The looks of one watch; of one that makes none, nothing happens."""

    def __init__(self, watcher: Watcher, book: Casebook, looks: HolderLooks | None) -> None:
        self._watcher, self._book, self._looks = watcher, book, looks
        self._asked_s = 0.0

    @property
    def looks_at_all(self) -> bool:
        """Whether this watch may look."""
        return self._looks is not None

    def with_look(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, with a look that is over by now; a look that is due is begun."""
        if self._looks is None:
            return snapshot
        now_s = time.monotonic()
        found = self._looks.poll(now_s)
        newest = self._book.newest()
        if self._looks.due(newest, now_s) and self._heap_grows(now_s):
            self._looks.begin(newest, now_s)
        return snapshot if found is None else replace(snapshot, evidence=(*snapshot.evidence, found))

    def _heap_grows(self, now_s: float) -> bool:
        if now_s - self._asked_s < ASK_EVERY_S:
            return False
        self._asked_s = now_s
        return heap_grows(self._book)

    def last_looks(self, most_s: float) -> Iterator[Evidence]:
        """What the look that is being made finds, then the closing one; each if it is over in time."""
        if self._looks is None or self._watcher.ended is not None:
            return
        if (found := self._looks.poll(time.monotonic(), most_s)) is not None:
            yield found
        newest, now_s = self._book.newest(), time.monotonic()
        if not self._looks.looking and self._looks.last_due(newest, now_s):
            self._looks.begin(newest, now_s)
            if (found := self._looks.poll(time.monotonic(), most_s)) is not None:
                yield found


@contextmanager
def looking_aside(watcher: Watcher, options: argparse.Namespace, book: Casebook, for_s: float) -> Iterator[Aside]:
    """Looks for a watch that asks for them and may look inside; no process of theirs outlives the block. What they cost is put into the
    casebook, what was left out into the watcher's events."""
    if watcher.looks is None or not getattr(options, "holders", False):
        yield Aside(watcher, book, None)
        return
    looks = HolderLooks(watcher.root, watcher.pid, planned_s=for_s or None, begun_s=time.monotonic())
    try:
        yield Aside(watcher, book, looks)
    finally:
        looks.close()
        if looks.cpu_s:
            book.aside_s = (book.aside_s or 0.0) + looks.cpu_s
        if looks.left_out is not None and looks.made < ENOUGH and watcher.ended is None:
            watcher.events.append(f"{looks.left_out}; memwhy inspect {watcher.pid} --holders does it.")
