"""MemStats from outside against what the process itself says, held still and at work."""

from itertools import pairwise
from pathlib import Path

import pytest
from held_go import Held, Truth, attached, build, held, toolchains

from memwhy.runtimes.go.memstats import MemStats, read_memstats

ATTEMPTS = 50


@pytest.fixture(scope="module", params=toolchains())
def hold(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(request.param, tmp_path_factory.mktemp("hold") / "hold")


def outside_and_inside(process: Held) -> tuple[MemStats, Truth]:
    """Both, from a moment in which nothing moved: the process said the same before and after."""
    before = process.memstats()
    with attached(process.process.pid) as runtime:
        for _ in range(ATTEMPTS):
            seen = read_memstats(runtime)
            after = process.memstats()
            if before == after:
                return seen, after
            before = after
    raise AssertionError("the process never held still")


def assert_equal(seen: MemStats, truth: Truth) -> None:
    assert dict(seen.fields) == truth.fields
    assert seen.gc_cpu_fraction == truth.gc_cpu_fraction
    assert seen.by_size == truth.by_size
    assert (seen.pause_ns, seen.pause_end_ns) == (truth.pause_ns, truth.pause_end_ns)


def test_every_field_equals_what_the_process_says(hold: Path) -> None:
    with held(hold, 20) as process:
        seen, truth = outside_and_inside(process)
        assert_equal(seen, truth)
        assert (seen.gc_percent, seen.memory_limit_bytes) == (100, None)


@pytest.mark.parametrize("commands", ["g", "gd", "ogg", "dgd"])
def test_every_field_stays_equal_after_collections(hold: Path, commands: str) -> None:
    with held(hold, 12) as process:
        for command in commands:
            process.do(command)
        assert_equal(*outside_and_inside(process))


def test_the_goal_follows_the_memory_limit_and_gogc(hold: Path) -> None:
    with held(hold, 30) as process:
        process.do("l")
        seen, truth = outside_and_inside(process)
        assert_equal(seen, truth)
        assert seen.memory_limit_bytes == 30 << 20
        process.do("o")
        process.do("g")
        seen, truth = outside_and_inside(process)
        assert_equal(seen, truth)
        assert seen.gc_percent == -1


def test_objects_that_the_caches_did_not_report_yet_are_counted(hold: Path) -> None:
    with held(hold, 8) as process:
        before = process.memstats().fields["Mallocs"]
        process.do("a")  # 300 small objects: they stay in the caches, no span is full
        with attached(process.process.pid) as runtime:
            seen = read_memstats(runtime).fields["Mallocs"]
        after = process.memstats().fields["Mallocs"]
        assert seen == after >= before + 300


def test_a_busy_process_is_read_between_its_own_two_readings(hold: Path) -> None:
    with held(hold, 4) as process:
        process.do("b")
        with attached(process.process.pid) as runtime:
            while read_memstats(runtime).fields["TotalAlloc"] < 100 << 20:
                pass
            for _ in range(30):
                before = process.memstats().fields["TotalAlloc"]
                seen = read_memstats(runtime).fields
                after = process.memstats().fields["TotalAlloc"]
                assert before * 0.9995 <= seen["TotalAlloc"] <= after * 1.0005
                assert seen["HeapSys"] == seen["HeapInuse"] + seen["HeapIdle"]


def test_a_busy_process_counts_forward(hold: Path) -> None:
    with held(hold, 4) as process:
        process.do("b")
        with attached(process.process.pid) as runtime:
            while read_memstats(runtime).fields["TotalAlloc"] < 100 << 20:
                pass
            reads = [read_memstats(runtime).fields["TotalAlloc"] for _ in range(200)]
    assert max(earlier - later for earlier, later in pairwise(reads)) <= 0.0005 * reads[0]
