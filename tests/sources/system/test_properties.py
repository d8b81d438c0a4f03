"""What holds for every reader of the room: no text breaks it, no other tool's output is claimed, no figure is made up."""

import random
import re
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.sources.system import READERS

EVIDENCE = Path(__file__).parents[2] / "evidence"
OURS = {
    "system/top": ("top-", "busybox-top"),
    "system/ps": ("ps-", "busybox-ps"),
    "system/pmap": ("pmap",),
    "system/slab": ("slab", "vmstat-m"),
    "system/vmstat": ("vmstat-1", "vmstat-S"),
    "system/oom": ("oom-",),
    "system/tmpfs": ("df-", "du-", "ipcs-", "ls-l-shm"),
    "system/sockets": ("sockstat", "ss-tm"),
    "system/perf": ("perf-report.", "perf-report-g.", "perf-script."),
}
CAPTURES = sorted((EVIDENCE / "system").glob("*.txt"))
TEXTS = [
    path
    for path in sorted(EVIDENCE.rglob("*"))
    if path.is_file() and path.suffix in ("", ".txt", ".md", ".log") and path.stat().st_size < 300_000 and path.parent.name != "system"
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "PID",
        "USER",
        "RSS",
        "VSZ",
        "VIRT",
        "RES",
        "SHR",
        "S",
        "%CPU",
        "%MEM",
        "TIME+",
        "COMMAND",
        "Mem:",
        "KiB",
        "MiB",
        "12m",
        "3.5g",
        "1,5",
        "99",
        "100%",
        "10:41.46",
        "0:00",
        "?",
        "pts/0",
        "Sl",
        "[4711]",
        "kB",
        "total",
        "used",
        "free",
        "Killed",
        "process",
        "(x)",
        "total-vm:1kB",
        "anon-rss:5kB",
        "MEM",
        "USAGE",
        "/",
        "LIMIT",
        "1.5GiB",
        "2GiB",
        "0.1%",
        "shop",
        "64Mi",
        "2m",
        "MEMORY(bytes)",
        "NAME",
        ":",
        "tunables",
        "slabdata",
        "0000aaaa",
        "rw---",
        "anon",
        "]",
        "--",
        ">",
        "`",
        "**",
        "$",
        "ps",
        "-o",
        "rss=",
        "pmap",
        "-x",
        "|",
        "awk",
        "docker",
        "stats",
        "cache",
        "anon",
        "swpd",
        "buff",
        "18446744073709551616",
        "OBJS",
        '"memory_stats":',
        "{",
        "}",
        '"usage":',
        ",",
        '"rss":',
        "writeable/private:",
        "12K",
        "mapped:",
        "LazyFree:",
        "/proc/1/smaps",
        "kern.log:",
        "Jan",
        "1",
        "00:00:00",
    ]
)
PAGES = st.lists(st.lists(WORDS, max_size=14).map(" ".join), max_size=12).map("\n".join)


def read(reader: ModuleType, text: str) -> list[Reading]:
    """As the page does: every span that is found, then read; only a ParseError may come of it."""
    lines = text.split("\n")
    found: list[Reading] = []
    last = -1
    for span in reader.find(lines):
        assert last < span.first <= span.last < len(lines)
        last = span.last
        readings = reader.parse("\n".join(lines[span.first : span.last + 1]))
        assert readings
        for reading in readings:
            assert set(reading.metrics) <= REGISTRY.keys()
            assert all(isinstance(value, int) and 0 <= value < 1 << 63 for value in reading.metrics.values())
            assert set(reading.quanta) <= set(reading.metrics)
            if reading.line is not None and reading.last_line is not None:
                assert 1 <= reading.line <= reading.last_line <= span.last - span.first + 1
        found += readings
    return found


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
@given(text=PAGES | st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_readings_or_a_parse_error(reader: ModuleType, text: str) -> None:
    read(reader, text)
    try:
        reader.parse(text)
    except ParseError:
        assert not list(reader.find(text.split("\n")))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
@given(path=st.sampled_from(CAPTURES), seed=st.integers(0, 1 << 32))
@settings(max_examples=60, deadline=None)
def test_a_capture_that_was_mangled_gives_no_figure_that_is_not_on_the_page(
    reader: ModuleType, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lines = path.read_text().split("\n")
    for _ in range(chance.randrange(1, 4)):
        lines = mangle(lines, chance)
    text = "\n".join(lines)
    said = {float(number.replace(",", ".")) for number in re.findall(r"\d+(?:[.,]\d+)?", text)}
    units = (1, 1000, 1024, 4096, 1000**2, 1024**2, 1000**3, 1024**3)
    for reading in read(reader, text):
        for name, value in reading.metrics.items():
            if not name.startswith("process.") or name.startswith("process.arena_like") or "Killed" in text:
                continue  # sums
            assert any(abs(value / unit - number) < 0.51 / unit + 1e-9 for unit in units for number in said), name


def mangle(lines: list[str], chance: random.Random) -> list[str]:
    """One way in which people's pastes differ from what the tool printed."""
    lines = list(lines)
    match chance.randrange(8):
        case 0:
            chance.shuffle(lines)
        case 1:
            del lines[chance.randrange(len(lines)) :]
        case 2:
            del lines[: chance.randrange(len(lines))]
        case 3:
            lines = ["> " + line for line in lines]
        case 4:
            lines = ["    " + " ".join(line.split()) for line in lines]
        case 5:
            lines[-1] = lines[-1][: chance.randrange(len(lines[-1]) + 1)]
        case 6:
            lines = [line + "\r" for line in lines]
        case _:
            lines = [line for line in lines if chance.random() < 0.7]
    return lines or [""]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
def test_what_other_tools_print_is_not_claimed(reader: ModuleType) -> None:
    own = OURS.get(reader.NAME, ())
    others = [path for path in CAPTURES if not (own and path.name.startswith(own))]
    claimed = [
        path.name for path in [*others, *TEXTS] if list(reader.find(path.read_text(errors="replace").split("\n")))
    ]
    assert claimed == []


HOSTILE = {
    "digits": "1" * 79,
    "columns": "1 a 2 3 4.5g 6 7 S 8 9 " * 4,
    "brackets": "[ 1] 1 1 1 1 1 " * 5,
    "sizes": "1.5GiB / 2GiB 5% " * 5,
    "header": "PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND",
    "blanks": " " * 79,
    "addresses": "0000aaaa00000000 65404 0 0 rw--- [ anon ]",
    "braces": '{"memory_stats": {"usage": 1, ' * 3,
    "words": "ps -o rss= docker stats pmap kernel: oom-kill memory: " * 2,
}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_megabytes_of_hostile_lines_are_read_in_bounded_time(reader: ModuleType, text: str) -> None:
    megabytes = 2
    lines = [text] * (megabytes * 1_000_000 // (len(text) + 1))
    started = time.process_time()
    for span in reader.find(lines):
        reader.parse("\n".join(lines[span.first : span.last + 1]))
    assert time.process_time() - started < 3 * megabytes


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
def test_one_endless_line_is_read_in_bounded_time(reader: ModuleType) -> None:
    started = time.process_time()
    for text in HOSTILE.values():
        read(reader, text * (2_000_000 // len(text)))
    assert time.process_time() - started < 10
