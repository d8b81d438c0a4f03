"""One function called again and again, on a made-up process whose memory and clock are known to the byte."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from memwhy_command import environment

from memwhy.model.errors import UsageError
from memwhy.model.proof import Gate, Limit
from memwhy.model.units import MIB
from memwhy.proof.repeated import repeat

PAGE = 4096


@dataclass(slots=True)
class Process:
    """Keeps so many bytes of every call; caches: of so many calls only. noise: of its other threads, in pages.
    freed: bytes that its allocator keeps and hands out again before RSS grows."""

    keeps: float
    call_s: float = 1e-4
    caches: int | None = None
    noise: int = 0
    freed: int = 0
    called: int = 0
    now_s: float = 0.0
    random: Random = None  # type: ignore[assignment]

    def call(self) -> None:
        self.called += 1
        self.now_s += self.call_s

    def read(self) -> int:
        self.now_s += 1e-3
        shift = self.random.randint(0, self.noise) if self.noise else 0
        return (50 * MIB + max(0, self.kept() - self.freed)) // PAGE * PAGE + shift * PAGE

    def kept(self) -> int:
        return int(self.keeps * (self.called if self.caches is None else min(self.called, self.caches)))

    def clock(self) -> float:
        return self.now_s


def held(
    process: Process,
    limit: float = 64.0,
    *,
    calls: int | None = None,
    seconds: float = 5.0,
    seed: int = 1,
    counted: bool = True,
) -> Gate:
    process.random = Random(seed)
    return repeat(
        process.call,
        process.read,
        Limit(bytes=limit, per="work", unit="call"),
        in_use=process.kept if counted else None,
        calls=calls,
        for_s=seconds,
        page_bytes=PAGE,
        clock=process.clock,
    )


@pytest.mark.parametrize("calls", [None, 5000])
def test_what_every_call_keeps_is_told(calls: int | None):
    found = held(Process(keeps=200), calls=calls)
    assert (found.outcome, found.headline) == ("exceeded", "Growth above +64 B/call is shown.")
    assert found.pace is not None and found.pace.slope == pytest.approx(200, rel=0.02)


@pytest.mark.parametrize("calls", [None, 5000])
def test_a_function_that_keeps_nothing_is_within_the_limit(calls: int | None):
    assert held(Process(keeps=0), calls=calls).outcome == "within"


def test_a_cache_that_fills_during_the_first_calls_is_no_leak():
    assert held(Process(keeps=400, caches=5000)).outcome == "within"


def test_a_clear_answer_takes_less_than_the_time_that_was_given():
    process = Process(keeps=0)
    held(process, seconds=60)
    assert process.now_s < 30


def test_the_time_that_was_given_is_kept():
    process = Process(keeps=64, noise=3)
    assert held(process, seconds=3).outcome == "undecided"
    assert process.now_s < 3.2


@pytest.mark.parametrize("calls", [1, 39, 399, 1000])
def test_calls_are_counted_as_asked(calls: int):
    process = Process(keeps=0)
    held(process, calls=calls)
    assert process.called == calls + max(1, round(0.15 * calls))


@pytest.mark.parametrize("freed", [MIB, 100 * MIB])
@pytest.mark.parametrize("calls", [None, 2000])
def test_what_goes_into_memory_that_was_freed_before_is_told_all_the_same(freed: int, calls: int | None):
    found = held(Process(keeps=200, freed=freed), calls=calls)
    assert found.outcome == "exceeded"
    assert found.pace is not None and found.pace.slope == pytest.approx(200, rel=0.02)


def test_some_kib_in_use_are_no_growth_that_is_shown():
    slight, more = (held(Process(keeps=200, freed=100 * MIB), calls=calls) for calls in (120, 240))
    assert (slight.outcome, slight.headline, slight.next_step) == (
        "undecided",
        "What is in use grew, but too little to be told from chance.",
        "call it much more often, or set the limit further from what was seen",
    )
    assert slight.pace is not None and slight.pace.low is not None and slight.pace.low > 64
    assert (more.outcome, more.headline) == ("exceeded", "Growth above +64 B/call is shown.")


def test_level_rss_alone_excludes_nothing_that_freed_memory_could_have_taken_in():
    found = held(Process(keeps=200, freed=100 * MIB), calls=2000, counted=False)
    assert (found.outcome, found.next_step) == ("undecided", "give it 262,144 calls instead of 2,000")
    assert found.headline == (
        "RSS is level, but 125.0 KiB may have gone into memory that was freed before, and what is in use cannot be counted here."
    )
    assert held(Process(keeps=0), limit=16 * 1024, calls=2000, counted=False).outcome == "within"


def test_a_slow_first_call_does_not_pass_for_the_others():
    process = Process(keeps=0)

    def call() -> None:
        process.now_s += 2 if not process.called else 0
        process.call()

    limit = Limit(bytes=64, per="work", unit="call")
    process.random = Random(1)
    found = repeat(call, process.read, limit, in_use=process.kept, for_s=5.0, page_bytes=PAGE, clock=process.clock)
    assert found.outcome == "within"
    assert process.called > 5000


async def forgets() -> None:
    raise AssertionError("nobody runs this")


@pytest.mark.parametrize(
    ("call", "said"),
    [(forgets, "returns a coroutine"), (lambda: (one for one in "ab"), "returns a generator")],
)
def test_a_call_that_runs_nothing_is_refused(call: Callable[[], object], said: str):
    with pytest.raises(UsageError, match=said):
        repeat(call, lambda: 0, Limit(bytes=64, per="work", unit="call"), in_use=None, calls=10)


AGED = """
import sys, time
from memwhy.model.proof import Limit
from memwhy.proof.own import in_use_reader
from memwhy.proof.repeated import repeat
from memwhy.sources.proc import smaps_rollup
import gc, os
def resident():
    gc.collect()
    return smaps_rollup.parse(smaps_rollup.read("/proc", os.getpid())).metrics["process.rss_bytes"]
many = int(sys.argv[1])
aged = [bytes(200) for _ in range(many)]
aged = aged[::50]
kept = []
calls = {"leaks": lambda: kept.append(bytes(200)), "keeps nothing": lambda: bytes(200)}
for name, call in calls.items():
    found = repeat(call, resident, Limit(bytes=64, per="work", unit="call"), in_use=in_use_reader(), calls=800)
    print(name, found.outcome)
"""


@pytest.mark.parametrize("many", [5_000, 20_000, 60_000])
def test_a_leak_in_a_process_with_much_freed_memory_is_shown(many: int):
    command = [sys.executable, "-c", AGED, str(many)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["leaks exceeded", "keeps nothing within"]


def test_a_slow_function_is_called_a_few_times_and_left_undecided_with_what_would_do():
    found = held(Process(keeps=3000, call_s=0.9, noise=3), limit=4000)
    assert found.outcome == "undecided"
    assert found.next_step is not None and "calls" in found.next_step


def test_other_threads_alone_are_never_called_a_leak():
    outcomes = [held(Process(keeps=0, noise=40), seed=seed).outcome for seed in range(60)]
    assert outcomes.count("exceeded") == 0


def test_a_leak_of_twice_the_limit_is_found_beside_other_threads():
    outcomes = [held(Process(keeps=128, noise=8), seed=seed).outcome for seed in range(30)]
    assert outcomes.count("within") == 0
    assert outcomes.count("exceeded") >= 27


def test_what_the_function_raises_is_raised():
    def fails() -> None:
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        repeat(fails, lambda: 0, Limit(bytes=1, per="work", unit="call"), in_use=None, calls=10)
