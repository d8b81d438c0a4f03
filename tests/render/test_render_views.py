"""Golden files and properties of the three views."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from build_report import GOLDEN, grows, inspected, native_leak, pasted_page, report, row, steady_twin, undetermined
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_strategies import REPORT

from memwhy.model.report import CAUSES, Report
from memwhy.model.trend import NotEnough
from memwhy.render import json as json_view
from memwhy.render import markdown, plain, text
from memwhy.render.page import Cells, columns
from memwhy.render.page import line as remark

VIEWS = {"text": text.render, "markdown": markdown.render, "json": json_view.render}
SCHEMA = Path(json_view.__file__).with_name("diagnosis-1.schema.json")
CODES = re.compile(r"\x1b\[\d+m")
slow_data = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", GOLDEN)
def test_views_are_as_reviewed(name, view, golden):
    golden(f"{name}.{view}", VIEWS[view](GOLDEN[name]()))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_first_three_lines_answer_what_how_sure_and_about_whom(name):
    built = GOLDEN[name]()
    top = text.render(built).split("\n\n")[0].splitlines()
    head = " ".join(top)
    assert f"{built.conclusion.cause} · {built.conclusion.confidence} ({built.conclusion.probability:.2f})" in head
    assert len(top) <= 3 or name == "hostile"


@slow_data
@given(REPORT, st.booleans())
def test_text_is_printable_and_never_wider_than_80_columns(built: Report, verbose: bool):
    page = text.render(built, verbose=verbose)
    assert page.endswith("\n")
    for line in page.removesuffix("\n").split("\n"):
        assert plain.width(line) <= 80
        assert line.isprintable()
        assert line == line.rstrip(" ")
    page.encode()


@slow_data
@given(REPORT)
def test_colour_adds_codes_and_no_text(built: Report):
    coloured = text.render(built, colour=True)
    stripped = "\n".join(line.rstrip(" ") for line in CODES.sub("", coloured).split("\n"))
    assert stripped == text.render(built)


@slow_data
@given(REPORT)
def test_json_parses_with_every_contract_key_and_cause_in_order(built: Report):
    page = json_view.render(built)
    page.encode()
    assert all(char.isprintable() or char == "\n" for char in page)
    parsed = json.loads(page, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert list(parsed)[:12] == [
        "schema",
        "target",
        "verdict",
        "findings",
        "total",
        "layers",
        "unaccounted_bytes",
        "attribution",
        "evidence",
        "next_steps",
        "overhead",
        "warnings",
    ]
    assert [found["cause"] for found in parsed["findings"]] == list(CAUSES)


@slow_data
@given(REPORT)
def test_markdown_tables_keep_their_columns(built: Report):
    page = markdown.render(built)
    page.encode()
    assert all(char.isprintable() or char == "\n" for char in page)
    for table in re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE):
        rows = [re.sub(r"\\.", "", line).count("|") for line in table.splitlines()]
        assert len(set(rows)) == 1
    assert page.count("<details>") == page.count("</details>") == page.count("<summary>")


@pytest.mark.parametrize("name", GOLDEN)
def test_json_follows_the_published_schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(json_view.render(GOLDEN[name]())))


@slow_data
@given(REPORT)
def test_any_report_follows_the_published_schema(built: Report):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    validator.validate(json.loads(json_view.render(built)))


def test_the_schema_names_exactly_what_is_printed():
    schema = json.loads(SCHEMA.read_text())
    parsed = json.loads(json_view.render(inspected()))
    for key in ("findings", "layers", "attribution", "evidence", "next_steps", "suggestions", "runtime", "checks"):
        seldom = ["places", "askers"] if key == "attribution" else []  # there only where they are known
        assert list(schema["properties"][key]["items"]["properties"]) == [*parsed[key][0], *seldom], key
    seldom = [
        "experiments",
        "known_leaks",
        "source",
    ]  # there only where something was tried or known, or source was at hand
    assert list(schema["properties"]) == [*parsed, *seldom]
    assert schema["required"] == [key for key in parsed if key != "inspect"]
    assert set(schema["properties"]["inspect"]["properties"]) <= set(parsed["inspect"])
    assert list(schema["$defs"]["total"]["properties"]) == list(parsed["total"])
    assert tuple(schema["$defs"]["cause"]["enum"]) == CAUSES


def test_rates_without_times_are_per_reading_and_say_so():
    total = json.loads(json_view.render(pasted_page()))["total"]
    assert total["bytes_per_s"] == pytest.approx(1.2 * 1048576)
    assert total["per"] == "sample"


def test_rates_with_times_are_per_second():
    total = json.loads(json_view.render(native_leak()))["total"]
    assert total["bytes_per_s"] == pytest.approx(45.1 * 1048576 / 60)
    assert (total["per"], total["no_rate"]) == ("s", None)


def test_the_remainder_is_shown_even_when_it_is_nothing():
    assert re.search(r"^  unaccounted +0$", text.render(undetermined()), re.MULTILINE)


def test_rows_that_never_moved_share_one_line():
    page = text.render(steady_twin())
    assert "  flat: Go metadata 6 MiB, program and libraries 19.6 MiB\n" in page
    assert "  Go metadata" not in page.replace("  flat: Go metadata", "")


def test_a_reason_for_no_rate_stands_once_with_the_rows_it_is_about():
    few = NotEnough(reason="two ticks", n=2, needed=8.0)
    built = report(
        total=row("process.rss_bytes", "RSS", 9, grows(1, 0.5, 1.5, first=8, last=9)),
        layers=(row("layer.go_heap_bytes", "Go heap", 4, few), row("layer.go_other_bytes", "Go metadata", 5, few)),
    )
    assert text.render(built).count("two ticks") == 1
    assert "no rate: two ticks; another 8 s may do (Go heap, Go metadata)\n" in text.render(built)


@pytest.mark.parametrize(
    ("mib_a_minute", "span_s", "words"),
    [
        (45.0, 41.0, "per minute"),
        (120_000.0, 41.0, "per second"),
        (0.05, 41.0, "per minute"),
        (0.05, 3600.0, "per hour"),
        (0.0005, 3600.0, "per hour"),
        (0.0005, 86400.0, "per day"),
    ],
)
def test_the_pace_makes_rates_readable_but_never_outruns_the_watch(mib_a_minute, span_s, words):
    course = grows(mib_a_minute, mib_a_minute * 0.9, mib_a_minute * 1.1, first=8, last=9)
    assert words in text.render(report(total=row("process.rss_bytes", "RSS", 9, course), span_s=span_s))


def test_a_report_with_nothing_in_it_still_answers():
    bare = replace(report(), findings=())
    assert text.render(bare) == (
        "The evidence cannot decide what holds the memory.      undetermined · low (0.20)\n"
        "no process named in the evidence · unknown runtime · no times in the evidence\n"
    )


def test_verbose_adds_every_cause_with_its_probability_the_checks_and_the_facts():
    page = text.render(native_leak(), verbose=True)
    short = text.render(native_leak())
    assert set(short.splitlines()) <= set(page.splitlines())
    assert all(f"  {cause} 0." in page for cause in CAUSES)
    assert "Checks      agree: the mappings sum to smaps_rollup within one tick's growth\n" in page
    assert "Facts       go.version: go1.27.3\n" in page


def test_a_table_of_remarks_alone_has_no_width_to_find():
    assert columns(Cells("", ("now",)), [remark("flat: RSS 1 MiB")])[1:] == [remark("flat: RSS 1 MiB")]
