"""The live screen on a real terminal, over a real process: its keys, every way out, and that nothing of it is seen elsewhere."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from memwhy_command import IDLE, WITHIN_S, command, environment, process_of, run_memwhy, started_memwhy, wait_for_ticks
from terminal_of import ENTERS, LEAVES, Terminal, on_terminal

from memwhy.recording import open_recording

WATCH = ("--for", "60s", "--tick", "100ms", "--no-until-sure", "--no-inside")
JUDGED = b"as of"


def test_ctrl_c_leaves_the_terminal_as_it_was_and_the_diagnosis_on_it():
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH) as terminal:
        before = terminal.settings
        terminal.until(JUDGED)
        assert terminal.settings != before
        terminal.press(b"\x03")
        assert terminal.to_the_end() == 0
        assert terminal.settings == before
    assert re.search(r"pid \d+ · .*seen", terminal.answer)
    assert "Cost" in terminal.answer
    assert "\x1b[?25h" in terminal.written.decode()
    assert "\x1b[?" not in terminal.answer


def test_the_screen_goes_on_with_the_watch(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), "-o", kept, *WATCH) as terminal:
        terminal.until(JUDGED)
        for tick in (5, 10, 15, 20):
            wait_for_ticks(kept, tick)
            terminal.until(b"\x1b[1;")  # the title is drawn again, with the new time in it
        terminal.press(b"q")
        assert terminal.to_the_end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_as_ctrl_c_does(number: signal.Signals, tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), "-o", kept, *WATCH) as terminal:
        before = terminal.settings
        terminal.until(JUDGED)
        terminal.process.send_signal(number)
        assert terminal.to_the_end() == 0
        assert terminal.settings == before
    assert "Cost" in terminal.answer
    with open_recording(kept) as recording:
        assert recording.ended == "interrupted"


def test_a_terminal_that_goes_away_ends_it_and_the_recording_is_closed(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), "-o", kept, *WATCH) as terminal:
        terminal.until(JUDGED)
        wait_for_ticks(kept, 3)
        terminal.hang_up()
        terminal.process.wait(WITHIN_S)
    with open_recording(kept) as recording:
        assert recording.ended == "interrupted"


def test_a_target_that_ends_ends_it_and_is_said():
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH) as terminal:
        terminal.until(JUDGED)
        target.kill()
        target.wait()
        assert terminal.to_the_end() == 0
    assert "The process ended; what was seen until then is judged." in " ".join(terminal.answer.split())


def test_what_is_printed_at_the_end_is_what_the_plain_path_prints(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), "-o", kept, *WATCH) as terminal:
        terminal.until(JUDGED)
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    printed = re.sub(r"\x1b\[\d*m", "", terminal.answer)
    again = run_memwhy("explain", kept).out
    without_cost = re.compile(r"\n(?:Cost|Read|Not read) .*(?:\n .*)*")
    assert without_cost.sub("", again).strip() in without_cost.sub("", printed)


def test_each_key_leads_to_its_page_and_back():
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH) as terminal:
        terminal.until(JUDGED)
        for key, shown in (
            (b"l", b"layers"),
            (b"c", b"refuted"),
            (b"e", b"times"),
            (b"?", b"Arrows"),
            (b"\x1b", JUDGED),
        ):
            terminal.press(key)
            terminal.until(shown)
        terminal.press(b"p")
        terminal.until(b"paused")
        terminal.press(b"q")
        assert terminal.to_the_end() == 0


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10), (12, 3), (1, 1)], ids=str)
def test_it_begins_on_a_terminal_of_any_size(size: tuple[int, int]):
    with (
        process_of(IDLE) as target,
        on_terminal("watch", str(target.pid), *WATCH, columns=size[0], rows=size[1]) as terminal,
    ):
        terminal.until(ENTERS)
        terminal.resize(100, 30)
        terminal.until(JUDGED)
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    assert "broke down" not in terminal.answer


def test_it_follows_the_terminal_through_all_sizes():
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH) as terminal:
        terminal.until(JUDGED)
        for columns, rows in ((200, 60), (3, 2), (1, 1), (139, 7), (140, 50), (80, 24)):
            terminal.resize(columns, rows)
        terminal.press(b"?")
        terminal.until(b"Arrows")
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    assert "broke down" not in terminal.answer


def test_ctrl_z_gives_the_terminal_back_until_it_is_continued():
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH) as terminal:
        before = terminal.settings
        terminal.until(JUDGED)
        terminal.press(b"\x1a")
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert terminal.settings == before
        terminal.until(LEAVES)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.until(ENTERS)
        terminal.press(b"?")
        terminal.until(b"Arrows")
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
        assert terminal.settings == before


def test_the_recording_so_far_is_saved_and_the_watch_goes_on(tmp_path: Path):
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH, cwd=tmp_path) as terminal:
        terminal.until(JUDGED)
        terminal.press(b"s")
        terminal.until(b"saved: ")
        (saved,) = tmp_path.glob("*.memwhy")
        with open_recording(saved) as recording:
            ticks = sum(1 for _ in recording.snapshots())
            assert (recording.ended, recording.problems) == ("saved while the watch went on", ())
        assert ticks >= 1
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    assert list(tmp_path.iterdir()) == [saved]
    assert run_memwhy("explain", saved).code == 0


def test_a_screen_that_breaks_down_ends_alone_and_is_said(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    code = (
        "import sys\nfrom memwhy.live import app, pages\ndel pages.PAGES['causes']\n"
        "from memwhy.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    with process_of(IDLE) as target, on_terminal("watch", str(target.pid), "-o", kept, *WATCH, code=code) as terminal:
        before = terminal.settings
        terminal.until(JUDGED)
        terminal.press(b"c")
        terminal.until(LEAVES)
        with open_recording(kept) as recording:
            seen = sum(1 for _ in recording.snapshots())
        wait_for_ticks(kept, seen + 3)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.to_the_end() == 0
        assert terminal.settings == before
    assert "the live screen broke down (KeyError: 'causes')" in terminal.answer
    assert "Traceback" not in terminal.answer
    assert "Cost" in terminal.answer


@pytest.mark.parametrize(
    ("options", "env"),
    [
        (("--plain",), {}), ((), {"MEMWHY_PLAIN": "1"}), ((), {"TERM": "dumb"}), (("--quiet",), {}),
        (("--format", "json"), {}), (("--format", "markdown"), {}),
    ],
    ids=str,
)  # fmt: skip
def test_where_it_is_not_wanted_there_are_lines(options: tuple[str, ...], env: dict[str, str]):
    with process_of(IDLE) as target:
        line = ("watch", str(target.pid), "--for", "500ms", "--tick", "100ms", "--no-inside", *options)
        with on_terminal(*line, env=env) as terminal:
            assert terminal.to_the_end() == 0
    assert ENTERS not in terminal.written
    assert b"as of" not in terminal.written


def test_into_a_pipe_no_escape_goes_and_textual_is_not_loaded():
    code = (
        "import sys\nfrom memwhy.cli import main\ncode = main(sys.argv[1:])\n"
        "print(sorted(name for name in sys.modules if name in ('textual', 'rich', 'asyncio')), file=sys.stderr)\nsys.exit(code)"
    )
    with process_of(IDLE) as target:
        line = ["watch", str(target.pid), "--for", "500ms", "--tick", "100ms", "--no-inside"]
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *line],
            stdin=subprocess.DEVNULL, capture_output=True, env=environment(), timeout=WITHIN_S, check=True,
        )  # fmt: skip
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr.endswith(b"[]\n")


def colours(terminal: Terminal) -> set[str]:
    shown = terminal.written.split(LEAVES)[0].decode()
    codes = {code for codes in re.findall(r"\x1b\[([\d;]*)m", shown) for code in codes.split(";")}
    return {code for code in codes if code.isdigit() and 30 <= int(code) <= 107} - {"39", "49"}


def test_without_colours_there_are_none_and_otherwise_they_are_the_terminals_own():
    found = []
    for env in ({"NO_COLOR": "1"}, {}):
        with process_of(IDLE) as target, on_terminal("watch", str(target.pid), *WATCH, env=env) as terminal:
            terminal.until("▒".encode())
            terminal.press(b"q")
            assert terminal.to_the_end() == 0
        found.append((colours(terminal), "\x1b[38;" in terminal.written.decode()))
        assert ("\x1b[3" in terminal.answer) == (not env)
    assert found[0] == (set(), False)
    assert found[1][0]
    assert not found[1][1]


def tmux(*arguments: str, socket: Path) -> str:
    done = subprocess.run(
        ["tmux", "-S", str(socket), "-f", "/dev/null", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def waited(show: Callable[[], str], wanted: str) -> str:
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        text = show()
        if wanted in text:
            return text
        time.sleep(0.05)  # only so that this loop does not spin
    raise AssertionError(f"{wanted!r} is not to be seen:\n{text}")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=str)
def test_in_tmux_every_line_is_in_its_place(size: tuple[int, int], tmp_path: Path):
    socket = tmp_path / "tmux"
    with process_of(IDLE) as target:
        line = [*command(["watch", str(target.pid), *WATCH])]
        env = [
            word for name, value in environment().items() if name == "PYTHONPATH" for word in ("-e", f"{name}={value}")
        ]
        shell = " ".join(f"'{word}'" for word in line) + "; cat"
        tmux("new-session", "-d", *env, "-x", str(size[0]), "-y", str(size[1]), shell, socket=socket)
        try:
            waited(lambda: tmux("capture-pane", "-p", socket=socket), "└0")
            shown = tmux("capture-pane", "-p", socket=socket).splitlines()
            assert len(shown) == size[1]
            assert re.match(r"\S+ · pid \d+ · \d+\.\d MiB +\d+ (?:m?s) of 60 s$", shown[0])
            assert shown[-1].startswith("q end  ? help  l layers  h holders  c causes  e evidence  p pause  s save")
            assert sum("RSS, by layer" in row for row in shown) == 1
            tmux("send-keys", "q", socket=socket)
            left = waited(lambda: tmux("capture-pane", "-p", "-S", "-", socket=socket), "Cost")
            assert "└0" not in left
        finally:
            tmux("kill-server", socket=socket)


def test_a_terminal_that_takes_nothing_holds_up_the_screen_and_not_the_watch(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with (
        process_of(IDLE) as target,
        on_terminal("watch", str(target.pid), "-o", kept, *WATCH, columns=300, rows=100) as terminal,
    ):
        wait_for_ticks(kept, 30)  # a terminal holds some KiB that nobody has read; the first drawing alone is more
        terminal.until(JUDGED)
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    assert "Cost" in terminal.answer


def test_help_does_not_load_textual():
    done = run_memwhy("watch", "--help")
    assert "--plain" in done.out
    code = "import sys\nfrom memwhy.cli import main\nmain(['--help'])\nassert 'textual' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=True, timeout=WITHIN_S)


def test_a_recording_that_was_asked_for_is_the_same_with_a_screen(tmp_path: Path):
    with process_of(IDLE) as target:
        kept = tmp_path / "screen.memwhy"
        with on_terminal("watch", str(target.pid), "--for", "2s", "-o", kept, *WATCH[2:]) as terminal:
            assert terminal.to_the_end() == 0
        plain = tmp_path / "plain.memwhy"
        with started_memwhy("watch", str(target.pid), "--for", "2s", "-o", plain, *WATCH[2:]) as watch:
            watch.communicate(timeout=WITHIN_S)
    sources = []
    for path in (kept, plain):
        with open_recording(path) as recording:
            sources.append({span.source for span in recording.sources()})
    assert sources[0] == sources[1]


def test_run_shows_it_where_the_output_goes_into_a_log(tmp_path: Path):
    log = tmp_path / "output"
    log.write_text("before\n")
    code = "import sys\nprint('said', sys.stdin.read(), flush=True)\nprint('wrong', file=sys.stderr)\nimport time; time.sleep(600)"
    line = ("--tick", "100ms", "--no-inside", "--log", log, "--", sys.executable, "-S", "-c", code)
    with on_terminal("run", *line) as terminal:
        terminal.until(JUDGED)
        terminal.press(b"q")
        assert terminal.to_the_end() == 0
    assert log.read_text() == "before\nsaid \nwrong\n"
    assert "Cost" in terminal.answer


def test_run_leaves_the_terminal_to_a_command_without_a_log():
    with on_terminal(
        "run", "--tick", "100ms", "--no-inside", "--for", "1s", "--", "sh", "-c", "echo mine; sleep 600"
    ) as terminal:
        assert terminal.to_the_end() == 0
    assert ENTERS not in terminal.written
    assert b"mine" in terminal.written
