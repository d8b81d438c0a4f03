"""The screen of a running watch: the watch stays in the main thread as it is without one, textual gets a thread of its own.

So ticks are kept by the same loop, Ctrl-C and SIGTERM reach it in the same way, and whatever becomes of the screen, the watch goes
on. The verdict is reckoned between two ticks, in a third thread for which the watch waits: what a screen costs is not charged
to the sources that are read (`Watcher.charge`), which would be read less often then.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import FrameType, TracebackType

from memwhy.diagnose import Casebook, picture
from memwhy.live.app import LiveApp, Save
from memwhy.live.sight import Sight
from memwhy.live.tail import Moment, Tail, extended
from memwhy.live.terminal import Terminal, restore, settings
from memwhy.model.evidence import Snapshot
from memwhy.model.pictures import Timeline
from memwhy.model.report import Report

JUDGE_SHARE = 0.003
"""Of a core that verdicts for the screen may cost, beyond the credit that makes the first ones come soon."""
CREDIT_S = 0.1
JUDGE_EVERY_S = 2.0
MOST_POINTS = 600
"""More than a terminal has columns."""
MOST_NOTES = 3
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BEGIN_S = 5.0
END_S = 3.0


@dataclass(slots=True)
class Budget:
    """How often a verdict may be reckoned for the screen: it costs more the longer the watch."""

    spent_s: float = 0.0
    dearest_s: float = 0.0
    last_s: float = -JUDGE_EVERY_S

    def allows(self, elapsed_s: float) -> bool:
        """Whether there is room for the next one, which costs no less than those before."""
        room_s = CREDIT_S + JUDGE_SHARE * elapsed_s - self.spent_s
        return elapsed_s - self.last_s >= JUDGE_EVERY_S and self.dearest_s <= room_s

    def charge(self, cost_s: float, elapsed_s: float) -> None:
        """One was reckoned."""
        self.spent_s += cost_s
        self.dearest_s = max(self.dearest_s, cost_s)
        self.last_s = elapsed_s


class Screen:
    """A context manager: the terminal is taken on entering and given back on leaving, whatever the reason."""

    def __init__(
        self,
        sight: Sight,
        *,
        save: Save,
        file_bytes: Callable[[], int | None],
        events: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """save: copies the recording so far. file_bytes: the size of the one that was asked for. events: of the watcher."""
        self.sight = sight
        self.problem: str | None = None
        self._save, self._file_bytes, self._events = save, file_bytes, events
        self._budget = Budget()
        self._tail = Tail()
        self._app: LiveApp | None = None
        self._told = False
        self._after: tuple[Sight, tuple[Moment, ...], int] = (sight, (), 0)
        self._ready = threading.Event()
        self._judge: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._handlers: dict[signal.Signals, object] = {}
        self._before = settings()

    # -- the terminal ------------------------------------------------------------------------------

    def __enter__(self) -> "Screen":
        """Take the terminal."""
        self._take_signals()
        self._judge = ThreadPoolExecutor(1, thread_name_prefix="memwhy-verdict")
        self._thread = threading.Thread(target=self._show, name="memwhy-screen", daemon=True)
        try:
            self._thread.start()
            self._ready.wait(BEGIN_S)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in STOPPING:  # whoever is impatient now would be left with a terminal that is not theirs
            self._handlers.setdefault(number, signal.getsignal(number))
            signal.signal(number, signal.SIG_IGN)
        try:
            if self._judge is not None:
                self._judge.shutdown()  # it reads the casebook, which belongs to the watch again now
            self._leave()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]

    def _show(self) -> None:
        """The screen's own thread, from the first to the last sign that it writes."""
        no_color = os.environ.get("NO_COLOR")
        self._app = LiveApp(
            self.sight, end=interrupt, save=self._save, suspend=suspend, ready=self._ready.set, driver_class=Terminal
        )
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color  # textual takes it away, and the answer wants to know it, too
        try:
            asyncio.run(self._app.run_async(mouse=False))
        finally:
            self._ready.set()

    def _leave(self) -> None:
        app, thread = self._app, self._thread
        if app is None or thread is None:
            return
        self._call(app.exit)
        thread.join(END_S)
        if thread.is_alive():  # a line that takes nothing any more: the settings at least are ours to mend
            restore(self._before)
        if app.problem is not None:
            self.problem = f"{type(app.problem).__name__}: {app.problem}"

    def _call(self, act: Callable[[], object]) -> bool:
        """Have the screen's thread do something; False where it has not begun, or has ended."""
        loop = getattr(self._app, "_loop", None)
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(act)
        except RuntimeError:  # its loop is closed
            return False
        return True

    @property
    def gone(self) -> bool:
        """Whether the screen has ended before the watch."""
        return self._thread is not None and not self._thread.is_alive()

    # -- what happens from outside -------------------------------------------------------------------

    def _take_signals(self) -> None:
        for number, act in (
            (signal.SIGWINCH, self._resized),
            (signal.SIGHUP, _interrupt),
            (signal.SIGTSTP, self._suspend),
        ):
            if signal.getsignal(number) == signal.SIG_DFL:
                self._handlers[number] = signal.signal(number, act)
        self._handlers[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)

    def _driver(self) -> Terminal | None:
        driver = self._app._driver if self._app is not None else None
        return driver if isinstance(driver, Terminal) else None

    def _resized(self, number: int, frame: FrameType | None) -> None:
        driver = self._driver()
        if driver is not None:
            self._call(driver.resized)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Stop as any process does, with the terminal given back meanwhile."""
        driver = self._driver()
        if driver is None:
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._done(driver.stop_application_mode)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._done(driver.start_application_mode)
        if self._app is not None:
            self._call(self._app.refresh)

    def _done(self, act: Callable[[], object]) -> None:
        """Have the screen's thread do something, and wait for it."""
        over = threading.Event()

        def do() -> None:
            try:
                act()
            finally:
                over.set()

        self._call(do)
        over.wait(END_S)

    # -- what the watch tells ------------------------------------------------------------------------

    def tick(self, book: Casebook, snapshot: Snapshot, elapsed_s: float) -> None:
        """One more snapshot is in the casebook."""
        if self.gone:
            return
        values = book.newest()
        self._tail.add(snapshot.monotonic_ns, values)
        self.sight = replace(
            self.sight,
            elapsed_s=elapsed_s,
            total_bytes=values.get("process.rss_bytes", self.sight.total_bytes),
            file_bytes=self._file_bytes(),
            notes=tuple(book.notes[-MOST_NOTES:]),
            events=tuple(self._events()[-MOST_NOTES:]),
        )
        if self._budget.allows(elapsed_s):
            self.judge(book, elapsed_s)
        else:
            self._publish()

    def judge(self, book: Casebook, elapsed_s: float) -> Report:
        """A verdict on all that was seen, on the screen as well."""
        assert self._judge is not None
        waited = self._judge.submit(judged, book)
        try:
            report, timeline, cost_s = waited.result()
        except KeyboardInterrupt:
            self._judge.shutdown()  # the casebook is the watch's again, and not before
            raise
        self._budget.charge(cost_s, elapsed_s)
        self._tail.begin(timeline, book.timeline.origin.get("monotonic", 0))
        self.sight = replace(self.sight, report=report, judged_s=elapsed_s, timeline=timeline)
        self._publish()
        return report

    def _publish(self) -> None:
        self._after = (self.sight, tuple(self._tail.moments), self._tail.origin_ns)
        if not self._told:  # a line that takes nothing for a while gets the newest only
            self._told = True  # before it is told: it may be quicker than the next line
            if not self._call(self._take):
                self._told = False

    def _take(self) -> None:
        """In the screen's thread: hand it what is newest."""
        self._told = False
        sight, moments, origin_ns = self._after
        if sight.timeline is not None and moments:
            sight = replace(sight, timeline=extended(sight.timeline, moments, origin_ns))
        if self._app is not None:
            self._app.take(sight)


def judged(book: Casebook) -> tuple[Report, Timeline | None, float]:
    """The report, its timeline, and what they cost this thread."""
    began_s = time.thread_time()
    report, pictures = picture(book, most_points=MOST_POINTS)
    return report, pictures.timeline, time.thread_time() - began_s


def interrupt() -> None:
    """Ctrl-C, from any thread: the main thread is woken wherever it waits."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def suspend() -> None:
    """Ctrl-Z, from any thread."""
    os.kill(os.getpid(), signal.SIGTSTP)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
