"""What `make accuracy` runs: a specimen, a watch of it, and what the beginnings of the recording would have said."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from accuracy_rows import AS_IT_IS, FAST, PACES, SLOW, Row, Said, Truth, truth_of

from memwhy.diagnose import Casebook, diagnose, explain
from memwhy.model.errors import MemwhyError
from memwhy.model.report import Report, Verdict
from memwhy.model.units import NS_PER_S
from memwhy.recording import open_recording
from memwhy.render import json as json_view

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))

from run import SpecimenFailed, binary_of, ensure_built, names, running, truth

GRID_S = (10, 15, 20, 25, 30, 40, 50, *range(60, 300, 30), *range(300, 3600, 300))
"""Lengths at which a beginning of the recording is diagnosed."""
HALF_TICK_S = 0.5
READY_S = 120.0
"""A specimen warms up by a share of its work: one whose -rate is a hundredth takes longer."""
FEWEST_PIECES = 4
"""Of work in one watch: fewer are no slow growth, but a step or two."""
REST_S = 90.0
"""What a watch may take beyond its time: its start, a closing look, the diagnosis, on a busy machine."""
_REPLAY = threading.Lock()
"""One diagnosis at a time: what runs beside the watches is to be the same for all."""
_RATE = re.compile(r"^  -rate\b.*\n.*\(default ([0-9.e+]+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One watch to be made."""

    specimen: str
    variant: str
    endpoint: bool
    pace: str
    for_s: float
    truth: Truth

    @property
    def file(self) -> str:
        """A name for its files."""
        where = "endpoint" if self.endpoint else "outside"
        return f"{self.specimen}-{self.variant}-{where}-{self.pace.replace(' ', '-').replace('/', '-')}"


def plan(wanted: Sequence[str], *, for_s: float, slow_for_s: float, paces: Sequence[str], seed: int) -> list[Task]:
    """Every variant with and without its endpoint, in a seeded order, the slow ones first: they take longest.

    Raises SpecimenFailed for a name that is none.
    """
    found: list[Task] = []
    for name in wanted or names():
        for variant, section in truth(name).items():
            if variant in ("guilty", "twin") and isinstance(section, dict):
                its = truth_of(section)
                for pace in _paces(variant, its, paces):
                    long_s = slow_for_s if pace == SLOW else for_s
                    found += (
                        Task(specimen=name, variant=variant, endpoint=endpoint, pace=pace, for_s=long_s, truth=its)
                        for endpoint in (False, True)
                    )
    Random(seed).shuffle(found)
    return sorted(found, key=lambda task: -task.for_s)


def _paces(variant: str, its: Truth, wanted: Sequence[str]) -> list[str]:
    """What grows has its rate set, what grows slowly by itself only to that; everything else runs as it is, as does what
    nobody can know at first: how long that is was measured at its own rate."""
    if variant == "guilty" and its.slow:
        return [SLOW]
    if variant == "guilty" and its.grows and not its.undecided_s:
        return list(wanted)
    return [AS_IT_IS] if FAST in wanted else []


def flags_of(task: Task) -> list[str]:
    """The specimen's flags: its bound in time, and the rate at which it grows as the pace says. Raises SpecimenFailed."""
    flags = ["-for", f"{task.for_s + READY_S + REST_S:.0f}s"]
    if task.pace in PACES and task.truth.bytes_per_s is not None:
        middle = sum(task.truth.bytes_per_s) / 2
        per_s = default_rate(task.specimen, task.variant) * PACES[task.pace] / middle
        if per_s * task.for_s < FEWEST_PIECES:
            raise SpecimenFailed(
                f"{per_s * task.for_s:.1f} pieces of its work are all it would do in {task.for_s:.0f} s"
            )
        flags += ["-rate", f"{per_s:.6g}"]
    return flags


@cache
def default_rate(name: str, variant: str) -> float:
    """What the specimen's -help says. Raises SpecimenFailed."""
    binary, _ = binary_of(name, variant)
    ensure_built(name, binary)
    said = subprocess.run([binary, "-help"], capture_output=True, text=True, check=False, timeout=30)
    found = _RATE.search(said.stderr)
    if found is None:
        raise SpecimenFailed(f"{binary.name} -help names no default of -rate")
    return float(found[1])


class Watches:
    """Runs tasks, several at a time from as many threads; `stop` ends what is under way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._live: set[subprocess.Popen[str]] = set()
        self._guard = threading.Lock()
        self._stopped = False

    def run(self, task: Task) -> Row:
        """Watch one specimen and judge it. A specimen or a watch that fails gives a row that says why."""
        recording = self.folder / f"{task.file}.memwhy"
        recording.unlink(missing_ok=True)
        try:
            flags = flags_of(task)
            with running(task.specimen, task.variant, *flags, pprof=task.endpoint, ready_within_s=READY_S) as specimen:
                printed = self._watch(task, specimen.pid, recording)
            (self.folder / f"{task.file}.json").write_text(printed)
            with _REPLAY:
                return _judged(task, json.loads(printed), recording)
        except (SpecimenFailed, MemwhyError, subprocess.TimeoutExpired, json.JSONDecodeError, _WatchFailed) as problem:
            return _row(task, problem=" ".join(str(problem).split())[:300])

    def stop(self) -> None:
        """End the watches that run; nothing new begins."""
        with self._guard:
            self._stopped = True
            for process in self._live:
                process.terminate()

    def _watch(self, task: Task, pid: int, recording: Path) -> str:
        """What `memwhy watch` prints."""
        command = [
            *(sys.executable, "-m", "memwhy", "watch", str(pid), "--for", f"{task.for_s:.0f}s", "--no-until-sure"),
            *("-o", str(recording), "--format", "json", "-q"),
            *([] if task.endpoint else ["--no-probe"]),
        ]
        with self._guard:
            if self._stopped:
                raise _WatchFailed("stopped")
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self._live.add(process)
        try:
            printed, complaint = process.communicate(timeout=task.for_s + REST_S)
        finally:
            with self._guard:
                self._live.discard(process)
            if process.poll() is None:
                process.kill()
                process.communicate()
        if process.returncode != 0:
            raise _WatchFailed(f"memwhy watch ended with exit code {process.returncode}: {complaint.strip()[-200:]}")
        return printed


class _WatchFailed(Exception):
    """The command under test did not answer."""


def _judged(task: Task, answer: Mapping[str, Any], recording: Path) -> Row:
    """The row of a watch that answered."""
    span_s = answer["span_s"] or 0.0
    if span_s < task.for_s - max(10.0, 0.1 * task.for_s):
        return _row(task, problem=f"was seen for {span_s:.0f} s only, not {task.for_s:.0f} s")
    printed = said_of(answer, task.for_s)
    said, _ = judged(task, recording)
    again = said[-1]
    return _row(
        task,
        said=(*said[:-1], printed),
        because=_because(answer, printed),
        bytes_per_s=None if answer["total"] is None else answer["total"]["bytes_per_s"],
        agrees=(again.cause, again.confidence) == (printed.cause, printed.confidence),
    )


def judged(task: Task, recording: Path) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """(verdicts by length, why and why not of the last) of a recording alone. Raises RecordingError."""
    answer = _plain(explain([str(recording)]))
    last = said_of(answer, task.for_s)
    return (*beginnings(recording, task.for_s), last), _because(answer, last)


def _because(answer: Mapping[str, Any], said: Said) -> tuple[str, ...]:
    finding = next((one for one in answer["findings"] if one["cause"] == said.cause), answer["findings"][0])
    return (*finding["because"], *(f"against: {one}" for one in finding["against"]))


def _row(task: Task, **found: Any) -> Row:
    return Row(
        specimen=task.specimen,
        variant=task.variant,
        endpoint=task.endpoint,
        pace=task.pace,
        for_s=task.for_s,
        truth=task.truth,
        load=round(os.getloadavg()[0], 2),
        **found,
    )


def beginnings(recording: Path, for_s: float) -> Iterator[Said]:
    """What a watch that began as this recording does would have said at each length before its end: what was read until
    then, looks into the process among it. Raises RecordingError."""
    due = [length_s for length_s in GRID_S if length_s < for_s]
    book = Casebook(live=True)
    begun_ns: int | None = None
    with open_recording(recording) as opened:
        for snapshot in opened.snapshots():
            begun_ns = snapshot.monotonic_ns if begun_ns is None else begun_ns
            elapsed_s = (snapshot.monotonic_ns - begun_ns) / NS_PER_S
            while due and elapsed_s > due[0] + HALF_TICK_S:
                yield said_of(_plain(diagnose(book)), due.pop(0))
            book.add_snapshot(snapshot, file=str(recording))


def _plain(report: Report) -> dict[str, Any]:
    """The report as the command prints it."""
    answer: dict[str, Any] = json.loads(json_view.render(report))
    return answer


def said_of(answer: Mapping[str, Any], length_s: float) -> Said:
    """The verdict of an answer."""
    verdict = answer["verdict"]
    return Said(
        length_s=float(length_s),
        cause=verdict["cause"],
        confidence=verdict["confidence"],
        probability=verdict["probability"],
        supported=tuple(one["cause"] for one in answer["findings"] if one["verdict"] == Verdict.SUPPORTED),
        more=any(" --for " in step["do"] for step in answer["next_steps"]),
    )
