"""The app by itself, with textual's own pilot: what keys do, what pausing holds, what is drawn again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from seen import replayed
from textual.pilot import Pilot

from memwhy.live.app import LiveApp, Pane, changed, keys
from memwhy.live.lines import Line, Span, columns_of
from memwhy.live.screen import Budget
from memwhy.model.errors import RecordingError

whole = cache(replayed)
Script = Callable[[LiveApp, Pilot[None]], Awaitable[None]]


def played(
    script: Script, *, size: tuple[int, int] = (80, 24), save: Callable[[], str] = lambda: "x.memwhy"
) -> list[str]:
    ends: list[str] = []
    app = LiveApp(whole("leaking"), end=lambda: ends.append("end"), save=save)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(run())
    return ends


def shown(app: LiveApp, pane: str = "body") -> list[str]:
    body = app.query_one(f"#{pane}", Pane)
    return [body.render_line(y).text.rstrip() for y in range(body.size.height)]


def test_keys_lead_to_pages_and_the_same_key_back():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        for key, name in (
            ("l", "layers"),
            ("h", "holders"),
            ("c", "causes"),
            ("e", "evidence"),
            ("question_mark", "help"),
        ):
            await pilot.press(key)
            assert (app.page, shown(app) == first) == (name, False)
        await pilot.press("question_mark")
        assert (app.page, shown(app)) == ("overview", first)

    played(script)


def test_a_long_page_scrolls_and_the_next_one_begins_at_its_top():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        await pilot.press("c")
        top = shown(app)
        await pilot.press("pagedown")
        await pilot.pause()
        below = shown(app)
        assert below != top
        await pilot.press("end", "home")
        await pilot.pause()
        assert shown(app) == top
        await pilot.press("end", "e")
        await pilot.pause()
        assert shown(app)[0].split() == ["read", "times"]

    played(script)


def test_a_paused_screen_holds_what_it_shows_and_then_catches_up():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        app.take(replace(app.sight, elapsed_s=7200.0))
        assert "2 h 00 min" not in shown(app, "title")[0]
        assert "paused" in shown(app, "title")[0]
        await pilot.press("p")
        assert "2 h 00 min" in shown(app, "title")[0]

    played(script)


def test_the_end_is_asked_for_once():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        await pilot.press("q", "ctrl+c", "q")
        assert shown(app, "keys") == ["ending: the last look …"]

    assert played(script) == ["end"]


def test_what_came_of_saving_is_said():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        said.append(shown(app, "keys")[0])

    def refuse() -> str:
        raise RecordingError("the disk is full")

    said: list[str] = []
    played(script)
    played(script, save=refuse)
    assert said == ["saved: x.memwhy", "not saved: the disk is full"]


def test_gain_goes_round():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("g")
        assert any("gained since the beginning" in row for row in shown(app))
        await pilot.press("g", "g")
        assert shown(app) == first

    played(script)


def test_a_new_size_is_filled():
    async def script(app: LiveApp, pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert any("Why" in row for row in shown(app))
        assert len(shown(app)) == 58
        for size in ((1, 1), (2, 40), (200, 3)):
            await pilot.resize_terminal(*size)
            await pilot.pause()

    played(script)


CELLS = st.text(alphabet="ab █界\u0301", max_size=30)
LINES = st.lists(st.builds(Span, CELLS, st.sampled_from(("", "red"))), max_size=5).map(tuple)


@given(old=LINES, new=LINES)
def test_whatever_differs_lies_in_a_stretch_that_is_drawn_again(old: Line, new: Line):
    runs = changed(old, new)
    before, after = ([(char, span.style) for span in row for char in span.text] for row in (old, new))
    if any(char in "界\u0301" for char, _ in before + after):
        assert old == new or runs[0][1] >= max(columns_of(old), columns_of(new))
        return
    longest = max(len(before), len(after))
    before += [(" ", "")] * (longest - len(before))
    after += [(" ", "")] * (longest - len(after))
    drawn = {index for begin, end in runs for index in range(begin, end)}
    assert {index for index in range(longest) if before[index] != after[index]} <= drawn


@given(columns=st.integers(0, 100))
def test_as_many_keys_are_named_as_there_is_room_for(columns: int):
    assert columns_of(keys(columns)) <= columns
    assert columns_of(keys(columns, "a message")) <= columns


def test_verdicts_come_early_and_cost_little():
    budget, at = Budget(), []
    for second in range(0, 3600):
        if budget.allows(float(second)):
            at.append(second)
            budget.charge(0.01 + 0.002 * second, float(second))
    assert at[:2] == [0, 2]
    assert budget.spent_s <= 0.1 + 0.003 * 3600
