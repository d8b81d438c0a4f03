"""What is seen from outside is what the process says of itself, on programs that count what they do."""

from pathlib import Path
from typing import Any

import pytest
from inspect_programs import ONCE, inspect, program, resident_bytes, status
from memwhy_command import run_memwhy
from witness import agreement, as_mallinfo, goroutines, wrong_fields

from memwhy.sources.go import pprof

pytestmark = pytest.mark.specimen

SMALL_GO = ("-live", "20", "-idle", "20")
MIXED = ("-docs", "600", "-plain", "600", "-objects", "1200", "-held", "1200", "-go", "20")
KINDS = {
    "go": ("goheap", *SMALL_GO),
    "cgo leak": ("cgoheap", *MIXED),
    "cgo fragmentation": ("cgoheap", "-fragments", "100"),
    "c++": ("shop", "1000", "8000"),
    "python": ("objects", "60"),
    "c": ("blocks", "-mib", "60", "-threads", "4"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_resident_byte_is_in_the_ledger_and_nearly_all_are_explained(kind: str) -> None:
    with program(*KINDS[kind]) as running:
        running.ask("truth")  # it has waited once for a line, and has what it needs for that
        before_bytes = resident_bytes(running.pid)
        found = inspect(running.pid)
        rss_bytes = resident_bytes(running.pid)
    assert found["rss_bytes"] in (before_bytes, rss_bytes)  # an interpreter may still tidy up after its answer
    assert found["moved_bytes"] == 0
    if kind != "python":  # pymalloc's arenas are mappings of nobody that we know
        assert found["unexplained_bytes"] <= 0.001 * rss_bytes + (256 << 10)


@pytest.mark.parametrize("kind", ["cgo leak", "cgo fragmentation", "c++", "c"])
def test_malloc_from_outside_is_mallinfo2_to_the_byte(kind: str) -> None:
    with program(*KINDS[kind]) as running:
        said = running.ask("malloc")
        found = inspect(running.pid)
    assert wrong_fields(said, as_mallinfo(found["malloc"])) == {}
    assert found["malloc"]["approximate"] == []


def test_malloc_after_much_work_is_mallinfo2_to_the_byte() -> None:
    with program("blocks", "-mib", "10", "-threads", "8") as running:
        running.ask("mutate")
        for _ in range(50):
            running.ask("truth")
        running.ask("calm")
        said = running.ask("malloc")
        found = inspect(running.pid)
    assert wrong_fields(said, as_mallinfo(found["malloc"])) == {}


@pytest.mark.parametrize("flavour", ["", "stripped", "pie"])
def test_memstats_from_outside_are_the_processs_own(flavour: str) -> None:
    with program("goheap", *SMALL_GO, flavour=flavour) as running:
        said = running.ask("memstats")
        found = inspect(running.pid)
    assert wrong_fields(said, found["go"]["memstats"]) == {}
    assert len(found["go"]["memstats"].keys() & said.keys()) >= 20


@pytest.mark.parametrize("flavour", ["", "stripped"])
def test_goroutines_from_outside_are_the_processs_own(flavour: str, tmp_path: Path) -> None:
    with program("goheap", *SMALL_GO, flavour=flavour) as running:
        running.ask(f"goroutines {tmp_path / 'said'}")
        run_memwhy("inspect", str(running.pid), *ONCE, "--goroutines", tmp_path / "seen")
    said, seen = (goroutines((tmp_path / name).read_text()) for name in ("said", "seen"))
    found = agreement(said, seen)
    assert found.of == 400
    assert found.share >= 0.995, found.first


@pytest.mark.parametrize("flags", [(), ("-no-collection",)], ids=["collected", "before the first collection"])
def test_the_heap_profile_from_outside_is_the_processs_own(flags: tuple[str, ...], tmp_path: Path) -> None:
    with program("goheap", *SMALL_GO, *flags) as running:
        running.ask(f"profile {tmp_path / 'said'}")
        run_memwhy("inspect", str(running.pid), *ONCE, "--heap-profile", tmp_path / "seen")
    said, seen = (values(tmp_path / name) for name in ("said", "seen"))
    assert said != {}
    assert seen == said


def values(path: Path) -> dict[tuple[str, tuple[str, ...]], int]:
    """By sample type and stack, without what asking itself allocated."""
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for profile in pprof.parse(path.read_bytes()).profiles:
        for sample in profile.stacks:
            if not any("answer.profile" in frame for frame in sample.frames) and sample.value:
                key = (profile.kind, sample.frames)
                found[key] = found.get(key, 0) + sample.value
    return found


def test_what_nothing_points_to_is_found_but_for_what_stray_words_may_hold() -> None:
    with program("cgoheap", *MIXED) as running:
        truth = running.ask("truth")
        found = inspect(running.pid, *ONCE)
    assert_lost(found["lost"], truth["lost_bytes"])
    largest = max(found["lost"]["graphs"], key=lambda graph: graph["bytes"])
    if running.facts["documents"] == "libxml2":
        assert largest["library"].startswith("libxml2")
    assert all(graph["samples"] == [] for graph in found["lost"]["graphs"])


def assert_lost(seen: dict[str, Any], lost_bytes: int) -> None:
    """Nothing more than what is lost; of that all but what a number that looks like an address, or a stale word, leads to."""
    assert seen["bytes"] <= 1.001 * lost_bytes
    assert seen["bytes"] + seen["maybe_bytes"] >= 0.99 * lost_bytes
    assert seen["bytes"] >= 0.97 * lost_bytes


def test_what_only_go_holds_is_not_lost() -> None:
    with program("cgoheap", *MIXED, "-twin") as running:
        held_bytes = running.ask("malloc")["uordblks"]
        found = inspect(running.pid, *ONCE)
    assert found["lost"]["bytes"] <= 0.001 * held_bytes


def test_lost_objects_of_cpp_are_named_by_their_class() -> None:
    with program("shop", "2000", "4000") as running:
        truth = running.ask("truth")
        found = inspect(running.pid, *ONCE)
    assert_lost(found["lost"], truth["lost_bytes"])
    largest = max(found["lost"]["graphs"], key=lambda graph: graph["bytes"])
    assert "shop::" in (largest["type"] or "")


def test_contents_are_shown_only_when_asked_for() -> None:
    with program("shop", "500", "500") as running:
        quiet = run_memwhy("inspect", str(running.pid), *ONCE)
        shown = run_memwhy("inspect", str(running.pid), *ONCE, "--show-contents")
    assert "A book about" not in quiet.out
    assert "A book about" in shown.out


def test_a_look_leaves_the_targets_memory_as_it_was() -> None:
    with program("cgoheap", *MIXED, "-fragments", "50") as running:
        before = status(running.pid)
        inspect(running.pid, *ONCE)
        after = status(running.pid)
    assert after["TracerPid"] == "0"
    for field in ("VmRSS", "VmPTE"):
        assert int(after[field].split()[0]) - int(before[field].split()[0]) <= 1000


def test_two_looks_show_which_sizes_grow() -> None:
    with program("cgoheap", "-docs", "100") as running:
        running.ask("mutate 2")
        found = run_memwhy("inspect", str(running.pid), "--for", "2s", "--format", "json", "-q").report["inspect"]
        running.ask("calm")
    assert found["apart_s"] >= 2
    grown = sum(one["grown_bytes"] or 0 for one in found["malloc"]["classes"])
    assert grown > 100_000


def test_a_look_at_threads_that_allocate_without_a_pause_lies_within_what_they_said_meanwhile() -> None:
    with program("blocks", "-mib", "10", "-threads", "4") as running:
        running.ask("mutate")
        running.ask("said")
        malloc = inspect(running.pid)["malloc"]
        said = running.ask("said")
        running.ask("calm")
    for field, value in (("arena", malloc["system_bytes"]), ("uordblks", malloc["in_use_bytes"])):
        least, most = said[field]
        sway = (most - least) // 4 + 4096  # arenas are walked one after the other, milliseconds apart
        assert least - sway <= value <= most + sway
        assert most - least < value // 5
