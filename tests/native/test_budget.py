"""The sampler keeps to its budget, and ends by itself when nobody reads any more; the program runs on."""

from collections.abc import Callable

from native_programs import Sampled, built, sampled

from memwhy.native.clock import clock
from memwhy.native.header import Settings
from memwhy.native.layout import Header, Reason, State
from memwhy.native.snapshot import Snapshot

ENDLESS = "1000000000"


def seen(running: Sampled, wanted: Callable[[Snapshot], bool]) -> Snapshot:
    """The first snapshot of which that is true; the program never ends before."""
    while not wanted(found := running.snapshot()):
        assert running.process.poll() is None
    return found


def test_a_budget_that_is_passed_raises_the_period() -> None:
    settings = Settings(period_bytes=4096, budget=0.001, window_s=0.1, orphan_s=0.0)
    with sampled([built("churn"), "2", ENDLESS, "0"], settings) as running:
        found = seen(running, lambda each: each.level >= 3)
        assert found.state is State.ON


def test_a_budget_that_no_period_meets_ends_the_sampling_and_the_program_runs_on() -> None:
    settings = Settings(period_bytes=64, budget=1e-6, window_s=0.1, orphan_s=0.0, most_level=2)
    with sampled([built("churn"), "2", "2000000", "0", "wait"], settings) as running:
        found = seen(running, lambda each: each.state is State.SPENT)
        assert (found.reason, found.level) == (Reason.BUDGET, 2)
        assert running.line() != b""
        assert running.snapshot().samples <= found.samples + 2
        assert running.end() == 0


def test_while_it_is_read_the_sampling_goes_on_and_when_nobody_reads_it_ends_and_the_program_runs_on() -> None:
    settings = Settings(period_bytes=4096, budget=0.0, orphan_s=60.0)
    with sampled([built("churn"), "2", ENDLESS, "0"], settings) as running:
        running.tables.beat()
        found = seen(running, lambda each: each.samples > 1000)
        assert found.state is State.ON
        two_minutes_ago = clock().now() - 120 * clock().hz
        running.tables.write(Header.heartbeat_tsc.offset, two_minutes_ago.to_bytes(8, "little"))
        found = seen(running, lambda each: each.state is State.SPENT)
        assert found.reason is Reason.ORPHANED
        assert running.process.poll() is None
