"""`jstat -gcutil`: percents that tell whether full collections leave the old generation full."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.managed import jstat_util

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
HEAD = "  S0     S1     E      O      M     CCS    YGC     YGCT    FGC    FGCT     GCT\n"
ROW = "  0.00  10.00  50.00  {old}  95.00  92.00    100    1.000  {full}    9.000   10.000\n"
JVM = {"said.runtime": "jvm"}


def table(*rows: tuple[str, int]) -> str:
    return HEAD + "".join(ROW.format(old=old, full=full) for old, full in rows)


def test_a_real_output_that_is_not_full_says_only_whose_it_is() -> None:
    (reading,) = jstat_util.parse((EVIDENCE / "jvm-jstat-gcutil.txt").read_text())
    assert reading == Reading(facts=JVM, line=1, last_line=6)


def test_full_collections_that_leave_it_full_are_told() -> None:
    (reading,) = jstat_util.parse(table(("99.10", 41), ("98,40", 42), ("98.90", 44)))
    told = "the old generation is 98.4 to 98.9 % full after full collections 42 to 44"
    assert reading.facts == {**JVM, "runtime.heap_full": told}


@pytest.mark.parametrize(
    "rows",
    [(("99.10", 41),), (("99.10", 41), ("99.20", 41)), (("99.10", 41), ("40.00", 42)), (("95.00", 0), ("95.10", 1))],
)
def test_one_row_or_a_collection_that_helped_or_is_the_first_proves_nothing(rows: tuple[tuple[str, int], ...]) -> None:
    (reading,) = jstat_util.parse(table(*rows))
    assert reading.facts == JVM


@pytest.mark.parametrize("text", ["", HEAD, "S0C YGCT OU OC", "99 98 97 96", "FGC rises, O is 99.1"])
def test_what_is_no_output_is_refused(text: str) -> None:
    assert list(jstat_util.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        jstat_util.parse(text)
