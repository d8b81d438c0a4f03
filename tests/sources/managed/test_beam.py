"""Erlang's own account of its memory."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.managed import beam

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def test_the_total_is_what_is_allocated_and_free_memory_is_kept() -> None:
    shell, broker = beam.parse((EVIDENCE / "beam.txt").read_text())
    assert shell.metrics == {"runtime.heap_used_bytes": 48_234_496}
    assert [row.function for row in shell.profiles[0].rows] == ["binary", "processes", "code", "ets", "atom"]
    assert broker.metrics == {"runtime.heap_used_bytes": 3_500_000_000, "runtime.heap_committed_bytes": 4_000_000_000}
    assert broker.quanta == dict.fromkeys(broker.metrics, 3 * 100_000_000)


@pytest.mark.parametrize(
    "text", ["", "{total,5}", "binary: 2 gb (50%)\nother: 2 gb (50%)", "{total,5} {code,", "allocated_unused: much"]
)
def test_what_is_no_account_is_refused(text: str) -> None:
    assert list(beam.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        beam.parse(text)
