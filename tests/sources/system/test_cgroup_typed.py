"""memory.stat with sizes in units, as people type it."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.system import cgroup_typed

LIST = "anon:               19 MB   (flat)\nfile:                0.9 MB\nkernel_stack:        2 MB\nslab_reclaimable:  192 MB"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in cgroup_typed.find(lines) for r in cgroup_typed.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize("dress", ["{}", "> {}", "- {}", "{}\r", "**{}**"])
def test_keys_with_sizes_are_a_cgroups_memory(dress: str) -> None:
    sizes = {"anon": 19 * MIB, "file": round(0.9 * MIB), "slab_reclaimable": 192 * MIB}
    quanta = {"anon": MIB, "file": MIB // 10, "slab_reclaimable": MIB}
    text = "\n".join(dress.format(row) for row in LIST.split("\n"))
    assert read(f"the stat\n{text}\nand so on") == [
        Reading(
            metrics={f"cgroup.{key}_bytes": size for key, size in sizes.items()},
            quanta={f"cgroup.{key}_bytes": size for key, size in quanta.items()},
            line=1,
            last_line=4,
        )
    ]


def test_the_same_keys_again_are_another_moment() -> None:
    text = "anon: 1 MB\nslab_reclaimable: 2 MB\nanon: 3 MB\nslab_reclaimable: 4 MB"
    assert [r.metrics["cgroup.anon_bytes"] for r in read(text)] == [MIB, 3 * MIB]


@pytest.mark.parametrize(
    "text", ["cache: 19 MB\nrss: 20 MB", "anon 19\nslab_reclaimable 192", "slab_reclaimable: 192 MB", "kernel_stack: 2 MB\npercpu: 1 MB"]
)  # fmt: skip
def test_words_of_other_tables_and_bare_numbers_are_not_claimed(text: str) -> None:
    assert read(text) == []
    with pytest.raises(ParseError):
        cgroup_typed.parse(text)
