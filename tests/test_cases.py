"""The made-up reports of tests/cases: how often explain is right must not fall, and it is never wrong and sure."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("score_cases", ROOT / "tools" / "score_cases.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("half", "strict", "lenient"),
    [("shown", 0.9, 0.9), ("recalled", 0.75, 0.8), ("later", 0.65, 0.65), ("held", 0.5, 0.55)],
)
def test_explain_is_right_as_often_as_it_was_and_never_rash(
    scorer: ModuleType, half: str, strict: float, lenient: float
) -> None:
    rows = tuple(scorer.score(ROOT / "tests" / "cases" / half))
    assert [row.name for row in rows if row.rash] == []
    assert sum(row.strict for row in rows) / len(rows) >= strict, scorer.mistakes(rows)
    assert sum(row.lenient for row in rows) / len(rows) >= lenient, scorer.mistakes(rows)
