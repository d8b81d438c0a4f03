#!/usr/bin/env python3
"""A recording of a day out of a real one of minutes: `python bench/day.py REAL.memwhy OUT.memwhy [--hours 24] [--max-size 64m]`.

Every tick of a day is written through the Recorder, each source as often as it was read in the real recording and with its real
bytes: the run is slowed down until it lasts the day, and between two real reads every number in their texts lies on the
line between them. Profiles and whatever else is no text repeat the latest real read. The same recording gives the same day.
"""

import argparse
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.units import NS_PER_S, parse_size
from memwhy.recording import Recorder, open_recording

NUMBER = re.compile(rb"(?<![\w.])\d+(?![\w.])")
ONCE = 2
"""A source read no more often than this was read at the beginning only."""


@dataclass(slots=True)
class Course:
    """One source's real reads, and the texts between them. every_s: how far apart they were."""

    reads: list[Evidence]
    every_s: float
    at: int = -1
    pieces: list[bytes] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)

    def raw(self, real_ns: int) -> bytes:
        """What the source would have said at that moment of the real run."""
        at = max(0, bisect_right(self.reads, real_ns, key=lambda read: read.monotonic_ns) - 1)
        if at != self.at:
            self.at = at
            self._lay_line()
        if not self.ends:
            return self.reads[at].raw
        begin_ns, end_ns = self.reads[at].monotonic_ns, self.reads[at + 1].monotonic_ns
        share = min(1.0, max(0.0, (real_ns - begin_ns) / max(1, end_ns - begin_ns)))
        words = [b"%d" % round(begin + (end - begin) * share) for begin, end in self.ends]
        return b"".join(part for pair in zip(self.pieces, [*words, b""], strict=True) for part in pair)

    def _lay_line(self) -> None:
        """Cut this read where a number differs from the next read's; no cut where the two are not the same text otherwise."""
        self.pieces, self.ends = [], []
        if self.at + 1 >= len(self.reads):
            return
        here, there = self.reads[self.at].raw, self.reads[self.at + 1].raw
        if NUMBER.sub(b"0", here) != NUMBER.sub(b"0", there):
            return
        begun = 0
        for one, other in zip(NUMBER.finditer(here), NUMBER.finditer(there), strict=True):
            if one[0] != other[0]:
                self.pieces.append(here[begun : one.start()])
                self.ends.append((int(one[0]), int(other[0])))
                begun = one.end()
        self.pieces.append(here[begun:])


def courses(real: str) -> tuple[dict[str, str], dict[str, Course]]:
    """What a recording was told of itself, and its sources' reads; reads that failed are left out."""
    reads: dict[str, list[Evidence]] = {}
    with open_recording(real) as recording:
        for snapshot in recording.snapshots():
            for evidence in snapshot.evidence:
                if evidence.error is None:
                    reads.setdefault(evidence.source, []).append(evidence)
        meta = dict(recording.meta)
    found = {}
    for source, those in reads.items():
        spans_s = (those[-1].monotonic_ns - those[0].monotonic_ns) / NS_PER_S
        found[source] = Course(those, spans_s / (len(those) - 1) if len(those) > ONCE else 0.0)
    return meta, found


def ticks(found: dict[str, Course], day_s: int) -> Iterator[Snapshot]:
    """A snapshot a second: what is due, as the slowed run says it."""
    begun = min((course.reads[0] for course in found.values()), key=lambda read: read.monotonic_ns)
    end_ns = max(course.reads[-1].monotonic_ns for course in found.values())
    slower = day_s * NS_PER_S / (end_ns - begun.monotonic_ns)
    due_s = dict.fromkeys(found, 0.0)
    for tick in range(day_s + 1):
        real_ns = begun.monotonic_ns + round(tick * NS_PER_S / slower)
        ns, wall_ns = (clock + tick * NS_PER_S for clock in (begun.monotonic_ns, begun.wall_ns))
        evidence = []
        for source, course in found.items():
            if tick < due_s[source]:
                continue
            due_s[source] = due_s[source] + course.every_s if course.every_s else float("inf")
            cost_ns = course.reads[max(0, course.at)].cost_ns
            evidence.append(
                Evidence(source=source, monotonic_ns=ns, wall_ns=wall_ns, cost_ns=cost_ns, raw=course.raw(real_ns))
            )
            ns, wall_ns = ns + cost_ns, wall_ns + cost_ns
        yield Snapshot(
            tick=tick,
            monotonic_ns=begun.monotonic_ns + tick * NS_PER_S,
            wall_ns=begun.wall_ns + tick * NS_PER_S,
            late_ns=0,
            cpu_ns=sum(one.cost_ns for one in evidence),
            evidence=tuple(evidence),
        )


def make_day(real: str, path: Path, *, hours: float = 24, max_bytes: int | None = None) -> int:
    """Write it, and tell how many snapshots it has."""
    meta, found = courses(real)
    day_s = round(hours * 3600)
    with Recorder.create(path, meta=meta, max_bytes=max_bytes, replace=True) as recorder:
        for snapshot in ticks(found, day_s):
            recorder.append(snapshot)
        recorder.close("stopped")
    return day_s + 1


def main() -> int:
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("real")
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--max-size")
    options = parser.parse_args()
    size = parse_size(options.max_size) if options.max_size else None
    kept = make_day(options.real, options.out, hours=options.hours, max_bytes=size)
    print(f"{options.out}: {kept} snapshots, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
