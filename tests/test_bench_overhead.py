"""The bench's targets are what they say they are, and what a consumer spends counts as our own cost."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memwhy.model.units import NS_PER_S
from memwhy.record import FREE_READS, GENTLE_SHARE, Cadence, Due
from memwhy.sources import proc

HELD = Path(__file__).resolve().parent.parent / "bench" / "held.py"


@contextmanager
def held(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of bench/held.py that is ready; it ends with its standard input."""
    command = [sys.executable, str(HELD), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"READY\n"
            yield process
        finally:
            process.communicate(timeout=30)
        assert process.returncode == 0


def ask(process: subprocess.Popen[bytes]) -> tuple[int, ...]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    return tuple(map(int, process.stdout.readline().split()))


@pytest.mark.parametrize("shape", [("hashing",), ("faults", "16")])
def test_a_worker_counts_its_work_and_its_time(shape: tuple[str, ...]) -> None:
    with held(*shape) as process:
        first, second = ask(process), ask(process)
    assert [now > then for now, then in zip(second, first, strict=True)] == [True, True, True]


def test_mappings_with_different_rights_stay_apart() -> None:
    smaps = proc.READERS["proc/smaps"]
    with held("mappings", "600") as process:
        reading = smaps.parse(smaps.read("/proc", process.pid))
    ours = [one for one in reading.mappings if one.size_bytes == 8192 and not one.path and not one.inode]
    assert len(ours) >= 590


def test_resident_memory_is_all_there() -> None:
    smaps = proc.READERS["proc/smaps"]
    with held("resident", "32") as process:
        reading = smaps.parse(smaps.read("/proc", process.pid))
    assert reading.metrics["process.rss_bytes"] >= 32 << 20


def test_what_the_consumer_spends_on_a_read_puts_off_the_next_one() -> None:
    due = Due(Cadence(source="proc/smaps", every_s=2))
    for second in range(FREE_READS + 1):
        due.done(second * NS_PER_S, 1_000_000, failed=False)
    assert due.next_ns == (FREE_READS + 2) * NS_PER_S
    due.charge(100_000_000)
    assert due.mean_cost_ns == pytest.approx(1_000_000 + 0.3 * 100_000_000)
    assert due.next_ns == FREE_READS * NS_PER_S + round(due.mean_cost_ns / GENTLE_SHARE)


def test_the_first_reads_are_not_put_off_whatever_they_cost() -> None:
    due = Due(Cadence(source="proc/smaps", every_s=2))
    due.done(0, 1_000_000, failed=False)
    due.charge(100_000_000)
    assert due.next_ns == 2 * NS_PER_S
    assert due.mean_cost_ns == 101_000_000


def test_a_source_that_is_read_once_stays_read_once() -> None:
    due = Due(Cadence(source="proc/limits", every_s=0))
    for _ in range(FREE_READS + 1):
        due.done(0, 1_000, failed=False)
    before = due.next_ns
    due.charge(1e9)
    assert due.next_ns == before
