"""The casebook fed with captures of real processes."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.casefile import Casebook
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.units import NS_PER_S
from memwhy.sources import READERS

EVIDENCE = Path(__file__).parents[1] / "evidence"
GO_IDLE, PYTHON = EVIDENCE / "linux-6.18" / "go-idle", EVIDENCE / "linux-6.18" / "python-threads"


def evidence(source: str, raw: bytes, at_s: float = 0.0, error: str | None = None) -> Evidence:
    return Evidence(
        source=source, monotonic_ns=round((1000 + at_s) * NS_PER_S), wall_ns=0, cost_ns=1, raw=raw, error=error
    )


def captured(folder: Path, *names: str, at_s: float = 0.0) -> tuple[Evidence, ...]:
    return tuple(evidence(f"proc/{name}", (folder / name).read_bytes(), at_s) for name in names)


def snapshot(*rows: Evidence, tick: int = 0) -> Snapshot:
    time_ns = rows[0].monotonic_ns if rows else 0
    return Snapshot(tick=tick, monotonic_ns=time_ns, wall_ns=0, late_ns=0, cpu_ns=500, evidence=rows)


def test_a_whole_capture_gives_a_fine_account_that_closes() -> None:
    book = Casebook(live=True)
    names = sorted(path.name for path in GO_IDLE.iterdir())
    book.add_snapshot(snapshot(*captured(GO_IDLE, *names)))
    case = book.case()
    assert case.account is not None and case.account.fine
    assert case.account.total_bytes == case.series["process.rss_bytes"].last
    assert (
        sum(layer.bytes for layer in case.account.layers) + case.account.unaccounted_bytes == case.account.total_bytes
    )
    assert {row.source for row in book.evidence()} == {f"proc/{name}" for name in names}
    assert all(row.problem is None for row in book.evidence())
    assert (case.total, case.live, book.cpu_ns) == ("process.rss_bytes", True, 500)


def test_without_smaps_the_account_is_coarse_and_a_later_smaps_makes_it_fine_for_good() -> None:
    book = Casebook()
    book.add_snapshot(snapshot(*captured(PYTHON, "status")))
    assert book.account is not None
    assert [layer.metric for layer in book.account.layers] == [
        "layer.all_anonymous_bytes", "layer.all_files_bytes", "layer.all_shared_bytes",
    ]  # fmt: skip
    assert not book.account.fine
    book.add_snapshot(snapshot(*captured(PYTHON, "status", "smaps", at_s=1), tick=1))
    book.add_snapshot(snapshot(*captured(PYTHON, "status", at_s=2), tick=2))
    assert book.account.fine


def test_the_layers_of_a_process_without_go_have_no_go_in_them() -> None:
    book = Casebook()
    book.add_snapshot(snapshot(*captured(PYTHON, "status", "smaps", "exe")))
    assert book.account is not None
    assert not any("go_" in layer.metric for layer in book.account.layers)
    assert book.case().target.runtime == "cpython"


def test_seconds_run_from_the_first_look_and_stale_layers_repeat_no_point() -> None:
    book = Casebook()
    for tick in range(5):
        names = ("status", "smaps") if tick in (0, 4) else ("status",)
        book.add_snapshot(snapshot(*captured(GO_IDLE, *names, at_s=tick), tick=tick))
    series = book.case().series
    assert [x for x, _ in series["process.rss_bytes"].points] == pytest.approx([0, 1, 2, 3, 4])
    assert [x for x, _ in series["derived.native_bytes"].points] == pytest.approx([0, 4])


def test_a_source_that_could_not_be_read_is_a_row_with_its_reason() -> None:
    book = Casebook()
    denied = evidence("proc/smaps", b"", error="EACCES: Permission denied")
    book.add_snapshot(snapshot(*captured(GO_IDLE, "status"), denied))
    rows = {row.source: (row.samples, row.problem) for row in book.evidence()}
    assert rows == {"proc/status": (1, None), "proc/smaps": (0, "EACCES: Permission denied")}


def test_broken_bytes_are_counted_beside_what_was_read() -> None:
    book = Casebook()
    book.add_snapshot(snapshot(*captured(GO_IDLE, "status")))
    book.add_snapshot(snapshot(evidence("proc/status", b"\xff\x00 broken", 1), tick=1))
    (row,) = book.evidence()
    assert row.samples == 1
    assert row.problem is not None and row.problem.startswith("1 of 2 reads failed: proc/status")


def test_a_source_of_a_newer_memwhy_is_named_and_skipped() -> None:
    book = Casebook()
    book.add_snapshot(snapshot(evidence("proc/tomorrow", b"1")))
    (row,) = book.evidence()
    assert (row.samples, row.problem) == (0, "no reader of this memwhy knows this source")


def test_the_age_of_the_process_comes_from_its_start() -> None:
    book = Casebook()
    (stat,) = captured(GO_IDLE, "stat")
    start_ticks = int(READERS["proc/stat"].parse(stat.raw).facts["process.start_ticks"])
    late = replace(stat, monotonic_ns=(start_ticks // 100 + 4000) * NS_PER_S)
    book.add_snapshot(snapshot(late))
    assert book.case().facts["process.age_s"] in ("3999", "4000")


def test_gos_own_numbers_and_profiles_come_in_from_its_endpoint() -> None:
    book = Casebook()
    heap = (EVIDENCE / "go-1.26" / "heap.txt").read_bytes()
    for i in range(60):
        book.add_snapshot(snapshot(evidence("go/heap", heap, i), tick=i))
    case = book.case()
    assert (case.target.runtime, case.series["go.sys_bytes"].last > 0) == ("go", True)
    kinds = {seen.profile.kind for seen in case.profiles}
    assert "inuse_space" in kinds
    assert len(case.profiles) <= 24 * 9


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(st.sampled_from(sorted(READERS)), st.binary(max_size=300), st.integers(0, 9)), max_size=8)
)
def test_any_bytes_of_any_source_give_a_case(rows: list[tuple[str, bytes, int]]) -> None:
    book = Casebook()
    for tick, (source, raw, at_s) in enumerate(rows):
        book.add_snapshot(snapshot(evidence(source, raw, at_s), tick=tick))
    book.case()
    assert sum(row.samples for row in book.evidence()) <= len(rows)


def test_two_recordings_are_two_subjects_and_neither_lends_the_other_its_layers_or_its_name() -> None:
    book = Casebook(live=True)
    for tick in range(6):
        book.add_snapshot(
            snapshot(*captured(GO_IDLE, "status", "smaps", at_s=tick), tick=tick), file="a", subject="target"
        )
        book.add_snapshot(snapshot(*captured(PYTHON, "status", "smaps", at_s=tick), tick=tick), file="b", subject="b")
    case = book.case()
    go, python = (READERS["proc/status"].parse((folder / "status").read_bytes()) for folder in (GO_IDLE, PYTHON))
    assert case.series["process.rss_bytes"].last == go.metrics["process.rss_bytes"]
    assert [(control.subject, control.last) for control in case.controls] == [
        ("b", python.metrics["process.rss_bytes"])
    ]
    assert case.target.command == go.facts["process.comm"]
    assert case.account is not None
    assert case.account.total_bytes == go.metrics["process.rss_bytes"]
