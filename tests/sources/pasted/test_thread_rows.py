"""Tables of ps with a row for every thread."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import thread_rows

EVIDENCE = Path(__file__).parents[2] / "evidence"


def test_rows_are_counted_by_process() -> None:
    assert thread_rows.parse((EVIDENCE / "go-pasted" / "ps-L.txt").read_text()) == (
        Reading(
            metrics={"process.threads_count": 5},
            facts={"process.comm": "leaky", "process.threads": "5 leaky"},
            subject="pid 929",
            line=1,
            last_line=6,
        ),
    )


def test_threads_of_pools_are_joined_and_the_process_has_the_name_of_its_first() -> None:
    (reading,) = thread_rows.parse((EVIDENCE / "threads" / "ps-T.txt").read_text())
    assert reading.metrics == {"process.threads_count": 32}
    assert reading.facts["process.comm"] == "java"
    assert reading.facts["process.threads"].split("\n")[0] == "12 pool-#-thread-#"


def test_a_column_that_says_the_number_is_believed() -> None:
    lines = (EVIDENCE / "threads" / "ps-eLf.txt").read_text().split("\n")[:5]
    (reading,) = thread_rows.parse("\n".join(lines))
    assert (reading.metrics, reading.facts["process.comm"]) == ({"process.threads_count": 32}, "java")


def test_other_tables_of_ps_are_left_alone() -> None:
    table = ["  PID TTY          TIME CMD", "  929 ?        00:00:00 leaky", "PID LWP: see ps(1)"]
    assert list(thread_rows.find(table)) == []
    with pytest.raises(ParseError):
        thread_rows.parse("\n".join(table))
