"""top and htop of every age: with and without header, decorated, on other systems."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.span import Span
from memwhy.sources.system import top

EVIDENCE = Path(__file__).parents[2] / "evidence" / "system"
HEADER = "  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND"
ROW = " 4711 ada       20   0 2097152 1.500g  20480 S   0.7 12.5  10:41.46 /usr/local/bin/shop serve --token=abc"
SHOP = {"process.virtual_bytes": 2 * GIB, "process.rss_bytes": 3 * GIB // 2, "process.shared_bytes": 20 * MIB}


def only(text: str) -> Reading:
    readings = top.parse(text)
    assert len(readings) == 1
    return readings[0]


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for span in top.find(lines) for r in top.parse("\n".join(lines[span.first : span.last + 1]))]


def test_a_row_under_its_header_is_read_whole_and_its_arguments_are_left_out() -> None:
    assert only(f"{HEADER}\n{ROW}") == Reading(
        metrics=SHOP,
        quanta={"process.virtual_bytes": KIB, "process.rss_bytes": GIB // 1000, "process.shared_bytes": KIB},
        facts={"process.comm": "shop"},
        subject="pid 4711",
        line=2,
        last_line=2,
    )


@pytest.mark.parametrize(
    "text",
    [
        ROW,
        " ".join(ROW.split()),
        f"> {ROW}",
        f"* **{ROW.strip()}**",
        f"<pre>{ROW}</pre>",
        f"`{ROW}`",
        ROW + " " * 150,
        ROW.replace("1.500g", "**1.500g**"),
        ROW.replace("1.500g", "1,500g").replace("0.7 12.5", "0,7 12,5"),
    ],
)
def test_a_row_without_header_is_read_whatever_is_round_it(text: str) -> None:
    assert only(text).metrics == SHOP
    assert only(text).subject == "pid 4711"


def test_columns_are_read_in_whatever_order_their_header_has() -> None:
    text = "  PID  nTH   RES    VIRT S USER COMMAND\n 4711   17 1.5g 2097152 S ada  shop"
    assert only(text).metrics == {
        "process.threads_count": 17,
        "process.rss_bytes": 3 * GIB // 2,
        "process.virtual_bytes": 2 * GIB,
    }


def test_a_header_that_lost_its_pid_gives_the_program_as_subject() -> None:
    reading = only(f"{HEADER.replace('  PID USER   ', '')}\n  20   0 12.5g 4.9g 4.8g S   7.3 67.6   2:49.28 main")
    assert (reading.subject, reading.metrics["process.shared_bytes"]) == ("process main", round(4.8 * GIB))


def test_redacted_names_do_not_hide_a_row() -> None:
    reading = only(ROW.replace("4711 ada", "<pid> <user>"))
    assert (reading.subject, reading.metrics) == ("process shop", SHOP)
    assert only(ROW.replace("ada", "****")).subject == "pid 4711"


def test_htop_rows_are_read_with_their_tree() -> None:
    text = " VIRT   RES   SHR S CPU% MEM%   TIME+  Command\n10.9G 2231M  100M S  1.3 15.9  3h52:01 ├─ ./db -d db.conf"
    assert only(text).metrics == {
        "process.virtual_bytes": round(10.9 * GIB),
        "process.rss_bytes": 2231 * MIB,
        "process.shared_bytes": 100 * MIB,
    }
    assert only(text).subject == "process db"


def test_the_mark_of_the_column_sorted_by_is_no_part_of_its_name() -> None:
    text = (
        "  PID USER       PRI  NI  VIRT   RES   SHR S  CPU%▽MEM%   TIME+  Command\n"
        " 4711 ada         20   0 10.9G 2231M  100M S   1.3 15.9  3h52:01 ./shop\n"
        " 4712 ada         20   0 10.9G 2231M  100M S   0.0 15.9  0:01.00 ./shop"
    )
    assert (only(text).subject, only(text).facts) == ("pid 4711", {"process.comm": "shop"})


def test_rows_of_one_day_after_another_are_a_series() -> None:
    rows = [ROW, ROW.replace("1.500g", "1.600g"), ROW.replace("1.500g", "1.700g")]
    readings = top.parse("\n".join([HEADER, *rows]))
    assert [r.metrics["process.rss_bytes"] for r in readings] == [round(x * GIB) for x in (1.5, 1.6, 1.7)]
    assert {r.subject for r in readings} == {"pid 4711"}


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (
            "Mem:  25165824k total, 23833672k used,  1332152k free,   204800k buffers\n"
            "Swap:  2097148k total,      100k used,  2097048k free, 18000000k cached",
            {"total": 25165824, "used": 23833672 - 18204800, "free": 1332152, "buff_cache": 18204800, "swap_total": 2097148, "swap_used": 100},
        ),
        (
            "KiB Mem:  16266416 total, 15000000 used,  1266416 free,   300000 buffers\n"
            "KiB Swap:  2097148 total,        0 used,  2097148 free.  8000000 cached Mem",
            {"total": 16266416, "used": 6700000, "free": 1266416, "buff_cache": 8300000, "swap_total": 2097148, "swap_used": 0},
        ),
        (
            "KiB Mem : 16266416 total,  1000000 free,  9000000 used,  6266416 buff/cache\n"
            "KiB Swap:  2097148 total,  2097148 free,        0 used.  7000000 avail Mem",
            {"total": 16266416, "used": 9000000, "free": 1000000, "buff_cache": 6266416, "swap_total": 2097148, "swap_used": 0, "available": 7000000},
        ),
        (
            "Mem: 1820840K used, 195636K free, 53292K shrd, 64724K buff, 1010040K cached",
            {"total": 2016476, "used": 746076, "free": 195636, "shared": 53292, "buff_cache": 1074764},
        ),
    ],
)  # fmt: skip
def test_the_memory_lines_of_every_age_mean_the_same(summary: str, expected: dict[str, int]) -> None:
    metrics = only(f"top - 10:41:46 up 3 days,  2:03,  2 users,  load average: 0.00, 0.01, 0.05\n{summary}").metrics
    assert metrics == {f"host.{name}_bytes": kib * KIB for name, kib in expected.items()}


def test_memory_in_use_is_not_told_where_the_cache_that_it_counts_is_cut_off() -> None:
    reading = only("Mem:  25165824k total, 23833672k used,  1332152k free,   204800k buffers")
    assert reading.metrics == {"host.total_bytes": 25165824 * KIB, "host.free_bytes": 1332152 * KIB}


def test_figures_in_mebibytes_keep_their_resolution() -> None:
    reading = only("MiB Mem :  15885.0 total,    800.5 free,   9000.0 used,   6084.5 buff/cache")
    assert (reading.metrics["host.free_bytes"], reading.quanta["host.free_bytes"]) == (800 * MIB + MIB // 2, MIB // 10)


def test_busybox_tells_address_space_only() -> None:
    text = "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n  543     1 root     S     650m  91%   0   0% ss-local -c a.json"
    reading = only(text)
    assert (reading.subject, reading.metrics) == ("pid 543", {"process.virtual_bytes": 650 * MIB})
    assert only(text.split("\n")[1]).metrics == reading.metrics


def test_macos_and_freebsd_rows_are_read_where_their_header_stands() -> None:
    mac = (
        "PID    COMMAND          %CPU TIME     #TH   #WQ  #PORT MEM    PURG   CMPRS  PGRP  PPID  STATE\n"
        "1234   Some Browser He  0.0  00:01.10 14    1    120   150M+  0B     3M     1200  1     sleeping"
    )
    assert only(mac).metrics == {"process.threads_count": 14, "process.rss_bytes": 150 * MIB}
    assert only(mac).notes == ("MEM of macOS's top is the physical footprint, compressed memory included",)
    bsd = (
        "  PID USERNAME    THR PRI NICE   SIZE    RES STATE    C   TIME    WCPU COMMAND\n"
        "94670 web          11  20    0    12G   198M select   3   0:12   0.00% node"
    )
    assert only(bsd).metrics == {
        "process.threads_count": 11,
        "process.virtual_bytes": 12 * GIB,
        "process.rss_bytes": 198 * MIB,
    }


def test_a_capture_of_two_screens_gives_host_processes_and_their_sum_at_two_moments() -> None:
    text = (EVIDENCE / "top-b-n2.txt").read_text()
    lines = text.split("\n")
    spans = list(top.find(lines))
    assert spans == [Span(first=0, last=98), Span(first=100, last=197)]
    readings = read(text)
    hosts = [r for r in readings if "host.total_bytes" in r.metrics]
    assert [r.metrics["host.total_bytes"] for r in hosts] == [round(24105.6 * MIB)] * 2
    assert hosts[1].elapsed_ns is not None and hosts[0].elapsed_ns is not None
    assert hosts[1].elapsed_ns - hosts[0].elapsed_ns == 10**9
    sums = [r.metrics["host.processes_rss_bytes"] for r in readings if "host.processes_rss_bytes" in r.metrics]
    rss = [int(float(line.split()[5].rstrip("m")) * (KIB if "m" in line.split()[5] else 1)) for line in lines[7:99]]
    assert abs(sums[0] // KIB - sum(rss)) <= 1
    assert len([r for r in readings if (r.subject or "").startswith("pid ")]) <= 20


def test_threads_are_not_summed_as_processes() -> None:
    rows = "\n".join(ROW.replace("4711", str(4711 + i)) for i in range(9))
    readings = top.parse(f"Threads:   9 total,   0 running\n{HEADER}\n{rows}")
    assert [r.metrics for r in readings] == [SHOP]


def test_a_screenful_in_the_order_of_cpu_use_is_not_taken_for_all_processes() -> None:
    rows = [ROW.replace("4711", str(4711 + i)).replace("1.500g", f"{100 + (i * 7) % 5}m").replace("shop", f"shop{i}") for i in range(9)]  # fmt: skip
    page = f"Tasks: 245 total,   1 running\n{HEADER}\n" + "\n".join(rows)
    assert not any("host.processes_rss_bytes" in r.metrics for r in top.parse(page))
    assert any("host.processes_rss_bytes" in r.metrics for r in top.parse(page.replace("245", "12")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "Mem:   7872   7500   372   10   200   5000",
        "KiB Mem : 16266416 total",
        "16:26:30 up 7 days,  5:50,  1 user,  load average: 0.00, 0.00, 0.00",
        "4711 ada 20 0 1000 2000 20480 S 0.7 12.5 10:41.46 shop",  # more resident than mapped
        "we saw VIRT 20 RES 10 and SHR 5 at 10:41",
    ],
)
def test_what_is_no_row_of_top_is_refused(text: str) -> None:
    assert list(top.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        top.parse(text)


def test_freebsd_s_queues_sum_to_the_machine_and_the_arc_is_no_wired_memory() -> None:
    text = (
        "Mem: 20M Active, 180M Inact, 100M Laundry, 6000M Wired, 700M Free\n"
        "ARC: 1000M Total, 90M MFU, 610M MRU, 1M Anon, 12M Header, 30M Other\n"
        "Swap: 2048M Total, 2048M Free\n"
    )
    assert only(text).metrics == {
        "host.total_bytes": 7000 * MIB,
        "host.used_bytes": 5120 * MIB,
        "host.free_bytes": 700 * MIB,
        "host.buff_cache_bytes": 1000 * MIB,
        "host.wired_bytes": 5000 * MIB,
        "host.swap_total_bytes": 2048 * MIB,
    }
    assert "host.buff_cache_bytes" not in only(text.split("\n")[0]).metrics
