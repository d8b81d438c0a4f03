"""Experiments as evidence, and what they make of the findings."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from build_report import native_leak
from hypothesis import given
from hypothesis import strategies as st

from memwhy.causes.experiments import weigh_in
from memwhy.model.errors import ParseError
from memwhy.model.probe import Experiment, Measured, Prediction, Result
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB
from memwhy.render import json as json_view
from memwhy.render import markdown, text
from memwhy.sources import experiment as evidence

RETAINED = Prediction(cause="native-retained", low=180.0 * MIB, high=220.0 * MIB, because="free chunks")
LEAK = Prediction(cause="native-leak", low=0.0, high=10.0 * MIB, because="in use")
STATED = Experiment(
    name="trim", does=("stops it",), measure="RSS falls by", unit="bytes", error=float(MIB), widest=300.0 * MIB,
    predictions=(RETAINED, LEAK),
)  # fmt: skip
MOMENTS = (
    Measured(when="before", rss_bytes=250 * MIB, layers=(("layer.native_heap_bytes", 240 * MIB),)),
    Measured(when="just after", rss_bytes=50 * MIB, layers=(("layer.native_heap_bytes", 40 * MIB),)),
)


def after(value: float) -> Experiment:
    return replace(STATED, result=Result(value=value, said=("it took 3 ms",), held_s=0.003, measured=MOMENTS))


FINDINGS = (
    Finding(
        cause="native-leak", verdict=Verdict.SUPPORTED, probability=0.5, headline="It leaks.", because=("it grows",)
    ),
    Finding(cause="native-retained", verdict=Verdict.CANNOT_SAY, probability=0.2),
    Finding(cause="mmap-leak", verdict=Verdict.CANNOT_SAY, probability=0.1),
)


def test_a_result_turns_the_verdict_and_stands_among_the_reasons_with_what_was_foretold() -> None:
    found, tested = weigh_in(FINDINGS, [after(200.0 * MIB)])
    assert [(one.cause, one.verdict, one.probability) for one in found] == [
        ("native-retained", Verdict.SUPPORTED, 0.778),
        ("mmap-leak", Verdict.CANNOT_SAY, 0.1),
        ("native-leak", Verdict.REFUTED, 0.014),
    ]
    assert found[0].headline == "Native memory was freed, but the allocator keeps it."
    assert found[0].because == ("trim: RSS falls by 200.0 MiB (foretold 180.0 MiB to 220.0 MiB): 0.20 -> 0.78",)
    assert found[2].because == ("it grows",)
    assert found[2].against == ("trim: RSS falls by 200.0 MiB (foretold 0 B to 10.0 MiB): 0.50 -> 0.01",)
    assert tested[0].decided
    assert tested[0].text == "trim: RSS falls by 200.0 MiB; native-retained 0.20 -> 0.78; native-leak 0.50 -> 0.01"


def test_a_result_that_nobody_foretold_decides_nothing_and_says_so() -> None:
    found, tested = weigh_in(FINDINGS, [after(100.0 * MIB)])
    assert [(one.cause, one.verdict, one.probability) for one in found] == [
        (one.cause, one.verdict, one.probability) for one in FINDINGS
    ]
    assert found[0].because[-1] == ("trim: RSS falls by 100.0 MiB (foretold 0 B to 10.0 MiB): that decides nothing")
    assert not tested[0].decided
    assert "it decided nothing" in tested[0].text


def test_one_that_was_stated_and_never_made_changes_nothing_and_is_told() -> None:
    found, tested = weigh_in(FINDINGS, [STATED, replace(STATED, name="gc", problem="the endpoint does not answer")])
    assert found == FINDINGS
    assert [one.text for one in tested] == [
        "trim: it was begun, and its result is missing",
        "gc: the endpoint does not answer",
    ]


def test_without_experiments_the_findings_stay_as_they_are_and_in_their_order() -> None:
    assert weigh_in(FINDINGS[::-1], []) == (FINDINGS[::-1], ())


def test_a_rise_is_called_a_rise() -> None:
    assert after(-3.0 * MIB).measures(-3.0 * MIB) == "RSS rises by 3.0 MiB"
    lower = replace(STATED, measure="RSS at the end is lower with GOGC by")
    assert lower.measures(-3.0 * MIB) == "RSS at the end is higher with GOGC by 3.0 MiB"
    slower = replace(STATED, measure="growth is slower by", unit="bytes/s")
    assert slower.measures(-1.0 * MIB) == "growth is faster by +60.0 MiB/min"


@pytest.mark.parametrize("one", [STATED, after(12.5), replace(STATED, problem="no")])
def test_what_is_written_is_read_again(one: Experiment) -> None:
    assert evidence.parse(evidence.write(one)).experiments == (one,)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_experiment_or_an_error_for_people(raw: bytes) -> None:
    with pytest.raises(ParseError):
        evidence.parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_damaged_experiment_is_read_whole_or_refused(data: st.DataObject) -> None:
    document = json.loads(evidence.write(after(12.5)))
    place = document
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [
            value for value in (place.values() if isinstance(place, dict) else place) if isinstance(value, dict | list)
        ]
        inner = [value for value in inner if value]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    try:
        found = evidence.parse(json.dumps(document).encode())
    except ParseError:
        return
    assert len(found.experiments) == 1
    assert evidence.parse(evidence.write(found.experiments[0])) == found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("error", 0),
        ("error", 5e-324),
        ("widest", 5e-324),
        ("widest", float("inf")),
        ("unit", "miles"),
        ("predictions", [{}] * 65),
        ("does", "x"),
    ],
)
def test_a_field_that_cannot_be_is_named(key: str, value: object) -> None:
    document = {**json.loads(evidence.write(STATED)), key: value}
    with pytest.raises(ParseError, match=key):
        evidence.parse(json.dumps(document).encode())


def test_the_answer_tells_what_was_foretold_done_and_changed_in_every_form() -> None:
    _, tested = weigh_in(FINDINGS, [after(200.0 * MIB)])
    report = replace(native_leak(), experiments=tested)
    told = " ".join(text.render(report).split())
    for part in (
        "Tried trim: RSS falls by 200.0 MiB; native-retained 0.20 -> 0.78; native-leak 0.50 -> 0.01",
        "foretold if native-retained: RSS falls by 180.0 MiB to 220.0 MiB (free chunks)",
        "foretold if native-leak: RSS falls by at most 10.0 MiB (in use)",
        "it took 3 ms",
        "RSS 250.0 MiB before, 50.0 MiB just after (native heap [heap] -200.0 MiB)",
    ):
        assert part in told
    assert "native-retained 0.20 -&gt; 0.78" in markdown.render(report)
    answer = json.loads(json_view.render(report))
    schema = json.loads(Path(json_view.__file__).with_name("diagnosis-1.schema.json").read_text())
    pytest.importorskip("jsonschema").Draft202012Validator(schema).validate(answer)
    row = answer["experiments"][0]
    assert list(row) == list(schema["properties"]["experiments"]["items"]["properties"])
    assert row["shifts"] == [
        {"cause": "native-retained", "before": 0.2, "after": 0.778},
        {"cause": "native-leak", "before": 0.5, "after": 0.014},
    ]
    assert row["result"]["measured"][1] == {
        "when": "just after", "rss_bytes": 50 * MIB, "layers": {"layer.native_heap_bytes": 40 * MIB},
    }  # fmt: skip
