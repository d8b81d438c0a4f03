"""What a run of `make accuracy` leaves: one row for each watch, and what is true of the program watched. Plain JSON, a line each."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from memwhy import __version__

HERE = Path(__file__).resolve().parent
UNDETERMINED = "undetermined"
AS_IT_IS, FAST, SLOW = "as it is", "1 MiB/s", "1 MiB/min"
PACES = {FAST: float(1 << 20), SLOW: (1 << 20) / 60}
"""Bytes per second of a specimen whose -rate was set so."""
SLOW_BELOW = 8
"""Times 1 MiB/min: what grows by less at default flags is never made faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What truth.toml says of one variant. also_grows: causes of second leaks, which may be named beside the first.

    undecided_s: nobody can know the answer before; meanwhile: causes that describe the course until then. bytes_per_s: at default flags, at least and at most; None: not said.
    """

    cause: str
    also: tuple[str, ...] = ()
    also_grows: tuple[str, ...] = ()
    acquitted: tuple[str, ...] = ()
    undecided_s: float = 0.0
    meanwhile: tuple[str, ...] = ()
    bytes_per_s: tuple[float, float] | None = None

    @property
    def accepted(self) -> frozenset[str]:
        """Verdicts that are right."""
        return frozenset((self.cause, *self.also))

    @property
    def grows(self) -> bool:
        """Memory grows for as long as it is watched."""
        innocent = self.accepted & {"steady", "virtual-only"}
        return self.bytes_per_s is not None and self.bytes_per_s[0] > 0 and not innocent

    @property
    def slow(self) -> bool:
        """It grows slowly by itself: at a higher rate it would be another program."""
        return self.grows and self.bytes_per_s is not None and sum(self.bytes_per_s) / 2 < SLOW_BELOW * PACES[SLOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The verdict after so many seconds. supported: every cause that was. more: it said how long to go on watching."""

    length_s: float
    cause: str
    confidence: str
    probability: float
    supported: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One watch. said: the verdicts by length, shortest first; the last is what the command printed.

    because: why, and why not, of the last. agrees: its recording explains itself as the watch did. load: the machine's
    load average of one minute at the end. problem: why there is nothing else in the row.
    """

    specimen: str
    variant: str
    endpoint: bool
    pace: str
    for_s: float
    truth: Truth
    said: tuple[Said, ...] = ()
    because: tuple[str, ...] = ()
    bytes_per_s: float | None = None
    agrees: bool = True
    load: float = 0.0
    problem: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.specimen, self.variant, self.pace, endpoint=self.endpoint)

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """Two rows with the same are of the same thing, measured twice."""
        return (self.specimen, self.variant, self.endpoint, self.pace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which it was measured. noise: processes that used CPU in bursts beside. version: of memwhy, with its commit;
    planned: the names of the rows that were to come. Older files have neither. first_sight: where recordings were judged once
    more, what the commands had printed held of the bars, a line each."""

    when: str
    machine: str
    seed: int
    at_once: int
    noise: int
    for_s: float
    slow_for_s: float
    version: str = ""
    planned: tuple[str, ...] = ()
    first_sight: tuple[str, ...] = ()


def truth_of(section: Mapping[str, Any]) -> Truth:
    """[guilty] or [twin] of a truth.toml."""
    rate = section.get("bytes_per_s")
    return Truth(
        cause=section["cause"],
        also=_names(section.get("also", ())),
        also_grows=_names(section.get("also_grows", ())),
        acquitted=_names(section.get("acquitted", ())),
        undecided_s=float(section.get("undecided_s", 0)),
        meanwhile=_names(section.get("meanwhile", ())),
        bytes_per_s=None if rate is None else (float(rate[0]), float(rate[1])),
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def name_of(specimen: str, variant: str, pace: str, *, endpoint: bool) -> str:
    """What people call a watch."""
    where = "endpoint" if endpoint else "from outside"
    return f"{specimen} {variant}, {where}" + ("" if pace == AS_IT_IS else f", {pace}")


def conditions_here(
    *, seed: int, at_once: int, noise: int, for_s: float, slow_for_s: float, planned: Iterable[str]
) -> Conditions:
    """This machine and this tree, now."""
    with open("/proc/cpuinfo") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return Conditions(
        when=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        machine=f"{os.cpu_count()} × {model}, Linux {platform.release()}, {' '.join(platform.libc_ver())}",
        seed=seed,
        at_once=at_once,
        noise=noise,
        for_s=for_s,
        slow_for_s=slow_for_s,
        version=version(),
        planned=tuple(sorted(planned)),
    )


def version() -> str:
    """`memwhy 0.1.0, commit 1a2b3c4`; with "and changes" where the tree has any."""
    said = f"memwhy {__version__}"
    answers = []
    for command in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "-uno")):
        done = subprocess.run(["git", *command], cwd=HERE, capture_output=True, text=True, check=False)
        if done.returncode != 0:  # an unpacked archive
            return said
        answers.append(done.stdout.strip())
    return f"{said}, commit {answers[0]}" + (" and changes" if answers[1] else "")


def line_of(one: Conditions | Row) -> str:
    """One line of the file of raw rows."""
    return json.dumps(asdict(one), ensure_ascii=False) + "\n"


def read_rows(paths: Iterable[Path]) -> tuple[list[Conditions], list[Row]]:
    """All files together, in the order of names; of what was measured twice the later. Raises SystemExit."""
    conditions: list[Conditions] = []
    rows: dict[tuple[str, str, bool, str], Row] = {}
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            try:
                found = json.loads(line)
                if "specimen" in found:
                    row = _row(found)
                    rows[row.key] = row
                else:
                    conditions.append(
                        Conditions(
                            **{**found, **{name: tuple(found.get(name, ())) for name in ("planned", "first_sight")}}
                        )
                    )
            except (ValueError, TypeError, KeyError) as error:
                raise SystemExit(f"accuracy: {path}:{number} is no row of this bench ({error})") from None
    return conditions, sorted(rows.values(), key=lambda row: row.key)


def _row(found: dict[str, Any]) -> Row:
    said = tuple(Said(**{**one, "supported": tuple(one["supported"])}) for one in found["said"])
    because = tuple(found["because"])
    return Row(**{**found, "truth": truth_of(found["truth"]), "said": said, "because": because})
