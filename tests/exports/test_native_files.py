"""Files for other people's viewers: opened by their own reader where it is here."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from build_stacks import GO, Habit, own, readings

from memwhy.exports.files import write_file, writer_of
from memwhy.exports.stacks import native
from memwhy.model.errors import UsageError
from memwhy.model.native import StackReading
from memwhy.sources.go import pprof


def reading() -> StackReading:
    [*_, last] = readings(
        [Habit(GO, lambda _: 4e6), Habit(own("work;er", "main"), lambda _: 1e6, lambda _: 0.5)], seconds=6.0
    )
    return last


def write_to(path: str, found: StackReading) -> None:
    write_file(path, writer_of(path)(native(found)), option="--stacks")


def test_pprof_has_the_four_figures_of_go_heap_profiles(tmp_path: Path) -> None:
    last = reading()
    path = tmp_path / "native.pb.gz"
    write_to(str(path), last)
    profiles = {one.kind: one for one in pprof.parse(path.read_bytes()).profiles}
    assert list(profiles) == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]
    assert profiles["inuse_space"].total == sum(one.outstanding_bytes for one in last.stacks)
    assert profiles["alloc_objects"].total == sum(one.allocated_count for one in last.stacks)
    frames = {sample.frames for sample in profiles["inuse_space"].stacks}
    assert tuple(frame.function for frame in GO) in frames


def test_go_tool_pprof_opens_it(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go here")
    path = tmp_path / "native.pb.gz"
    write_to(str(path), reading())
    done = subprocess.run(
        [go, "tool", "pprof", "-top", "-cum", "-sample_index=inuse_space", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PPROF_TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "Type: inuse_space" in done.stdout
    assert "main.crawlPage" in done.stdout


def test_folded_stacks_go_from_the_outermost_frame_and_hold_no_other_semicolons(tmp_path: Path) -> None:
    last = reading()
    path = tmp_path / "native.folded"
    write_to(str(path), last)
    go, c = last.stacks
    assert path.read_text() == (
        f"{';'.join(frame.function for frame in reversed(GO))} {go.outstanding_bytes}\nmain;work:er {c.outstanding_bytes}\n"
    )


def test_speedscope_has_a_profile_of_what_is_outstanding_and_one_of_all(tmp_path: Path) -> None:
    last = reading()
    path = tmp_path / "native.speedscope.json"
    write_to(str(path), last)
    document = json.loads(path.read_text())
    frames = document["shared"]["frames"]
    outstanding, allocated = document["profiles"]
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert outstanding["endValue"] == sum(outstanding["weights"]) == sum(one.outstanding_bytes for one in last.stacks)
    assert allocated["weights"] == [one.allocated_bytes for one in last.stacks]
    assert [frames[place]["name"] for place in outstanding["samples"][0]] == [frame.function for frame in reversed(GO)]
    assert frames[outstanding["samples"][0][-1]] == {"name": "xmlNewDocNode", "file": "libxml2.so.2@2.9.14"}


@pytest.mark.parametrize("name", ["native", "native.json", "native.pb", "native.svg"])
def test_a_name_that_tells_no_format_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="does not say which format it is to have") as caught:
        writer_of(name)
    assert caught.value.help == "end its name in .pb.gz, .folded, .speedscope.json"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        write_to(str(tmp_path / "not there" / "native.folded"), reading())


def test_a_reading_without_stacks_is_a_file_all_the_same(tmp_path: Path) -> None:
    from dataclasses import replace

    for ending in (".pb.gz", ".folded", ".speedscope.json"):
        write_to(str(tmp_path / f"empty{ending}"), replace(reading(), stacks=()))
    assert (tmp_path / "empty.folded").read_bytes() == b""
