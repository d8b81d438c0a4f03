"""Whatever functions and processes are called, every file is one that its reader takes, with the same figures in it."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from memwhy.exports import folded, openmetrics, pprof, speedscope
from memwhy.exports.stacks import ALLOC_SPACE, INUSE_OBJECTS, Figure, Stack, Stacks
from memwhy.model.case import Series
from memwhy.model.native import CodeName
from memwhy.model.trend import NotEnough
from memwhy.sources.go import pprof as read

SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "speedscope" / "file-format-schema.json").read_text()))
TITLED = Figure(name="inuse_space", unit="bytes", title="growth in use")
values = st.integers(-(1 << 62), 1 << 62)
names = st.text(st.characters(), min_size=1, max_size=30)
frames = st.builds(
    CodeName, function=names, module=st.text(max_size=9), version=st.text(max_size=9), file=st.text(max_size=9), line=st.integers(0, 9999)
)  # fmt: skip
stacks = st.builds(
    Stack,
    frames=st.lists(frames, min_size=1, max_size=6).map(tuple),
    values=st.tuples(values, values, values),
    kind=st.sampled_from(["", "malloc"]),
)
whole = st.builds(
    Stacks,
    name=names,
    note=names,
    figures=st.just((ALLOC_SPACE, INUSE_OBJECTS, TITLED)),
    shown=st.just("inuse_space"),
    stacks=st.lists(stacks, max_size=6).map(tuple),
    period_bytes=st.integers(0, 1 << 30),
    span_s=st.floats(0, 1e6),
    wall_ns=st.integers(0, 1 << 62),
)


@given(whole)
def test_pprof_gives_every_figure_back(found: Stacks) -> None:
    profiles = {one.kind: one for one in read.parse(pprof.write(found)).profiles}
    assert list(profiles) == ["alloc_space", "inuse_objects", "inuse_space"]
    for name, profile in profiles.items():
        assert sum(one.value for one in profile.stacks) == sum(found.column(name))


@given(whole)
def test_speedscope_keeps_its_schema_and_the_sums_of_what_is_more_than_nothing(found: Stacks) -> None:
    document = json.loads(speedscope.write(found))
    SCHEMA.validate(document)
    shown, allocated = document["profiles"]
    assert shown["endValue"] == sum(value for value in found.column("inuse_space") if value > 0)
    assert allocated["endValue"] == sum(value for value in found.column("alloc_space") if value > 0)


@given(whole)
def test_folded_has_a_line_for_each_stack_of_more_than_nothing(found: Stacks) -> None:
    lines = folded.write(found).decode().split("\n")[:-1]
    kept = [stack for stack in found.stacks if stack.values[2] > 0]
    assert [int(line.rpartition(" ")[2]) for line in lines] == [stack.values[2] for stack in kept]
    assert [line.count(";") for line in lines] == [len(stack.frames) - 1 for stack in kept]


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 1 << 53)), min_size=1, max_size=9),
    st.integers(0, 1 << 61),
)
def test_openmetrics_is_read_back_whatever_the_process_is_called(
    name: str, points: list[tuple[float, int]], begun_wall_ns: int
) -> None:
    points.sort()
    series = [
        Series(
            metric=metric,
            subject="target",
            clock="monotonic",
            points=tuple(points),
            quantum=1,
            course=NotEnough(reason="too few", n=1),
        )
        for metric in ("process.rss_bytes", "layer.go_heap_bytes", "go.gc_count")
    ]
    text = openmetrics.write(series, {"process": name}, begun_wall_ns).decode()
    found = {one.name: one for one in text_string_to_metric_families(text)}
    assert set(found) == {"memwhy_process_rss_bytes", "memwhy_layer_bytes", "memwhy_go_gc"}
    assert {one.labels["process"] for one in found["memwhy_process_rss_bytes"].samples} == {name}
    assert found["memwhy_process_rss_bytes"].samples[0].value == points[0][1]
