"""Figures of sentences that stand together are one moment of one process."""

from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.model.reading import Reading
from memwhy.sources.words.named import Owned


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its name and moment; lines are of the text. owned: whose it is, where a sentence tells."""

    metric: str
    value: int
    quantum: int
    elapsed_ns: int | None
    timed: bool
    first_line: int
    last_line: int
    owned: Owned | None = None


def gather(figures: Sequence[Figure], at: int) -> list[Reading]:
    """The readings of a paragraph that begins at line `at` (0-based): a new one where a name comes again, another time is
    told or another process is spoken of."""
    out: list[Reading] = []
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    last: Figure | None = None
    elapsed_ns: int | None = None
    first_line = 0

    def close() -> None:
        if last is not None:
            out.append(Reading(metrics=dict(metrics), quanta=dict(quanta), elapsed_ns=elapsed_ns, subject=last.owned.subject if last.owned else None, facts=last.owned.facts if last.owned else {}, line=at + first_line + 1, last_line=at + last.last_line + 1))  # fmt: skip

    for figure in figures:
        moved = figure.timed and elapsed_ns is not None and figure.elapsed_ns != elapsed_ns
        moved = moved or (last is not None and figure.owned != last.owned)
        if last is None or figure.metric in metrics or moved:
            close()
            metrics.clear()
            quanta.clear()
            elapsed_ns, first_line = None, figure.first_line
        metrics[figure.metric], quanta[figure.metric] = figure.value, figure.quantum
        elapsed_ns = figure.elapsed_ns if elapsed_ns is None else elapsed_ns
        last = figure
    close()
    return out
