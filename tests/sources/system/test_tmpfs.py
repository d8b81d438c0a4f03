"""What files in memory and shared memory segments hold."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.span import Span
from memwhy.sources.system import tmpfs

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def held(text: str) -> list[int]:
    return [reading.metrics["host.tmpfs_used_bytes"] for reading in tmpfs.parse(text)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("df-h", 0),
        ("df-k-shm", 4884 * KIB),
        ("du-sh-shm", 5_033_165),
        ("ls-l-shm", 4884 * KIB),
        ("ipcs-m", 8_388_608 + 3_000_000),
        ("ipcs-mu", 0),
    ],
)
def test_real_outputs_say_how_much_is_held(name: str, expected: int) -> None:
    assert held((EVIDENCE / f"{name}.txt").read_text()) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tmpfs            16G   15G  1.2G  93% /dev/shm", 15 * GIB),
        ("> shm              64M   60M  4.0M  94% /dev/shm", 60 * MIB),
        ("Filesystem     1M-blocks  Used Available Use% Mounted on\ntmpfs  3200  900 2300 29% /tmp\n/dev/sda1 9000 800 1 9% /", 900 * MIB),
        ("Filesystem Type Size Used Avail Use% Mounted on\noverlay overlay 50G 9G 41G 18% /\nnone tmpfs 8,0G 1,5G 6,5G 19% /scratch", 3 * GIB // 2),
        ("$ du -sh /dev/shm/*\n1.0G\t/dev/shm/a\n512M\t/dev/shm/b", 3 * GIB // 2),
        ("$ ls -la /dev/shm\n-rw------- 1 me me 1048576 Nov 23 04:31 psm_1\n-rw------- 1 me me 2097152 Nov 23 04:31 psm_2", 3 * MIB),
        ("segments allocated 2\npages resident  5\nkey shmid owner perms bytes nattch status\n0x00000000 1 me 600 4096 2 dest", 4096),
    ],
)  # fmt: skip
def test_every_dress_gives_the_sum(text: str, expected: int) -> None:
    assert held(text) == [expected]


def test_the_fullest_mount_is_named_and_two_outputs_are_two_readings() -> None:
    text = (
        "tmpfs 16G 15G 1.2G 93% /dev/shm\ntmpfs 8G 1G 7G 13% /tmp\n\nand a day later\n\ntmpfs 16G 16G 0 100% /dev/shm"
    )
    readings = tmpfs.parse(text)
    assert [(r.metrics, r.facts) for r in readings] == [
        ({"host.tmpfs_used_bytes": 16 * GIB}, {"tmpfs.top": "/dev/shm"}),
        ({"host.tmpfs_used_bytes": 16 * GIB}, {"tmpfs.top": "/dev/shm"}),
    ]
    assert list(tmpfs.find(text.split("\n"))) == [Span(first=0, last=1), Span(first=5, last=5)]


@pytest.mark.parametrize(
    "text",
    [
        "Filesystem  Inodes IUsed IFree IUse% Mounted on\ntmpfs 6171024 5 6171019 1% /dev/shm",
        "/dev/sda1  50G  9G  41G  18% /",
        "we mount a tmpfs of 16G at /dev/shm",
        "$ ls -l /tmp\n-rw------- 1 me me 1048576 Nov 23 04:31 a",
        "tmpfs on /dev/shm type tmpfs (rw,nosuid,nodev,size=16G)",
    ],
)
def test_inodes_disks_and_mounts_are_no_memory(text: str) -> None:
    assert list(tmpfs.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        tmpfs.parse(text)
