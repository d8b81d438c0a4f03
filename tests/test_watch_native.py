"""The sampler in real processes, from the command line to the answer: attached, preloaded, refused, let go."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import IDLE, outcome, process_of, run_memwhy, started_memwhy, wait_for_ticks
from native_programs import built

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import Running, SpecimenFailed, running


@contextmanager
def household(*what: str, seconds: int = 120) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that leaks, caches and churns, past its first round."""
    process = subprocess.Popen([built("household"), str(seconds), *what], stdout=subprocess.PIPE)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            yield process
        finally:
            process.kill()


@contextmanager
def specimen_of(variant: str) -> Iterator[Running]:
    try:
        with running("odds-scraper", variant) as specimen:
            yield specimen
    except SpecimenFailed as error:
        pytest.skip(str(error))


def mappings(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def stacked(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["function"]: one for one in report["attribution"] if one["method"] == "native-stacks"}


def finding(report: dict[str, Any], cause: str) -> dict[str, Any]:
    return next(one for one in report["findings"] if one["cause"] == cause)


def without_cost(report: dict[str, Any]) -> dict[str, Any]:
    """What a replay has to say again; where the evidence was, and what it cost, is another matter."""
    found = {key: value for key, value in report.items() if key not in ("overhead", "evidence", "warnings")}
    return json.loads(json.dumps(found).replace("live", "FILE"))  # type: ignore[no-any-return]


def test_an_attached_sampler_names_the_leak_and_neither_the_cache_nor_the_churn(tmp_path: Path) -> None:
    recording, stacks = tmp_path / "watched", tmp_path / "native.folded"
    with household("leak", "cache", "turnover", "churn") as target:
        before = mappings(target.pid)
        done = run_memwhy(
            "watch", str(target.pid), "--native", "--for", "20s", "--no-until-sure", "--format", "json",
            "-o", recording, "--stacks", stacks,
        )  # fmt: skip
        after = mappings(target.pid)
        assert target.poll() is None
    report = done.report
    named = stacked(report)
    assert list(named) == ["forget_lines"]
    leak = named["forget_lines"]
    assert leak["stack"][:4] == ["malloc", "forget_lines", "do_all", "main"] or leak["stack"][1].startswith(
        "forget_lines ("
    )
    assert leak["low_bytes"] <= leak["bytes"] <= leak["high_bytes"]
    assert leak["bytes_per_s"] > 0
    assert "what frees it: free" in leak["note"]
    assert finding(report, "native-leak")["verdict"] == "supported"
    assert report["overhead"]["target_paused_s"] > 0
    assert report["overhead"]["sampler_s"] >= 0
    assert "attaching the sampler" in done.err
    assert "forget_lines" in stacks.read_text()
    assert before.count("r-xp") == after.count("r-xp")
    replayed = run_memwhy("explain", recording, "--format", "json")
    assert without_cost(replayed.report)["attribution"] == without_cost(report)["attribution"]
    assert without_cost(replayed.report)["verdict"] == without_cost(report)["verdict"]
    assert without_cost(replayed.report)["sampling"] == without_cost(report)["sampling"]


def test_a_command_that_was_run_with_the_sampler_tells_what_it_held_when_it_ended(tmp_path: Path) -> None:
    profile = tmp_path / "native.speedscope.json"
    done = run_memwhy(
        "run", "--native", "--format", "json", "--stacks", profile, "--", built("household"), "6", "leak", "churn"
    )
    report = json.loads(done.out.removeprefix("begun\n"))
    assert done.code == 0
    assert any("since the process began" in text for text in report["sampling"])
    assert report["overhead"]["target_paused_s"] == 0
    document = json.loads(profile.read_text())
    frames = [frame["name"] for frame in document["shared"]["frames"]]
    held: Counter[str] = Counter()
    for sample, weight in zip(document["profiles"][0]["samples"], document["profiles"][0]["weights"], strict=True):
        held[frames[sample[-1]]] += weight
    assert held["forget_lines"] == pytest.approx(6 * 16 * 65536, rel=0.5)
    assert "come_and_go" not in held


def test_mappings_that_stay_are_counted_one_by_one() -> None:
    with household("map", "unmap", "churn") as target:
        report = run_memwhy(
            "watch", str(target.pid), "--native", "--for", "20s", "--no-until-sure", "--format", "json"
        ).report
    named = stacked(report)["map_pages"]
    assert named["low_bytes"] == named["bytes"] == named["high_bytes"]
    assert named["stack"][0] == "mmap"
    assert report["verdict"]["cause"] == "mmap-leak"


def test_a_program_that_cannot_load_the_sampler_is_said_to_be_one() -> None:
    done = run_memwhy("run", "--native", "--format", "json", "--", built("household", "-static"), "3", "leak")
    report = json.loads(done.out.removeprefix("begun\n"))
    [stacks] = [row for row in report["evidence"] if row["source"] == "native/stacks"]
    assert stacks["samples"] == 0
    assert "the program is static or setuid" in stacks["problem"]
    assert report["sampling"] == []


def test_a_recording_that_was_only_kept_is_explained_with_its_stacks(tmp_path: Path) -> None:
    recording = tmp_path / "kept"
    with household("leak", "churn") as target:
        kept = run_memwhy("record", str(target.pid), "--native", "--for", "15s", "-o", recording)
        assert target.poll() is None
    assert kept.code == 0, kept.err
    assert "forget_lines" in stacked(run_memwhy("explain", recording, "--format", "json").report)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_that_is_stopped_takes_the_sampler_away_first(by: signal.Signals, tmp_path: Path) -> None:
    recording = tmp_path / "watched"
    with household("leak", "churn") as target:
        executable = mappings(target.pid).count("r-xp")
        with started_memwhy("watch", str(target.pid), "--native", "--for", "0", "-o", recording) as watching:
            wait_for_ticks(recording, 3)
            assert mappings(target.pid).count("r-xp") == executable + 1
            watching.send_signal(by)
            done = outcome(watching)
        assert done.code == 0, done.err
        assert mappings(target.pid).count("r-xp") == executable
        assert target.poll() is None


def test_a_target_that_ends_meanwhile_is_diagnosed_all_the_same() -> None:
    with household("leak", seconds=4) as target:
        done = run_memwhy("watch", str(target.pid), "--native", "--for", "60s", "--format", "json")
    assert done.report["warnings"][-1].startswith("The process ended")
    assert "was lost" not in done.out


def test_where_the_sampler_cannot_come_in_the_watch_says_why_and_goes_on(tmp_path: Path) -> None:
    with process_of(IDLE) as target:
        done = run_memwhy("watch", str(target.pid), "--native", "--for", "3s", "--no-until-sure", "--format", "json")
    missing = [text for text in done.report["warnings"] if text.startswith("The native stacks are missing: ")]
    assert len(missing) == 1
    assert "called malloc" in missing[0]
    assert done.report["sampling"] == []
    assert done.report["total"]["metric"] == "process.rss_bytes"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--native", "--native-period", "12"), "is not between 1KiB and 1GiB"),
        (("--native", "--stacks", "out.svg"), "does not say which format it is to have"),
        (("--stacks", "out.folded"), "has nothing to write without --native"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_begins(options: tuple[str, ...], said: str) -> None:
    with process_of(IDLE) as target:
        done = run_memwhy("watch", str(target.pid), *options)
    assert done.code == 2
    assert said in done.err


def test_a_recording_without_stacks_writes_none_and_says_so(tmp_path: Path) -> None:
    recording = tmp_path / "watched"
    with process_of(IDLE) as target:
        run_memwhy("record", str(target.pid), "--for", "1s", "-o", recording)
    done = run_memwhy("explain", recording, "--stacks", tmp_path / "native.folded")
    assert done.code == 0
    assert "was not written: there are no native stacks" in done.err
    assert not (tmp_path / "native.folded").exists()


@pytest.mark.specimen
@pytest.mark.parametrize("variant", ["guilty", "guilty-stripped"])
def test_a_leak_behind_cgo_is_named_with_its_go_caller_within_fifteen_seconds(variant: str) -> None:
    with specimen_of(variant) as specimen:
        done = run_memwhy(
            "watch", str(specimen.pid), "--native", "--for", "15s", "--no-until-sure", "--format", "json"
        )  # fmt: skip
    named = stacked(done.report)
    assert list(named) == ["main.readDocument"]
    stack = [frame.partition(" (")[0] for frame in named["main.readDocument"]["stack"]]
    call = "htmlReadMemory" if specimen.facts.get("parser") != "own" else "own_read_memory"
    assert stack[stack.index(f"main._Cfunc_{call}") :][:3] == [
        f"main._Cfunc_{call}",
        "main.readDocument",
        "main.raceOdds",
    ]
    assert done.report["verdict"]["cause"] == "native-leak"


@pytest.mark.specimen
def test_the_innocent_twin_is_not_accused() -> None:
    with specimen_of("twin") as specimen:
        done = run_memwhy(
            "watch", str(specimen.pid), "--native", "--for", "15s", "--no-until-sure", "--format", "json"
        )  # fmt: skip
    assert stacked(done.report) == {}
    assert done.report["verdict"]["cause"] in ("steady", "undetermined")
    assert finding(done.report, "native-leak")["verdict"] != "supported"
