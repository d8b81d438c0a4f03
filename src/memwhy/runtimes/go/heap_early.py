"""A first answer for who waits: which root is nearest to what, before it is known what each alone keeps."""

import time
from collections.abc import Callable

from memwhy.model.holders import SoFar

WAITED_S = 2.0
"""What follows takes about as long as what came before: who has waited for less has the whole answer soon."""


class Early:
    """Shows it once, where somebody looks on (show) and the heap is so large that it took WAITED_S to read."""

    def __init__(self, show: Callable[[SoFar], None] | None) -> None:
        self._show, self._begun_s = show, time.monotonic()

    @property
    def is_wanted(self) -> bool:
        """Is it worth its own time, by which the whole answer comes later?"""
        return self._show is not None and time.monotonic() - self._begun_s >= WAITED_S

    def show(self, found: SoFar) -> None:
        """To who looks on; not again in a second pass."""
        if self._show is not None:
            self._show(found)
        self._show = None
