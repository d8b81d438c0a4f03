"""The accuracy bench reckons as its page says: every verdict is worth what the truth makes of it, and nothing else."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from memwhy import __version__
from memwhy.diagnose import Casebook, diagnose
from memwhy.model.evidence import Snapshot
from memwhy.model.units import NS_PER_S
from memwhy.recording import Recorder, open_recording

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from accuracy_again import again
from accuracy_page import courses, page
from accuracy_reckon import (
    Bar,
    Bin,
    CauseScore,
    Outcome,
    Score,
    Share,
    accusations,
    accused,
    bars,
    bins,
    by_cause,
    confusion,
    outcome,
    patience,
    rash,
    score,
    second_leaks,
    seconds_to_verdict,
    together,
    twins,
)
from accuracy_rows import (
    AS_IT_IS,
    FAST,
    SLOW,
    UNDETERMINED,
    Conditions,
    Row,
    Said,
    Truth,
    conditions_here,
    line_of,
    read_rows,
    truth_of,
)
from accuracy_run import SpecimenFailed, Watches, beginnings, flags_of, plan

NATIVE = Truth(cause="native-leak", acquitted=("heap-leak", "steady"), bytes_per_s=(1e6, 1.2e6))
STEADY = Truth(cause="steady", acquitted=("native-leak", "heap-leak"), bytes_per_s=(-3e4, 3e4))
WARMING = Truth(cause="steady", acquitted=("heap-leak",), undecided_s=30.0)
FILLING = replace(WARMING, meanwhile=("heap-leak",))
SAW = Truth(cause="gc-headroom", also=("steady",))
TWO = Truth(cause="native-leak", also_grows=("heap-leak",), bytes_per_s=(1.5e6, 1.7e6))
CONDITIONS = Conditions(
    when="2026-11-23 10:00 UTC",
    machine="2 × a CPU, Linux 6.1, glibc 2.36",
    seed=1,
    at_once=6,
    noise=0,
    for_s=60.0,
    slow_for_s=300.0,
)


def said(length_s: float, cause: str, probability: float = 0.8, *, supported: tuple[str, ...] = ()) -> Said:
    confidence = "high" if probability >= 0.9 else "medium" if probability >= 0.6 else "low"
    known = () if cause == UNDETERMINED else (cause,)
    return Said(
        length_s=length_s,
        cause=cause,
        confidence=confidence,
        probability=probability,
        supported=supported or known,
        more=cause == UNDETERMINED,
    )


def row(specimen: str, truth: Truth, *verdicts: Said, variant: str = "guilty", endpoint: bool = True) -> Row:
    pace = FAST if truth.grows else AS_IT_IS
    return Row(
        specimen=specimen,
        variant=variant,
        endpoint=endpoint,
        pace=pace,
        for_s=60.0,
        truth=truth,
        said=verdicts,
        load=2.5,
    )


LEAK = row("scraper", NATIVE, said(10, UNDETERMINED), said(20, "native-leak"), said(60, "native-leak", 0.96))
TWIN = row("scraper", STEADY, said(10, "steady", 0.7), said(20, "steady"), said(60, "steady", 0.97), variant="twin")
ROWS = [
    LEAK,
    TWIN,
    row("late", NATIVE, said(20, UNDETERMINED), said(60, "native-leak", 0.75)),
    row("taken for heap", NATIVE, said(20, "heap-leak", 0.65), said(60, "heap-leak", 0.95)),
    row("cache", WARMING, said(20, UNDETERMINED), said(60, UNDETERMINED, 0.4), variant="twin"),
    row("blamed", STEADY, said(20, "steady"), said(60, "native-leak", 0.55), variant="twin"),
    row("saw", SAW, said(20, "steady"), said(60, "steady", 0.85)),
]


@pytest.mark.parametrize(
    ("truth", "verdict", "worth"),
    [
        (NATIVE, said(60, "native-leak"), Outcome.RIGHT),
        (NATIVE, said(60, "heap-leak"), Outcome.WRONG),
        (NATIVE, said(60, "heap-leak", 0.9), Outcome.RASH),
        (NATIVE, said(60, UNDETERMINED), Outcome.OPEN),
        (NATIVE, said(60, UNDETERMINED, 0.95), Outcome.OPEN),
        (SAW, said(60, "steady"), Outcome.RIGHT),
        (WARMING, said(30, UNDETERMINED), Outcome.NOT_YET),
        (WARMING, said(40, UNDETERMINED), Outcome.OPEN),
        (WARMING, said(20, "heap-leak", 0.95), Outcome.RASH),
        (FILLING, said(30, "heap-leak", 0.8), Outcome.NOT_YET),
        (FILLING, said(30, "heap-leak", 0.9), Outcome.RASH),
        (FILLING, said(40, "heap-leak", 0.8), Outcome.WRONG),
        (FILLING, said(30, "native-leak", 0.8), Outcome.WRONG),
        (TWO, said(60, "native-leak"), Outcome.RIGHT),
        (TWO, said(60, "heap-leak"), Outcome.WRONG),
    ],
)
def test_a_verdict_is_worth_what_the_truth_makes_of_it(truth: Truth, verdict: Said, worth: Outcome) -> None:
    assert outcome(truth, verdict) == worth


def test_a_wrong_verdict_and_an_acquitted_cause_that_is_supported_accuse() -> None:
    assert accusations(STEADY, said(60, "steady")) == ()
    assert accusations(STEADY, said(60, UNDETERMINED)) == ()
    assert accusations(STEADY, said(60, "mmap-leak")) == ("mmap-leak",)
    assert accusations(STEADY, said(60, "steady", supported=("steady", "heap-leak"))) == ("heap-leak",)
    assert accusations(STEADY, said(60, "heap-leak", supported=("heap-leak", "native-leak"))) == (
        "native-leak",
        "heap-leak",
    )


def test_what_describes_the_course_meanwhile_is_no_verdict_and_accuses_nobody_until_it_is_over() -> None:
    filling = row("cache", FILLING, said(20, "heap-leak"), said(60, "heap-leak"), variant="twin")
    assert accused([filling], 20.0) == Share(0, 1)
    assert accused([filling], 60.0) == Share(1, 1)
    early, late = score([filling], 20.0), score([filling], 60.0)
    assert (early.right, early.not_yet, early.wrong, early.brier) == (0, 1, 0, None)
    assert (late.right, late.not_yet, late.wrong, late.brier) == (0, 0, 1, pytest.approx(0.64))
    assert by_cause([filling], 20.0) == [
        CauseScore(cause="heap-leak", precision=Share(0, 0), recall=Share(0, 0)),
        CauseScore(cause="steady", precision=Share(0, 0), recall=Share(1, 1)),
    ]
    assert [one.right.n for one in bins([filling], 20.0)] == [0] * 6


def test_what_grows_beside_is_true_of_the_bench_and_accuses_only_as_the_verdict() -> None:
    truth = replace(STEADY, acquitted=("other-process",))
    assert accusations(truth, said(60, "steady", supported=("steady", "other-process"))) == ()
    assert accusations(truth, said(60, "other-process")) == ("other-process",)


def test_a_second_leak_that_is_named_beside_the_first_accuses_nobody() -> None:
    both = said(60, "native-leak", supported=("native-leak", "heap-leak"))
    assert accusations(TWO, both) == ()
    rows = [row("two", TWO, both), row("one of two", TWO, said(60, "native-leak"))]
    assert [(one.specimen, share) for one, share in second_leaks(rows, 60.0)] == [
        ("two", Share(1, 1)),
        ("one of two", Share(0, 1)),
    ]


def test_all_verdicts_at_a_length_are_counted() -> None:
    assert score(ROWS, 20.0) == Score(
        right=4, not_yet=1, undetermined=1, wrong=1, rash=0, brier=pytest.approx((4 * 0.2**2 + 0.65**2) / 5)
    )
    assert score(ROWS, 60.0) == Score(
        right=4,
        not_yet=0,
        undetermined=1,
        wrong=2,
        rash=1,
        brier=pytest.approx((0.04**2 + 0.03**2 + 0.25**2 + 0.95**2 + 0.55**2 + 0.15**2) / 6),
    )


def test_precision_is_of_verdicts_and_recall_of_programs() -> None:
    scores = by_cause(ROWS, 60.0)
    assert scores == [
        CauseScore(cause="native-leak", precision=Share(2, 3), recall=Share(2, 3)),
        CauseScore(cause="heap-leak", precision=Share(0, 1), recall=Share(0, 0)),
        CauseScore(cause="gc-headroom", precision=Share(0, 0), recall=Share(1, 1)),
        CauseScore(cause="steady", precision=Share(2, 2), recall=Share(1, 3)),
    ]
    assert together(scores) == (Share(4, 6), Share(4, 7))
    assert together(scores, but=frozenset({"steady"})) == (Share(2, 4), Share(3, 4))


def test_a_cell_counts_its_watches_and_those_that_are_right() -> None:
    assert confusion(ROWS, 60.0) == {
        ("native-leak", "native-leak"): Share(2, 2),
        ("native-leak", "heap-leak"): Share(0, 1),
        ("steady", "steady"): Share(1, 1),
        ("steady", UNDETERMINED): Share(0, 1),
        ("steady", "native-leak"): Share(0, 1),
        ("gc-headroom", "steady"): Share(1, 1),
    }
    assert confusion(ROWS, 20.0)["steady", UNDETERMINED] == Share(1, 1)


def test_verdicts_are_binned_by_their_probability() -> None:
    certain = row("certain", STEADY, said(60, "steady", 1.0))
    assert bins([*ROWS, certain], 60.0) == [
        Bin(low=0.5, high=0.6, mean=0.55, right=Share(0, 1)),
        Bin(low=0.6, high=0.7, mean=None, right=Share(0, 0)),
        Bin(low=0.7, high=0.8, mean=0.75, right=Share(1, 1)),
        Bin(low=0.8, high=0.9, mean=0.85, right=Share(1, 1)),
        Bin(low=0.9, high=0.95, mean=None, right=Share(0, 0)),
        Bin(low=0.95, high=1.0, mean=pytest.approx((0.96 + 0.97 + 0.95 + 1.0) / 4), right=Share(3, 4)),
    ]


def test_the_time_to_the_verdict_is_when_it_becomes_right_for_good() -> None:
    assert seconds_to_verdict(LEAK) == 20.0
    assert seconds_to_verdict(replace(LEAK, said=(said(10, "native-leak"), said(20, UNDETERMINED)))) is None
    back = (said(10, "native-leak"), said(20, "mmap-leak"), said(30, "native-leak"), said(60, "native-leak"))
    assert seconds_to_verdict(replace(LEAK, said=back)) == 30.0
    assert seconds_to_verdict(replace(LEAK, said=())) is None


def test_only_twins_count_as_twins() -> None:
    assert [one.specimen for one in twins(ROWS)] == ["scraper", "cache", "blamed"]
    assert accused(twins(ROWS), 20.0) == Share(0, 3)
    assert accused(twins(ROWS), 60.0) == Share(1, 3)


def test_rash_verdicts_are_found_at_any_length() -> None:
    hasty = row("hasty", STEADY, said(10, "heap-leak", 0.93), said(60, "steady"), variant="twin")
    assert [(one.specimen, verdict.length_s) for one, verdict in rash([*ROWS, hasty])] == [
        ("taken for heap", 60.0),
        ("hasty", 10.0),
    ]


def test_the_bars_say_what_holds() -> None:
    slow = replace(LEAK, pace=SLOW, for_s=300.0, said=(said(60, UNDETERMINED), said(300, "native-leak")))
    assert bars([*ROWS, slow], 60.0) == [
        Bar(asked="precision ≥ 0.95", measured="0.50 (2 of 4)", holds=False),
        Bar(asked="recall ≥ 0.95", measured="0.75 (3 of 4)", holds=False),
        Bar(
            asked="precision ≥ 0.95 of each cause",
            measured="native-leak 0.67 (2 of 3), heap-leak 0.00 (0 of 1)",
            holds=False,
        ),
        Bar(
            asked="recall ≥ 0.95 of each cause",
            measured="native-leak 0.67 (2 of 3), steady 0.33 (1 of 3)",
            holds=False,
        ),
        Bar(asked="no rash verdict, at any length", measured="1 in 1 watches", holds=False),
        Bar(asked="twins accused ≤ 1 %", measured="0.33 (1 of 3)", holds=False),
        Bar(asked="1 MiB/s named in ≤ 20 s, every one", measured="0.33 (1 of 3)", holds=False),
        Bar(asked="1 MiB/min named in ≤ 300 s, every one", measured="1.00 (1 of 1)", holds=True),
    ]
    assert [bar.holds for bar in bars([LEAK, TWIN], 60.0)] == [True, True, True, True, True, True, True, None]


def test_without_verdicts_nothing_is_measured_and_nothing_holds() -> None:
    failed = replace(LEAK, said=(), problem="was not ready within 60 s")
    assert score([failed], 60.0) == Score(right=0, not_yet=0, undetermined=0, wrong=0, rash=0, brier=None)
    assert [bar.holds for bar in bars([failed], 60.0)] == [None] * 8
    text = page([CONDITIONS], [failed])
    assert "Nothing was watched." in text
    assert "| scraper guilty, endpoint, 1 MiB/s | was not ready within 60 s |" in text
    assert [bar.holds for bar in bars([], 60.0)] == [None] * 8


def test_open_verdicts_on_what_grows_are_asked_for_how_long_to_go_on() -> None:
    silent = replace(LEAK, said=(replace(said(10, UNDETERMINED), more=False), said(60, "native-leak")))
    assert patience([*ROWS, silent]) == Share(2, 3)


def test_an_interval_holds_the_share_and_never_leaves_0_to_1() -> None:
    assert Share(0, 60).interval == (0.0, pytest.approx(0.0602, abs=1e-4))
    assert Share(60, 60).interval == (pytest.approx(0.9398, abs=1e-4), pytest.approx(1.0))
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_course_tells_stretches_of_the_same_verdict() -> None:
    verdicts = (
        said(10, UNDETERMINED, 0.5),
        said(20, UNDETERMINED, 0.4),
        said(30, "heap-leak", 0.7),
        said(60, "steady", supported=("steady", "native-leak")),
    )
    assert courses(row("cache", replace(STEADY, undecided_s=10), *verdicts)) == (
        "10 s undetermined 0.50 (not yet); 20 s undetermined 0.40; 30 s heap-leak 0.70 (wrong);"
        " 60 s steady 0.80, and native-leak supported"
    )


PAGE = """2026-11-23 10:00 UTC; 2 × a CPU, Linux 6.1, glibc 2.36; 6 at a time, no noise of ours; seed 1; 60 s each, 1 MiB/min for 300 s.

2 watches of 1 specimens; load average 2.5 to 2.5. Explained from its recording, a watch gives the verdict that it printed: 1.00 (2 of 2).

## What is asked for

|  | measured | holds |
| --- | --- | --- |
| precision ≥ 0.95 | 1.00 (1 of 1) | yes |
| recall ≥ 0.95 | 1.00 (1 of 1) | yes |
| precision ≥ 0.95 of each cause | all | yes |
| recall ≥ 0.95 of each cause | all | yes |
| no rash verdict, at any length | none | yes |
| twins accused ≤ 1 % | 0.00 (0 of 1) | yes |
| 1 MiB/s named in ≤ 20 s, every one | 1.00 (1 of 1) | yes |
| 1 MiB/min named in ≤ 300 s, every one | not measured | not measured |

## By length of the watch

| length | watches | right | not yet | undetermined | wrong | rash | precision | recall | twins accused | Brier |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| 20 s | 2 | 2 | 0 | 0 | 0 | 0 | 1.00 | 1.00 | 0 of 1 | 0.04 |
| 60 s | 2 | 2 | 0 | 0 | 0 | 0 | 1.00 | 1.00 | 0 of 1 | 0.00 |
| 60 s, from outside | 0 | 0 | 0 | 0 | 0 | 0 |  |  | 0 of 0 |  |
| 60 s, endpoint | 2 | 2 | 0 | 0 | 0 | 0 | 1.00 | 1.00 | 0 of 1 | 0.00 |

## Truth by verdict, after 60 s

A cell counts watches; *in italics* are those that are not right.

| truth | native-leak | steady |
| --- | --- | --- |
| native-leak | 1 |  |
| steady |  | 1 |

## By cause, after 60 s

Precision: of the verdicts that name it, how many are right. Recall: of the programs that have it, how many are found.

| cause | precision | recall |
| --- | --- | --- |
| native-leak | 1.00 (1 of 1) | 1.00 (1 of 1) |
| steady | 1.00 (1 of 1) | 1.00 (1 of 1) |
| all but steady | 1.00 (1 of 1) | 1.00 (1 of 1) |
| all | 1.00 (2 of 2) | 1.00 (2 of 2) |

Of the twins 0.00 (0 of 1) are accused; with so many, the rate may be 0.000 to 0.793 (95 %).

## Probability and truth, after 60 s

Brier score 0.00.

| probability | verdicts | mean | right |
| --- | --- | --- | --- |
| 0.95 to 1.00 | 2 | 0.96 | 1.00 |

## Seconds to the verdict

The first length from which on every verdict was right, of those asked for: every 5 s to 30 s, every 10 s to 60 s, every 30 s to 300 s. “no”: the last was not right.

| program | cause | 1 MiB/s, from outside | 1 MiB/s, endpoint | 1 MiB/min, from outside | 1 MiB/min, endpoint |
| --- | --- | --- | --- | --- | --- |
| scraper | native-leak |  | 20 |  |  |

Of the undetermined verdicts on what grows, 1.00 (1 of 1) say how long to go on watching.
"""


def test_the_page_is_the_same_for_the_same_rows_in_any_order() -> None:
    text = page([CONDITIONS], [LEAK, TWIN])
    assert text[text.index("2026-11-23") :] == PAGE
    assert page([CONDITIONS], [TWIN, LEAK]) == text


def test_what_was_planned_and_has_no_row_is_listed_with_the_run_that_it_was_planned_for() -> None:
    planned = replace(CONDITIONS, version="memwhy 0.1.0, commit 1a2b3c4", planned=(LEAK.name, "lost twin, endpoint"))
    text = page([planned, replace(CONDITIONS, when="2026-11-22 09:00 UTC")], [LEAK, TWIN])
    assert text[text.index("## Not measured") :].splitlines()[4:] == [
        "| lost twin, endpoint | planned, and no row came of it |"
    ]
    assert [line.split("; ")[:2] for line in text.splitlines() if " UTC; " in line] == [
        ["2026-11-22 09:00 UTC", "2 × a CPU, Linux 6.1, glibc 2.36"],
        ["2026-11-23 10:00 UTC", "memwhy 0.1.0, commit 1a2b3c4"],
    ]


def test_conditions_of_this_tree_come_back_with_their_version_and_their_plan(tmp_path: Path) -> None:
    here = conditions_here(seed=1, at_once=2, noise=0, for_s=60.0, slow_for_s=300.0, planned=["b", "a"])
    assert here.version.startswith(f"memwhy {__version__}")
    assert here.planned == ("a", "b")
    path = tmp_path / "rows.jsonl"
    older = {name: value for name, value in asdict(CONDITIONS).items() if name not in ("version", "planned")}
    path.write_text(json.dumps(older) + "\n" + line_of(here))
    assert read_rows([path]) == ([CONDITIONS, here], [])


def test_what_is_not_right_is_listed_by_name() -> None:
    text = page([CONDITIONS], ROWS)
    table = text[text.index("## Not right") :].splitlines()[6:]
    assert table == [
        "| blamed twin, endpoint | steady | 20 s steady 0.80; 60 s native-leak 0.55 (wrong) |",
        "| cache twin, endpoint | steady, not before 30 s | 20 s undetermined 0.80 (not yet); 60 s undetermined 0.40 |",
        "| taken for heap guilty, endpoint, 1 MiB/s | native-leak | 20 s heap-leak 0.65 (wrong); 60 s heap-leak 0.95 (rash) |",
    ]


def test_rows_come_back_from_their_file_and_the_later_of_two_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    again = replace(LEAK, said=(said(60, "native-leak", 0.99),))
    first.write_text("".join(map(line_of, (CONDITIONS, TWIN, LEAK, *ROWS[2:]))))
    second.write_text(line_of(CONDITIONS) + line_of(again))
    conditions, rows = read_rows([first, second])
    assert conditions == [CONDITIONS, CONDITIONS]
    assert rows == sorted([again, *ROWS[1:]], key=lambda one: one.key)


def test_a_file_that_holds_no_rows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line_of(CONDITIONS) + '{"specimen": 1}\n')
    with pytest.raises(SystemExit, match=r"rows\.jsonl:2 is no row of this bench"):
        read_rows([path])


def test_truth_is_read_as_it_stands() -> None:
    section = {"cause": "native-leak", "also_grows": "heap-leak", "bytes_per_s": [1, 2], "layers": [], "undecided_s": 5}
    assert truth_of(section) == Truth(
        cause="native-leak", also_grows=("heap-leak",), undecided_s=5.0, bytes_per_s=(1.0, 2.0)
    )


def test_what_grows_is_memory_and_goes_on_growing() -> None:
    reserved = Truth(cause="virtual-only", bytes_per_s=(6e7, 7e7))
    log = Truth(cause="steady", also=("file-cache",), bytes_per_s=(1.4e6, 1.6e6))
    drip = replace(NATIVE, bytes_per_s=(15_000.0, 20_000.0), undecided_s=240.0)
    assert [one.grows for one in (NATIVE, TWO, drip)] == [True, True, True]
    assert [one.grows for one in (STEADY, WARMING, SAW, reserved, log)] == [False] * 5
    assert [one.slow for one in (NATIVE, TWO, drip, STEADY)] == [False, False, True, False]


BENCH = Path(__file__).resolve().parent.parent / "bench"
RECORDING = Path(__file__).resolve().parent / "recordings" / "schema-1.memwhy"


def stretched(path: Path) -> list[Snapshot]:
    """A recording of a real process whose 400 looks were made at once, as if one had been made each second. Kept at path."""
    with open_recording(RECORDING) as recording:
        kept = list(recording.snapshots())
    recorder = Recorder.create(str(path), meta={})
    found = []
    for second, snapshot in enumerate(kept):
        at_ns = (1000 + second) * NS_PER_S
        evidence = tuple(replace(one, monotonic_ns=at_ns) for one in snapshot.evidence)
        found.append(replace(snapshot, monotonic_ns=at_ns, evidence=evidence))
        recorder.append(found[-1])
    recorder.close("stopped")
    return found


def test_the_beginnings_of_a_recording_are_judged_by_what_was_read_until_then(tmp_path: Path) -> None:
    kept = stretched(tmp_path / "stretched.memwhy")
    found = list(beginnings(tmp_path / "stretched.memwhy", 60.0))
    assert [one.length_s for one in found] == [10, 15, 20, 25, 30, 40, 50]
    for said_then in found:
        book = Casebook(live=True)
        for snapshot in kept[: round(said_then.length_s) + 1]:  # a watch for 20 s looks at 0, 1, … 20 s
            book.add_snapshot(snapshot)
        conclusion = diagnose(book).conclusion
        assert (said_then.cause, said_then.confidence) == (conclusion.cause, conclusion.confidence)
        assert said_then.probability == pytest.approx(conclusion.probability)
    assert len({said_then.probability for said_then in found}) > 1


def test_kept_recordings_are_judged_once_more_and_what_is_not_there_says_so(tmp_path: Path) -> None:
    stretched(tmp_path / "x-guilty-endpoint-1-MiB-s.memwhy")
    kept = replace(row("x", NATIVE, said(60, "steady")), load=3.5)
    lost, never = row("y", NATIVE, said(60, "steady")), replace(row("z", NATIVE), problem="did not start")
    conditions, rows = again(
        [replace(CONDITIONS, version="memwhy 0.1.0, commit 1a2b3c4")], [kept, lost, never], tmp_path
    )
    assert conditions[0].version.startswith("recorded by memwhy 0.1.0, commit 1a2b3c4, judged by memwhy ")
    assert conditions[0].first_sight[1] == "recall ≥ 0.95: 0.00 (0 of 2)"
    assert "As printed: precision ≥ 0.95: not measured; recall ≥ 0.95: 0.00 (0 of 2); " in page(conditions, rows)
    assert [(one.key, one.load) for one in rows] == [(one.key, one.load) for one in (kept, lost, never)]
    assert [one.length_s for one in rows[0].said] == [10, 15, 20, 25, 30, 40, 50, 60]
    assert rows[0].said[:-1] == tuple(beginnings(tmp_path / "x-guilty-endpoint-1-MiB-s.memwhy", 60.0))
    assert rows[0].because
    assert (rows[1].said, "No such file" in rows[1].problem) == ((), True)
    assert rows[2] == never


def test_every_variant_is_watched_with_and_without_its_endpoint_in_an_order_of_the_seed() -> None:
    names = ["heap-cache", "steady"]
    tasks = plan(names, for_s=60.0, slow_for_s=300.0, paces=(FAST, SLOW), seed=1)
    assert {(one.specimen, one.variant, one.endpoint, one.pace, one.for_s) for one in tasks} == {
        ("heap-cache", "guilty", False, FAST, 60.0),
        ("heap-cache", "guilty", True, FAST, 60.0),
        ("heap-cache", "guilty", False, SLOW, 300.0),
        ("heap-cache", "guilty", True, SLOW, 300.0),
        ("heap-cache", "twin", False, AS_IT_IS, 60.0),
        ("heap-cache", "twin", True, AS_IT_IS, 60.0),
        ("steady", "guilty", False, AS_IT_IS, 60.0),
        ("steady", "guilty", True, AS_IT_IS, 60.0),
    }
    assert tasks == plan(names, for_s=60.0, slow_for_s=300.0, paces=(FAST, SLOW), seed=1)
    assert tasks[:2] == sorted(tasks, key=lambda one: -one.for_s)[:2]
    orders = {tuple(plan(names, for_s=60.0, slow_for_s=300.0, paces=(FAST,), seed=seed)) for seed in range(5)}
    assert len(orders) == 5


@pytest.mark.specimen
def test_the_rate_of_what_grows_is_set_and_a_step_or_two_are_no_slow_growth() -> None:
    tasks = plan(["mmap-pile"], for_s=60.0, slow_for_s=300.0, paces=(FAST, SLOW), seed=1)
    flags = {(one.variant, one.pace): flags_of(one) for one in tasks}
    assert flags["twin", AS_IT_IS] == ["-for", "270s"]
    fast, slow = flags["guilty", FAST], flags["guilty", SLOW]
    assert (fast[:3], slow[:3]) == (["-for", "270s", "-rate"], ["-for", "510s", "-rate"])
    assert float(fast[3]) == pytest.approx(60 * float(slow[3]), rel=1e-4)
    (brief, _) = plan(["mmap-pile"], for_s=60.0, slow_for_s=10.0, paces=(SLOW,), seed=1)
    with pytest.raises(SpecimenFailed, match="pieces of its work are all"):
        flags_of(brief)


def test_what_grows_slowly_by_itself_is_watched_for_long_and_what_nobody_can_know_at_first_runs_as_it_is() -> None:
    tasks = plan(["churn-leak", "load-swing"], for_s=60.0, slow_for_s=300.0, paces=(FAST,), seed=1)
    assert {(one.specimen, one.variant, one.pace, one.for_s) for one in tasks} == {
        ("churn-leak", "guilty", SLOW, 300.0),
        ("churn-leak", "twin", AS_IT_IS, 60.0),
        ("load-swing", "guilty", AS_IT_IS, 60.0),
        ("load-swing", "twin", AS_IT_IS, 60.0),
    }


def test_the_noise_ends_when_its_standard_input_does() -> None:
    command = [sys.executable, str(BENCH / "accuracy_noise.py"), "1", "600"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.specimen
def test_one_watch_of_a_real_specimen_becomes_a_row(tmp_path: Path) -> None:
    (task,) = (
        one
        for one in plan(["mmap-pile"], for_s=12.0, slow_for_s=300.0, paces=(FAST,), seed=1)
        if one.pace == FAST and not one.endpoint
    )
    found = Watches(tmp_path).run(task)
    assert found.problem == ""
    assert [one.length_s for one in found.said] == [10.0, 12.0]
    assert found.said[-1].cause in ("mmap-leak", UNDETERMINED)
    assert found.bytes_per_s is None or 0.7 * 2**20 <= found.bytes_per_s <= 1.4 * 2**20
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".memwhy"]


@pytest.mark.specimen
def test_a_watch_that_is_stopped_is_a_row_that_says_so(tmp_path: Path) -> None:
    task = plan(["steady"], for_s=60.0, slow_for_s=300.0, paces=(FAST,), seed=1)[0]
    watches = Watches(tmp_path)
    watches.stop()
    found = watches.run(task)
    assert (found.said, found.problem) == ((), "stopped")
