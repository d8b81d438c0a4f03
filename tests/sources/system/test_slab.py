"""Slab caches: slabtop, slabinfo, vmstat -m, and what awk made of them."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.system import slab

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in slab.find(lines) for r in slab.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize(
    ("name", "slab_bytes", "top_bytes"),
    [
        ("slabtop-o", 1435406858, 853232 * KIB),  # 1401764.51K, objects times their size
        ("slabinfo", 1472536576, 853232 * KIB),  # pages of all slabs
        ("vmstat-m", 1435475976, 842139984),  # objects times their size
    ],
)
def test_captures_give_the_sum_and_the_largest_cache(name: str, slab_bytes: int, top_bytes: int) -> None:
    (reading,) = read((EVIDENCE / f"{name}.txt").read_text())
    assert reading.facts == {"slab.top": "ext4_inode_cache"}
    assert reading.metrics["host.slab_top_bytes"] == top_bytes
    assert reading.metrics["host.slab_bytes"] == slab_bytes


@pytest.mark.parametrize(
    ("text", "top_bytes", "name"),
    [
        ("1932336 1470384  76%    0.19K  46008       42    368064K dentry", 368064 * KIB, "dentry"),
        ("> 1932336 1470384  76%    0,19K  46008       42    368064K dentry", 368064 * KIB, "dentry"),
        ("dentry            2369308 2369325    192   21    1 : tunables    0    0    0 : slabdata 112825 112825      0", 112825 * 4096, "dentry"),
        ("# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\ndentry 2369308 2369325 192 21 1", 2369325 * 192, "dentry"),
        ("8251776 7.86951 MB      inode_cache\n4194304 4 MB dentry", 8251776, "inode_cache"),
        ("$ awk '{print $1, $3*$4/1024, \"KB\"}' /proc/slabinfo | sort -k2 -n\nfilp 100.5 KB\ndentry 9000.25 KB", round(9000.25 * KIB), "dentry"),
    ],
)  # fmt: skip
def test_a_few_rows_give_the_largest_cache_and_no_sum(text: str, top_bytes: int, name: str) -> None:
    (reading,) = read(text)
    assert (reading.metrics, reading.facts) == ({"host.slab_top_bytes": top_bytes}, {"slab.top": name})


def test_the_same_caches_again_are_a_second_reading() -> None:
    row = "1932336 1470384  76%    0.19K  46008       42    {}K dentry"
    readings = read(f"{row.format(1000)}\n{row.format(2000)}")
    assert [r.metrics["host.slab_top_bytes"] for r in readings] == [1000 * KIB, 2000 * KIB]


@pytest.mark.parametrize(
    "text", ["", "dentry 1 2 3 4 5", "8251776 9.5 MB x", "cache 12 MB", "1 2 3 4 5 6 7", "slabtop"]
)
def test_what_is_no_slab_is_refused(text: str) -> None:
    assert list(slab.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        slab.parse(text)
