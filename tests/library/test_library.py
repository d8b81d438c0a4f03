"""The library face: cheap to import, true to its docstrings, typed, and the same answers as the commands give."""

import doctest
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pandas
import pytest
from memwhy_command import check_answer, environment

import memwhy
from memwhy.library import frame, opened, verbs
from memwhy.library.frame import PandasMissing

CRAWLER = Path(__file__).parents[1] / "evidence" / "crawler"
LEAKING, FIXED = CRAWLER / "leaking.memwhy", CRAWLER / "fixed.memwhy"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def beside_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with both recordings, and we are in it."""
    for one in (LEAKING, FIXED):
        shutil.copy(one, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["verbs", "opened", "answers", "frame"])
def test_every_example_of_the_docstrings_runs(name: str, beside_recordings: Path) -> None:
    module = import_module(f"memwhy.library.{name}")
    done = doctest.testmod(module, extraglobs={"memwhy": memwhy, "os": os, "json": json})
    assert (done.failed, done.attempted > 0) == (0, True)


def test_every_example_of_the_page_runs(beside_recordings: Path) -> None:
    done = doctest.testfile(str(DOCS / "library.md"), module_relative=False)
    assert (done.failed, done.attempted > 20) == (0, True)


def test_every_public_name_is_on_the_page() -> None:
    page = (DOCS / "library.md").read_text()
    assert [name for name in memwhy.__all__ if name != "__version__" and f"`{name}" not in page] == []


def test_importing_memwhy_imports_nothing_of_weight() -> None:
    program = "import sys; had = set(sys.modules); import memwhy; dir(memwhy); print(*sorted(set(sys.modules) - had))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    assert set(done.stdout.split()) <= {"memwhy", "types"}


def test_all_names_are_there_and_others_are_refused() -> None:
    assert [name for name in memwhy.__all__ if not hasattr(memwhy, name)] == []
    assert set(memwhy.__all__) <= set(dir(memwhy))
    with pytest.raises(AttributeError, match="module 'memwhy' has no attribute 'rekord'"):
        memwhy.rekord  # noqa: B018  the error is what is tested


def test_functions_stay_where_modules_of_the_same_name_are_imported() -> None:
    program = (
        "import memwhy, memwhy.record, memwhy.diagnose\n"
        "from memwhy.record import Watcher\n"
        "from memwhy.diagnose import Casebook\n"
        "print(memwhy.record.__module__, memwhy.diagnose.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    assert done.stdout.split() == ["memwhy.library.verbs", "memwhy.library.verbs"]


USERS_PROGRAM = """
import memwhy
from memwhy import Recording, Report


def worst(path: str) -> tuple[str, float]:
    recording: Recording = memwhy.open(path)
    found: Report = memwhy.diagnose(recording)
    rss = recording.series["process.rss_bytes"]
    seconds, value = rss.points[-1]
    print(found.conclusion.headline, value, seconds, recording.target.pid)
    recorded = memwhy.record(4711, to="x.memwhy", for_s=10, native=True)
    proof = memwhy.verify(recording, recorded, control="control.memwhy")
    difference = memwhy.compare([path, b"free -m"], recorded)
    print(proof.proven, difference.heavier, found.to_json(), found.to_markdown())
    frame = recording.to_dataframe()
    return found.conclusion.cause, float(frame["process.rss_bytes"].max())


reveal_type(memwhy.explain("post.txt").total)
reveal_type(memwhy.open("x").layers)
"""


def test_a_users_program_passes_mypy_strict(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text(USERS_PROGRAM)
    package = Path(memwhy.__file__).parent
    assert (package / "py.typed").is_file()
    installed = package.parent.name == "site-packages"  # mypy looks there by itself, and refuses to be told
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", "users.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment() if installed else {**environment(), "MYPYPATH": str(package.parent)},
        timeout=600,
    )
    assert done.stdout.splitlines() == [
        'users.py:20: note: Revealed type is "memwhy.model.report.Row | None"',
        'users.py:21: note: Revealed type is "memwhy.library.frame.Frame"',
        "Success: no issues found in 1 source file",
    ]


def test_layers_of_each_row_sum_to_the_rss_of_that_moment() -> None:
    recording = memwhy.open(LEAKING)
    smaps = [
        sum(int(line.split()[1]) for line in evidence.raw.splitlines() if line.startswith(b"Rss:")) * 1024
        for snapshot in recording.snapshots()
        for evidence in snapshot.evidence
        if evidence.source == "proc/smaps"
    ]
    names = [name for name in recording.layers if name.startswith("layer.")]
    assert [sum(row[name] or 0 for name in names) for row in recording.layers.rows()] == smaps  # type: ignore[misc]


def test_a_frame_has_every_series_at_every_tick() -> None:
    recording = memwhy.open(LEAKING)
    whole = recording.frame()
    assert len(whole) == 61
    assert set(whole) == {"time_s", "wall", *recording.series}
    rss = recording.series["process.rss_bytes"]
    assert list(whole["process.rss_bytes"]) == [value for _, value in rss.points]
    assert sum(value is not None for value in whole["go.heap_alloc_bytes"]) == len(
        recording.series["go.heap_alloc_bytes"].points
    )


def test_a_dataframe_is_exact_and_has_gaps_where_nothing_was_read() -> None:
    recording = memwhy.open(LEAKING)
    table = recording.to_dataframe()
    assert table.index.name == "time_s"
    assert str(table["process.rss_bytes"].dtype) == "Int64"
    assert table["process.rss_bytes"].iloc[-1] == recording.series["process.rss_bytes"].points[-1][1]
    assert table["layer.go_heap_bytes"].isna().sum() == len(table) - len(recording.layers)
    assert str(table["wall"].dtype).startswith("datetime64[")
    assert isinstance(recording.layers.to_dataframe(), pandas.DataFrame)


def test_without_pandas_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(PandasMissing, match="wants pandas, which is not installed") as caught:
        memwhy.open(LEAKING).to_dataframe()
    assert isinstance(caught.value, ImportError)
    assert caught.value.help.startswith("pip install 'memwhy[pandas]'")


def test_a_frame_in_a_notebook_is_short_and_escaped() -> None:
    small = frame.Frame({"<b>": [None, 1, *range(20)], "x": list(range(22))}, index="x")
    shown = small._repr_html_()
    assert shown.startswith(
        "<table><thead><tr><th>&lt;b&gt;</th><th>x</th></tr></thead><tbody><tr><td></td><td>0</td></tr>"
    )
    assert shown.count("<tr>") == 1 + frame.ROWS_SHOWN
    assert shown.endswith("<p>22 rows</p>")


def test_a_report_of_the_library_is_the_commands_report() -> None:
    report = memwhy.explain(LEAKING)
    done = subprocess.run(
        [sys.executable, "-m", "memwhy", "explain", "--format", "json", str(LEAKING)],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
        timeout=120,
    )
    answer = json.loads(report.to_json())
    check_answer(answer)
    assert answer == json.loads(done.stdout)
    assert report == memwhy.diagnose(memwhy.open(LEAKING))


def test_a_report_prints_as_text_and_shows_itself_shortly() -> None:
    report = memwhy.explain(LEAKING)
    assert str(report) == report.to_text()
    assert str(report).startswith("Native memory is lost")
    assert repr(report) == "<Report native-leak, high (0.95)>"
    assert report.to_markdown().startswith("### Native memory is lost")
    assert report.to_html().startswith("<!doctype html>")
    assert report.to_svg().startswith("<svg ")
    assert memwhy.explain(b"RSS 5 MB").to_svg() == ""


def test_comparisons_and_verifications_show_their_picture_or_their_words() -> None:
    verification = memwhy.verify(LEAKING, FIXED, control=LEAKING)
    assert verification.to_svg() in verification._repr_html_()
    assert verification.to_svg().count("<polyline") == 3
    assert memwhy.compare(LEAKING, FIXED).to_svg().count("<polyline") == 2
    words = memwhy.compare(b"RSS 5 MB <b>", b"RSS 6 MB")
    assert words.to_svg() == ""
    assert words._repr_html_().startswith('<div class="memwhy"><pre>')
    assert "<b>" not in words._repr_html_()


def test_a_recording_that_is_none_and_a_metric_that_was_not_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(memwhy.RecordingError, match="nothing there"):
        memwhy.open(tmp_path / "nothing there.memwhy")
    with pytest.raises(KeyError, match=r"process\.rss_byte was not recorded; near it: process\.rss_bytes"):
        memwhy.open(LEAKING).series["process.rss_byte"]
    assert "process.rss_byte" not in memwhy.open(LEAKING).series


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(memwhy.UsageError, match="only one page can be given as bytes"):
        memwhy.explain(b"RSS 5 MB", b"RSS 6 MB")
    with pytest.raises(memwhy.UsageError, match="nothing to explain was given"):
        memwhy.explain()
    with pytest.raises(memwhy.UsageError, match="is not between 0 and 1"):
        memwhy.verify(LEAKING, FIXED, residue=10)
    with pytest.raises(memwhy.NothingReadable):
        memwhy.explain(b"hello")


def test_a_process_that_is_gone_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    with pytest.raises(memwhy.TargetGone):
        memwhy.record(child.pid, to=tmp_path / "gone.memwhy", for_s=1)
    assert list(tmp_path.iterdir()) == []


def test_recording_a_process_says_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        recording = memwhy.record(child.pid, to=tmp_path / "cat.memwhy", for_s=0.5, tick_s=0.25)
        child.communicate()
    assert capfd.readouterr() == ("", "")
    assert recording.target.command == "cat"
    assert len(recording.frame()) >= 2


def test_a_damaged_recording_opens_and_its_notes_say_what_is_lost(tmp_path: Path) -> None:
    raw = bytearray(LEAKING.read_bytes())
    at = raw.find(b"\xfd7zXZ") if b"\xfd7zXZ" in raw else len(raw) // 2
    raw[at + 200 : at + 400] = bytes(200)
    damaged = tmp_path / "damaged.memwhy"
    damaged.write_bytes(raw)
    recording = memwhy.open(damaged)
    assert len(recording.series) > 100
    assert verbs.diagnose(recording).evidence


def test_series_say_what_they_are() -> None:
    threads = memwhy.open(FIXED).series["process.threads_count"]
    assert (threads.metric, threads.label, threads.unit, threads.growing) == (
        "process.threads_count",
        "threads",
        "count",
        False,
    )
    assert repr(threads) == "<Series process.threads_count: 61 points, flat>"
    assert isinstance(opened.SeriesByMetric({}), opened.SeriesByMetric)
