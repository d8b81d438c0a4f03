"""What is in the things that hold, in a few words."""

import pytest

from memwhy.model.holders import Holding
from memwhy.render.contents import phrase


def line(kind: str, count: int, own_bytes: int, elements: int | None = None, idle_bytes: int | None = None) -> Holding:
    return Holding(
        kind="field",
        name=".x",
        type=kind,
        count=count,
        own_bytes=own_bytes,
        bytes=own_bytes,
        elements=elements,
        idle_bytes=idle_bytes,
    )


@pytest.mark.parametrize(
    ("holding", "text"),
    [
        (line("map[string]*main.Entry", 1, 90 << 20, 1_204_332, 0), "1,204,332 entries"),
        (line("map[int]main.Meta", 1, 9_437_184, 1, 9_437_000), "1 entry, 100 % of the room idle"),
        (line("[]string", 1, 65536, 4000, 0), "4,000 values"),
        (line("[]main.Job", 1, 1000, 250, 750), "250 values, 75 % of the room idle"),
        (line("chan main.Job", 1, 1000, 12, 0), "12 values waiting"),
        (line("string bytes", 30_000, 30_000 * 4096, None, 30_000 * 4066), "30 of 4,096 bytes of each in use"),
        (line("[]uint8", 1, 1 << 20, None, (1 << 20) - 1024), "1 KiB of 1 MiB in use"),
        (line("string bytes", 1000, 48_000, None, 100), ""),
        (line("main.Entry", 1000, 48_000), ""),
        (line("sync.poolLocal", 1, 128), "what a sync.Pool keeps goes with the second collection"),
        (line("main.Entry", 0, 0, None, 0), ""),
    ],
)
def test_only_what_matters_is_said(holding: Holding, text: str) -> None:
    assert phrase(holding) == text
