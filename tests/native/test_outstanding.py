"""The sampler's tables by names: one stack for one row of names, the program's own code known, few rows however many stacks."""

from dataclasses import replace

import pytest
from build_stacks import GO, Habit, own, readings
from native_programs import ALL, built, sampled

from memwhy.memory.live import Live
from memwhy.model.native import CodeName, StackReading
from memwhy.native import outstanding
from memwhy.native.guide import Guide
from memwhy.native.outstanding import Names, add, read_stacks
from memwhy.native.symbols import Symbols
from memwhy.sources.proc import maps


def reading_of_household(*what: str) -> StackReading:
    """After the first round, which is all that a program of no seconds… does; every block is a sample."""
    with sampled([built("household"), "100", *what], ALL) as running:
        assert running.line() == b"begun\n"
        pid = running.process.pid
        with Live.open(pid, mappings=lambda: maps.parse(maps.read("/proc", pid)).mappings) as space:
            guide = Guide(space, running.tables)
            guide.look()
            with Symbols(space, guide.go, root=f"/proc/{pid}/root") as symbols:
                names = Names(symbols)
                names.learn(space.modules())
                return read_stacks(running.snapshot(), names, life_s=1.0, way="preloaded", notes=guide.notes)


def test_stacks_have_names_kinds_and_exact_sums_when_all_is_drawn() -> None:
    reading = reading_of_household("leak", "churn", "map")
    by_leaf = {}
    for stack in reading.stacks:
        leaf = stack.frames[0]
        if leaf.function in ("forget_lines", "come_and_go", "map_pages"):
            found = by_leaf.setdefault(leaf.function, stack)
            by_leaf[leaf.function] = found if found is stack else add(found, stack)
    assert by_leaf["forget_lines"].outstanding_bytes % 65536 == 0
    assert by_leaf["forget_lines"].outstanding_bytes >= 65536
    assert by_leaf["forget_lines"].variance == 0
    assert by_leaf["map_pages"].kind == "mmap"
    assert by_leaf["come_and_go"].outstanding_bytes <= 256
    assert by_leaf["come_and_go"].freed_bytes >= 65536 - 256
    assert all(stack.frames[0].own for stack in by_leaf.values())
    assert (reading.problem, reading.way) == ("", "preloaded")


def test_ages_sum_to_what_is_outstanding() -> None:
    reading = reading_of_household("leak", "turnover")
    assert reading.stacks
    assert all(sum(stack.ages_bytes) == stack.outstanding_bytes for stack in reading.stacks)


def test_beyond_the_bound_the_c_part_goes_and_each_call_site_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outstanding, "MOST_STACKS", 2)
    [*_, last] = readings([Habit(GO, lambda _: 4e6)], seconds=6.0)
    [stack] = last.stacks
    many = [
        replace(stack, frames=(CodeName(function=f"parse{number}", module="libxml2.so.2"), *GO[1:]))
        for number in range(50)
    ]
    kept = outstanding._bounded(many)
    assert len(kept) == 3
    assert sum(one.outstanding_bytes for one in kept) == 50 * stack.outstanding_bytes
    assert [frame.function for frame in kept[-1].frames] == ["…", *(frame.function for frame in GO[2:])]


def test_two_stacks_of_one_name_are_added_up_with_their_margins() -> None:
    [*_, last] = readings(
        [Habit(own("work", "main"), lambda _: 4e6), Habit(own("work", "main"), lambda _: 2e6)], seconds=9.0
    )
    one, other = last.stacks
    both = add(one, other)
    assert both.variance == one.variance + other.variance
    assert both.outstanding_bytes == one.outstanding_bytes + other.outstanding_bytes
    assert sum(both.ages_bytes) == sum(one.ages_bytes) + sum(other.ages_bytes)
    assert add(other, one) == both
