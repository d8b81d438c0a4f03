"""What goes for every reader of `native` and `managed`: foreign text is left alone, mangled text is read or refused, fast."""

import contextlib
import random
import re
import time
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.sources import managed, native

EVIDENCE = Path(__file__).parents[2] / "evidence"
READERS = (*native.READERS, *managed.READERS)
OWN = {
    "native/valgrind": ("native/valgrind-*",),
    "native/sanitizer": ("native/asan.txt",),
    "native/malloc_info": ("native/malloc_info.xml",),
    "native/massif": ("native/massif.out.txt", "native/ms_print.txt"),
    "native/heaptrack_print": ("native/heaptrack_print.txt",),
    "native/memleak": ("native/memleak.txt",),
    "native/tcmalloc": ("native/tcmalloc.txt",),
    "native/jemalloc": ("native/jemalloc.txt", "native/jemalloc.json", "native/cache-redis.txt"),
    "native/malloc_stats": ("native/malloc_stats.txt", "native/mallinfo.txt"),
    "native/unfreed": ("native/mtrace.txt", "native/leaks.txt"),
    "native/caches": ("native/cache-*.txt",),
    "native/servers": ("native/server-*.txt",),
    "native/mapping_calls": ("native/strace*.txt",),
    "native/rusage": ("managed/python-resource.txt",),
    "managed/settings": ("managed/settings.yaml",),
    "managed/nmt": ("managed/jvm-nmt*",),
    "managed/gc_log": ("managed/gc-*.txt",),
    "managed/jstat_util": ("managed/jvm-jstat-gcutil.txt",),
    "managed/jvm_beans": ("managed/jvm-beans*.txt",),
    "managed/v8_heap": ("managed/v8-*.txt",),
    "managed/beam": ("managed/beam.txt",),
    "managed/ocaml": ("managed/ocaml-*.txt",),
    "managed/metaspace": ("managed/jvm-metaspace.txt", "managed/jvm-classloader_stats.txt"),
    "managed/dotnet": ("managed/dotnet-[gs]*",),
    "managed/jvm_heap": (
        "managed/jvm-h*",
        "managed/jvm-jmap*",
        "managed/jvm-jstat-gc.txt",
        "managed/gc-unified-details.txt",
    ),
    "managed/memray": ("managed/python-memray-*",),
    "managed/python_objects": (
        "managed/python-pympler.txt",
        "managed/python-guppy.txt",
        "managed/python-objgraph.txt",
        "managed/python-common.txt",
    ),
    "managed/counters": ("managed/ruby-*.txt", "managed/dotnet-counters.txt"),
    "managed/node_memory": ("managed/node-memoryUsage.txt",),
    "managed/node_gc": ("managed/node-[to]*",),
    "managed/python_trace": ("managed/python-tracemalloc.txt",),
    "managed/python_process": ("managed/python-psutil.txt", "managed/python-profile.txt"),
}
"""Which captures are a reader's own, by pattern; it leaves all others alone."""

SUMMING = frozenset(
    f"{room}/{name}"
    for room, names in {
        "native": (
            "valgrind",
            "sanitizer",
            "malloc_info",
            "memleak",
            "tcmalloc",
            "malloc_stats",
            "unfreed",
            "caches",
            "servers",
        ),
        "managed": ("nmt", "jvm_heap", "settings", "dotnet", "counters", "beam", "v8_heap", "ocaml", "metaspace"),
    }.items()
    for name in names
)
"""Readers some of whose figures are sums or differences of those on the page."""

TEXTS = sorted(
    path
    for folder in ("native", "managed", "pasted", "linux-6.18", "go-1.26")
    for path in (EVIDENCE / folder).rglob("*")
    if path.is_file() and path.suffix not in (".gz", ".c", ".go", ".java", ".js", ".py", ".sh", ".md", ".rb")
)
named = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def own_paths(reader: ModuleType) -> list[Path]:
    return sorted(path for pattern in OWN[reader.NAME] for path in EVIDENCE.glob(pattern))


def captures(reader: ModuleType) -> list[str]:
    return [text_of(path) for path in own_paths(reader)]


def read_all(reader: ModuleType, text: str) -> list[Reading]:
    """What the reader finds in a page; its spans lie in the page, follow one another and can be parsed by themselves."""
    lines = text.split("\n")
    readings: list[Reading] = []
    end = -1
    for span in reader.find(lines):
        assert end < span.first <= span.last < len(lines)
        end = span.last
        try:
            readings += reader.parse("\n".join(lines[span.first : span.last + 1]))
        except ParseError:
            continue
    for reading in readings:
        assert set(reading.metrics) <= set(REGISTRY)
        assert all(0 <= value < 1 << 63 for value in reading.metrics.values())
    return readings


@named
def test_its_own_captures_are_found(reader: ModuleType) -> None:
    assert captures(reader)
    assert all(read_all(reader, text) for text in captures(reader))


@named
def test_captures_of_other_formats_are_not_claimed(reader: ModuleType) -> None:
    own = set(TEXTS if getattr(reader, "SHARES", False) else own_paths(reader))  # it leaves its lines to the others
    claimed = [
        str(path.relative_to(EVIDENCE))
        for path in TEXTS
        if path not in own and list(reader.find(text_of(path).split("\n")))
    ]
    assert claimed == []


@named
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_a_mangled_capture_gives_readings_or_is_left_alone(reader: ModuleType, seed: int) -> None:
    chance = random.Random(seed)
    lines = chance.choice(captures(reader)).split("\n")
    start = chance.randrange(len(lines))
    lines = lines[start : start + chance.randrange(1, 120)]
    how = chance.randrange(5)
    if how == 0:
        chance.shuffle(lines)
    elif how == 1:
        lines = [line[: chance.randrange(len(line) + 1)] for line in lines]
    elif how == 2:
        lines = [chance.choice(("> ", "    ", "> > ", "- ", "| ")) + line for line in lines]
    elif how == 3:
        lines = [re.sub(r"\s+", " ", line) for line in lines]
    else:
        lines = [line.replace(",", chance.choice((".", " ", "，"))) for line in lines]
    page = "\n".join(lines)
    readings = read_all(reader, page)
    if reader.NAME not in SUMMING:
        printed = figures_of(page)
        for reading in readings:
            assert all(value in printed for value in reading.metrics.values())


def figures_of(page: str) -> set[int]:
    """Every number of a page in every unit, whichever way its separators are read."""
    found: set[int] = set()
    page = page.replace("，", ",")
    for text in {*re.findall(r"\d[\d.,_]*(?:e[+-]?\d+)?", page), *re.findall(r"\d{1,3}(?:[ \u00a0]\d{3})+", page)}:
        spellings = {re.sub(r"\D", "", text), text.replace(",", ""), text.replace(",", "."), text.rstrip(",. ")}
        for spelling in spellings:
            with contextlib.suppress(ValueError):
                for width in (1, 1000, 1024):
                    found.update(round(Fraction(spelling) * width**power) for power in range(5))
    return found


@named
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_text_gives_readings_or_a_parse_error(reader: ModuleType, data: st.DataObject) -> None:
    words = sorted({word for text in captures(reader) for word in re.findall(r"\w+|\W", text[:3000])})
    text = "".join(
        data.draw(st.lists(st.one_of(st.sampled_from(words), st.sampled_from("0123456789:=,.()[]\n ")), max_size=60))
    )
    read_all(reader, text)
    try:
        assert reader.parse(text)
    except ParseError as error:
        assert error.source == reader.NAME


@named
def test_quoted_and_fenced_captures_say_the_same(reader: ModuleType) -> None:
    for text in captures(reader):
        plain = [dict(reading.metrics) for reading in read_all(reader, text)]
        quoted = "\n".join(f"> {line}" for line in text.split("\n"))
        fenced = f"Words before\n```\n{text}\n```\nand behind"
        indented = "\n".join(f"    {line}" for line in text.split("\n"))
        bold = "\n".join(f"**{line}**" if line.strip() else line for line in text.split("\n"))
        for page in (quoted, fenced, indented, bold, f"<pre>{text}</pre>"):
            assert [dict(reading.metrics) for reading in read_all(reader, page)] == plain


@named
def test_ten_megabytes_of_hostile_text_are_done_in_seconds(reader: ModuleType) -> None:
    chance = random.Random(5)
    words = [word.decode() for word in reader.TRIGGERS]
    sample = captures(reader)[0].split("\n")
    page: list[str] = []
    size = 0
    while size < 10 << 20:
        word = chance.choice(words)
        line = chance.choice(
            (
                word * (2000 // (len(word) + 1)),
                f"{word} " + "1," * 900,
                f"{word}=" + " " * 700 + "(" * 200,
                "1,234 " * 300 + word,
                "a.b:" * 400 + word,
                chance.choice(sample) * 8,
                chance.choice(sample),
            )
        )
        page.append(line)
        size += len(line) + 1
    before = time.process_time()
    read_all(reader, "\n".join(page))
    assert time.process_time() - before < 20
