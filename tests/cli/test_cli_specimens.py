"""`memwhy watch` on real programs whose cause is known: the cause or undetermined, never another one."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import NOBODY, Done, python_for_anybody, run_memwhy

sys.path.insert(0, str(Path(__file__).parents[2] / "specimens"))
from run import SpecimenFailed, running, truth

pytestmark = pytest.mark.specimen

AT_ONCE = 8
FOR, LONGER = "9s", "25s"
HERE = (
    "child-grower", "fd-pile", "file-reader", "gc-sawtooth", "goroutine-pile", "heap-cache", "mmap-pile", "native-lru", "odds-scraper",
    "page-tables", "reservation-pile", "shm-pile", "steady", "thread-pile", "two-leaks",
)  # fmt: skip
"""One or two of each cause: `make accuracy` watches them all, for longer and in more ways."""
KNOWN = [(name, variant) for name in HERE for variant in ("guilty", "twin") if variant in truth(name)]
ODDS = ("-rate", "120", "-cancelled", "0.15")


def watched(
    name: str,
    variant: str,
    *flags: str,
    pprof: bool = True,
    user: int | None = None,
    by: int | None = None,
    for_: str = FOR,
) -> Done:
    """Run the specimen as `user` and watch it as `by`."""
    python = python_for_anybody() if by is not None else sys.executable
    if python is None:
        pytest.skip("no Python here that another user may run")
    how = {"user": "nobody"} if user is not None else {}
    try:
        with running(name, variant, *flags, pprof=pprof, **how) as specimen:
            arguments = ("watch", str(specimen.pid), "--for", for_, "--format", "json", "-q")
            return run_memwhy(*arguments, python=python, user=by, cwd=Path("/"))
    except SpecimenFailed as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def all_watched() -> dict[tuple[str, str], "Future[Done]"]:
    """Every specimen and twin, a few at a time: each is short, and they hardly disturb one another."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {known: pool.submit(watched, *known) for known in KNOWN}


@pytest.mark.parametrize(("name", "variant"), KNOWN)
def test_a_known_cause_is_named_or_left_open_and_never_another_one(
    all_watched: dict[tuple[str, str], "Future[Done]"], name: str, variant: str
):
    known: dict[str, Any] = truth(name)[variant]  # type: ignore[assignment]
    answer = all_watched[name, variant].result().report
    allowed = {known["cause"], *known.get("also", ()), "undetermined"}
    if answer["verdict"]["confidence"] != "high":
        allowed |= {*known.get("meanwhile", ())}  # so short a watch ends long before undecided_s
    if known["cause"] == "other-process":
        allowed.add("steady")  # true of the process itself; children are read too seldom for a rate in so short a watch
    assert answer["verdict"]["cause"] in allowed
    supported = {row["cause"] for row in answer["findings"] if row["verdict"] == "supported"}
    assert supported & set(known.get("acquitted", ())) - allowed == set()
    assert answer["target"]["runtime"] == "go"
    assert answer["layers"] and answer["evidence"] and answer["overhead"]["target_paused_s"] == 0


@pytest.mark.parametrize(
    "name", ["fd-pile", "file-reader", "goroutine-pile", "mmap-pile", "odds-scraper", "shm-pile", "thread-pile"]
)
def test_a_steep_growth_is_named_within_seconds(all_watched: dict[tuple[str, str], "Future[Done]"], name: str):
    known: dict[str, Any] = truth(name)["guilty"]  # type: ignore[assignment]
    answer = all_watched[name, "guilty"].result().report
    if (
        answer["verdict"]["cause"] == "undetermined"
    ):  # honest on a machine that has no time for it: then alone, and longer
        answer = watched(name, "guilty", for_=LONGER).report
    assert answer["verdict"]["cause"] == known["cause"]
    low, high = known["bytes_per_s"]
    assert 0.7 * low <= answer["total"]["bytes_per_s"] <= 1.4 * high


@pytest.mark.parametrize(
    ("variant", "pprof"), [("guilty-stripped", True), ("guilty-stripped", False), ("guilty", False)]
)
def test_the_native_leak_is_named_stripped_and_without_an_endpoint(variant: str, pprof: bool):
    answer = watched("odds-scraper", variant, *ODDS, pprof=pprof).report
    assert answer["verdict"]["cause"] == "native-leak"
    assert [row["cause"] for row in answer["findings"] if row["verdict"] == "supported"] == ["native-leak"]
    assert answer["target"]["runtime_version"].startswith("go1.")
    has_memstats = any(row["source"] == "go/heap" and row["samples"] for row in answer["evidence"])
    assert has_memstats is pprof
    if not pprof:
        assert any("No pprof, expvar or metrics endpoint was found" in warning for warning in answer["warnings"])


@pytest.mark.parametrize("pprof", [True, False])
def test_the_stripped_twin_is_never_accused(pprof: bool):
    answer = watched("odds-scraper", "twin-stripped", *ODDS, pprof=pprof).report
    assert answer["verdict"]["cause"] in ("steady", "undetermined")
    supported = {row["cause"] for row in answer["findings"] if row["verdict"] == "supported"}
    assert supported <= {"steady"}


needs_root = pytest.mark.skipif("os.geteuid() != 0", reason="only root can run programs as other users")


@needs_root
def test_the_native_leak_is_named_without_any_rights():
    answer = watched("odds-scraper", "guilty", *ODDS, user=NOBODY, by=NOBODY).report
    assert answer["verdict"]["cause"] == "native-leak"
    assert {row["layer"] for row in answer["layers"]} >= {"layer.go_heap_bytes", "layer.native_arenas_bytes"}


@needs_root
def test_another_users_process_gets_coarse_layers_and_no_false_claim():
    answer = watched("odds-scraper", "guilty", *ODDS, by=NOBODY).report
    assert answer["verdict"]["cause"] in ("native-leak", "undetermined")
    assert {row["layer"] for row in answer["layers"]} <= {
        "layer.all_anonymous_bytes",
        "layer.all_files_bytes",
        "layer.all_shared_bytes",
    }
    denied = {row["source"]: row["problem"] for row in answer["evidence"] if row["problem"]}
    assert denied["proc/smaps"] == "Permission denied"
    said = " ".join([*answer["warnings"], *answer["missing"]])
    assert "ermission" in said or "permitted" in said or "not be read" in said
