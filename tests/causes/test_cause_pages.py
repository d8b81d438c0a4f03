"""docs/causes/ is what tools/make_cause_pages.py writes now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_cause_pages", ROOT / "tools" / "make_cause_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_of_the_docstrings(tool: ModuleType) -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "causes").glob("*.md")}
    assert on_disk == tool.pages(), "run tools/make_cause_pages.py"


def test_pages_of_causes_that_are_gone_are_removed(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "old-cause.md").write_text("gone")
    assert tool.main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(tool.pages())


def test_continued_lines_are_joined_and_a_missing_heading_is_named(tool: ModuleType) -> None:
    doc = "Claim.\n\nWhat grows       A,\n                 and B.\nSpeaks for       C.\n"
    assert tool.sections(doc) == {"What grows": "A, and B.", "Speaks for": "C."}
    with pytest.raises(ValueError, match="x-leak lacks: Speaks against, Remedy, References"):
        tool.page("x-leak", doc)
