"""ps with every choice of columns, in series, and without its header."""

from dataclasses import replace
from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S
from memwhy.sources.system import ps

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"
HEADER = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
ROW = "ada         4711  0.1  1.5 2097152 510256 ?      Sl   Jun01   1:29 node app.js --password=abc"


def read(text: str) -> list[Reading]:
    """As the page does it: what a reading does not tell of its subject, the span does."""
    lines = text.split("\n")
    return [
        replace(reading, subject=reading.subject or span.subject)
        for span in ps.find(lines)
        for reading in ps.parse("\n".join(lines[span.first : span.last + 1]))
    ]


def only(text: str) -> Reading:
    readings = read(text)
    assert len(readings) == 1
    return readings[0]


@pytest.mark.parametrize(
    "text", [f"{HEADER}\n{ROW}", ROW, " ".join(ROW.split()), f"> {ROW}", f"    {ROW}\r", f"**{ROW}**", f"- `{ROW}`"]
)
def test_a_row_of_ps_aux_is_read_with_its_header_and_without(text: str) -> None:
    reading = only(text)
    assert reading.metrics == {"process.virtual_bytes": 2097152 * KIB, "process.rss_bytes": 510256 * KIB}
    assert reading.quanta == dict.fromkeys(reading.metrics, KIB)
    assert (reading.facts, reading.subject) == ({"process.comm": "node"}, "pid 4711")


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        ("$  ps -eo rss,comm | grep shop\n116948 .shop-wrapped", "process .shop-wrapped", {"rss": 116948}),
        ("  RSS  SIZE    VSZ CMD\n75088 151684 885284 /usr/bin/crypt -fg ...", "process crypt", {"rss": 75088, "virtual": 885284}),
        ("$ ps -o rss= -p 4711\n123456", "pid 4711", {"rss": 123456}),
        ("ps -p 4711 -o pid,vsz=,rss=\n4711 234567 123456", "pid 4711", {"virtual": 234567, "rss": 123456}),
        ("ada@web:~$ ps aux | grep influx | awk '{print $6}'\n4433221", "process influx", {"rss": 4433221}),
        ("  PID %MEM  RSS                  STARTED CMD\n 4711  1.0 2345 Mon Jan  1 00:00:00 2024 python a.py", "pid 4711", {"rss": 2345}),
        ("USER  PID  %CPU %MEM VSZ RSS TT STAT STARTED TIME COMMAND\nweb 4711 0,0 0,3 13254356 203024 5 S+J 12:19 0:12,45 node: x (node)", "pid 4711", {"virtual": 13254356, "rss": 203024}),
        ("    1 horse            166m 181m horse --path /etc/horse/", "pid 1", {"rss": 166 * 1024, "virtual": 181 * 1024}),
        ("PID   USER     VSZ  STAT COMMAND\n  543 nobody    650m S    ss-local", "pid 543", {"virtual": 650 * 1024}),
    ],
)  # fmt: skip
def test_any_choice_of_columns_is_read(text: str, subject: str, expected: dict[str, int]) -> None:
    reading = only(text)
    assert reading.subject == subject
    assert reading.metrics == {f"process.{name}_bytes": kib * KIB for name, kib in expected.items()}


def test_threads_are_counted_from_nlwp() -> None:
    assert only("  PID NLWP COMMAND\n 4711  350 java").metrics == {"process.threads_count": 350}


def test_the_same_row_again_and_again_is_a_series() -> None:
    readings = read((EVIDENCE / "ps-series.txt").read_text())
    assert [r.metrics["process.rss_bytes"] // KIB for r in readings] == [17692, 21792, 25892, 29992]
    assert {r.subject for r in readings} == {"pid 14573"}


def test_a_loop_tells_the_time_between_its_figures() -> None:
    readings = read("$ while true; do ps -o rss= -p 4711; sleep 60; done\n1000\n1100\n1200")
    assert [(r.metrics["process.rss_bytes"] // KIB, r.elapsed_ns) for r in readings] == [
        (1000, 0),
        (1100, 60 * NS_PER_S),
        (1200, 120 * NS_PER_S),
    ]


def test_times_between_the_rows_become_time_stamps() -> None:
    page = f"Thu Jan  1 00:01:00 UTC 1970\n{ROW}\nThu Jan  1 00:02:00 UTC 1970\n{ROW}"
    assert [r.wall_ns for r in read(page)] == [60 * NS_PER_S, 120 * NS_PER_S]


def test_a_table_of_many_processes_gives_the_largest_ten_and_the_sum_of_all() -> None:
    text = (EVIDENCE / "ps-auxc.txt").read_text()
    readings = read(text)
    rss = sorted((int(line.split()[5]) for line in text.splitlines()[1:]), reverse=True)
    assert [r.metrics["process.rss_bytes"] // KIB for r in readings[:-1]] == rss[:10]
    assert readings[-1].metrics == {"host.processes_rss_bytes": sum(rss) * KIB}
    assert readings[-1].subject is None


def test_what_grep_left_is_not_all_processes() -> None:
    rows = "\n".join(ROW.replace("4711", str(4711 + i)) for i in range(12))
    assert not any("host.processes_rss_bytes" in r.metrics for r in read(f"$ ps aux | grep node\n{rows}"))
    assert not any("host.processes_rss_bytes" in r.metrics for r in read(rows))


def test_several_processes_of_one_name_in_one_table_are_no_series() -> None:
    readings = read("$ ps -eo rss,comm\n5000 web\n7000 web\n6000 web\n100 sh")
    assert [(r.subject, r.metrics["process.rss_bytes"] // KIB) for r in readings] == [
        ("process web", 7000),
        ("process sh", 100),
    ]


@pytest.mark.parametrize("name", ["ps-eo-rss-vsz-comm", "ps-p-u", "ps-lstart", "busybox-ps"])
def test_captures_of_other_columns_are_read_to_the_same_process(name: str) -> None:
    readings = read((EVIDENCE / f"{name}.txt").read_text())
    subject, rss_bytes = ("pid 1", 21 * MIB) if name == "busybox-ps" else ("pid 14573", 17692 * KIB)
    assert [r.metrics["process.rss_bytes"] for r in readings if r.subject == subject] == [rss_bytes]


@pytest.mark.parametrize(
    "text",
    ["", HEADER, "UID PID PPID C STIME TTY TIME CMD\nroot 1 0 0 Jun01 ? 00:01 init", "PID\n123\n456", "RSS\n12345", "4711 1200"],
)  # fmt: skip
def test_what_is_no_row_of_ps_is_refused(text: str) -> None:
    assert list(ps.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        ps.parse(text)


def test_ps_without_memory_says_nothing() -> None:
    assert read((EVIDENCE / "ps-eLf-lines.txt").read_text()) == []


def test_rows_below_the_prompt_of_a_busybox_shell_follow_its_list_of_columns() -> None:
    text = "/ # ps -o pid,rss,args | sort -k2 -n | tail -3\n    1 92m /srv/shop serve\n 2211 402m ffmpeg -i a\n 2212 1.1g ffmpeg -i b"
    assert [(r.subject, r.metrics["process.rss_bytes"], dict(r.facts)) for r in read(text)] == [
        ("pid 2212", round(1.1 * 1024 * MIB), {"process.comm": "ffmpeg"}),
        ("pid 2211", 402 * MIB, {"process.comm": "ffmpeg"}),
        ("pid 1", 92 * MIB, {"process.comm": "shop", "process.first": "1"}),
    ]


@pytest.mark.parametrize(("comm", "first"), [("shop", True), ("systemd", False), ("tini", False)])
def test_number_one_is_whom_a_container_was_made_for_unless_it_only_reaps(comm: str, first: bool) -> None:
    found = read(f"$ ps -o pid,rss,comm\n1 9000 {comm}\n7 8000 git")
    assert [r.facts.get("process.first") == "1" for r in found] == [first, False]


def test_number_one_is_handed_on_however_small_it_is_among_many() -> None:
    rows = [f"{pid} {pid * 1000} worker" for pid in range(100, 120)]
    found = read("\n".join(["$ ps -o pid,rss,comm", "1 500 shop", *rows]))
    assert [r.subject for r in found if "process.first" in r.facts] == ["pid 1"]
    assert len(found) == 11


def test_smems_table_is_read_with_its_command_in_the_middle() -> None:
    text = (
        "  PID User     Command                         Swap      USS      PSS      RSS\n"
        " 2231 root     /usr/bin/shop -c a.yml             0    61.5M    62.0M    70.5M\n"
        "-------------------------------------------------------------------------------\n"
        "    1 1                                           0    61.5M    62.0M    70.5M\n"
    )
    reading = only(text)
    sizes = {"swap": 0, "uss": 61.5, "pss": 62, "rss": 70.5}
    assert reading.metrics == {f"process.{name}_bytes": round(size * MIB) for name, size in sizes.items()}
    assert (reading.subject, dict(reading.facts)) == ("pid 2231", {"process.comm": "shop"})
