"""Hypothesis strategies for reports: any text, any finite or unfinite course, all shapes, hostile or empty."""

from hypothesis import strategies as st

from memwhy.model.account import Check
from memwhy.model.case import Series, Target
from memwhy.model.metrics import REGISTRY
from memwhy.model.report import (
    CAUSES,
    Conclusion,
    EvidenceRow,
    Finding,
    Holder,
    NextStep,
    Overhead,
    Report,
    Row,
    Suggestion,
    Verdict,
)
from memwhy.model.trend import NotEnough, Trend

TEXT = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(), max_size=120),
    st.text(alphabet="ab|`*_#@<>[]\\ \n\t\x1b\x9b\u202e\u0301\u2028\ud800界", max_size=60),
    st.integers(1, 400).map(lambda n: "word " * n),
    st.integers(1, 400).map(lambda n: "x" * n),
)
BYTES = st.one_of(st.integers(-(2**40), 2**50), st.integers(-(2**90), 2**90), st.just(0))
NUMBER = st.one_of(st.floats(-1e12, 1e12), st.floats(), st.just(0.0))
NATURAL = st.integers(0, 100_000)
CHANCE = st.floats(0, 1)
SOME_TEXTS = st.lists(TEXT, max_size=4).map(tuple)
PER = st.sampled_from(("s", "sample"))
POSITIVE = st.floats(0, 1e9)


def several(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


TREND = st.builds(
    Trend,
    n=NATURAL,
    span=NUMBER,
    per=PER,
    first=NUMBER,
    last=NUMBER,
    slope=NUMBER,
    low=NUMBER,
    high=NUMBER,
    shape=st.sampled_from(("growing", "flat", "falling", "step", "warm-up", "unclear")),
    detectable=NUMBER,
    checks=SOME_TEXTS,
)
COURSE = st.one_of(TREND, st.builds(NotEnough, reason=TEXT, n=NATURAL, per=PER, needed=st.none() | NUMBER))
SERIES = st.builds(
    Series,
    metric=TEXT,
    subject=TEXT,
    clock=st.just("order"),
    points=st.lists(st.tuples(NUMBER, BYTES), max_size=4).map(tuple),
    quantum=NATURAL,
    course=COURSE,
)
ROW = st.builds(
    Row,
    metric=st.sampled_from(sorted(REGISTRY)) | TEXT,
    label=TEXT,
    bytes=BYTES,
    course=COURSE,
    share_of_growth=st.none() | NUMBER,
    source=TEXT,
    series=st.none() | SERIES,
    weak=st.booleans(),
)
ALL_FINDINGS = st.tuples(
    *(
        st.builds(
            Finding,
            cause=st.just(cause),
            verdict=st.sampled_from(Verdict),
            probability=CHANCE,
            headline=TEXT,
            bytes=st.none() | BYTES,
            bytes_per_s=st.none() | NUMBER,
            because=SOME_TEXTS,
            against=SOME_TEXTS,
            remedy=SOME_TEXTS,
            confirm_with=st.none() | TEXT,
        )
        for cause in CAUSES
    )
)
REPORT = st.builds(
    Report,
    target=st.builds(
        Target,
        pid=st.none() | NATURAL,
        command=st.none() | TEXT,
        runtime=st.sampled_from(("go", "cpython", "jvm", "node", "native", "unknown")),
        runtime_version=st.none() | TEXT,
    ),
    conclusion=st.builds(
        Conclusion,
        cause=st.sampled_from((*CAUSES, "undetermined")),
        confidence=st.sampled_from(("high", "medium", "low")),
        probability=CHANCE,
        headline=TEXT,
    ),
    findings=ALL_FINDINGS,
    suggestions=several(
        st.builds(
            Suggestion,
            name=TEXT,
            verdict=st.sampled_from(Verdict),
            could_explain_bytes=st.none() | BYTES,
            because=TEXT,
        )
    ),
    total=st.none() | ROW,
    layers=several(ROW),
    unaccounted_bytes=st.none() | BYTES,
    runtime_rows=several(ROW, 2),
    beside=several(ROW, 2),
    controls=several(ROW, 2),
    attribution=several(
        st.builds(
            Holder,
            layer=TEXT,
            function=TEXT,
            module=st.none() | TEXT,
            bytes=BYTES,
            share=CHANCE,
            stack=SOME_TEXTS,
            method=st.sampled_from(("pprof", "goroutines", "census", "lost")),
        ),
        2,
    ),
    evidence=several(
        st.builds(EvidenceRow, source=TEXT, format=TEXT, where=TEXT, samples=NATURAL, problem=st.none() | TEXT)
    ),
    missing=SOME_TEXTS,
    next_steps=several(st.builds(NextStep, do=TEXT, decides=TEXT), 2),
    checks=several(
        st.builds(
            Check,
            name=TEXT,
            left=TEXT,
            left_bytes=BYTES,
            right=TEXT,
            right_bytes=BYTES,
            agree=st.none() | st.booleans(),
            text=TEXT,
        ),
        2,
    ),
    warnings=SOME_TEXTS,
    facts=several(st.tuples(TEXT, TEXT)),
    overhead=st.none() | st.builds(Overhead, cpu_s=POSITIVE, wall_s=POSITIVE, target_paused_s=POSITIVE),
    span_s=st.none() | NUMBER,
    limit=st.none() | TEXT,
    proof=st.none() | TEXT,
)
