"""kubectl top of pods, containers and nodes."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.system import kubectl_top
from memwhy.sources.system.kubectl_top import ACTIVE_COUNTS


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in kubectl_top.find(lines) for r in kubectl_top.parse("\n".join(lines[s.first : s.last + 1]))]


def test_containers_of_pods_are_read_whole() -> None:
    text = "POD                    NAME      CPU(cores)   MEMORY(bytes)\nshop-5f9f6bb846-tfnvz   shop      2m           1543Mi"
    assert read(text) == [
        Reading(
            metrics={"cgroup.working_set_bytes": 1543 * MIB},
            quanta={"cgroup.working_set_bytes": MIB},
            subject="container shop-5f9f6bb846-tfnvz/shop",
            notes=(ACTIVE_COUNTS,),
            line=2,
            last_line=2,
        )
    ]


@pytest.mark.parametrize(
    ("text", "subject", "size"),
    [
        ("NAME  CPU(cores)  MEMORY(bytes)\nshop-1  250m  3100Mi", "container shop-1", 3100 * MIB),
        ("NAMESPACE  NAME  CPU(cores)  MEMORY(bytes)\nprod  shop-1  250m  3Gi", "container shop-1", 3 * GIB),
        ("NAME  CPU(cores)  CPU%  MEMORY(bytes)  MEMORY%\nnode-1  250m  12%  3100Mi  81%", "host node-1", 3100 * MIB),
        ("$ kubectl top pod shop-1 --no-headers\nshop-1   1   3100Mi", "container shop-1", 3100 * MIB),
        ("> - shop-1   2m   3100Mi", "container shop-1", 3100 * MIB),
        ("<redacted>   2m   3100Mi", "container <redacted>", 3100 * MIB),
    ],
)
def test_pods_and_nodes_are_read_with_header_and_without(text: str, subject: str, size: int) -> None:
    (reading,) = read(text)
    assert (reading.subject, reading.metrics) == (subject, {"cgroup.working_set_bytes": size})


def test_the_same_pod_again_is_a_reading_of_its_own() -> None:
    page = "\n".join(
        f"$ kubectl top pod\nNAME  CPU(cores)  MEMORY(bytes)\nshop-1  250m  {size}Mi" for size in (100, 200)
    )
    assert [r.metrics["cgroup.working_set_bytes"] // MIB for r in read(page)] == [100, 200]


@pytest.mark.parametrize(
    "text", ["", "NAME CPU(cores) MEMORY(bytes)", "kubectl top pods", "shop 12 100Mi", "limit 100Mi"]
)
def test_what_is_no_row_of_kubectl_is_refused(text: str) -> None:
    assert list(kubectl_top.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        kubectl_top.parse(text)
