"""Who holds it, of real programs whose truth is known, out of short recordings of them."""

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from memwhy_command import run_memwhy

from memwhy.attribution.descriptors import descriptor_groups
from memwhy.attribution.goroutines import goroutine_groups
from memwhy.attribution.heap import heap_sites
from memwhy.attribution.threads import thread_groups
from memwhy.diagnose import case_of
from memwhy.model.case import Case
from memwhy.model.report import Holder

sys.path.insert(0, str(Path(__file__).parents[2] / "specimens"))
from run import SpecimenFailed, running

pytestmark = pytest.mark.specimen

FOR = "22s"
FLAGS = {"heap-cache": ("-rate", "6000")}
SPECIMENS = ("fd-pile", "goroutine-pile", "heap-cache", "thread-pile")


def recorded(name: str, kept: Path) -> Case:
    with running(name, "guilty", *FLAGS.get(name, ()), env={"GOGC": "40"}) as specimen:
        assert specimen.pprof is not None
        run_memwhy("record", str(specimen.pid), "--pprof", specimen.pprof, "--for", FOR, "-q", "-o", kept)
    return case_of([str(kept)])


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, "Future[Case]"]:
    folder = tmp_path_factory.mktemp("kept")
    with ThreadPoolExecutor(len(SPECIMENS)) as pool:
        return {name: pool.submit(recorded, name, folder / f"{name}.memwhy") for name in SPECIMENS}


@pytest.fixture
def case(cases: dict[str, "Future[Case]"]) -> Callable[[str], Case]:
    def get(name: str) -> Case:
        try:
            return cases[name].result()
        except SpecimenFailed as problem:
            pytest.skip(str(problem))

    return get


def around(holder: Holder, truth: float) -> bool:
    assert holder.count_per_s is not None, holder.note
    return 0.8 * truth <= holder.count_per_s <= 1.2 * truth


def test_connections_whose_bodies_are_not_closed_are_said_to_be_so(case: Callable[[str], Case]) -> None:
    first = descriptor_groups(case("fd-pile"))[0]
    assert first.function.startswith("tcp established to 127.0.0.1:")
    assert around(first, 40)
    assert "net/http.(*persistConn).readLoop" in first.note
    assert "neither read to its end nor closed" in first.note


def test_goroutines_that_pile_up_are_named_with_their_state_and_creator(case: Callable[[str], Case]) -> None:
    first = goroutine_groups(case("goroutine-pile"))[0]
    assert (first.function, first.stack[-1]) == ("main.descend", "main.awaitAnswer")
    assert first.module == "example.org/specimens"
    assert around(first, 100)


def test_threads_are_named_by_the_code_that_called_into_c_and_what_they_wait_in(case: Callable[[str], Case]) -> None:
    first = thread_groups(case("thread-pile"))[0]
    assert first.function == "main.callLocked"
    assert around(first, 10)
    assert "in C, in call_library" in first.note
    assert "wait in futex" in first.note


def test_the_site_that_fills_the_heap_is_named_at_its_pace(case: Callable[[str], Case]) -> None:
    first = heap_sites(case("heap-cache"))[0]
    assert (first.function, first.module) == ("main.compute", "example.org/specimens")
    assert first.low_per_s is not None
    assert first.high_per_s is not None
    assert first.low_per_s <= 6000 * 1024 <= first.high_per_s
