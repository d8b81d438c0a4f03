"""A first answer on who holds a large heap, before the whole one: the same bytes, by the nearest root; to who looks on, once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from inside_go import inside, looked
from memwhy_command import environment
from terminal_of import on_terminal

from memwhy.model.holders import SoFar
from memwhy.runtimes.go import heap_early

pytest.importorskip("memwhy._core._retain")
AT_ONCE = (
    "from memwhy.runtimes.go import heap_early; heap_early.WAITED_S = 0.0; from memwhy.cli import main; main({!r})"
)


@pytest.fixture(scope="module")
def pid() -> Iterator[int]:
    with inside("goplanted", "-scale", "4") as program:
        yield program.pid


def test_who_waits_is_told_once_what_a_fast_look_would_have_said(pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[SoFar] = []
    monkeypatch.setattr(heap_early, "WAITED_S", 0.0)
    whole = looked(pid, so_far=told.append)
    fast = looked(pid, fast=True)
    assert len(told) == 1
    assert (told[0].bytes, told[0].objects) == (whole.bytes, whole.objects) == (fast.bytes, fast.objects)
    assert told[0].types == fast.types
    assert {(one.name, one.bytes) for one in fast.holdings if one.kind != "rest"} <= {
        (one.name, one.bytes) for one in told[0].holdings
    }


def test_the_whole_answer_is_the_same_when_a_first_one_was_given(pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = looked(pid)
    monkeypatch.setattr(heap_early, "WAITED_S", 0.0)
    after = looked(pid, so_far=lambda _: None)
    assert (after.holdings, after.types, after.bytes) == (alone.holdings, alone.types, alone.bytes)


def test_a_small_heap_and_one_that_is_asked_about_fast_have_no_first_answer(
    pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[SoFar] = []
    looked(pid, so_far=told.append)
    monkeypatch.setattr(heap_early, "WAITED_S", 0.0)
    looked(pid, fast=True, so_far=told.append)
    assert told == []


def arguments(pid: int, *more: str) -> list[str]:
    return ["inspect", str(pid), "--for", "50ms", "--no-lost", "--holders", "--top", "3", *more]


def test_a_terminal_shows_it_above_the_whole_answer_in_the_first_of_two_looks(pid: int) -> None:
    with on_terminal(code=AT_ONCE.format(arguments(pid)), columns=200, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.to_the_end() == 0
        seen = terminal.written.replace(b"\r\n", b"\n").decode()
    first, _, rest = seen.partition("so far: ")
    assert "Who holds Go's heap" not in first
    size, by_root, by_type, *after = rest.splitlines()
    assert size.endswith(" objects; what each root alone keeps is being found out")
    assert by_root.startswith("by nearest root: main.cache ")
    assert by_type.startswith("by type: ")
    assert " main.Entry " in by_type
    assert "so far" not in "".join(after)
    assert "Who holds Go's heap, line by line" in "".join(after)
    assert "\x1b[3" not in seen


@pytest.mark.parametrize("quiet", [True, False])
def test_nobody_is_told_where_nobody_looks_on(pid: int, *, quiet: bool) -> None:
    code = AT_ONCE.format(arguments(pid, "-q") if quiet else arguments(pid))
    if quiet:
        with on_terminal(code=code) as terminal:
            assert terminal.to_the_end() == 0
            seen = terminal.written.decode()
    else:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], env=environment(), capture_output=True, check=True, timeout=90
        )
        seen = (done.stdout + done.stderr).decode()
    assert "so far" not in seen
    assert "Who holds Go's heap, line by line" in seen
