"""V8's heap by its spaces and by constructor."""

import re
from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.managed import v8_heap

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def test_spaces_sum_to_the_heap() -> None:
    text = (EVIDENCE / "v8-spaces.txt").read_text()
    (reading,) = v8_heap.parse(text)
    assert reading.metrics == {
        "runtime.heap_used_bytes": sum(map(int, re.findall(r"space_used_size: (\d+)", text))),
        "runtime.heap_committed_bytes": sum(map(int, re.findall(r"\bspace_size: (\d+)", text))),
    }
    again = v8_heap.parse(text + "\n" + text)
    assert [one.metrics for one in again] == [reading.metrics, reading.metrics]


def test_a_summary_is_a_profile_of_shallow_sizes() -> None:
    (reading,) = v8_heap.parse((EVIDENCE / "v8-summary.txt").read_text())
    assert reading.metrics == {"runtime.heap_used_bytes": 41_234_567 + 21_234_560 + 3_120_000 + 912_000}
    assert [(row.function, row.flat) for row in reading.profiles[0].rows][:3] == [
        ("(string)", 41_234_567),
        ("(array)", 21_234_560),
        ("OrderLine", 3_120_000),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{ space_name: 'old_space', space_size: 5, space_used_size: 4 }",
        "Constructor  Shallow Size\nFoo 3 4 5",
        "(string) 3 41,234 41 % 41,234 41 %",
        "space_used_size grows",
    ],
)
def test_a_part_of_it_or_words_are_refused(text: str) -> None:
    assert list(v8_heap.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        v8_heap.parse(text)
