"""memory_stats of the Docker API as JSON in any state."""

import json

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.system import docker_api

V1 = {
    "read": "1970-01-01T00:01:00.5Z",
    "name": "/shop",
    "pids_stats": {"current": 17},
    "memory_stats": {
        "usage": 900_000_000,
        "max_usage": 950_000_000,
        "stats": {
            "cache": 500_000_000,
            "rss": 380_000_000,
            "inactive_file": 300_000_000,
            "total_inactive_file": 310_000_000,
            "total_cache": 510_000_000,
            "hierarchical_memory_limit": 9223372036854771712,
        },
        "limit": 2_000_000_000,
    },
}
EXPECTED = {
    "cgroup.current_bytes": 900_000_000,
    "cgroup.limit_bytes": 2_000_000_000,
    "cgroup.anon_bytes": 380_000_000,
    "cgroup.file_bytes": 510_000_000,
    "cgroup.inactive_file_bytes": 310_000_000,
    "cgroup.working_set_bytes": 590_000_000,
}


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    found = []
    for span in docker_api.find(lines):
        found += [(span.subject, r) for r in docker_api.parse("\n".join(lines[span.first : span.last + 1]))]
    assert all(reading.subject in (None, subject) for subject, reading in found)
    return [reading for _, reading in found]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_is_read_on_one_line_and_on_many(indent: int | None) -> None:
    text = json.dumps(V1, indent=indent)
    (reading,) = read(text)
    assert {name: value for name, value in reading.metrics.items() if name.startswith("cgroup.")} == EXPECTED
    assert [span.subject for span in docker_api.find(text.split("\n"))] == ["container shop"]


def test_one_line_tells_the_moment_the_name_and_the_tasks_too() -> None:
    (reading,) = read(json.dumps(V1))
    assert (reading.wall_ns, reading.subject) == (60_500_000_000, "container shop")
    assert reading.metrics["process.threads_count"] == 17


@pytest.mark.parametrize(
    "text",
    [
        '"memory_stats": { "stats": { "cache": 500, "rss": 300, }, "usage": 900 },',
        "memory_stats: { stats: { cache: 500, rss: 300 }, usage: 900",
        '> "memory_stats" : {\n> "usage" : 900,\n> "stats" : {\n> "cache" : 500,\n> "rss" : 300,\n> "pgf',
    ],
)
def test_what_is_no_valid_json_is_read_all_the_same(text: str) -> None:
    (reading,) = read(text)
    assert reading.metrics == {"cgroup.current_bytes": 900, "cgroup.file_bytes": 500, "cgroup.anon_bytes": 300}


def test_a_version_two_cgroup_has_its_own_names() -> None:
    text = (
        '{"memory_stats":{"usage":900,"stats":{"anon":300,"file":500,"inactive_file":200,"active_file":100,"slab":7}}}'
    )
    (reading,) = read(text)
    assert reading.metrics == {
        "cgroup.current_bytes": 900,
        "cgroup.anon_bytes": 300,
        "cgroup.file_bytes": 500,
        "cgroup.inactive_file_bytes": 200,
        "cgroup.active_file_bytes": 100,
        "cgroup.slab_bytes": 7,
        "cgroup.working_set_bytes": 700,
    }


def test_lines_of_a_stream_are_readings_in_order() -> None:
    text = "\n".join(f'{{"name":"/shop","memory_stats":{{"usage":{usage}}}}}' for usage in (1, 2, 3))
    assert [r.metrics["cgroup.current_bytes"] for r in read(text)] == [1, 2, 3]


@pytest.mark.parametrize("text", ["", '"memory_stats": {}', '"memory_stats": null', "memory_stats", '"usage": 12'])
def test_what_has_no_memory_is_refused(text: str) -> None:
    assert list(docker_api.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        docker_api.parse(text)


def test_an_object_whose_only_figure_is_none_of_memory_is_no_block() -> None:
    assert list(docker_api.find(['"memory_stats": "usage": 18446744073709551616'])) == []
