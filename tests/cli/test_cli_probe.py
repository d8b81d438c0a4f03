"""`--probe` on real programs: what is foretold is said first, the result is measured, and the recording keeps both."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import Done, run_memwhy

sys.path.insert(0, str(Path(__file__).parents[2] / "specimens"))
sys.path.insert(0, str(Path(__file__).parents[1] / "probe"))
from run import SpecimenFailed, running
from trim_programs import built, freed

LOOKS = Path(__file__).parents[1] / "looks"
MIB = 1 << 20


def experiment(answer: dict[str, Any]) -> dict[str, Any]:
    """The only one."""
    (one,) = answer["experiments"]
    found: dict[str, Any] = one
    return found


def check(one: dict[str, Any]) -> None:
    """What holds of every experiment that was made."""
    assert one["problem"] is None
    assert one["result"]["said"]
    assert sum(row["after"] for row in one["shifts"]) <= 1.0
    assert [row["when"] for row in one["result"]["measured"]][:2] in (
        ["before", "just after"],
        ["as it is", "with MALLOC_ARENA_MAX=2"],
    )


@contextmanager
def looked(name: str) -> Iterator[int]:
    """One of the programs of tests/looks."""
    binary = built("freed").with_name(name)
    subprocess.run(["cc", "-O0", "-w", "-o", binary, LOOKS / f"{name}.c"], check=True)
    with subprocess.Popen([binary], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def watched(pid: int, probe: str, *more: str | Path, for_: str = "10s") -> Done:
    return run_memwhy("watch", str(pid), "--for", for_, "--probe", probe, "--format", "json", *more)


@pytest.fixture(scope="module")
def collected() -> dict[str, Done]:
    """A forced collection of a heap that leaks and of one that is garbage."""
    try:
        found = {}
        for name in ("heap-cache", "gc-sawtooth"):
            with running(name, "guilty") as specimen:
                found[name] = watched(specimen.pid, "gc", for_="15s")
        return found
    except SpecimenFailed as problem:
        pytest.skip(str(problem))


@pytest.mark.specimen
def test_a_collection_gives_back_nearly_nothing_of_a_heap_that_leaks(collected: dict[str, Done]) -> None:
    answer = collected["heap-cache"].report
    one = experiment(answer)
    check(one)
    assert one["result"]["value"] < 2 * MIB
    assert answer["verdict"]["cause"] == "heap-leak"
    shifts = {row["cause"]: (row["before"], row["after"]) for row in one["shifts"]}
    assert shifts["heap-leak"][0] <= shifts["heap-leak"][1]
    assert shifts["gc-headroom"][0] >= shifts["gc-headroom"][1]


@pytest.mark.specimen
def test_a_collection_gives_back_what_is_garbage_and_no_leak_gains_by_it(collected: dict[str, Done]) -> None:
    answer = collected["gc-sawtooth"].report
    one = experiment(answer)
    check(one)
    assert one["result"]["value"] > 4 * MIB
    shifts = {row["cause"]: (row["before"], row["after"]) for row in one["shifts"]}
    assert shifts["heap-leak"][0] >= shifts["heap-leak"][1]
    assert answer["verdict"]["cause"] in ("steady", "gc-headroom", "undetermined")


@pytest.mark.specimen
def test_what_is_foretold_is_said_before_it_is_done(collected: dict[str, Done]) -> None:
    said = collected["heap-cache"].err
    order = [
        said.index(part)
        for part in (
            "experiment gc: asks its endpoint for /debug/pprof/heap?gc=1",
            "if heap-leak: the Go heap falls by",
            "before and",
        )
    ]
    assert order == sorted(order)


def test_a_trim_is_chosen_for_a_native_leak_and_gives_back_little_of_it() -> None:
    pytest.importorskip("memwhy._core._stops")
    with looked("list") as pid:
        done = watched(pid, "auto")
        answer = done.report
        assert Path(f"/proc/{pid}").exists()
    one = experiment(answer)
    check(one)
    assert "--probe auto: trim, which tells native-leak from native-retained best" in done.err
    assert one["result"]["value"] < 4 * MIB
    assert answer["verdict"]["cause"] == "native-leak"
    shifts = {row["cause"]: (row["before"], row["after"]) for row in one["shifts"]}
    assert shifts["native-leak"][0] <= shifts["native-leak"][1]
    assert answer["overhead"]["target_paused_s"] == pytest.approx(one["result"]["paused_s"], abs=1e-6)


def test_a_trim_gives_back_bursts_that_were_freed_and_retention_gains_by_it() -> None:
    pytest.importorskip("memwhy._core._stops")
    with looked("burst") as pid:
        answer = watched(pid, "trim", for_="14s").report
        assert Path(f"/proc/{pid}").exists()
    one = experiment(answer)
    check(one)
    shifts = {row["cause"]: (row["before"], row["after"]) for row in one["shifts"]}
    if (
        one["result"]["value"] > 0.5 * answer["total"]["bytes"]
    ):  # else it came in the midst of a burst, as a busy machine may have it
        assert shifts["native-retained"][0] <= shifts["native-retained"][1]
        assert shifts["native-leak"][0] >= shifts["native-leak"][1]
    assert "native-leak" not in {row["cause"] for row in answer["findings"] if row["verdict"] == "supported"}


def test_a_trim_gives_back_what_malloc_keeps_and_the_recording_tells_it_again(tmp_path: Path) -> None:
    pytest.importorskip("memwhy._core._stops")
    kept = tmp_path / "kept.memwhy"
    with freed("f 120") as program:
        assert program.ask("w") == "ok"
        answer = watched(program.pid, "trim", "--probe-max", "10s", "-o", kept, for_="8s").report
        assert program.ask("").split()[0] == "working"
    one = experiment(answer)
    check(one)
    assert 110 * MIB < one["result"]["value"] < 125 * MIB
    assert one["result"]["held_s"] > 0
    again = run_memwhy("explain", kept, "--format", "json").report
    assert experiment(again) == one
    assert [(row["cause"], row["probability"]) for row in again["findings"][:3]] == [
        (row["cause"], row["probability"]) for row in answer["findings"][:3]
    ]


def test_more_than_the_bound_is_not_tried_and_that_is_said() -> None:
    pytest.importorskip("memwhy._core._stops")
    with freed("f 60") as program:
        done = watched(program.pid, "trim", "--probe-max", "1ms", for_="3s")
        answer = done.report
    assert "experiments" not in answer
    assert any("The experiment trim was not made: malloc_trim would take about" in text for text in answer["warnings"])
    assert "raise it with --probe-max" in done.err


def test_a_program_without_an_endpoint_is_not_asked_to_collect() -> None:
    with freed() as program:
        answer = watched(program.pid, "gc", for_="3s").report
    assert "experiments" not in answer
    assert any("The experiment gc was not made: a collection is asked for at" in text for text in answer["warnings"])


def test_a_pair_of_runs_tells_arenas_that_keep_memory() -> None:
    program = built("arenas")
    arguments = ("--probe", "env:MALLOC_ARENA_MAX=2", "--for", "8s", "--format", "json", "--", str(program), "16", "4")
    answer = run_memwhy("run", *arguments).report
    one = experiment(answer)
    check(one)
    assert one["result"]["value"] > 25 * MIB
    shifts = {row["cause"]: (row["before"], row["after"]) for row in one["shifts"]}
    assert shifts["native-retained"][0] <= shifts["native-retained"][1]
    assert [text.split(":")[0] for text in one["result"]["said"]][:2] == ["as it is", "with MALLOC_ARENA_MAX=2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("watch", "1", "--probe", "luck"), "--probe luck is not known"),
        (("watch", "1", "--probe", "env:GOGC=50"), "memwhy run --probe env:GOGC=50 -- CMD"),
        (("watch", "1", "--probe", "trim", "--native"), "--probe trim and --native both hook malloc"),
        (("watch", "1", "--probe", "trim", "--probe-max", "soon"), "'soon' is not a duration"),
        (("run", "--probe", "gc", "--for", "5s", "--", "true"), "memwhy watch PID --probe gc"),
        (("run", "--probe", "env:GOGC", "--for", "5s", "--", "true"), "names no variable and value"),
        (("run", "--probe", "env:GOGC=50", "--", "true"), "--probe compares two runs of the same length"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_begins(arguments: tuple[str, ...], said: str) -> None:
    done = run_memwhy(*arguments)
    assert done.code == 2
    assert said in done.err
