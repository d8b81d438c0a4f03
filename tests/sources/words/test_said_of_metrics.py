"""Metrics named as monitoring names them, tools that say a figure, courses that do not end, and piles that go with memory."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.units import MIB
from memwhy.sources.words import claims, figures


def said(text: str) -> set[str]:
    """The names of the courses that a sentence tells."""
    try:
        readings = claims.parse(text)
    except ParseError:
        return set()
    kinds = ("said.grows.", "said.plateau.", "said.flat.", "said.virtual")
    return {name.removeprefix("said.") for one in readings for name in one.facts if name.startswith(kinds)}


def figure(text: str) -> dict[str, int]:
    try:
        return {name: value for one in figures.parse(text) for name, value in one.metrics.items()}
    except ParseError:
        return {}


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("`go_memstats_heap_alloc_bytes` grows linearly.", "grows.heap"),
        ("go_memstats_heap_inuse_bytes keeps climbing.", "grows.heap"),
        ("The graph of shop_runtime_heap_alloc rises all week.", "grows.heap"),
        ("collector_process_memory_rss climbs until the pod dies.", "grows.rss"),
        ("`shop_process_resident_memory_bytes` rises steadily.", "grows.rss"),
        ("shop_goroutines keeps increasing.", "grows.goroutines"),
        ("api_process_open_fds goes up every hour.", "grows.descriptors"),
    ],
)
def test_a_metric_is_known_whatever_its_prefix(sentence: str, name: str) -> None:
    assert name in said(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["heap_alloc_ratio_target grows.", "The column my_goroutines_id grows.", "The table of open_fds_seen grows."],
)
def test_a_longer_name_is_another_metric(sentence: str) -> None:
    assert said(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("Memory grows with no plateau.", "grows.total"),
        ("The heap rises and never plateaus.", "grows.heap"),
        ("RSS climbs without any sign of levelling off.", "grows.rss"),
        ("RSS does not stabilize.", "grows.rss"),
        ("Memory never settles.", "grows.total"),
        ("Memory grows and doesn't level off.", "grows.total"),
        ("The RSS isn't going to plateau, it keeps rising.", "grows.rss"),
        ("Memory steigt und stabilisiert sich nicht.", "grows.total"),
        ("内存没有趋于稳定，一直在涨", "grows.total"),
    ],
)
def test_what_never_levels_off_grows(sentence: str, name: str) -> None:
    assert said(sentence) == {name}


@pytest.mark.parametrize(
    ("sentence", "name"),
    [("RSS grows for an hour, then plateaus.", "plateau.rss"), ("Memory levels off at noon.", "plateau.total")],
)
def test_what_levels_off_is_a_plateau_all_the_same(sentence: str, name: str) -> None:
    assert name in said(sentence) and not said(sentence) & {"grows.rss", "grows.total"}


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("The number of goroutines correlates strongly with memory consumption.", "grows.goroutines"),
        ("Memory growth follows the number of goroutines.", "grows.goroutines"),
        ("The thread count is proportional to memory.", "grows.threads"),
        ("Memory moves in lockstep with the thread count.", "grows.threads"),
        ("Open file descriptors go hand in hand with RSS.", "grows.descriptors"),
        ("There is a clear correlation between memory and goroutines.", "grows.goroutines"),
        ("Memory tracks the goroutine count closely.", "grows.goroutines"),
        ("内存与协程数成正比", "grows.goroutines"),
    ],
)
def test_a_pile_that_goes_with_memory_grows_with_it(sentence: str, name: str) -> None:
    assert name in said(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Memory is not correlated with the number of goroutines.",
        "Does memory correlate with goroutines?",
        "Memory correlates with the number of connections.",
        "There is no correlation between memory and threads.",
        "Goroutines correlate with CPU.",
        "If memory tracks the goroutines, look at them.",
    ],
)
def test_loads_questions_and_denials_pile_up_nothing(sentence: str) -> None:
    assert said(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "figures_"),
    [
        ("The numbers do not agree with ps aux, which says 316MB.", {"process.rss_bytes": 316 * MIB}),
        ("top says 1200 MB.", {"process.rss_bytes": 1200 * MIB}),
        ("`htop` shows 340M for it.", {"process.rss_bytes": 340 * MIB}),
        ("Activity Monitor reports 512 MB.", {"process.rss_bytes": 512 * MIB}),
        ("top shows 1200 MB VIRT.", {"process.virtual_bytes": 1200 * MIB}),
        ("top shows 40 threads.", {"process.threads_count": 40}),
        ("top does not show 300 MB.", {}),
        ("containerd reports 800 MB of memory.", {"cgroup.current_bytes": 800 * MIB}),
        ("According to the kubelet's metrics memory is 800 MB.", {"cgroup.current_bytes": 800 * MIB}),
        ("containerd uses 800 MB of memory.", {"process.rss_bytes": 800 * MIB}),
    ],
)
def test_a_tool_says_a_figure_of_what_it_looks_at(sentence: str, figures_: dict[str, int]) -> None:
    assert figure(sentence) == figures_


@pytest.mark.parametrize("noun", ["cores", "CPUs", "machines", "servers", "environment", "functions"])
def test_virtual_hardware_is_no_address_space(noun: str) -> None:
    assert "virtual" not in said(f"It runs with 16 GB of memory and 4 virtual {noun}.")


def test_virtual_memory_is_address_space_all_the_same() -> None:
    assert "virtual" in said("Its virtual memory is 12 GB.")


@pytest.mark.parametrize(
    ("sentence", "outcome"),
    [
        ("It is more apparent when the kernel drops caches: echo 2 > drop_caches.", "same"),
        ("The leak is even more visible after a forced GC.", "same"),
        ("After drop_caches memory drops to 80 MB.", "fell"),
    ],
)
def test_what_is_seen_better_after_a_trial_did_not_go_away(sentence: str, outcome: str) -> None:
    facts = {name: value for one in claims.parse(sentence) for name, value in one.facts.items()}
    assert [value for name, value in facts.items() if name.endswith(".outcome")] == [outcome]
