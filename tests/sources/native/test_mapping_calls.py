"""strace of a program that maps and does not unmap."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.native import mapping_calls

EVIDENCE = Path(__file__).parents[2] / "evidence" / "native"
MAP = "mmap(NULL, {}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS{}, -1, 0) = 0x7f14f4000000"


def many(text: str) -> list[str]:
    return [reading.facts["mappings.many"] for reading in mapping_calls.parse(text)]


def test_the_table_tells_how_often_memory_was_mapped_and_unmapped() -> None:
    assert many((EVIDENCE / "strace-c.txt").read_text()) == ["strace counts 308 calls of mmap and 1 of munmap"]


def test_calls_of_one_size_are_counted() -> None:
    assert many((EVIDENCE / "strace.txt").read_text()) == [
        "strace shows 29 calls of mmap of 3.0 MiB each, and 0 of munmap of that size"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([MAP.format(4096, "")] * 7),
        "\n".join([MAP.format(8392704, "|MAP_STACK")] * 50),
        "\n".join([MAP.format(134217728, "|MAP_NORESERVE")] * 50),
        "\n".join([MAP.format(4096, ""), "munmap(0x7f14f4000000, 4096)  = 0"] * 50),
        "% time     seconds  usecs/call     calls    errors syscall\n 50.00    0.000100           1        99           mmap",
        "% time     seconds  usecs/call     calls    errors syscall\n 50.00    0.000100           1      9900           mmap\n 50.00    0.000100           1      9000           munmap",
    ],
)
def test_few_calls_stacks_heaps_and_what_is_given_back_are_no_pile(text: str) -> None:
    assert list(mapping_calls.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        mapping_calls.parse(text)
