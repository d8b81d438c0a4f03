"""The textual app: a title, a body that shows one page, the keys. It draws what it is handed; what changed is sent, nothing else."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from memwhy.live import pages
from memwhy.live.lines import Line, Span, fitted, is_narrow
from memwhy.live.overview import overview, title
from memwhy.live.sight import Sight
from memwhy.model.errors import MemwhyError
from memwhy.render.plain import clean

REDRAW_S = 2.0
"""Between two drawings of the body; the title is drawn with each tick."""
DRAW_SHARE = 0.003
"""Of a core that the screen's thread may cost: a large terminal is drawn less often."""
NEAR = 8
"""Columns between two changes that cost less than to move the cursor over them."""
SAID_S = 6.0
"""How long a message stands in the place of the keys."""

Save = Callable[[], str]
"""Copies the recording so far and returns the file's name. Raises MemwhyError."""


class Pane(ScrollView, can_focus=False):
    """Lines of styled text; what differs from the last ones is drawn anew."""

    DEFAULT_CSS = "Pane { background: ansi_default; color: ansi_default; scrollbar-size: 0 0; overflow: hidden auto; }"

    def __init__(self, id: str, resized: Callable[[], None]) -> None:
        super().__init__(id=id)
        self._rows: list[Line] = []
        self._resized = resized

    def on_resize(self, event: events.Resize) -> None:
        self._resized()

    def show(self, rows: Sequence[Line]) -> None:
        """Show these from now on."""
        before, self._rows = self._rows, list(rows)
        size = Size(self.size.width, len(self._rows))
        if size != self.virtual_size:
            self.virtual_size = size
        top, high = round(self.scroll_offset.y), self.size.height
        for y in range(top, top + high):
            old = before[y] if y < len(before) else ()
            new = self._rows[y] if y < len(self._rows) else ()
            for begin, end in changed(old, new):
                self.refresh(Region(begin, y, end - begin, 1))

    def render_line(self, y: int) -> Strip:
        """One row as textual wants it."""
        row = y + round(self.scroll_offset.y)
        strip = strip_of(self._rows[row]) if row < len(self._rows) else Strip([])
        return strip.adjust_cell_length(self.size.width)


def strip_of(spans: Line) -> Strip:
    """A line in textual's words."""
    return Strip([Segment(span.text, Style.parse(span.style) if span.style else Style.null()) for span in spans])


def changed(old: Line, new: Line) -> list[tuple[int, int]]:
    """Where the lines differ: the first column of each stretch and the one behind its last."""
    if old == new:
        return []
    before, after = _cells(old), _cells(new)
    longest = max(len(before), len(after))
    if not (is_narrow(old) and is_narrow(new)):
        return [(0, 2 * longest)]
    before += [(" ", "")] * (longest - len(before))
    after += [(" ", "")] * (longest - len(after))
    runs: list[tuple[int, int]] = []
    for index in range(longest):
        if before[index] == after[index]:
            continue
        if runs and index - runs[-1][1] < NEAR:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _cells(spans: Line) -> list[tuple[str, str]]:
    return [(char, span.style) for span in spans for char in span.text]


class LiveApp(App[None]):
    """The screen of one watch. end: asks for the end of the watch. save: of Save."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: ansi_default; layout: vertical; overflow: hidden; }
    #title, #keys { height: 1; overflow: hidden; }
    #body { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"page('{name}')", name)
            for key, name in (
                ("l", "layers"), ("h", "holders"), ("c", "causes"), ("e", "evidence"), ("question_mark", "help"),
                ("o,escape", "overview"),
            )
        ),
        Binding("p", "pause", "pause"),
        Binding("s", "save", "save"),
        Binding("g", "gain", "gain"),
        Binding("q,ctrl+c,ctrl+d", "end_watch", "end", priority=True),
        Binding("ctrl+z", "suspend_watch", "suspend", priority=True),
        *(
            Binding(key, f"scroll('{way}')", way)
            for key, way in (
                ("up,k", "up"), ("down,j", "down"), ("pageup,b", "page_up"), ("pagedown,space", "page_down"),
                ("home", "home"), ("end", "end"),
            )
        ),
    ]  # fmt: skip

    def __init__(
        self,
        sight: Sight,
        *,
        end: Callable[[], None],
        save: Save,
        suspend: Callable[[], None] | None = None,
        ready: Callable[[], None] | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class, ansi_color=True)
        self._end_watch, self._save, self._suspend, self._tell_ready = end, save, suspend, ready
        self.sight = self._shown = sight
        self.page = "overview"
        self.paused = self.ending = False
        self.gain: bool | None = None
        self.problem: Exception | None = None
        self._drawn_s, self._spent_s = -REDRAW_S, 0.0
        self._message, self._message_until_s = "", 0.0

    def compose(self) -> ComposeResult:
        for name in ("title", "body", "keys"):
            yield Pane(name, partial(self.draw, at_once=True))

    def on_ready(self) -> None:
        if self._tell_ready is not None:
            self._tell_ready()
        self.draw(at_once=True)

    # -- what comes from the watch ---------------------------------------------------------------

    def take(self, sight: Sight) -> None:
        """The watch goes on: show it, unless the screen is held still."""
        judged = sight.report is not self.sight.report
        self.sight = sight
        self.draw(at_once=judged)

    def draw(self, *, at_once: bool = False) -> None:
        """Draw the title and, when it is time, the page."""
        if not self.is_running or not self.query("#body"):
            return
        if not self.paused:
            self._shown = self.sight
        spent_s, now_s = time.thread_time(), time.monotonic()
        if self._message and now_s > self._message_until_s:
            self._message = ""
        columns = self.size.width
        self._pane("title").show([fitted(title(self._shown, columns, paused=self.paused), columns)])
        self._pane("keys").show([keys(columns, self._message)])
        if at_once or now_s - self._drawn_s >= max(REDRAW_S, (spent_s - self._spent_s) / DRAW_SHARE):
            self._drawn_s, self._spent_s = now_s, spent_s  # what textual does with it afterwards counts, too
            self._pane("body").show(self._body())

    def _body(self) -> list[Line]:
        body = self._pane("body")
        columns, rows = body.size.width, body.size.height
        sight = self._shown
        if self.page == "help":
            return [fitted(one, columns) for one in pages.help_page(columns)]
        if self.page == "overview" or sight.report is None:
            return overview(sight, columns, rows, gain=self.gain)
        return [fitted(one, columns) for one in pages.PAGES[self.page](sight, sight.report, columns)]

    def _pane(self, name: str) -> Pane:
        return self.query_one(f"#{name}", Pane)

    # -- keys --------------------------------------------------------------------------------------

    def action_page(self, name: str) -> None:
        """Show a page from its top; the key of the page that is shown leads back."""
        self.page = "overview" if name == self.page else name
        self._pane("body").scroll_to(y=0, animate=False)
        self.draw(at_once=True)

    def action_scroll(self, way: str) -> None:
        """Move the page."""
        body = self._pane("body")
        getattr(body, f"scroll_{way}")(animate=False)

    def action_pause(self) -> None:
        """Hold the screen still, or let it go on."""
        self.paused = not self.paused
        self.draw(at_once=True)

    def action_gain(self) -> None:
        """What layers hold, what they gained, or whichever shows more."""
        self.gain = {None: True, True: False, False: None}[self.gain]
        self.draw(at_once=True)

    def action_save(self) -> None:
        """Copy the recording so far."""
        self.say("saving …")
        self.run_worker(self._saved, thread=True, exclusive=True, exit_on_error=False)

    def _saved(self) -> None:
        try:
            said = f"saved: {self._save()}"
        except MemwhyError as error:
            said = f"not saved: {error.message}"
        self.call_from_thread(self.say, said)

    def action_end_watch(self) -> None:
        """End the watch, once; what is left is the watch's to do."""
        if not self.ending:
            self.ending = True
            self.say("ending: the last look …")
            self._end_watch()

    def action_suspend_watch(self) -> None:
        """Into the background, as Ctrl-Z does without the screen."""
        if self._suspend is not None:
            self._suspend()

    def say(self, text: str) -> None:
        """A message in the place of the keys, for a while."""
        self._message, self._message_until_s = clean(text), time.monotonic() + SAID_S
        self.draw()

    def _handle_exception(self, error: Exception) -> None:
        """A fault of the screen ends the screen, not the watch; the watch says it."""
        self.problem = error
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """The watch says it in one line."""


def keys(columns: int, message: str = "") -> Line:
    """The last line: a message, or the keys, as many as there is room for."""
    if message:
        return fitted((Span(message, "bold yellow"),), columns)
    spans: list[Span] = []
    room = columns
    for key, name, _ in pages.KEYS:
        if len(key) + len(name) + 3 > room:
            break
        spans += [Span(key, "bold"), Span(f" {name}  ", "dim")]
        room -= len(key) + len(name) + 3
    return tuple(spans)
