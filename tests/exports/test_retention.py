"""Who holds the heap as stacks: every byte at one path, read by go tool pprof and our own reader alike."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from build_holders import holders, line, shop
from hypothesis import given
from hypothesis import strategies as st

from memwhy.exports import folded, pprof, speedscope
from memwhy.exports.retention import of_case, retention
from memwhy.model.case import Case, SeenHolders, Target
from memwhy.model.holders import Holding
from memwhy.model.units import MIB
from memwhy.pictures.retention import newest
from memwhy.pictures.retention import retention as draw
from memwhy.sources.go import pprof as read

names = st.text(st.characters(codec="utf-8"), max_size=12)
trees = st.recursive(
    st.builds(line, names, names, st.integers(0, 1 << 40)),
    lambda below: st.builds(
        lambda name, kind, own, children: line(name, kind, own, *children),
        names, names, st.integers(0, 1 << 40), st.lists(below, max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(trees, max_size=4))
def test_all_stacks_together_are_the_heap(lines: list[Holding]) -> None:
    whole = holders(*lines)
    found = retention(whole)
    assert sum(found.column("inuse_space")) == whole.bytes
    assert sum(found.column("inuse_objects")) == whole.objects
    profiles = {one.kind: one for one in read.parse(pprof.write(found)).profiles}
    assert profiles["inuse_space"].total == whole.bytes


def test_a_stack_is_the_path_of_holders_from_the_root() -> None:
    found = retention(shop(), span_s=5.0)
    stacks = {
        tuple(frame.function for frame in reversed(one.frames)): one.values[1] // MIB
        for one in found.stacks
        if "global@" not in one.frames[-1].function
    }
    assert stacks == {
        ("main.cache map[string]*main.Entry",): 40,
        ("main.cache map[string]*main.Entry", "[value] main.Entry"): 24,
        ("main.cache map[string]*main.Entry", "[value] main.Entry", ".Body[] []uint8"): 300,
        ("main.cache map[string]*main.Entry", "[value] main.Entry", ".Owner main.User"): 6,
        ("stack of main.serve []*main.Request",): 9,
        ("shared by main.byName, main.byNumber, main.recent, runtime.allgs", "main.Item"): 4,
        ("17 smaller ones",): 2,
    }


def test_growth_is_what_the_lines_grew_by_and_no_more() -> None:
    found = retention(shop(), span_s=5.0)
    assert [one.name for one in found.figures] == ["inuse_objects", "inuse_space", "grown_objects", "grown_space"]
    assert sum(found.column("grown_space")) == (90 + 0 + 2 - 1) * MIB
    [cache] = [one for one in found.stacks if len(one.frames) == 1 and one.frames[0].function.startswith("main.cache")]
    assert cache.values[3] == 4 * MIB


def test_after_one_look_there_is_no_growth() -> None:
    assert [one.name for one in retention(shop()).figures] == ["inuse_objects", "inuse_space"]


def test_who_uses_a_variable_without_a_name_stands_in_its_frame() -> None:
    [frame] = [one.frames[0].function for one in retention(shop()).stacks if "global@" in one.frames[0].function]
    assert frame.endswith(", used by main.loadConfig, main.main")


def test_folded_and_speedscope_sum_to_the_heap_too() -> None:
    found = retention(shop())
    assert sum(int(row.rpartition(" ")[2]) for row in folded.write(found).decode().splitlines()) == shop().bytes
    assert json.loads(speedscope.write(found))["profiles"][0]["endValue"] == shop().bytes


def test_go_tool_pprof_sums_to_the_byte_and_leaves_names_whole(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go here")
    called = holders(line("main.hooks", "map[func(int) string]chan<- <-chan main.Box[int]", 12345, kind="global"))
    for name, whole in (("shop", shop()), ("called", called)):
        (tmp_path / name).write_bytes(pprof.write(retention(whole)))
        done = subprocess.run(
            [go, "tool", "pprof", "-top", "-cum", "-unit=B", "-nodefraction=0", str(tmp_path / name)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PPROF_TMPDIR": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        assert f"100% of {whole.bytes}B total" in done.stdout
        assert f"{whole.holdings[0].name} {whole.holdings[0].type}" in done.stdout


def test_a_recording_gives_its_last_look_and_the_growth_since_the_first() -> None:
    now = holders(line("main.cache", "T", 9 * MIB, kind="global"), line("main.list", "N", MIB, kind="global"))
    first = holders(line("main.cache", "T", 4 * MIB, kind="global"), line("main.list", "N", MIB, kind="global"))
    bare = Case(target=Target(), total=None, series={})
    one = replace(bare, holders=(SeenHolders(holders=first, x=2.0),))
    both = replace(bare, holders=(*one.holders, SeenHolders(holders=now, x=9.0)))
    assert of_case(bare, growth=True) is None
    alone, grows, at_end = of_case(one, growth=True), of_case(both, growth=True), of_case(both, growth=False)
    assert alone is not None and grows is not None and at_end is not None
    assert (alone.shown, sum(alone.column("inuse_space"))) == ("inuse_space", 5 * MIB)
    assert (grows.shown, sum(grows.column("grown_space")), grows.span_s) == ("grown_space", 5 * MIB, 7.0)
    assert (at_end.shown, sum(at_end.column("inuse_space"))) == ("inuse_space", 10 * MIB)
    holds, apart_s = newest(both.holders)
    assert holds is not None and apart_s == 7.0
    drawn = draw(holds, apart_s)
    assert drawn is not None
    assert (drawn.total_bytes, drawn.before_bytes, drawn.before) == (10 * MIB, 5 * MIB, True)
