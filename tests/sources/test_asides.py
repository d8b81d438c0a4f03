"""What a page shows that is nobody's trouble of today is no evidence; what somebody complains about is."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.asides import find_asides


def asides(text: str) -> list[str]:
    """The lines of a text that are set aside."""
    lines = text.split("\n")
    return [lines[i] for i in sorted(find_asides(lines)) if lines[i].strip()]


def test_a_quotation_is_set_aside_that_its_author_takes_back_below() -> None:
    page = "> RSS grew from 200 MB to 5 GB in two days\n> heap 40 MB\n\nWe don't have this problem any more."
    assert asides(page) == page.split("\n")[:2]


def test_a_quotation_stays_when_what_helped_is_told_or_somebody_else_still_complains() -> None:
    quote = "> RSS grew from 200 MB to 5 GB in two days\n\n"
    assert asides(quote + "After upgrading to 2.4 I don't see this problem any more.") == []
    assert asides(quote + "No longer an issue for us.\n\nIt still is here: memory grows by 1 GB a day.") == []
    assert asides(quote + "I have the same problem.") == []


def test_output_of_tests_that_pass_is_set_aside_unless_somebody_complains() -> None:
    output = "=== RUN   TestPool\n    pool_test.go:31: goroutines after: 2004\n--- PASS: TestPool (0.31s)\nPASS\nok  \texample.org/pool\t2.4s"
    assert asides(output) == output.split("\n")
    assert asides("My test leaks goroutines:\n\n" + output) == []
    assert asides(output.replace("PASS: TestPool", "FAIL: TestPool")) == []


def test_a_benchmark_is_always_set_aside() -> None:
    line = "BenchmarkServe-8   300   4210300 ns/op   812.0 rss-MB   20000 goroutines"
    assert asides(f"Memory leaks in our server, I think.\n\n{line}") == [line]


def test_a_table_of_sizes_is_set_aside_where_nobody_complains() -> None:
    table = "| Users | Threads | Memory |\n|---|---|---|\n| 100 | 50 | 2 GB |\n| 10000 | 5000 | 32 GB |"
    assert asides(f"# Sizing\n\n{table}") == table.split("\n")
    assert asides(f"# Memory keeps growing\n\nOur daemon never frees anything.\n\n{table}") == []


def test_a_table_of_instances_is_set_aside_even_in_a_complaint() -> None:
    table = "| Instance | vCPU | Memory |\n|---|---|---|\n| m6i.large | 2 | 8 GiB |\n| m6i.4xlarge | 16 | 64 GiB |"
    assert asides(f"Our pods leak memory on all of these:\n\n{table}") == table.split("\n")


def test_a_table_of_requests_over_time_stays() -> None:
    assert asides("| requests | RSS |\n|---|---|\n| 1000 | 80 MB |\n| 2000 | 160 MB |\n| 3000 | 240 MB |") == []


def test_an_example_of_a_manual_is_set_aside_and_one_of_a_complaint_is_not() -> None:
    example = "For example:\n\n    rss=4200MB goroutines=81000\n    rss=4300MB goroutines=83000\n"
    assert asides(f"The command prints two figures.\n\n{example}\nUse --json for machines.") == [
        "For example:",
        "    rss=4200MB goroutines=81000",
        "    rss=4300MB goroutines=83000",
    ]
    assert asides(f"I see the figures rise on our hosts.\n\n{example}") == []


@given(st.lists(st.sampled_from(["> RSS 3 GB", "no longer an issue", "| a | b |", "|---|---|", "e.g.:", "```", "PASS", "ok  \tx\t1.0s", "# Sizing", "", "text"])))  # fmt: skip
def test_any_page_has_asides_within_it(lines: list[str]) -> None:
    assert find_asides(lines) <= set(range(len(lines)))
