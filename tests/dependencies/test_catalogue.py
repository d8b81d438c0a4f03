"""The catalogue holds what its schema says, contradicts itself nowhere, and its page is what its data says now."""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from memwhy.dependencies import catalogue
from memwhy.dependencies.catalogue import known_leaks, off_heap, pairs
from memwhy.dependencies.goversion import compare, parse_range
from memwhy.model.errors import MemwhyError
from memwhy.model.report import CAUSES

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((catalogue.DIRECTORY / "schema.json").read_text())


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["known_leaks", "off_heap", "pairs"])
def test_each_file_holds_what_the_schema_says(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    of_file: dict[str, Any] = {**SCHEMA, "$ref": f"#/$defs/{name}_file"}
    del of_file["oneOf"]
    document = json.loads((catalogue.DIRECTORY / f"{name}.json").read_text())
    found = jsonschema.Draft202012Validator(of_file).iter_errors(document)
    assert [(list(error.path), error.message) for error in found] == []


def test_the_schema_refuses_an_entry_without_a_source() -> None:
    of_leak: dict[str, Any] = {**SCHEMA, "$ref": "#/$defs/known_leak"}
    del of_leak["oneOf"]
    entry = json.loads((catalogue.DIRECTORY / "known_leaks.json").read_text())["entries"][0]
    validator = jsonschema.Draft202012Validator(of_leak)
    assert validator.is_valid(entry)
    assert not validator.is_valid({**entry, "source": []})
    assert not validator.is_valid({**entry, "source": ["somebody said so"]})
    assert not validator.is_valid({**entry, "affected": "before 2019"})
    assert not validator.is_valid({**entry, "class": "undetermined"})


def test_every_cause_is_one_that_memwhy_judges() -> None:
    said = {leak.cause for leak in known_leaks()} | {pair.cause for pair in pairs()}
    assert said - set(CAUSES) == set()


def test_every_range_can_hold_a_version() -> None:
    empty = [
        f"{leak.module} {leak.affected}"
        for leak in known_leaks()
        for row in leak.affected.split(" || ")
        for bounds in [row.split(", ")]
        if len(bounds) == 2 and compare(bounds[0].lstrip("<>="), bounds[1].lstrip("<>=")) >= 0
    ]
    assert empty == []
    assert all(parse_range(leak.affected).rows for leak in known_leaks())


def test_the_fixed_version_is_not_affected() -> None:
    wrong = [
        f"{leak.module} {leak.affected} fixed {leak.fixed}"
        for leak in known_leaks()
        if leak.fixed is not None and parse_range(leak.affected).holds(leak.fixed) is not False
    ]
    assert wrong == []


def test_a_shown_fix_lies_between_an_affected_and_a_good_version() -> None:
    wrong = [
        f"{leak.module} {leak.affected}: {leak.shown.before} to {leak.shown.after}"
        for leak in known_leaks()
        if leak.shown is not None
        and (
            parse_range(leak.affected).holds(leak.shown.before) is not True
            or parse_range(leak.affected).holds(leak.shown.after) is not False
        )
    ]
    assert wrong == []


def test_no_two_entries_say_the_same() -> None:
    counts = Counter((leak.module, leak.what) for leak in known_leaks())
    counts.update((module.module, f"{module.package} {module.cgo}") for module in off_heap())
    counts.update((f"{pair.language} {pair.package}", pair.allocate) for pair in pairs())
    assert [key for key, count in counts.items() if count > 1] == []


def test_a_leak_of_usage_or_design_that_has_no_fix_says_what_to_do() -> None:
    assert [leak.module for leak in known_leaks() if leak.kind != "defect" and leak.remedy.startswith("upgrade")] == [
        "go.opentelemetry.io/otel/sdk/metric"
    ]
    assert [leak.module for leak in known_leaks() if leak.kind == "defect" and leak.affected == "all"] == []


def test_what_is_linked_is_named_where_c_is_said() -> None:
    silent = [
        module.module
        for module in off_heap()
        if module.off_heap in ("malloc", "both")
        and not (module.static or module.shared or module.dlopen or module.symbols or module.note)
    ]
    assert silent == []


def test_nothing_is_read_before_it_is_asked_for() -> None:
    program = (
        "from memwhy.dependencies import catalogue as c;"
        "print([f.cache_info().currsize for f in (c.known_leaks, c.off_heap, c.pairs)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 0, 0]\n"


def test_a_broken_installation_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "DIRECTORY", tmp_path)
    with pytest.raises(MemwhyError, match=r"pairs\.json cannot be read"):
        pairs.__wrapped__()
    (tmp_path / "off_heap.json").write_text("{")
    with pytest.raises(MemwhyError, match=r"off_heap\.json cannot be read"):
        off_heap.__wrapped__()


def test_the_page_is_what_the_data_says_now() -> None:
    assert (ROOT / "docs" / "catalogue.md").read_text() == tool("make_catalogue_page").page(), (
        "run tools/make_catalogue_page.py"
    )
