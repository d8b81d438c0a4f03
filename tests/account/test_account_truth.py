"""Programs that know where their memory is, captured and live, against the account."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from capture_program import capture
from captured_programs import LAYER_OF, NAMES, Specimen, load, specimen

from memwhy.account import account
from memwhy.account.accounting import claim_all
from memwhy.account.claims import UNCLAIMED
from memwhy.model.mapping import Mapping

PROGRAMS = Path(__file__).parent / "programs"
KIB = 1 << 10
GO_NAMES = tuple(name for name in NAMES if name.startswith("go-"))


def layers_of_places(given: Specimen, go: dict[str, int] | None) -> list[tuple[str, str]]:
    """Each known thing and the layer that its mapping was given to.

    malloc uses at most 8 arenas a core: a thread beyond that shares one, perhaps the main arena in [heap].
    """
    ordered, claims = claim_all(given.mappings, go, given.facts)[:2]
    found = []
    for address, what in given.places:
        index = next(i for i, mapping in enumerate(ordered) if mapping.start <= address < mapping.end)
        metric = claims.get(index, UNCLAIMED).metric
        if what == "malloc in a thread" and ordered[index].path == "[heap]":
            metric = LAYER_OF[what] if metric == "layer.native_heap_bytes" else metric
        found.append((what, metric))
    return found


def expected(given: Specimen) -> list[tuple[str, str]]:
    return [(what, LAYER_OF[what]) for _, what in given.places]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "go-1.26-race"])
def test_every_known_thing_lies_in_its_layer(name: str) -> None:
    given = load(name)
    assert layers_of_places(given, given.go) == expected(given)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "go-1.26-race"])
def test_and_without_go_s_own_count_as_well(name: str) -> None:
    given = load(name)
    assert layers_of_places(given, None) == expected(given)


def test_the_race_detector_s_shadow_is_no_native_arena() -> None:
    given = load("go-1.26-race")
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    arenas = account_.layer("layer.native_arenas_bytes")
    assert arenas is not None
    assert arenas.bytes == 184 * KIB


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_captured_process_is_unaccounted(name: str) -> None:
    given = load(name)
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    assert account_.unaccounted_bytes == 0
    assert sum(layer.bytes for layer in account_.layers) == given.rss_bytes


@pytest.mark.parametrize("name", GO_NAMES)
def test_the_arenas_have_the_size_that_go_counts(name: str) -> None:
    given = load(name)
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    assert {check.name: check.agree for check in account_.checks if check.name != "Go metadata, virtual"} == {
        "sum of layers": True,
        "Go heap, virtual": True,
        "Go, resident": True,
    }
    heap = account_.layer("layer.go_heap_bytes")
    assert heap is not None
    assert not heap.weak


@pytest.mark.parametrize("name", [name for name in GO_NAMES if "harddecommit" not in name])
def test_the_arenas_are_exactly_heap_sys_and_stacks_and_work_buffers(name: str) -> None:
    given = load(name)
    assert given.go is not None
    heap = claim_all(given.mappings, given.go, given.facts)[2]
    assert heap is not None
    beyond = heap.writable_bytes - given.go["go.heap_sys_bytes"] - given.go["go.stack_inuse_bytes"]
    assert 0 <= beyond <= given.go["go.gc_sys_bytes"]


@pytest.mark.parametrize("name", [name for name in GO_NAMES if "pure" in name])
def test_a_go_program_without_c_has_all_its_metadata_found(name: str) -> None:
    given = load(name)
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    anonymous = account_.layer("layer.anonymous_bytes")
    assert anonymous is not None
    assert anonymous.bytes == (40 << 20 if "mmap" in name else 0)
    assert [check.agree for check in account_.checks if check.name == "Go metadata, virtual"] == [True]


@pytest.mark.parametrize("name", NAMES)
def test_a_process_not_known_to_be_go_has_no_go_layer(name: str) -> None:
    given = load(name)
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=None, facts={})
    assert account_.layer("layer.go_heap_bytes") is None
    assert account_.layer("layer.go_other_bytes") is None
    native = account_.layer("layer.native_arenas_bytes")
    known = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    assert native == known.layer("layer.native_arenas_bytes")


@pytest.mark.parametrize("name", GO_NAMES)
def test_arenas_are_told_apart_without_vm_flags_too(name: str) -> None:
    """Kernels before 3.8 and gVisor print no VmFlags."""
    given = load(name)
    if "race" in name:
        pytest.skip("the race detector's shadow cannot be told from arenas without VmFlags")
    bare = [without_flags(mapping) for mapping in given.mappings]
    wanted = account(given.mappings, total_bytes=None, go=given.go, facts=given.facts)
    found = account(bare, total_bytes=None, go=given.go, facts=given.facts)
    for metric in ("layer.go_heap_bytes", "layer.native_arenas_bytes"):
        left, right = found.layer(metric), wanted.layer(metric)
        assert left is not None and right is not None
        assert left.bytes == right.bytes


def without_flags(mapping: Mapping) -> Mapping:
    return replace(mapping, vm_flags="")


def test_a_python_process_watched_now_has_its_things_in_their_layers() -> None:
    given = specimen(*capture([sys.executable, str(PROGRAMS / "threads.py")]))
    assert layers_of_places(given, None) == expected(given)


@pytest.mark.specimen
@pytest.mark.parametrize("cgo", ["0", "1"])
def test_a_go_process_watched_now_has_its_things_in_their_layers(cgo: str, tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None or (cgo == "1" and shutil.which("gcc") is None):
        pytest.skip("needs Go and a C compiler")
    binary = tmp_path / "layers"
    build = [go, "build", "-o", str(binary), "."]
    environment = {**os.environ, "CGO_ENABLED": cgo, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    subprocess.run(build, cwd=PROGRAMS / "layers", env=environment, check=True, capture_output=True)
    arguments = ["heap=80", "release=1", "goroutines=100", "shared=2", "threads=5", "blocks=500", "big=9"]
    given = specimen(*capture([str(binary), *arguments]))
    assert layers_of_places(given, given.go) == expected(given)
    account_ = account(given.mappings, total_bytes=given.rss_bytes, go=given.go, facts=given.facts)
    assert {check.agree for check in account_.checks} <= {True, None}
    assert account_.unaccounted_bytes <= given.rss_bytes // 100
