"""Documents of every sort: pages, logs, captures, compressed, broken, hostile."""

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.model.errors import NothingReadable
from memwhy.model.profile import ProfileRow
from memwhy.model.reading import Moment, Observation
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources import page as segmenter
from memwhy.sources import shelf, texts
from memwhy.sources.documents import Evidenced, read_evidence
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[1] / "evidence" / "pasted"
PAGE = EVIDENCE / "odds-page.txt"
BLOCK = (
    "              total        used        free      shared  buff/cache   available\n"
    "Mem:           2000         500        1000          14         500        1400\n"
    "Swap:             0           0           0\n"
)
MEMORY = "2026-01-31T07:{:02d}:{:02d}Z HeapAlloc={} HeapIdle=5000000 Sys=70000000\n"


def of(evidenced: Evidenced, source: str, subject: str) -> list[Observation]:
    return [o for o in evidenced.observations if (o.source, o.subject) == (source, subject)]


@pytest.fixture(scope="module")
def page() -> Evidenced:
    return read_evidence([str(PAGE)])


def test_each_pasted_output_of_the_page_is_found_once(page: Evidenced) -> None:
    counted: dict[tuple[str, str], int] = {}
    for o in page.observations:
        if not o.source.startswith("pasted/"):
            continue  # what sentences say has tests of its own
        counted[o.source, o.subject] = counted.get((o.source, o.subject), 0) + 1
    assert counted == {
        ("pasted/prose", ""): 9,
        ("pasted/free", "host wettbuero"): 7,
        ("pasted/free", "host klapprechner"): 4,
        ("pasted/pprof_top", ""): 1,
        ("pasted/memstats_log", ""): 3,
        ("pasted/pprof_top", "section Auf dem Server"): 1,
        ("pasted/pprof_top", "section Lokal"): 1,
    }
    assert (page.unread, page.notes, page.recordings) == ((), (), ())
    assert [(i.format, i.size_bytes) for i in page.inputs] == [("text", PAGE.stat().st_size)]


@pytest.mark.parametrize(
    ("host", "total", "swap", "rows", "lines"),
    [
        (
            "wettbuero", 7938, 0,
            [(1203, 5871, 21, 864, 6452), (1205, 5869, 21, 864, 6450), (1206, 5867, 21, 865, 6449), (1209, 5864, 21, 865, 6446),
             (1209, 5864, 21, 865, 6446), (1212, 5861, 21, 865, 6443), (1215, 5858, 21, 865, 6440)],
            [(7, 9), (10, 13), (14, 17), (18, 21), (22, 25), (26, 29), (30, 33)],
        ),
        (
            "klapprechner", 7807, 4095,
            [(3120, 2511, 310, 2176, 4202), (3121, 2510, 310, 2176, 4201), (3120, 2511, 310, 2176, 4202), (3121, 2510, 310, 2176, 4201)],
            [(37, 40), (41, 44), (45, 48), (49, 52)],
        ),
    ],
)  # fmt: skip
def test_every_free_of_the_page_is_read_whole(
    page: Evidenced,
    host: str,
    total: int,
    swap: int,
    rows: list[tuple[int, ...]],
    lines: list[tuple[int, int]],
) -> None:
    names = ["used", "free", "shared", "buff_cache", "available"]
    found = of(page, "pasted/free", f"host {host}")
    assert [{name: value // MIB for name, value in o.reading.metrics.items()} for o in found] == [
        {
            "host.total_bytes": total,
            **{f"host.{name}_bytes": value for name, value in zip(names, row, strict=True)},
            "host.swap_total_bytes": swap,
            "host.swap_used_bytes": 0,
        }
        for row in rows
    ]
    assert all(set(o.reading.quanta.values()) == {MIB} and o.reading.notes == () for o in found)
    assert [(o.where.first_line, o.where.last_line) for o in found] == lines
    assert [o.moment for o in found] == [Moment(clock="order", value=i) for i in range(len(rows))]


def test_the_log_of_the_page_is_three_moments_ten_seconds_apart(page: Evidenced) -> None:
    found = of(page, "pasted/memstats_log", "")
    names = ["heap_alloc", "heap_idle", "heap_inuse", "heap_released", "total_alloc", "sys", "stack_inuse"]
    rows = [(7, 4, 9, 1, 120, 19, 2), (9, 2, 11, 1, 188, 19, 2), (6, 5, 8, 1, 254, 20, 2)]
    assert [dict(o.reading.metrics) for o in found] == [
        {f"go.{name}_bytes": value * MIB for name, value in zip(names, row, strict=True)} for row in rows
    ]
    assert all(set(o.reading.quanta.values()) == {MIB} for o in found)
    assert [o.moment for o in found] == [Moment(clock="wall", value=1551730205 * 10**9 + i * 10**10) for i in range(3)]
    assert [(o.where.first_line, o.where.last_line) for o in found] == [(74, 82), (85, 93), (96, 104)]
    assert found[0].reading.notes == (
        "`Malloc` and `Frees` in this log count log lines, not Go's allocations: 1 - 1 leaves no live object, "
        "but Alloc is 7 MiB; Malloc rises by exactly one from moment to moment",
    )


def test_the_tables_of_the_page_are_read_whole(page: Evidenced) -> None:
    held, server, local = (
        of(page, "pasted/pprof_top", subject)[0] for subject in ("", "section Auf dem Server", "section Lokal")
    )
    profiles = [o.reading.profiles[0] for o in (held, server, local)]
    here, there = "1f0e9d8c7b6a59483726150413f2e1d0c9b8a797", "77aa66bb55cc44dd33ee22ff11a0b0c0d0e0f001"
    assert [(p.kind, p.unit, p.total, p.build_id, p.binary, p.dropped_rows) for p in profiles] == [
        ("inuse_space", "bytes", round(3074.5 * KIB), here, "quoten", 0),
        ("alloc_space", "bytes", round(1.92 * GIB), here, "quoten", 97),
        ("alloc_space", "bytes", 4608 * KIB, there, "quoten", 0),
    ]
    assert [p.wall_ns for p in profiles] == [1551730500 * 10**9, 1551730560 * 10**9, 1551769320 * 10**9]
    assert profiles[0].rows == (
        ProfileRow(function="example.com/quoten/lage.neueKette", flat=2099456, cum=2623744),
        ProfileRow(function="html.init", flat=512 * KIB, cum=512 * KIB),
        ProfileRow(function="example.com/quoten/lage.(*Punkt).setze", flat=524544, cum=524544),
    )
    assert profiles[1].rows == (
        ProfileRow(function="compress/flate.NewReader", flat=GIB * 3 // 4, cum=GIB * 3 // 4),
        ProfileRow(function="compress/gzip.(*Reader).Reset", flat=GIB // 2, cum=GIB * 5 // 4),
        ProfileRow(function="bytes.makeSlice", flat=GIB // 2, cum=GIB // 2),
    )
    assert profiles[2].rows == (
        ProfileRow(function="compress/flate.NewWriter", flat=3584 * KIB, cum=4 * MIB),
        ProfileRow(function="compress/flate.(*compressor).init", flat=512 * KIB, cum=512 * KIB),
        ProfileRow(function="net/http.(*conn).readRequest", flat=512 * KIB, cum=512 * KIB),
    )
    assert [o.reading.notes for o in (held, server, local)] == [
        ("2 row(s) of the table are cut off in the middle and not used",),
        (),
        ("1 row(s) of the table are cut off in the middle and not used",),
    ]
    assert [(o.where.first_line, o.where.last_line) for o in (held, server, local)] == [
        (56, 69),
        (110, 121),
        (125, 135),
    ]


def test_the_advice_of_the_page_is_found_where_it_stands(page: Evidenced) -> None:
    facts = {name: o.where.first_line for o in of(page, "pasted/prose", "") for name in o.reading.facts}
    assert facts == {
        "page.watches-res": 5, "page.watches-top": 5, "prose.cgo": 139, "prose.gokogiri": 139,
        "prose.suggests.recursion": 141, "prose.suggests.response-bodies": 147, "prose.suggests.connection-pools": 151,
        "prose.suggests.gzip-readers": 153, "prose.suggests.free-os-memory": 155, "prose.suggests.goroutines": 157,
        "prose.suggests.memory-limit": 159, "page.calls-collector": 155,
    }  # fmt: skip


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text[:2000].encode()) + gzip.compress(text[2000:].encode()),
        lambda text: b"\0" * 5000 + text.encode(),
    ],
    ids=["utf-16", "utf-16 without mark", "utf-8 with mark", "CRLF", "gzip", "gzip in two members", "leading NULs"],
)
def test_the_page_says_the_same_in_every_encoding(page: Evidenced, encode: object) -> None:
    raw = encode(PAGE.read_text())  # type: ignore[operator]
    again = read_evidence(["-"], stdin=raw)
    assert [(o.source, o.subject, o.moment, o.where.first_line, o.reading) for o in again.observations] == [
        (o.source, o.subject, o.moment, o.where.first_line, o.reading) for o in page.observations
    ]


def test_a_latin_1_page_is_read() -> None:
    evidenced = read_evidence(["-"], stdin=("Größe des Speichers:\n" + BLOCK).encode("latin-1"))
    assert [o.source for o in evidenced.observations if o.reading.metrics] == ["pasted/free"]


def test_a_stream_is_read_as_standard_input() -> None:
    assert len(read_evidence(["-"], stdin=io.BytesIO(BLOCK.encode())).observations) == 1


def test_files_of_a_directory_are_read_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"free.{number}").write_text(f"ada@web:~$ free -m\n{BLOCK}".replace("500 ", f"{number:3d} ", 1))
    (tmp_path / "notes.txt").write_text("nothing of use\n")
    evidenced = read_evidence([str(tmp_path)])
    assert [o.reading.metrics["host.used_bytes"] // MIB for o in evidenced.observations] == [1, 2, 10]
    assert [o.moment.value for o in evidenced.observations] == [0, 1, 2]
    assert [(Path(u.where.file).name, u.problem) for u in evidenced.unread] == [
        ("notes.txt", "no figures in any format that memwhy knows")
    ]


def test_a_recording_is_recognised_and_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "a.memwhy").write_bytes(b"SQLite format 3\0" + bytes(100))
    assert read_evidence([str(tmp_path)]).recordings == (str(tmp_path / "a.memwhy"),)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "this is an image"),
        (b"PK\x03\x04" + bytes(50), "broken zip archive: its directory, which is at the end, is missing"),
        (bytes(range(256)) * 20, "binary"),
        (b"hello\n", "no figures in any format"),
        (gzip.compress(b"words " * 1000, mtime=0)[:30], "truncated"),
        (b"\x1f\x8bnonsense nonsense", "broken"),
        (gzip.compress(b"", mtime=0), "nothing in it"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_reason(tmp_path: Path, raw: bytes, problem: str) -> None:
    file = tmp_path / "given"
    file.write_bytes(raw)
    with pytest.raises(NothingReadable, match=problem):
        read_evidence([str(file)])
    good = tmp_path / "page"
    good.write_text(BLOCK)
    evidenced = read_evidence([str(file), str(good)])
    assert len(evidenced.observations) == 1
    assert {u.where.file for u in evidenced.unread} == {str(file)}


@pytest.mark.parametrize(("path", "problem"), [("/nowhere/at/all", "No such file"), ("/dev/zero", "a device")])
def test_a_path_that_is_no_file_is_said(path: str, problem: str) -> None:
    with pytest.raises(NothingReadable, match=problem):
        read_evidence([path])


def test_an_empty_directory_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(NothingReadable, match="an empty directory"):
        read_evidence([str(tmp_path)])


def test_a_gzip_bomb_ends_early_and_what_stood_before_it_is_kept(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as out:
        out.write(BLOCK.encode())
        for _ in range(150):
            out.write(bytes(1 << 20))
    evidenced = read_evidence([str(bomb)])
    assert [o.source for o in evidenced.observations] == ["pasted/free"]
    assert ["a gzip bomb" in u.problem for u in evidenced.unread] == [True]


def test_a_line_without_end_is_cut_and_said(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        out.write(BLOCK.encode())
        for _ in range(30):
            out.write(b"x" * (1 << 20))
        out.write(b"\n" + MEMORY.format(0, 0, 9_000_000).encode())
    evidenced = read_evidence([str(log)])
    assert [(o.source, o.where.first_line) for o in evidenced.observations] == [
        ("pasted/free", 1),
        ("pasted/memstats_log", 5),
    ]
    assert any("longer than 1 MiB" in note and "line 4" in note for note in evidenced.notes)


def test_a_long_log_is_streamed_with_true_line_numbers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    filler = "2026-01-31T07:00:00Z INFO request handled path=/api/items status=200 duration=12ms\n" * 3000
    with log.open("w") as out:
        for minute in range(80):
            out.write(filler)
            out.write(MEMORY.format(minute % 60, 0, 9_000_000 + minute))
    assert log.stat().st_size > texts.PAGE_BYTES
    calls: list[tuple[int, int | None]] = []
    evidenced = read_evidence([str(log)], progress=lambda _, done, size: calls.append((done, size)))
    found = of(evidenced, "pasted/memstats_log", "")
    assert [(o.where.first_line, o.reading.metrics["go.heap_alloc_bytes"]) for o in found] == [
        (3001 * (i + 1), 9_000_000 + i) for i in range(80)
    ]
    assert calls[-1] == (log.stat().st_size, log.stat().st_size)


def test_blocks_across_the_seams_of_a_long_document_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the same seams and the same thinning as with 20 MB, in a tenth of the time
    monkeypatch.setattr(texts, "PAGE_BYTES", 1 << 20)
    monkeypatch.setattr(texts, "_PIECE_BYTES", 1 << 18)
    monkeypatch.setattr(shelf, "SERIES_WEIGHT", 2000)
    log = tmp_path / "log"
    count = 3_000
    with log.open("w") as out:
        for _ in range(count):
            out.write(f"ada@web:~$ free -m\n{BLOCK}".replace("\n", " " * 150 + "\n"))
    assert log.stat().st_size > texts.PAGE_BYTES
    evidenced = read_evidence([str(log)])
    found = of(evidenced, "pasted/free", "host web")
    assert f"pasted/free of host web: {count} readings" in evidenced.notes[-1]
    assert 1000 <= len(found) <= 2001
    assert (found[0].where.first_line, found[-1].where.last_line) == (1, 4 * count)
    assert (found[0].moment.value, found[-1].moment.value) == (0, count - 1)


def test_a_log_of_200_mb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    log = tmp_path / "log"
    filler = b"2026-01-31T07:00:00Z INFO request handled path=/api/items status=200 duration=12ms\n" * 12_000
    with log.open("wb") as out:
        for minute in range(200):
            out.write(filler + MEMORY.format(minute % 60, 0, 9_000_000 + minute).encode())
    assert log.stat().st_size > 190_000_000
    script = (
        "import re, sys; from memwhy.sources.documents import read_evidence; e = read_evidence([sys.argv[1]]);"
        "print(len(e.observations), re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(log)], capture_output=True, text=True, check=True)
    observations, peak_kib = map(int, done.stdout.split())
    log.unlink()
    assert observations == 200
    assert peak_kib < 300 * KIB


LINES = PAGE.read_text().split("\n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.sampled_from(LINES).flatmap(lambda line: st.integers(0, len(line)).map(lambda n: line[:n])),
            st.text(max_size=60),
        ),
        max_size=40,
    )
)
def test_any_page_gives_observations_or_nothing(lines: list[str]) -> None:
    try:
        evidenced = read_evidence(["-"], stdin="\n".join(lines).encode("utf-8", "replace"))
    except NothingReadable:
        return
    for o in evidenced.observations:
        assert o.where.first_line is None or 1 <= o.where.first_line <= (o.where.last_line or 0)


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=300).map(gzip.compress),
        st.binary(max_size=60).map(lambda b: b"\x1f\x8b\x08" + b),
    )
)
def test_any_bytes_give_observations_or_a_reason(raw: bytes) -> None:
    try:
        evidenced = read_evidence(["-"], stdin=raw)
    except NothingReadable as error:
        assert error.message
    else:
        assert evidenced.observations or evidenced.recordings


def test_a_log_full_of_figures_is_read_ever_more_thinly_to_its_very_end_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "PAGE_BYTES", 1 << 17)
    monkeypatch.setattr(texts, "_PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(texts, "_DENSE_BYTES", 1 << 17)
    log = tmp_path / "service.log"
    log.write_text("".join(MEMORY.format(n // 60 % 60, n % 60, 9_000_000 + n) for n in range(30_000)))
    evidenced = read_evidence([str(log)])
    values = [o.reading.metrics["go.heap_alloc_bytes"] for o in evidenced.observations]
    assert (min(values), max(values)) == (9_000_000, 9_029_999)
    assert len(values) < 20_000
    assert sum("is full of figures" in note for note in evidenced.notes) == 1


def test_one_reader_s_mistake_costs_its_own_block_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        NAME = "pasted/broken"

        @staticmethod
        def find(lines: list[str]) -> list[Span]:
            raise ValueError("no number")

    monkeypatch.setattr(segmenter, "READERS", (Broken, *segmenter.READERS))
    read = segmenter.read_page(BLOCK.splitlines())
    assert [found.source for found in read.found] == ["pasted/free"]
    assert [(one.source, one.problem) for one in read.missed] == [
        ("pasted/broken", f"{segmenter.OWN_FAULT} (ValueError: no number); the rest of the page is read")
    ]


def test_a_kernel_s_file_without_an_end_in_a_directory_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "pagemap").touch()
    (tmp_path / "status").write_text("Name:\tapi\nVmRSS:\t  2048 kB\n")
    evidenced = read_evidence((str(tmp_path),))
    assert [Path(row.path).name for row in evidenced.inputs] == ["status"]
    assert [Path(row.where.file).name for row in evidenced.unread] == ["pagemap"]
