"""What holds for every reader of this room: mess gives a reading or a ParseError, others' blocks are left alone."""

import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.sources import pasted

EVIDENCE = Path(__file__).parents[2] / "evidence"
CAPTURES = {
    path.name: path.read_text()
    for folder in ("go-pasted", "jeprof", "threads")
    for path in sorted((EVIDENCE / folder).glob("*.txt"))
}
OWNERS = {
    "pasted/gctrace": {"gctrace-1.21.txt", "gctrace-1.26.txt"},
    "pasted/scavenger": {"gctrace-1.21.txt", "gctrace-1.26.txt"},
    "pasted/descriptors": {"lsof.txt", "lsof-i.txt"},
    "pasted/connections": {"ss-tan.txt", "ss-tanp.txt", "netstat-tan.txt", "netstat-tanp.txt", "netstat-an.txt"},
    "pasted/goroutine_dump": {"goroutine-2.txt", "sigquit.txt"},
    "pasted/goroutine_counts": set(),
    "pasted/goroutine_tally": set(),
    "pasted/pprof_traces": {"pprof-traces.txt", "pprof-list.txt"},
    "pasted/jeprof": {"jeprof-text.txt", "jeprof-bytes.txt", "jeprof-objects.txt", "google-pprof-text.txt"},
    "pasted/thread_counts": {"jstack.txt", "gdb.txt", "gdb-info.txt", "py-spy.txt", "faulthandler.txt"},
    "pasted/thread_rows": {"ps-L.txt", "ps-T.txt", "ps-eLf.txt"},
    "pasted/counts": set(),
    "pasted/runtime_stats": set(),
    "pasted/exhausted": set(),
}
READERS = [reader for reader in pasted.READERS if reader.NAME in OWNERS]
WIDE = [*READERS, *(reader for reader in pasted.READERS if reader.NAME in ("pasted/memstats_log", "pasted/pprof_top"))]
OTHERS = {
    f"{path.parent.name}/{path.name}": path.read_text("utf-8", "replace")
    for folder in ("pasted", "go-1.26", "linux-6.18/go-idle", "smaps-go-1.25-pure-mmap")
    for path in sorted((EVIDENCE / folder).iterdir())
    if path.is_file() and path.suffix not in (".gz", ".md")
}
MESS = {
    "quoted": lambda line: "> " + line,
    "a list item": lambda line: "  - " + line,
    "bold": lambda line: f"**{line}**",
    "one blank": lambda line: " ".join(line.split()),
    "a table's cell": lambda line: f"| {line} |",
    "CRLF gone wrong": lambda line: line + "  ",
}


def figures(reader: ModuleType, text: str) -> list[dict[str, int]]:
    try:
        return [dict(reading.metrics) for reading in reader.parse(text)]
    except ParseError:
        return []


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: str(reader.NAME))
def test_a_reader_claims_its_own_captures_and_no_others(reader: ModuleType) -> None:
    claimed = {name for name, text in {**CAPTURES, **OTHERS}.items() if list(reader.find(text.split("\n")))}
    assert claimed == OWNERS[reader.NAME]


@pytest.mark.parametrize("mess", ["quoted", "one blank", "CRLF gone wrong"])
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: str(reader.NAME))
def test_dress_changes_no_figure(reader: ModuleType, mess: str) -> None:
    for name in OWNERS[reader.NAME]:
        text = CAPTURES[name]
        assert figures(reader, "\n".join(map(MESS[mess], text.split("\n")))) == figures(reader, text)


@pytest.mark.parametrize("reader", WIDE, ids=lambda reader: str(reader.NAME))
@given(data=st.data())
def test_mangled_captures_give_registered_figures_or_a_parse_error(reader: ModuleType, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CAPTURES)))
    lines = CAPTURES[name].split("\n")
    start = data.draw(st.integers(0, len(lines)))
    lines = lines[start : start + data.draw(st.integers(0, 40))]
    if data.draw(st.booleans()):
        lines = data.draw(st.permutations(lines))
    if data.draw(st.booleans()):
        lines = list(map(MESS[data.draw(st.sampled_from(sorted(MESS)))], lines))
    text = "\n".join(lines)
    text = text[: data.draw(st.integers(0, len(text)))]
    for metrics in figures(reader, text):
        assert set(metrics) <= set(REGISTRY)
        assert all(value >= 0 for name, value in metrics.items() if "difference" not in name)
    for span in reader.find(text.split("\n")):
        assert 0 <= span.first <= span.last <= text.count("\n")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: str(reader.NAME))
@given(text=st.text(alphabet="gcsv @.:%+->MBKi wainlOT0123456789/\n|`*$#;()[]", max_size=300))
def test_any_text_gives_readings_or_a_parse_error(reader: ModuleType, text: str) -> None:
    figures(reader, text)
    for span in reader.find(text.split("\n")):
        assert 0 <= span.first <= span.last <= text.count("\n")


HOSTILE = {
    "digits": "1" * 1000,
    "blanks": "gc 1 @" + " " * 900 + "x",
    "arrows": "gc 1 @1s 1%: " + "1->" * 300,
    "colons": "scvg: " + "inuse: " * 150,
    "addresses": "tcp 0 0 " + "1.2.3.4:" * 120,
    "words": "app 12 " + "root 0u " * 120,
    "pipes": "$ lsof | wc -l " + "| grep -c x " * 80,
    "ticks": "`lsof | wc -l` " * 60,
    "goroutines": "goroutine 1 [" + "a, " * 300,
    "rows": "1MB 1% " * 140,
    "slashes": "alloc/" * 150 + " 1/2/3/4 MB" * 10,
    "keys": "HeapAlloc" * 100 + "=1",
    "quotes": '"a' * 400 + '" tid=0x1',
    "calls": "goroutine 1 [x]: main.f(" * 40,
    "rules": "-----------+" + "-" * 900,
    "routines": "ROUTINE " + "=" * 900,
}


@pytest.mark.parametrize("reader", WIDE, ids=lambda reader: str(reader.NAME))
@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_a_megabyte_of_malice_takes_bounded_time(reader: ModuleType, kind: str) -> None:
    line = HOSTILE[kind]
    lines = [line] * (1_000_000 // len(line))
    began = time.process_time()
    spans = list(reader.find(lines))
    for span in spans[:50]:
        figures(reader, "\n".join(lines[span.first : span.last + 1]))
    assert time.process_time() - began < 2
