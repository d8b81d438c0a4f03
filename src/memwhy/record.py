"""Verb 1: every tick, read what is due and hand on one snapshot. Standard library only: this runs on the sick machine.

Reading only: files under /proc and /sys, and GET requests to the target's own profiling endpoint. The target is
never stopped and never waits for us, but for what the kernel and Go's own endpoint do by themselves: smaps walks
the page tables under the mm's read lock; a heap profile stops the world for some microseconds.
"""

import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from memwhy.model.errors import TargetGone, UsageError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.units import NS_PER_S
from memwhy.sources import proc
from memwhy.sources.go import binary, buildinfo, endpoint

GENTLE_SHARE = 0.004
"""A dear source is read so seldom that the time it takes, analysis included, stays below this share of the wall clock."""
SLACK_NS = NS_PER_S // 5
"""A tick that comes a little early still reads what is due: else every second one would find nothing to do."""
NEVER_NS = 1 << 62
SURVEY_TICKS = (0, 3, 8, 20, 60)
"""When the endpoint is looked for until one is found: a program that has just begun does not listen yet."""
FREE_READS = 2
"""The first reads of each source are not held back: two points are the least that shows a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a source is read at most. every_s: 0 for once only, at the start."""

    source: str
    every_s: float


CADENCES = (
    Cadence(source="proc/status", every_s=1),
    Cadence(source="proc/stat", every_s=1),
    Cadence(source="proc/smaps_rollup", every_s=2),
    Cadence(source="proc/smaps", every_s=2),
    Cadence(source="proc/meminfo", every_s=5),
    Cadence(source="proc/vmstat", every_s=10),
    Cadence(source="proc/cgroup", every_s=5),
    Cadence(source="proc/threads", every_s=10),
    Cadence(source="proc/fd", every_s=5),
    Cadence(source="proc/sockets", every_s=10),
    Cadence(source="proc/children", every_s=3),
    Cadence(source="proc/thp", every_s=300),
    Cadence(source="proc/exe", every_s=30),
    Cadence(source="proc/environ", every_s=0),
    Cadence(source="proc/limits", every_s=0),
    Cadence(source="proc/namespaces", every_s=0),
    Cadence(source="proc/host", every_s=0),
)
MAPPINGS, WITNESS = "proc/smaps", "proc/smaps_rollup"
"""The second is the first one's witness, at nearly the same price: read in one breath, but not every time."""
WITNESS_EVERY = 5


@dataclass(slots=True)
class Due:
    """When a source is next to be read."""

    cadence: Cadence
    next_ns: int = 0
    reads: int = 0
    failures: int = 0
    mean_cost_ns: float = 0.0
    read_ns: int = 0

    def done(self, now_ns: int, cost_ns: int, *, failed: bool) -> None:
        """Set the next time: the cadence, stretched by what reading costs and by failures in a row."""
        self.reads += 1
        self.failures = self.failures + 1 if failed else 0
        self.mean_cost_ns = cost_ns if self.reads == 1 else 0.7 * self.mean_cost_ns + 0.3 * cost_ns
        if self.cadence.every_s == 0:
            self.next_ns = NEVER_NS
            return
        wait_ns = self.cadence.every_s * NS_PER_S
        if self.reads > FREE_READS:
            wait_ns = max(wait_ns, self.mean_cost_ns / GENTLE_SHARE)
        if failed:
            wait_ns *= min(2**self.failures, 64)
        self.read_ns, self.next_ns = now_ns, now_ns + round(wait_ns)

    def charge(self, cost_ns: float) -> None:
        """Count what the consumer spent on the last read as well: it is our own time, whoever uses it."""
        self.mean_cost_ns += cost_ns if self.reads == 1 else 0.3 * cost_ns
        if self.reads > FREE_READS and self.cadence.every_s:
            self.next_ns = max(self.next_ns, self.read_ns + round(self.mean_cost_ns / GENTLE_SHARE))


class Watcher:
    """Takes snapshots of one process. `take()` returns None once the process is gone; `ended` then says how."""

    def __init__(self, pid: int, *, root: str = "/proc", pprof_url: str | None = None, probe: bool = True) -> None:
        """Raises TargetGone, NotPermitted, or UsageError for a pprof_url that is none. probe: look for the target's own HTTP endpoint and ask it."""
        self.root = root
        self.pid = pid
        self.identity = proc.process_identity(root, pid)
        self.ended: str | None = None
        self.events: list[str] = []
        self.endpoints: tuple[endpoint.Endpoint, ...] = () if pprof_url is None else (endpoint.from_url(pprof_url),)
        self.cpu_ns = 0
        self._tick = 0
        self._probe = probe
        self._sources = tuple(cadence.source for cadence in CADENCES)
        self._due = {cadence.source: Due(cadence) for cadence in CADENCES}
        self._image: tuple[str, str] | None = None
        self._new_image = True
        self._oom_kills: int | None = None
        self._pidfd = _pidfd(pid) if root == "/proc" else None

    # -- one tick -------------------------------------------------------------------------------

    def take(self, *, last: bool = False) -> Snapshot | None:
        """Read all that is due. last: read the dear sources once more, as the closing look."""
        started_ns, cpu_ns = _boot_ns(), time.thread_time_ns()
        if not self._alive():
            return None
        if self._tick in SURVEY_TICKS and (self._tick == 0 or not self.endpoints):
            self._find_endpoints()
        by_ns = started_ns + SLACK_NS
        due = [name for name in self._sources if self._due[name].next_ns <= by_ns or (last and name in _CLOSING)]
        evidence = [self._read(source) for source in due]
        if self._new_image:
            self._new_image = False
            evidence += self._read_binary()
        evidence += self._read_endpoints(last=last)
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

    def charge(self, snapshot: Snapshot, cost_ns: int) -> None:
        """Share out what the consumer spent on a snapshot, by size: parsing is what takes the time."""
        total_bytes = sum(len(one.raw) for one in snapshot.evidence)
        for one in snapshot.evidence:
            due = self._due.get(one.source)
            if due is not None and one.raw:
                due.charge(cost_ns * len(one.raw) / total_bytes)
        self._pair()

    def wait(self, until_ns: int) -> None:
        """Sleep until then, or until the process ends, whichever comes first."""
        timeout_s = max(0.0, (until_ns - _boot_ns()) / NS_PER_S)
        if self._pidfd is None:
            time.sleep(timeout_s)
        else:
            select.select([self._pidfd], [], [], timeout_s)

    def close(self) -> None:
        """Let go of the process."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    # -- reading --------------------------------------------------------------------------------

    def _read(self, source: str) -> Evidence:
        module = proc.READERS[source]
        one = _timed(source, lambda: module.read(self.root, self.pid))
        due = self._due[source]
        due.done(one.monotonic_ns, one.cost_ns, failed=one.error is not None)
        if source == MAPPINGS:
            self._pair()
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
            found.append(_timed(module.NAME, lambda module=module: module.read(self.root, self.pid)))  # type: ignore[misc]
        return found

    def _find_endpoints(self) -> None:
        if not self.endpoints and self._probe and self.root == "/proc":
            try:
                found = endpoint.survey(self.root, self.pid)
            except OSError as error:
                self.events.append(f"Its profiling endpoint could not be looked for: {_reason(error)}.")
            else:
                self.endpoints = found.endpoints
                if not found.endpoints and self._tick == SURVEY_TICKS[1]:
                    why = f" ({'; '.join(found.notes[:3])})" if found.notes else ""
                    self.events.append(f"No pprof, expvar or metrics endpoint was found{why}.")
        kinds = {one.kind for one in self.endpoints}
        silent = False
        for source, kind, path, every_s in ENDPOINT_CADENCES:
            # MemStats come with the heap profile: the other kinds are asked only where that is missing
            if kind in kinds and (kind == "pprof" or "pprof" not in kinds):
                self._due[source] = Due(Cadence(source=source, every_s=every_s))
                silent = silent or not self._prime(kind, path)

    def _prime(self, kind: str, path: str) -> bool:
        """Ask once and throw the answer away: the first answer makes the target page in code and make buffers, which
        must not look like growth in what is watched from then on. False when it does not come in time."""
        where = next(one for one in self.endpoints if one.kind == kind)
        try:
            endpoint.fetch(where, path, FETCH_S, FETCH_BYTES)
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def _read_endpoints(self, *, last: bool) -> list[Evidence]:
        found: list[Evidence] = []
        silent = False
        for source, kind, path, _ in ENDPOINT_CADENCES:
            due = self._due.get(source)
            now_ns = _boot_ns()
            if due is None or (
                due.next_ns > now_ns + SLACK_NS and not (last and source in _CLOSING and not due.failures)
            ):
                continue
            where = next(one for one in self.endpoints if one.kind == kind)

            def ask(where: endpoint.Endpoint = where, path: str = path, silent: bool = silent) -> bytes:
                if silent:  # a target that is stopped must not hold up the tick once for every path
                    raise TimeoutError("not asked: the endpoint has just let another question time out")
                return endpoint.fetch(where, path, FETCH_S, FETCH_BYTES)

            one = _timed(source, ask)
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
            for source in ("proc/exe", "proc/environ"):
                self._due[source].next_ns = 0
            self._new_image = True
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


ENDPOINT_CADENCES = (
    ("go/heap", "pprof", "/debug/pprof/heap?debug=1", 4.0),
    ("go/goroutine", "pprof", "/debug/pprof/goroutine?debug=1", 8.0),
    ("go/threadcreate", "pprof", "/debug/pprof/threadcreate?debug=1", 60.0),
    ("go/expvar", "expvar", "/debug/vars", 5.0),
    ("go/metrics", "metrics", "/metrics", 10.0),
)
"""source, kind of endpoint, path, seconds. The heap profile's text brings MemStats and the allocs profile with it."""

FETCH_S = 2.0
FETCH_BYTES = 32 << 20

_CLOSING = ("proc/status", "proc/smaps", "proc/smaps_rollup", "proc/fd", "go/heap", "go/goroutine")


def snapshots(watcher: Watcher, *, for_s: float | None, tick_s: float = 1.0) -> Iterator[Snapshot]:
    """Snapshots at the tick, until `for_s` is over, the process ends, or the consumer stops."""
    begun_ns = _boot_ns()
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
        # a tick that costs much is taken less often: our own share stays small on any target
        pause_ns = max(tick_s * NS_PER_S, snapshot.cpu_ns / (2 * GENTLE_SHARE) if snapshot.tick > FREE_READS else 0)
        next_ns = max(next_ns + round(pause_ns), _boot_ns())
        if end_ns is not None:
            next_ns = min(next_ns, end_ns)
        watcher.wait(next_ns)


def _timed(source: str, read: Callable[[], bytes]) -> Evidence:
    """Read once; what fails is evidence with an error."""
    monotonic_ns, wall_ns = _boot_ns(), time.time_ns()
    raw, error = b"", None
    try:
        raw = read()
    except OSError as problem:
        error = _reason(problem)
    return Evidence(
        source=source,
        monotonic_ns=monotonic_ns,
        wall_ns=wall_ns,
        cost_ns=_boot_ns() - monotonic_ns,
        raw=raw,
        error=error,
    )


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


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


def find_target(root: str, text: str) -> int:
    """The pid of a pid or process name. Raises TargetGone when there is none, UsageError when there are several."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not text.strip():
        raise UsageError("the target is empty", help="give a pid, a process name or http://host:port")
    found = proc.find_pids(root, text)
    if not found:
        raise TargetGone(f"no process is called {text!r}", help="ps -e lists them; a pid works too")
    if len(found) > 1:
        rows = ", ".join(f"{pid} ({comm})" for pid, comm, _ in found[:8])
        raise UsageError(f"{len(found)} processes are called {text!r}: {rows}", help="give the pid of the one you mean")
    return found[0][0]


def find_listener(root: str, port: int) -> int | None:
    """The pid of a process that listens on this TCP port, among those whose descriptors we may read."""
    for name in sorted(os.listdir(root)):
        if not name.isdigit():
            continue
        try:
            if any(its_port == port for _, its_port in endpoint.listening(root, int(name))):
                return int(name)
        except OSError:
            continue
    return None
