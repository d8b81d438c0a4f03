"""The guesses of forums, answered by number on a made-up paste: ten readings of one host, three lines of MemStats."""

from dataclasses import replace
from functools import cache

import pytest
from build_case import MIB, case, mebibytes, readings, watched

from memwhy.conclude.suggestions import suggestions
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Where
from memwhy.model.report import Suggestion, Verdict

PACE = 0.75 * MIB
NAMES = [
    "FreeOSMemory", "a memory limit", "recursion", "a goroutine leak", "unclosed response bodies", "connection pools",
    "gzip readers",
]  # fmt: skip


def profile(kind: str, total: int, rows: dict[str, int], build: str = "aaaa1111") -> SeenProfile:
    made = Profile(
        kind=kind,
        unit="bytes",
        total=total,
        rows=tuple(ProfileRow(function=name, flat=value, cum=value) for name, value in rows.items()),
        build_id=build,
    )
    return SeenProfile(profile=made, subject="", where=Where(file="page.txt"), x=0.0)


@cache
def pasted() -> Case:
    return case(
        total="host.used_bytes",
        series={
            "host.used_bytes": mebibytes(1203, 1205, 1207, 1209, 1210, 1212, 1214, 1215, 1217, 1219),
            "go.sys_bytes": mebibytes(19, 20, 20),
            "go.heap_idle_bytes": mebibytes(4, 5, 4),
            "go.heap_released_bytes": mebibytes(0, 0, 0),
            "go.heap_inuse_bytes": mebibytes(9, 8, 8),
            "go.stack_inuse_bytes": mebibytes(2, 2, 2),
            "derived.go_held_bytes": mebibytes(19, 20, 20),
            "derived.go_retained_bytes": mebibytes(4, 5, 4),
        },
        profiles=(
            profile("inuse_space", 3 * MIB, {"bufio.NewReaderSize": MIB}),
            profile("alloc_space", 1000 * MIB, {"compress/flate.NewReader": 390 * MIB, "io.ReadAll": 100 * MIB}),
        ),
    )


def test_every_guess_is_answered_once_and_all_of_them_are_refuted_on_the_paste() -> None:
    found = suggestions(pasted())
    assert [one.name for one in found] == NAMES
    assert {one.verdict for one in found} == {Verdict.REFUTED}


def test_each_answer_carries_the_most_bytes_it_could_explain() -> None:
    assert {one.name: one.could_explain_bytes for one in suggestions(pasted())} == {
        "FreeOSMemory": 5 * MIB,
        "a memory limit": 0,
        "recursion": MIB,
        "a goroutine leak": MIB,
        "unclosed response bodies": 2 * MIB,
        "connection pools": 2 * MIB,
        "gzip readers": 0,
    }


def test_the_answers_say_their_figures() -> None:
    found = {one.name: one.because for one in suggestions(pasted())}
    assert found["FreeOSMemory"] == (
        "idle 4.0 to 5.0 MiB, released 0 B: at most 5.0 MiB could come back, and it does not grow"
    )
    assert found["gzip readers"] == (
        "39 % of all bytes ever allocated (compress/flate.NewReader), 0 B of 3.0 MiB in use: churn, not a leak"
    )
    assert found["recursion"] == "deep stacks would show in StackInuse: 2.0 MiB, flat"
    assert found["connection pools"].startswith("they need sockets, goroutines and heap: stacks 2.0 MiB, flat")


def test_in_use_decompressors_that_carry_the_growth_are_not_called_churn() -> None:
    holding = watched(
        grows={"layer.go_heap_bytes": PACE, "go.sys_bytes": PACE, "go.heap_inuse_bytes": PACE},
    )
    seen = profile("inuse_space", 60 * MIB, {"compress/flate.NewReader": 50 * MIB})
    answer = {one.name: one for one in suggestions(replace(holding, profiles=(seen,)))}["gzip readers"]
    assert answer == Suggestion(
        name="gzip readers",
        verdict=Verdict.CANNOT_SAY,
        could_explain_bytes=50 * MIB,
        because="50.0 MiB of 60.0 MiB in use",
    )


def test_connections_that_pile_up_are_supported_and_beside_a_native_leak_refuted() -> None:
    piles = {"process.sockets_count": 5.0, "process.descriptors_count": 5.0}
    heap = {"layer.go_heap_bytes": PACE / 4, "go.sys_bytes": PACE / 4}
    for grows, expected in (
        (piles | heap, Verdict.SUPPORTED),
        (piles | {"layer.native_arenas_bytes": PACE}, Verdict.REFUTED),
    ):
        found = {one.name: one.verdict for one in suggestions(watched(grows=grows))}
        assert found["unclosed response bodies"] is expected


@pytest.mark.parametrize("runtime", ["cpython", "jvm", "node", "native", "unknown"])
def test_they_are_guesses_about_go(runtime: str) -> None:
    assert suggestions(watched(runtime=runtime)) == ()


def test_without_figures_nothing_is_refuted() -> None:
    found = suggestions(case(runtime="go"))
    assert [one.name for one in found] == NAMES
    assert {one.verdict for one in found} == {Verdict.CANNOT_SAY}
    assert {one.could_explain_bytes for one in found} == {None}


@pytest.mark.parametrize(("count", "answer"), [(99, Verdict.REFUTED), (100, Verdict.CANNOT_SAY)])
def test_one_count_of_many_goroutines_leaves_their_leak_open(count: int, answer: Verdict) -> None:
    seen = case(series={"go.goroutines_count": readings(count)}, runtime="go")
    found = next(one for one in suggestions(seen) if one.name == "a goroutine leak")
    assert (found.verdict, found.because.startswith(f"goroutines: {count}, read once")) == (answer, True)
