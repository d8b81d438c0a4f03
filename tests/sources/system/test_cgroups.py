"""/proc/cgroups, whole and grepped to a row."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.system import cgroups

ROWS = "cpuset\t5\t110\t1\ncpu\t3\t120\t1\nmemory\t9\t64211\t1\npids\t2\t113\t1"
HEAD = "#subsys_name\thierarchy\tnum_cgroups\tenabled"


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in cgroups.find(lines) for r in cgroups.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{HEAD}\n{ROWS}", 4),
        (f"$ cat /proc/cgroups\n{HEAD}\n{ROWS}", 5),
        (f"> {HEAD}\n" + "\n".join(f"> {row}" for row in ROWS.split("\n")), 4),
        ("subsys_name hierarchy num_cgroups enabled\nmemory 9 64211 1", 2),
        ("# grep memory /proc/cgroups\n```\nmemory  9   64211  1\n```", 3),
    ],
)
def test_the_memory_controllers_number_is_read(text: str, line: int) -> None:
    assert read(text) == [Reading(metrics={"host.memory_cgroups_count": 64211}, line=line, last_line=line)]


@pytest.mark.parametrize(
    "text", ["memory 9 64211 1", "see /proc/cgroups\n\nmemory of the host is full", f"{HEAD}\ncpu\t3\t120\t1"]
)
def test_a_row_that_nothing_explains_is_not_read(text: str) -> None:
    assert read(text) == []
    with pytest.raises(ParseError):
        cgroups.parse(text)
