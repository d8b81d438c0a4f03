"""The published schema of the diagnosis: real reports keep it and print no key that it does not explain; its page is up to date."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from build_report import held
from jsonschema import Draft202012Validator
from memwhy_command import SCHEMA, run_memwhy

import memwhy
from memwhy.model.holders import Holders, Holding, TypeTotal, Waiting
from memwhy.render import json as json_view

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
WHOLE: dict[str, Any] = json.loads(SCHEMA.read_text())
FREE = ("facts", "memstats")
"""Objects whose keys come from what was read."""


def printed() -> dict[str, list[Path]]:
    """Evidence of many kinds: recordings, pasted pages, profiles, captures, leak checkers, other runtimes."""
    folders = (
        "cases",
        "evidence/go-pasted",
        "evidence/managed",
        "evidence/native",
        "evidence/pasted",
        "evidence/system",
    )
    found = {
        "recordings": [
            *sorted((TESTS / "evidence" / "crawler").glob("*.memwhy")),
            TESTS / "recordings" / "schema-1.memwhy",
        ],
        "captures": sorted(path for path in (TESTS / "evidence").glob("smaps-*") if path.is_dir()),
    }
    for folder in folders:
        found[folder] = sorted(
            path for path in (TESTS / folder).rglob("*") if path.is_file() and path.suffix != ".toml"
        )
    found["cases"] = [path for path in found["cases"] if path.suffix == ".md"][
        ::3
    ]  # of one kind; others read all of them
    return found


EVIDENCE = printed()


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    return {**WHOLE["$defs"][part["$ref"].rpartition("/")[2]], **{k: v for k, v in part.items() if k != "$ref"}}


def unexplained(value: Any, part: dict[str, Any], where: str = "") -> Iterator[str]:
    """Keys of objects that the schema does not know."""
    part = resolved(part)
    choices = [resolved(one) for one in part.get("anyOf", ())] or [part]
    if isinstance(value, dict) and where.rpartition(".")[2] not in FREE:
        known = {name: inner for one in choices for name, inner in one.get("properties", {}).items()}
        for name, inner in value.items():
            if known and name not in known:
                yield f"{where}.{name}"
            elif known:
                yield from unexplained(inner, known[name], f"{where}.{name}")
    elif isinstance(value, list):
        for items in (one["items"] for one in choices if one.get("items")):
            for inner in value:
                yield from unexplained(inner, items, where)


def properties(part: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of the object, and of those within it that the page has a table of."""
    for name, inner in part.get("properties", {}).items():
        yield f"{where}.{name}", resolved(inner)
        items = resolved(resolved(inner).get("items") or inner)
        if where.count(".") == 0:
            yield from properties(items, f"{where}.{name}")


def test_the_schema_itself_is_one() -> None:
    Draft202012Validator.check_schema(WHOLE)
    assert WHOLE["$id"] == "memwhy/diagnosis/1"


def test_every_key_of_the_schema_is_explained() -> None:
    assert [where for where, part in properties(WHOLE) if not part.get("description")] == []


@pytest.mark.parametrize("kind", EVIDENCE)
def test_reports_on_real_evidence_keep_the_schema_and_print_no_key_that_it_does_not_explain(kind: str) -> None:
    validator = Draft202012Validator(WHOLE)
    judged = 0
    for path in EVIDENCE[kind]:
        try:
            answer = json.loads(memwhy.explain(path).to_json())
        except memwhy.NothingReadable:
            continue  # a page beside the evidence that says what it is
        validator.validate(answer)
        assert (path, list(unexplained(answer, WHOLE))) == (path, [])
        judged += 1
    assert judged >= len(EVIDENCE[kind]) / 2


def test_a_live_watch_and_a_look_inside_keep_it_too() -> None:
    program = "import time; kept = [bytearray(1 << 20) for _ in range(4)]; time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", program]) as child:
        try:
            for arguments in (["watch", "--for", "2s"], ["inspect", "--for", "0"]):
                done = run_memwhy(*arguments, "--format", "json", "-q", str(child.pid))
                assert list(unexplained(done.report, WHOLE)) == []
        finally:
            child.kill()


def test_who_holds_the_heap_is_told_field_by_field() -> None:
    answer = json.loads(json_view.render(held()))
    Draft202012Validator(WHOLE).validate(answer)
    assert list(unexplained(answer, WHOLE)) == []
    known = WHOLE["$defs"]
    for name, kind in (("holders", Holders), ("holding", Holding), ("held_type", TypeTotal), ("held_waiting", Waiting)):
        names = {one.name for one in fields(kind)}
        assert set(known[name]["properties"]) == set(known[name]["required"]) == names
        assert all(one.get("description") for one in known[name]["properties"].values())
    assert answer["inspect"]["holders"]["holdings"][1]["hints"] == ["main.loadConfig", "main.main"]


def test_what_is_wrong_with_an_answer_is_found() -> None:
    answer = json.loads(memwhy.explain(b"RSS 5 MB").to_json())
    answer["verdict"]["surprise"] = answer["news"] = 1
    assert list(unexplained(answer, WHOLE)) == [".verdict.surprise", ".news"]
    del answer["verdict"]["cause"]
    assert not Draft202012Validator(WHOLE).is_valid(answer)


def test_the_page_is_written_from_the_schema_as_it_is(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "make_json_page.py", tmp_path], check=True)
    assert (ROOT / "docs" / "json.md").read_text() == (tmp_path / "json.md").read_text(), "make docs writes it anew"
