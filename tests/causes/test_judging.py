"""All causes put to one case: the guilty one is named, nobody is named for lack of evidence, and the sums hold."""

import pytest
from build_case import case, flat, line, mebibytes, readings, sawtooth, step, warmup, watched
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import OF_SOURCE, SCENARIOS, judged, scene, scene_without, verdict

from memwhy.causes import MOST_CERTAIN, judge_all
from memwhy.model.metrics import REGISTRY
from memwhy.model.report import CAUSES, Finding, Verdict
from memwhy.model.units import MIB

ORDER = [Verdict.SUPPORTED, Verdict.CANNOT_SAY, Verdict.REFUTED]

UNSEEN = {
    # what was not read is the cause itself: a neighbour shows its marks and is named, and what it says is true
    ("bodies that are not closed", "fd", "goroutine-leak"),
    ("bodies that are not closed", "fd", "heap-leak"),
    ("goroutines that wait for ever", "goroutine profile", "heap-leak"),
    ("files that are not closed, at no cost in memory", "fd", "steady"),
    ("child that grows", "children", "steady"),
    # behind cgo malloc is far more usual than mmap; the finding says that mmap is not excluded
    ("mmap beside a C heap", "smaps", "native-leak"),
}


def invariants_hold(findings: tuple[Finding, ...]) -> None:
    assert sorted(finding.cause for finding in findings) == sorted(CAUSES)
    assert all(0.0 <= finding.probability <= 1.0 for finding in findings)
    assert sum(finding.probability for finding in findings) <= MOST_CERTAIN + 0.001 * len(CAUSES) / 2
    keys = [(ORDER.index(finding.verdict), -finding.probability) for finding in findings]
    assert keys == sorted(keys)
    for finding in findings:
        words = (*finding.because, *finding.against, *finding.remedy, finding.headline, finding.confirm_with or "")
        assert not any("None" in word or "nan" in word for word in words), finding
        assert finding.verdict is not Verdict.SUPPORTED or (finding.because and finding.headline), finding
        assert finding.bytes is None or finding.bytes >= 0, finding


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_all_evidence_the_guilty_cause_is_the_verdict(name: str) -> None:
    assert verdict(scene(name)).cause == SCENARIOS[name][0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_minute_of_shape_alone_is_never_high(name: str) -> None:
    conclusion = verdict(scene(name))
    assert conclusion.confidence != "high" or conclusion.cause in ("descriptor-leak", "thread-leak")


@pytest.mark.parametrize("source", OF_SOURCE)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_innocent_cause_is_named_with_some_confidence_because_evidence_is_lacking(name: str, source: str) -> None:
    guilty, before = SCENARIOS[name][0], judged(scene(name))
    conclusion = verdict(scene_without(name, source))
    after = judged(scene_without(name, source))
    new = {cause for cause, finding in after.items()
           if finding.verdict is Verdict.SUPPORTED and before[cause].verdict is not Verdict.SUPPORTED}  # fmt: skip
    wrong = {
        cause for cause in new - {guilty} if (name, source, cause) not in UNSEEN and after[cause].probability >= 0.6
    }
    assert wrong == set()
    assert conclusion.cause in ({guilty, "undetermined"} | {c for n, s, c in UNSEEN if (n, s) == (name, source)}) or (
        conclusion.confidence == "low"
    )


@pytest.mark.parametrize("source", ["smaps", "MemStats", "binary"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_lacking_evidence_makes_the_verdict_no_surer(name: str, source: str) -> None:
    lacking, full = verdict(scene_without(name, source)), verdict(scene(name))
    if lacking.cause == full.cause:
        assert lacking.probability <= full.probability + 0.05


@pytest.mark.parametrize("seconds", [60, 120, 300, 540])
def test_steady_is_not_high_before_ten_minutes(seconds: int) -> None:
    assert verdict(watched(seconds=seconds)).confidence == "medium"


def test_hours_without_growth_are_high() -> None:
    conclusion = verdict(watched(seconds=7200, every=20))
    assert (conclusion.cause, conclusion.confidence) == ("steady", "high")


def test_an_empty_case_is_undetermined_and_nobody_is_supported() -> None:
    findings = judge_all(case(runtime="unknown"))
    invariants_hold(findings)
    assert {finding.verdict for finding in findings} == {Verdict.CANNOT_SAY}
    assert verdict(case(runtime="unknown")).cause == "undetermined"


COURSES = [
    flat(40 * MIB), flat(40 * MIB, noise=20_000), flat(0), flat(7), line(40 * MIB, 0.8 * MIB),
    line(40 * MIB, 9_000, noise=60_000), line(90 * MIB, -0.5 * MIB), line(12, 1.5), line(0, 1), line(1, 40_000),
    sawtooth(20 * MIB, 50 * MIB, teeth=7.2), sawtooth(20 * MIB, 50 * MIB, teeth=1.3), step(20 * MIB, 80 * MIB),
    step(80 * MIB, 20 * MIB), warmup(5 * MIB, 90 * MIB), readings(5), readings(0), readings(5, 5),
    mebibytes(500, 501, 503, 504, 506, 507), mebibytes(500, 500, 500, 500), readings(3, 9, 40, 120, 900),
    line(40 * MIB, 0.8 * MIB, seconds=2), line(40 * MIB, 0.8 * MIB, seconds=3600, every=20),
]  # fmt: skip
TOTALS = ("process.rss_bytes", "cgroup.current_bytes", "host.used_bytes", "process.virtual_bytes")
FACTS = {
    "go.cgo": ("0", "1"), "binary.static": ("0", "1"), "env.GOGC": ("off", "100", "400", "x", "", "²", "9" * 5000),
    "env.GOMEMLIMIT": ("off", "100MiB", "??"), "process.age_s": ("1", "90000", "x"), "go.in_cgo": ("main.f\nmain.g",),
    "go.cgo_functions": ("main C.parse", "net C.x", ""), "binary.needed": ("libc.so.6 libz.so.1", ""), "prose.cgo": ("1",),
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    series=st.dictionaries(st.sampled_from(sorted(REGISTRY)), st.sampled_from(COURSES), max_size=40),
    runtime=st.sampled_from(("go", "native", "cpython", "jvm", "node", "unknown")),
    facts=st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FACTS.items()}),
    rank=st.integers(0, 3),
)
def test_any_case_gives_every_cause_once_sorted_and_summing_below_certainty(
    series: dict, runtime: str, facts: dict[str, str], rank: int
) -> None:
    present = [metric for metric in TOTALS if metric in series]
    total = present[rank % len(present)] if present else None
    made = case(total=total, series=series, runtime=runtime, facts=facts)
    invariants_hold(judge_all(made))
    assert judge_all(made) == judge_all(made)
