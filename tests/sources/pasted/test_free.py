"""free(1) in every unit and layout."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.pasted import free
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "pasted"
NEW = "              total        used        free      shared  buff/cache   available\n"


def only(text: str) -> Reading:
    readings = free.parse(text)
    assert len(readings) == 1
    return readings[0]


def test_a_block_with_its_command_line_is_read_whole() -> None:
    text = (
        f"ada@web:~$ free -m\n{NEW}Mem:           2000         500        1000          14         500        1400\n"
        "Swap:           100          10          90"
    )
    assert only(text) == Reading(
        metrics={
            "host.total_bytes": 2000 * MIB,
            "host.used_bytes": 500 * MIB,
            "host.free_bytes": 1000 * MIB,
            "host.shared_bytes": 14 * MIB,
            "host.buff_cache_bytes": 500 * MIB,
            "host.available_bytes": 1400 * MIB,
            "host.swap_total_bytes": 100 * MIB,
            "host.swap_used_bytes": 10 * MIB,
        },
        quanta=dict.fromkeys(
            [
                "host.total_bytes", "host.used_bytes", "host.free_bytes", "host.shared_bytes", "host.buff_cache_bytes",
                "host.available_bytes", "host.swap_total_bytes", "host.swap_used_bytes",
            ],
            MIB,
        ),
        subject="host web",
        line=1,
        last_line=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "unit", "total"),
    [("-b", 1, 25276514304), ("-k", KIB, 25276514304), ("-m", MIB, 24105 * MIB), ("-g", GIB, 23 * GIB)],
)
def test_a_capture_has_the_same_total_in_every_unit_with_its_command_or_without(
    options: str, unit: int, total: int
) -> None:
    output = (EVIDENCE / f"free{options}.txt").read_text()
    commanded, bare = only(f"$ free {options}\n{output}"), only(output)
    assert commanded.metrics["host.total_bytes"] == bare.metrics["host.total_bytes"] == total
    assert commanded.quanta["host.used_bytes"] == bare.quanta["host.used_bytes"] == unit
    assert commanded.notes == ()
    assert [note.split(";")[0] for note in bare.notes] == ["the command line of free is not in the page"]


def test_human_figures_have_the_resolution_of_their_last_digit() -> None:
    reading = only((EVIDENCE / "free-h.txt").read_text())
    assert (reading.metrics["host.total_bytes"], reading.quanta["host.total_bytes"]) == (23 * GIB, GIB)
    assert (reading.metrics["host.shared_bytes"], reading.quanta["host.shared_bytes"]) == (round(8.6 * MIB), MIB // 10)


def test_si_units_are_decimal_when_the_command_line_says_so() -> None:
    output = (EVIDENCE / "free-h--si.txt").read_text()
    assert only(f"$ free -h --si\n{output}").metrics["host.total_bytes"] == 25_000_000_000
    assert only(f"$ free -t --mega\n{(EVIDENCE / 'free-t--mega.txt').read_text()}").quanta["host.used_bytes"] == 10**6


def test_the_wide_layout_gives_buffers_and_cache_together() -> None:
    reading = only((EVIDENCE / "free-w.txt").read_text())
    assert reading.metrics["host.buff_cache_bytes"] == (47252 + 2608212) * KIB
    assert reading.quanta["host.buff_cache_bytes"] == 2 * KIB
    assert reading.metrics["host.available_bytes"] == 24064512 * KIB


def test_the_old_layout_gives_used_memory_without_the_cache() -> None:
    reading = only(
        "             total       used       free     shared    buffers     cached\n"
        "Mem:          7872       7500        372         10        200       5000\n"
        "-/+ buffers/cache:       2300       5572\nSwap:         1023          3       1020\n"
    )
    assert {name: value // MIB for name, value in reading.metrics.items()} == {
        "host.total_bytes": 7872, "host.used_bytes": 2300, "host.free_bytes": 372, "host.shared_bytes": 10,
        "host.buff_cache_bytes": 5200, "host.swap_total_bytes": 1023, "host.swap_used_bytes": 3,
    }  # fmt: skip


def test_repeated_output_gives_one_reading_for_each_time() -> None:
    readings = free.parse((EVIDENCE / "free-m-s1-c3.txt").read_text())
    assert len(readings) == 3
    assert {reading.metrics["host.total_bytes"] for reading in readings} == {24105 * MIB}


def test_times_printed_between_the_outputs_become_time_stamps() -> None:
    block = f"{NEW}Mem: 2000 500 1000 14 500 1400\nSwap: 0 0 0\n"
    readings = free.parse(f"Thu Jan  1 00:01:00 UTC 1970\n{block}Thu Jan  1 00:02:00 UTC 1970\n{block}")
    assert [reading.wall_ns for reading in readings] == [60_000_000_000, 120_000_000_000]


def test_a_prompt_glued_to_the_last_number_is_no_number() -> None:
    reading = only(f"{NEW}Mem: 2000 500 1000 14 500 1400\nSwap: 9 1 8ada@web:~$ ls")
    assert (reading.metrics["host.swap_total_bytes"], reading.metrics["host.swap_used_bytes"]) == (9 * MIB, MIB)


def test_a_row_cut_off_in_the_middle_loses_its_last_number_only() -> None:
    reading = only(f"$ free -m\n{NEW}Mem:   2000   500   10")
    assert reading.metrics == {"host.total_bytes": 2000 * MIB, "host.used_bytes": 500 * MIB}
    assert reading.notes == ("the row Mem: is cut off; its last number is not used",)


def test_german_and_chinese_output_is_read() -> None:
    german = "          gesamt  benutzt   frei  gemns.  Puffer/Cache verfügbar\nSpeicher:  2000 500 1000 14 500 1400\nSwap: 0 0 0"
    chinese = (
        "        总计    已用    空闲    共享   缓冲/缓存    可用\n内存：  2000 500 1000 14 500 1400\n交换： 0 0 0"
    )
    assert only(german).metrics == only(chinese).metrics
    assert only(german).metrics["host.available_bytes"] == 1400 * MIB


def test_two_hosts_are_two_spans_and_a_block_without_prompt_is_of_the_host_with_its_total() -> None:
    def block(total: int) -> list[str]:
        return [NEW.rstrip(), f"Mem: {total} 500 1000 14 500 1400", "Swap: 0 0 0"]

    page = [*block(2000), "", "text", "", "ada@web:~$ free -m", *block(2000), "ada@db:~$ free -m", *block(3000)]
    assert list(free.find(page)) == [
        Span(first=0, last=2, subject="host web"),
        Span(first=6, last=9, subject="host web"),
        Span(first=10, last=13, subject="host db"),
    ]


@pytest.mark.parametrize("text", ["", "Mem:", "Mem: x y z", "KiB Mem : 16266416 total, 1 free", "total used free"])
def test_what_is_not_free_is_refused(text: str) -> None:
    assert list(free.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        free.parse(text)


@given(st.text(alphabet="Mem: Swap0123456789.,KGi\n-/+bufcahetol@$#", max_size=300))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for span in free.find(text.split("\n")):
        assert 0 <= span.first <= span.last < len(text.split("\n"))
    with contextlib.suppress(ParseError):
        assert all(value >= 0 for reading in free.parse(text) for value in reading.quanta.values())


@pytest.mark.parametrize(
    "line",
    [
        "- Mem: 2.0G 1.9G 95M 273M 97M 879M",
        "**Mem:**  2.0G  1.9G  95M  273M  97M  879M",
        "> | Mem:  2.0G  1.9G  **95M**  273M  97M  `879M`",
    ],
)
def test_decoration_is_no_obstacle(line: str) -> None:
    metrics = only(line).metrics
    assert (metrics["host.total_bytes"], metrics["host.available_bytes"]) == (2 * GIB, 879 * MIB)
    assert metrics["host.free_bytes"] == 95 * MIB


def test_rows_of_low_and_high_memory_are_passed_over() -> None:
    reading = only(
        "$ free -lm\n             total       used       free     shared    buffers     cached\n"
        "Mem:         24576      23068       1507          0          0      20720\nLow:           600        500        100\n"
        "High:        23976      22568       1407\n-/+ buffers/cache:       2347      22228\nSwap:            0          0          0"
    )
    assert (reading.metrics["host.used_bytes"], reading.metrics["host.swap_total_bytes"]) == (2347 * MIB, 0)
