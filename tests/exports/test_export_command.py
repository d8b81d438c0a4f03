"""memwhy export: each file is opened by the reader that it is for."""

import csv
import json
import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from memwhy_command import run_memwhy
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import memwhy
from memwhy.model.metrics import LAYERS
from memwhy.sources.go import pprof

CRAWLER = Path(__file__).parents[1] / "evidence" / "crawler"
LEAKING = CRAWLER / "leaking.memwhy"
SCHEMA = json.loads((Path(__file__).parent / "speedscope" / "file-format-schema.json").read_text())


def exported(path: Path, *options: str | Path, evidence: Path = LEAKING) -> str:
    """What was said of the file that was written."""
    done = run_memwhy("export", evidence, "-o", path, *options)
    assert (done.code, done.out) == (0, "")
    return done.err


def go_tool(path: Path, *options: str) -> str:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go here")
    done = subprocess.run(
        [go, "tool", "pprof", *options, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PPROF_TMPDIR": str(path.parent)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_heaps_growth_is_the_newest_profile_less_the_first_one(tmp_path: Path) -> None:
    said = exported(tmp_path / "growth.pb.gz", "--what", "heap")
    now = exported(tmp_path / "now.pb.gz", "--what", "heap", "--now")
    assert said.endswith("growth.pb.gz: Go heap, growth in 22 s, from the first of 3 states to the newest; 1 stack\n")
    assert now.endswith("now.pb.gz: Go heap, at the newest reading; 2 stacks\n")
    growth, whole = (
        {one.kind: one for one in pprof.parse((tmp_path / name).read_bytes()).profiles}
        for name in ("growth.pb.gz", "now.pb.gz")
    )
    assert list(growth) == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]
    [stack] = growth["inuse_space"].stacks
    assert (stack.frames[0], stack.frames[-1]) == ("main.newRecord", "runtime.main")
    profiles = [one for one in memwhy.open(LEAKING).book.profiles if one.profile.kind == "inuse_space"]
    assert whole["inuse_space"].total == profiles[-1].profile.total
    assert 0 < growth["inuse_space"].total < whole["inuse_space"].total


def test_go_tool_pprof_opens_the_heaps_growth_and_tells_what_it_is(tmp_path: Path) -> None:
    exported(tmp_path / "growth.pb.gz", "--what", "heap")
    top = go_tool(tmp_path / "growth.pb.gz", "-top")
    assert "Type: inuse_space" in top
    assert "6.53MB   100%   100%     6.53MB   100%  main.newRecord" in top
    assert "memwhy: Go heap, growth in 22 s" in go_tool(tmp_path / "growth.pb.gz", "-comments")


def test_go_tool_pprof_opens_goroutines_that_came_and_went(tmp_path: Path) -> None:
    exported(tmp_path / "goroutines.pb.gz", "--what", "goroutines")
    raw = go_tool(tmp_path / "goroutines.pb.gz", "-raw")
    assert "goroutine/count" in raw
    assert min(one.value for one in pprof.parse((tmp_path / "goroutines.pb.gz").read_bytes()).profiles[0].stacks) < 0


def test_without_what_native_stacks_come_first(tmp_path: Path) -> None:
    said = exported(tmp_path / "found.pb.gz")
    assert said.endswith("found.pb.gz: native memory, outstanding after 61 s of sampling; 7 stacks\n")
    assert "main.decode" in go_tool(tmp_path / "found.pb.gz", "-top", "-cum")


@pytest.mark.parametrize("what", ["native", "heap", "goroutines"])
def test_speedscope_files_keep_speedscopes_own_schema(tmp_path: Path, what: str) -> None:
    path = tmp_path / "found.speedscope.json"
    exported(path, "--what", what)
    document = json.loads(path.read_text())
    Draft7Validator(SCHEMA).validate(document)
    units = {"native": "bytes", "heap": "bytes", "goroutines": "none"}
    assert {one["unit"] for one in document["profiles"]} == {units[what]}
    assert all(weight > 0 for one in document["profiles"] for weight in one["weights"])
    frames = document["shared"]["frames"]
    assert max(place for one in document["profiles"] for stack in one["samples"] for place in stack) < len(frames)


def test_folded_stacks_have_no_line_for_what_shrank(tmp_path: Path) -> None:
    exported(tmp_path / "heap.folded", "--what", "heap")
    assert (tmp_path / "heap.folded").read_text() == (
        "runtime.main;main.main;example.org/specimens/internal/stage.(*Stage).Pace;main.main.func1;main.newRecord 6842403\n"
    )
    exported(tmp_path / "goroutines.folded", "--what", "goroutines")
    assert all(int(line.rpartition(" ")[2]) > 0 for line in (tmp_path / "goroutines.folded").read_text().splitlines())


def test_openmetrics_of_the_layers_is_read_by_prometheus_own_parser(tmp_path: Path) -> None:
    path = tmp_path / "crawler.om"
    said = exported(path)
    text = path.read_text()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    recording = memwhy.open(LEAKING)
    layers = families["memwhy_layer_bytes"]
    assert (layers.type, layers.unit) == ("gauge", "bytes")
    wanted = [f"layer.{one.labels['layer']}_bytes" for one in layers.samples]
    assert list(dict.fromkeys(wanted)) == [metric for metric in LAYERS if metric in recording.series]
    rss = families["memwhy_process_rss_bytes"].samples
    assert [one.value for one in rss] == [value for _, value in recording.series["process.rss_bytes"].points]
    assert rss[0].labels == {"process": "crawler", "pid": "10239"}
    times = [float(one.timestamp) for one in rss]
    assert all(a < b for a, b in pairwise(times))
    begun = recording.frame()["wall"][0]
    assert abs(times[0] - begun.timestamp()) < 0.1  # type: ignore[union-attr]
    assert f"{sum(len(one.samples) for one in families.values())} samples" in said
    assert text.endswith("\n# EOF\n")


def test_openmetrics_of_every_series_is_read_too_and_counters_end_in_total(tmp_path: Path) -> None:
    exported(tmp_path / "all.om", "--what", "series")
    families = {one.name: one for one in text_string_to_metric_families((tmp_path / "all.om").read_text())}
    assert len(families) > 100
    assert families["memwhy_go_total_alloc_bytes"].type == "counter"
    assert {one.name for one in families["memwhy_go_total_alloc_bytes"].samples} == {
        "memwhy_go_total_alloc_bytes_total"
    }
    assert "memwhy_go_goroutines" in families


def test_promtool_makes_blocks_of_it(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool here")
    exported(tmp_path / "all.om", "--what", "series")
    done = subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", tmp_path / "all.om", tmp_path / "blocks"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_csv_has_a_row_for_each_tick_and_gaps_where_nothing_was_read(tmp_path: Path) -> None:
    exported(tmp_path / "crawler.csv")
    with (tmp_path / "crawler.csv").open() as file:
        rows = list(csv.DictReader(file))
    whole = memwhy.open(LEAKING).frame()
    assert [float(row["time_s"]) for row in rows] == list(whole["time_s"])
    assert [int(row["process.rss_bytes"]) for row in rows] == list(whole["process.rss_bytes"])
    assert [row["layer.go_heap_bytes"] for row in rows] == [
        "" if value is None else str(value) for value in whole["layer.go_heap_bytes"]
    ]
    assert rows[0]["wall"].startswith("2026-11-23T16:21:54.") and rows[0]["wall"].endswith("+00:00")


def test_profiles_that_were_saved_are_exported_as_well(tmp_path: Path) -> None:
    heap = Path(__file__).parents[1] / "evidence" / "go-1.26" / "heap.pb.gz"
    exported(tmp_path / "heap.folded", "--what", "heap", evidence=heap)
    assert (tmp_path / "heap.folded").read_text().count("\n") > 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.pprof"], "x.pprof does not say which format it is to have"),
        (["x.om", "--what", "heap"], ".om cannot hold heap"),
        (["x.pb.gz", "--what", "layers"], ".pb.gz cannot hold layers"),
        (["nowhere/x.om"], "nowhere/x.om: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_else(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_memwhy("export", LEAKING, "-q", "-o", *arguments, cwd=tmp_path)
    assert (done.code, done.err.partition("\n")[0]) == (2, f"memwhy: {said}")
    assert list(tmp_path.iterdir()) == []


def test_evidence_that_has_no_such_thing_is_said(tmp_path: Path) -> None:
    page = tmp_path / "post.txt"
    page.write_text("RSS 2.5 GB after 3 hours\n")
    for name, said in (
        ("x.pb.gz", "there are no stacks in it"),
        ("x.om", "OpenMetrics wants times, and this evidence has none"),
        ("x.csv", "a .csv is made of one recording"),
    ):
        done = run_memwhy("export", page, "-q", "-o", tmp_path / name)
        assert (done.code, done.err.partition("\n")[0]) == (2, f"memwhy: {said}")


def test_evidence_is_never_overwritten(tmp_path: Path) -> None:
    heap = Path(__file__).parents[1] / "evidence" / "go-1.26" / "heap.pb.gz"
    mine = tmp_path / "heap.pb.gz"
    shutil.copy(heap, mine)
    done = run_memwhy("export", mine, "-o", mine)
    assert (done.code, "is evidence: it would be overwritten" in done.err) == (2, True)
    assert mine.read_bytes() == heap.read_bytes()
