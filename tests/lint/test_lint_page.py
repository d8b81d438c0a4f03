"""docs/lint.md: every rule has its examples, and they are what they say."""

import re
from pathlib import Path

import pytest

from memwhy.lint.linting import read
from memwhy.lint.reading import Options
from memwhy.lint.rules import RULES

PAGE = (Path(__file__).parent.parent.parent / "docs" / "lint.md").read_text()
SECTION = re.compile(
    r"^### ([a-z-]+)\n\n(?P<text>.*?)```go\n(?P<bad>.*?)```\n\nRight:\n\n```go\n(?P<good>.*?)```\n",
    re.MULTILINE | re.DOTALL,
)
EXAMPLES = {match[1]: (match["bad"], match["good"]) for match in SECTION.finditer(PAGE)}
STANDARD = {"http": "net/http", "sql": "database/sql"}
IMPORTED = ("bytes", "context", "errors", "http", "io", "os", "sql", "sync", "time", "unsafe")


def rules_said(tmp_path: Path, code: str) -> set[str]:
    paths = [STANDARD.get(name, name) for name in IMPORTED if re.search(rf"\b{name}\.[A-Z]", code)]
    (tmp_path / "go.mod").write_text("module example.org/page\n\ngo 1.22\n")
    (tmp_path / "page.go").write_text(
        "package page\n\n" + "".join(f'import "{path}"\n' for path in paths) + "\n" + code
    )
    return {one.rule for one in read(str(tmp_path), Options()).suspects}


def test_every_rule_has_its_section_in_the_order_of_the_rules() -> None:
    assert list(EXAMPLES) == [rule.NAME for rule in RULES]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_wrong_is_suspected_and_what_is_right_is_not(tmp_path: Path, name: str) -> None:
    bad, good = EXAMPLES[name]
    assert name in rules_said(tmp_path, bad)
    assert name not in rules_said(tmp_path, good)
