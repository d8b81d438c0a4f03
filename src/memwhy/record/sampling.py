"""The sampler in the target, while it is watched: kept informed, read every few seconds, taken away at the end.

Two ways in: attached to a process that runs (`native.attach`: the only thing memwhy does that stops a target, for some
milliseconds), or preloaded into a command that memwhy starts. Whatever happens to the sampler, the watch goes on without it.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from memwhy.model.errors import MemwhyError
from memwhy.model.evidence import Evidence
from memwhy.model.units import NS_PER_S
from memwhy.record.clock import boot_ns, timed
from memwhy.sources import sampled

if TYPE_CHECKING:
    from memwhy.memory.live import Live
    from memwhy.model.native import StackReading
    from memwhy.native.attach import Attachment
    from memwhy.native.guide import Guide
    from memwhy.native.outstanding import Names
    from memwhy.native.preloaded import Preloaded

NAME = sampled.NAME
EVERY_S = 1.5
"""Between two readings at first; later a 40th of the time watched …"""
SELDOM_S = 60.0
"""… and never longer than this."""
SHARE = 0.02
"""Of one core's time that reading and naming may take, beyond the first readings."""
FREE_READINGS = 8
LOOK_S = 0.2
"""Between two looks for threads and libraries that are new, in the first seconds; later EASY_S."""
EASY_S = 1.0
FIRST_S = 5.0
LOOK_SHARE = 0.01
DETACH_S = 5.0
"""For the target to call malloc once more and give the sampler's memory back."""


class Inside(Protocol):
    """The sampler's memory in the target, and the way out of it."""

    way: Literal["attached", "preloaded"]
    notes: Sequence[str]

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the tables."""

    def write(self, offset: int, raw: bytes) -> None:
        """Bytes into the tables."""

    def beat(self) -> None:
        """Say that somebody still reads."""

    def turn_on(self) -> None:
        """Begin to sample."""

    def paused_ns(self) -> int:
        """How long the target stood still for it so far."""

    def ranges(self, space: "Live") -> Sequence[tuple[int, int]]:
        """Where in the target the sampler lies."""

    def leave(self) -> Sequence[str]:
        """Take everything away; returns what had to stay, in words."""


class Attached:
    """The sampler in a process that ran before."""

    way: Literal["attached", "preloaded"] = "attached"

    def __init__(self, attachment: "Attachment") -> None:
        self._attachment = attachment
        self.read = attachment.read
        self.write = attachment.write
        self.beat = attachment.refresh
        self.notes: Sequence[str] = attachment.notes

    def turn_on(self) -> None:
        """Begin to sample."""
        from memwhy.native.layout import State

        self._attachment.set_state(State.ON)

    def paused_ns(self) -> int:
        """Of all stops together."""
        return sum(self._attachment.stop_ns)

    def ranges(self, space: "Live") -> Sequence[tuple[int, int]]:
        """Its code and its tables, one behind the other."""
        from memwhy.native.layout import CODE_BYTES, REGION_BYTES

        return ((self._attachment.region - CODE_BYTES, self._attachment.region + REGION_BYTES),)

    def leave(self) -> Sequence[str]:
        """Detach."""
        return self._attachment.detach(wait_s=DETACH_S).left


class Preloading:
    """The sampler in a command that was started with it."""

    way: Literal["attached", "preloaded"] = "preloaded"

    def __init__(self, tables: "Preloaded") -> None:
        self._tables = tables
        self.read = tables.read
        self.write = tables.write
        self.beat = tables.beat
        self.notes: Sequence[str] = ()

    def turn_on(self) -> None:
        """It is on from the beginning."""

    def paused_ns(self) -> int:
        """Nobody stopped it."""
        return 0

    def ranges(self, space: "Live") -> Sequence[tuple[int, int]]:
        """The mapping of the tables' file."""
        from memwhy.native.preloaded import FILE_NAME

        return [(one.start, one.end) for one in space.mappings if one.path.startswith(f"/memfd:{FILE_NAME}")]

    def leave(self) -> Sequence[str]:
        """Turn it off; the library stays in the process, and passes calls through."""
        from memwhy.native.layout import State

        self._tables.turn(State.OFF)
        return ()


class Sampler:
    """One target's sampler: `look` often, `take` when due, `let_go` once."""

    findings: Sequence[str] = ()
    """What it has to say beside its readings: nothing."""

    def __init__(self, root: str, pid: int, inside: Inside) -> None:
        """Takes the sampler over. Raises TargetGone, NotPermitted; then it has been let go."""
        self._inside = inside
        self._root, self._pid = root, pid
        self._begun_ns = self._read_ns = self._looked_ns = boot_ns()
        self._due_ns = self._begun_ns + round(EVERY_S * NS_PER_S)
        self._look_due_ns = 0
        self._readings = self._own_bytes = 0
        self._over = self._left = False
        self._names: Names | None = None
        self._named: tuple[object, ...] = ()
        self._space: Live | None = None
        self.cost_ns = 0
        """Of ours, in CPU time."""
        self.problem: str | None = None
        """Why there are no readings any more; the target's own end is one, too."""
        try:
            self._space = _open_space(root, pid)
            self._guide = self._guided()
            inside.turn_on()
        except BaseException:
            self.let_go()
            raise
        self._begun_ns = boot_ns()

    @classmethod
    def attach(cls, root: str, pid: int, period_bytes: int) -> "tuple[Sampler, str | None]":
        """Attach to a process; with it, what was found there of an earlier memwhy. Raises MemwhyError in its kinds."""
        from memwhy.native.attach import attach
        from memwhy.native.layout import State

        attachment = attach(pid, period_bytes=period_bytes, state=State.OFF, root=root)
        found = None if attachment.predecessor is None else "what an earlier memwhy had left in the process is gone"
        return cls(root, pid, Attached(attachment)), found

    @property
    def paused_s(self) -> float:
        """How long the target stood still."""
        return self._inside.paused_ns() / NS_PER_S

    def look(self) -> float:
        """Keep the sampler informed, when that is due. Returns seconds until the next time."""
        now_ns = boot_ns()
        if self._over:
            return EASY_S
        if now_ns >= self._look_due_ns:
            began_ns = time.thread_time_ns()
            try:
                self._inform()
            except MemwhyError as error:
                self._end(error)
            cost_ns = time.thread_time_ns() - began_ns
            self.cost_ns += cost_ns
            young = now_ns - self._begun_ns < FIRST_S * NS_PER_S
            self._look_due_ns = now_ns + max(
                round((LOOK_S if young else EASY_S) * NS_PER_S), 0 if young else round(cost_ns / LOOK_SHARE)
            )
        return max(0.01, (self._look_due_ns - boot_ns()) / NS_PER_S)

    def take(self, *, last: bool = False) -> Evidence | None:
        """A reading, if one is due. None: not now, or never again."""
        now_ns = boot_ns()
        if self._over or (not last and now_ns < self._due_ns):
            return None
        return self._take(now_ns)

    def take_final(self) -> Evidence | None:
        """What the tables held when the target ended; None where they went with it."""
        if self._over or self._inside.way != "preloaded":
            return None
        one = self._take(boot_ns(), ended=True)
        self._over = True
        return one

    def charge(self, cost_ns: int) -> None:
        """Count what the consumer spent on the last reading."""
        self.cost_ns += cost_ns
        if self._readings > FREE_READINGS:
            self._due_ns += round(cost_ns / SHARE)

    def let_go(self) -> Sequence[str]:
        """Take the sampler out of the target; a second time does nothing. Returns what had to stay there, in words."""
        inside, self._over = self._inside, True
        try:
            return () if self._left else self._leave(inside)
        finally:
            if self._names is not None:
                self._names.symbols.close()
                self._names = None
            if self._space is not None:
                self._space.close()
                self._space = None

    # -- parts ----------------------------------------------------------------------------------

    def _leave(self, inside: Inside) -> Sequence[str]:
        self._left = True
        try:
            return inside.leave()
        except MemwhyError as error:
            return (f"the sampler, because {error.message}",)

    def _guided(self) -> "Guide":
        from memwhy.native.guide import Guide

        assert self._space is not None
        guide = Guide(self._space, self._inside)
        guide.look()
        return guide

    def _inform(self) -> None:
        """New threads' stacks, new libraries' rules, and a sign of life."""
        assert self._space is not None
        self._inside.beat()
        self._space.refresh()
        self._guide.look()

    def _take(self, now_ns: int, *, ended: bool = False) -> Evidence | None:
        began_ns = time.thread_time_ns()
        life_s = (now_ns - self._begun_ns) / NS_PER_S
        evidence = timed(NAME, _as_os_error(lambda: sampled.write(self._read(life_s, ended=ended)), self._end))
        cost_ns = time.thread_time_ns() - began_ns
        self.cost_ns += cost_ns
        self._readings += 1
        every_s = min(SELDOM_S, max(EVERY_S, life_s / 40))
        least_ns = round(cost_ns / SHARE) if self._readings > FREE_READINGS else 0
        self._due_ns = now_ns + max(round(every_s * NS_PER_S), least_ns)
        return evidence

    def _read(self, life_s: float, *, ended: bool) -> "StackReading":
        from memwhy.native.clock import clock
        from memwhy.native.outstanding import read_stacks
        from memwhy.native.snapshot import read_snapshot

        assert self._space is not None
        if not ended:
            self._inform()
            self._check_inside()
        names = self._names_now(ended=ended)
        snapshot = read_snapshot(self._inside.read, clock().now())
        notes = (*self._inside.notes, *self._guide.notes)
        if not ended:
            self._own_bytes = sum(_resident_bytes(self._space, *place) for place in self._inside.ranges(self._space))
        return read_stacks(snapshot, names, life_s=life_s, way=self._inside.way, own_bytes=self._own_bytes, notes=notes)

    def _check_inside(self) -> None:
        """Raises MemwhyError where nobody samples: no reading is better than one of zeros, which acquits."""
        assert self._space is not None
        if not self._inside.ranges(self._space):
            raise MemwhyError(
                f"it is not in pid {self._pid}: the program is static or setuid, takes no LD_PRELOAD,"
                " or has put another program in its place (exec)",
                help="unless it is static, memwhy watch PID --native puts the sampler into a process that runs",
            )

    def _names_now(self, *, ended: bool) -> "Names":
        """Names, made anew when Go was found, and told of libraries that came."""
        from memwhy.native.outstanding import Names
        from memwhy.native.symbols import Symbols

        assert self._space is not None
        if ended and self._names is not None:
            return self._names
        modules = self._space.modules()
        known = (self._guide.go, *((module.path, module.start, module.end) for module in modules))
        if self._names is None or known[0] is not self._named[0]:
            if self._names is not None:
                self._names.symbols.close()
            self._names = Names(Symbols(self._space, self._guide.go, root=f"{self._root}/{self._pid}/root"))
            self._named = ()
        if known != self._named:
            self._names.learn(modules)
            self._named = known
        return self._names

    def _end(self, error: MemwhyError) -> None:
        """There is nothing more to read."""
        self._over = True
        if self.problem is None:
            self.problem = f"{error.message} ({error.help})" if error.help else error.message


def _open_space(root: str, pid: int) -> "Live":
    from memwhy.memory.live import Live
    from memwhy.sources.proc import maps

    return Live.open(pid, root=root, mappings=lambda: maps.parse(maps.read(root, pid)).mappings)


def _resident_bytes(space: "Live", start: int, end: int) -> int:
    pages = space.resident(start, end)
    return sum(pages[1::2]) - sum(pages[::2])


def _as_os_error(read: Callable[[], bytes], ended: Callable[[MemwhyError], None]) -> Callable[[], bytes]:
    """What a reading raises, as the evidence's own kind of error."""

    def wrapped() -> bytes:
        try:
            return read()
        except MemwhyError as error:
            ended(error)
            raise OSError(error.message) from error

    return wrapped
