"""One function called again and again, on a made-up process whose memory and clock are known to the byte."""

from dataclasses import dataclass
from random import Random

import pytest

from memwhy.model.proof import Gate, Limit
from memwhy.model.units import MIB
from memwhy.proof.repeated import repeat

PAGE = 4096


@dataclass(slots=True)
class Process:
    """Keeps so many bytes of every call; caches: of so many calls only. noise: of its other threads, in pages."""

    keeps: float
    call_s: float = 1e-4
    caches: int | None = None
    noise: int = 0
    called: int = 0
    now_s: float = 0.0
    random: Random = None  # type: ignore[assignment]

    def call(self) -> None:
        self.called += 1
        self.now_s += self.call_s

    def read(self) -> int:
        self.now_s += 1e-3
        kept = self.keeps * (self.called if self.caches is None else min(self.called, self.caches))
        shift = self.random.randint(0, self.noise) if self.noise else 0
        return (50 * MIB + int(kept)) // PAGE * PAGE + shift * PAGE

    def clock(self) -> float:
        return self.now_s


def held(
    process: Process, limit: float = 64.0, *, calls: int | None = None, seconds: float = 5.0, seed: int = 1
) -> Gate:
    process.random = Random(seed)
    return repeat(
        process.call,
        process.read,
        Limit(bytes=limit, per="work", unit="call"),
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


def test_calls_are_counted_as_asked():
    process = Process(keeps=0)
    held(process, calls=1000)
    assert 1000 <= process.called <= 1000 * 1.2


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
        repeat(fails, lambda: 0, Limit(bytes=1, per="work", unit="call"), calls=10)
