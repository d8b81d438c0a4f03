"""What is not comparable is refused or said, with the reason."""

import pytest
from build_case import case, line, mebibytes, readings, watched
from build_given import NATIVE, given

from memwhy.comparison import Given, compare
from memwhy.model.units import MIB


def of(metric: str, *values: int, name: str = "x", **facts: str) -> Given:
    """A run of which one total was read."""
    return Given(name=name, case=case(total=metric, series={metric: readings(*values)}, facts=facts))


def said(a: Given, b: Given) -> list[tuple[str, str]]:
    return [(one.weight, one.text) for one in compare(a, b).cautions]


@pytest.mark.parametrize(
    ("metrics", "text"),
    [
        (
            ("process.rss_bytes", "process.virtual_bytes"),
            "A tells RSS of a process (its resident pages); B tells address space of a process (its address space, of which any part"
            " may be resident). The one is not in the other",
        ),
        (
            ("cgroup.working_set_bytes", "process.rss_bytes"),
            "A tells container working set of a container (all its processes, kernel memory, and page cache in use); B tells RSS of"
            " a process (its resident pages). The one is not in the other",
        ),
    ],
)
def test_totals_of_other_things_are_refused(metrics: tuple[str, str], text: str) -> None:
    a, b = (of(metric, 100 * MIB, 120 * MIB, 140 * MIB) for metric in metrics)
    found = compare(a, b)
    assert (found.total, found.heavier) == (None, None)
    assert ("refused", text) in said(a, b)
    assert found.headline.startswith("No figures of memory can be compared.")


def test_a_total_that_both_also_tell_is_compared_and_said() -> None:
    both = {"process.rss_bytes": readings(100, 200, 300), "cgroup.current_bytes": readings(500, 600, 700)}
    a = Given(
        name="a", case=case(total="cgroup.current_bytes", series={"cgroup.current_bytes": readings(1, 2, 3), **both})
    )
    b = Given(name="b", case=case(total="process.rss_bytes", series=both))
    found = compare(a, b)
    assert found.total is not None and found.total.metric == "process.rss_bytes"
    assert ("careful", "A is told by cgroup memory, B by RSS: both also tell RSS, which is compared") in said(a, b)


def test_address_space_on_both_sides_is_no_memory() -> None:
    a, b = (of("process.virtual_bytes", 100, 200, 300) for _ in "ab")
    assert ("careful", "both tell address space alone: address space, not memory") in said(a, b)


def test_readings_without_times_are_not_held_against_those_with_times() -> None:
    a = given("a", NATIVE)
    b = of("process.rss_bytes", 60 * MIB, 61 * MIB, 60 * MIB, 61 * MIB)
    found = compare(a, b)
    assert found.total is not None and found.total.pace_gap is None
    assert ("refused", "only one of them has times: growth per time cannot be compared") in said(a, b)
    assert (
        "refused",
        "B has no smaps: its layers are not told, and only what status says of both is compared",
    ) in said(a, b)


def test_sizes_of_whole_hosts_are_refused_and_their_growth_is_compared() -> None:
    grows = case(total="host.used_bytes", series={"host.used_bytes": mebibytes(505, 507, 509, 511, 513, 515, 517)})
    flat = case(
        total="host.used_bytes", series={"host.used_bytes": mebibytes(4386, 4386, 4386, 4386, 4386, 4386, 4386)}
    )
    found = compare(Given(name="a", case=grows), Given(name="b", case=flat))
    assert found.headline.startswith("A grows 2.0 MiB a reading faster than B.")
    assert found.heavier == "A"
    assert "what else runs on two hosts is not known" in found.cautions[0].text


def test_other_lengths_and_loads_are_said() -> None:
    a = given("a", NATIVE, seconds=60)
    b = given("b", NATIVE, seconds=600, given={"process.cpu_ns": line(0, 1e6, seconds=600)})
    assert ("careful", "A was watched for 60 s, B for 10 min: the shorter one tells less") in said(a, b)
    busy = given("a", NATIVE, given={"go.mallocs_count": line(0, 50_000)})
    idle = given("b", NATIVE, given={"go.mallocs_count": line(0, 500)})
    assert any(
        "B did 1 % of A's work (Go objects allocated, which another build changes" in text
        for _, text in said(busy, idle)
    )
    assert ("careful", "how much work each did is not known") in said(a, given("b", NATIVE))


def test_a_start_up_in_one_watch_alone_is_said() -> None:
    a, b = given("a", {**NATIVE, "process.age_s": "2"}), given("b", NATIVE)
    assert (
        "careful",
        "more than half of A's life lies in its watch, its start-up with it; the other was older",
    ) in said(a, b)


def test_an_unknown_age_is_said() -> None:
    facts = {name: text for name, text in NATIVE.items() if name != "process.age_s"}
    assert (
        "careful",
        "how long the process of B had run is not told: the older one may be the larger one for that alone",
    ) in said(given("a", NATIVE), given("b", facts))


def test_one_process_at_two_times_is_one_process() -> None:
    same = {**NATIVE, "host.boot_id": "1", "process.start_ticks": "7", "process.pid": "9"}
    a = given("a", {**same, "process.age_s": "90000"}, grows={"layer.native_arenas_bytes": MIB})
    found = compare(a, given("b", same))
    assert ("sizes", "A and B are one and the same process: what differs is the time") in [
        (one.about, one.text) for one in found.cautions
    ]
    assert (found.heavier, found.differences) == ("A", ())


def test_swap_other_programs_and_more_than_one_process_are_said() -> None:
    a = given("a", NATIVE, given={"process.swap_bytes": line(40 * MIB)})
    b = Given(
        name="b",
        case=watched(facts={**NATIVE, "go.main_path": "example.org/other"}),
    )
    texts = [text for _, text in said(a, b)]
    assert "40.0 MiB of A are swapped out, and in no layer" in texts
    assert "they are different programs: example.org/scraper and example.org/other" in texts
