"""native-leak: malloc's layers, or what is left beside a flat runtime; never where there is no C heap."""

from dataclasses import replace

import pytest
from build_case import STATIC, case, flat, line, mebibytes, series, warmup, watched
from scenarios import PACE, judged, scene, scene_without, verdict

from memwhy.causes.native_leak import judge, remedies
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB


def test_growth_in_mallocs_layers_beside_a_flat_go_is_a_native_leak() -> None:
    leak = scene("cgo leak in arenas")
    found = judge(leak)
    assert found.bytes_per_s == pytest.approx(PACE, rel=0.01)
    assert replace(found, bytes_per_s=None) == Finding(
        cause="native-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.75,
        headline="Native memory (malloc behind cgo or a C library) grows and is not freed; Go itself is flat.",
        bytes=68128486,
        because=(
            "100 % of the growth is in malloc's heap and arenas: native heap and arenas 20.0 to 65.0 MiB,"
            " +45.0 MiB/min (+45.0 MiB to +45.0 MiB)",
            found.because[1],
            "C libraries that the program links: libxml2.so.2",
        ),
        against=("from outside, memory that is freed but kept by malloc grows in the same layers",),
        remedy=remedies(leak),
        confirm_with="memwhy watch PID --for 10m   (a leak goes on in a straight line; caches and malloc's arenas level off)",
    )
    assert found.because[1].startswith("what Go itself holds does not follow: held by Go ")


@pytest.mark.parametrize(("seconds", "probability"), [(60, 0.75), (180, 0.8), (900, 0.85), (4000, 0.9)])
def test_it_grows_surer_with_the_time_watched(seconds: int, probability: float) -> None:
    long = watched(grows={"layer.native_arenas_bytes": PACE / 4}, seconds=seconds, every=seconds / 60)
    assert judge(long).probability == pytest.approx(probability)


@pytest.mark.parametrize(
    "name",
    ["map that only grows", "goroutines that wait for ever", "mapped file read through", "segments that stay mapped",
     "child that grows", "bodies that are not closed", "nothing", "collector's saw", "cache that is full", "one burst"],
)  # fmt: skip
def test_look_alikes_acquit_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_large_blocks_may_be_mallocs_or_mapped_directly() -> None:
    found = judge(scene("mmap beside a C heap"))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.3)


def test_threads_that_pile_up_bring_their_arenas() -> None:
    found = judge(scene("threads with arenas"))
    assert (found.verdict, found.against[-1]) == (
        Verdict.CANNOT_SAY,
        "threads pile up too: each has a malloc arena and what it allocates there",
    )


@pytest.mark.parametrize("growing", ["layer.native_arenas_bytes", "layer.anonymous_bytes", "layer.go_heap_bytes"])
@pytest.mark.parametrize("without", [(), ("layer.",), ("go.",), ("layer.", "go.")])
def test_a_static_program_without_cgo_has_no_c_heap(growing: str, without: tuple[str, ...]) -> None:
    found = judge(watched(grows={growing: PACE}, facts=STATIC, without=without))
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, 0)


@pytest.mark.parametrize("runtime", ["cpython", "jvm", "node"])
def test_runtimes_that_live_in_malloc_are_not_accused(runtime: str) -> None:
    found = judge(watched(grows={"layer.native_heap_bytes": PACE}, runtime=runtime))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.35)
    assert found.against[-1] == f"a {runtime} runtime keeps its own objects in malloc too: its numbers were not read"


def test_growing_beside_go_without_layers_is_what_is_left() -> None:
    found = judge(scene_without("cgo leak in arenas", "smaps"))
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, pytest.approx(0.72))
    assert found.against == ("no layers were read (smaps): direct mmap and thread stacks are not excluded",)


@pytest.mark.parametrize("name", ["mapped file read through", "segments that stay mapped"])
def test_what_is_left_may_be_files_or_shared_memory(name: str) -> None:
    found = judge(scene_without(name, "smaps"))
    assert (found.verdict, found.against[0][:27]) == (Verdict.REFUTED, "the growth is elsewhere: RS")


USED = mebibytes(505, 506, 507, 508, 510, 510, 511, 513, 514, 516)


def test_ten_readings_of_a_host_and_three_of_go_give_a_medium_verdict() -> None:
    pasted = case(
        total="host.used_bytes",
        series={
            "host.used_bytes": USED,
            "host.buff_cache_bytes": mebibytes(480, 480, 480, 480, 480, 481, 481, 481, 481, 481),
            "host.shared_bytes": mebibytes(*[14] * 10),
            "derived.go_held_bytes": mebibytes(23, 24, 24),
            "go.stack_inuse_bytes": mebibytes(3, 3, 3),
        },
    )
    found = judge(pasted)
    assert found.verdict is Verdict.SUPPORTED
    assert found.because[1].startswith("buff/cache and shared do not follow")
    assert "no RSS of the process was read: a neighbour or the kernel could hold it" in found.against
    assert (verdict(pasted).cause, verdict(pasted).confidence) == ("native-leak", "low")
    assert verdict(replace(pasted, facts={"go.cgo": "1"})).confidence == "medium"


def test_a_cgroup_whose_page_cache_is_not_known_cannot_accuse() -> None:
    docker = case(
        total="cgroup.current_bytes",
        series={"cgroup.current_bytes": line(300 * MIB, MIB), "derived.go_held_bytes": flat(24 * MIB, noise=9000)},
    )
    assert judge(docker).verdict is Verdict.CANNOT_SAY
    seen = replace(
        docker, series={**docker.series, "cgroup.anon_bytes": series("cgroup.anon_bytes", line(200 * MIB, MIB))}
    )
    assert judge(seen).verdict is Verdict.SUPPORTED


def test_a_native_layer_that_levels_off_while_the_total_goes_on_is_not_accused() -> None:
    filled = watched(given={"layer.native_arenas_bytes": warmup(12 * MIB, 60 * MIB, settled=0.08)},
                     grows={"layer.go_heap_bytes": PACE})  # fmt: skip
    assert judged(filled)["native-leak"].verdict is not Verdict.SUPPORTED
