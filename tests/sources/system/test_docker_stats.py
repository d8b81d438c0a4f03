"""docker stats of every age, podman, ctop, crictl, and what their memory column counts."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.system import docker_stats
from memwhy.sources.system.docker_stats import ACTIVE_COUNTS, CACHE_COUNTS, MAY_COUNT_CACHE, PODMAN_COUNTS

NEW = "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O         BLOCK I/O   PIDS"
ROW = "8c601a0d8404   shop      0.00%     7.316MiB / 256MiB   2.86%     8.49kB / 0B     0B / 0B     17"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in docker_stats.find(lines) for r in docker_stats.parse("\n".join(lines[s.first : s.last + 1]))]


def only(text: str) -> Reading:
    readings = read(text)
    assert len(readings) == 1
    return readings[0]


def test_a_row_of_today_is_the_working_set_against_the_limit() -> None:
    assert only(f"{NEW}\n{ROW}") == Reading(
        metrics={
            "cgroup.working_set_bytes": round(7.316 * MIB),
            "cgroup.limit_bytes": 256 * MIB,
            "process.threads_count": 17,
        },
        quanta={"cgroup.working_set_bytes": MIB // 1000, "cgroup.limit_bytes": MIB},
        subject="container shop",
        notes=(ACTIVE_COUNTS,),
        line=2,
        last_line=2,
    )


@pytest.mark.parametrize("text", [ROW, f"> {ROW}", " ".join(ROW.split()), f"    {ROW}", f"`{ROW}`", f"{ROW}\r"])
def test_a_row_without_header_is_read_whatever_is_round_it(text: str) -> None:
    assert only(text).metrics == {"cgroup.working_set_bytes": round(7.316 * MIB), "cgroup.limit_bytes": 256 * MIB}


@pytest.mark.parametrize(
    ("text", "metric", "note"),
    [
        ("CONTAINER  CPU %  MEM USAGE/LIMIT  MEM %  NET I/O\nshop 51.20% 1.500 GiB/2.000 GiB 75.00% 58.48 MiB/729.5 MiB", "current", CACHE_COUNTS),
        ("shop 51.20% 1.500 GiB/2.000 GiB 75.00% 58.48 MiB/729.5 MiB", "current", CACHE_COUNTS),
        ("CONTAINER  CPU %  MEM USAGE / LIMIT  MEM %  NET I/O\nshop 51.20% 1.500GiB / 2.000GiB 75.00% 58.48MB / 729.5MB", "working_set", MAY_COUNT_CACHE),
        ("ID  NAME  CPU %  MEM USAGE / LIMIT  MEM %  NET IO  BLOCK IO  PIDS  CPU TIME  AVG CPU %\na9f80708a0d4 shop 0.10% 1.5GiB / 2GiB 75% 2.1kB / 1kB 0B / 0B 2 1.2s 0.1%", "current", PODMAN_COUNTS),
        ("$ podman stats --no-stream\nshop 0.10% 1.5GiB / 2GiB 75% 2.1kB / 1kB", "current", PODMAN_COUNTS),
        ("NAME  NET I/O  MEM USAGE / LIMIT\nshop  1kB / 2kB  1.5GiB / 2GiB", "working_set", ACTIVE_COUNTS),
        ("NAME CID CPU MEM NET RX/TX IO R/W PIDS\nshop 8c601a0d8404 0% 1536M / 2048M 1K / 2K 0B / 0B 17", "working_set", ""),
    ],
)  # fmt: skip
def test_what_the_figure_counts_is_told_by_the_columns(text: str, metric: str, note: str) -> None:
    reading = only(text)
    figures = {name: value for name, value in reading.metrics.items() if name.startswith("cgroup.")}
    assert figures == {f"cgroup.{metric}_bytes": 3 * GIB // 2, "cgroup.limit_bytes": 2 * GIB}
    assert (reading.subject, reading.notes) == ("container shop", (note,) if note else ())


def test_units_without_an_i_are_decimal() -> None:
    reading = only(
        "CONTAINER  CPU %  MEM USAGE/LIMIT  MEM %  NET I/O\nshop 0.20% 6.5 MB/2.1 GB 0.31% 58.48 kB/729.5 kB"
    )
    assert reading.metrics == {"cgroup.current_bytes": 6_500_000, "cgroup.limit_bytes": 2_100_000_000}


def test_a_list_of_names_and_amounts_is_read_after_the_command_or_when_it_is_a_list() -> None:
    assert [(r.subject, r.metrics) for r in read("db 79.49MiB\nshop 64.76MiB")] == [
        ("container db", {"cgroup.working_set_bytes": round(79.49 * MIB)}),
        ("container shop", {"cgroup.working_set_bytes": round(64.76 * MIB)}),
    ]
    command = "$ docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'"
    assert [r.metrics for r in read(f"{command}\ndb 79.49MiB")] == [{"cgroup.working_set_bytes": round(79.49 * MIB)}]
    assert read("memory 79.49MiB") == []


def test_the_same_containers_again_are_readings_in_order() -> None:
    readings = read(f"{NEW}\n{ROW}\n\n{NEW}\n{ROW.replace('7.316', '9.500')}")
    assert [r.metrics["cgroup.working_set_bytes"] for r in readings] == [round(7.316 * MIB), round(9.5 * MIB)]
    assert {r.subject for r in readings} == {"container shop"}


def test_a_stopped_container_is_passed_over() -> None:
    assert len(read(f"{NEW}\n0123456789ab   old   --   -- / --   --   --   --   --\n{ROW}")) == 1


@pytest.mark.parametrize(
    "text", ["", NEW, "10MiB / 20MiB", "speed 5MB / 10MB 50%", "shop 5 of 10", "MEM USAGE / LIMIT\n"]
)
def test_what_is_no_row_of_docker_is_refused(text: str) -> None:
    assert list(docker_stats.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        docker_stats.parse(text)


CRI = "CONTAINER           NAME                CPU %               MEM                 DISK                INODES              SWAP"


@pytest.mark.parametrize(
    ("text", "subject", "used"),
    [
        ("3f0c1b2a9d8e7       0.42                1.318GB             24.58kB             12", "container 3f0c1b2a9d8e7", 1_318_000_000),
        ("> 3f0c1b2a9d8e7 0.42 1.318GB 24.58kB 12", "container 3f0c1b2a9d8e7", 1_318_000_000),
        ("$ sudo crictl stats | grep 3f0c\n3f0c1b2a9d8e7  0.42  9.5MB  0B  12", "container 3f0c1b2a9d8e7", 9_500_000),
        (f"{CRI}\n3f0c1b2a9d8e7  shop  0.42  512kB  0B  12  0B", "container shop", 512_000),
        ("3f0c1b2a9d8e7  shop  0.42  512kB  0B  12  0B\r", "container shop", 512_000),
    ],
)  # fmt: skip
def test_a_row_of_crictl_is_the_working_set_in_decimal_units(text: str, subject: str, used: int) -> None:
    reading = only(text)
    assert (reading.subject, dict(reading.metrics), reading.notes) == (subject, {"cgroup.working_set_bytes": used}, ())


@pytest.mark.parametrize(
    "text",
    [
        "3f0c1b2a9d8e7 0.42 1.318 24.58 12",
        "3f0c1b2a9d8e7 nginx:latest 5 days ago 1.318GB",
        "docker.io/library/shop  latest  3f0c1b2a9d8e7  31.5MB",
        "3f0c1b2a9d8e7 4 1.318GB 24.58kB 12 of 30",
    ],
)
def test_an_image_of_crictl_is_no_container(text: str) -> None:
    assert read(text) == []
