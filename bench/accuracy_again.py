"""Kept recordings judged once more, by the tree as it is now: the same watches, later causes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from accuracy_reckon import bars
from accuracy_rows import SLOW, Conditions, Row, version
from accuracy_run import Task, judged

from memwhy.model.errors import MemwhyError


def again(conditions: Sequence[Conditions], rows: Iterable[Row], folder: Path) -> tuple[list[Conditions], list[Row]]:
    """The same rows with the verdicts that this tree gives by their recordings in that folder; what was printed then is not
    kept. A row without a recording that can be read says so."""
    now, rows = version(), list(rows)
    for_s = max((row.for_s for row in rows if row.pace != SLOW), default=60.0)
    printed = tuple(f"{bar.asked}: {bar.measured}" for bar in bars(rows, for_s))
    told = [
        replace(
            one,
            version=f"recorded by {one.version or 'an older tree'}, judged by {now}",
            first_sight=one.first_sight or printed,
        )
        for one in conditions
    ]
    return told, list(_judged(rows, folder))


def _judged(rows: Iterable[Row], folder: Path) -> Iterator[Row]:
    for row in rows:
        if row.problem:
            yield row
            continue
        task = Task(
            specimen=row.specimen,
            variant=row.variant,
            endpoint=row.endpoint,
            pace=row.pace,
            for_s=row.for_s,
            truth=row.truth,
        )
        try:
            said, because = judged(task, folder / f"{task.file}.memwhy")
        except MemwhyError as problem:
            yield replace(row, said=(), because=(), problem=" ".join(str(problem).split())[:300])
            continue
        yield replace(row, said=said, because=because)
