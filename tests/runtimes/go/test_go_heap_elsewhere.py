"""The same heap seen otherwise: in a core file, and in a stripped, position-independent program."""

import shutil
import subprocess
from pathlib import Path

import pytest
from held_go import attached, build, held, profile_records, toolchains

from memwhy.memory.core import Core
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime
from memwhy.runtimes.go.documents import heap_text
from memwhy.runtimes.go.heap_profile import read_heap_profile
from memwhy.runtimes.go.memstats import read_memstats
from memwhy.runtimes.go.pprof_file import heap_pprof
from memwhy.runtimes.go.spans import regions, roots


@pytest.fixture(scope="module", params=toolchains())
def go(request: pytest.FixtureRequest) -> str:
    return request.param


def everything(runtime: GoRuntime) -> tuple[object, ...]:
    profile = read_heap_profile(runtime)
    file = heap_pprof(runtime, profile)
    return read_memstats(runtime), regions(runtime), roots(runtime), profile, file, heap_text(runtime)


def test_a_core_tells_what_the_live_process_told(go: str, tmp_path: Path) -> None:
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    with held(build(go, tmp_path / "hold"), 10, 4096) as process:
        process.do("g")
        process.do("o")
        pid = process.process.pid
        with attached(pid) as runtime:
            live = everything(runtime)
            subprocess.run(["gcore", "-o", str(tmp_path / "core"), str(pid)], check=True, capture_output=True)
            again = everything(runtime)
    if live != again:
        pytest.skip("the scavenger was at work between the two looks")
    with Core.open(str(tmp_path / f"core.{pid}")) as space:
        adapter = GoAdapter()
        match = adapter.detect(space)
        assert match is not None
        seen = everything(adapter.open(space, match))
    assert seen == live


@pytest.mark.parametrize("flags", [("-ldflags=-s -w",), ("-ldflags=-s -w", "-buildmode=pie")])
def test_a_stripped_program_tells_as_much(go: str, tmp_path: Path, flags: tuple[str, ...]) -> None:
    with held(build(go, tmp_path / "hold", *flags), 5, 4096) as process:
        process.do("g")
        process.do("o")
        told = profile_records(process.heap_text())
        truth = process.memstats()
        with attached(process.process.pid) as runtime:
            seen = read_memstats(runtime)
            ours = heap_text(runtime).decode()
            found = regions(runtime)
    records = profile_records(ours)
    assert seen.fields["HeapInuse"] == truth.fields["HeapInuse"]
    assert seen.fields["TotalAlloc"] == truth.fields["TotalAlloc"]
    assert seen.by_size == truth.by_size
    assert {key: records.get(key) for key in told} == told
    assert {region.category for region in found} == {"heap.in_use", "heap.idle", "heap.stacks", "heap.meta"}
