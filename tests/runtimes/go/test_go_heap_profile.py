"""The heap profile from outside against /debug/pprof/heap of the same process: figures, addresses, frames, both forms."""

import os
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from held_go import attached, build, held, profile_records, toolchains

from memwhy.model.profile import Profile
from memwhy.runtimes.go.documents import heap_text
from memwhy.runtimes.go.heap_profile import HeapProfile, read_heap_profile
from memwhy.runtimes.go.pprof_file import heap_pprof
from memwhy.sources.go import READERS, pprof, prometheus


@pytest.fixture(scope="module", params=toolchains())
def go(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def hold(go: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(go, tmp_path_factory.mktemp("hold") / "hold")


CASES = [(20, 524288, "o"), (20, 524288, "og"), (3, 4096, "o"), (3, 4096, "ogg"), (1, 1, "og"), (1, 1, "ogd")]
"""Megabytes, sampling rate, commands; the first and third have no collection behind them."""


@pytest.mark.parametrize(("megabytes", "rate", "commands"), CASES)
def test_the_text_equals_the_endpoints_record_for_record(hold: Path, megabytes: int, rate: int, commands: str) -> None:
    with held(hold, megabytes, rate) as process:
        for command in commands:
            process.do(command)
        theirs = process.heap_text()
        with attached(process.process.pid) as runtime:
            ours = heap_text(runtime).decode()
    told, seen = profile_records(theirs), profile_records(ours)
    assert {key: seen.get(key) for key in told} == told
    # The request itself allocates: its records have no published counts yet.
    assert {counts for _, counts in seen.keys() - told.keys()} <= {("0", "0", "0", "0")}
    assert f"@ heap/{2 * rate}\n" in ours
    assert ours.partition("[")[0] == theirs.partition("[")[0]  # the header: objects and bytes in use


def totals(profiles: tuple[Profile, ...], kind: str) -> Counter[tuple[str, ...]]:
    """Values of one kind by stack."""
    counts: Counter[tuple[str, ...]] = Counter()
    for profile in profiles:
        if profile.kind == kind:
            for sample in profile.stacks:
                counts[sample.frames] += sample.value
    return Counter({frames: value for frames, value in counts.items() if value})


@pytest.mark.parametrize(("megabytes", "rate", "commands"), CASES[1:4])
def test_the_file_says_what_the_processes_own_file_says(hold: Path, megabytes: int, rate: int, commands: str) -> None:
    with held(hold, megabytes, rate) as process:
        for command in commands:
            process.do(command)
        theirs = pprof.parse(process.heap_file())
        with attached(process.process.pid) as runtime:
            ours = pprof.parse(heap_pprof(runtime, read_heap_profile(runtime), wall_ns=7))
    for kind in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
        assert totals(ours.profiles, kind) == totals(theirs.profiles, kind)
    assert [profile.kind for profile in ours.profiles] == [profile.kind for profile in theirs.profiles]
    assert ours.wall_ns == 7
    assert ours.facts["profile.binary"] == str(hold)


def test_go_tool_pprof_opens_the_file_and_names_functions_and_lines(go: str, hold: Path, tmp_path: Path) -> None:
    with held(hold, 3, 1) as process:
        process.do("g")
        with attached(process.process.pid) as runtime:
            (tmp_path / "heap.pb.gz").write_bytes(heap_pprof(runtime, read_heap_profile(runtime)))
    shown = subprocess.run(
        [go, "tool", "pprof", "-top", "-lines", "-symbolize=none", str(tmp_path / "heap.pb.gz")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    ).stdout
    assert "Type: inuse_space" in shown
    assert "main.grow" in shown
    assert "hold/main.go:" in shown


def test_every_document_is_read_by_the_reader_of_its_name(hold: Path) -> None:
    with held(hold, 5, 4096) as process:
        process.do("o")
        process.do("g")
        with attached(process.process.pid) as runtime:
            assert prometheus.NAME not in dict(runtime.documents())
            process.do("l")
            truth = process.memstats().fields
            found = dict(runtime.documents())
    readings = {name: READERS[name].parse(raw) for name, raw in found.items()}
    assert sorted(readings) == ["go/buildinfo", "go/goroutine", "go/heap", "go/metrics"]
    assert all(reading.notes == () for reading in readings.values())
    assert readings["go/heap"].metrics["go.heap_inuse_bytes"] == truth["HeapInuse"]
    assert readings["go/heap"].metrics["go.total_alloc_bytes"] == truth["TotalAlloc"]
    assert readings["go/metrics"].metrics == {"go.memory_limit_bytes": 5 << 20}
    assert readings["go/buildinfo"].facts["go.main_module"] == "hold"
    assert readings["go/goroutine"].metrics["go.goroutines_count"] == truth["NumGoroutine"]


def test_a_list_that_bites_its_tail_is_cut_and_said(hold: Path) -> None:
    with held(hold, 1, 1) as process, attached(process.process.pid) as runtime:
        whole = read_heap_profile(runtime)
        head = runtime.space.word(runtime.globals.mbuckets or 0)
        assert head
        runtime.globals = replace(runtime.globals, mbuckets=head)  # the first word of a bucket is no list
        part = read_heap_profile(runtime)
    assert (whole.cut, whole.rate_is_assumed) == (False, False)
    assert isinstance(part, HeapProfile)
    assert len(part.records) < len(whole.records)
