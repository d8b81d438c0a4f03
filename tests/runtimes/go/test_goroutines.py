"""Goroutines read from outside against what the program says of itself: /debug/pprof/goroutine?debug=2 over loopback."""

import shutil
import subprocess
import time
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from shapes_program import BUILDS, TOOLCHAINS, Told, attach, attached, built, open_live, running, told_by, tracebacks

from memwhy.memory.core import Core
from memwhy.model.reading import Reading
from memwhy.runtimes.go.adapter import GoRuntime
from memwhy.runtimes.go.goroutines import RUNNING, read_goroutines
from memwhy.runtimes.go.groups import groups, profile_text
from memwhy.runtimes.interface import Unsupported
from memwhy.sources.go import goroutine_text

pytestmark = pytest.mark.specimen
GO = TOOLCHAINS[0] if TOOLCHAINS else ""


def read(runtime: GoRuntime) -> dict[int, Told]:
    return tracebacks(profile_text(read_goroutines(runtime), debug=2).decode())


def asleep(told: dict[int, Told]) -> dict[int, Told]:
    return {id: one for id, one in told.items() if one.state != "running"}


def still(before: dict[int, Told], truth: dict[int, Told], after: dict[int, Told]) -> dict[int, tuple[Told, Told]]:
    """(ours, the program's) of the goroutines that did not move between two looks of ours; the request moves its own."""
    seen = {id: one for id, one in asleep(before).items() if after.get(id) == one and not one.of_a_request()}
    return {id: (seen[id].until(truth[id]), truth[id]) for id in seen.keys() & truth.keys()}


def different(pairs: dict[int, tuple[Told, Told]]) -> list[tuple[Told, Told]]:
    return [(ours, theirs) for ours, theirs in pairs.values() if ours != theirs]


@pytest.mark.parametrize("way", BUILDS)
@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_every_goroutine_reads_as_the_program_itself_tells_it(go: str, way: str) -> None:
    with attached(built(go, way), "300") as (address, runtime):
        before = read(runtime)
        truth = told_by(address)
        after = read(runtime)
    pairs = still(before, truth, after)
    assert different(pairs) == []
    born_of_the_request = {id for id, one in truth.items() if one.of_a_request()}
    assert truth.keys() - pairs.keys() - born_of_the_request == set()
    assert len(pairs) >= 340


@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_a_program_that_never_rests_is_read_as_well(go: str) -> None:
    with attached(built(go, "static"), "300", "unquiet") as (address, runtime):
        before = read(runtime)
        truth = told_by(address)
        pairs = still(before, truth, read(runtime))
    restless = {id for id, (ours, _) in pairs.items() if any("main.runs" in frame[0] for frame in ours.frames)}
    assert different({id: pair for id, pair in pairs.items() if id not in restless}) == []
    assert len(pairs) >= 340


@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_the_count_is_what_num_goroutine_says(go: str) -> None:
    with running(built(go, "static"), "50") as (_, pid, number), open_live(pid) as space:
        seen = read_goroutines(attach(space))
        grouped = groups(seen)
    assert seen.count == number
    assert seen.calling_back == 1
    assert len(seen.system) >= 4
    assert len(grouped) > 30
    assert sum(group.count for group in grouped) == number + seen.calling_back


def test_many_goroutines_of_one_kind_are_one_group() -> None:
    with attached(built(GO, "static"), "10000") as (_, runtime):
        first = groups(read_goroutines(runtime))[0]
    assert (first.count, first.state) == (10_000, "chan receive")
    assert [frame.function for frame in first.stack] == ["main.one"]
    assert first.created_by.startswith("main.main at ")
    assert first.created_by.rpartition(":")[0].endswith("main.go")


def test_without_stacks_states_are_read_alone() -> None:
    with attached(built(GO, "static"), "100") as (_, runtime):
        seen = read_goroutines(runtime, stacks=False)
        whole = read_goroutines(runtime)
        grouped = groups(seen)
    assert seen.count == whole.count
    assert seen.without_stack == seen.count + seen.calling_back
    assert max(grouped, key=lambda group: group.count).stack == ()


@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_the_counting_text_says_what_the_programs_own_says(go: str) -> None:
    with attached(built(go, "static"), "100") as (address, runtime):
        ours = goroutine_text.parse(profile_text(read_goroutines(runtime), debug=1))
        with urllib.request.urlopen(f"http://{address}/debug/pprof/goroutine?debug=1", timeout=30) as answer:
            theirs = goroutine_text.parse(answer.read())
    assert ours.notes == theirs.notes == ()
    deepest = 25  # Go up to 1.22 keeps 32 frames of a stack, hidden ones included, later 128
    assert counted(ours, deepest) == counted(theirs, deepest)


def counted(reading: Reading, deepest: int) -> dict[tuple[str, ...], int]:
    """Goroutines by stack, without those that the request itself moves (one of them may just begin: it has no named frame)."""
    counts: Counter[tuple[str, ...]] = Counter()
    for sample in reading.profiles[0].stacks:
        if not any(name.startswith(("net/http.", "runtime/pprof.", "0x")) for name in sample.frames):
            counts[sample.frames[:deepest]] += sample.value
    return dict(counts)


def test_the_counting_text_is_read_by_our_own_reader_and_tells_who_is_inside_c() -> None:
    with attached(built(GO, "cgo"), "20") as (_, runtime):
        seen = read_goroutines(runtime)
        reading = goroutine_text.parse(profile_text(seen, debug=1))
    assert reading.notes == ()
    assert reading.metrics == {"go.goroutines_count": seen.count + seen.calling_back}
    assert sorted(reading.facts["go.in_cgo"].splitlines()) == ["1 main._Cfunc_rest", "1 main._Cfunc_rest_deeper"]
    stacks = {sample.frames: sample.value for sample in reading.profiles[0].stacks}
    assert stacks[("main.one",)] == 20


def test_running_goroutines_have_a_stack_only_where_their_thread_waits() -> None:
    with attached(built(GO, "static"), "5", "unquiet") as (_, runtime):
        looks = [read_goroutines(runtime) for _ in range(50)]
        running_ones = [look for look in looks if any(row.status == RUNNING for row in look.rows)]
        running_groups = [group for look in running_ones for group in groups(look) if group.state == "running"]
    assert running_groups
    for group in running_groups:
        assert group.stack == () or group.stack[-1].function.startswith(("main.", "runtime.goexit"))
    assert any(look.without_stack for look in running_ones)


def test_no_stack_of_restless_goroutines_is_made_up() -> None:
    with attached(built(GO, "static"), "5", "unquiet") as (_, runtime):
        seen = Counter(
            tuple(frame.function for frame in group.stack if not frame.function.startswith("runtime."))
            for _ in range(100)
            for group in groups(read_goroutines(runtime))
            if "main.runs" in group.created_by or any(frame.function == "main.runs" for frame in group.stack)
        )
    assert seen.total() >= 100
    assert set(seen) <= {(), ("main.runs",), ("main.runs.func1",)}


def test_goroutines_that_were_preempted_in_the_middle_of_their_code_have_their_stack() -> None:
    with attached(built(GO, "static"), "5", "spinning") as (_, runtime):
        seen = Counter(
            (group.state, *((frame.function, Path(frame.file).name) for frame in group.stack))
            for _ in range(100)
            for group in groups(read_goroutines(runtime))
            if any(frame.function == "main.spins" for frame in group.stack)
        )
    assert seen[("runnable", ("main.spins", "main.go"))] >= 10
    assert {key[1:] for key in seen} <= {
        (("main.spins", "main.go"),),
        (("main.spins", "main.go"), ("runtime.goexit", "asm_amd64.s")),
    }


def test_how_long_a_goroutine_waits_is_counted_from_the_collection_that_found_it_waiting() -> None:
    started_ns = time.monotonic_ns()
    with attached(built(GO, "static"), "50") as (_, runtime):
        seen = read_goroutines(runtime)
        later = replace(seen, now_ns=time.monotonic_ns() + 150 * 10**9)
        text = profile_text(later, debug=2).decode()
    waits = [seen.waiting_s(row) for row in seen.rows if seen.state(row) == "chan receive"]
    assert all(wait is not None and 0 <= wait <= (time.monotonic_ns() - started_ns) / 1e9 for wait in waits)
    assert len(waits) > 50
    assert " [chan receive, 2 minutes]:\nmain.one(...)\n" in text
    assert " [chan receive, 2 minutes, locked to thread]:\n" in text


@pytest.mark.skipif(shutil.which("gcore") is None, reason="needs gdb's gcore")
def test_a_core_tells_the_same_as_the_living_process(tmp_path: Path) -> None:
    with running(built(GO, "cgo"), "200") as (_, pid, _):
        with open_live(pid) as space:
            alive = groups(read_goroutines(attach(space)))
        done = subprocess.run(
            ["gcore", "-o", str(tmp_path / "core"), str(pid)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        pytest.skip("gcore may not look at the process here")
    with Core.open(str(tmp_path / f"core.{pid}")) as space:
        dead = groups(read_goroutines(attach(space)))
    assert all(group.waiting_s is None for group in dead)  # a core does not tell what time it was
    assert dead == tuple(replace(group, waiting_s=None) for group in alive)


def test_a_list_that_was_not_found_is_said() -> None:
    with attached(built(GO, "static"), "1") as (_, runtime):
        runtime.globals = replace(runtime.globals, allgs=None)
        with pytest.raises(Unsupported, match=r"runtime\.allgs"):
            read_goroutines(runtime)
        runtime.globals = replace(runtime.globals, allgs=8)
        with pytest.raises(Unsupported, match="makes no sense"):
            read_goroutines(runtime)
