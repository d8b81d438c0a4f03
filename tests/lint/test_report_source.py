"""A diagnosis with the lines of its source, as it is printed."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema

from memwhy.diagnose import explain
from memwhy.lint.blaming import TRACES, blame
from memwhy.lint.diagnosed import parse
from memwhy.lint.linting import linted, read
from memwhy.lint.others import KINDS
from memwhy.lint.reading import Options
from memwhy.lint.rules import RULES
from memwhy.model.linted import Found
from memwhy.model.report import Report
from memwhy.render import json as json_view
from memwhy.render import markdown, text

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads(Path(json_view.__file__).with_name("diagnosis-1.schema.json").read_text())


def report(tmp_path: Path) -> Report:
    page = tmp_path / "post.txt"
    page.write_text("my go program grows: RSS 1 GB after 1 h, 2 GB after 2 h, 3 GB after 3 h\n")
    reading = read(str(ROOT / "specimens" / "odds-scraper"), Options())
    measured = parse((ROOT / "tests" / "evidence" / "lint-diagnosis" / "odds-scraper.json").read_bytes(), "r")
    found, notes = blame(reading, [Found(suspect=one) for one in reading.suspects], measured)
    return replace(
        explain([str(page)]), source=linted(reading, found, least=1.1).found, source_notes=(*notes, "a note")
    )


def test_text_and_markdown_show_the_call_the_return_and_the_change(tmp_path: Path) -> None:
    shown = report(tmp_path)
    for page in (text.render(shown), markdown.render(shown)):
        assert "In the source" in page
        assert "document, err := readDocument(page)" in page
        assert "return nil, errCancelled" in page
        assert "+        document.free()" in page
        assert "a note" in page


def test_json_has_it_by_its_schema(tmp_path: Path) -> None:
    found = json.loads(json_view.render(report(tmp_path)))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert [(one["file"], one["line"], one["certain"]) for one in found["source"]["found"]] == [
        ("scraper/race_leaky.go", 7, True)
    ]
    assert found["source"]["notes"] == ["a note"]


def test_rules_that_others_names_and_traces_mean_exist() -> None:
    names = {rule.NAME for rule in RULES}
    assert {name for rules in KINDS.values() for name in rules} <= names
    assert {name for _, rules, _ in TRACES for name in rules} <= names
