"""An errand: a few system calls that the target makes for us, once, in its own next call of malloc; see `stub`.

No thread waits for it and nobody's registers change. It is begun in one stop, and whoever begins it puts another jump, or the original, on
malloc's entry afterwards. If memwhy dies in between, malloc goes on through a guard that is taken: a few instructions more.
Where nobody calls malloc, the others of its family are tried in turn: what is said of malloc here holds for each such gate.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from memwhy.model.errors import MemwhyError, TargetGone
from memwhy.native import stub
from memwhy.native.errors import Idle, NoRoom, Stuck, Unstoppable
from memwhy.native.owner import NOBODY
from memwhy.native.patch import Entry, trampoline
from memwhy.native.stops import Different, Range, Stopper, Write
from memwhy.native.stub import Guard, Step, Trace

_FREE, _TAKEN = bytes(4), (1).to_bytes(4, "little")
_LATE_S = 2.0
"""For a thread that took the guard in the very last moment."""

_CLEAR_S = 3.0
"""For a thread in the stub to come out; that it stays there does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the errands of one target are run. gate: whose entry leads there, malloc's at first; others: that are tried after it.
    unused: what the room for the stub holds without us."""

    gate: Entry
    others: tuple[Entry, ...] = ()
    stub: int
    unused: bytes
    guard: int

    @property
    def turns(self) -> "Iterator[tuple[Site, float]]":
        """This site with each gate, and its share of the time: malloc's first and last, most programs call it soon or seldom."""
        yield self, 0.2 if self.others else 1.0
        for entry in self.others:
            yield replace(self, gate=entry), 0.3 / len(self.others)
        if self.others:
            yield self, 0.5

    @property
    def to_stub(self) -> Write:
        """The gate's entry, from the original to the stub."""
        return self.gate.jump_to(self.stub + stub.HEADER_BYTES)

    @property
    def keep_out(self) -> Range:
        """Where the stub's threads are."""
        return Range(self.stub, self.stub + len(self.unused))


def write_stub(site: Site, trace: Trace, steps: Sequence[Step]) -> bytes:
    """The whole stub for its place. Raises NoRoom where it does not fit."""
    head = stub.assemble(trace, steps)
    whole = head + trampoline(site.gate, site.stub + len(head))
    if len(whole) > len(site.unused):
        raise NoRoom(f"the code that maps memory takes {len(whole)} bytes, and there are {len(site.unused)}")
    return whole + bytes(len(site.unused) - len(whole))


def run(
    stopper: Stopper,
    site: Site,
    trace: Trace,
    steps: Sequence[Step],
    keep_out: Sequence[Range] = (),
    *,
    wait_s: float,
    within_s: float = 5.0,
) -> tuple[Guard, Site]:
    """What came of the steps, and the site with the gate that somebody came through: its entry still leads to the stub.

    Raises Idle when nobody came through any in wait_s, and what `begin` raises; then everything is taken away again, but where the
    first beginning fails: what stands there is somebody else's.
    """
    here, begun = site, False
    try:
        for here, share in site.turns:
            begin(stopper, here, trace, steps, keep_out, within_s=within_s)
            begun = True
            with suppress(Idle):
                return wait(stopper, here, share * wait_s), here
        names = ", ".join(entry.function.name for entry in (site.gate, *site.others))
        raise Idle(
            f"no thread of pid {stopper.pid} called malloc or its like ({names}) within {wait_s:g} s",
            help="try again while the program works; memwhy watch and memwhy inspect need no such call",
        )
    except BaseException:
        if begun:
            with suppress(MemwhyError, OSError):  # what it was matters more than what its traces are
                clear(stopper, here)
        raise


def begin(
    stopper: Stopper,
    site: Site,
    trace: Trace,
    steps: Sequence[Step],
    keep_out: Sequence[Range] = (),
    *,
    within_s: float = 5.0,
) -> None:
    """Let the gate lead to the stub. Raises as Stopper.write does; then nothing has changed."""
    guard = Write(site.guard, None, stub.blank_guard(), "the guard")
    code = Write(site.stub, None, write_stub(site, trace, steps), "the stub")
    stopper.write([guard, code, site.to_stub], [site.gate.interior, site.keep_out, *keep_out], within_s=within_s)


def wait(stopper: Stopper, site: Site, wait_s: float) -> Guard:
    """What came of it. Raises Idle when nobody came through the gate in the time, with its entry as it was; Stuck, TargetGone."""
    deadline = time.monotonic() + wait_s
    pause_s = 0.0002
    closed = False
    while True:
        raw = stopper.read(site.guard, stub.GUARD_BYTES)
        if len(raw) < stub.GUARD_BYTES:
            raise TargetGone(f"pid {stopper.pid} has unmapped the data of {site.gate.function.module.path}")
        guard = stub.read_guard(raw)
        if guard.finished:
            return guard
        if time.monotonic() > deadline:
            if closed or _close(stopper, site):
                break
            closed, deadline = True, time.monotonic() + _LATE_S
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.01)
    if closed:
        raise Stuck(
            f"a thread of pid {stopper.pid} began to map memory for memwhy and did not come back from the kernel"
        )
    raise Idle(f"no thread of pid {stopper.pid} called {site.gate.function.name} within {wait_s:g} s")


def clear(stopper: Stopper, site: Site) -> tuple[str, ...]:
    """Take away what the errands left: the jump on the gate if it is still there, the stub, the guard. Returns what had to stay."""
    jump = site.to_stub
    restored = [jump.undone] if stopper.read(jump.address, len(jump.fresh)) == jump.fresh else []
    try:
        stopper.write([*restored, Write(site.stub, None, site.unused, "the stub")], [site.keep_out], within_s=_CLEAR_S)
    except Unstoppable:
        if restored:
            stopper.write(restored)
        return (f"{len(site.unused)} bytes of code behind a library's, which nobody runs any more",)
    stopper.store(site.guard, bytes(stub.GUARD_BYTES))
    return ()


def disown(stopper: Stopper, site: Site) -> None:
    """A stub that has to stay, if there is one, is nobody's from now on. No thread runs where that stands."""
    if stub.read_trace(stopper.read(site.stub, stub.HEADER_BYTES)) is not None:
        stopper.store(site.stub + stub.OWNER_AT, NOBODY.pack())


def _close(stopper: Stopper, site: Site) -> bool:
    """Take the guard ourselves and put the gate's entry back; False when a thread was quicker."""
    taken = Write(site.guard, _FREE, _TAKEN, "the guard")
    try:
        stopper.write([taken, site.to_stub.undone])
    except Different as error:
        if error.write != taken:
            raise
        return False
    return True
