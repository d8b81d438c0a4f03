"""YARN's message on a container beyond its limits. Written after Hadoop's own layout, with figures of our own."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.system import yarn
from memwhy.sources.system.yarn import TREE

HEAD = (
    "Container [pid=41,containerID=container_17_0001_01_000002] is running beyond {} memory limits. Current usage: {} of 2 GB "
    "physical memory used; {} of 4.2 GB virtual memory used. Killing container."
)
COLUMNS = "\t|- PID PPID PGRPID SESSID CMD_NAME USER_MODE_TIME(MILLIS) SYSTEM_TIME(MILLIS) VMEM_USAGE(BYTES) RSSMEM_USAGE(PAGES) FULL_CMD_LINE"
SHELL = "\t|- 41 39 41 41 (bash) 0 0 115838976 256 /bin/bash -c java -Xmx1g"
JAVA = "\t|- 42 41 41 41 (java) 3120 250 4000000000 51200 java -Xmx1g -Dsecret=abc Main"
SAID = "Current usage: 200.5 MB of 2 GB physical memory used; 4.5 GB of 4.2 GB virtual memory used"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in yarn.find(lines) for r in yarn.parse("\n".join(lines[s.first : s.last + 1]))]


def page(which: str, used: str, virtual: str, *rows: str) -> str:
    return "\n".join(
        [
            HEAD.format(which, used, virtual),
            "Dump of the process-tree for container_17_0001_01_000002 :",
            COLUMNS,
            *rows,
        ]
    )


@pytest.mark.parametrize("rows", [(), (JAVA,), (SHELL, JAVA)])
@pytest.mark.parametrize("which", ["virtual", "the 'VIRTUAL'"])
def test_one_program_beyond_its_address_space_has_its_size(which: str, rows: tuple[str, ...]) -> None:
    assert read(page(which, "200.5 MB", "4.5 GB", *rows)) == [
        Reading(
            metrics={
                "process.rss_bytes": round(200.5 * MIB),
                "process.virtual_bytes": round(4.5 * GIB),
                "cgroup.limit_bytes": 2 * GIB,
            },
            quanta={"process.rss_bytes": MIB // 10, "process.virtual_bytes": GIB // 10, "cgroup.limit_bytes": GIB},
            facts={"said.virtual": SAID} | ({"process.comm": "java"} if rows else {}),
            subject="container container_17_0001_01_000002",
            line=1,
            last_line=1,
        )
    ]


def test_several_programs_are_told_apart_and_the_sum_is_the_containers() -> None:
    python = "\t|- 50 42 41 41 (python3) 1 1 3000000000 460800 python3 worker.py"
    found = read(page("physical", "2.0 GB", "7.0 GB", SHELL, JAVA, python))
    assert [(r.subject, dict(r.metrics), dict(r.facts)) for r in found[1:]] == [
        ("pid 50", {"process.virtual_bytes": 3_000_000_000, "process.rss_bytes": 460800 * 4096}, {"process.comm": "python3"}),
        ("pid 42", {"process.virtual_bytes": 4_000_000_000, "process.rss_bytes": 51200 * 4096}, {"process.comm": "java", "process.first": "1"}),
    ]  # fmt: skip
    assert found[0].metrics == {"cgroup.working_set_bytes": 2 * GIB, "cgroup.limit_bytes": 2 * GIB}
    assert (list(found[0].facts), found[0].notes) == (["said.oom"], (TREE,))


def test_pages_may_be_larger_than_4_kib() -> None:
    python = "\t|- 50 42 41 41 (python3) 1 1 3000000000 16384 python3 worker.py"
    found = read(page("physical", "1.2 GB", "7.0 GB", python, JAVA.replace("51200", "3200")))
    assert [r.metrics["process.rss_bytes"] for r in found[1:]] == [16384 * 65536, 3200 * 65536]


def test_a_message_that_is_wrapped_before_its_figures_is_one() -> None:
    text = HEAD.format("physical", "2.1 GB", "2.9 GB").replace(" Current", "\n> Current")
    assert [(r.subject, r.metrics["process.rss_bytes"]) for r in read(text)] == [
        ("container container_17_0001_01_000002", round(2.1 * GIB))
    ]


def test_limits_in_a_manual_are_no_container() -> None:
    text = "physical memory limits and virtual memory limits of 2 GB are set in yarn-site.xml"
    assert read(text) == []
    with pytest.raises(ParseError):
        yarn.parse(text)


def test_what_spark_repeats_of_it_has_no_address_space() -> None:
    text = "Lost executor 3 on n7: Container killed by YARN for exceeding memory limits. 5.6 GB of 5.5 GB physical memory used. Consider boosting"
    (reading,) = read(text)
    assert dict(reading.metrics) == {"process.rss_bytes": round(5.6 * GIB), "cgroup.limit_bytes": round(5.5 * GIB)}
    assert dict(reading.facts) == {"said.oom": "exceeding memory limits. 5.6 GB of 5.5 GB physical memory used"}
