"""A watch looks at who holds the heap by itself, says so and what it cost, keeps it, and does not where that is not wanted."""

import sys
from pathlib import Path

import pytest
from memwhy_command import run_memwhy

from memwhy.diagnose import case_of
from memwhy.recording import open_recording

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import SpecimenFailed, running

pytestmark = pytest.mark.specimen

FOR = ("--for", "16s", "--no-until-sure", "-q", "--format", "json")


def test_a_growing_heap_is_looked_at_twice_and_its_holder_is_in_answer_and_recording(tmp_path: Path) -> None:
    kept = tmp_path / "kept.memwhy"
    try:
        with running("heap-cache") as specimen:
            told = run_memwhy("watch", str(specimen.pid), *FOR, "-o", kept).report
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    holders = [row for row in told["attribution"] if row["method"] == "holders"]
    assert holders, told["warnings"]
    assert "main.main" in holders[0]["function"]
    assert holders[0]["share"] > 0.9
    assert 0.0 < told["overhead"]["holders_s"] < told["overhead"]["cpu_s"]
    with open_recording(str(kept)) as recording:
        sources = [evidence.source for snapshot in recording.snapshots() for evidence in snapshot.evidence]
    assert sources.count("go/holders") == 2
    again = case_of([str(kept)])
    assert len(again.holders) == 2
    assert again.held is not None
    assert again.held.lines[0].inner == "list.Element"
    assert again.facts["endpoint.requests"] == str(
        sum(
            source.startswith("go/") and source not in ("go/binary", "go/buildinfo", "go/holders") for source in sources
        )
    )
    explained = run_memwhy("explain", str(kept), "--format", "json").report
    assert [row for row in explained["attribution"] if row["method"] == "holders"] == holders


def test_without_holders_and_from_outside_nobody_looks() -> None:
    try:
        with running("heap-cache", "guilty", "-rate", "6000") as specimen:
            for option in ("--no-holders", "--no-inside"):
                told = run_memwhy("watch", str(specimen.pid), "--for", "10s", *FOR[2:], option).report
                assert "holders_s" not in told["overhead"]
                assert not [row for row in told["attribution"] if row["method"] == "holders"]
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
