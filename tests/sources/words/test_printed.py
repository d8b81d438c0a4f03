"""A column of bare numbers is read where the code above it says what was printed, and not where it does not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.units import KIB, MIB
from memwhy.sources.words import printed

USED, RSS = "runtime.heap_used_bytes", "process.rss_bytes"

CODE = [
    ("<?php\nwhile (true) { step(); echo memory_get_usage(), PHP_EOL; }\n\n4000000\n4000800\n4001600\n4002400", USED, [4000000, 4000800, 4001600, 4002400]),
    ("echo memory_get_usage(true) . \"\\n\";\n```\n2097152\n2097152\n4194304\n4194304\n```", "runtime.heap_committed_bytes", [2097152, 2097152, 4194304, 4194304]),
    ("for _ in range(4):\n    f()\n    print(psutil.Process().memory_info().rss / 1024 / 1024)\nOutput:\n20.5\n21.0\n21.5\n22.0", RSS, [20.5 * MIB, 21 * MIB, 21.5 * MIB, 22 * MIB]),
    ("print(p.memory_info()[0] // 1)\nprint(1)", "", []),
    ("console.log(process.memoryUsage().rss / (1024 * 1024))\n> 40\n> 50\n> 60\n> 70", RSS, [40 * MIB, 50 * MIB, 60 * MIB, 70 * MIB]),
    ("setInterval(() => console.log('heap', process.memoryUsage().heapUsed >> 20), 1000)\n\nheap 4\nheap 5\n\nheap 6\nheap 7", USED, [4 * MIB, 5 * MIB, 6 * MIB, 7 * MIB]),
    ("print(collectgarbage('count'))\n22.5\n23.5\n24.5\n25.5", USED, [22.5 * KIB, 23.5 * KIB, 24.5 * KIB, 25.5 * KIB]),
    ("Console.WriteLine(GC.GetTotalMemory(true));\n\n1,000,000\n1,100,000\n1,200,000\n1,300,000", USED, [1000000, 1100000, 1200000, 1300000]),
]  # fmt: skip


@pytest.mark.parametrize(("page", "metric", "values"), CODE)
def test_the_call_names_the_figure_and_the_divisor_its_unit(page: str, metric: str, values: list[float]) -> None:
    spans = list(printed.find(page.split("\n")))
    found = printed.parse(page) if spans else ()
    assert [dict(one.metrics) for one in found] == [{metric: int(value)} for value in values]


@pytest.mark.parametrize(
    "page",
    [
        "echo memory_get_usage() - $start;\n400\n800\n1200\n1600",
        "echo memory_get_usage();\necho memory_get_peak_usage(); print(p.memory_info().rss)\n400\n800\n1200\n1600",
        "memory_get_usage() tells it.\n\n400 kg\n800 l\n1200 m\n1600 s",
        "echo strlen($x);\n400\n800\n1200\n1600",
        "echo memory_get_usage() * 2;\n400\n800\n1200\n1600",
        "echo memory_get_usage();\n400\n800\n1200",
    ],
)
def test_differences_several_figures_and_other_columns_are_left_alone(page: str) -> None:
    assert list(printed.find(page.split("\n"))) == []
    with pytest.raises(ParseError):
        printed.parse(page)


@given(
    st.lists(
        st.sampled_from(["memory_get_usage()", "echo ", "12", "4000000", "/ 1024", "", ">> 20", "a 4", "1e9"]),
        max_size=40,
    )
)
def test_any_page_gives_figures_that_stand_on_it_or_a_parse_error(lines: list[str]) -> None:
    try:
        readings = printed.parse("\n".join(lines))
    except ParseError:
        return
    assert all(list(one.metrics) == [USED] for one in readings)


def test_ten_megabytes_of_numbers_under_code_are_done_in_seconds() -> None:
    page = ["echo memory_get_usage();"] + ["4000000"] * 1_200_000
    begun = time.process_time()
    list(printed.find(page))
    assert time.process_time() - begun < 10
