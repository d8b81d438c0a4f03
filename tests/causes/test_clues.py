"""Clues: how what is read without a trend weighs, and what it may decide."""

import math

import pytest
from build_case import case, line, mebibytes, readings
from hypothesis import given
from hypothesis import strategies as st

from memwhy.causes import judge_all
from memwhy.causes.clue import MOST_BY_FIGURES, MOST_BY_WORDS, Clue, against, believed, for_, weigh_all, weight_of
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB

WEIGHTS = st.floats(-6, 6, allow_nan=False)


def _best(one: Case) -> Finding:
    return max(judge_all(one), key=lambda finding: finding.probability)


def test_without_clues_no_cause_is_likely() -> None:
    weighed = weigh_all({"a": (), "b": ()})
    assert {name: round(one.probability, 3) for name, one in weighed.items()} == {"a": 0.202, "b": 0.202}


def test_what_speaks_for_one_cause_takes_from_the_others() -> None:
    weighed = weigh_all({"a": for_(4.0, "seen"), "b": ()})
    assert (round(weighed["a"].probability, 3), round(weighed["b"].probability, 3)) == (0.88, 0.005)


def test_words_alone_never_make_more_than_words_may() -> None:
    weighed = weigh_all({"a": (*believed(9.0, "he said"), *believed(9.0, "she said")), "b": ()})
    assert weighed["a"].probability == MOST_BY_WORDS


def test_no_text_is_no_clue() -> None:
    assert (for_(2.0, None), against(2.0, ""), believed(2.0, None)) == ((), (), ())


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(WEIGHTS, max_size=5), min_size=1))
def test_probabilities_are_never_more_than_one_together_and_never_high(weights: dict[str, list[float]]) -> None:
    weighed = weigh_all({name: [Clue(weight=w, text="x") for w in found] for name, found in weights.items()})
    assert math.fsum(one.probability for one in weighed.values()) <= 1.0
    assert max(one.probability for one in weighed.values()) <= MOST_BY_FIGURES < 0.9


@given(st.lists(WEIGHTS, max_size=5), st.floats(0.1, 6))
def test_one_more_clue_for_a_cause_never_makes_it_less_likely(weights: list[float], more: float) -> None:
    before = [Clue(weight=w, text="x") for w in weights]
    one, other = (weigh_all({"a": found, "b": ()})["a"] for found in (before, [*before, Clue(weight=more, text="y")]))
    assert other.probability >= one.probability - 1e-12


def test_a_trial_that_brings_memory_back_says_that_malloc_kept_it() -> None:
    facts = {"trial.malloc_trim": "malloc_trim(0): 1.3 GB to 0.8 GB", "trial.malloc_trim.outcome": "fell"}
    best = _best(case(facts=facts, series={"process.rss_bytes": readings(1300 * MIB, 800 * MIB)}, runtime="cpython"))
    assert (best.cause, best.verdict) == ("native-retained", Verdict.SUPPORTED)


def test_a_trial_outweighs_a_trend_that_cannot_tell_kept_from_lost() -> None:
    series = {
        "process.rss_bytes": mebibytes(100, 200, 300, 400, 500, 600, 700, 800),
        "go.sys_bytes": mebibytes(40, 40, 40, 40, 40, 40, 40, 40),
        "derived.go_held_bytes": mebibytes(40, 40, 40, 40, 40, 40, 40, 40),
    }
    facts = {"trial.malloc_trim": "malloc_trim gave 600 MB back", "trial.malloc_trim.outcome": "fell"}
    assert _best(case(total="process.rss_bytes", series=series)).cause == "native-leak"
    assert _best(case(total="process.rss_bytes", series=series, facts=facts)).cause == "native-retained"


@pytest.mark.parametrize(
    ("metric", "first", "last", "cause"),
    [
        ("go.goroutines_count", 55, 1779, "goroutine-leak"),
        ("process.threads_count", 40, 2100, "thread-leak"),
        ("process.descriptors_count", 60, 900, "descriptor-leak"),
    ],
)
def test_a_count_that_multiplied_between_two_readings_is_a_pile(metric: str, first: int, last: int, cause: str) -> None:
    best = _best(case(series={metric: readings(first, last)}))
    assert (best.cause, best.verdict) == (cause, Verdict.SUPPORTED)


def test_a_single_total_without_parts_decides_nothing() -> None:
    one = case(total="process.rss_bytes", series={"process.rss_bytes": readings(2044 * MIB)})
    assert [finding.cause for finding in judge_all(one) if finding.verdict is Verdict.SUPPORTED] == []


def test_a_live_watch_asks_no_clues() -> None:
    facts = {"said.peak": "it is ru_maxrss"}
    series = {"process.rss_bytes": line(100 * MIB, MIB)}
    watched = judge_all(case(total="process.rss_bytes", series=series, facts=facts, live=True))
    alone = judge_all(case(total="process.rss_bytes", series=series, live=True))
    assert watched == alone


LEVELS: list[tuple[str, str, dict[str, tuple[int, ...]], dict[str, str]]] = [
    ("file-cache", "go", {"process.rss_bytes": (102_000,), "process.shared_bytes": (78_000,)}, {}),
    ("file-cache", "go", {"cgroup.current_bytes": (3_661,), "cgroup.file_bytes": (3_520,), "cgroup.anon_bytes": (97,)}, {}),
    (
        "shared-memory",
        "native",
        {"cgroup.file_bytes": (3_000,), "cgroup.active_file_bytes": (1,), "cgroup.inactive_file_bytes": (1,), "cgroup.current_bytes": (3_100,)},
        {},
    ),
    ("kernel-memory", "unknown", {"host.used_bytes": (1_742,), "derived.kernel_bytes": (1_135,), "host.anon_pages_bytes": (156,)}, {}),
    ("virtual-only", "go", {"process.virtual_bytes": (650,), "host.total_bytes": (64,)}, {}),
    ("heap-retained", "go", {"process.rss_bytes": (8_500,), "derived.go_retained_bytes": (7_840,), "go.heap_alloc_bytes": (388,)}, {}),
    ("gc-headroom", "go", {"go.heap_alloc_bytes": (6_900, 6_930, 6_910), "derived.go_live_bytes": (3_450, 3_455, 3_451)}, {}),
    ("native-leak", "go", {"process.rss_bytes": (200, 4_100), "derived.go_held_bytes": (140, 142)}, {}),
    ("native-cache", "native", {"process.rss_bytes": (9_500,), "cache.held_bytes": (9_300,)}, {}),
    ("mmap-leak", "go", {"process.mappings_count": (611, 3_605), "process.rss_anon_bytes": (1_200, 7_000)}, {"said.no_cgo": "no cgo"}),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "runtime", "figures", "facts"), LEVELS)
def test_levels_beside_each_other_name_the_holder(
    cause: str, runtime: str, figures: dict[str, tuple[int, ...]], facts: dict[str, str]
) -> None:
    scale = {name: 1 if name.endswith("_count") else MIB for name in figures}
    series = {name: readings(*(value * scale[name] for value in values)) for name, values in figures.items()}
    best = _best(case(series=series, facts=facts, runtime=runtime))
    assert (best.cause, best.verdict) == (cause, Verdict.SUPPORTED)


def test_a_cache_that_is_only_mentioned_beside_growth_without_end_is_no_verdict() -> None:
    series = {"process.rss_bytes": readings(200 * MIB, 1600 * MIB, 3200 * MIB, 4700 * MIB)}
    found = judge_all(case(series=series, facts={"said.held": "shared_buffers is 128MB"}, runtime="native"))
    assert next(one for one in found if one.cause == "native-cache").verdict is not Verdict.SUPPORTED


@given(st.floats(0.5, 0.87), st.integers(2, 20))
def test_what_a_course_said_alone_keeps_its_probability(probability: float, causes: int) -> None:
    alone = for_(weight_of(probability, causes), "judged by its course")
    others: dict[str, tuple[Clue, ...]] = {f"other-{i}": () for i in range(causes - 1)}
    assert weigh_all({"a": alone, **others})["a"].probability == pytest.approx(probability)
