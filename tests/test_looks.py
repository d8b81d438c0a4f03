"""Watching looks into the target's memory: within its budget, never stopping it, and honest where it may not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import (
    IDLE,
    NOBODY,
    outcome,
    process_of,
    python_for_anybody,
    run_memwhy,
    started_memwhy,
    wait_for_ticks,
)

from memwhy.record import Looks, Watcher, snapshots
from memwhy.record.looks import DOCUMENTS, NAME
from memwhy.recording import open_recording

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import SpecimenFailed, running

PROGRAMS = Path(__file__).parent / "looks"
GIB = 1 << 30
S = 1_000_000_000


def parts(raw: bytes) -> set[str]:
    """Which parts of a look were read."""
    look = json.loads(raw)
    return {name for name in ("go", "malloc", "lost") if look[name] is not None}


def test_the_first_look_counts_blocks_and_the_closing_one_searches_for_lost_ones() -> None:
    with process_of(IDLE) as target:
        looks = Looks("/proc", target.pid)
        looks.planned_s = 60.0
        first = looks.take(0, GIB // 64)
        last = looks.take(60 * S, GIB // 64, last=True)
        looks.close()
    assert first is not None and first.error is None
    assert parts(first.raw) == {"malloc"}
    assert last is not None and last.error is None
    assert parts(last.raw) == {"malloc", "lost"}
    assert looks.left_out is None


def test_a_target_too_large_for_the_budget_gets_cheap_looks_and_it_is_said() -> None:
    with process_of(IDLE) as target:
        looks = Looks("/proc", target.pid)
        looks.planned_s = 60.0
        first = looks.take(0, 64 * GIB)
        last = looks.take(60 * S, 64 * GIB, last=True)
        looks.close()
    assert [parts(one.raw) for one in (first, last) if one is not None] == [set(), set()]
    assert looks.left_out == "malloc's blocks were not counted: that would have taken about 64.0 s of CPU"


def test_a_search_that_takes_too_long_is_given_up_and_the_count_is_kept() -> None:
    """What a search takes is learned by doing it: this budget lets a small target's begin, and this target is larger."""
    code = "held = [bytes(200) for _ in range(1_000_000)]\nprint('ready', flush=True); sys.stdin.read()"
    with process_of(code) as target:
        looks = Looks("/proc", target.pid)
        looks.planned_s = 60.0
        looks.least_s, looks.share = 0.0, 0.065 / 60.0
        found = looks.take(0, 0, last=True)
        looks.close()
    assert found is not None
    assert parts(found.raw) == {"malloc"}
    assert looks.left_out == "what nothing points to was not searched for to the end: that would have taken too long"


def test_looks_are_taken_no_oftener_than_they_are_due() -> None:
    with process_of(IDLE) as target:
        looks = Looks("/proc", target.pid)
        taken = [looks.take(now * S // 2, GIB // 64) for now in range(12)]  # every half second, for six
        looks.close()
    assert sum(one is not None for one in taken) <= 4


def test_a_process_that_is_gone_is_an_error_and_no_exception() -> None:
    with process_of(IDLE) as target:
        looks = Looks("/proc", target.pid)
        assert looks.take(0, GIB // 64) is not None
    later = looks.take(100 * S, GIB // 64)
    looks.close()
    assert later is not None
    assert (later.raw, bool(later.error)) == (b"", True)


def test_nothing_is_looked_into_unless_asked_for() -> None:
    watcher = Watcher(os.getpid(), probe=False)
    taken = watcher.take()
    watcher.close()
    assert watcher.looks is None
    assert taken is not None
    assert NAME not in {one.source for one in taken.evidence}


def test_a_short_watch_of_a_real_program_has_two_counts_of_its_blocks() -> None:
    with process_of(IDLE) as target:
        watcher = Watcher(target.pid, probe=False, inside=True)
        taken = list(snapshots(watcher, for_s=3.0))
        watcher.close()
    looks = [one for snapshot in taken for one in snapshot.evidence if one.source == NAME]
    assert [one.error for one in looks] == [None] * len(looks)
    assert sum("malloc" in parts(one.raw) for one in looks) >= 2


def test_the_command_leaves_the_memory_alone_when_told_to(tmp_path: Path) -> None:
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target:
        for flags, seen in (((), True), (("--no-inside",), False)):
            kept.unlink(missing_ok=True)
            done = run_memwhy("record", str(target.pid), "-o", kept, "--for", "1s", "-q", *flags)
            assert done.code == 0
            with open_recording(kept) as recording:
                assert (NAME in {row[0] for row in recording.sources()}) is seen


needs_root = pytest.mark.skipif("os.geteuid() != 0", reason="only root can run programs as other users")


@needs_root
def test_a_process_of_somebody_else_is_said_to_be_closed_and_asked_once(tmp_path: Path) -> None:
    python = python_for_anybody()
    if python is None:
        pytest.skip("no Python here that another user may run")
    with process_of(IDLE) as target:
        done = run_memwhy(
            "watch", str(target.pid), "--for", "4s", "--format", "json", "-q", python=python, user=NOBODY, cwd=Path("/")
        )
    rows = [row for row in done.report["evidence"] if row["source"] == NAME]
    assert [(row["samples"], row["problem"].partition(":")[0]) for row in rows] == [(0, "not permitted")]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, "Future[dict[str, Any]]"]:
    """The reports on the C programs beside this file, each watched for some seconds, all at once."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("programs")

    def watch(source: Path) -> dict[str, Any]:
        program = folder / source.stem
        subprocess.run([compiler, "-O0", "-o", program, source], check=True)
        with subprocess.Popen([program], stdout=subprocess.PIPE) as target:
            try:
                assert target.stdout is not None
                assert target.stdout.readline() == b"ready\n"
                return run_memwhy("watch", str(target.pid), "--for", "14s", "--format", "json", "-q").report
            finally:
                target.kill()

    with ThreadPoolExecutor(3) as pool:
        return {source.stem: pool.submit(watch, source) for source in PROGRAMS.glob("*.c")}


def test_freed_memory_that_malloc_keeps_is_told_from_a_leak(watched: dict[str, "Future[dict[str, Any]]"]) -> None:
    answer = watched["burst"].result()
    assert answer["verdict"]["cause"] == "native-retained"
    findings = {row["cause"]: row for row in answer["findings"]}
    assert findings["native-leak"]["verdict"] == "refuted"
    assert "malloc_trim could give back" in findings["native-retained"]["because"][-1]


def test_blocks_that_are_forgotten_are_found_lost_and_sure_as_far_as_one_search_can_be(
    watched: dict[str, "Future[dict[str, Any]]"],
) -> None:
    """A watch this short may have time for one search only: that what is lost grows is then not seen."""
    answer = watched["drop"].result()
    assert answer["verdict"]["cause"] == "native-leak"
    assert answer["verdict"]["probability"] >= 0.85
    assert {row["method"] for row in answer["attribution"]} == {"lost"}
    assert {row["function"] for row in answer["attribution"]} >= {
        "lost blocks (4,016 bytes each)",
        "lost blocks (608 bytes each)",
    }
    lost = sum(row["bytes"] for row in answer["attribution"])
    assert lost > 0.9 * (answer["total"]["bytes"] - (2 << 20))


def test_blocks_that_are_held_are_a_leak_less_surely(watched: dict[str, "Future[dict[str, Any]]"]) -> None:
    answer = watched["list"].result()
    assert (answer["verdict"]["cause"], answer["verdict"]["confidence"]) == ("native-leak", "medium")
    findings = {row["cause"]: row for row in answer["findings"]}
    assert findings["native-retained"]["verdict"] == "refuted"
    assert {row["method"] for row in answer["attribution"]} == {"census"}
    assert answer["attribution"][0]["function"] == "blocks of 2,016 bytes"


WITH_AND_WITHOUT = [
    (name, pprof) for name in ("heap-cache", "goroutine-pile", "gc-sawtooth", "odds-scraper") for pprof in (True, False)
]


@pytest.fixture(scope="module")
def go_watched() -> dict[tuple[str, bool], "Future[dict[str, Any]]"]:
    """Go programs with their pprof endpoint and without one, each watched for some seconds."""

    def watch(name: str, pprof: bool) -> dict[str, Any]:
        try:
            with running(name, "guilty", pprof=pprof) as specimen:
                return run_memwhy("watch", str(specimen.pid), "--for", "12s", "--format", "json", "-q").report
        except SpecimenFailed as problem:
            pytest.skip(str(problem))

    with ThreadPoolExecutor(4) as pool:
        return {known: pool.submit(watch, *known) for known in WITH_AND_WITHOUT}


@pytest.mark.specimen
@pytest.mark.parametrize(
    ("name", "cause", "site"),
    [("heap-cache", "heap-leak", "main.compute"), ("goroutine-pile", "goroutine-leak", "main.descend")],
)
def test_without_an_endpoint_the_cause_and_its_code_are_named_as_with_one(
    go_watched: dict[tuple[str, bool], "Future[dict[str, Any]]"], name: str, cause: str, site: str
) -> None:
    found = [go_watched[name, pprof].result() for pprof in (True, False)]
    assert [answer["verdict"]["cause"] for answer in found] == [cause, cause]
    sites = [next(row for row in answer["attribution"] if row["method"] != "holders") for answer in found]
    assert [row["function"] for row in sites] == [site, site]
    assert len({row["method"] for row in sites}) == 1


@pytest.mark.specimen
@pytest.mark.parametrize(
    ("name", "causes"), [("gc-sawtooth", {"gc-headroom", "steady"}), ("odds-scraper", {"native-leak"})]
)
def test_without_an_endpoint_nothing_else_is_accused_than_with_one(
    go_watched: dict[tuple[str, bool], "Future[dict[str, Any]]"], name: str, causes: set[str]
) -> None:
    found = [go_watched[name, pprof].result() for pprof in (True, False)]
    assert {answer["verdict"]["cause"] for answer in found} <= causes | {"undetermined"}
    supported = [{row["cause"] for row in answer["findings"] if row["verdict"] == "supported"} for answer in found]
    assert supported[1] <= causes


@pytest.mark.specimen
@pytest.mark.parametrize("name", ["heap-cache", "goroutine-pile"])
def test_the_evidence_says_whether_an_endpoint_told_it_or_the_memory(
    go_watched: dict[tuple[str, bool], "Future[dict[str, Any]]"], name: str
) -> None:
    asked, read = (
        {row["source"]: row["samples"] for row in go_watched[name, pprof].result()["evidence"]}
        for pprof in (True, False)
    )
    assert (asked["go/heap"] >= 2, asked.get(DOCUMENTS, 0)) == (True, 0)
    assert (read.get("go/heap", 0), read[DOCUMENTS] >= 2) == (0, True)
    assert not any("MemStats" in text for text in go_watched[name, False].result()["missing"])


@pytest.mark.specimen
def test_a_short_inspection_of_a_program_without_an_endpoint_names_the_site_that_grows() -> None:
    try:
        with running("goroutine-pile", "guilty", pprof=False) as specimen:
            answer = run_memwhy("inspect", str(specimen.pid), "--for", "4s", "--format", "json", "-q").report
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    assert answer["attribution"][0]["function"] == "main.descend"
    assert {row["source"]: row["samples"] for row in answer["evidence"]}[DOCUMENTS] == 2


def test_a_watch_that_is_stopped_takes_a_last_look(tmp_path: Path) -> None:
    kept = tmp_path / "kept.memwhy"
    with (
        process_of(IDLE) as target,
        started_memwhy("watch", str(target.pid), "--for", "60s", "-o", kept, "--format", "json", "-q") as watch,
    ):
        wait_for_ticks(kept, 2)
        watch.send_signal(signal.SIGINT)
        assert outcome(watch).report["total"]["n"] >= 3
    with open_recording(kept) as recording:
        last = list(recording.snapshots())[-1]
    assert [one.source for one in last.evidence] == ["proc/status", "proc/smaps", NAME]
    assert [one.error for one in last.evidence] == [None] * 3
    assert parts(last.evidence[2].raw) == set()
