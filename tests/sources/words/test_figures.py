"""Figures in sentences are taken with the name that they refer to, or not at all."""

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.page import read_page, to_lines
from memwhy.sources.words import figures

HOUR = 3600 * 10**9
RSS, HEAP, GO_HEAP, VIRTUAL = (
    "process.rss_bytes",
    "runtime.heap_used_bytes",
    "go.heap_alloc_bytes",
    "process.virtual_bytes",
)
PEAK, TOTAL, LIMIT, BOX, WORKING = (
    "process.rss_peak_bytes",
    "host.total_bytes",
    "cgroup.limit_bytes",
    "cgroup.current_bytes",
    "cgroup.working_set_bytes",
)
THREADS, FDS, GOROUTINES = "process.threads_count", "process.descriptors_count", "go.goroutines_count"


def gib(number: float) -> int:
    return round(number * GIB)


def read(page: str) -> list[Reading]:
    lines = page.split("\n")
    return [r for span in figures.find(lines) for r in figures.parse("\n".join(lines[span.first : span.last + 1]))]


SAID: list[tuple[str, list[dict[str, int]]]] = [
    # one figure
    ("RSS is 4.2 GB.", [{RSS: gib(4.2)}]),
    ("RSS is 300+ MB.", [{RSS: 300 * MIB}]),
    # one name, two moments
    ("RSS is 130 MB at launch and 300 MB after several days.", [{RSS: 130 * MIB}, {RSS: 300 * MIB}]),
    ("RSS is 130 MB at launch, and 300 MB after several days.", [{RSS: 130 * MIB}, {RSS: 300 * MIB}]),
    ("Before the run RSS was 200 MB, after the run it was 2 GB.", [{RSS: 200 * MIB}, {RSS: 2 * GIB}]),
    ("When started, the RSS is 300 MB. Within 2 hours it becomes 4 GB.", [{RSS: 300 * MIB}, {RSS: 4 * GIB}]),
    ("RSS is 130 MB at launch and 300 MB of swap after a day.", [{RSS: 130 * MIB}]),
    ("RSS is 130 MB on node one and 300 MB on node two.", [{RSS: 130 * MIB}]),
    ("The RSS slowly climbs and reaches 1GB.", [{RSS: GIB}]),
    ("memory went up to 12g", [{RSS: 12 * GIB}]),
    ("VSZ=650m", [{VIRTUAL: 650 * MIB}]),
    ("VmRSS: 812 MB", [{RSS: 812 * MIB}]),
    ("It uses 3 GB of memory after a while.", [{RSS: 3 * GIB}]),
    ("resident memory stays at **900 MiB**", [{RSS: 900 * MIB}]),
    ("Resident size: `8.5MB`", [{RSS: 17 * MIB // 2}]),
    ("memory peaks at 4 GB under load", [{PEAK: 4 * GIB}]),
    ("ru_maxrss says 2 GB", [{PEAK: 2 * GIB}]),
    ("Virtual memory is at 40 GB, which worries us.", [{VIRTUAL: 40 * GIB}]),
    ("There are **8,744 threads** in the process.", [{THREADS: 8744}]),
    ("The process has 2034 open file descriptors.", [{FDS: 2034}]),
    ("10k goroutines are blocked on a channel", [{GOROUTINES: 10_000}]),
    ("heap used 120 MB", [{HEAP: 120 * MIB}]),
    ("> 4.2 GB of RSS", [{RSS: gib(4.2)}]),
    ("tracemalloc shows only 14 MB", [{HEAP: 14 * MIB}]),
    ("docker stats says 1.5G is used", [{WORKING: 3 * GIB // 2}]),
    ("the container uses 2 GB of memory", [{BOX: 2 * GIB}]),
    ("The container limit is 2Gi.", [{LIMIT: 2 * GIB}]),
    ("we set the memory limit to 4GB", [{LIMIT: 4 * GIB}]),
    ("GOMEMLIMIT=3GiB", [{"go.memory_limit_bytes": 3 * GIB}]),
    ("one container on a machine with 2G.", [{TOTAL: 2 * GIB}]),
    ("A machine with 64 GB RAM.", [{TOTAL: 64 * GIB}]),
    ("Ubuntu 22.04, RAM 32G, SSD, 24 cores", [{TOTAL: 32 * GIB}]),
    ("page cache is 90 GB", [{"host.buff_cache_bytes": 90 * GIB}]),
    (
        "heapsys is about 30G, idle - released about 10G",
        [{"go.heap_sys_bytes": 30 * GIB, "derived.go_retained_bytes": 10 * GIB}],
    ),
    # several
    ("RSS 4.2 GB after two days, heap 300 MB", [{RSS: gib(4.2), HEAP: 300 * MIB}]),
    ("4.2 GB RSS, 300 MB heap", [{RSS: gib(4.2), HEAP: 300 * MIB}]),
    (
        "RSS 512 MB heapUsed 120 MB external 30 MB",
        [{RSS: 512 * MIB, HEAP: 120 * MIB, "runtime.external_bytes": 30 * MIB}],
    ),
    ("memory usage: 3 GB (heap 200MB)", [{RSS: 3 * GIB, HEAP: 200 * MIB}]),
    ("Our Go service: the heap is 200 MB while RSS is at 3 GB.", [{GO_HEAP: 200 * MIB, RSS: 3 * GIB}]),
    ("pprof shows 30 MB but RSS is 2 GB", [{GO_HEAP: 30 * MIB, RSS: 2 * GIB}]),
    # courses
    ("RSS grows from 200MB to 3.5GB", [{RSS: 200 * MIB}, {RSS: gib(3.5)}]),
    ("It grows from 200 to 3500 MB.", [{RSS: 200 * MIB}, {RSS: 3500 * MIB}]),
    ("RSS: 200 MB -> 1.5 GB", [{RSS: 200 * MIB}, {RSS: 3 * GIB // 2}]),
    ("fd count went from 30 to 4000 within 3 hours", [{FDS: 30}, {FDS: 4000}]),
    (
        "the number of goroutines keeps rising: 55 right after the start, 1779 after one night.",
        [{GOROUTINES: 55}, {GOROUTINES: 1779}],
    ),
    (
        "RSS is 500 MB at startup, 900 MB after 1 hour, and 1.5 GB after 2 hours.",
        [{RSS: 500 * MIB}, {RSS: 900 * MIB}, {RSS: 3 * GIB // 2}],
    ),
    ("When the shop is open the RSS of it grows from\n200MB to 3GB.", [{RSS: 200 * MIB}, {RSS: 3 * GIB}]),
    # whose memory, without a name
    ("The process has 600 MB after a day.", [{RSS: 600 * MIB}]),
    ("We went from 300 MB to 2 GB.", [{RSS: 300 * MIB}, {RSS: 2 * GIB}]),
    ("The pod at 74Mi the whole time, it was 71Mi on the first day.", [{BOX: 74 * MIB}, {BOX: 71 * MIB}]),
    ("RSS is 20 MB, after the 1st round 60 MB, 2nd: 61 MB", [{RSS: n * MIB} for n in (20, 60, 61)]),
    ("/dev/shm is 27G used of 32G", [{"host.tmpfs_used_bytes": 27 * GIB}]),
    (
        "netstat has 9.300 ESTAB, CLOSE_WAIT 982",
        [{"process.sockets_established_count": 9300, "process.sockets_close_wait_count": 982}],
    ),
    # other languages
    ("内存从200MB涨到3GB", [{RSS: 200 * MIB}, {RSS: 3 * GIB}]),
    ("进程占用内存 4.5G，堆只有 300MB", [{RSS: gib(4.5), HEAP: 300 * MIB}]),
    ("线程数达到 8744", [{THREADS: 8744}]),
    ("２万个协程", [{GOROUTINES: 20_000}]),
    ("RSS：２１８５ＭＢ", [{RSS: 2185 * MIB}]),
    ("RSSは2日後に4GBになり、ヒープは300MBのまま", [{RSS: 4 * GIB, HEAP: 300 * MIB}]),
    ("メモリ使用量が200MBから3GBまで増えた", [{RSS: 200 * MIB}, {RSS: 3 * GIB}]),
    ("메모리 사용량이 200MB에서 3GB까지 증가", [{RSS: 200 * MIB}, {RSS: 3 * GIB}]),
    ("Der RSS wächst nach 3 Tagen auf 1,5 GB, der Heap bleibt bei 200 MB", [{RSS: 3 * GIB // 2, HEAP: 200 * MIB}]),
    ("Es sind 8.744 Threads und der Speicher ist voll", [{THREADS: 8744}]),
    ("Le processus utilise 4 Go de mémoire après 2 jours", [{RSS: 4 * GIB}]),
    ("El proceso usa 3 GB de memoria después de una hora", [{RSS: 3 * GIB}]),
    ("O processo usa 3,5 GB de memória depois de uma hora", [{RSS: gib(3.5)}]),
    ("Процесс занимает 3,5 ГБ памяти", [{RSS: gib(3.5)}]),
    ("После двух дней RSS вырос с 200 МБ до 3 ГБ", [{RSS: 200 * MIB}, {RSS: 3 * GIB}]),
    # of a trial only what was before it
    ("after malloc_trim(0) RSS drops from 1337MB to 860MB", [{RSS: 1337 * MIB}]),
]

TRAPS = [
    "It went from 41 GB to 900 GB allocated.",
    "Heap is a comb from 1 to 9 GB.",
    "/dev/shm is 64 MB large.",
    "The process has 2 GB of files.",
    "The pod has 3 containers.",
    "The pod has 2 GB.",
    "It uses at most 200 MB.",
    "It takes 2 GB to download.",
    "The process needs 4 GB.",
    "The app should be at 200 MB.",
    "The expected size of the process is 100 MB.",
    "The worker is limited to 2 GB.",
    "RSS should be below 100 MB.",
    "I would expect RSS to be around 100 MB.",
    "Expected: the service takes 40G of memory at most?",
    "Is it normal that RSS is 4 GB?",
    "RSS must not exceed 2 GB",
    "RSS never goes above 200 MB",
    "memory does not exceed 100 MB",
    "RSS stays below 300 MB",
    "RSS increases by 40 MB per hour",
    "RSS grows 40 MB every hour",
    "RSS went up by 300 MB",
    "it leaks 4 MB per request",
    "We allocate 600 MB of memory in a loop.",
    "The program reads a file of 2 GB into memory.",
    "downloading 300 MB of data uses memory",
    "A benchmark using 10 threads.",
    "wrk with 16 threads and 400 connections",
    "a pool of 200 threads",
    "The test starts 1000 goroutines.",
    "The main heap is 737 MB.",
    "the heap dump is 2 GB",
    "a memory leak of 2 GB",
    "Go 1.21 on Ubuntu 22.04",
    "The disk has 500 GB.",
    "the database is 20 GB",
    "ss服务才2.2m",
    "希望内存低于 200MB",
    "不超过 200MB 内存",
    "RSS sollte unter 200 MB bleiben",
    "la mémoire devrait être de 200 Mo et pas plus",
    "RSS должен быть меньше 200 МБ",
    "threads take 100 ms",
    "goroutines: see issue 1234 for details",
    "RSS is 85%",
    "memory bandwidth of 20 GB/s",
    "RSS 200-300 MB",
    "    0x4c974c rss 200 MB",
    "https://example.org/rss=200MB",
    "INFO backup size=1200MB heap=ok",
    "with MALLOC_ARENA_MAX=2 RSS is 300 MB",
    "alert when RSS > 2 GB",
    "RSS 4.2",
    "created by main.main in goroutine 1",
    "goroutine 18 is stuck",
    "Mem: 9767212K used, 14916884K free",
    '    write(dir, "goroutines", 12)',
    "[23272.735723] threads: 64 of them, rss: 64 MB",
    "heap after 200K requests",
    "a server with 500 GB SSD",
    "Mem:          125G       125G       387M       224K       6.9M        98G",
    "the default heap is 256 MB",
]


@pytest.mark.parametrize(("sentence", "said"), SAID)
def test_a_figure_goes_with_its_name(sentence: str, said: list[dict[str, int]]) -> None:
    assert [dict(r.metrics) for r in read(sentence)] == said


@pytest.mark.parametrize("sentence", TRAPS)
def test_what_is_no_figure_of_a_process_is_left_alone(sentence: str) -> None:
    assert [dict(r.metrics) for r in read(sentence)] == []


@pytest.mark.parametrize(
    ("sentence", "elapsed_ns"),
    [
        ("RSS 4.2 GB after two days, heap 300 MB", [48 * HOUR]),
        ("RSS grows from 200MB to 3.5GB in 6 hours", [0, 6 * HOUR]),
        ("RSS grows from 200MB to 3.5GB", [None, None]),
        ("RSS is 500 MB at startup, 900 MB after 1 hour", [0, HOUR]),
        ("内存从200MB涨到3.5GB，运行2天后", [None, 48 * HOUR]),
        ("Nach 3 Tagen ist der RSS bei 2 GB", [72 * HOUR]),
        ("после двух дней RSS вырос с 200 МБ до 3 ГБ", [0, 48 * HOUR]),
        ("goroutines: 55 right after the start, 1779 after one night", [0, None]),
        ("After the service ran for 4 hours, RSS is 2 GB.", [4 * HOUR]),
    ],
)
def test_a_figure_knows_how_long_after_the_beginning_it_is(sentence: str, elapsed_ns: list[int | None]) -> None:
    assert [r.elapsed_ns for r in read(sentence)] == elapsed_ns


def test_figures_carry_the_step_they_were_rounded_to() -> None:
    assert read("RSS is 4.2 GB and the process has 10k goroutines")[0].quanta == {RSS: GIB // 10, GOROUTINES: 1000}


def test_a_figure_in_a_paragraph_has_its_lines() -> None:
    [reading] = read(
        "Some words that go on and on until here.\nMore words that go on and on until here.\nThe RSS of the process in question is by now\n3 GB.\n"
    )
    assert (reading.line, reading.last_line) == (3, 4)


def test_tables_and_code_are_not_read_as_sentences() -> None:
    page = "| RSS | 2 GB |\n| heap | 3 MB |\n\n```c\nint rss = 3 GB;\n```\n"
    assert read(page) == []


CAPTURES = sorted(
    path
    for folder in ("linux-6.18", "pasted", "smaps-go-1.26-cgo-pie")
    for path in (Path(__file__).parents[2] / "evidence" / folder).rglob("*")
    if path.is_file()
    and path.suffix not in (".md", ".go", ".py", ".sh", ".c")
    and path.stat().st_size < 100_000
    and path.name not in ("blocked", "fd_count")  # as memwhy writes them into its own recordings: sentences with counts
)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_captures_of_tools_and_kernel_files_are_left_to_their_readers(path: Path) -> None:
    found = read_page(to_lines(path.read_bytes())).found
    assert [(f.source, f.first_line) for f in found if f.source.startswith("words/") and f.reading.metrics] == []


@given(st.text(max_size=300) | st.lists(st.sampled_from([s for s, _ in SAID] + TRAPS), max_size=6).map(" ".join))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for _ in figures.find(text.split("\n")):
        pass
    try:
        readings = figures.parse(text)
    except ParseError:
        return
    assert all(set(r.metrics) <= set(REGISTRY) and r.metrics for r in readings)


@given(
    st.lists(st.sampled_from([s for s, _ in SAID]), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    st.sampled_from(["", "> ", "- ", "    "]),
)
def test_sentences_shuffled_cut_and_quoted_give_no_figure_that_is_not_in_them(
    sentences: list[str], chance: random.Random, prefix: str
) -> None:
    page = "\n".join(prefix + sentence for sentence in sentences)[: chance.randrange(400)]
    plain = page.translate({0xFF10 + i: str(i) for i in range(10)})
    numbers = [float(n.replace(",", ".")) for n in re.findall(r"\d+(?:[.,]\d{1,2}(?!\d))?", plain)]
    numbers += [float(re.sub(r"[.,]", "", n)) for n in re.findall(r"\d+(?:[.,]\d{3})+", plain)]
    for reading in read(page):
        for value in reading.metrics.values():
            assert any(abs(value - n * w) <= 1 for n in numbers for w in (1, 1000, 10_000, KIB, MIB, GIB))


@pytest.mark.parametrize(
    "piece",
    ["RSS 1 GB, ", "RSS ", "1 GB ", "memory grows from 1 GB to ", "grow ", "grows ", "(", "1,111", "after 1 hour ", "从1到", "x\n", "1 ", "((1 GB ", "growwwww", "- 1 GB of ", "a. ", "1-", "RSS 1 GB\n"],
)  # fmt: skip
def test_half_a_megabyte_of_malice_takes_seconds_at_most(piece: str) -> None:
    page = (piece * (1 << 19))[: 1 << 19]
    start = time.process_time()
    read(page)
    assert time.process_time() - start < 8


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("After a week the relay is at RSS 5 GB with 84000 goroutines.", {RSS: 5 * GIB, GOROUTINES: 84000}),
        ("We test with 84000 goroutines.", {}),
        ("RSS grows 1 GB a day up to 9 GB.", {RSS: 9 * GIB}),
        ("The heap profile shows only 20 MB, RSS is 3 GB.", {HEAP: 20 * MIB, RSS: 3 * GIB}),
        ("The heap profile of last week (20 MB) is attached.", {}),
        ("修正前: RSS 4GB、スレッド数 900、修正後: RSS 300MB、スレッド数 20", {RSS: 4 * GIB, THREADS: 900}),
        ("Before the fix: RSS 4 GB, 900 threads. After the fix: RSS 300 MB, 20 threads.", {RSS: 4 * GIB, THREADS: 900}),
    ],
)  # fmt: skip
def test_a_second_figure_a_rate_and_what_was_before_a_fix(page: str, expected: dict[str, int]) -> None:
    found: dict[str, int] = {}
    for reading in read(page):
        assert not found.keys() & reading.metrics.keys()
        found |= reading.metrics
    assert found == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("VIRT is 118g for our binary, should I be worried?", {VIRTUAL: 118 * GIB}),
        ("Why is RSS 3 GB when the heap is 60 MB?", {RSS: 3 * GIB, HEAP: 60 * MIB}),
        ("Is RSS of 3 GB normal, or should the heap be 60 MB?", {}),
        ("The daemon has 14,000 threads according to `ls /proc/1/task | wc -l`.", {THREADS: 14000}),
        ("I don't think it is the heap: HeapInuse stays at 70 MB.", {"go.heap_inuse_bytes": 70 * MIB}),
        ("El heap se mantiene en 50 MB.", {HEAP: 50 * MIB}),
        ("El heap crece en 50 MB.", {}),
    ],
)  # fmt: skip
def test_what_a_question_takes_as_true_a_counted_command_and_a_level_in_spanish(page: str, expected: dict[str, int]) -> None:  # fmt: skip
    assert {name: value for one in read(page) for name, value in one.metrics.items()} == expected
