"""Which Go functions call C, against programs that call it all the time."""

import urllib.request
from dataclasses import replace

import pytest
from shapes_program import BUILDS, TOOLCHAINS, attached, built

from memwhy.runtimes.go.cgo_calls import Clock, sample_cgo_calls
from memwhy.runtimes.go.goroutines import read_goroutines
from memwhy.runtimes.go.threads import cgo_calls_ever, machines
from memwhy.runtimes.interface import Unsupported

pytestmark = pytest.mark.specimen
GO = TOOLCHAINS[0] if TOOLCHAINS else ""
CGO = [way for way, (_, cgo) in BUILDS.items() if cgo]


@pytest.mark.parametrize("way", CGO)
@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_the_callers_of_c_are_named_by_the_share_of_time_they_spend_there(go: str, way: str) -> None:
    with attached(built(go, way), "10", "calling") as (_, runtime):
        sample = sample_cgo_calls(runtime, for_s=1.0, hz=200, most_cpu=0.5)
    seen = {tuple(frame.function for frame in call.stack): call for call in sample.calls}
    assert set(seen) <= {
        ("main._Cfunc_rest", "main.foreign.func1"),
        ("main._Cfunc_rest_deeper", "main.foreign.func2"),
        ("main._Cfunc_busy", "main.callsLong"),
        ("main._Cfunc_busy", "main.callsShort"),
    }
    resting = seen["main._Cfunc_rest", "main.foreign.func1"]
    assert (resting.seen, resting.looks, resting.goroutines) == (sample.looks, sample.looks, 1)
    assert seen["main._Cfunc_busy", "main.callsLong"].seen > sample.looks // 4
    assert [call.seen for call in sample.calls] == sorted((call.seen for call in sample.calls), reverse=True)
    assert all(call.looks == sample.looks for call in sample.calls)
    assert sample.busy_looks == sample.looks


def test_a_program_without_cgo_is_never_inside_c() -> None:
    with attached(built(GO, "static"), "10", "unquiet") as (_, runtime):
        sample = sample_cgo_calls(runtime, for_s=0.2, hz=100, most_cpu=1)
        assert cgo_calls_ever(runtime, machines(runtime)) is None
    assert (sample.calls, sample.busy_looks) == ((), 0)
    assert sample.looks >= 2


def test_sampling_slows_down_where_it_would_cost_too_much() -> None:
    now, spent, waits = [100.0], [0.0], []

    def cpu_s() -> float:
        spent[0] += 0.001  # every look is as if it had cost a millisecond of a processor
        return spent[0]

    def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        now[0] += wait_s

    with attached(built(GO, "static"), "1") as (_, runtime):
        clock = Clock(now_s=lambda: now[0], own_cpu_s=cpu_s, sleep=sleep)
        sample = sample_cgo_calls(runtime, for_s=2.0, hz=1000, clock=clock, most_cpu=0.02)
    assert sample.looks == pytest.approx(2.0 * 0.02 / 0.001, abs=2)
    assert sample.wall_s <= 2.0


def test_one_look_is_taken_however_short_the_time() -> None:
    with attached(built(GO, "cgo"), "1") as (_, runtime):
        sample = sample_cgo_calls(runtime, for_s=0)
    assert sample.looks == 1
    assert {call.stack[0].function for call in sample.calls} == {"main._Cfunc_rest", "main._Cfunc_rest_deeper"}


@pytest.mark.parametrize("go", TOOLCHAINS or [""])
def test_the_calls_ever_made_are_what_num_cgo_call_says(go: str) -> None:
    with attached(built(go, "cgo"), "1") as (address, runtime):
        before = cgo_calls_ever(runtime, machines(runtime))
        with urllib.request.urlopen(f"http://{address}/calls", timeout=10) as answer:
            told = int(answer.read())
        after = cgo_calls_ever(runtime, machines(runtime))
    assert before is not None
    assert after is not None
    assert 104 <= before <= told <= after


def test_the_runtimes_threads_are_the_processs_threads() -> None:
    with attached(built(GO, "cgo"), "1") as (_, runtime):
        ours = machines(runtime)
        threads = {thread.tid for thread in runtime.space.threads()}
        inside = [machine for machine in ours if machine.in_c and machine.goroutine and not machine.extra]
        locked = sum(bool(row.locked_machine) for row in read_goroutines(runtime).rows)
    tids = {machine.tid for machine in ours if machine.tid}
    assert tids <= threads
    assert len(threads - tids) <= 1, "only the thread that starts others is C's own"
    assert len(inside) == 2
    assert sum(machine.locked for machine in ours) >= locked - 1
    assert any(machine.extra for machine in ours)


def test_a_list_of_threads_that_was_not_found_is_said() -> None:
    with attached(built(GO, "static"), "1") as (_, runtime):
        runtime.globals = replace(runtime.globals, allm=None)
        with pytest.raises(Unsupported, match=r"runtime\.allm"):
            machines(runtime)
        with pytest.raises(ValueError, match="above 0"):
            sample_cgo_calls(runtime, hz=0)
