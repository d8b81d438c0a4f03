"""steady: what is flat, has levelled off or made one step; never beside something else that rises."""

from dataclasses import replace

import pytest
from build_case import KIB, MIB, Points, case, flat, line, mebibytes, readings, sawtooth, step, ticks, watched
from scenarios import SCENARIOS, judged, scene, verdict

from memwhy.causes import judge_all
from memwhy.causes.steady import EARLY, PACED, clues, judge
from memwhy.causes.unseen import unseen_per_s
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict


def test_a_flat_minute_is_steady_and_says_what_it_could_have_missed() -> None:
    found = judge(scene("nothing"))
    assert replace(found, confirm_with=None, because=()) == Finding(
        cause="steady",
        verdict=Verdict.SUPPORTED,
        probability=0.84,
        headline="Steady: no growth that these data could show.",
        bytes=0,
    )
    assert found.because[0].startswith("RSS: 69.9 to 69.8 MiB, ")
    assert found.because[1].startswith("growth slower than +")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cache that is full", "it rose and has levelled off"),
        ("one burst", "one step, and level before and after"),
        ("collector's saw", "no growth that these data could show"),
    ],
)
def test_what_only_looks_like_growth_is_named(name: str, words: str) -> None:
    assert judge(scene(name)).headline == f"Steady: {words}."


GROWING = [
    name
    for name, (cause, _) in SCENARIOS.items()
    if cause not in ("steady", "other-process", "virtual-only") and "at no cost" not in name
]


@pytest.mark.parametrize("name", GROWING)
def test_growth_refutes_it(name: str) -> None:
    found = judge(scene(name))
    assert (found.verdict, found.against[0][:9]) == (Verdict.REFUTED, "it grows:")


@pytest.mark.parametrize(
    ("grows", "said"),
    [
        ({"process.children_rss_bytes": MIB}, "the children's RSS grows: "),
        ({"process.virtual_bytes": 10 * MIB}, "address space grows: "),
        ({"process.descriptors_count": 1.0}, "descriptors rise: "),
        ({"process.threads_count": 1.0}, "threads rise: "),
        ({"go.goroutines_count": 1.0}, "goroutines rise: "),
    ],
)
def test_a_flat_total_beside_something_that_rises_is_not_simply_steady(grows: dict[str, float], said: str) -> None:
    found = judge(watched(grows=grows))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.1)
    assert found.against[0].startswith(said)


def test_a_child_that_grows_is_told_also_while_the_process_itself_moves_a_little() -> None:
    made = watched(grows={"layer.native_heap_bytes": 8 * KIB, "process.children_rss_bytes": 1.5 * MIB})
    assert judge(made).probability == 0.1
    assert verdict(made).cause == "other-process"


@pytest.mark.parametrize("rss", [0.0, -0.2 * MIB])
def test_memory_that_goes_to_swap_is_not_steady(rss: float) -> None:
    pressed = watched(
        grows={"layer.native_arenas_bytes": rss}, given={"process.swap_bytes": line(10 * MIB, 0.75 * MIB)}
    )
    found = judge(pressed)
    assert (found.verdict, found.against[0]) == (
        Verdict.CANNOT_SAY,
        "what is resident goes to swap: 10.0 to 55.0 MiB",
    )
    assert verdict(pressed).cause == "undetermined"


def test_slight_growth_is_neither_steady_nor_a_leak() -> None:
    young = case(total="process.rss_bytes", series={"process.rss_bytes": line(40 * MIB, 5 * KIB)}, live=True)
    found = judge(young)
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.45)
    assert found.confirm_with is not None and found.confirm_with.startswith("memwhy watch PID --for ")
    assert verdict(young).cause == "undetermined"


def test_whole_mebibytes_that_differ_by_one_are_flat() -> None:
    host = case(total="host.used_bytes", series={"host.used_bytes": mebibytes(4386, 4386, 4386, 4386, 4387, 4387)})
    assert judge(host).verdict is Verdict.SUPPORTED
    assert verdict(host).confidence in ("low", "medium")


def test_without_a_total_or_a_course_it_cannot_be_told() -> None:
    assert judge(case()).because == ("no total was read",)
    one = case(total="process.rss_bytes", series={"process.rss_bytes": readings(5 * MIB)})
    assert (judge(one).verdict, judge(one).because[0][:11]) == (Verdict.CANNOT_SAY, "one reading")


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("process.children_rss_bytes", "the children's RSS"),
        ("process.sockets_queued_bytes", "what waits in the sockets' queues"),
    ],
)
def test_it_waits_for_what_rose_beside_rss_in_too_few_readings(metric: str, told: str) -> None:
    process = line(8 * MIB, seconds=12)
    beside = line(20 * MIB, 1.5 * MIB, seconds=10, every=5)
    found = judge(case(total="process.rss_bytes", series={"process.rss_bytes": process, metric: beside}))
    assert found.verdict is Verdict.CANNOT_SAY
    assert found.against == (f"{told} rose, in too few readings to judge: 20.0 to 35.0 MiB",)


def _why(one: Case) -> list[str]:
    return [clue.text for clue in clues(one) if clue.weight > 0]


def test_what_only_goes_down_falls_by_itself() -> None:
    series = {"cgroup.working_set_bytes": readings(150 * MIB, 78 * MIB)}
    assert _why(case(series=series)) == ["it falls by itself: container working set 150.0 MiB, then 78.0 MiB"]


@pytest.mark.parametrize(
    ("figures", "facts"),
    [
        ((150, 78, 120), {}),
        ((100, 150, 78), {}),
        ((150, 140), {}),
        ((150, 78), {"trial.forced_gc": "after a GC it is 78 MB"}),
        ((150, 78), {"page.worded": "1"}),
    ],
)
def test_what_came_up_again_hardly_fell_or_was_brought_down_did_not_fall_by_itself(
    figures: tuple[int, ...], facts: dict[str, str]
) -> None:
    series = {"process.rss_bytes": readings(*(figure * MIB for figure in figures))}
    assert not any(text.startswith("it falls") for text in _why(case(series=series, facts=facts)))


def test_what_falls_while_the_heap_rises_did_not_fall_by_itself() -> None:
    series = {
        "process.rss_bytes": readings(300 * MIB, 100 * MIB),
        "runtime.heap_used_bytes": readings(20 * MIB, 90 * MIB),
    }
    assert not any(text.startswith("it falls") for text in _why(case(series=series)))


def test_a_level_that_a_pile_of_descriptors_holds_is_less_of_a_rest() -> None:
    facts = {"said.plateau.total": "it climbs and stays there"}
    weights = [
        next(clue.weight for clue in clues(case(facts=facts, series=series)) if "stays there" in clue.text)
        for series in ({}, {"process.descriptors_count": readings(5000)})
    ]
    assert weights == [2.5, 1.5]


def test_a_complaint_that_memory_does_not_come_back_is_hardly_a_rest() -> None:
    facts = {"said.plateau.total": "most of the memory is not freed"}
    assert [clue.weight for clue in clues(case(facts=facts)) if "not freed" in clue.text] == [0.7]


YOUNG = {"go.heap_alloc_bytes": line(200 * KIB, 2 * KIB), "go.next_gc_bytes": flat(4 * MIB)}
"""A heap that has never been collected, and how far it has come."""


def test_what_a_young_heap_adds_before_its_first_collection_is_no_growth_yet_and_no_leak_ruled_out() -> None:
    young = watched(grows={"layer.go_heap_bytes": 2 * KIB}, given=YOUNG)
    found = judge(young)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, PACED)
    assert "of it is Go's own, and its heap holds 320.0 KiB of the 4.0 MiB at which it is collected" in found.because[1]
    assert verdict(young).cause == "steady"
    assert {one.cause: one.verdict for one in judge_all(young)}["heap-leak"] is Verdict.CANNOT_SAY


@pytest.mark.parametrize(
    ("beside", "goal"),
    [({"layer.native_heap_bytes": 5 * KIB}, flat(4 * MIB)), ({}, line(4 * MIB, 4 * KIB))],
    ids=["malloc grows as well", "what lives after collections grows"],
)
def test_the_same_rise_is_open_where_a_collection_would_not_end_it(beside: dict[str, float], goal: Points) -> None:
    rises = watched(grows={"layer.go_heap_bytes": 2 * KIB, **beside}, given={**YOUNG, "go.next_gc_bytes": goal})
    assert judge(rises).verdict is Verdict.CANNOT_SAY


@pytest.mark.parametrize(("held", "answer"), [(0.0, Verdict.SUPPORTED), (2 * KIB, Verdict.CANNOT_SAY)])
def test_a_few_first_touches_are_no_growth_where_malloc_s_blocks_were_counted_and_stay(
    held: float, answer: Verdict
) -> None:
    touched = watched(
        grows={"layer.native_heap_bytes": 2 * KIB},
        given={**YOUNG, "derived.malloc_bytes": line(9 * KIB, held, every=20)},
    )
    assert judge(touched).verdict is answer


def test_a_layer_that_grows_while_the_heap_is_given_back_is_not_steady_and_acquits_nobody() -> None:
    """The scavenger returns what a warm-up took, and the leak goes on below it."""
    returned = step(30 * MIB, 26 * MIB, noise=20_000)
    leak = watched(grows={"layer.native_arenas_bytes": 40 * KIB}, given={"layer.go_heap_bytes": returned})
    found = judge(leak)
    assert found.verdict is Verdict.CANNOT_SAY
    assert found.against[0].startswith("native heap and arenas grow while something else is given back: ")
    assert {one.cause: one.verdict for one in judge_all(leak)}["native-leak"] is not Verdict.REFUTED


def test_a_layer_that_grows_while_rss_rose_and_fell_back_acquits_nobody() -> None:
    """RSS ends well above its start: a heap that was given back once hides half of the leak for good."""
    returned = step(30 * MIB, 27 * MIB, noise=20_000, seconds=300)
    seen = watched(grows={"layer.native_arenas_bytes": 18 * KIB}, seconds=300, given={"layer.go_heap_bytes": returned})
    found = judged(seen)
    assert (found["native-leak"].verdict, found["steady"].verdict) == (Verdict.CANNOT_SAY, Verdict.CANNOT_SAY)


@pytest.mark.parametrize("seconds", [12, 20, 30])
def test_a_few_flat_readings_bound_no_slow_leak_and_the_verdict_says_how_long_to_go_on(seconds: int) -> None:
    young = watched(seconds=seconds)
    found = judge(young)
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, EARLY)
    assert found.headline.startswith("Nothing grows by more than +")
    assert found.headline.endswith(" more show whether it grows by +1.0 MiB/min.")
    assert (verdict(young).cause, verdict(young).headline.split(" The evidence")[0]) == ("undetermined", found.headline)


def test_the_bound_of_a_watch_covers_a_leak_that_comes_in_stairs() -> None:
    """Half a MiB every half minute: between two stairs RSS is flat to the byte."""
    for seconds in range(8, 60, 4):
        seen = ticks(lambda x: 12 * MIB + 512 * KIB * ((x + 10) // 30), seconds=seconds)
        bound = unseen_per_s(case(total="process.rss_bytes", series={"process.rss_bytes": seen}, live=True))
        assert bound is None or bound >= MIB / 60


@pytest.mark.parametrize("before", [14 * MIB, 10 * MIB], ids=["it fell", "it rose"])
def test_what_was_given_back_leaves_the_bound_tight_and_what_was_taken_loosens_it(before: int) -> None:
    after = 12 * MIB
    seen = ticks(lambda x: before if x < 110 else after, seconds=120)
    bound = unseen_per_s(case(total="process.rss_bytes", series={"process.rss_bytes": seen}, live=True))
    assert bound is not None
    assert (bound < MIB / 60) is (before > after)


def test_a_rest_that_lasts_after_a_climb_is_rest_and_a_short_one_is_not() -> None:
    def bound(rest_s: float) -> float | None:
        end = 120 - rest_s
        seen = ticks(lambda x: 10 * MIB + round(MIB * min(x, end)), seconds=120)
        return unseen_per_s(case(total="process.rss_bytes", series={"process.rss_bytes": seen}, live=True))

    long, short = bound(85), bound(20)
    assert long is not None
    assert short is not None
    assert long < MIB / 60 < short


@pytest.mark.parametrize(
    ("collections", "answer"),
    [(0.2, Verdict.SUPPORTED), (0.0, Verdict.CANNOT_SAY)],
    ids=["collections showed that what lives stays", "nothing was collected"],
)
def test_a_collector_s_saw_is_rest_only_where_collections_show_what_lives(collections: float, answer: Verdict) -> None:
    saw = sawtooth(24 * MIB, 44 * MIB, teeth=9.3)
    case_ = watched(given={"layer.go_heap_bytes": saw, "go.gc_count": line(12, collections)})
    assert judge(case_).verdict is answer


def test_a_layer_that_grows_beneath_a_total_that_moves_otherwise_is_not_steady() -> None:
    falls = line(60 * MIB, -30 * KIB, noise=2 * MIB)
    found = judge(watched(grows={"layer.native_arenas_bytes": 40 * KIB}, given={"layer.go_heap_bytes": falls}))
    assert found.verdict is Verdict.CANNOT_SAY
    assert "native heap and arenas" in found.against[0] or "native arenas grow beneath" in found.against[0]


def between_collections(live: int, collections: Points, pages: int = 50 * MIB) -> Case:
    """A heap of 880 MiB, whose pages made one step as it was collected: with so much more alive than before."""
    return watched(
        seconds=95,
        given={
            "layer.go_heap_bytes": step(830 * MIB, 830 * MIB + pages, noise=KIB, seconds=95),
            "derived.go_live_bytes": step(444 * MIB, 444 * MIB + live, noise=0, seconds=95),
            "go.gc_count": collections,
        },
    )


def test_a_step_with_the_only_collection_that_left_more_alive_may_be_how_a_large_heap_grows() -> None:
    once = step(40, 41, noise=0, seconds=95)
    found = judge(between_collections(31 * MIB, once))
    assert (found.verdict, found.because) == (
        Verdict.CANNOT_SAY,
        (
            "RSS: 875.8 to 925.9 MiB",
            "a heap grows from collection to collection: only 1 was seen, and Go heap live is 444.0 to 475.0 MiB",
        ),
    )
    assert found.confirm_with == "memwhy watch PID --for 8m   (over 4 more collections or so)"
    assert judge(between_collections(0, once)).verdict is Verdict.SUPPORTED
    assert judge(between_collections(31 * MIB, line(40, 1.0, seconds=95))).verdict is Verdict.SUPPORTED


def test_such_a_step_acquits_no_heap() -> None:
    case = between_collections(31 * MIB, step(40, 41, noise=0, seconds=95))
    assert judged(case)["heap-leak"].verdict is Verdict.CANNOT_SAY
    assert verdict(case).cause == "undetermined"
