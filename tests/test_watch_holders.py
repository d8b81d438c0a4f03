"""A watch looks at who holds the heap by itself, says so and what it cost, keeps it, and does not where that is not wanted."""

import os
import signal
import sys
from pathlib import Path

import pytest
from memwhy_command import outcome, run_memwhy, started_memwhy, wait_for_ticks

from memwhy.cli import watch
from memwhy.cli.holding import looking_aside
from memwhy.cli.parsing import parser_of
from memwhy.cli.targets import watcher_of
from memwhy.diagnose import Casebook, case_of
from memwhy.recording import open_recording

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import SpecimenFailed, running

pytestmark = pytest.mark.specimen

FOR = ("--for", "14s", "--no-until-sure", "-q", "--format", "json")


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


def test_a_watch_that_is_stopped_makes_its_closing_look_all_the_same(tmp_path: Path) -> None:
    kept = tmp_path / "kept.memwhy"
    try:
        with running("heap-cache") as specimen:
            arguments = ("--for", "60s", "--no-until-sure", "--format", "json", "-o", kept)
            with started_memwhy("watch", str(specimen.pid), *arguments) as stopped:
                wait_for_ticks(kept, 15)
                stopped.send_signal(signal.SIGINT)
                told = outcome(stopped).report
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    looks = case_of([str(kept)]).holders
    assert len(looks) == 2, told["warnings"]
    assert "main.main" in next(row["function"] for row in told["attribution"] if row["method"] == "holders")


@pytest.mark.parametrize("option", ["--no-holders", "--no-inside"])
def test_where_looking_is_forbidden_nobody_looks(option: str) -> None:
    options = parser_of("watch", watch).parse_args([option, str(os.getpid())])
    watcher = watcher_of(options)
    try:
        with looking_aside(watcher, options, Casebook(live=True), 60.0) as aside:
            assert list(aside.last_looks(0.0)) == []
            assert not aside.looks_at_all
        watched = parser_of("watch", watch).parse_args([str(os.getpid())])
        assert watched.holders
    finally:
        watcher.close()
