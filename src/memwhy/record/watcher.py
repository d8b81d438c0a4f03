"""The watcher of one process: every tick, what is due is read; nothing stops it or writes to it."""

import os
import select
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.units import NS_PER_S
from memwhy.record.asking import ENDPOINT_CADENCES, FETCH_S, SELDOM_S, counts_work, fetch, from_url, prime
from memwhy.record.clock import boot_ns, reason, timed
from memwhy.record.due import (
    CADENCES,
    FREE_READS,
    GENTLE_SHARE,
    LONGEST_PAUSE_NS,
    MAPPINGS,
    NEVER_NS,
    SLACK_NS,
    SURVEY_TICKS,
    WITNESS,
    WITNESS_EVERY,
    Cadence,
    Due,
)
from memwhy.record.faulting import FaultWatch
from memwhy.record.looks import DOCUMENTS, Looks
from memwhy.record.looks import NAME as LOOK
from memwhy.record.sampling import NAME as STACKS
from memwhy.record.sampling import Sampler
from memwhy.sources import proc
from memwhy.sources.go import binary, buildinfo

if TYPE_CHECKING:
    from memwhy.sources.go.endpoint import Endpoint


class Watcher:
    """Takes snapshots of one process. `take()` returns None once the process is gone; `ended` then says how."""

    def __init__(
        self,
        pid: int,
        *,
        root: str = "/proc",
        pprof_url: str | None = None,
        probe: bool = True,
        inside: bool = False,
        once: Sequence[str] = (),
    ) -> None:
        """Raises TargetGone, NotPermitted, or UsageError for a pprof_url that is none. probe: look for the target's own
        HTTP endpoint and ask it. inside: look into its memory as well. once: further sources to read, at the start."""
        self.root = root
        self.pid = pid
        self.identity = proc.process_identity(root, pid)
        self.ended: str | None = None
        self.events: list[str] = []
        self.endpoints: tuple[Endpoint, ...] = () if pprof_url is None else (from_url(pprof_url),)
        self._counting: set[str] = set()
        self.cpu_ns = 0
        self.looks: Looks | None = Looks(root, pid) if inside and root == "/proc" else None
        self.sampler: Sampler | FaultWatch | None = None
        self.paused_s = 0.0
        """How long the target stood still for us."""
        self._looked_ns = 0
        self._rss_bytes = 0
        self._tick = 0
        self._probe = probe
        cadences = (*CADENCES, *(Cadence(source=source, every_s=0) for source in once))
        self._sources = tuple(cadence.source for cadence in cadences)
        self._due = {cadence.source: Due(cadence) for cadence in cadences}
        self._image: tuple[str, str] | None = None
        self._new_image = True
        self._oom_kills: int | None = None
        self._pidfd = _pidfd(pid) if root == "/proc" else None

    # -- one tick -------------------------------------------------------------------------------

    def take(self, *, last: bool = False) -> Snapshot | None:
        """Read all that is due. last: read the dear sources once more, as the closing look."""
        started_ns, cpu_ns = boot_ns(), time.thread_time_ns()
        if not self._alive():
            return self._take_final(started_ns, cpu_ns)
        if self._tick in SURVEY_TICKS and (self._tick == 0 or not self.endpoints):
            self._find_endpoints()
        elif self._tick in SURVEY_TICKS:
            self._find_counters({})
        by_ns = started_ns + SLACK_NS
        due = [name for name in self._sources if self._due[name].next_ns <= by_ns or (last and name in _CLOSING)]
        evidence = [self._read(source) for source in due]
        if self._new_image:
            self._new_image = False
            evidence += self._read_binary()
        evidence += self._look(last=last)
        evidence += self._read_stacks(last=last)
        evidence += self._read_endpoints(last=last)
        evidence += self._read_documents(last=last)
        return self._snapshot(started_ns, cpu_ns, evidence)

    def take_brief(self) -> Snapshot | None:
        """The last point of a watch that is stopped before its time: the kernel's figures, a cheap look and what the
        endpoint would tell, each only if it has been quick so far. None when the process is gone."""
        started_ns, cpu_ns = boot_ns(), time.thread_time_ns()
        if not self._alive():
            return None
        evidence: list[Evidence] = []
        for source in _BRIEF:
            if self._due[source].mean_cost_ns <= BRIEF_NS:
                evidence.append(self._read(source))
        if self.looks is not None and boot_ns() - started_ns <= BRIEF_NS:
            evidence += self.looks.take_brief(boot_ns(), self._rss_bytes, BRIEF_NS)
        evidence += self._read_stacks(last=True)
        return self._snapshot(started_ns, cpu_ns, evidence)

    def _take_final(self, started_ns: int, cpu_ns: int) -> Snapshot | None:
        """What a sampler can still say of a target that has ended; once."""
        one = self.sampler.take_final() if self.sampler is not None else None
        return None if one is None else self._snapshot(started_ns, cpu_ns, [one])

    def _snapshot(self, started_ns: int, cpu_ns: int, evidence: list[Evidence]) -> Snapshot:
        cost_ns = time.thread_time_ns() - cpu_ns
        self.cpu_ns += cost_ns
        snapshot = Snapshot(
            tick=self._tick,
            monotonic_ns=started_ns,
            wall_ns=time.time_ns(),
            late_ns=0,
            cpu_ns=cost_ns,
            evidence=tuple(evidence),
        )
        self._tick += 1
        return snapshot

    def pause_ns(self, snapshot: Snapshot) -> float:
        """How long to wait at least: a tick that costs much is taken less often. Looks have a budget of their own."""
        pause_ns = min((snapshot.cpu_ns - self._looked_ns) / (2 * GENTLE_SHARE), LONGEST_PAUSE_NS)
        return pause_ns if snapshot.tick > FREE_READS else 0.0

    def charge(self, snapshot: Snapshot, cost_ns: int) -> None:
        """Share out what the consumer spent on a snapshot, by size: parsing is what takes the time."""
        total_bytes = sum(len(one.raw) for one in snapshot.evidence)
        for one in snapshot.evidence:
            due = self._due.get(one.source)
            if one.source == STACKS and self.sampler is not None:
                self.sampler.charge(round(cost_ns * len(one.raw) / max(1, total_bytes)))
            elif one.source in FROM_MEMORY and one.raw and self.looks is not None:
                self.looks.charge(round(cost_ns * len(one.raw) / total_bytes))
            elif due is not None and one.raw:
                due.charge(cost_ns * len(one.raw) / total_bytes)
        self._pair()

    def wait(self, until_ns: int) -> None:
        """Sleep until then, or until the process ends, whichever comes first."""
        while True:
            soon_s = self.sampler.look() if self.sampler is not None else NEVER_NS
            left_s = max(0.0, (until_ns - boot_ns()) / NS_PER_S)
            if self._pidfd is None:
                time.sleep(min(left_s, soon_s))
            elif select.select([self._pidfd], [], [], min(left_s, soon_s))[0]:
                return
            if left_s <= soon_s:
                return

    def sample(self, sampler: Sampler | FaultWatch) -> None:
        """Take over a sampler: read from now on, let go of at the end."""
        self.sampler = sampler

    def let_go(self) -> None:
        """Take the sampler out of the process, and say in `events` what came of it; a second time does nothing."""
        if self.sampler is None:
            return
        sampler, self.sampler = self.sampler, None
        left = sampler.let_go()
        self.paused_s = sampler.paused_s
        self.events.extend(sampler.findings)
        if sampler.problem is not None and self.ended is None and self._alive():
            self.events.append(f"The sampler was lost: {sampler.problem}.")
        if self.ended is None:
            self.events.extend(f"Left in the process, where it does no harm: {one}." for one in left)

    def close(self) -> None:
        """Let go of the process."""
        self.let_go()
        if self.looks is not None:
            self.looks.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    # -- reading --------------------------------------------------------------------------------

    def _read(self, source: str) -> Evidence:
        module = proc.READERS[source]
        began_ns = time.thread_time_ns()  # elapsed time is what others do on a busy machine, when readings matter most
        one = timed(source, lambda: module.read(self.root, self.pid))
        self._due[source].done(one.monotonic_ns, time.thread_time_ns() - began_ns, failed=one.error is not None)
        if source == MAPPINGS:
            self._pair()
        if source == "proc/status" and one.error is None:
            self._rss_bytes = module.parse(one.raw).metrics.get("process.rss_bytes", self._rss_bytes)
        if source == "proc/vmstat" and one.error is None:
            self._oom_kills = module.parse(one.raw).metrics.get("host.oom_kills_count")
        return one

    def _pair(self) -> None:
        """The witness of the mappings is due when they are: each of the first times, then now and then."""
        mappings = self._due[MAPPINGS]
        witnessed = mappings.reads <= FREE_READS or (mappings.reads + 1) % WITNESS_EVERY == 0
        self._due[WITNESS].next_ns = mappings.next_ns if witnessed else NEVER_NS

    def _read_binary(self) -> list[Evidence]:
        found = []
        for module in (buildinfo, binary):
            found.append(timed(module.NAME, lambda module=module: module.read(self.root, self.pid)))  # type: ignore[misc]
        return found

    def _look(self, *, last: bool) -> list[Evidence]:
        """A look into the target's memory, when one is due."""
        self._looked_ns = 0
        if self.looks is None:
            return []
        before_ns = self.looks.spent_ns
        one = self.looks.take(boot_ns(), self._rss_bytes, last=last)
        self._looked_ns = self.looks.spent_ns - before_ns
        if self.looks.go_seen:
            self._ask_seldom()
        if last and self.looks.left_out is not None:
            self.events.append(f"{self.looks.left_out}; memwhy inspect {self.pid} does it.")
        return [] if one is None else [one]

    def _read_stacks(self, *, last: bool) -> list[Evidence]:
        """A reading of the sampler, when one is due. It has a budget of its own, as looks have."""
        if self.sampler is None:
            return []
        before_ns = self.sampler.cost_ns
        one = self.sampler.take(last=last)
        self._looked_ns += self.sampler.cost_ns - before_ns
        return [] if one is None else [one]

    def _read_documents(self, *, last: bool) -> list[Evidence]:
        """What the target's endpoint would have told, out of its memory, where there is none or it does not answer."""
        asked = self._due.get("go/heap")
        if self.looks is None or (asked is not None and asked.reads and not asked.failures):
            return []
        before_ns = self.looks.spent_ns
        one = self.looks.documents(boot_ns(), last=last)
        self._looked_ns += self.looks.spent_ns - before_ns
        return [] if one is None else [one]

    def _ask_seldom(self) -> None:
        """What is read from outside needs no requests: the endpoint's profiles are for attribution: at the begin and the end,
        and heap profiles between, as growth by site is told from several states of the heap. Its counters of the load nobody
        else reads."""
        for source, _, _, every_s in ENDPOINT_CADENCES:
            due = self._due.get(source) if source not in self._counting else None
            seldom_s = PROFILES_S if source == "go/heap" else SELDOM_S
            if due is not None and due.reads and due.cadence.every_s < seldom_s:
                due.cadence = Cadence(source=source, every_s=max(every_s, seldom_s))
                due.next_ns = due.read_ns + round(seldom_s * NS_PER_S)

    def _find_endpoints(self) -> None:
        if not self.endpoints and self._probe and self.root == "/proc":
            from memwhy.sources.go.endpoint import survey

            try:
                found = survey(self.root, self.pid)
            except OSError as error:
                self.events.append(f"Its profiling endpoint could not be looked for: {reason(error)}.")
            else:
                self.endpoints = found.endpoints
                if not found.endpoints and self._tick == SURVEY_TICKS[1]:
                    why = f" ({'; '.join(found.notes[:3])})" if found.notes else ""
                    self.events.append(f"No pprof, expvar or metrics endpoint was found{why}.")
        kinds = {one.kind for one in self.endpoints}
        answers: dict[str, bytes | None] = {}
        for source, kind, path, every_s in ENDPOINT_CADENCES:
            # MemStats come with the heap profile: the other kinds are asked only where that is missing
            if kind in kinds and (kind == "pprof" or "pprof" not in kinds):
                self._due[source] = Due(Cadence(source=source, every_s=every_s))
                if None not in answers.values():
                    answers[source] = self._prime(kind, path)
        if None not in answers.values():
            self._find_counters(answers)

    def _find_counters(self, answers: dict[str, bytes | None]) -> None:
        """What counts the load is asked beside profiles too; it may show up with the first request. answers: what is here."""
        kinds = {one.kind for one in self.endpoints} - {"pprof"}
        for source, kind, path, every_s in ENDPOINT_CADENCES:
            if kind not in kinds or source in self._counting:
                continue
            answer = answers[source] if source in answers else self._prime(kind, path)
            if answer is None:  # a target that is stopped must not hold up the tick once for every path
                return
            if counts_work(source, answer):
                self._counting.add(source)
                self._due.setdefault(source, Due(Cadence(source=source, every_s=every_s)))

    def _prime(self, kind: str, path: str) -> bytes | None:
        return prime(next(one for one in self.endpoints if one.kind == kind), path)

    def _read_endpoints(self, *, last: bool) -> list[Evidence]:
        found: list[Evidence] = []
        silent = False
        for source, kind, path, _ in ENDPOINT_CADENCES:
            due = self._due.get(source)
            now_ns = boot_ns()
            if due is None or (
                due.next_ns > now_ns + SLACK_NS and not (last and source in _CLOSING and not due.failures)
            ):
                continue
            where = next(one for one in self.endpoints if one.kind == kind)

            def ask(where: "Endpoint" = where, path: str = path, silent: bool = silent) -> bytes:
                if silent:  # a target that is stopped must not hold up the tick once for every path
                    raise TimeoutError("not asked: the endpoint has just let another question time out")
                return fetch(where, path)

            one = timed(source, ask)
            silent = silent or (one.error is not None and one.cost_ns >= FETCH_S * NS_PER_S)
            due.done(now_ns, one.cost_ns, failed=one.error is not None)
            found.append(one)
        return found

    # -- is it still the same process? ----------------------------------------------------------

    def _alive(self) -> bool:
        """Whether the process that we began with still runs; notes an exec of another program."""
        try:
            reading = proc.READERS["proc/stat"].parse(proc.READERS["proc/stat"].read(self.root, self.pid))
        except OSError:
            return self._end("ended")
        if int(reading.facts["process.start_ticks"]) != self.identity.start_ticks:
            return self._end(f"ended, and its pid {self.pid} now belongs to another process")
        if reading.facts.get("process.state") in ("Z", "X"):
            return self._end("ended")
        image = (reading.facts.get("process.startstack", ""), _exe(self.root, self.pid))
        if self._image is not None and image != self._image and "" not in (image[1], self._image[1]):
            self.events.append(f"the process executed another program ({image[1]}) at tick {self._tick}")
            for source in ("proc/exe", "proc/environ", "proc/libraries"):
                self._due[source].next_ns = 0
            self._new_image = True
            if self.looks is not None:
                self.looks.forget()
        self._image = image
        return True

    def _end(self, how: str) -> bool:
        if self.ended is None:
            killed = how == "ended" and self._oom_killed()
            self.ended = "ended while the kernel counted an OOM kill: very likely its own" if killed else how
        return False

    def _oom_killed(self) -> bool:
        """The host's count of OOM kills rose since it was last read."""
        before = self._oom_kills
        self._read("proc/vmstat")
        return before is not None and self._oom_kills is not None and self._oom_kills > before


FROM_MEMORY = (LOOK, DOCUMENTS)
PROFILES_S = 8.0
"""Between heap profiles where all else is read from outside; a dear one is asked for less often, as any source is."""

_BRIEF = ("proc/status", "proc/smaps")
BRIEF_NS = NS_PER_S // 4
"""No part of a brief tick takes longer, by what it took before: whoever pressed Ctrl-C waits."""
_CLOSING = (
    "proc/status",
    "proc/smaps",
    "proc/smaps_rollup",
    "proc/fd",
    "proc/fd_count",
    "proc/libraries",
    "go/heap",
    "go/goroutine",
    "go/expvar",
    "go/metrics",
)


def snapshots(watcher: Watcher, *, for_s: float | None, tick_s: float = 1.0) -> Iterator[Snapshot]:
    """Snapshots at the tick, until `for_s` is over, the process ends, or the consumer stops."""
    begun_ns = boot_ns()
    if watcher.looks is not None:
        watcher.looks.planned_s = for_s
    end_ns = None if for_s is None else begun_ns + round(for_s * NS_PER_S)
    next_ns = begun_ns
    while True:
        last = end_ns is not None and next_ns >= end_ns
        snapshot = watcher.take(last=last)
        if snapshot is None:
            return
        cpu_ns = time.thread_time_ns()
        yield replace(snapshot, late_ns=max(0, snapshot.monotonic_ns - next_ns))
        if last:
            return
        watcher.charge(snapshot, time.thread_time_ns() - cpu_ns)
        pause_ns = max(tick_s * NS_PER_S, watcher.pause_ns(snapshot))
        next_ns = max(next_ns + round(pause_ns), boot_ns())
        if end_ns is not None:
            next_ns = min(next_ns, end_ns)
        watcher.wait(next_ns)


def _exe(root: str, pid: int) -> str:
    try:
        return os.readlink(f"{root}/{pid}/exe")
    except OSError:
        return ""


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
